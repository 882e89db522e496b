"""Chains that move together, and what a run keeps of them: replicas side by side, a ladder, or a batch in parallel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import streams
from .dynamics import Record, Replica, together
from .parallel import Batch
from .plan import Place, Plan
from .records import empty, joined
from .tempering import Ladder, ladder_state

Array = NDArray[Any]


class Walk(Protocol):
    """Something that advances some chains by whole sweeps; `state` holds all integers it remembers beside spins."""

    state: Array

    @property
    def spins(self) -> Array:
        """Configurations [chains, N]."""

    def run(self, sweeps: int, stride: int) -> list[Record]:
        """Advance every chain; a record of each."""

    def reset(self) -> None:
        """Forget what was counted: the measurement begins."""


@dataclass
class Group:
    """Replicas at one temperature."""

    replicas: list[Replica]
    state: Array = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def spins(self) -> Array:
        return np.array([replica.spins for replica in self.replicas])

    def run(self, sweeps: int, stride: int) -> list[Record]:
        return together(self.replicas, sweeps, stride)

    def reset(self) -> None:
        pass


@dataclass
class Track:
    """Where the chains of one place stand: sweeps done (burn-in included), spins [chains, N], and records [chain].

    Everything is replaced or appended, never changed in place: a checkpoint may read a copy while the run goes on.
    """

    place: Place
    swept: int
    spins: Array
    state: Array
    pieces: list[list[Record]]

    @property
    def records(self) -> list[Record]:
        """One record for each chain."""
        return [joined(parts) for parts in self.pieces]

    def add(self, records: list[Record], walk: Walk, sweeps: int, burn_in: int) -> None:
        """Take over what a walk did; sweeps of the burn-in are not recorded."""
        if self.swept >= burn_in:
            self.pieces = [[*parts, new] for parts, new in zip(self.pieces, records, strict=True)]
        self.spins, self.state = walk.spins.copy(), walk.state.copy()
        self.swept += sweeps

    def thin(self, burn_in: int, stride: int, wanted: int) -> None:
        """Keep the snapshots that a run of a longer stride would have taken."""
        times = np.arange(-(-burn_in // stride) * stride, self.swept, stride)
        records = self.records
        for record in records:
            record.snapshots = record.snapshots[times % wanted == 0]
        self.pieces = [[record] for record in records]


def begin(plan: Plan, place: Place, spins: Array) -> Track:
    """The track of a place before its first sweep; `spins` [replicas, N] are the initial ones."""
    chains = place.chains()
    state = ladder_state(len(place.temperatures)) if plan.exchange else np.zeros(0, np.int64)
    pieces = [[empty(plan.N, plan.C)] for _ in chains]
    return Track(place, 0, np.array([spins[r] for _, r in chains]), state, pieces)


def walk_of(plan: Plan, shared: Any, track: Track) -> Walk:
    """The walk that goes on from a track."""
    place = track.place
    key = streams.seed_sequence(plan.seed, "dynamics", place.sample).generate_state(2)
    numbers = [plan.number(place.start, r) for r in place.replicas]
    if plan.dynamics == "parallel":
        (t,) = place.temperatures
        return Batch(shared, track.spins.copy(), plan.T[t], key, numbers, t, track.swept)
    chains = [
        Replica(shared, spins.copy(), plan.T[t], plan.dynamics, key, plan.number(place.start, r), t, track.swept)
        for spins, (t, r) in zip(track.spins, place.chains(), strict=True)
    ]
    if not plan.exchange:
        return Group(chains)
    swaps = streams.seed_sequence(plan.seed, "exchange", place.sample).generate_state(2)
    return Ladder(chains, swaps, numbers[0], track.state.copy())
