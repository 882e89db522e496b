"""One replica of a realisation: its spins, its caches and its random stream."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from .choice import KERNELS, chosen
from .sweeping import sweep
from .words import ACCEPT, CHOOSE, draw, edges

__all__ = ["CHUNK", "DYNAMICS", "KERNELS", "Prepared", "Record", "Replica", "prepare"]

Array = NDArray[Any]
DYNAMICS = ("heat-bath", "metropolis", "zero")
CHUNK = 64  # sweeps per call of the compiled loop; the rounding of real-valued caches is refreshed in between
CHECK = 1 << 12  # sweeps after which whole-number caches are compared with those from scratch


@dataclass
class Prepared:
    """What the replicas of one realisation share; `rows` has a kernel's arrays and makes its caches."""

    net: Network
    kernel: str
    rows: Any
    bias: Array
    probes: Array
    archetypes: Array
    same: bool  # whether x and m are the same numbers


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
    caches: Any = field(default=None, repr=False)
    edges: Array = field(default_factory=lambda: np.empty(0), repr=False)

    def __post_init__(self) -> None:
        self.caches = self.shared.rows.state(self.spins)
        self.edges = edges(float(self.T), self.dynamics == "metropolis")

    def run(self, sweeps: int, stride: int = 1 << 30) -> Record:
        """Advance by whole sweeps, measuring after each and keeping the spins every `stride` sweeps."""
        C, N = self.shared.probes.shape
        record = Record(np.empty(sweeps), np.empty((sweeps, C)), np.empty((sweeps, C)), np.empty((0, N), np.int8))
        kept = []
        for begin in range(0, sweeps, CHUNK):
            part = slice(begin, min(sweeps, begin + CHUNK))
            count = part.stop - begin
            configurations = np.empty((count, N), np.int8)
            record.flips += self._advance(record, part, configurations)
            kept.append(configurations[-self.clock % stride :: stride])
            self.clock += count
        record.snapshots = np.concatenate(kept) if kept else record.snapshots
        return record

    def _advance(self, record: Record, part: slice, configurations: Array) -> int:
        p, count = self.shared, len(configurations)
        if not p.rows.exact:
            self.caches = p.rows.state(self.spins)
        elif self.clock // CHECK != (self.clock + count) // CHECK:
            self._compare()
        totals = np.empty(count, self.caches.total.dtype)
        flips = sweep(self.caches, self.spins, p.bias, self._draws(count), configurations, totals)
        s = configurations.astype(np.float32 if p.same and p.probes.dtype == np.float32 else np.float64)
        record.energy[part] = -self.caches.scale * totals - (s @ p.bias if p.bias.any() else 0.0)
        record.x[part] = (s @ p.probes.T) / p.net.N
        record.m[part] = record.x[part] if p.same else (s @ p.archetypes.T) / p.net.N
        return int(flips)

    def _compare(self) -> None:
        """Whole-number caches do not drift; a difference is a fault of the program or of the machine."""
        found, kept = int(self.shared.rows.state(self.spins).total[0]), int(self.caches.total[0])
        if found != kept:
            raise RuntimeError(f"energy of a replica drifted: {kept} units kept, {found} from scratch")

    def _draws(self, sweeps: int) -> tuple[Array, Array, Array, float, bool]:
        """Random words that accept and, for Metropolis, choose sites; what they are compared with."""
        N, metropolis = self.shared.net.N, self.dynamics == "metropolis"
        shape = (sweeps, -(-N // 4) * 4)
        words, sites = np.zeros(shape, np.uint32), np.empty((0, 0), np.uint32)
        if metropolis:
            sites = np.empty(shape, np.uint32)
            draw(sites, self.clock, self.replica, self.temperature, CHOOSE, self.key)
        if self.T > 0:
            draw(words, self.clock, self.replica, self.temperature, ACCEPT, self.key)
        return words, sites, self.edges, float(self.T), metropolis


def prepare(net: Network, kernel: str | None = None, portable: bool = False) -> Prepared:
    """Arrays of the kernel that suits a realisation, or of the one named (ParameterError if it does not suit)."""
    name, rows = chosen(net, kernel, portable)
    probes, archetypes = net.probes, net.archetypes[: len(net.probes)]
    same = bool(np.array_equal(probes, archetypes))
    whole = same and bool(np.isin(probes, (-1, 0, 1)).all()) and not net.field
    kind = np.float32 if whole else np.float64  # sums of signs are exact in either
    return Prepared(
        net=net,
        kernel=name,
        rows=rows,
        bias=net.field * net.archetypes[0].astype(float),
        probes=np.ascontiguousarray(probes, dtype=kind),
        archetypes=np.ascontiguousarray(archetypes, dtype=kind),
        same=same,
    )


def noise_coupling(net: Network) -> Array:
    """Symmetric noise tensor c·Ωg [N, N^{P−1}], zero at repeated indices; [0, 0] without noise."""
    import itertools

    if net.noise is None:
        return np.empty((0, 0))
    tensor = np.zeros((net.N,) * net.P)
    index = np.array(list(itertools.combinations(range(net.N), net.P))).T
    value = math.factorial(net.P) / (2 * net.N ** (net.P - 1)) * net.noise
    for order in itertools.permutations(range(net.P)):
        tensor[tuple(index[list(order)])] = value
    return tensor.reshape(net.N, -1)
