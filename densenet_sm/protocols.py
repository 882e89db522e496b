r"""How data make the entries t of a network: by sampling (Monte Carlo) and by their single-site law (theory).

An archetype ξ^μ gives entries t^μ = ξ^μ u / √(1−d), with u = 1 for storing and u an average of noisy examples
η = ξ χ, E χ = r, otherwise; d is the fraction of blank sites. Entries have unit variance in the storing, supervised and
multitasking protocols; a single unsupervised example η/√R has variance 1/R. R = r² + (1−r²)/M = r²(1+ρ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError, check_integer, check_number
from .laws import CERTAIN, Mixture, binomial_mean_law

Array = NDArray[Any]
SIGN_BYTES, REAL_BYTES = 4, 18  # of one entry, at the peak of drawing and preparing it


class _Averaged:
    """What protocols share whose entries are one row of unit variance per archetype."""

    n_condensed = 1
    dilution = 0.0

    def crosstalk_factor(self, k: int, P: int) -> float:
        """c_k: what examples multiply the k-th order of the crosstalk covariance by (1 when entries are averaged)."""
        return 1.0

    def crosstalk_modes(self) -> list[tuple[float, float]]:
        """P = 2: (multiplicity, κ) of the Gaussian modes of one uncondensed archetype."""
        return [(1.0, 1.0)]

    def entries_per_archetype(self) -> int:
        return 1

    def entry_variance(self) -> float:
        """E t² of one entry: 1, but 1/R for a single unsupervised example."""
        return 1.0

    def bytes_per_number(self) -> int:
        """Peak memory of drawing and preparing one entry: entries, kernel rows and temporaries."""
        return REAL_BYTES


def _no_example(example: bool) -> None:
    if example:
        raise ParameterError("start", "a state of this protocol", "example", "Only Unsupervised has single examples.")


@dataclass(frozen=True)
class Storing(_Averaged):
    """Plain patterns: the entries are the archetypes, t = ξ = ±1.

    >>> Storing().groups()[0][1].mean
    array([1.])
    """

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """Condensed entries of one archetype as (weight, law of t given ξ = +1), grouped by equal overlap."""
        _no_example(example)
        return [(1.0, CERTAIN)]

    def bytes_per_number(self) -> int:
        return SIGN_BYTES

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries [n, N] drawn for the given archetypes [K, N], and the weight of each."""
        return archetypes, 1.0


def _check_quality(r: float, M: int) -> int:
    check_number(
        "r", r, low=0, high=1, open_low=True, remedy="r = E χ is the example quality; r = 1 copies the archetype."
    )
    return check_integer("M", M, low=1, remedy="M is the number of examples per archetype.")


class _Examples:
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
class Supervised(_Averaged, _Examples):
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
        if example:
            raise ParameterError(
                "start", "a state of this protocol", "example", "Only Unsupervised has single examples."
            )
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

    n_condensed = 1
    dilution = 0.0

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
        one = [(1 / self.M, binomial_mean_law(1, self.r).scaled(scale))]
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

    def entries_per_archetype(self) -> int:
        return self.M

    def entry_variance(self) -> float:
        """E t² = 1/R."""
        return 1 / self.R

    def bytes_per_number(self) -> int:
        return REAL_BYTES

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries [K·M, N], the M examples of one archetype in consecutive rows, and their weight 1/M."""
        K, N = archetypes.shape
        keep = rng.random((K, self.M, N)) < (1 + self.r) / 2
        signs = np.where(keep, np.int8(1), np.int8(-1)) * archetypes[:, None, :]
        return signs.reshape(K * self.M, N) / math.sqrt(self.R), 1 / self.M


@dataclass(frozen=True)
class Multitasking:
    """Diluted patterns, P(ξ=0) = d, P(ξ=±1) = (1−d)/2: K of them are retrieved at once.

    `data` says how the diluted archetypes are learned: Storing(), Supervised(...) or Unsupervised(...).

    Raises ParameterError for K < 1, d outside [0, 1), or data that is itself multitasking.

    >>> Multitasking(K=3, d=0.3).n_condensed
    3
    """

    K: int
    d: float
    data: Storing | Supervised | Unsupervised = field(default_factory=Storing)

    def __post_init__(self) -> None:
        K = check_integer("K", self.K, low=1, remedy="K is the number of diluted patterns retrieved at once.")
        object.__setattr__(self, "K", K)
        check_number("d", self.d, low=0, high=1, open_high=True, remedy="d is the fraction of blank sites.")
        if not isinstance(self.data, Storing | Supervised | Unsupervised):
            remedy = "Use data=Storing(), Supervised(...) or Unsupervised(...)."
            raise ParameterError("data", "Storing, Supervised or Unsupervised", self.data, remedy)

    @property
    def n_condensed(self) -> int:
        return self.K

    @property
    def dilution(self) -> float:
        return self.d

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """(weight, law) of one pattern's entries given ξ = +1, scaled to unit variance over all sites."""
        scale = 1 / math.sqrt(1 - self.d)
        return [(w, law.scaled(scale)) for w, law in self.data.groups(example)]

    def crosstalk_factor(self, k: int, P: int) -> float:
        """c_k of the data; for examples of diluted patterns the blank sites cancel in the normalised covariance."""
        return self.data.crosstalk_factor(k, P)

    def crosstalk_modes(self) -> list[tuple[float, float]]:
        return self.data.crosstalk_modes()

    def entries_per_archetype(self) -> int:
        return self.data.entries_per_archetype()

    def entry_variance(self) -> float:
        return self.data.entry_variance()

    def bytes_per_number(self) -> int:
        return REAL_BYTES if self.d > 0 else self.data.bytes_per_number()

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries of the diluted archetypes, scaled by 1/√(1−d), and the weight of each."""
        entries, weight = self.data.sample(archetypes, rng)
        return (entries if self.d == 0 else entries / math.sqrt(1 - self.d)), weight


Protocol = Storing | Supervised | Unsupervised | Multitasking
PROTOCOLS: dict[str, type[Protocol]] = {
    "storing": Storing,
    "supervised": Supervised,
    "unsupervised": Unsupervised,
    "multitasking": Multitasking,
}


def parameters_of(protocol: Protocol) -> tuple[str, ...]:
    """Names of the parameters that `Model.replace` reaches through this protocol (its data's included)."""
    own = [f.name for f in fields(protocol) if f.name != "data"]
    return tuple(own) + (parameters_of(protocol.data) if isinstance(protocol, Multitasking) else ())


def with_parameters(protocol: Protocol, changes: dict[str, Any]) -> Protocol:
    """Copy of the protocol with parameters changed, by name, its data's included."""
    own = {f.name for f in fields(protocol)}
    mine = {k: v for k, v in changes.items() if k in own}
    rest = {k: v for k, v in changes.items() if k not in own}
    if rest and isinstance(protocol, Multitasking):
        mine["data"] = with_parameters(mine.get("data", protocol.data), rest)
    return replace(protocol, **mine)


def sample_archetypes(K: int, N: int, dilution: float, rng: np.random.Generator) -> Array:
    """K archetypes of N sites, int8: blank with probability `dilution`, otherwise ±1 with equal probability."""
    signs = (2 * rng.integers(0, 2, size=(K, N), dtype=np.int8) - 1).astype(np.int8)
    if dilution > 0:
        signs[rng.random((K, N)) < dilution] = 0
    return signs
