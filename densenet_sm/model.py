"""Model: what network is meant. The theory reads its N → ∞ laws, the Monte Carlo a finite realisation of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .errors import ParameterError, check_integer, check_name, check_number
from .polynomials import covariance_series
from .protocols import Multitasking, Protocol, Storing, parameters_of, with_parameters

INTERACTIONS = ("tensor", "power")


@dataclass(frozen=True)
class Model:
    """A P-body dense associative network of N → ∞ spins, and the size-independent numbers that define it.

    The Hamiltonian of a realisation with entries t (weights w = 1, or 1/M for single examples) is

    - "tensor": H = −(P!/(2N^{P−1})) Σ_μ w_μ Σ_{i1<…<iP} t_{i1}^μ…t_{iP}^μ s_{i1}…s_{iP} − h Σ_i ξ_i^1 s_i,
      plus Ω g on every tensor entry, with g normal and ν = P! Ω²/(2N^{P−1}) (synaptic noise);
    - "power": H = −(N/2) Σ_μ w_μ x_μ^P − h Σ_i ξ_i^1 s_i with x_μ = (1/N) Σ_i t_i^μ s_i.

    Parameters: `P` ≥ 2, interaction order; `protocol`; `alpha` ≥ 0, load, K = 2αN^{P−1}/P! (Gardner's α);
    `nu` ≥ 0, synaptic noise; `field` h ≥ 0 along the first archetype (energies per spin, k_B = 1); `interaction`;
    `covariance`, noise of your own in the theory: ξ(q) = Σ_k c_k q^k with Cov(H, H′) = N ξ(q) for spins of overlap q,
    added to that of `alpha` and `nu`. It is given as (c_0, c_1, …) or as a function of q on [−1, 1], and kept as the
    coefficients, which must not be negative (schoenberg1942). It has no realisations: only the theory reads it.

    Raises ParameterError naming the parameter, its range, the value and the remedy. Reference: gardner1987.

    >>> model = Model(P=3, alpha=0.1)
    >>> model.n_patterns(100)
    333
    >>> model.replace(alpha=0.2).alpha
    0.2
    >>> own = Model(P=3, covariance=lambda q: 0.05 * q**3)  # the noise that alpha = 0.1 makes
    >>> [round(c, 12) for c in own.covariance]
    [0.0, 0.0, 0.0, 0.05]
    """

    P: int
    protocol: Protocol = Storing()  # noqa: RUF009 (frozen and hashable)
    alpha: float = 0.0
    nu: float = 0.0
    field: float = 0.0
    interaction: str = "tensor"
    covariance: Sequence[float] | Callable[[float], float] | None = None

    def __post_init__(self) -> None:
        P = check_integer("P", self.P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")
        object.__setattr__(self, "P", P)  # a whole float becomes an int
        if not isinstance(self.protocol, Protocol):
            known = "one of Storing(), Supervised(...), Unsupervised(...), Multitasking(...), TeacherStudent(...)"
            raise ParameterError("protocol", known, self.protocol, "Pass an instance, for example dsm.Storing().")
        for name in ("alpha", "nu", "field"):
            check_number(name, getattr(self, name), low=0)
        check_name("interaction", self.interaction, INTERACTIONS)
        self.protocol.check(P, self.interaction)
        if self.covariance is not None:
            object.__setattr__(self, "covariance", covariance_series(self.covariance))

    def replace(self, **changes: Any) -> Model:
        """Copy with parameters changed; those of the protocol (r, M, rho, K, d, T_teacher) are reached by name too.

        >>> Model(P=3, protocol=Multitasking(K=2, d=0.1)).replace(d=0.2).protocol.d
        0.2
        """
        own = {k: v for k, v in changes.items() if k in self.__dataclass_fields__}
        rest = {k: v for k, v in changes.items() if k not in self.__dataclass_fields__}
        protocol = own.pop("protocol", self.protocol)
        for name in rest:
            check_name("parameter", name, (*self.__dataclass_fields__, *parameters_of(protocol)))
        return replace(self, protocol=with_parameters(protocol, rest) if rest else protocol, **own)

    def get(self, name: str) -> float:
        """Value of a parameter of the model or of its protocol, by name."""
        if name in self.__dataclass_fields__:
            return getattr(self, name)
        holder: Any = self.protocol
        check_name("parameter", name, (*self.__dataclass_fields__, *parameters_of(holder)))
        if name not in holder.__dataclass_fields__:
            holder = holder.data
        return getattr(holder, name)

    def n_patterns(self, N: int) -> int:
        """Number of archetypes at size N: max(1, round(2αN^{P−1}/P!)); multitasking: K plus that round.

        Teacher–student: this is the number of examples, all of one archetype.

        Raises ParameterError for N < P.
        """
        N = self._check_size(N)
        load = round(2 * self.alpha * N ** (self.P - 1) / math.factorial(self.P))
        if isinstance(self.protocol, Multitasking):
            return self.protocol.K + load
        return max(1, load)

    def Omega(self, N: int) -> float:
        """Synaptic noise amplitude Ω = √(2 ν N^{P−1} / P!) of one tensor entry at size N."""
        N = self._check_size(N)
        return math.sqrt(2 * self.nu * N ** (self.P - 1) / math.factorial(self.P))

    def _check_size(self, N: int) -> int:
        return check_integer("N", N, low=self.P, remedy="A P-body interaction needs at least P spins.")


def check_model(model: Any) -> Model:
    """Return `model` if it is a Model, or raise ParameterError."""
    if not isinstance(model, Model):
        raise ParameterError("model", "a Model", model, "Build one: dsm.Model(P=3, alpha=0.1).")
    return model
