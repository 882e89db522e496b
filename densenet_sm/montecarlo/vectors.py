"""LLVM vector code inside compiled functions: arrays and tuples as pointers, loads, stores and sums over lanes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types

AVX2 = True if binding.get_host_cpu_features().get("avx2") else None  # argument of kernels: None is portable code
I32, I64 = ir.IntType(32), ir.IntType(64)
BYTES, WORDS, SUMS = (ir.VectorType(ir.IntType(n), 256 // n) for n in (8, 16, 32))


class Maker:
    """Arrays and tuples of numba as pointers and values."""

    def __init__(self, context: Any, builder: Any):
        self.context, self.builder = context, builder

    def array(self, kind: Any, value: Any) -> tuple[Any, Any]:
        """Pointer to the first element, and the length."""
        made = self.context.make_array(kind)(self.context, self.builder, value)
        return made.data, cgutils.unpack_tuple(self.builder, made.shape)[0]

    def tuple(self, kind: Any, value: Any) -> list[Any]:
        """Elements of a tuple: pointers of arrays, numbers or None; none of None."""
        if kind == types.none:
            return []
        return [self._element(*pair) for pair in zip(kind, cgutils.unpack_tuple(self.builder, value), strict=True)]

    def _element(self, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            return self.array(kind, value)[0]
        return None if kind == types.none else value


def reduced(builder: Any, vector: Any) -> Any:
    """The sum over lanes."""
    kind = vector.type
    name = f"llvm.vector.reduce.add.v{kind.count}i{kind.element.width}"
    return call(builder, name, kind.element, vector)


def pairs(builder: Any, a: Any, b: Any, fast: bool) -> Any:
    """a_0 b_0 + a_1 b_1, …, of sixteen words as int32."""
    if fast:
        return call(builder, "llvm.x86.avx2.pmadd.wd", SUMS, a, b)
    wide = ir.VectorType(I32, WORDS.count)
    whole = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    halves = [ir.Constant(SUMS, list(range(start, WORDS.count, 2))) for start in (0, 1)]
    return builder.add(*(builder.shuffle_vector(whole, whole, half) for half in halves))


@contextmanager
def steps_of(builder: Any, count: Any, size: int) -> Iterator[tuple[Any, Any]]:
    """A loop over groups of `size` (a power of 2) out of `count` steps: the first step and the number of each group."""
    groups = builder.lshr(builder.add(count, I64(size - 1)), I64(size.bit_length() - 1))
    with cgutils.for_range(builder, groups, intp=I64) as group:
        begin = builder.mul(group.index, I64(size))
        left = builder.sub(count, begin)
        yield begin, builder.select(builder.icmp_signed("<", left, I64(size)), left, I64(size))


def widened(builder: Any, value: Any) -> Any:
    return value if value.type == I64 else builder.zext(value, I64)


def call(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def pointer(builder: Any, array: Any, index: Any, kind: Any) -> Any:
    return builder.bitcast(builder.gep(array, [index]), kind.as_pointer())


def load(builder: Any, array: Any, index: Any, kind: Any) -> Any:
    """A vector from any address."""
    return builder.load(pointer(builder, array, index, kind), align=1)


def store(builder: Any, vector: Any, array: Any, index: Any) -> None:
    builder.store(vector, pointer(builder, array, index, vector.type), align=1)


def splat(builder: Any, value: Any, lanes: int) -> Any:
    """A number in every lane."""
    kind = ir.VectorType(value.type, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))
