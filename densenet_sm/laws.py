"""Laws of one entry at one site, as mixtures of normals: atoms, averages of examples, the limit of many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

Array = NDArray[Any]
TAIL = 9.0  # standard deviations beyond which a normal is nothing: exp(−81/2) = 3e-18


@dataclass(frozen=True, eq=False)
class Mixture:
    """Law of a random number as a mixture of normals, Σ_j weight_j N(mean_j, variance_j); variance 0 is an atom."""

    weight: Array
    mean: Array
    variance: Array

    def scaled(self, factor: float) -> Mixture:
        """Law of `factor` times the number."""
        return Mixture(self.weight, factor * self.mean, factor**2 * self.variance)

    def transforms(self, kappa: Array) -> tuple[Array, Array, Array]:
        """E e^{iκt}, E t e^{iκt} and E t² e^{iκt}, each of kappa's shape."""
        parts = [self._transform(kappa, *normal) for normal in self._normals]
        zero, one, two = parts[0]
        for part in parts[1:]:
            zero, one, two = zero + part[0], one + part[1], two + part[2]
        return zero, one, two

    @cached_property
    def _normals(self) -> list[tuple[float, float, float]]:
        return list(zip(self.weight.tolist(), self.mean.tolist(), self.variance.tolist(), strict=True))

    @cached_property
    def sharp(self) -> bool:
        """Whether it consists of atoms alone."""
        return not self.variance.any()

    @cached_property
    def reach(self) -> float:
        """Bound on |t|, up to nine standard deviations."""
        return float(np.max(np.abs(self.mean) + TAIL * np.sqrt(self.variance)))

    @staticmethod
    def _transform(kappa: Array, weight: float, mean: float, variance: float) -> tuple[Array, Array, Array]:
        """The same for one normal of the mixture."""
        wave = np.exp(1j * mean * kappa) * weight
        if not variance:
            return wave, mean * wave, mean**2 * wave
        wave *= np.exp(-variance / 2 * kappa**2)
        tilted = mean + 1j * variance * kappa
        return wave, tilted * wave, (variance + tilted**2) * wave


@dataclass(frozen=True, eq=False)
class BinomialMean(Mixture):
    """Law of size × the mean of n independent signs of expectation r; its transforms cost the same for every n."""

    n: int
    r: float
    size: float = 1.0

    def scaled(self, factor: float) -> BinomialMean:
        """Law of `factor` times the number."""
        return BinomialMean(self.weight, factor * self.mean, self.variance, self.n, self.r, factor * self.size)

    def transforms(self, kappa: Array) -> tuple[Array, Array, Array]:
        """As above: E e^{iκt} = c^n with c = cos φ + i r sin φ, φ = κ size/n, |c| ≥ r, and its derivatives."""
        angle = kappa * (self.size / self.n)
        cos, sin = np.cos(angle), np.sin(angle)
        c, slope = cos + 1j * self.r * sin, 1j * self.r * cos - sin
        ratio = slope / c
        zero = c**self.n
        second = self.size**2 / self.n * (1 - (self.n - 1) * ratio**2)
        return zero, (-1j * self.size) * ratio * zero, second * zero


@lru_cache
def binomial_mean_law(n: int, r: float) -> BinomialMean:
    """Law of the mean of n independent signs of expectation r: atoms (2k−n)/n, k ~ Binomial(n, (1+r)/2).

    Atoms lighter than 1e-30 are left out.

    >>> law = binomial_mean_law(3, 0.5)
    >>> round(float(law.weight @ law.mean), 12)
    0.5
    """
    k = np.arange(n + 1)
    log_weight = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log_weight = log_weight + xlogy(k, (1 + r) / 2) + xlogy(n - k, (1 - r) / 2)
    kept = log_weight > math.log(1e-30)
    weight = np.exp(log_weight[kept])
    mean = (2 * k[kept] - n) / n
    return BinomialMean(weight / weight.sum(), mean, np.zeros_like(mean), n, r)


CERTAIN = Mixture(np.ones(1), np.ones(1), np.zeros(1))
