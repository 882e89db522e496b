r"""What a flipped spin does to the half overlaps of many patterns, and to numbers U that are polynomials of them.

LLVM vector code, 16 patterns at a time: rows of ±1 and 0 are the bit masks of `masked.py`, and U goes into its byte
planes. U is had by Horner's rule, rounded to whole numbers in floating point, or modulo 2^16 (`integers.py`).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .masked import BLOCK, signs
from .vectors import BYTES, I32, I64, SUMS, WORDS, Maker, call, load, pairs, reduced, splat, store

Array = NDArray[Any]
LANES = 16
LONGS = ir.VectorType(I64, 4)


@intrinsic
def shift(typing, plus, minus, step, A, polynomials, planes, edge, flags, avx2):  # type: ignore[no-untyped-def]
    """A_μ += step under the mask `plus`, −= step under `minus` (None: everywhere else); returns Σ_μ U_μ for every U(A).

    `polynomials`, a pair of tuples, holds the coefficients of each U, the highest power first: numbers, or arrays
    [256·blocks], None for zeros, and for a highest one; None in place of the second: that of the first, at A − 1.
    float32 for 0 ≤ U < 2^23, float64 for 0 ≤ U < 2^52; int16: U is taken modulo 2^16, of both signs in sums. `planes`,
    a pair of tuples, receives the bytes of each U, with int16 those of U + 2^15; `flags` [blocks], or None, whether
    some |A| of a block is `edge`.
    """
    fast = avx2 != types.none

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker, kinds = Maker(context, builder), signature.args
        rows = [maker.array(kinds[n], arguments[n])[0] for n in (0, 1) if kinds[n] != types.none]
        size = maker.array(kinds[0], arguments[0])[1]
        overlaps = maker.array(kinds[3], arguments[3])[0]
        given = [zip(kinds[n], cgutils.unpack_tuple(builder, arguments[n], 2), strict=True) for n in (4, 5)]
        polynomials, planes = ([maker.tuple(*part) for part in pair] for pair in given)
        marks = None if kinds[7] == types.none else (arguments[6], maker.array(kinds[7], arguments[7])[0])
        lag = kinds[4][1] == types.none
        forms = [
            _form(builder, polynomials[0], planes[0], fast),
            _form(builder, polynomials[0 if lag else 1], planes[1], fast, lag),
        ]
        sums = _shift(builder, rows, arguments[2], overlaps, forms, marks, builder.lshr(size, I64(5)))
        return context.make_tuple(builder, signature.return_type, sums)

    arguments = (plus, minus, step, A, polynomials, planes, edge, flags, avx2)
    return types.UniTuple(types.int64, 2)(*arguments), code


def _shift(builder: Any, rows: list[Any], step: Any, A: Any, forms: list[Any], marks: Any, blocks: Any) -> Any:
    steps, nothing = splat(builder, step, LANES), ir.Constant(WORDS, [0] * LANES)
    twice = builder.add(steps, steps) if len(rows) == 1 else steps
    masks = [cgutils.alloca_once(builder, BYTES) for _ in rows]
    seen = cgutils.alloca_once(builder, WORDS)
    edges = None if marks is None else splat(builder, marks[0], LANES)
    for form in forms:
        form.begin()
    with cgutils.for_range(builder, blocks, intp=I64) as loop:
        for row, mask in zip(rows, masks, strict=True):
            builder.store(load(builder, row, builder.shl(loop.index, I64(5)), BYTES), mask)
        builder.store(nothing, seen)
        with cgutils.for_range(builder, I64(8), intp=I64) as part:
            place = builder.add(builder.shl(loop.index, I64(8)), builder.shl(part.index, I64(5)))
            bytes_ = [builder.load(mask) for mask in masks]
            for half in (0, 1):
                here = builder.add(place, I64(LANES * half))
                chosen = [builder.and_(twice, _half(builder, mask, half)) for mask in bytes_]
                down = chosen[1] if len(rows) == 2 else steps
                new = builder.sub(builder.add(load(builder, A, here, WORDS), chosen[0]), down)
                store(builder, new, A, here)
                for form in forms:
                    form.at(new, here)
                if marks is not None:
                    modulus = call(builder, f"llvm.abs.v{LANES}i16", WORDS, new, ir.Constant(ir.IntType(1), 0))
                    there = builder.sext(builder.icmp_signed("==", modulus, edges), WORDS)
                    builder.store(builder.or_(builder.load(seen), there), seen)
            for form in forms:
                form.pack(place)
            for mask, value in zip(masks, bytes_, strict=True):
                builder.store(builder.add(value, value), mask)
        for form in forms:
            form.end()
        if marks is not None:
            some = builder.bitcast(builder.icmp_signed("!=", builder.load(seen), nothing), ir.IntType(LANES))
            found = builder.icmp_signed("!=", some, ir.IntType(LANES)(0))
            builder.store(builder.zext(found, ir.IntType(8)), builder.gep(marks[1], [loop.index]))
    return [form.finish(blocks) for form in forms]


def _half(builder: Any, mask: Any, half: int) -> Any:
    """−1 where a byte of one half of a mask is negative, else 0."""
    places = ir.Constant(ir.VectorType(I32, LANES), list(range(LANES * half, LANES * (half + 1))))
    return builder.sext(builder.shuffle_vector(signs(builder, mask, BYTES), mask, places), WORDS)


def _form(builder: Any, coefficients: list[Any], planes: list[Any], fast: bool, lag: bool = False) -> Any:
    kind = coefficients[-1].type if coefficients else WORDS.element
    element = kind.pointee if isinstance(kind, ir.PointerType) else kind
    form = Words if element == WORDS.element else Floats
    return form(builder, element, coefficients, planes, lag, fast)


class Form:
    """U(A) by Horner's rule, 16 at a time, two of which are packed into bytes."""

    def __init__(self, builder: Any, element: Any, coefficients: list[Any], planes: list[Any], lag: bool, fast: bool):
        self.builder, self.planes, self.lag, self.fast = builder, planes, lag, fast
        self.kind = ir.VectorType(element, LANES)
        self.arrays = bool(coefficients) and isinstance(coefficients[-1].type, ir.PointerType)
        self.coefficients = [c if self.arrays or c is None else splat(builder, c, LANES) for c in coefficients]
        self.halves: list[Any] = []

    def terms(self, place: Any) -> list[Any]:
        """Coefficients of the next patterns."""
        if not self.arrays:
            return list(self.coefficients)
        return [c if c is None else load(self.builder, c, place, self.kind) for c in self.coefficients]

    def argument(self, A: Any) -> Any:
        return self.builder.sub(A, ir.Constant(WORDS, [1] * LANES)) if self.lag else A

    def sum_of(self, kind: Any) -> Any:
        """An accumulator, empty."""
        return cgutils.alloca_once_value(self.builder, ir.Constant(kind, [0] * kind.count))

    def add(self, total: Any, more: Any) -> None:
        self.builder.store(self.builder.add(self.builder.load(total), more), total)

    def widen(self, total: Any, into: Any) -> None:
        """Add sums of a block to those of 64 bits, and begin anew."""
        builder, count = self.builder, into.type.pointee.count
        value = builder.load(total)
        for begin in range(0, value.type.count, count):
            part = ir.Constant(ir.VectorType(I32, count), list(range(begin, begin + count)))
            self.add(into, builder.sext(builder.shuffle_vector(value, value, part), into.type.pointee))
        builder.store(ir.Constant(value.type, [0] * value.type.count), total)

    def pack(self, place: Any) -> None:
        """Bytes of the last two halves."""
        builder, halves = self.builder, self.halves
        if self.planes:
            both = ir.VectorType(halves[0].type.element, 2 * LANES)
            order = ir.Constant(ir.VectorType(I32, 2 * LANES), list(range(2 * LANES)))
            U = builder.shuffle_vector(*halves, order)
            for j, plane in enumerate(self.planes):
                byte = builder.trunc(builder.lshr(U, ir.Constant(both, [8 * j] * 2 * LANES)), BYTES)
                store(builder, byte, plane, place)
                self.seen(j, byte)
        self.halves = []

    def seen(self, j: int, byte: Any) -> None:
        """Bytes that went into plane j."""


