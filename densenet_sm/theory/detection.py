r"""Detection: how far below the noise a lightly loaded network still finds a pattern (theory/DETECTION.md).

K ~ N^b patterns, b < P−1, leave room for synaptic noise Ω ~ N^{(P−1)/2} on every tensor entry, or, when M examples of
quality r interact one by one, for examples of vanishing quality, r → 0 at fixed ρ = (1−r²)/(M r²). The crosstalk of the
latter is α c, c = (1+ρ)^{−P} [1 + ((1+ρM)^P − 1)/M] → M^{P−1} κ^P, κ = ρ/(1+ρ).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import check_integer, check_number
from ..model import Model
from ..protocols import Supervised


@dataclass(frozen=True)
class Exponents:
    """Powers of N that synaptic noise Ω, example quality r and number of examples M go with."""

    Omega: float
    r: float
    M: float


def detection_exponents(P: int, b: float) -> Exponents:
    """Powers of N of the largest noise that K ~ N^b patterns are retrieved under, 0 < b ≤ P−1.

    Ω ~ N^{(P−1)/2} on synapses, whatever b; r ~ N^{−(P−1−b)/(2(P−1))} in examples that interact one by one, with
    M ~ N^{(P−1−b)/(P−1)} of them so that ρ stays as it is. b = P−1 is the storage regime: r and M finite.

    Raises ParameterError for P < 2 or b outside (0, P−1]: with finitely many archetypes the crosstalk of poor examples
    is not Gaussian.

    >>> detection_exponents(P=4, b=1)
    Exponents(Omega=1.5, r=-0.3333333333333333, M=0.6666666666666666)
    """
    P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")
    check_number("b", b, low=0, high=P - 1, open_low=True, remedy="K ~ N^b patterns, up to the storage regime b = P-1.")
    spare = (P - 1 - b) / (P - 1)
    return Exponents((P - 1) / 2, -spare / 2, spare)


def data_noise_limit(P: int, rho: float, load: float) -> Model:
    """What Unsupervised(r, M = (1−r²)/(ρr²)) becomes as r → 0 at fixed ρ and load = α c, the crosstalk of the examples.

    P ≥ 3: averaged examples of that ρ, large-M law, at α = load; P = 2: that law under the noise of `FaintExamples`.
    The archetype state is meant, all examples equal; deviations of m and f at finite r are of order r².

    Raises ParameterError for P < 2, ρ < 0 or load < 0.

    >>> data_noise_limit(P=3, rho=0.5, load=0.1) == Model(P=3, protocol=Supervised(rho=0.5), alpha=0.1)
    True
    """
    P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")
    check_number("rho", rho, low=0, remedy="rho = (1-r^2)/(M r^2) is the data-set entropy.")
    if P > 2:
        return Model(P=P, protocol=Supervised(rho=rho), alpha=load)
    if rho == 0:  # infinitely many modes of vanishing weight: Gaussian couplings (sherrington1975)
        return Model(P=2, nu=load)
    return Model(P=2, protocol=FaintExamples(rho=rho), alpha=load)


@dataclass(frozen=True)
class FaintExamples(Supervised):
    """P = 2, unsupervised examples as r → 0 at fixed ρ: the law of `Supervised(rho=)`, and noise of their differences.

    Per archetype the mode along it is nothing beside M of weight κ = ρ/(1+ρ). The load α is counted as α c, so that
    the modes' load is α/κ²: strength α q/λ², λ = 1 − κβ(1−q). Theory only.

    >>> FaintExamples(rho=1.0).crosstalk_modes()
    [(4.0, 0.5)]
    """

    def crosstalk_modes(self) -> list[tuple[float, float]]:
        """P = 2: (multiplicity, κ), the multiplicity in units of the load α c."""
        kappa = self.entropy / (1 + self.entropy)
        return [(1 / kappa**2, kappa)]
