"""Laws of one entry at one site, as mixtures of normals: atoms, averages of examples, the limit of many."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

Array = NDArray[Any]
Moments = Callable[[int], Array]
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

    def transforms(self, kappa: Array) -> Moments:
        """E t^n e^{iκt}, of kappa's shape, as a function of n = 0, 1, 2."""
        parts = [_normal(kappa, *normal) for normal in self._normals]
        if len(parts) == 1:
            return parts[0]
        return lambda n: reduce(np.add, [part(n) for part in parts])

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


def _normal(kappa: Array, weight: float, mean: float, variance: float) -> Moments:
    """Transforms of one normal of a mixture."""
    wave = np.exp((1j * mean) * kappa - (variance / 2) * kappa**2 if variance else (1j * mean) * kappa)
    if weight != 1:
        wave *= weight

    def moment(n: int) -> Array:
        if n == 0:
            return wave
        tilted = mean + (1j * variance) * kappa if variance else mean
        return tilted * wave if n == 1 else (variance + tilted**2) * wave

    return moment


@dataclass(frozen=True, eq=False)
class BinomialMean(Mixture):
    """Law of size × the mean of n independent signs of expectation r; its transforms cost the same for every n."""

    n: int
    r: float
    size: float = 1.0

    def scaled(self, factor: float) -> BinomialMean:
        """Law of `factor` times the number."""
        return BinomialMean(self.weight, factor * self.mean, self.variance, self.n, self.r, factor * self.size)

    def transforms(self, kappa: Array) -> Moments:
        """As above: E e^{iκt} = c^n with c = cos φ + i r sin φ, φ = κ size/n, |c| ≥ r, and its derivatives."""
        angle = kappa * (self.size / self.n)
        cos, sin = np.cos(angle), np.sin(angle)
        c = cos + (1j * self.r) * sin
        wave = c**self.n

        def moment(order: int) -> Array:
            if order == 0:
                return wave
            ratio = ((1j * self.r) * cos - sin) / c
            if order == 1:
                return (-1j * self.size) * ratio * wave
            return self.size**2 / self.n * (1 - (self.n - 1) * ratio**2) * wave

        return moment


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
