r"""Rows of ±1 and 0 as bit masks: sums under a mask, and what a flipped spin does to overlaps and cached numbers.

LLVM vector code, 32 numbers at a time, since compiled loops of this kind are not vectorised by themselves. Numbers
U ≥ 0 are kept in byte planes, U = Σ_j 256^j U_j, and a mask in blocks of 256 bits: bit 7−k of byte l of a block belongs
to number 32k + l, so that the mask of 32 neighbours is the sign of 32 bytes, and doubling the bytes moves on to the
next. The bytes under a mask are added by one multiply-add of x86 (AVX2) per plane, or portably by two additions of
16-bit words, with carries from odd bytes into even ones that are taken off at the end. Both are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .vectors import BYTES, I32, I64, SUMS, WORDS, Maker, call, load, reduced, splat, store, widened

Array = NDArray[Any]
BLOCK = 256  # numbers per block: 32 bytes of mask
LANES = 32

SHORTS = ir.VectorType(ir.IntType(16), LANES)
SUMS_OF = {16: ir.VectorType(I32, 16)}


def pack(bits: Array) -> Array:
    """Rows of zeros and ones [N, n] as masks [N, 32·blocks], padded with zeros.

    >>> pack(np.array([[1, 0, 1]]))[0, :4].tolist()
    [128, 0, 128, 0]
    """
    N, n = bits.shape
    blocks = -(-n // BLOCK)
    padded = np.zeros((N, blocks * BLOCK), bool)
    padded[:, :n] = bits
    return np.packbits(padded.reshape(N, blocks, 8, 32), axis=2).reshape(N, blocks * 32)


@intrinsic
def masked_sum(typing, row, planes, avx2):  # type: ignore[no-untyped-def]
    """Σ_μ b_μ U_μ as int64; `row` uint8 [32·blocks], `planes` a tuple of uint8 [256·blocks], avx2 True or None."""
    fast = avx2 != types.none

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker = Maker(context, builder)
        row, size = maker.array(signature.args[0], arguments[0])
        columns = maker.tuple(signature.args[1], arguments[1])
        return _masked_sum(builder, row, columns, builder.lshr(size, I64(5)), fast)

    return types.int64(row, planes, avx2), code


def _masked_sum(builder: Any, row: Any, planes: list[Any], blocks: Any, fast: bool) -> Any:
    """The loop over blocks; sums of a block fit into 16 bits, those of 2^14 blocks into 32."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(SUMS, [0] * 8)) for _ in planes]
    with cgutils.for_range(builder, blocks, intp=I64) as loop:
        mask, first = load(builder, row, builder.shl(loop.index, I64(5)), BYTES), builder.shl(loop.index, I64(8))
        parts = [Part(builder, fast) for _ in planes]
        for k in range(8):
            chosen = _signs(builder, mask, BYTES)
            for plane, part in zip(planes, parts, strict=True):
                part.add(load(builder, plane, builder.add(first, I64(LANES * k)), BYTES), chosen)
            mask = builder.add(mask, mask)
        for total, part in zip(totals, parts, strict=True):
            builder.store(builder.add(builder.load(total), part.sum()), total)
    result = I64(0)
    for j, total in enumerate(totals):
        found = reduced(builder, builder.zext(builder.load(total), ir.VectorType(I64, 8)))
        result = builder.add(result, builder.shl(found, I64(8 * j)))
    return result


class Part:
    """The sum over one block of bytes under masks (0 or −1)."""

    def __init__(self, builder: Any, fast: bool):
        self.builder, self.fast = builder, fast
        self.all = self.odd = ir.Constant(WORDS, [0] * 16)

    def add(self, values: Any, mask: Any) -> None:
        builder = self.builder
        if self.fast:
            pairs = call(builder, "llvm.x86.avx2.pmadd.ub.sw", WORDS, values, mask)
            self.all = builder.add(self.all, pairs)
            return
        words = builder.bitcast(builder.and_(values, mask), WORDS)
        self.all = builder.add(self.all, words)
        self.odd = builder.add(self.odd, builder.lshr(words, ir.Constant(WORDS, [8] * 16)))

    def sum(self) -> Any:
        """Eight partial sums."""
        builder = self.builder
        if self.fast:
            return call(builder, "llvm.x86.avx2.pmadd.wd", SUMS, self.all, ir.Constant(WORDS, [-1] * 16))
        even = builder.sub(self.all, builder.shl(self.odd, ir.Constant(WORDS, [8] * 16)))
        pairs = builder.bitcast(builder.add(even, self.odd), SUMS)
        low = builder.and_(pairs, ir.Constant(SUMS, [0xFFFF] * 8))
        return builder.add(low, builder.lshr(pairs, ir.Constant(SUMS, [16] * 8)))


