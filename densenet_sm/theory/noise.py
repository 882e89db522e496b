r"""Covariance of the crosstalk noise: Cov(H, H') = N ξ(q), and the P = 2 determinant noise.

Polynomial part, ξ(q) = Σ_k c_k q^k: strength ξ'(q), G = (β²/2)[ξ(1) − ξ(q)].
P = 2 is not a polynomial: every Gaussian mode (load a, weight κ) has, with C = β(1−q) and λ = 1 − κC, the strength
a κ² q/λ² and G = −(a/2)[ln λ − βκq/λ + κβ] (amit1987; theory/NOISE.md). Everything here is finite at T = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Model

Array = NDArray[Any]


@dataclass(frozen=True)
class Noise:
    """Noise of a model: coefficients c_k of q^k (index k) and modes (a, κ); arguments q and C = β(1−q)."""

    coefficients: tuple[float, ...]
    modes: tuple[tuple[float, float], ...] = ()

    @cached_property
    def terms(self) -> list[tuple[int, float]]:
        """(k, c_k) of the terms that vary with q."""
        return [(k, c) for k, c in enumerate(self.coefficients) if k and c]

    @property
    def silent(self) -> bool:
        """No noise at all: T = 0 averages are then over atoms."""
        return not self.terms and not self.modes

    @cached_property
    def largest_C(self) -> float:
        """C must stay below this: at 1 − κC = 0 the Gaussian fluctuations of the P = 2 overlaps diverge."""
        return min((1 / kappa for _, kappa in self.modes), default=math.inf)

    def strength(self, q: float, C: float) -> float:
        """σ² = φ/β² = ξ'(q) + Σ a κ² q/λ², the variance of the noise field."""
        polynomial = [k * c * q ** (k - 1) for k, c in self.terms]
        return sum([a * k**2 * q / (1 - k * C) ** 2 for a, k in self.modes], sum(polynomial))

    def strengths(self, q: Array, C: float, D: Array) -> Array:
        """σ_i² [k+1] for overlaps q_1 … q_{k+1}, C = β(1 − q_{k+1}) and tilts D [k]: ξ′(q_i), and for a mode

        σ_1² = a κ² q_1/Λ_1², σ²_{i+1} − σ_i² = a κ² (q_{i+1} − q_i)/(Λ_i Λ_{i+1}); Λ as in `_lambdas`.
        """
        total = sum([k * c * q ** (k - 1) for k, c in self.terms], np.zeros(len(q)))
        for a, k in self.modes:
            L = _lambdas(k, q, C, D)
            total = total + a * k**2 * np.cumsum([q[0] / L[0] ** 2, *(np.diff(q) / (L[:-1] * L[1:]))])
        return total

    def legendre(self, q: Array, C: float, D: Array, T: float) -> float:
        """TG: ½C[ξ(1)−ξ(q_{k+1})]/(1−q_{k+1}) + ½ΣD_i[ξ(q_{i+1})−ξ(q_i)]; and for a mode

        −(a/2)[T ln Λ_{k+1} + Σ (1/D_i) ln(Λ_i/Λ_{i+1}) − κ q_1/Λ_1 + κ].
        """
        slope = sum([c * sum([q[-1] ** j for j in range(k)]) for k, c in self.terms])
        levels = sum([c * q**k for k, c in self.terms], np.zeros(len(q)))
        total = C * slope / 2 + float(D @ np.diff(levels)) / 2
        for a, k in self.modes:
            L = _lambdas(k, q, C, D)
            logs = T * math.log(L[-1]) + float((np.log(L[:-1] / L[1:]) / D).sum())
            total -= a / 2 * (logs - k * q[0] / L[0] + k)
        return float(total)

    def gains(self, q: Array, C: float, D: Array) -> Array:
        """∂TG/∂D_i [k] at fixed overlaps."""
        levels = sum([c * q**k for k, c in self.terms], np.zeros(len(q)))
        total = np.diff(levels) / 2
        for a, k in self.modes:
            L, step = _lambdas(k, q, C, D), k * np.diff(q)
            # Λ_j falls by κ(q_{i+1} − q_i) for every j ≤ i
            for i in range(len(D)):
                own = -math.log(L[i] / L[i + 1]) / D[i] ** 2
                fall = -step[i] * (
                    sum(1 / (D[j] * L[j]) for j in range(i + 1)) - sum(1 / (D[j] * L[j + 1]) for j in range(i))
                )
                total[i] -= a / 2 * (own + fall - k * q[0] / L[0] ** 2 * step[i])
        return total

    def broken_energy(self, q: Array, C: float, D: Array, T: float) -> float:
        """−∂(β TG)/∂β at fixed q and θ: −C[ξ(1)−ξ(q_{k+1})]/(1−q_{k+1}) − ΣD_i[ξ(q_{i+1})−ξ(q_i)]; and for a mode

        (a/2)[T(1 − 1/Λ_{k+1}) + Σ (1/D_i)(1/Λ_{i+1} − 1/Λ_i) − κ q_1/Λ_1² + κ].
        """
        slope = sum([c * sum([q[-1] ** j for j in range(k)]) for k, c in self.terms])
        levels = sum([c * q**k for k, c in self.terms], np.zeros(len(q)))
        total = -C * slope - float(D @ np.diff(levels))
        for a, k in self.modes:
            L = _lambdas(k, q, C, D)
            steps = float(((1 / L[1:] - 1 / L[:-1]) / D).sum())
            total += a / 2 * (T * (1 - 1 / L[-1]) + steps - k * q[0] / L[0] ** 2 + k)
        return float(total)

    def rigidities(self, q: Array, C: float, D: Array) -> Array:
        """ξ″(q_i) [k+1], of a mode a κ²/Λ_i²."""
        total = sum([k * (k - 1) * c * q ** (k - 2) for k, c in self.terms if k > 1], np.zeros(len(q)))
        return total + sum([a * k**2 / _lambdas(k, q, C, D) ** 2 for a, k in self.modes], np.zeros(len(q)))

    def bounded(self, q: Array, C: float, D: Array) -> bool:
        """Whether all Λ_i > 0: else the Gaussian fluctuations of the P = 2 overlaps diverge."""
        return all(bool((_lambdas(k, q, C, D) > 0).all()) for _, k in self.modes)

    def gradient(self, q: float, C: float) -> tuple[float, float]:
        """(∂σ²/∂q, ∂σ²/∂C)."""
        return self.rigidity(q, C), sum([2 * a * k**3 * q / (1 - k * C) ** 3 for a, k in self.modes])

    def rigidity(self, q: float, C: float) -> float:
        """ξ''(q) + Σ a κ²/λ²: times β² E sech⁴ g it is what the replicon subtracts from 1."""
        polynomial = [k * (k - 1) * c * q ** (k - 2) for k, c in self.terms if k > 1]
        return sum([a * k**2 / (1 - k * C) ** 2 for a, k in self.modes], sum(polynomial))

    def energy(self, q: float, C: float) -> float:
        """−∂G/∂β at fixed q: −β[ξ(1) − ξ(q)] − Σ (a κ² C/2)(1/λ + q/λ²)."""
        slope = sum([c * sum([q**j for j in range(k)]) for k, c in self.terms])
        return -C * (slope + sum([a * k**2 / 2 * (1 / (1 - k * C) + q / (1 - k * C) ** 2) for a, k in self.modes]))

    def entropy(self, q: float, C: float) -> float:
        """G − β ∂G/∂β + ½φ(1−q): −(β²/2)[ξ(1) − ξ(q) − (1−q) ξ'(q)] − Σ (a/2)[ln λ + (1−λ)/λ]."""
        curvature = sum([c * sum([(j + 1) * q**j for j in range(k - 1)]) for k, c in self.terms])
        modes = sum([a / 2 * (math.log1p(-k * C) + k * C / (1 - k * C)) for a, k in self.modes])
        return -(C**2) / 2 * curvature - modes


