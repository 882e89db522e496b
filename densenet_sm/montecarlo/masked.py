r"""Rows of ±1 and 0 as bit masks, and sums of cached numbers under them.

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

from .vectors import BYTES, I64, SUMS, WORDS, Maker, call, load, reduced, steps_of

Array = NDArray[Any]
BLOCK = 256  # numbers per block: 32 bytes of mask
LANES = 32
GROUP = 8  # blocks whose sums fit into 16 bits: 8 · 8 · 2 · 255 < 2^15


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
    """The loop over blocks, GROUP of which are summed in 16 bits; sums of 2^14 blocks fit into 32."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(SUMS, [0] * 8)) for _ in planes]
    parts = [Part(builder, fast) for _ in planes]
    with steps_of(builder, blocks, GROUP) as (begin, count):
        for part in parts:
            part.begin()
        with cgutils.for_range(builder, count, intp=I64) as loop:
            block = builder.add(begin, loop.index)
            mask, first = load(builder, row, builder.shl(block, I64(5)), BYTES), builder.shl(block, I64(8))
            for k in range(8):
                chosen = signs(builder, mask, BYTES)
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
    """The sum of bytes under masks (0 or −1)."""

    def __init__(self, builder: Any, fast: bool):
        self.builder, self.fast = builder, fast
        self.all, self.odd = (cgutils.alloca_once(builder, WORDS) for _ in range(2))

    def begin(self) -> None:
        for total in (self.all, self.odd):
            self.builder.store(ir.Constant(WORDS, [0] * 16), total)

    def add(self, values: Any, mask: Any) -> None:
        builder = self.builder
        if self.fast:
            self._to(self.all, call(builder, "llvm.x86.avx2.pmadd.ub.sw", WORDS, values, mask))
            return
        words = builder.bitcast(builder.and_(values, mask), WORDS)
        self._to(self.all, words)
        self._to(self.odd, builder.lshr(words, ir.Constant(WORDS, [8] * 16)))

    def _to(self, total: Any, more: Any) -> None:
        self.builder.store(self.builder.add(self.builder.load(total), more), total)

    def sum(self) -> Any:
        """Eight partial sums."""
        builder = self.builder
        whole, odd = builder.load(self.all), builder.load(self.odd)
        if self.fast:
            return call(builder, "llvm.x86.avx2.pmadd.wd", SUMS, whole, ir.Constant(WORDS, [-1] * 16))
        even = builder.sub(whole, builder.shl(odd, ir.Constant(WORDS, [8] * 16)))
        pairs = builder.bitcast(builder.add(even, odd), SUMS)
        low = builder.and_(pairs, ir.Constant(SUMS, [0xFFFF] * 8))
        return builder.add(low, builder.lshr(pairs, ir.Constant(SUMS, [16] * 8)))


def signs(builder: Any, mask: Any, kind: Any) -> Any:
    """−1 where a byte is negative, else 0."""
    return builder.sext(builder.icmp_signed("<", mask, ir.Constant(BYTES, [0] * LANES)), kind)