class Floats(Form):
    """Rounded to an integer by adding 2^23 or 2^52, where floats are whole numbers."""

    def begin(self) -> None:
        self.width, self.digits = (32, 23) if self.kind.element == ir.FloatType() else (64, 52)
        self.integers = ir.VectorType(ir.IntType(self.width), LANES)
        self.sum, self.sums = self.sum_of(self.integers), self.sum_of(LONGS)

    def at(self, A: Any, place: Any) -> None:
        builder, kind = self.builder, self.kind
        a, terms = builder.sitofp(self.argument(A), kind), self.terms(place)
        value = terms[0]
        for term in terms[1:]:
            value = builder.fmul(value, a) if term is None else self._fused(value, a, term)
        whole = builder.fadd(value, ir.Constant(kind, [float(1 << self.digits)] * LANES))
        low = ir.Constant(self.integers, [(1 << self.digits) - 1] * LANES)
        U = builder.and_(builder.bitcast(whole, self.integers), low)
        self.add(self.sum, U)
        self.halves.append(U)

    def _fused(self, a: Any, b: Any, c: Any) -> Any:
        return call(self.builder, f"llvm.fmuladd.v{LANES}f{self.width}", self.kind, a, b, c)

    def end(self) -> None:
        self.widen(self.sum, self.sums)

    def finish(self, blocks: Any) -> Any:
        return reduced(self.builder, self.builder.load(self.sums))


