"""One replica of a realisation, ready to be swept: prepares arrays for the kernels and keeps its state."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from . import kernels
from .real_kernels import real_kernel

Array = NDArray[Any]
DYNAMICS = ("heat-bath", "metropolis", "zero")
CHUNK = 64  # sweeps per kernel call: progress, and the rounding of real-valued caches, are refreshed in between
MAX_SIGN_ORDER = 8


@dataclass
class Prepared:
    """What the replicas of one realisation share: site-major entries and the coefficients of the kernels."""

    net: Network
    rows: Array
    sign: bool
    scale: float
    weights: Array
    coupling: Array
    bias: Array
    probes: Array
    archetypes: Array
    coefficients: tuple[Array, ...]


@dataclass
class Record:
    """Time series of a run of n sweeps: energy H/N [n], x and m [n, C], snapshots [s, N]."""

    energy: Array
    x: Array
    m: Array
    snapshots: Array
    flips: int = 0


@dataclass
class Replica:
    """One copy of the spins at one temperature, with its random stream (key, replica, temperature) and clock."""

    shared: Prepared
    spins: Array
    T: float
    dynamics: str
    key: Array
    replica: int = 0
    temperature: int = 0
    clock: int = 0
    caches: tuple[Array, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        n = self.shared.rows.shape[1]
        if self.shared.sign:
            A = kernels.sign_overlaps(self.shared.rows, self.spins)
            self.caches = (A, np.empty(n, np.float32))
        else:
            self.caches = (np.empty((self.shared.net.P - 1, n)),)

    def run(self, sweeps: int, stride: int = 1 << 30) -> Record:
        """Advance by whole sweeps, measuring after each and keeping the spins every `stride` sweeps."""
        C, N = self.shared.probes.shape
        stride = min(stride, 1 << 30)
        record = Record(np.empty(sweeps), np.empty((sweeps, C)), np.empty((sweeps, C)), np.empty((0, N), np.int8))
        kept = []
        for begin in range(0, sweeps, CHUNK):
            part = slice(begin, min(sweeps, begin + CHUNK))
            count = part.stop - begin
            due = -(-(self.clock + count) // stride) - -(-self.clock // stride)  # multiples of stride in the chunk
            snapshots = np.zeros((due, N), np.int8)
            record.flips += self._advance(record, part, snapshots, stride)
            kept.append(snapshots)
            self.clock += count
        record.snapshots = np.concatenate(kept) if kept else record.snapshots
        return record

    def _advance(self, record: Record, part: slice, snapshots: Array, stride: int) -> int:
        p = self.shared
        plan = self._plan(part.stop - part.start)
        series = (record.energy[part], record.x[part], record.m[part])
        records = (p.probes, p.archetypes, *series, snapshots, self.clock, stride)
        if p.sign:
            v, d, F = p.coefficients
            A, V = self.caches
            args = (p.rows, A, V, v, d, F, p.scale, p.net.P, p.bias, p.coupling, plan, records)
            return int(kernels.run_signs(self.spins, *args))
        run = real_kernel(p.net.P, p.net.interaction == "power")
        return int(run(self.spins, p.rows, p.weights, *self.caches, p.scale, p.bias, p.coupling, plan, records))

    def _plan(self, sweeps: int) -> tuple[Array, Array]:
        """Sites [sweeps, N] and thresholds [sweeps, N]: attempt n flips its site if the cost ΔH is below threshold n.

        Heat bath: sites in order, T ln((1−u)/u), which at T = 0 is 0 (ties keep the spin). Metropolis: random sites,
        −T ln u. The logarithms are taken here, where they are vectorised.
        """
        N = self.shared.net.N
        words = np.empty((sweeps, -(-N // 4) * 4), np.uint32)
        if self.dynamics == "metropolis":
            kernels.draw(words, self.clock, self.replica, self.temperature, kernels.CHOOSE, self.key)
            sites = (words[:, :N].astype(np.uint64) * np.uint64(N) >> np.uint64(32)).astype(np.int32)
        else:
            sites = np.broadcast_to(np.arange(N, dtype=np.int32), (sweeps, N)).copy()
        if self.T == 0:
            return sites, np.zeros((sweeps, N))
        kernels.draw(words, self.clock, self.replica, self.temperature, kernels.ACCEPT, self.key)
        u = (words[:, :N] + 0.5) / 2.0**32
        return sites, self.T * (-np.log(u) if self.dynamics == "metropolis" else np.log(1 / u - 1))


def prepare(net: Network) -> Prepared:
    """Choose the kernel by the entries: equal moduli and weights make sign patterns, everything else is real."""
    modulus = float(np.abs(net.entries[0, 0]))
    sign = bool(
        net.P <= MAX_SIGN_ORDER
        and modulus > 0
        and (np.abs(net.entries) == modulus).all()
        and (net.weights == net.weights[0]).all()
    )
    scale = net.scale
    if sign:
        rows = np.where(net.entries.T > 0, np.int8(1), np.int8(-1)).copy(order="C")
        scale *= net.weights[0] * modulus**net.P
    else:
        rows = np.ascontiguousarray(net.entries.T.astype(float))
    return Prepared(
        net=net,
        rows=rows,
        sign=sign,
        scale=float(scale),
        weights=net.weights,
        coupling=_coupling(net),
        bias=net.field * net.archetypes[0].astype(float),
        probes=np.ascontiguousarray(net.probes, dtype=float),
        archetypes=np.ascontiguousarray(net.archetypes[: len(net.probes)], dtype=float),
        coefficients=sign_coefficients(net.P, net.N, net.interaction) if sign else (),
    )


def sign_coefficients(P: int, N: int, interaction: str) -> tuple[Array, ...]:
    """Coefficients of V, D [4] and F [5] in powers of A², one factor A apart where the parity is odd.

    F = e_P of N signs with sum A, (p+1) e_{p+1} = A e_p − (N−p+1) e_{p−1} (tensor), or A^P (power).
    """
    from numpy.polynomial import Polynomial

    A = Polynomial([0.0, 1.0])
    before, F = Polynomial([1.0]), A
    for p in range(1, P):
        before, F = F, (A * F if interaction == "power" else (A * F - (N - p + 1) * before) / (p + 1))
    up, down = F(A + 2), F(A - 2)
    v, d = ((up - down) / 2).coef, ((up + down) / 2 - F).coef
    return tuple(_halved(c, parity % 2, n) for c, parity, n in ((v, P - 1, 4), (d, P, 4), (F.coef, P, 5)))


def _halved(coefficients: Array, parity: int, length: int) -> Array:
    """The even or odd coefficients of a polynomial of definite parity, padded with zeros."""
    useful = coefficients[parity::2][:length]
    return np.pad(useful.astype(float), (0, length - len(useful)))


def _coupling(net: Network) -> Array:
    """Symmetric noise tensor c·Ωg [N, N^{P−1}], zero at repeated indices; [0, 0] without noise."""
    if net.noise is None:
        return np.empty((0, 0))
    tensor = np.zeros((net.N,) * net.P)
    index = np.array(list(itertools.combinations(range(net.N), net.P))).T
    value = math.factorial(net.P) / (2 * net.N ** (net.P - 1)) * net.noise
    for order in itertools.permutations(range(net.P)):
        tensor[tuple(index[list(order)])] = value
    return tensor.reshape(net.N, -1)
