"""`retrieve`: a network falls from cues."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import streams
from ..errors import ParameterError, check_integer, check_number
from ..network import Network, check_spins
from ..sizes import cores
from .dynamics import Prepared, Replica, prepare

Array = NDArray[Any]


@dataclass(frozen=True)
class Retrieval:
    """End of a retrieval: spins, magnetisations with the archetypes, sweeps done, and whether the spins stood still.

    For cues [n, N]: spins [n, N], magnetisations [n, K]; sweeps, converged and flips (accepted in all) [n].

    >>> retrieve(Network([[1, 1, -1, 1, -1]], P=2), [1, 1, -1, 1, 1]).converged
    True
    """

    spins: Array
    magnetisations: Array
    sweeps: Any
    converged: Any
    flips: Any = 0


def retrieve(net: Network, cue: ArrayLike, T: float = 0.0, sweeps: int = 100, seed: int = 0) -> Retrieval:
    """Let a network fall from a cue (heat bath at T; at T = 0 flips with ΔH < 0) until nothing flips or `sweeps` end.

    `cue` [N] or [n, N] of ±1, many at once in threads. At T = 0 the energy never rises, ties keep the spin and a
    converged end is a local minimum. Returns a Retrieval. Raises ParameterError for a cue that does not fit.

    >>> net = Network([[1, 1, -1, 1, -1]], P=2)
    >>> retrieve(net, [1, 1, -1, 1, 1]).magnetisations
    array([1.])
    """
    if not isinstance(net, Network):
        raise ParameterError("net", "a Network", net, "Draw one: dsm.Network.sample(model, N=128).")
    T = check_number("T", T, low=0)
    sweeps = check_integer("sweeps", sweeps, low=1)
    cues = check_spins("cue", cue, net.N).astype(np.int8)
    key = streams.seed_sequence(seed, "dynamics").generate_state(2)
    spins, used, still, flips = fall(prepare(net), cues, T, sweeps, key)
    if np.ndim(cue) == 1:
        return Retrieval(spins[0], net.magnetisations(spins[0]), int(used[0]), bool(still[0]), int(flips[0]))
    return Retrieval(spins, net.magnetisations(spins), used, still, flips)


def fall(shared: Prepared, cues: Array, T: float, sweeps: int, key: Array) -> tuple[Array, Array, Array, Array]:
    """Ends [n, N] of cues [n, N], sweeps until the last flip and one more, whether spins stood still, and flips [n]."""

    def job(n: int) -> tuple[Array, int, bool, int]:
        copy = Replica(shared, cues[n].copy(), T, "heat-bath", key, replica=n)
        flips = 0
        for used in range(1, sweeps + 1):
            now = copy.run(1).flips
            if not now:
                return copy.spins, used, True, flips
            flips += now
        return copy.spins, sweeps, False, flips

    if not len(cues):
        return cues, np.zeros(0, int), np.zeros(0, bool), np.zeros(0, int)
    with ThreadPoolExecutor(cores()) as pool:
        spins, used, still, flips = zip(*pool.map(job, range(len(cues))), strict=True)
    return np.array(spins), np.array(used), np.array(still), np.array(flips)