def _lambdas(kappa: float, q: Array, C: float, D: Array) -> Array:
    """Λ_{k+1} = 1 − κC, Λ_i = Λ_{i+1} − κ D_i (q_{i+1} − q_i)."""
    return 1 - kappa * (C + np.append(np.cumsum((D * np.diff(q))[::-1])[::-1], 0.0))


def noise_of(model: Model) -> Noise:
    """Noise of a model's uncondensed patterns and synapses, and a covariance given with it.

    Tensor, P ≥ 3: (α c_P/2) q^P. Power, P ≥ 3: (α/(2P!)) Σ_k k! h_k² c_k q^k with z^P = Σ_k h_k He_k(z). P = 2: modes
    of load α. Synaptic noise: (ν/2) q^P. The c_k are the protocol's (1 unless examples interact one by one). The
    coefficients of `model.covariance` are added.

    >>> noise_of(Model(P=4, alpha=1.0, interaction="power")).coefficients  # (α/2)(q⁴ + 3q²)
    (0.0, 0.0, 1.5, 0.0, 0.5)
    """
    P, alpha, protocol = model.P, model.alpha, model.protocol
    coefficients = [0.0] * (P + 1)
    modes: tuple[tuple[float, float], ...] = ()
    if P == 2:
        modes = tuple((alpha * count, kappa) for count, kappa in protocol.crosstalk_modes() if alpha > 0)
    elif model.interaction == "tensor":
        coefficients[P] = alpha * protocol.crosstalk_factor(P, P) / 2
    else:
        for k in range(P % 2 or 2, P + 1, 2):
            hermite = math.factorial(P) / (math.factorial(k) * math.factorial((P - k) // 2) * 2 ** ((P - k) // 2))
            factor = alpha * protocol.crosstalk_factor(k, P) / (2 * math.factorial(P))
            coefficients[k] = factor * math.factorial(k) * hermite**2
    coefficients[P] += model.nu / 2
    own: Any = model.covariance or ()
    return Noise(tuple(a + b for a, b in zip_longest(coefficients, own, fillvalue=0.0)), modes)
