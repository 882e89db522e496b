r"""Kernel "couplings": the explicit coupling tensor, with cached local fields.

H = −c Σ_{i1<…<iP} J_{i1…iP} s_{i1}…s_{iP}, J = Σ_μ w_μ t_{i1}^μ…t_{iP}^μ (+ Ωg of synaptic noise). An attempt costs
nothing but a look at h_i = Σ J_{i j…} s_j…; an accepted flip C(N−1, P−1) numbers, however many patterns there are.
J is kept for every site, over the others in lexicographic order.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from .compiling import compiled
from .sweeping import FAST, Memory, kernel, remember

Array = NDArray[Any]
LARGEST = 2**31


class Couplings(NamedTuple):
    """J [N, C(N−1, P−1)] and h [N]; room for spins of all sites but one, and changes of their fields [2, N−1]."""

    scale: float
    total: Array
    memory: Memory
    J: Array
    h: Array
    room: Array
    order: int


class CouplingTensor:
    """What replicas of a realisation share: of whole numbers without noise, of signs or multiples of a unit."""

    def __init__(self, flat: Array, scale: float, P: int, N: int):
        self.P, self.N, self.scale = P, N, scale
        J = np.zeros((N, math.comb(N - 1, P - 1)), flat.dtype)
        spread(flat, J, P)
        self.exact = bool(flat.dtype == np.int64 and np.abs(J).sum(1).max() < LARGEST)
        self.J = J.astype(np.int32) if self.exact else J.astype(float)

    def state(self, spins: Array) -> Couplings:
        """Fields of a configuration, from scratch."""
        kind = self.J.dtype
        h, room = np.zeros(self.N, kind), np.zeros((2, self.N - 1), kind)
        all_fields(self.J, spins, h, room, self.P)
        s_h = (spins * h.astype(np.int64 if self.exact else float)).sum()
        total = np.array([s_h // self.P if self.exact else s_h / self.P])
        return Couplings(self.scale, total, remember(self.N, total.dtype), self.J, h, room, self.P)


def flat_couplings(rows: Array, weights: Array | None, P: int) -> Array:
    """Σ_μ w_μ t_{i1}^μ…t_{iP}^μ [C(N, P)] in the order of itertools.combinations, of entries [n, N].

    int64 for whole-number entries without weights.
    """
    n, N = rows.shape
    columns = np.ascontiguousarray(rows.T.astype(np.int64 if weights is None else float))
    out = []
    for prefix in itertools.combinations(range(N), P - 2):
        first = prefix[-1] + 1 if prefix else 0
        product = np.ones(n, columns.dtype) if weights is None else weights.copy()
        for i in prefix:
            product = product * columns[i]
        rest = columns[first:].astype(float)
        square = (rest * product) @ rest.T
        out.append(square[np.triu_indices(N - first, 1)])
    flat = np.concatenate(out) if out else np.zeros(0)
    return np.rint(flat).astype(np.int64) if weights is None else flat


def tensor_of(net: Network, rows: Array, weights: Array | None, scale: float) -> CouplingTensor:
    """The tensor of a network's entries, given as rows and scale, and of its noise."""
    flat = flat_couplings(rows, weights, net.P)
    if net.noise is None:
        return CouplingTensor(flat, scale, net.P, net.N)
    c = math.factorial(net.P) / (2 * net.N ** (net.P - 1))
    return CouplingTensor(scale * flat + c * net.noise, 1.0, net.P, net.N)


def noise_tensor(net: Network) -> CouplingTensor:
    """The tensor of the synaptic noise alone."""
    assert net.noise is not None
    return CouplingTensor(net.noise, math.factorial(net.P) / (2 * net.N ** (net.P - 1)), net.P, net.N)


@compiled()
def spread(flat, J, P):  # type: ignore[no-untyped-def]
    """Every coupling to each of its sites: taking one site out keeps the lexicographic order of the others."""
    N = len(J)
    place, index = np.zeros(N, np.int64), np.arange(P)
    for value in flat:
        for i in index:
            J[i, place[i]] = value
            place[i] += 1
        k = P - 1
        while k >= 0 and index[k] == N - P + k:
            k -= 1
        if k < 0:
            return
        index[k] += 1
        for later in range(k + 1, P):
            index[later] = index[later - 1] + 1


@compiled(fastmath=FAST)
def slopes(row, s, out, q):  # type: ignore[no-untyped-def]
    """out_j = ∂/∂s_j of Σ_{j1<…<jq} J_{j1…jq} s_{j1}…s_{jq}; with s² = 1, a product without s_j is it times s_j."""
    M = len(s)
    if q == 1:
        out[:] = row
        return
    out[:] = 0
    index = np.arange(q - 1)
    begin = 0
    while True:
        product = s[0] * s[0]
        for j in index:
            product *= s[j]
        first = index[q - 2] + 1
        inner, near, changes = row[begin : begin + M - first], s[first:], out[first:]
        begin += M - first
        dot = row[0] * 0
        for k in range(len(inner)):
            dot += inner[k] * near[k]
            changes[k] += inner[k] * product
        for j in index:
            out[j] += product * s[j] * dot
        k = q - 2
        while k >= 0 and index[k] == M - q + k:
            k -= 1
        if k < 0:
            return
        index[k] += 1
        for later in range(k + 1, q - 1):
            index[later] = index[later - 1] + 1


@compiled()
def around(J, spins, i, room, q):  # type: ignore[no-untyped-def]
    """Changes of the other sites' fields per spin of site i, in room[1]."""
    s, out = room[0], room[1]
    for j in range(i):
        s[j] = spins[j]
    for j in range(i, len(s)):
        s[j] = spins[j + 1]
    slopes(J[i], s, out, q)
    return out


@compiled()
def all_fields(J, spins, h, room, P):  # type: ignore[no-untyped-def]
    """h_i = Σ_j s_j (∂/∂s_j of the sum over others)/(P−1)."""
    for i in range(len(spins)):
        out = around(J, spins, i, room, P - 1)
        value = J[0, 0] * 0
        for j in range(len(out)):
            value += room[0, j] * out[j]
        h[i] = value / (P - 1)


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    return -2 * spins[i] * state.h[i]


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    out = around(state.J, spins, i, state.room, state.order - 1)
    h, twice = state.h, state.h.dtype.type(2 * spins[i])
    left, right = h[:i], h[i + 1 :]
    for j in range(i):
        left[j] += twice * out[j]
    for j in range(i, len(out)):
        right[j - i] += twice * out[j]


kernel(Couplings, gain, flip)