class Words(Form):
    """Modulo 2^16. U + 2^15 goes into planes, whose sum is that of their bytes; else numbers of both signs are added.

    Without planes a parabola is taken as A times what is linear, in the multiply-add that adds pairs.
    """

    def begin(self) -> None:
        self.parabola = len(self.coefficients) == 3 and not self.planes and not self.arrays
        self.pairs, self.sums = self.sum_of(SUMS), [self.sum_of(LONGS) for _ in self.planes or [None]]
        self.block = [self.sum_of(WORDS) for _ in self.planes]  # of bytes of one block, without psadbw

    def at(self, A: Any, place: Any) -> None:
        builder, A, terms = self.builder, self.argument(A), self.terms(place)
        if not terms:
            return
        if self.planes:
            terms[-1] = builder.add(terms[-1], ir.Constant(WORDS, [-(1 << 15)] * LANES))
        U = terms[0]
        for c in terms[1:-1] if self.parabola else terms[1:]:
            U = A if U is None else builder.mul(U, A)
            U = U if c is None else builder.add(U, c)
        if self.planes:
            self.halves.append(U)
        else:
            factor = A if self.parabola else ir.Constant(WORDS, [1] * LANES)
            self.add(self.pairs, pairs(builder, U, factor, self.fast))

    def seen(self, j: int, byte: Any) -> None:
        builder = self.builder
        if self.fast:
            nothing = ir.Constant(BYTES, [0] * 2 * LANES)
            self.add(self.sums[j], call(builder, "llvm.x86.avx2.psad.bw", LONGS, byte, nothing))
            return
        words, eight = builder.bitcast(byte, WORDS), ir.Constant(WORDS, [8] * LANES)
        self.add(self.block[j], builder.and_(words, ir.Constant(WORDS, [255] * LANES)))
        self.add(self.block[j], builder.lshr(words, eight))

    def end(self) -> None:
        if self.coefficients and not self.planes:
            self.widen(self.pairs, self.sums[0])
        if not self.fast:
            for block, total in zip(self.block, self.sums, strict=False):
                self.widen(block, total)

    def finish(self, blocks: Any) -> Any:
        builder, total, count = self.builder, I64(0), self.builder.mul(blocks, I64(BLOCK))
        for j, part in enumerate(self.sums):
            total = builder.add(total, builder.shl(reduced(builder, builder.load(part)), I64(8 * j)))
        if self.planes:
            return builder.sub(total, builder.mul(count, I64(1 << 15)))
        if self.parabola and self.coefficients[-1] is not None:
            constant = builder.sext(builder.extract_element(self.coefficients[-1], I32(0)), I64)
            return builder.add(total, builder.mul(constant, count))
        return total
