r"""Kernel "lanes": up to eight replicas of a network with few patterns of ±1, side by side in vectors of floats.

With U and U′ of `signs.py` as polynomials of a replica's half overlaps, kept for every pattern and lane,

    h_i = v_0 Σ_μ ξ_i^μ + v_1 Σ_μ ξ_i^μ U_μ,   W = d_0 n + d_1 Σ_μ U′_μ:

an attempt at one site in eight replicas costs one vector operation per pattern, and so, times the degree, do all flips
at that site. Sums are whole and exact: replicas in lanes are the single ones, flip for flip.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .compiling import compiled
from .integers import LARGEST, Form, rounded, table
from .vectors import I32, I64, Maker, call, load, splat, store
from .words import BUCKETS, threshold

Array = NDArray[Any]
LANES = 8
UNROLL = 4  # rows are padded to multiples of this, sums taken in as many parts
FEW = 64  # patterns up to which lanes are quicker than bit rows
EXACT = {np.float32: 2.0**24, np.float64: 2.0**53}
DIGITS = {32: 23, 64: 52}
EDGES = BUCKETS + 1
DOUBLES, LONGS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(I64, LANES)
INTS, MASK = ir.VectorType(I32, LANES), ir.VectorType(ir.IntType(1), LANES)


class Lanes(NamedTuple):
    """Rows [N, n] of ±1, Σ_μ v_0 ξ [N], spins [N, lanes], half overlaps and U [n, lanes], Σ_μ U′ [lanes].

    Of the last attempt gains and costs [2, lanes]; Σ_μ F and flips made [2, lanes].
    """

    rows: Array
    sums: Array
    spins: Array
    a: Array
    U: Array
    bends: Array
    tried: Array
    counts: Array
    polynomials: tuple[tuple[Any, ...], tuple[Any, ...]]
    constants: tuple[float, ...]  # v_1, d_0 n, d_1, scale


class LaneRows:
    """What replicas of a realisation with patterns of ±1 [n, N] share; n is padded with zeros."""

    exact = True

    def __init__(self, signs: Array, scale: float, P: int, interaction: str):
        n, N = signs.shape
        found = forms(P, N, n, interaction)
        assert found is not None
        V, D = found
        kind = V.coefficients.dtype
        self.scale, self.N, self.n, self.F = scale, N, n, table(P, N, interaction)
        self.rows = np.zeros((N, -(-n // UNROLL) * UNROLL), kind)
        self.rows[:, :n] = signs.T
        self.sums = float(V.offset) * signs.sum(0, dtype=float)
        self.polynomials = tuple(V.coefficients[:, 0]), tuple(D.coefficients[:, 0])
        padding = round(float(D.coefficients[-1, 0])) * (self.rows.shape[1] - n)
        self.constants = float(V.unit), float(D.offset * n - D.unit * padding), float(D.unit), scale

    def state(self, spins: Array) -> Lanes:
        """Caches of configurations [lanes, N], from scratch."""
        kind = self.rows.dtype
        s = np.ascontiguousarray(spins.T, dtype=kind)
        A = np.rint(self.rows.T.astype(float) @ s.astype(float)).astype(np.int64)
        counts = np.array([self.F[(A[: self.n] + self.N) // 2 + 1].sum(0), np.zeros(LANES, np.int64)])
        A[self.n :] = self.N % 2
        a = ((A - self.N % 2) // 2).astype(kind)
        found = Lanes(
            self.rows, self.sums, s, a, np.empty_like(a), np.empty(LANES, kind), np.zeros((2, LANES)), counts,
            self.polynomials, self.constants,
        )  # fmt: skip
        flip(found, 0, np.uint8(0))
        return found


def suitable(P: int, N: int, n: int, interaction: str) -> bool:
    """Whether sums over n patterns of N signs are exact as floats."""
    return n <= FEW and forms(P, N, n, interaction) is not None


def forms(P: int, N: int, n: int, interaction: str) -> tuple[Form, Form] | None:
    """V and D as polynomials that floats give exactly, with all sums over n patterns, float32 if that will do."""
    F = table(P, N, interaction)
    V, D = (F[2:] - F[:-2]) // 2, (F[2:] + F[:-2]) // 2 - F[1:-1]
    if n * (N + 2.0) ** P > LARGEST or n * float(np.abs(V).max() + np.abs(D).max()) > EXACT[np.float64]:
        return None
    found = [form for form in (rounded([V], P - 1), rounded([D], max(P - 2, 0))) if form is not None]
    if len(found) < 2:
        return None
    small = (n + UNROLL) * max(form.largest for form in found) < EXACT[np.float32]
    kind = np.result_type(np.float32 if small else np.float64, *(form.coefficients for form in found))
    first, second = (form._replace(coefficients=form.coefficients.astype(kind)) for form in found)
    return first, second


@intrinsic
def attempt(typing, row, U, spins, bends, words, table, tried, factors):  # type: ignore[no-untyped-def]
    """Lanes whose flip at one site is surely accepted, and those whose bucket does not decide, as bits.

    Gains and costs are left in `tried`; `factors`: v_0 Σξ, twice the bias, v_1, d_0 n, d_1, scale.
    """

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker = Maker(context, builder)
        pairs = list(zip(signature.args[:7], arguments[:7], strict=True))
        (row, n), *others = (maker.array(*pair) for pair in pairs)
        U, spins, bends, words, table, tried = (array for array, _ in others)
        base, twice, v1, d0, d1, scale = (
            splat(builder, x, LANES) for x in maker.tuple(signature.args[7], arguments[7])
        )
        kind = ir.VectorType(row.type.pointee, LANES)
        s = _doubles(builder, load(builder, spins, I64(0), kind))
        h = builder.fadd(base, builder.fmul(v1, _doubles(builder, _field(builder, row, n, U, kind))))
        W = builder.fadd(d0, builder.fmul(d1, _doubles(builder, load(builder, bends, I64(0), kind))))
        gain = builder.fsub(W, builder.fmul(s, h))
        cost = builder.fsub(builder.fmul(twice, s), builder.fmul(scale, gain))
        store(builder, gain, tried, I64(0))
        store(builder, cost, tried, I64(LANES))
        above, below = _edges(builder, load(builder, words, I64(0), INTS), table)
        yes, perhaps = (builder.fcmp_ordered("<", cost, edge) for edge in (below, above))
        bits = [builder.bitcast(m, ir.IntType(8)) for m in (yes, builder.xor(yes, perhaps))]
        return context.make_tuple(builder, signature.return_type, bits)

    arguments = (row, U, spins, bends, words, table, tried, factors)
    return types.UniTuple(types.uint8, 2)(*arguments), code


def _doubles(builder: Any, value: Any) -> Any:
    return value if value.type == DOUBLES else builder.fpext(value, DOUBLES)


def _field(builder: Any, row: Any, n: Any, U: Any, kind: Any) -> Any:
    """Σ_μ ξ_μ U_μ of every lane."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(kind, [0.0] * LANES)) for _ in range(UNROLL)]
    with cgutils.for_range(builder, builder.udiv(n, I64(UNROLL)), intp=I64) as loop:
        for k, total in enumerate(totals):
            mu = builder.add(builder.mul(loop.index, I64(UNROLL)), I64(k))
            x = splat(builder, builder.load(builder.gep(row, [mu])), LANES)
            u = load(builder, U, builder.mul(mu, I64(LANES)), kind)
            builder.store(_fused(builder, x, u, builder.load(total)), total)
    parts = [builder.load(total) for total in totals]
    return builder.fadd(builder.fadd(parts[0], parts[1]), builder.fadd(parts[2], parts[3]))


