"""Laws of one entry at one site, as mixtures of normals: atoms, averages of examples, the limit of many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

Array = NDArray[Any]


@dataclass(frozen=True)
class Mixture:
    """Law of a random number as a mixture of normals, Σ_j weight_j N(mean_j, variance_j); variance 0 is an atom."""

    weight: Array
    mean: Array
    variance: Array

    def scaled(self, factor: float) -> Mixture:
        """Law of `factor` times the number."""
        return Mixture(self.weight, factor * self.mean, factor**2 * self.variance)


def binomial_mean_law(n: int, r: float) -> Mixture:
    """Law of the mean of n independent signs of expectation r: atoms (2k−n)/n, k ~ Binomial(n, (1+r)/2).

    Atoms lighter than 1e-30 are left out, so that the cost grows as √n.

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
    return Mixture(weight / weight.sum(), mean, np.zeros_like(mean))


CERTAIN = Mixture(np.ones(1), np.ones(1), np.zeros(1))
