"""Model: what network is meant. The theory reads its N → ∞ laws, the Monte Carlo a finite realisation of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .errors import ParameterError, check_integer, check_name, check_number
from .exponentials import EXPONENTIAL
from .polynomials import covariance_series
from .protocols import Multitasking, Protocol, Storing, parameters_of, with_parameters

INTERACTIONS = ("tensor", "power")


@dataclass(frozen=True)
class Model:
    """A P-body dense associative network of N → ∞ spins, and the size-independent numbers that define it.

    The Hamiltonian of a realisation with entries t (weights w = 1, or 1/M for single examples) is

    - "tensor": H = −(P!/(2N^{P−1})) Σ_μ w_μ Σ_{i1<…<iP} t_{i1}^μ…t_{iP}^μ s_{i1}…s_{iP} − h Σ_i ξ_i^1 s_i,
      plus Ω g on every tensor entry, with g normal and ν = P! Ω²/(2N^{P−1}) (synaptic noise);
    - "power": H = −(N/2) Σ_μ w_μ x_μ^P − h Σ_i ξ_i^1 s_i with x_μ = (1/N) Σ_i t_i^μ s_i;
    - "log-sum-exp": H = −(1/λ) ln Σ_μ exp(λ N x_μ) − h Σ_i ξ_i^1 s_i, and "sum-exp": −N Σ_μ exp(λ N (x_μ − 1)) in its
      place: without P, with plain patterns, by Monte Carlo only (and `exponential_capacity`).

    Parameters: `P` ≥ 2, interaction order; `protocol`; `alpha` ≥ 0, load, K = 2αN^{P−1}/P! (Gardner's α), or K = e^{αN}
    of exponentials; `nu` ≥ 0, synaptic noise; `field` h ≥ 0 along the first archetype (energies per spin, k_B = 1);
    `interaction`; `lam` λ > 0 of exponentials;
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

    P: int = None  # type: ignore[assignment]  # exponentials have none, and no theory reads them
    protocol: Protocol = Storing()  # noqa: RUF009 (frozen and hashable)
    alpha: float = 0.0
    nu: float = 0.0
    field: float = 0.0
    interaction: str = "tensor"
    lam: float | None = None
    covariance: Sequence[float] | Callable[[float], float] | None = None

    def __post_init__(self) -> None:
        check_name("interaction", self.interaction, (*INTERACTIONS, *EXPONENTIAL))
        if self.interaction in EXPONENTIAL:
            self._check_exponential()
        else:
            P = check_integer("P", self.P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")
            object.__setattr__(self, "P", P)  # a whole float becomes an int
            if self.lam is not None:
                remedy = "It belongs to 'log-sum-exp' and 'sum-exp'."
                raise ParameterError("lam", f"None with {self.interaction!r}", self.lam, remedy)
        if not isinstance(self.protocol, Protocol):
            known = "one of Storing(), Supervised(...), Unsupervised(...), Multitasking(...), TeacherStudent(...)"
            raise ParameterError("protocol", known, self.protocol, "Pass an instance, for example dsm.Storing().")
        for name in ("alpha", "nu", "field"):
            check_number(name, getattr(self, name), low=0)
        self.protocol.check(self.P or 2, self.interaction)
        if self.covariance is not None:
            object.__setattr__(self, "covariance", covariance_series(self.covariance))

    def _check_exponential(self) -> None:
        """An exponential network has λ in the place of P, and plain patterns without further noise."""
        if self.P is not None:
            raise ParameterError("P", f"left out with {self.interaction!r}", self.P, "λ takes its place: pass lam=.")
        check_number("lam", self.lam, low=0, open_low=True, remedy="λ multiplies N x_μ in the exponent: lam=1.0.")
        wanted = {"protocol": Storing(), "nu": 0, "covariance": None}
        for name, value in wanted.items():
            if getattr(self, name) != value:
                remedy = "Exponential networks store plain patterns, without synaptic noise."
                raise ParameterError(name, f"{value} with {self.interaction!r}", getattr(self, name), remedy)

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

        Teacher–student: this is the number of examples, all of one archetype. Exponentials: max(1, round(e^{αN})).

        Raises ParameterError for N < P, and for a number that a float cannot hold.
        """
        N = self._check_size(N)
        if self.lam is not None:
            remedy = "K = e^{αN} patterns are drawn one by one."
            return round(math.exp(check_number("alpha", self.alpha, low=0, high=700 / N, remedy=remedy) * N))
        load = round(2 * self.alpha * N ** (self.P - 1) / math.factorial(self.P))
        if isinstance(self.protocol, Multitasking):
            return self.protocol.K + load
        return max(1, load)

    def Omega(self, N: int) -> float:
        """Synaptic noise amplitude Ω = √(2 ν N^{P−1} / P!) of one tensor entry at size N."""
        N = self._check_size(N)
        return math.sqrt(2 * self.nu * N ** (self.P - 1) / math.factorial(self.P))

    def _check_size(self, N: int) -> int:
        return check_integer("N", N, low=self.P or 1, remedy="A P-body interaction needs at least P spins.")


def check_model(model: Any, exponential: bool = False) -> Model:
    """Return `model` if it is a Model, of an interaction of finite order unless said otherwise, or ParameterError."""
    if not isinstance(model, Model):
        raise ParameterError("model", "a Model", model, "Build one: dsm.Model(P=3, alpha=0.1).")
    if model.lam is not None and not exponential:
        remedy = "simulate draws it, and exponential_capacity has its loads."
        raise ParameterError("model", "of an interaction of finite order P", model.interaction, remedy)
    return model