def _edges(builder: Any, words: Any, table: Any) -> tuple[Any, Any]:
    """Thresholds at both ends of the buckets of words, from a table [lanes, BUCKETS + 1]."""
    buckets = builder.lshr(words, ir.Constant(INTS, [24] * LANES))
    first = second = ir.Constant(DOUBLES, ir.Undefined)
    for lane in range(LANES):
        bucket = builder.zext(builder.extract_element(buckets, I32(lane)), I64)
        place = builder.add(bucket, I64(lane * EDGES))
        first = builder.insert_element(first, builder.load(builder.gep(table, [place])), I32(lane))
        after = builder.gep(table, [builder.add(place, I64(1))])
        second = builder.insert_element(second, builder.load(after), I32(lane))
    return first, second


@intrinsic
def move(typing, row, yes, spins, a, U, bends, tried, counts, polynomials):  # type: ignore[no-untyped-def]
    """Flip one site in the lanes of some bits, in spins, half overlaps, U, Σ_μ U′ and counts."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        maker, kinds = Maker(context, builder), signature.args
        (row, n) = maker.array(kinds[0], arguments[0])
        spins, a, U, bends, tried, counts = (maker.array(kinds[k], arguments[k])[0] for k in range(2, 8))
        pair = zip(kinds[8], cgutils.unpack_tuple(builder, arguments[8], 2), strict=True)
        first, second = ([splat(builder, c, LANES) for c in maker.tuple(*part)] for part in pair)
        kind = ir.VectorType(row.type.pointee, LANES)
        s, lanes = load(builder, spins, I64(0), kind), builder.bitcast(arguments[1], MASK)
        steps = builder.select(lanes, builder.fneg(s), ir.Constant(kind, [0.0] * LANES))
        store(builder, builder.fadd(s, builder.fadd(steps, steps)), spins, I64(0))
        gain = builder.fptosi(load(builder, tried, I64(0), DOUBLES), LONGS)
        gain = builder.select(lanes, gain, ir.Constant(LONGS, [0] * LANES))
        for place, more in ((I64(0), gain), (I64(LANES), builder.zext(lanes, LONGS))):
            store(builder, builder.add(load(builder, counts, place, LONGS), more), counts, place)
        total = cgutils.alloca_once_value(builder, ir.Constant(kind, [0.0] * LANES))
        with cgutils.for_range(builder, n, intp=I64) as loop:
            place = builder.mul(loop.index, I64(LANES))
            x = splat(builder, builder.load(builder.gep(row, [loop.index])), LANES)
            new = _fused(builder, x, steps, load(builder, a, place, kind))
            store(builder, new, a, place)
            store(builder, _value(builder, first, new), U, place)
            builder.store(builder.fadd(builder.load(total), _value(builder, second, new)), total)
        store(builder, builder.load(total), bends, I64(0))
        return context.get_dummy_value()

    return types.none(row, yes, spins, a, U, bends, tried, counts, polynomials), code


def _width(kind: Any) -> int:
    return 32 if kind.element == ir.FloatType() else 64


def _fused(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return call(builder, f"llvm.fmuladd.v{LANES}f{_width(a.type)}", a.type, a, b, c)


def _value(builder: Any, coefficients: list[Any], a: Any) -> Any:
    """Horner's rule, rounded to whole numbers by a number among which there are no others."""
    value = coefficients[0]
    for c in coefficients[1:]:
        value = _fused(builder, value, a, c)
    large = ir.Constant(a.type, [1.5 * 2.0 ** DIGITS[_width(a.type)]] * LANES)
    return builder.fsub(builder.fadd(value, large), large)