@intrinsic
def shift(typing, plus, minus, step, A, polynomials, planes, edge, flags, avx2):  # type: ignore[no-untyped-def]
    """A_μ += step under the mask `plus`, −= step under `minus` (None: everywhere else); returns Σ_μ U_μ for every U(A).

    `polynomials`, a pair of tuples, holds the coefficients of each U, the highest power first: numbers, or arrays
    [256·blocks]; None in place of the second: that of the first, at A − 1. float32 for 0 ≤ U < 2^23, float64 for 0 ≤ U
    < 2^52; int16: U is taken modulo 2^16, of both signs in sums. `planes`, a pair of tuples, receives the bytes of each
    U, with int16 those of U + 2^15; `flags` [blocks], or None, whether some |A| of a block is `edge`.
    """
    fast = avx2 != types.none

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker, kinds = Maker(context, builder), signature.args
        rows = [maker.array(kinds[n], arguments[n])[0] for n in (0, 1) if kinds[n] != types.none]
        size = maker.array(kinds[0], arguments[0])[1]
        overlaps = maker.array(kinds[3], arguments[3])[0]
        pairs = [zip(kinds[n], cgutils.unpack_tuple(builder, arguments[n], 2), strict=True) for n in (4, 5)]
        polynomials, planes = ([maker.tuple(*part) for part in pair] for pair in pairs)
        marks = None if kinds[7] == types.none else (arguments[6], maker.array(kinds[7], arguments[7])[0])
        lag = kinds[4][1] == types.none
        forms = [
            _form(builder, polynomials[0], planes[0], fast),
            _form(builder, polynomials[0 if lag else 1], planes[1], fast, lag),
        ]
        _shift(builder, rows, arguments[2], overlaps, forms, marks, builder.lshr(size, I64(5)))
        return context.make_tuple(builder, signature.return_type, [builder.load(form.total) for form in forms])

    arguments = (plus, minus, step, A, polynomials, planes, edge, flags, avx2)
    return types.UniTuple(types.int64, 2)(*arguments), code


def _shift(builder: Any, rows: list[Any], step: Any, A: Any, forms: list[Any], marks: Any, blocks: Any) -> None:
    steps, nothing = splat(builder, step, LANES), ir.Constant(SHORTS, [0] * LANES)
    twice = builder.add(steps, steps) if len(rows) == 1 else steps
    masks = [cgutils.alloca_once(builder, BYTES) for _ in rows]
    seen = cgutils.alloca_once(builder, SHORTS)
    with cgutils.for_range(builder, blocks, intp=I64) as loop:
        for row, mask in zip(rows, masks, strict=True):
            builder.store(load(builder, row, builder.shl(loop.index, I64(5)), BYTES), mask)
        builder.store(nothing, seen)
        for form in forms:
            form.begin()
        with cgutils.for_range(builder, I64(8), intp=I64) as part:
            place = builder.add(builder.shl(loop.index, I64(8)), builder.shl(part.index, I64(5)))
            bytes_ = [builder.load(mask) for mask in masks]
            chosen = [builder.and_(twice, _signs(builder, mask, SHORTS)) for mask in bytes_]
            down = chosen[1] if len(rows) == 2 else steps
            new = builder.sub(builder.add(load(builder, A, place, SHORTS), chosen[0]), down)
            store(builder, new, A, place)
            for form in forms:
                form.at(new, place)
            if marks is not None:
                modulus = call(builder, f"llvm.abs.v{LANES}i16", SHORTS, new, ir.Constant(ir.IntType(1), 0))
                there = builder.sext(builder.icmp_signed("==", modulus, splat(builder, marks[0], LANES)), SHORTS)
                builder.store(builder.or_(builder.load(seen), there), seen)
            for mask, value in zip(masks, bytes_, strict=True):
                builder.store(builder.add(value, value), mask)
        for form in forms:
            form.end()
        if marks is not None:
            any_ = call(builder, f"llvm.vector.reduce.or.v{LANES}i16", ir.IntType(16), builder.load(seen))
            builder.store(builder.trunc(any_, ir.IntType(8)), builder.gep(marks[1], [loop.index]))


def _form(builder: Any, coefficients: list[Any], planes: list[Any], fast: bool, lag: bool = False) -> Any:
    kind = coefficients[0].type
    element = kind.pointee if isinstance(kind, ir.PointerType) else kind
    if element == ir.IntType(16):
        return Words(builder, coefficients, planes, lag, fast)
    return Floats(builder, coefficients, planes, lag)


def _lagging(builder: Any, A: Any, lag: bool) -> Any:
    return builder.sub(A, ir.Constant(SHORTS, [1] * LANES)) if lag else A


