r"""Parallel (synchronous) dynamics of all replicas of a realisation, as matrix products.

Every spin is drawn afresh with its own heat-bath probability from the fields of the previous configuration,

    P(s′ | s) = Π_i p_i(s′_i | s),   flipping i has probability 1/(1 + e^{βΔH_i(s)}),

whose stationary law is not the Boltzmann law of H (peretto1984). ΔH_i(s) is the cost of flipping i alone:

    ΔH_i = −c Σ_{k=1}^{P} b_k (−s_i)^k Σ_μ w_μ f_{P−k}^μ (t_i^μ)^k + 2 s_i (tensor noise and external field),

f_p = e_p(y^μ) and b_k = 2 (tensor), f_p = (Σ_i y_i^μ)^p and b_k = 2^k C(P, k) (power): P matrix products with powers of
the entries, two if all entries are 0 or ±a.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from .dynamics import CHUNK, Record
from .words import ACCEPT, draw

Array = NDArray[Any]


@dataclass
class Fields:
    """Entries as floats and what else the costs of single flips need, shared by all batches of a realisation."""

    net: Network
    powers: list[Array]  # t^1 … t^P, each [n, N], or [n, 1] where it is the same at all sites
    scale: float
    coupling: Array  # symmetric noise tensor [N, N^{P−1}], or empty
    bias: Array

    def costs(self, spins: Array) -> tuple[Array, Array]:
        """ΔH_i of flipping each spin alone [R, N], and H [R], of configurations [R, N] of floats."""
        net, P = self.net, self.net.P
        tensor = net.interaction == "tensor"
        f = self._elementary(spins) if tensor else self._overlap_powers(spins)
        total = np.zeros_like(spins)
        for k in range(1, P + 1):
            b = 2.0 if tensor else 2.0**k * math.comb(P, k)
            part = (f[P - k] * net.weights) @ self.powers[k - 1]
            total += (b * (-1) ** k) * (part * spins if k % 2 else part)
        energy = -self.scale * (f[P] @ net.weights)
        fields = np.broadcast_to(self.bias, spins.shape)
        energy -= spins @ self.bias
        if self.coupling.size:
            noise = self.noise(spins)
            energy -= (spins * noise).sum(1) / P  # homogeneous of degree P
            fields = fields + noise
        return -self.scale * total + 2 * spins * fields, energy

    def _elementary(self, spins: Array) -> list[Array]:
        """e_0 … e_P of y_i = t_i s_i, each [R, n]: even powers forget the spins."""
        shape = (len(spins), self.net.n)
        sums = [
            spins @ t.T if k % 2 else np.broadcast_to(t.sum(1) * (self.net.N // t.shape[1]), shape)
            for k, t in enumerate(self.powers, 1)
        ]
        return elementary(sums, shape)

    def _overlap_powers(self, spins: Array) -> list[Array]:
        a = spins @ self.powers[0].T
        return [a**k for k in range(self.net.P + 1)]

    def noise(self, spins: Array) -> Array:
        """h_i = Σ J_{i j k…} s_j s_k…/(P−1)! of the symmetric noise tensor [N, N^{P−1}], for each row of numbers."""
        R, N = spins.shape
        part = self.coupling.reshape(-1, N) @ spins.T
        for _ in range(self.net.P - 2):
            part = np.einsum("anr,rn->ar", part.reshape(-1, N, R), spins)
        return part.T / math.factorial(self.net.P - 1)


def elementary(p: list[Array], shape: tuple[int, int]) -> list[Array]:
    """Elementary symmetric polynomials e_0, e_1, … from power sums p_1, p_2, …, each of the given shape (Newton).

    >>> [float(e[0, 0]) for e in elementary([np.array([[5.0]]), np.array([[13.0]])], (1, 1))]  # of 2 and 3
    [1.0, 5.0, 6.0]
    """
    e = [np.ones(shape)]
    for k in range(1, len(p) + 1):
        terms = ((-1) ** (j - 1) * e[k - j] * p[j - 1] for j in range(1, k + 1))
        e.append(sum(terms, np.zeros(shape)) / k)
    return e


def fields_of(net: Network) -> Fields:
    """Prepare a realisation for parallel dynamics.

    >>> net = Network([[1, 1, -1, 1]], P=3)
    >>> cost, energy = fields_of(net).costs(np.array([[1.0, 1, -1, 1]]))
    >>> bool(np.allclose(cost, 2 * net.entries * net.local_fields([1, 1, -1, 1]))), energy.tolist()
    (True, [-0.75])
    """
    t, scale = net.entries.astype(float), net.scale
    modulus = float(np.abs(t).max())
    if modulus > 0 and np.isin(np.abs(t), (0.0, modulus)).all():  # t = a z, z³ = z: two different powers
        t, scale = t / modulus, scale * modulus**net.P
        square = t**2
        even = np.ones((len(t), 1)) if (square == 1).all() else square
        powers = [t if k % 2 else even for k in range(1, net.P + 1)]
    else:
        powers = [t**k for k in range(1, net.P + 1)]
    bias = net.field * net.archetypes[0].astype(float)
    return Fields(net, powers, scale, _noise_coupling(net), bias)


class Batch:
    """All replicas at one temperature, updated together; numbers [R] are the replicas' places in the random counter.

    At T = 0 every spin with ΔH_i < 0 flips at once: the energy may rise, and the end may be a cycle of length two
    instead of a fixed point.
    """

    def __init__(
        self, fields: Fields, spins: Array, T: float, key: Array, numbers: list[int], temperature: int, clock: int = 0
    ):
        self.fields, self.spins, self.T, self.key = fields, spins, T, key
        self.numbers, self.temperature, self.clock = numbers, temperature, clock
        self.state = np.zeros(0, np.int64)
        net = fields.net
        self.probes = net.probes.astype(float).T
        self.archetypes = net.archetypes[: len(net.probes)].astype(float).T
        self.cost = fields.costs(spins.astype(float))[0]

    def reset(self) -> None:
        pass

    def run(self, sweeps: int, stride: int) -> list[Record]:
        """Advance by whole sweeps; a record for each replica."""
        R, N = self.spins.shape
        C = self.probes.shape[1]
        energy, x, m = np.empty((sweeps, R)), np.empty((sweeps, R, C)), np.empty((sweeps, R, C))
        flips, kept = np.zeros(R, np.int64), []
        for n in range(sweeps):
            if n % CHUNK == 0:
                thresholds = self._thresholds(min(CHUNK, sweeps - n))
            flip = self.cost < thresholds[:, n % CHUNK]
            self.spins = np.where(flip, -self.spins, self.spins)
            s = self.spins.astype(float)
            self.cost, energy[n] = self.fields.costs(s)
            x[n], m[n] = s @ self.probes / N, s @ self.archetypes / N
            flips += flip.sum(1)
            if self.clock % stride == 0:
                kept.append(self.spins)
            self.clock += 1
        shots = np.array(kept, np.int8).reshape(-1, R, N)
        return [Record(energy[:, r], x[:, r], m[:, r], shots[:, r], int(flips[r])) for r in range(R)]

    def _thresholds(self, sweeps: int) -> Array:
        """T ln((1−u)/u) [R, sweeps, N]: the spin flips if its cost lies below; 0 at T = 0, where ties keep the spin."""
        R, N = self.spins.shape
        if self.T == 0:
            return np.zeros((R, sweeps, N))
        words = np.empty((R, sweeps, -(-N // 4) * 4), np.uint32)
        for row, number in zip(words, self.numbers, strict=True):
            draw(row, self.clock, number, self.temperature, ACCEPT, self.key)
        u = (words[:, :, :N] + 0.5) / 2.0**32
        return self.T * np.log(1 / u - 1)


def _noise_coupling(net: Network) -> Array:
    """Symmetric noise tensor c·Ωg [N, N^{P−1}], zero at repeated indices; [0, 0] without noise."""
    if net.noise is None:
        return np.empty((0, 0))
    tensor = np.zeros((net.N,) * net.P)
    index = np.array(list(itertools.combinations(range(net.N), net.P))).T
    value = math.factorial(net.P) / (2 * net.N ** (net.P - 1)) * net.noise
    for order in itertools.permutations(range(net.P)):
        tensor[tuple(index[list(order)])] = value
    return tensor.reshape(net.N, -1)
