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
SHORT, LARGEST = 2**15, 2**31
LANES = 16  # loops run over multiples of them: spins behind the last are zero


class Couplings(NamedTuple):
    """J [N, C(N−1, P−1) + 16] and h [N]; room for spins of all sites but one, and changes of their fields [2, N+15]."""

    scale: float
    total: Array
    memory: Memory
    J: Array
    h: Array
    room: Array
    order: int


class CouplingTensor:
    """What replicas of a realisation share: of whole numbers without noise, of signs or multiples of a unit.

    Whole numbers are kept in the fewest bits that hold every field Σ J s; what is between may overflow and come back.
    """

    def __init__(self, flat: Array, scale: float, P: int, N: int):
        self.P, self.N, self.scale = P, N, scale
        self.exact = flat.dtype == np.int64 and bool(np.abs(flat).max(initial=0) < LARGEST)
        J = np.zeros((N, math.comb(N - 1, P - 1) + LANES), np.int32 if self.exact else float)
        spread(flat, J, P)
        reach = np.abs(J).sum(1).max()
        self.exact = self.exact and bool(reach < LARGEST)
        kind = (np.int16 if reach < SHORT else np.int32) if self.exact else float
        self.J = J.astype(kind, copy=False)

    def state(self, spins: Array) -> Couplings:
        """Fields of a configuration, from scratch."""
        kind = self.J.dtype
        h, room = np.zeros(self.N, kind), np.zeros((2, self.N - 1 + LANES), kind)
        all_fields(self.J, spins, h, room, self.P)
        s_h = (spins * h.astype(np.int64 if self.exact else float)).sum()
        total = np.array([s_h // self.P if self.exact else s_h / self.P])
        return Couplings(self.scale, total, remember(self.N, total.dtype), self.J, h, room, self.P)


def flat_couplings(rows: Array, weights: Array | None, P: int) -> Array:
    """Σ_μ w_μ t_{i1}^μ…t_{iP}^μ [C(N, P)] in the order of itertools.combinations, of entries [n, N].

    int64 for whole-number entries without weights; signs are counted 64 at a time.
    """
    n, N = rows.shape
    if weights is None and P > 2 and (np.abs(rows) == 1).all():
        bits = np.packbits(rows.T < 0, axis=1)
        words = np.zeros((N, -(-n // 64) * 8), np.uint8)
        words[:, : bits.shape[1]] = bits
        return n - 2 * odd_signs(words.view(np.uint64), np.zeros(math.comb(N, P), np.int64), P)
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
def odd_signs(words, out, P):  # type: ignore[no-untyped-def]
    """Bits that are set in the exclusive or of rows i1 < … < iP of words [N, W], for all of them in order."""
    N, W = words.shape
    index = np.arange(P - 1)  # all but the last
    prefix = np.zeros(W, np.uint64)
    at = 0
    while True:
        prefix[:] = 0
        for i in index:
            prefix ^= words[i]
        for j in range(index[P - 2] + 1, N):
            row, count = words[j], 0
            for w in range(W):
                count += ones(prefix[w] ^ row[w])
            out[at] = count
            at += 1
        k = P - 2
        while k >= 0 and index[k] == N - P + k:
            k -= 1
        if k < 0:
            return out
        index[k] += 1
        for later in range(k + 1, P - 1):
            index[later] = index[later - 1] + 1


@compiled(inline="always")
def ones(x):  # type: ignore[no-untyped-def]
    """Number of bits set in a word, by sums of pairs, fours and bytes: one instruction where there is one."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


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
def slopes(row, s, out, M, q):  # type: ignore[no-untyped-def]
    """out_j = ∂/∂s_j of Σ_{j1<…<jq} J_{j1…jq} s_{j1}…s_{jq}, j < M; with s² = 1, a product without s_j is it times s_j.

    Behind the M-th, s is zero and out is of no meaning.
    """
    number = row.dtype.type
    out[:] = 0
    index = np.arange(q - 2)  # all but the last two
    begin = 0
    while True:
        product = number(1)
        for j in index:
            product = number(product * s[j])
        whole = number(0)
        for j in range(index[q - 3] + 1 if q > 2 else 0, M - 1):
            count = (M - 1 - j + LANES - 1) & -LANES
            here, dot = number(product * s[j]), number(0)
            inner, near, changes = row[begin : begin + count], s[j + 1 : j + 1 + count], out[j + 1 : j + 1 + count]
            for k in range(count):
                dot = number(dot + number(inner[k] * near[k]))
                changes[k] = number(changes[k] + number(inner[k] * here))
            out[j] = number(out[j] + number(product * dot))
            whole = number(whole + number(s[j] * dot))
            begin += M - 1 - j
        for j in index:
            out[j] += number(product * s[j] * whole)
        k = q - 3
        while k >= 0 and index[k] == M - q + k:
            k -= 1
        if k < 0:
            return
        index[k] += 1
        for later in range(k + 1, q - 2):
            index[later] = index[later - 1] + 1


@compiled()
def around(J, spins, i, room, q):  # type: ignore[no-untyped-def]
    """Changes of the other sites' fields per spin of site i, and the spins of those sites in room[0]."""
    s, out, M = room[0], room[1], len(spins) - 1
    if q == 1:
        return J[i]
    for j in range(i):
        s[j] = spins[j]
    for j in range(i, M):
        s[j] = spins[j + 1]
    slopes(J[i], s, out, M, q)
    return out


@compiled()
def all_fields(J, spins, h, room, P):  # type: ignore[no-untyped-def]
    """h_i = Σ_j s_j (∂/∂s_j of the sum over others)/(P−1)."""
    for i in range(len(spins)):
        out = around(J, spins, i, room, P - 1)
        value = J[0, 0] * 0
        for j in range(len(spins) - 1):
            value += spins[j + (j >= i)] * out[j]
        h[i] = value / (P - 1)


@compiled()
def gain(state, spins, i):  # type: ignore[no-untyped-def]
    return -2 * spins[i] * state.h[i]


@compiled()
def flip(state, spins, i):  # type: ignore[no-untyped-def]
    twice = state.h.dtype.type(2 * spins[i])
    if state.order == 2:
        add(state.h, twice, state.J[i], i)
    else:
        add(state.h, twice, around(state.J, spins, i, state.room, state.order - 1), i)


@compiled()
def add(h, twice, out, i):  # type: ignore[no-untyped-def]
    """h_j += twice · out_j for the other sites."""
    number = h.dtype.type
    left, right = h[:i], h[i + 1 :]
    before, after = out[: len(left)], out[i : i + len(right)]
    for j in range(len(left)):
        left[j] += number(twice * before[j])
    for j in range(len(right)):
        right[j] += number(twice * after[j])


kernel(Couplings, gain, flip)
