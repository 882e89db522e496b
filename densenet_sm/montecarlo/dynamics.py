"""One replica of a realisation: its spins, its caches and its random stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from .choice import KERNELS, check_kernel, chosen
from .lanes import LANES, LaneRows, sweep_lanes
from .sweeping import sweep
from .words import ACCEPT, BUCKETS, CHOOSE, draw, edges

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

    @property
    def in_lanes(self) -> bool:
        """Whether replicas are advanced side by side."""
        return isinstance(self.rows, LaneRows)


@dataclass
class Record:
    """Time series of a run of n sweeps: energy H [n], x and m [n, C], snapshots [s, N]."""

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
        self.edges = edges(float(self.T), self.dynamics == "metropolis")
        if not self.shared.in_lanes:
            self.caches = self.shared.rows.state(self.spins)
        else:
            check_kernel(self.shared.kernel, self.dynamics)

    def run(self, sweeps: int, stride: int = 1 << 30) -> Record:
        """Advance by whole sweeps, measuring after each and keeping the spins every `stride` sweeps."""
        return together([self], sweeps, stride)[0]

    def advance(self, configurations: Array) -> tuple[Array, int]:
        """Sweeps for configurations [sweeps, N]; totals after each, and the number of flips."""
        p, count = self.shared, len(configurations)
        if not p.rows.exact:
            self.caches = p.rows.state(self.spins)
        elif self.clock // CHECK != (self.clock + count) // CHECK:
            self._compare()
        totals = np.empty(count, self.caches.total.dtype)
        words, sites = self.draws(count)
        draws = words, sites, self.edges, float(self.T), self.dynamics == "metropolis"
        return totals, int(sweep(self.caches, self.spins, p.bias, draws, configurations, totals))

    def measure(self, record: Record, part: slice, configurations: Array, totals: Array) -> None:
        """Enter energies and overlaps of configurations [sweeps, N] into a part of the record."""
        p = self.shared
        s = configurations.astype(np.float32 if p.same and p.probes.dtype == np.float32 else np.float64)
        record.energy[part] = -p.rows.scale * totals - (s @ p.bias if p.bias.any() else 0.0)
        record.x[part] = (s @ p.probes.T) / p.net.N
        record.m[part] = record.x[part] if p.same else (s @ p.archetypes.T) / p.net.N

    def draws(self, sweeps: int) -> tuple[Array, Array]:
        """Random words that accept and, for Metropolis, choose sites."""
        shape = (sweeps, -(-self.shared.net.N // 4) * 4)
        words, sites = np.zeros(shape, np.uint32), np.empty((0, 0), np.uint32)
        if self.dynamics == "metropolis":
            sites = np.empty(shape, np.uint32)
            draw(sites, self.clock, self.replica, self.temperature, CHOOSE, self.key)
        if self.T > 0:
            draw(words, self.clock, self.replica, self.temperature, ACCEPT, self.key)
        return words, sites

    def _compare(self) -> None:
        """Whole-number caches do not drift; a difference is a fault of the program or of the machine."""
        found, kept = int(self.shared.rows.state(self.spins).total[0]), int(self.caches.total[0])
        if found != kept:
            raise RuntimeError(f"energy of a replica drifted: {kept} units kept, {found} from scratch")


def together(replicas: Sequence[Replica], sweeps: int, stride: int) -> list[Record]:
    """Advance replicas of one realisation that are equally far, side by side where the kernel has lanes."""
    size = LANES if replicas[0].shared.in_lanes else 1
    groups = [replicas[k : k + size] for k in range(0, len(replicas), size)]
    return [record for group in groups for record in _run(group, sweeps, stride)]


def _run(group: Sequence[Replica], sweeps: int, stride: int) -> list[Record]:
    C, N = group[0].shared.probes.shape
    records = [
        Record(np.empty(sweeps), np.empty((sweeps, C)), np.empty((sweeps, C)), np.empty((0, N), np.int8)) for _ in group
    ]
    kept: list[list[Array]] = [[record.snapshots] for record in records]
    for begin in range(0, sweeps, CHUNK):
        part = slice(begin, min(sweeps, begin + CHUNK))
        configurations = np.empty((len(group), part.stop - begin, N), np.int8)
        done = _in_lanes(group, configurations) if group[0].shared.in_lanes else [group[0].advance(configurations[0])]
        for replica, record, some, s, (totals, flips) in zip(group, records, kept, configurations, done, strict=True):
            record.flips += flips
            replica.measure(record, part, s, totals)
            some.append(s[-replica.clock % stride :: stride])
            replica.clock += len(s)
    for record, some in zip(records, kept, strict=True):
        record.snapshots = np.concatenate(some)
    return records


def _in_lanes(group: Sequence[Replica], configurations: Array) -> list[tuple[Array, int]]:
    """Sweeps for configurations [replicas, sweeps, N]; empty lanes never accept."""
    shared, (count, sweeps, N) = group[0].shared, configurations.shape
    spins, table, T = np.ones((LANES, N), np.int8), np.full((LANES, BUCKETS + 1), -np.inf), np.zeros(LANES)
    words = np.zeros((sweeps, -(-N // 4) * 4, LANES), np.uint32)
    for lane, replica in enumerate(group):
        spins[lane], table[lane], T[lane] = replica.spins, replica.edges, replica.T
        words[:, :, lane] = replica.draws(sweeps)[0]
    state = shared.rows.state(spins)
    found, totals = np.empty((sweeps, N, LANES), np.int8), np.empty((sweeps, LANES), np.int64)
    sweep_lanes(state, shared.bias, words, table, T, found, totals)
    configurations[:] = found[:, :, :count].transpose(2, 0, 1)
    for lane, replica in enumerate(group):
        replica.spins = configurations[lane, -1].copy()
    return list(zip(totals.T, state.counts[1].tolist(), strict=True))[:count]


def prepare(net: Network, kernel: str | None = None, portable: bool = False, together: int = 1) -> Prepared:
    """Arrays of the kernel that suits a realisation, or of the one named (ParameterError if it does not suit).

    `together`: how many replicas will be advanced at a time.
    """
    name, rows = chosen(net, kernel, portable, together)
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
