r"""Kernel "bits": patterns of ±1 in bit rows, any interaction of their integer overlaps.

With A = Σ_i ξ_i s_i, y = ξ_i s_i = ±1 and F(A) of `integers.py`,

    F(A − 2y) − F(A) = D(A) − y V(A),   V = [F(A+2) − F(A−2)]/2,   D = [F(A+2) + F(A−2)]/2 − F(A),

so flipping spin i adds W − s_i h_i, W = Σ_μ D(A_μ), h_i = Σ_μ ξ_i^μ V(A_μ): one ±1 product with the cached V. Only an
accepted flip touches A, V and W. Whole numbers throughout:
V = v_0 + v_1 U and D = d_0 + d_1 U′, U in byte planes (`masked.py`). Where |a| < edge, U and U′ fit into 16 bits; the
few patterns beyond, as a rule those that are retrieved, are kept in a list with what they lack.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .integers import Form, best_forms, fits, halves, horner, low_part, planes, table
from .masked import masked_sum, pack
from .shifts import shift
from .sweeping import Memory, kernel, remember
from .vectors import AVX2

Array = NDArray[Any]
WHOLE, W, FAR = 0, 1, 2  # places in `numbers`: Σ_μ U, W, and how many patterns are beyond the edge
EMPTY = (((np.int16(0),), (np.int16(0),)), ((), ()))
LIFT = 1 << 15  # between centred values and what the planes hold


class Signs(NamedTuple):
    """Rows [N, 32·blocks] and their sums [N]; half overlaps and planes [256·blocks]."""

    scale: float
    total: Array
    memory: Memory
    rows: Array
    sums: Array
    A: Array
    planes: tuple[Array, ...]
    numbers: Array
    far: Array  # patterns beyond the edge, and what they lack of U [2, n]
    flags: Array | None
    polynomials: tuple[tuple[Any, ...], tuple[Any, ...]]
    tables: Array  # low and high parts of U and of U′ [4, N+1]
    constants: tuple[int, ...]  # v_0, v_1, d_0, d_1, patterns, padding, lift, edge
    avx2: bool | None


class SignRows:
    """What replicas of a realisation with patterns of ±1 [n, N] share."""

    exact = True

    def __init__(self, signs: Array, scale: float, P: int, interaction: str, portable: bool = False):
        n, N = signs.shape
        self.P, self.interaction, self.N, self.n, self.scale = P, interaction, N, n, scale
        self.avx2 = None if portable else AVX2
        self.rows = pack(signs.T > 0)
        self.sums = 2 * np.count_nonzero(signs > 0, axis=0).astype(np.int64) - n
        found = forms(P, N, n, interaction)
        assert found is not None
        (V, D), self.edge = found
        self.size = self.rows.shape[1] * 8
        self.near = self.edge > N // 2 + 1
        lift = LIFT if V.coefficients.dtype == np.int16 else 0
        self.largest = V.largest if not lift else (1 << 16) - 1
        self.polynomials = sparse(V.coefficients[:, 0]), sparse(D.coefficients[:, 0])
        self.tables = np.concatenate([parts(V, low_part(V, 0)), parts(D, added_part(D))])
        self.constants = (V.offset, V.unit, D.offset, D.unit, n, self.size - n, lift, self.edge)

    def state(self, spins: Array) -> Signs:
        """Caches of a configuration, from scratch."""
        flags = None if self.near else np.zeros(self.size // 256, np.uint8)
        far = np.zeros((2, 1 if self.near else self.n), np.int64)
        A = np.zeros(self.size, np.int16)
        state = Signs(
            self.scale, np.zeros(1, np.int64), remember(self.N), self.rows, self.sums, A,
            planes(self.largest, self.size), np.zeros(3, np.int64), far, flags, self.polynomials, self.tables,
            self.constants, self.avx2,
        )  # fmt: skip
        gather(self.rows, spins, A)
        A[:] = (A - self.N % 2) // 2
        beyond = np.flatnonzero(np.abs(A[: self.n]) >= self.edge)
        far[0, : len(beyond)] = beyond
        state.numbers[FAR] = len(beyond)
        refresh(state, 0, np.int16(0))
        F = table(self.P, self.N, self.interaction)
        state.total[0] = F[A[: self.n].astype(np.int64) + (self.N + 1) // 2 + 1].sum()
        return state


def suitable(P: int, N: int, n: int, interaction: str) -> bool:
    """Whether n patterns of N signs can be kept in whole numbers."""
    return N < 2**15 - 2 and fits(P, N, n) and forms(P, N, n, interaction) is not None


def forms(P: int, N: int, n: int, interaction: str) -> tuple[list[Form], int] | None:
    """V, D and the edge; None if neither 16 bits nor floats can give them exactly."""
    F = table(P, N, interaction)
    V, D = (F[2:] - F[:-2]) // 2, (F[2:] + F[:-2]) // 2 - F[1:-1]
    return best_forms([([V], P - 1), ([D], max(P - 2, 0))], n, N)


def parts(form: Form, low: Array) -> Array:
    """U over all half overlaps as what polynomials give, and what is missing [2, N+1]."""
    return np.array([low, form.U[0] - low])


def added_part(form: Form) -> Array:
    """U as it is added up: 16 bits of a parabola are those of its linear factor."""
    c = form.coefficients[:, 0]
    if c.dtype != np.int16 or len(c) != 3:
        return low_part(form, 0)
    a = halves(len(form.U[0]) - 1)
    return a * horner(c[:-1], a.astype(np.int16)) + np.int64(c[-1])


def sparse(coefficients: Array) -> tuple[Any, ...]:
    """Coefficients, the highest power first, as `shift` wants them."""
    *first, last = coefficients
    ones = [None if k == 0 and c == 1 and c.dtype == np.int16 else c for k, c in enumerate(first)]
    return (*(None if k and c == 0 else c for k, c in enumerate(ones)), last)


@compiled()
def gather(rows, spins, A):  # type: ignore[no-untyped-def]
    """Overlaps A += Σ_i s_i ξ_i."""
    for i in range(len(spins)):
        shift(rows[i], None, np.int16(spins[i]), A, EMPTY[0], EMPTY[1], np.int16(0), None, None)


@compiled(forceinline=True)
def refresh(state, i, step):  # type: ignore[no-untyped-def]
    """Move half overlaps by `step` times the entries of site i, and all that follows from them."""
    d0, d1, n, padding, _, edge = state.constants[2:]
    polynomials, numbers = state.polynomials, state.numbers
    U, bend = shift(
        state.rows[i], None, step, state.A, polynomials, (state.planes, ()), np.int16(edge), state.flags, state.avx2
    )
    last = state.A[-1] + state.tables.shape[1] // 2  # numbers behind the last pattern, all alike
    U -= padding * state.tables[0, last]
    bend -= padding * state.tables[2, last]
    more, steeper = update_far(state, state.flags)
    U += more
    bend += steeper
    numbers[WHOLE] = U
    numbers[W] = d0 * n + d1 * bend


@compiled(forceinline=True)
def update_far(state, flags):  # type: ignore[no-untyped-def]
    """Who is beyond the edge now, and what they lack of Σ U and Σ U′."""
    if flags is None:
        return 0, 0
    n, edge = state.constants[4], state.constants[7]
    far, more, steeper = state.far, 0, 0
    count = beyond(state.A, n, edge, flags, far[0], state.numbers[FAR])
    for k in range(count):
        place = state.A[far[0, k]] + state.tables.shape[1] // 2
        far[1, k] = state.tables[1, place]
        more += far[1, k]
        steeper += state.tables[3, place]
    state.numbers[FAR] = count
    return more, steeper


@compiled(forceinline=True)
def beyond(A, n, edge, flags, listed, count):  # type: ignore[no-untyped-def]
    """Enter into a list of so many who has arrived at the edge, drop who has left, and return how many are in it."""
    for block in range(len(flags)):
        if flags[block]:
            for mu in range(block * 256, min(n, block * 256 + 256)):
                if abs(A[mu]) == edge and mu not in listed[:count]:
                    listed[count] = mu
                    count += 1
    k = 0
    while k < count:
        if abs(A[listed[k]]) < edge:
            count -= 1
            listed[k] = listed[count]
        else:
            k += 1
    return count


@compiled(inline="always")
def bit(row, mu):  # type: ignore[no-untyped-def]
    """Whether a mask holds a number, 0 or 1."""
    return (np.int64(row[(mu >> 8) * 32 + (mu & 31)]) >> (7 - ((mu >> 5) & 7))) & 1


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    v0, v1, _, _, n, _, lift, _ = state.constants
    row, whole, numbers = state.rows[i], state.sums[i], state.numbers
    above = masked_sum(row, state.planes, state.avx2) - lift * ((whole + n) >> 1)
    for k in range(numbers[FAR]):
        above += bit(row, state.far[0, k]) * state.far[1, k]
    field = v0 * whole + v1 * (2 * above - numbers[WHOLE])
    return numbers[W] - spins[i] * field


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    refresh(state, i, np.int16(spins[i]))


kernel(Signs, gain, flip)
