r"""Kernel "bits" for diluted patterns: entries −1, 0 and 1 in two bit rows, any interaction of their integer overlaps.

A pattern of n entries other than zero has F(A) of `integers.py`. With G(B) = F(B+1) − F(B−1), a polynomial of B whose
coefficients depend on n, a flip of spin i adds G(A+1) where ξ_i s_i = −1 and −G(A−1) where it is 1. Both are cached as
whole numbers g_0 + g_1 U in byte planes (`masked.py`) and added under the masks of those patterns, with half overlaps
b = (A + n mod 2)/2 for G(A+1) and b − 1 for G(A−1). Patterns beyond 16 bits are kept in a list, as in `signs.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .integers import Form, best_forms, fits, low_part, planes, table
from .masked import masked_sum, pack
from .shifts import shift
from .signs import EMPTY, LIFT, beyond, bit
from .sweeping import Memory, kernel, remember
from .vectors import AVX2

Array = NDArray[Any]


class Diluted(NamedTuple):
    """Rows [2, N, 32·blocks] of entries 1 and of −1, how many there are [2, N]; half overlaps, planes [256·blocks]."""

    scale: float
    total: Array
    memory: Memory
    rows: Array
    counts: Array
    A: Array
    planes: tuple[tuple[Array, ...], tuple[Array, ...]]
    far: Array  # patterns beyond the edge, and what they lack of U(b) and of U(b−1) [3, n]
    listed: Array  # how many those are [1]
    flags: Array | None
    polynomials: tuple[tuple[Array, ...], None]
    kinds: Array  # pattern → its kind by length, and the place of b = 0 in a table of that [2, n]
    lacks: Array  # U less its lowest 16 bits for every kind and half overlap [kinds, N+2]
    constants: tuple[int, int, int]  # g_0, g_1, edge
    avx2: bool | None


class DilutedRows:
    """What replicas of a realisation with entries −1, 0, 1 [n, N] share."""

    exact = True

    def __init__(self, entries: Array, scale: float, P: int, interaction: str, portable: bool = False):
        self.n, self.N = entries.shape
        self.P, self.interaction, self.scale = P, interaction, scale
        self.avx2 = None if portable else AVX2
        which = np.stack([entries > 0, entries < 0])
        self.rows = np.stack([pack(bits.T) for bits in which])
        self.counts = np.count_nonzero(which, axis=1).astype(np.int64)
        self.lengths = np.count_nonzero(entries, axis=1)
        self.size = self.rows.shape[2] * 8
        different, kind = np.unique(self.lengths, return_inverse=True)
        found = forms(P, tuple(different), self.n, interaction)
        assert found is not None
        (form,), edge = found
        self.edge = edge - 1  # U is wanted at b − 1, too
        self.near = edge > self.lengths.max() // 2 + 3
        short = form.coefficients.dtype == np.int16
        self.largest = (1 << 16) - 1 if short else form.largest
        self.polynomials = tuple(self._padded(c[kind]) for c in form.coefficients), None
        self.kinds = np.stack([kind, (self.lengths + 2) // 2])
        self.lacks = np.zeros((len(different), self.N + 2), np.int64)
        for k, length in enumerate(different):
            self.lacks[k, : length + 2] = form.U[k] - low_part(form, k)
        self.constants = (form.offset - form.unit * LIFT * short, form.unit, self.edge)

    def _padded(self, values: Array) -> Array:
        return np.concatenate([values, np.zeros(self.size - self.n, values.dtype)])

    def state(self, spins: Array) -> Diluted:
        """Caches of a configuration, from scratch."""
        ahead, behind = (planes(self.largest, self.size) for _ in range(2))
        A = np.zeros(self.size, np.int16)
        gather(self.rows, spins, A)
        own, n = A[: self.n], self.lengths
        total = sum(table(self.P, int(k), self.interaction)[(own[n == k] + k) // 2 + 1].sum() for k in np.unique(n))
        own[:] = (own + n % 2) // 2
        outside = np.flatnonzero(np.abs(own) >= self.edge)
        far = np.zeros((3, 1 if self.near else self.n), np.int64)
        far[0, : len(outside)] = outside
        flags = None if self.near else np.zeros(self.size // 256, np.uint8)
        state = Diluted(
            self.scale, np.array([total], np.int64), remember(self.N), self.rows, self.counts, A, (ahead, behind), far,
            np.array([len(outside)]), flags, self.polynomials, self.kinds, self.lacks, self.constants, self.avx2,
        )  # fmt: skip
        refresh(state, 0, np.int16(0))
        return state


def suitable(entries: Array, P: int, interaction: str) -> bool:
    """Whether patterns of entries −1, 0, 1 [n, N] can be kept in whole numbers."""
    n, N = entries.shape
    different = np.unique(np.count_nonzero(entries, axis=1))
    return N < 2**15 - 2 and fits(P, N, n) and forms(P, tuple(different), n, interaction) is not None


@lru_cache(maxsize=16)
def forms(P: int, lengths: tuple[int, ...], n: int, interaction: str) -> tuple[list[Form], int] | None:
    """G of patterns of so many entries each, and the edge; None if nothing gives it exactly."""
    steps = [np.diff(table(P, int(length), interaction)) for length in lengths]
    return best_forms([(steps, P - 1)], n, int(lengths[-1]) + 1)


@compiled()
def gather(rows, spins, A):  # type: ignore[no-untyped-def]
    """Overlaps A += Σ_i s_i ξ_i."""
    for i in range(len(spins)):
        shift(rows[0, i], rows[1, i], np.int16(spins[i]), A, EMPTY[0], EMPTY[1], np.int16(0), None, None)


@compiled(forceinline=True)
def refresh(state, i, step):  # type: ignore[no-untyped-def]
    """Move half overlaps by `step` times the entries of site i, and all that follows from them."""
    rows, edge = state.rows, np.int16(state.constants[2])
    shift(rows[0, i], rows[1, i], step, state.A, state.polynomials, state.planes, edge, state.flags, state.avx2)
    update_far(state, state.flags)


@compiled(forceinline=True)
def update_far(state, flags):  # type: ignore[no-untyped-def]
    """Who is beyond the edge now, and what they lack."""
    if flags is None:
        return
    A, far, kinds, lacks = state.A, state.far, state.kinds, state.lacks
    state.listed[0] = beyond(A, kinds.shape[1], state.constants[2], flags, far[0], state.listed[0])
    for k in range(state.listed[0]):
        mu = far[0, k]
        kind, place = kinds[0, mu], A[mu] + kinds[1, mu]
        far[1, k] = lacks[kind, place]
        far[2, k] = lacks[kind, place - 1]


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    g0, g1, _ = state.constants
    rows, counts, far = state.rows, state.counts, state.far
    same = (1 - spins[i]) >> 1
    other = 1 - same
    rise = masked_sum(rows[other, i], state.planes[0], state.avx2)
    fall = masked_sum(rows[same, i], state.planes[1], state.avx2)
    for k in range(state.listed[0]):
        rise += bit(rows[other, i], far[0, k]) * far[1, k]
        fall += bit(rows[same, i], far[0, k]) * far[2, k]
    return g0 * (counts[other, i] - counts[same, i]) + g1 * (rise - fall)


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    refresh(state, i, np.int16(spins[i]))


kernel(Diluted, gain, flip)
