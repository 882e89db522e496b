r"""Teacher–student: a network of one archetype draws the examples, the spins of another guess that archetype.

The teacher's states s have the law exp(N f_N(x)/T*)/Z* with x = (1/N) Σ_i ξ*_i s_i, where Z* is the same for every ξ*.
Given K states s^a the posterior of ξ* is therefore Π_a exp(N f_N(x_a)/T*) up to a factor: the Boltzmann law at T = T*
of the network that stores them. Guesses drawn there have q = m at every N (nishimori2001; theriault2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ..errors import ParameterError, check_integer, check_number
from ..laws import CERTAIN, Mixture
from ..polynomials import elementary_polynomial
from .base import SIGN_BYTES, Base, no_example, sample_archetypes

Array = NDArray[Any]


@lru_cache
def coexistence_temperature(P: int) -> float:
    """T_1 = max_m (m^P/2)/(ln 2 − S(m)), S the entropy of spins of mean m: above it one pattern is not condensed.

    >>> 1 / (2 * np.log(2)) < coexistence_temperature(3) < 0.75  # m = 1 gives the lower number
    True
    """
    from scipy.optimize import minimize_scalar

    def cost(u: float) -> float:  # m = tanh u, ln 2 − S = u tanh u − ln cosh u
        return -(math.tanh(u) ** P) / 2 / (u * math.tanh(u) + math.log(2) - float(np.logaddexp(u, -u)))

    return -float(minimize_scalar(cost, bounds=(0.1, P), method="bounded", options={"xatol": 1e-9}).fun)


@dataclass(frozen=True)
class TeacherStudent(Base):
    """Entries are K = 2αN^{P−1}/P! states of a teacher, the P-body network of one archetype ξ* at temperature T*.

    The spins guess ξ*, the only archetype: x and m are both the overlap with it. As N → ∞ the examples add up to the
    signal f(x) = α x^P/(2T*), their differences to the noise ξ(q) = α q^P/2, and T = T* is Bayes-optimal (q = m). All
    this for P ≥ 3, the tensor interaction and a paramagnetic teacher, T* > `coexistence_temperature(P)`.

    Raises ParameterError for T* ≤ 0, and in a `Model` for a teacher that is not paramagnetic, P = 2 or the power form.
    References: theriault2024 (its T is 2T here, its α is 2α), nishimori2001.

    >>> TeacherStudent(T_teacher=0.8).amplitude(alpha=0.4)
    0.5
    """

    T_teacher: float

    def __post_init__(self) -> None:
        remedy = "It is the temperature that the examples are drawn at."
        check_number("T_teacher", self.T_teacher, low=0, open_low=True, remedy=remedy)

    def check(self, P: int, interaction: str) -> None:
        """Raise ParameterError for P = 2, the power form, and a teacher at or below T_1(P)."""
        check_integer("P", P, low=3, remedy="TeacherStudent needs interactions of three spins or more.")
        if interaction != "tensor":
            remedy = "The law of the examples is that of distinct indices."
            raise ParameterError("interaction", "'tensor' with TeacherStudent", interaction, remedy)
        lowest = coexistence_temperature(P)
        if self.T_teacher <= lowest:
            remedy = "At and below it the examples are near copies of one state; choose a warmer teacher."
            raise ParameterError("T_teacher", f"above {lowest:.6f} at P={P}", self.T_teacher, remedy)

    def amplitude(self, alpha: float, N: int | None = None, P: int | None = None) -> float:
        """α/T*: what all examples together say of ξ*, relative to x^P/2; at N spins exactly, relative to f_N.

        There it is K⟨e_P⟩/C(N, P), the mean over the law of the examples (theory/TEACHER_STUDENT.md).

        >>> round(TeacherStudent(T_teacher=2.0).amplitude(0.6, N=400, P=3) / 0.3, 3)  # 1 + 45/(2T*²N) + O(1/N²)
        1.014
        """
        if N is None or P is None:
            return alpha / self.T_teacher
        tuples = elementary_polynomial(P, N)(N - 2.0 * np.arange(N + 1))
        load = 2 * alpha * N ** (P - 1) / math.factorial(P)
        return load * float(self.flip_law(N, P) @ tuples) / math.comb(N, P)

    def groups(self, example: bool = False) -> list[tuple[float, Mixture]]:
        """The signal acts along ξ* itself: (1, law of 1)."""
        no_example(example)
        return [(1.0, CERTAIN)]

    @property
    def one_modulus(self) -> bool:
        return True

    def bytes_per_number(self) -> int:
        return SIGN_BYTES

    def flip_law(self, N: int, P: int) -> Array:
        """Probabilities [N+1] that a teacher's state differs from ξ* at k sites: ∝ C(N, k) exp(N f_N(1 − 2k/N)/T*).

        >>> law = TeacherStudent(T_teacher=1.0).flip_law(N=3, P=3)  # e_3 = ±1, (3!/(2·3²)) e_3 = ±1/3
        >>> round(float(np.log(law[0] / law[3])), 12)
        0.666666666667
        """
        k = np.arange(N + 1)
        c = math.factorial(P) / (2 * N ** (P - 1))
        log_weight = c * elementary_polynomial(P, N)(N - 2.0 * k) / self.T_teacher - gammaln(k + 1) - gammaln(N - k + 1)
        weight = np.exp(log_weight - log_weight.max())
        return weight / weight.sum()

    def draw(
        self, K: int, N: int, P: int, patterns: np.random.Generator, examples: np.random.Generator
    ) -> tuple[Array, Array, float]:
        """ξ* [1, N] from the first generator, K states of its network [K, N] from the second, and their weight 1.

        The number of flipped sites has the exact law; given it, all sets of sites are equally likely.
        """
        archetype = sample_archetypes(1, N, 0.0, patterns)
        flips = examples.choice(N + 1, size=K, p=self.flip_law(N, P))
        states = np.where(np.arange(N) < flips[:, None], np.int8(-1), np.int8(1))
        examples.permuted(states, axis=1, out=states)
        states *= archetype
        return archetype, states, 1.0

    def probes(self, archetypes: Array, entries: Array) -> Array:
        """ξ* [1, N]: no example is condensed by itself."""
        return archetypes.astype(float)
