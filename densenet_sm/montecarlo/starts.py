"""Initial spins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import streams
from ..errors import check_number
from ..network import Network
from .plan import Plan

Array = NDArray[Any]


def initial(plan: Plan, net: Network, sample: int, start: int) -> Array:
    """Initial spins [replicas, N], int8; the same for every temperature."""
    begin, shape = plan.starts[start], (plan.replicas, net.N)
    if not isinstance(begin, str):
        return np.array(np.broadcast_to(begin, shape))
    rng = streams.generator(plan.seed, "initial state", sample)
    spins = (2 * rng.integers(0, 2, shape) - 1).astype(np.int8)
    if begin == "random":
        return spins
    rows = net.entries[:1] if begin == "example" else net.archetypes[: len(net.probes)]
    return aligned(spins, rows, plan.overlap, rng)


def aligned(spins: Array, rows: Array, overlap: float, rng: np.random.Generator) -> Array:
    """Spins [R, N] along the signs of the first row, its blank sites along the next rows, the rest as they were; then
    random flips among the first row's own sites down to the given overlap with it.
    """
    overlap = check_number("overlap", overlap, low=-1, high=1, remedy="It is the overlap with the first pattern.")
    for row in rows[::-1]:
        spins = np.where(row != 0, np.sign(row), spins).astype(np.int8)
    active = np.flatnonzero(rows[0])
    flipped = round(len(active) * (1 - overlap) / 2)
    for copy in spins:
        copy[rng.permutation(active)[:flipped]] *= -1
    return spins
