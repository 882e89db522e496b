r"""What independent spins of given means feel: mean fields, and the reaction of the couplings to the spin itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import streams
from .parallel import Fields, elementary

Array = NDArray[Any]
PROBES = 32  # random configurations that measure a: to √(2/(32 N))


class Averages:
    """H and its derivatives for independent spins of means m, where every product of spins is one of means."""

    def __init__(self, fields: Fields):
        net = fields.net
        self.fields, self.P = fields, net.P
        self.last = net.weights @ fields.powers[-1]  # e_0 = 1

    def fields_at(self, m: Array) -> Array:
        """h_i = −∂H/∂m_i [R, N] without the external field, from e_{P−1} of the other sites: Σ_k (−y_i)^k e_{P−1−k}."""
        f, P = self.fields, self.P
        e = elementary([power_sum(m**k, f.powers[k - 1]) for k in range(1, P)], (len(m), f.net.n))
        total = (-m) ** (P - 1) * self.last
        for k in range(P - 1):
            total += (-m) ** k * ((e[P - 1 - k] * f.net.weights) @ f.powers[k])
        total *= f.scale
        return total + f.noise(m) if f.coupling.size else total

    def energy(self, m: Array, h: Array) -> Array:
        """H(m) [R]: without the external field homogeneous of degree P, so that Σ m_i h_i = −P H."""
        return -(m * h).sum(1) / self.P - m @ self.fields.bias


def power_sum(powers: Array, t: Array) -> Array:
    """Σ_i m_i^k t_i^k [R, n]; t [n, 1] if it is the same at all sites."""
    return powers @ t.T if t.shape[1] > 1 else powers.sum(1, keepdims=True) * t.T


class Reaction(Protocol):
    """Φ(β, q) and its derivatives, for rows of q."""

    def potential(self, beta: float, q: Array) -> Array:
        """Φ."""

    def slope(self, beta: float, q: Array) -> Array:
        """∂Φ/∂β."""

    def strength(self, beta: float, q: Array) -> Array:
        """O = −(2/β) ∂Φ/∂q."""

    def rigidity(self, beta: float, q: Array) -> Array:
        """−∂O/∂χ at fixed β beside what moves with q^{P−2}: ξ″(q), or R′(χ)."""


@dataclass(frozen=True)
class Covariance:
    """ξ(q) = a q^P.

    >>> Covariance(0.05, 3).strength(2.0, np.array([0.5]))  # β(1−q) ξ″(q)
    array([0.15])
    """

    a: float
    P: int

    def potential(self, beta: float, q: Array) -> Array:
        return beta**2 / 2 * self.a * (1 - q**self.P - self.P * (1 - q) * q ** (self.P - 1))

    def slope(self, beta: float, q: Array) -> Array:
        return 2 * self.potential(beta, q) / beta

    def strength(self, beta: float, q: Array) -> Array:
        return beta * (1 - q) * self.rigidity(beta, q)

    def rigidity(self, beta: float, q: Array) -> Array:
        return self.a * self.P * (self.P - 1) * q ** (self.P - 2)


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of P = 2 couplings, their mean removed.

    >>> Spectrum(np.array([-1.0, 1.0])).strength(1.0, np.array([0.5]))  # (√(1+4χ²) − 1)/(2χ)
    array([0.41421356])
    """

    eigenvalues: Array

    def potential(self, beta: float, q: Array) -> Array:
        R, u = self._solved(beta, q)
        chi = beta * (1 - q)
        return (chi * R - np.log1p(-chi[:, None] * u).mean(1)) / 2

    def slope(self, beta: float, q: Array) -> Array:
        return (1 - q) * self.strength(beta, q) / 2

    def strength(self, beta: float, q: Array) -> Array:
        return self._solved(beta, q)[0]

    def rigidity(self, beta: float, q: Array) -> Array:
        _, u = self._solved(beta, q)
        weight = 1 / (1 - beta * (1 - q[:, None]) * u) ** 2
        return (u**2 * weight).mean(1) / weight.mean(1)

    def _solved(self, beta: float, q: Array) -> tuple[Array, Array]:
        """R(χ) [R], and λ − R [R, N]."""
        R = np.array([self._transform(beta * (1 - each)) for each in q])
        return R, self.eigenvalues - R[:, None]

    def _transform(self, chi: float) -> float:
        from scipy.optimize import brentq

        if chi <= 0:
            return 0.0
        top, n = float(self.eigenvalues.max()), len(self.eigenvalues)

        def excess(R: float) -> float:
            u = self.eigenvalues - R
            return float((u / (1 - chi * u)).mean())

        return float(brentq(excess, top - (1 - 1 / n) / chi, top, xtol=1e-15))


def measured(fields: Fields, seed: int) -> Reaction:
    """The reaction of a realisation's own couplings: their spectrum (P = 2), or a = ⟨h²⟩/P over random spins."""
    net = fields.net
    if net.P == 2:
        found = eigenvalues(fields)
        return Spectrum(found - found.mean())
    averages = Averages(fields)
    spins = 2.0 * streams.generator(seed, "dynamics").integers(0, 2, (PROBES, net.N)) - 1
    squares = [(averages.fields_at(rows) ** 2).mean() for rows in np.split(spins, PROBES // 8)]
    return Covariance(float(np.mean(squares)) / net.P, net.P)


def eigenvalues(fields: Fields) -> Array:
    """Eigenvalues [N] of the couplings of P = 2, diagonal included; from the smaller Gram matrix where that will do."""
    t, net = fields.powers[0], fields.net
    if not fields.coupling.size and net.n < net.N and (net.weights >= 0).all():
        half = t * np.sqrt(fields.scale * net.weights)[:, None]
        return np.concatenate([np.zeros(net.N - net.n), np.linalg.eigvalsh(half @ half.T)])
    J = (t.T * (fields.scale * net.weights)) @ t
    return np.linalg.eigvalsh(J + fields.coupling if fields.coupling.size else J)
