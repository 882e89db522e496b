"""Records of consecutive pieces of a run, put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .dynamics import Record


def joined(parts: Sequence[Record]) -> Record:
    """Records, one after the other."""
    energy, x, m, snapshots = (
        np.concatenate([getattr(r, n) for r in parts]) for n in ("energy", "x", "m", "snapshots")
    )
    return Record(energy, x, m, snapshots, sum(r.flips for r in parts))


def empty(N: int, C: int) -> Record:
    """A record of no sweeps."""
    return Record(np.empty(0), np.empty((0, C)), np.empty((0, C)), np.empty((0, N), np.int8))
