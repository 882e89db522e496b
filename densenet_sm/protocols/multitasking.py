"""Diluted patterns: their blank sites leave room for others, and several are retrieved at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, check_integer, check_number
from ..laws import Mixture
from .base import REAL_BYTES, Archetypal, Storing
from .examples import Supervised, Unsupervised

Array = NDArray[Any]


@dataclass(frozen=True)
class Multitasking(Archetypal):
    """Diluted patterns, P(ξ=0) = d, P(ξ=±1) = (1−d)/2: K of them are retrieved at once.

    `data` says how the diluted archetypes are learned: Storing(), Supervised(...) or Unsupervised(...).

    Raises ParameterError for K < 1, d outside [0, 1), or data of another kind.

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

    @property
    def one_modulus(self) -> bool:
        return self.d == 0 and self.data.one_modulus

    def bytes_per_number(self) -> int:
        return REAL_BYTES if self.d > 0 else self.data.bytes_per_number()

    def sample(self, archetypes: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """Entries of the diluted archetypes, scaled by 1/√(1−d), and the weight of each."""
        entries, weight = self.data.sample(archetypes, rng)
        return (entries if self.d == 0 else entries / math.sqrt(1 - self.d)), weight
