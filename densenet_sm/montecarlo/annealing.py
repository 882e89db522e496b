"""`anneal`: cooling step by step, then descending to a local minimum."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import streams
from ..errors import ParameterError, check_integer, check_number
from ..network import Network
from ..sizes import cores
from .dynamics import Replica, prepare

Array = NDArray[Any]
DESCENT = 10_000  # sweeps of the final descent, at most


@dataclass(frozen=True)
class Annealing:
    """What `anneal` found: the lowest state, and every replica's end.

    energy, spins [N]: the lowest H/N and its configuration; ends [replicas, N] and end_energies [replicas]: the local
    minima reached; energies [replicas, steps]: mean H/N at each temperature T [steps]. Energies are measured from the
    same zero as those of `simulate`.

    >>> anneal(Network([[1, 1, -1, 1]], P=2), T=[1.0, 0.3], seed=1).energies.shape
    (8, 2)
    """

    energy: float
    spins: Array
    ends: Array
    end_energies: Array
    T: Array
    energies: Array


def anneal(net: Network, T: Sequence[float], sweeps: int = 20, replicas: int = 8, seed: int = 0) -> Annealing:
    """Simulated annealing (kirkpatrick1983) from random spins: `sweeps` heat-bath sweeps at each temperature of a
    falling schedule T, then a T = 0 descent to a local minimum of H; several replicas, in threads.

    Returns an Annealing. Raises ParameterError for a schedule that is empty or rises.

    >>> net = Network([[1, 1, -1, 1, -1]], P=3)
    >>> anneal(net, T=[1.0, 0.5, 0.25], seed=1).spins.tolist()
    [1, 1, -1, 1, -1]
    """
    if not isinstance(net, Network):
        raise ParameterError("net", "a Network", net, "Draw one: dsm.Network.sample(model, N=128).")
    values = T if isinstance(T, Sequence | np.ndarray) and not isinstance(T, str) else [T]
    schedule = [check_number("T", t, low=0, remedy="A schedule is one or several temperatures >= 0.") for t in values]
    if not schedule or any(b > a for a, b in itertools.pairwise(schedule)):
        raise ParameterError("T", "a schedule that never rises", T, "Pass np.linspace(1.0, 0.1, 20), for example.")
    sweeps, replicas = check_integer("sweeps", sweeps, low=1), check_integer("replicas", replicas, low=1)
    key = streams.seed_sequence(seed, "dynamics").generate_state(2)
    starts = 2 * streams.generator(seed, "initial state").integers(0, 2, (replicas, net.N)) - 1
    shared, zero = prepare(net), net.mean_energy() / net.N

    def job(replica: int) -> tuple[Array, list[float]]:
        spins, means, clock = starts[replica].astype(np.int8), [], 0
        for step, t in enumerate(schedule):
            copy = Replica(shared, spins, t, "heat-bath", key, replica, step, clock)
            means.append(float(copy.run(sweeps).energy.mean()) / net.N)
            spins, clock = copy.spins, clock + sweeps
        copy = Replica(shared, spins, 0.0, "heat-bath", key, replica, len(schedule), clock)
        for _ in range(DESCENT):
            if not copy.run(1).flips:
                break
        return copy.spins, means

    with ThreadPoolExecutor(cores()) as pool:
        ends, means = zip(*pool.map(job, range(replicas)), strict=True)
    spins = np.array(ends)
    energies = net.energy(spins) / net.N - zero
    best = int(np.argmin(energies))
    means_above_zero = np.array(means) - zero
    return Annealing(float(energies[best]), spins[best], spins, energies, np.array(schedule), means_above_zero)
