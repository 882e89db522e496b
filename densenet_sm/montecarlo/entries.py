r"""Kernels "integers" and "reals": entries of any kind, as multiples of a unit in int8 or as numbers.

With c_k = e_k (tensor) or A^k (power) cached for every row of entries, flipping a site with y = t s adds

    −2y Σ_{k<P} b_k (−y)^k c_{P−1−k},   c_0 = 1,   b_k = 1 (tensor) or 2^k C(P, k+1) (power),

to its F. Multiples of a unit are whole numbers throughout, exact while sums stay below 2^53.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled
from .sweeping import FAST, Memory, kernel, remember

Array = NDArray[Any]
EXACT = 2.0**53
MOST = 1 << 10  # different moduli, up to rounding, that multiples may have


class Entries(NamedTuple):
    """Rows [N, n] of entries, weights [n], c [P−1, n], b [P]; the order as the length of a tuple, known to types."""

    scale: float
    total: Array
    memory: Memory
    rows: Array
    weights: Array
    c: Array
    b: Array
    order: tuple[int, ...]
    power: bool | None


class EntryRows:
    """What replicas of a realisation with entries [n, N] share; int8 entries and equal weights are whole numbers."""

    def __init__(self, entries: Array, weights: Array, scale: float, P: int, interaction: str):
        self.P, self.scale, self.weights = P, scale, weights
        self.power = True if interaction == "power" else None
        self.rows = np.ascontiguousarray(entries.T)
        self.exact = bool(entries.dtype == np.int8 and (weights == 1).all() and self._bound() < EXACT)
        self.b = np.array([float(math.comb(P, k + 1) * 2**k) if self.power else 1.0 for k in range(P)])

    def _bound(self) -> float:
        """Above every sum of whole numbers that occurs."""
        largest = np.abs(self.rows).sum(0, dtype=float).max(initial=0)
        return float(self.rows.shape[1] * (3 * largest + 3) ** self.P)

    def state(self, spins: Array) -> Entries:
        """Caches of a configuration, from scratch."""
        N, n = self.rows.shape
        e = np.zeros((self.P, n))
        collect(self.rows, spins, e, self.power)
        total = np.array([float(self.weights @ e[-1])])
        c = np.ascontiguousarray(e[:-1])
        memory = remember(N, np.float64)
        order = (0,) * self.P
        return Entries(self.scale, total, memory, self.rows, self.weights, c, self.b, order, self.power)


def whole(entries: Array) -> tuple[Array, float] | None:
    """Entries as int8 multiples of their largest common unit; None if they are not.

    >>> whole(np.array([[0.5, -1.5]]))
    (array([[ 1, -3]], dtype=int8), 0.5)
    """
    if len(np.unique(np.abs(entries[0]))) > MOST:
        return None
    moduli = np.unique(np.abs(entries))
    if len(moduli) > MOST or not moduli[-1]:
        return None
    unit = float(moduli[-1])
    for rest in moduli[moduli > 0].tolist():
        while rest > 1e-9 * moduli[-1]:  # Euclid's algorithm
            unit, rest = rest, abs(math.remainder(unit, rest))
    unit = float(moduli[-1]) / max(1, round(moduli[-1] / unit))
    multiples = np.rint(entries / unit)
    if np.abs(multiples).max() > 127 or np.abs(multiples * unit - entries).max() > 1e-12 * unit:
        return None
    return multiples.astype(np.int8), unit


@compiled()
def collect(rows, spins, e, power):  # type: ignore[no-untyped-def]
    """e_1 … e_P of every row by adding site after site, or powers of the overlaps."""
    P = len(e)
    for i in range(len(spins)):
        for mu in range(e.shape[1]):
            y = np.float64(rows[i, mu]) * spins[i]
            if power is None:
                for k in range(P - 1, 0, -1):
                    e[k, mu] += y * e[k - 1, mu]
            e[0, mu] += y
    if power is not None:
        for k in range(1, P):
            e[k] = e[k - 1] * e[0]


@compiled(fastmath=FAST)
def change(row, s, weights, c, b, order):  # type: ignore[no-untyped-def]
    """Σ_μ w_μ y_μ Σ_k b_k (−y_μ)^k c_{P−1−k}, by Horner from the highest k."""
    last = len(order) - 1
    total = 0.0
    for mu in range(len(weights)):
        y = np.float64(row[mu]) * s
        value = b[last]
        for k in range(last):
            value = b[last - 1 - k] * c[k, mu] - y * value
        total += weights[mu] * y * value
    return total


@compiled(fastmath=FAST)
def move(row, s, c, order, power):  # type: ignore[no-untyped-def]
    """Flip spin s in c: e_k^{without} = e_k − y e_{k−1}^{without}, and the new e_k is the same step further."""
    for mu in range(c.shape[1]):
        y = np.float64(row[mu]) * s
        if power is None:
            before = 1.0
            for k in range(len(order) - 1):
                without = c[k, mu] - y * before
                c[k, mu] = without - y * before
                before = without
        else:
            a = c[0, mu] - 2.0 * y
            value = 1.0
            for k in range(len(order) - 1):
                value *= a
                c[k, mu] = value


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    return -2.0 * change(state.rows[i], np.float64(spins[i]), state.weights, state.c, state.b, state.order)


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    move(state.rows[i], -np.float64(spins[i]), state.c, state.order, state.power)


kernel(Entries, gain, flip)