@compiled()
def flip(state, i, yes):  # type: ignore[no-untyped-def]
    """Flip a site in the lanes of some bits."""
    move(
        state.rows[i], yes, state.spins[i], state.a, state.U, state.bends, state.tried, state.counts, state.polynomials
    )  # fmt: skip


@compiled()
def sweep_lanes(state, bias, words, table, T, configurations, totals):  # type: ignore[no-untyped-def]
    """Heat-bath sweeps of replicas in lanes; keeps configurations [sweeps, N, lanes] and totals [sweeps, lanes].

    `words` [sweeps, N or more, lanes] accept by `edges` [lanes, BUCKETS + 1] and T [lanes].
    """
    rows, spins, costs = state.rows, state.spins, state.tried[1]
    v1, d0, d1, scale = state.constants
    for n in range(len(words)):
        for i in range(len(spins)):
            factors = state.sums[i], 2.0 * bias[i], v1, d0, d1, scale
            yes, unsure = attempt(
                rows[i], state.U, spins[i], state.bends, words[n, i], table, state.tried, factors
            )  # fmt: skip
            if unsure:
                for lane in range(LANES):
                    if (unsure >> lane) & 1 and costs[lane] < threshold(words[n, i, lane], T[lane], False):
                        yes |= np.uint8(1 << lane)
            if yes:
                flip(state, i, np.uint8(yes))
        configurations[n] = spins
        totals[n] = state.counts[0]
