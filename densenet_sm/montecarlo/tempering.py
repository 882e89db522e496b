r"""Replica exchange: configurations of neighbouring temperatures change places (hukushima1996).

Configurations at T_a < T_b with energies H_a, H_b are swapped with probability min(1, e^{(1/T_a − 1/T_b)(H_a − H_b)}),
which leaves the product of the Boltzmann laws unchanged. Even and odd pairs take turns, every EVERY sweeps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dynamics import Record, Replica, together
from .records import joined
from .words import ACCEPT, draw

Array = NDArray[Any]
EVERY = 8  # sweeps between rounds of swaps; divides dynamics.CHUNK
UP, DOWN = 1, 2  # where a configuration heads: it was last seen at the coldest, or at the hottest temperature


def ladder_state(n: int) -> Array:
    """State of a ladder of n temperatures before the first round.

    [rounds, round trips], then attempted and accepted swaps of the n−1 pairs, the configuration on each rung, and where
    each configuration heads.
    """
    state = np.zeros(2 + 2 * (n - 1) + 2 * n, np.int64)
    state[2 * n : 3 * n] = np.arange(n)
    return state


def views(state: Array, n: int) -> tuple[Array, Array, Array, Array]:
    """Attempts [n−1], acceptances [n−1], walkers [n] and headings [n] in a state, as views."""
    return state[2 : n + 1], state[n + 1 : 2 * n], state[2 * n : 3 * n], state[3 * n :]


class Ladder:
    """One replica of every temperature; the configurations swap, the records stay with the temperatures."""

    def __init__(self, chains: list[Replica], key: Array, number: int, state: Array):
        self.chains, self.key, self.number, self.state = chains, key, number, state
        self.order = sorted(range(len(chains)), key=lambda n: chains[n].T)  # cold to hot
        self.rungs = [chains[n] for n in self.order]
        beta = 1 / np.array([rung.T for rung in self.rungs])
        self.gaps = (beta[:-1] - beta[1:]).tolist()

    @property
    def spins(self) -> Array:
        return np.array([chain.spins for chain in self.chains])

    def reset(self) -> None:
        attempts, accepted, _, heading = views(self.state, len(self.chains))
        attempts[:] = accepted[:] = heading[:] = 0
        self.state[1] = 0

    def run(self, sweeps: int, stride: int) -> list[Record]:
        """Advance by whole sweeps, a round of swaps after every EVERY of them and at the end."""
        rounds = -(-sweeps // EVERY)
        thresholds = self._thresholds(rounds)
        parts: list[list[Record]] = []
        for n in range(rounds):
            count = min(EVERY, sweeps - n * EVERY)
            records = together(self.chains, count, stride)
            parts.append(records)
            self._swap([float(records[k].energy[-1]) for k in self.order], thresholds[n])
        return [joined(column) for column in zip(*parts, strict=True)]

    def _thresholds(self, rounds: int) -> list[list[float]]:
        """ln u for every round to come and every pair, counted from the first round of the run."""
        words = np.empty((rounds, -(-len(self.gaps) // 4) * 4), np.uint32)
        draw(words, int(self.state[0]), self.number, 0, ACCEPT, self.key)
        return np.log((words[:, : len(self.gaps)] + 0.5) / 2.0**32).tolist()

    def _swap(self, energies: list[float], thresholds: list[float]) -> None:
        """One round: pairs (0, 1), (2, 3), … or (1, 2), (3, 4), … in turns."""
        attempts, accepted, walkers, heading = views(self.state, len(self.chains))
        for a in range(int(self.state[0]) % 2, len(self.gaps), 2):
            attempts[a] += 1
            if thresholds[a] < self.gaps[a] * (energies[a] - energies[a + 1]):
                accepted[a] += 1
                exchange(self.rungs[a], self.rungs[a + 1])
                walkers[a], walkers[a + 1] = walkers[a + 1], walkers[a]
        self.state[0] += 1
        self.state[1] += heading[walkers[0]] == DOWN
        heading[walkers[0]] = UP
        if heading[walkers[-1]] == UP:
            heading[walkers[-1]] = DOWN


def exchange(a: Replica, b: Replica) -> None:
    """Two replicas exchange configurations, caches included; temperatures and random streams stay."""
    a.spins, b.spins = b.spins, a.spins
    a.caches, b.caches = b.caches, a.caches
