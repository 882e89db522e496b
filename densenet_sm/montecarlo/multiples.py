r"""Kernel "integers": entries that are multiples t of a unit, as the averages of examples are, in whole numbers.

With c_k = e_k (tensor) or A^k (power) cached for every row of entries, flipping a site with y = t s adds to its F

    −2 Σ_{k<P} b_k (−1)^k y^{k+1} c_{P−1−k},   c_0 = 1,   b_k = 1 (tensor) or 2^k C(P, k+1) (power):

products of powers of t with numbers that change at flips alone. Those are kept in digits of 16 bits of both signs,
c = Σ_j 2^{16j} d_j, so that one multiply-add of x86 takes sixteen patterns.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .compiling import compiled
from .entries import collect
from .sweeping import Memory, kernel, remember
from .vectors import AVX2, I64, SUMS, WORDS, Maker, load, pairs, reduced, steps_of

Array = NDArray[Any]
LANES = 16
STEPS = 32  # of sixteen patterns between two carries into 64 bits
STEEPEST = 1 << 10  # largest power of an entry, so that sums of so many steps fit into 32 bits
DIGITS = 3  # at most
EXACT, LARGEST = 2.0**53, 2.0**62  # below which numbers are exact as floats, and sums as int64


class Multiples(NamedTuple):
    """Rows [N, n] of int8, Σ_μ t^P [N], c [P−1, n], digits [P−1, J, n] int16, room [2, n], b [P]; digits of c_k, P."""

    scale: float
    total: Array
    memory: Memory
    rows: Array
    moments: Array
    c: Array
    digits: Array
    room: Array
    b: Array
    places: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]
    power: bool | None
    avx2: bool | None


class MultipleRows:
    """What replicas of a realisation with int8 entries [n, N] share; n is padded with zeros."""

    exact = True

    def __init__(self, entries: Array, scale: float, P: int, interaction: str, portable: bool = False):
        n, N = entries.shape
        self.P, self.scale = P, scale
        self.power = True if interaction == "power" else None
        self.avx2 = None if portable else AVX2
        self.rows = np.zeros((N, -(-n // LANES) * LANES), np.int8)
        self.rows[:, :n] = entries.T
        self.moments = (self.rows.astype(np.int64) ** P).sum(1)
        self.b = np.array([math.comb(P, k + 1) * 2**k if self.power else 1 for k in range(P)])
        largest = bounds(entries, P, interaction)[:-1]
        self.kind = np.int32 if largest.max() < 2**31 - 2**16 else np.int64
        self.places = tuple((0,) * places(value) for value in largest)

    def state(self, spins: Array) -> Multiples:
        """Caches of a configuration, from scratch."""
        e = np.zeros((self.P, self.rows.shape[1]))
        collect(self.rows, spins, e, self.power)
        c = e[:-1].astype(self.kind)
        digits = np.zeros((self.P - 1, max(map(len, self.places)), c.shape[1]), np.int16)
        divide(c, digits)
        return Multiples(
            self.scale, e[-1].astype(np.int64).sum(keepdims=True), remember(len(spins)), self.rows, self.moments, c,
            digits, np.empty((2, c.shape[1]), self.kind), self.b, self.places, (0,) * self.P, self.power, self.avx2,
        )  # fmt: skip


def bounds(entries: Array, P: int, interaction: str) -> Array:
    """The largest |c_k| of any pattern in any configuration, k = 1 … P."""
    moduli = np.ascontiguousarray(np.abs(entries.astype(float)).T)
    e = np.zeros((P, len(entries)))
    collect(moduli, np.ones(len(moduli), np.int8), e, True if interaction == "power" else None)
    return np.asarray(e.max(1))


def places(largest: float) -> int:
    """Digits that numbers up to the largest have, the highest one with room for a carry."""
    return max(1, math.ceil((math.log2(largest + 1) + 1.1) / 16))


def suitable(entries: Array, P: int, interaction: str) -> bool:
    """Whether int8 entries [n, N] keep all sums within their digits."""
    n, top = len(entries), float(np.abs(entries).max())
    largest = bounds(entries, P, interaction)
    below = max(top**k * 4**P * largest[P - 1 - k] for k in range(P))  # of a pattern, in any sum
    digits = places(largest[:-1].max()) <= DIGITS
    return top ** (P - 1) <= STEEPEST and digits and largest[-1] < EXACT and n * below < LARGEST


@intrinsic
def products(typing, row, digits, places, avx2):  # type: ignore[no-untyped-def]
    """Σ_μ t_μ^k c_{P−k} for k = 1 … P−1, int64; `row` int8 [n], `digits` int16 [P−1, J, n], n a multiple of 16."""
    counts, fast = [len(kind) for kind in places], avx2 != types.none

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker = Maker(context, builder)
        row, size = maker.array(signature.args[0], arguments[0])
        first = maker.array(signature.args[1], arguments[1])[0]
        J, n = max(counts), len(counts)
        columns = [
            [builder.gep(first, [builder.mul(size, I64((n - k) * J + j))]) for j in range(counts[n - k])]
            for k in range(1, n + 1)
        ]
        sums = _products(builder, row, columns, builder.lshr(size, I64(4)), fast)
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(types.int64, len(counts))(row, digits, places, avx2), code


def _products(builder: Any, row: Any, columns: list[list[Any]], steps: Any, fast: bool) -> list[Any]:
    """The loop over sixteen patterns at a time; sums of each power and digit in 32 bits, carried now and then."""
    none, zero = ir.Constant(SUMS, [0] * 8), I64(0)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in columns]
    sums = [[cgutils.alloca_once(builder, SUMS) for _ in digits] for digits in columns]
    with steps_of(builder, steps, STEPS) as (begin, count):
        for part in sums:
            for total in part:
                builder.store(none, total)
        with cgutils.for_range(builder, count, intp=I64) as step:
            place = builder.shl(builder.add(begin, step.index), I64(4))
            t = builder.sext(load(builder, row, place, ir.VectorType(ir.IntType(8), LANES)), WORDS)
            power = t
            for digits, part in zip(columns, sums, strict=True):
                for column, total in zip(digits, part, strict=True):
                    more = pairs(builder, power, load(builder, column, place, WORDS), fast)
                    builder.store(builder.add(builder.load(total), more), total)
                power = builder.mul(power, t)
        for total, part in zip(totals, sums, strict=True):
            for j, words in enumerate(part):
                more = builder.sext(builder.load(words), ir.VectorType(I64, 8))
                shifted = builder.shl(reduced(builder, more), I64(16 * j))
                builder.store(builder.add(builder.load(total), shifted), total)
    return [builder.load(total) for total in totals]


@compiled()
def divide(c, digits):  # type: ignore[no-untyped-def]
    """Digits of whole numbers, the lowest first: shifted, after what the lower ones carry."""
    kind, J = c.dtype.type, digits.shape[1]
    for k in range(len(c)):
        whole, low = c[k], digits[k, 0]
        for mu in range(len(whole)):
            low[mu] = np.int16(whole[mu])
        if J > 1:
            middle = digits[k, 1]
            for mu in range(len(whole)):
                middle[mu] = np.int16(kind(whole[mu] + kind(1 << 15)) >> 16)
        if J > 2:
            high = digits[k, 2]
            for mu in range(len(whole)):
                high[mu] = np.int16((np.int64(whole[mu]) + np.int64((1 << 31) + (1 << 15))) >> 32)


@compiled()
def move(row, s, c, room, order, power):  # type: ignore[no-untyped-def]
    """Flip spin s in c: e_k loses 2y times e_{k−1} without the site, which is e_{k−1} less y times e_{k−2} without."""
    kind = c.dtype.type
    spin, first, y, before = kind(s), c[0], room[0], room[1]
    for mu in range(len(first)):
        y[mu] = kind(kind(row[mu]) * spin)
        before[mu] = kind(first[mu] - y[mu])
        first[mu] = kind(before[mu] - y[mu])
    for k in range(1, len(order) - 1):
        values, lower = c[k], c[k - 1]
        if power is None:
            for mu in range(len(y)):
                through = kind(y[mu] * before[mu])
                before[mu] = kind(values[mu] - through)
                values[mu] = kind(before[mu] - through)
        else:
            for mu in range(len(y)):
                values[mu] = kind(lower[mu] * first[mu])


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    found = products(state.rows[i], state.digits, state.places, state.avx2)
    s = np.int64(spins[i])
    sign, change = -2 * s, 0
    for k in range(len(found)):
        change += sign * state.b[k] * found[k]
        sign *= -s
    return change + sign * state.b[len(found)] * state.moments[i]


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    move(state.rows[i], -np.int64(spins[i]), state.c, state.room, state.order, state.power)
    divide(state.c, state.digits)


kernel(Multiples, gain, flip)
