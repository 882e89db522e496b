"""Noisy examples η = ξ χ of every archetype, E χ = r: averaged by a teacher, or interacting one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, check_integer, check_number
from ..laws import Mixture, binomial_mean_law
from .base import REAL_BYTES, Archetypal, no_example

Array = NDArray[Any]


def _check_quality(r: float, M: int) -> int:
    check_number(
        "r", r, low=0, high=1, open_low=True, remedy="r = E χ is the example quality; r = 1 copies the archetype."
    )
    return check_integer("M", M, low=1, remedy="M is the number of examples per archetype.")


class _Examples(Archetypal):
    """Derived numbers of a data set of M examples of quality r."""

    r: float | None
    M: int | None

    @property
    def R(self) -> float:
        """R = r² + (1−r²)/M, the variance of an averaged example entry."""
        if self.r is None or self.M is None:
            raise ParameterError("r, M", "given to know R", None, "Use Supervised(r=..., M=...).")
        return self.r**2 + (1 - self.r**2) / self.M


@dataclass(frozen=True)
class Supervised(_Examples):
    """A teacher groups the examples: t = ξ u, u = (1/(M√R)) Σ_a χ^a.

    `Supervised(r=, M=)` is exact at finite M; `Supervised(rho=)` is the large-M law u = (1+√ρ g)/√(1+ρ), for theory
    only. ρ = (1−r²)/(M r²) is the entropy of the data set.

    Raises ParameterError for r outside (0, 1], M < 1, ρ < 0, or both forms at once.

    >>> Supervised(r=0.5, M=6).R
    0.375
    """

    r: float | None = None
    M: int | None = None
    rho: float | None = None

    def __post_init__(self) -> None:
        by_count = self.r is not None and self.M is not None and self.rho is None
        by_entropy = self.r is None and self.M is None and self.rho is not None
        if not (by_count or by_entropy):
            given = {k: v for k, v in vars(self).items() if v is not None}
            raise ParameterError("Supervised", "given r and M, or rho alone", given, "Write Supervised(r=0.6, M=10).")
        if by_entropy:
            check_number("rho", self.rho, low=0, remedy="rho = (1-r^2)/(M r^2) is the data-set entropy.")
        else:
            assert self.r is not None
            assert self.M is not None
            object.__setattr__(self, "M", _check_quality(self.r, self.M))  # a whole float becomes an int

    @property
    def entropy(self) -> float:
        """ρ = (1−r²)/(M r²), or the ρ given."""
        if self.rho is not None:
            return self.rho
        assert self.r is not None
        assert self.M is not None
        return (1 - self.r**2) / (self.M * self.r**2)

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """Condensed entries of one archetype as (weight, law of t given ξ = +1), grouped by equal overlap."""
        no_example(example)
        if self.rho is not None:
            norm = 1 / math.sqrt(1 + self.rho)
            return [(1.0, Mixture(np.ones(1), np.array([norm]), np.array([self.rho * norm**2])))]
        assert self.r is not None
        assert self.M is not None
        return [(1.0, binomial_mean_law(self.M, self.r).scaled(1 / math.sqrt(self.R)))]

    def bytes_per_number(self) -> int:
        """As above; the large-M law has no examples to draw."""
        if self.rho is not None:
            remedy = "rho alone is the large-M law; give r and M to simulate."
            raise ParameterError("protocol", "Supervised(r=, M=) to draw examples", self, remedy)
        return REAL_BYTES

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries ξ u [K, N] with u drawn from its exact law, and their weight 1."""
        assert self.r is not None
        assert self.M is not None
        k = rng.binomial(self.M, (1 + self.r) / 2, size=archetypes.shape)
        return archetypes * (2 * k - self.M) / (self.M * math.sqrt(self.R)), 1.0


@dataclass(frozen=True)
class Unsupervised(_Examples):
    """Every example interacts by itself: entries η^{μ,a}/√R with weight 1/M each.

    Raises ParameterError for r outside (0, 1] or M < 1.

    >>> Unsupervised(r=0.5, M=4).entries_per_archetype()
    4
    """

    r: float
    M: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "M", _check_quality(self.r, self.M))

    @property
    def entropy(self) -> float:
        """ρ = (1−r²)/(M r²)."""
        return (1 - self.r**2) / (self.M * self.r**2)

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """(weight, law) of the M examples with equal overlaps, or of one example apart from the M−1 others."""
        scale = 1 / math.sqrt(self.R)
        if not example:
            return [(1.0, binomial_mean_law(self.M, self.r).scaled(scale))]
        one: list[tuple[float, Mixture]] = [(1 / self.M, binomial_mean_law(1, self.r).scaled(scale))]
        if self.M == 1:
            return one
        return [*one, ((self.M - 1) / self.M, binomial_mean_law(self.M - 1, self.r).scaled(scale))]

    def crosstalk_factor(self, k: int, P: int) -> float:
        """c_k = [r^{2k} + (1−r^{2k})/M] / R^P: M correlated examples instead of one average."""
        return (self.r ** (2 * k) + (1 - self.r ** (2 * k)) / self.M) / self.R**P

    def crosstalk_modes(self) -> list[tuple[float, float]]:
        """P = 2: one mode along the archetype and M−1 of weight κ = ρ/(1+ρ) across it."""
        kappa = self.entropy / (1 + self.entropy)
        return [(1.0, 1.0)] + ([(self.M - 1.0, kappa)] if self.M > 1 and kappa > 0 else [])

    @property
    def one_modulus(self) -> bool:
        return True

    def entries_per_archetype(self) -> int:
        return self.M

    def entry_variance(self) -> float:
        """E t² = 1/R."""
        return 1 / self.R

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries [K·M, N], the M examples of one archetype in consecutive rows, and their weight 1/M."""
        K, N = archetypes.shape
        keep = rng.random((K, self.M, N)) < (1 + self.r) / 2
        signs = np.where(keep, np.int8(1), np.int8(-1)) * archetypes[:, None, :]
        return signs.reshape(K * self.M, N) / math.sqrt(self.R), 1 / self.M
