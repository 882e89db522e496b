r"""Kernel of the exponential interactions: distances d_μ = (N − Σ_i t_i^μ s_i)/2 are cached, and a table of e^{−2λd}.

With D the smallest distance for "log-sum-exp" and 0 for "sum-exp", Z = Σ_μ w_μ e^{−2λ(d_μ − D)}, and the total is

    ln Z − 2λD + λN  ("log-sum-exp", −H λ)    or    Z  ("sum-exp", −H/N):

no exponent is positive. Flipping a spin with y = t s makes d → d + y; an attempt costs a look into the table for every
pattern. Signs have whole distances, 0 ≤ d ≤ N; other entries take the exponential itself.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from .compiling import compiled
from .sweeping import FAST, Memory, kernel, remember

Array = NDArray[Any]


class Exponentials(NamedTuple):
    """Rows [N, n] of entries, weights [n], distances [n], table [N + 2] (None: entries that are no signs)."""

    scale: float
    total: Array
    memory: Memory
    rows: Array
    weights: Array
    distances: Array
    table: Array | None
    lam: float
    log: bool | None


class ExponentialRows:
    """What replicas of an exponential network share."""

    def __init__(self, net: Network):
        self.weights, self.lam = net.weights, net.lam
        self.log = True if net.interaction == "log-sum-exp" else None
        self.scale = 1 / net.lam if self.log else float(net.N)
        signs = bool((np.abs(net.entries) == 1).all())
        self.exact = False  # totals are floats, though distances of signs are whole numbers
        self.rows = np.ascontiguousarray(net.entries.T.astype(np.int8 if signs else float))
        self.table = np.exp(-2 * net.lam * np.arange(net.N + 2)) if signs else None

    def state(self, spins: Array) -> Exponentials:
        """Caches of a configuration, from scratch."""
        N, n = self.rows.shape
        distances = np.zeros(n, float if self.table is None else np.int32)
        begin(self.rows, spins, distances)
        total = np.array([level(distances, self.weights, self.table, self.lam, N, self.log)])
        memory = remember(N, np.float64)
        return Exponentials(
            self.scale, total, memory, self.rows, self.weights, distances, self.table, self.lam, self.log
        )


@compiled()
def begin(rows, spins, distances):  # type: ignore[no-untyped-def]
    """d = Σ_i (1 − y_i)/2."""
    for i in range(len(spins)):
        for mu in range(len(distances)):
            distances[mu] += (1 - rows[i, mu] * spins[i]) / 2


@compiled(fastmath=FAST)
def shifted(row, s, distances):  # type: ignore[no-untyped-def]
    """The smallest distance after spin s of this row is flipped (s = 0: as it is)."""
    least = distances[0] + row[0] * s
    for mu in range(len(distances)):
        least = min(least, distances[mu] + row[mu] * s)
    return least


@compiled(fastmath=FAST)
def partition(row, s, distances, weights, table, lam, least):  # type: ignore[no-untyped-def]
    """Z relative to `least`, after spin s of this row is flipped."""
    total = 0.0
    for mu in range(len(distances)):
        d = distances[mu] + row[mu] * s - least
        total += weights[mu] * (math.exp(-2.0 * lam * d) if table is None else table[d])
    return total


@compiled(forceinline=True)
def after(row, s, distances, weights, table, lam, N, log):  # type: ignore[no-untyped-def]
    """The total after spin s of this row is flipped."""
    if log is None:
        return partition(row, s, distances, weights, table, lam, 0)
    least = shifted(row, s, distances)
    return math.log(partition(row, s, distances, weights, table, lam, least)) + lam * (N - 2.0 * least)


@compiled()
def level(distances, weights, table, lam, N, log):  # type: ignore[no-untyped-def]
    """The total as it is."""
    return after(np.zeros(len(distances), np.int8), np.int8(0), distances, weights, table, lam, N, log)


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    N = len(spins)
    new = after(
        state.rows[i], spins[i], state.distances, state.weights, state.table, state.lam, N, state.log
    )  # fmt: skip
    return new - state.total[0]


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    row, distances = state.rows[i], state.distances
    for mu in range(len(distances)):
        distances[mu] -= row[mu] * spins[i]


kernel(Exponentials, gain, flip)