class Floats:
    """U(A) by Horner's rule, rounded to an integer by adding 2^23 or 2^52, where floats are whole numbers; its sum."""

    def __init__(self, builder: Any, coefficients: list[Any], planes: list[Any], lag: bool):
        self.builder, self.planes, self.lag = builder, planes, lag
        kind = coefficients[0].type
        self.arrays = isinstance(kind, ir.PointerType)
        element = kind.pointee if self.arrays else kind
        self.kind = ir.VectorType(element, LANES)
        self.width, self.digits = (32, 23) if element == ir.FloatType() else (64, 52)
        self.integers = ir.VectorType(ir.IntType(self.width), LANES)
        self.coefficients = coefficients if self.arrays else [splat(builder, c, LANES) for c in coefficients]
        self.total = cgutils.alloca_once_value(builder, I64(0))
        self.sum = cgutils.alloca_once(builder, self.integers)

    def begin(self) -> None:
        self.builder.store(ir.Constant(self.integers, [0] * LANES), self.sum)

    def at(self, A: Any, place: Any) -> None:
        builder, kind = self.builder, self.kind
        a = builder.sitofp(_lagging(builder, A, self.lag), kind)
        terms = [load(builder, c, place, kind) if self.arrays else c for c in self.coefficients]
        value = terms[0]
        for term in terms[1:]:
            value = call(builder, f"llvm.fmuladd.v{LANES}f{self.width}", kind, value, a, term)
        whole = builder.fadd(value, ir.Constant(kind, [float(1 << self.digits)] * LANES))
        low = ir.Constant(self.integers, [(1 << self.digits) - 1] * LANES)
        U = builder.and_(builder.bitcast(whole, self.integers), low)
        builder.store(builder.add(builder.load(self.sum), U), self.sum)
        for j, plane in enumerate(self.planes):
            byte = builder.lshr(U, ir.Constant(self.integers, [8 * j] * LANES))
            store(builder, builder.trunc(byte, BYTES), plane, place)

    def end(self) -> None:
        more = widened(self.builder, reduced(self.builder, self.builder.load(self.sum)))
        self.builder.store(self.builder.add(self.builder.load(self.total), more), self.total)


class Words:
    """U(A) by Horner's rule modulo 2^16, and the sum of its values between −2^15 and 2^15 − 1."""

    def __init__(self, builder: Any, coefficients: list[Any], planes: list[Any], lag: bool, fast: bool):
        self.builder, self.planes, self.lag, self.fast = builder, planes, lag, fast
        self.arrays = isinstance(coefficients[0].type, ir.PointerType)
        self.coefficients = coefficients if self.arrays else [splat(builder, c, LANES) for c in coefficients]
        self.total = cgutils.alloca_once_value(builder, I64(0))
        self.sum = cgutils.alloca_once(builder, SUMS)

    def begin(self) -> None:
        self.builder.store(ir.Constant(SUMS, [0] * 8), self.sum)

    def at(self, A: Any, place: Any) -> None:
        builder, A = self.builder, _lagging(self.builder, A, self.lag)
        terms = [load(builder, c, place, SHORTS) if self.arrays else c for c in self.coefficients]
        U = terms[0]
        for c in terms[1:]:
            U = builder.add(builder.mul(U, A), c)
        for half in (range(16), range(16, 32)):
            part = builder.shuffle_vector(U, U, ir.Constant(SUMS_OF[16], list(half)))
            builder.store(builder.add(builder.load(self.sum), self._pairs(part)), self.sum)
        shifted = builder.xor(U, ir.Constant(SHORTS, [-(1 << 15)] * LANES))
        for j, plane in enumerate(self.planes):
            byte = builder.lshr(shifted, ir.Constant(SHORTS, [8 * j] * LANES))
            store(builder, builder.trunc(byte, BYTES), plane, place)

    def _pairs(self, words: Any) -> Any:
        """Sums of neighbours, as int32."""
        builder = self.builder
        if self.fast:
            return call(builder, "llvm.x86.avx2.pmadd.wd", SUMS, words, ir.Constant(WORDS, [1] * 16))
        both, half = builder.bitcast(words, SUMS), ir.Constant(SUMS, [16] * 8)
        return builder.add(builder.ashr(builder.shl(both, half), half), builder.ashr(both, half))

    def end(self) -> None:
        more = self.builder.sext(reduced(self.builder, self.builder.load(self.sum)), I64)
        self.builder.store(self.builder.add(self.builder.load(self.total), more), self.total)


def _signs(builder: Any, mask: Any, kind: Any) -> Any:
    """−1 where a byte is negative, else 0."""
    return builder.sext(builder.icmp_signed("<", mask, ir.Constant(BYTES, [0] * LANES)), kind)
