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

from ..model import Model


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
