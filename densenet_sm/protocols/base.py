"""What every protocol answers, and the simplest one: stored patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..laws import CERTAIN, Mixture

Array = NDArray[Any]
SIGN_BYTES, REAL_BYTES = 4, 18  # of one entry, at the peak of drawing and preparing it


class Base:
    """Answers of a protocol whose entries are one row of unit variance per archetype."""

    @property
    def n_condensed(self) -> int:
        """Number of archetypes that the spins may align with."""
        return 1

    @property
    def dilution(self) -> float:
        """Fraction d of blank sites."""
        return 0.0

    def check(self, P: int, interaction: str) -> None:
        """Raise ParameterError for a network that the protocol is not defined for."""

    def amplitude(self, alpha: float, N: int | None = None, P: int | None = None) -> float:
        """Strength of the condensed signal relative to x^P/2, at load alpha; with N and P, relative to f_N."""
        return 1.0

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

    @property
    def one_modulus(self) -> bool:
        """Whether all entries have the same modulus."""
        return False

    def bytes_per_number(self) -> int:
        """Peak memory of drawing and preparing one entry: entries, kernel rows and temporaries."""
        return REAL_BYTES


class Archetypal(Base):
    """A protocol that draws K archetypes by themselves, then `sample`s the entries of each."""

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries [n, N] drawn for the given archetypes [K, N], and the weight of each."""
        raise NotImplementedError

    def draw(
        self, K: int, N: int, P: int, patterns: np.random.Generator, examples: np.random.Generator
    ) -> tuple[Array, Array, float]:
        """Archetypes [K, N] from the first generator, their entries [n, N] from the second, the weight of each."""
        archetypes = sample_archetypes(K, N, self.dilution, patterns)
        return archetypes, *self.sample(archetypes, examples)

    def probes(self, archetypes: Array, entries: Array) -> Array:
        """Condensed entries [C, N]: the examples of one archetype averaged."""
        C, each = self.n_condensed, self.entries_per_archetype()
        return entries[: C * each].reshape(C, each, -1).mean(1)


def sample_archetypes(K: int, N: int, dilution: float, rng: np.random.Generator) -> Array:
    """K archetypes of N sites, int8: blank with probability `dilution`, otherwise ±1 with equal probability."""
    signs = (2 * rng.integers(0, 2, size=(K, N), dtype=np.int8) - 1).astype(np.int8)
    if dilution > 0:
        signs[rng.random((K, N)) < dilution] = 0
    return signs


def no_example(example: bool) -> None:
    """Refuse the start from a single example where entries are not single examples."""
    if example:
        raise ParameterError("start", "a state of this protocol", "example", "Only Unsupervised has single examples.")


@dataclass(frozen=True)
class Storing(Archetypal):
    """Plain patterns: the entries are the archetypes, t = ξ = ±1.

    >>> Storing().groups()[0][1].mean
    array([1.])
    """

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """Condensed entries of one archetype as (weight, law of t given ξ = +1), grouped by equal overlap."""
        no_example(example)
        return [(1.0, CERTAIN)]

    @property
    def one_modulus(self) -> bool:
        return True

    def bytes_per_number(self) -> int:
        return SIGN_BYTES

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries [n, N] drawn for the given archetypes [K, N], and the weight of each."""
        return archetypes, 1.0
