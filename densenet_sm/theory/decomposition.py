r"""The glass of a network as a sum of glasses: a hard one of spins, and at P = 2 a soft one (theory/DECOMPOSITION.md).

Without condensed patterns, and with λ = 1 − β(1−q), the replica-symmetric pressure of P = 2 obeys

  A(α, β) = A_SK(β₁) + α A_soft(β₂, β) − αβ/2 − β₁²/4,   β₁ = √α β/λ,   β₂ = λ,

every part at its own stationary point (barra2012). For P ≥ 3 it is the hard glass alone, at β₁ = √α β.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import check_integer, check_number
from ..model import Model
from .solver import solve


@dataclass(frozen=True)
class Decomposition:
    """Pressures (ln Z per spin; `soft` per soft variable) of a glass and of its parts.

    pressure, q : of the network without condensed patterns, and its overlap
    hard, beta_hard, q_hard : glass of covariance ξ = q^P/2 (P = 2: SK), its inverse temperature and its own overlap
    soft, beta_soft, p_soft : Gaussian glass, its inverse temperature and its own overlap; zero for P ≥ 3
    elementary : −αβ/2 − β₁²/4 at P = 2, zero for P ≥ 3
    residual : pressure − hard − α soft − elementary
    """

    pressure: float
    q: float
    hard: float
    beta_hard: float
    q_hard: float
    soft: float
    beta_soft: float
    p_soft: float
    elementary: float
    residual: float


def hard_and_soft(alpha: float, T: float, P: int = 2) -> Decomposition:
    """Parts of the glass (above its transition: of the paramagnet) of plain patterns at load α and temperature T.

    Hard: `solve` of the pure P-spin glass, ν = 1, at its own temperature 1/β₁. Soft: `gaussian_glass` at (β₂, β).

    Raises ParameterError for α ≤ 0, T ≤ 0 or P < 2, and ConvergenceError as `solve` does.

    >>> parts = hard_and_soft(alpha=0.5, T=0.6)
    >>> abs(parts.residual) < 1e-12, abs(parts.q - parts.q_hard) < 1e-10, abs(parts.soft) > 0.1
    (True, True, True)
    >>> hard_and_soft(alpha=0.5, T=0.2, P=3).soft
    0.0
    """
    P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction.")
    alpha = check_number("alpha", alpha, low=0, open_low=True, remedy="Without load there is no glass to decompose.")
    T = check_number("T", T, low=0, open_low=True, remedy="Pressures diverge as T → 0.")
    whole = solve(Model(P=P, alpha=alpha), T, start="glass")
    beta, stiffness = 1 / T, 1 - whole.chi if P == 2 else 1.0
    beta_hard = math.sqrt(alpha) * beta / stiffness
    glass = solve(Model(P=P, nu=1.0), 1 / beta_hard, start="glass")
    pressure, hard = -beta * whole.free_energy, -beta_hard * glass.free_energy
    soft, p_soft = gaussian_glass(stiffness, beta) if P == 2 else (0.0, 0.0)
    elementary = -alpha * beta / 2 - beta_hard**2 / 4 if P == 2 else 0.0
    return Decomposition(
        pressure=pressure,
        q=whole.q,
        hard=hard,
        beta_hard=beta_hard,
        q_hard=glass.q,
        soft=soft,
        beta_soft=stiffness if P == 2 else 0.0,
        p_soft=p_soft,
        elementary=elementary,
        residual=pressure - hard - alpha * soft - elementary,
    )


def gaussian_glass(beta: float, mu: float) -> tuple[float, float]:
    """Replica-symmetric pressure and overlap p of the Gaussian (soft) spin glass.

    Z = E_z exp[β Σ_{ab} J_ab z_a z_b/√(2K) − β²(Σ z²)²/(4K) + ½μ Σ z²], z and J normal, K soft variables. Per variable

    A = −½ ln D + ½β²p/D + ¼β²p², D = 1 − μ + β²p, stationary at p = 0 (μ < 1, 1 − μ ≥ β) or D = β, p = (β+μ−1)/β².

    Raises ParameterError for β ≤ 0.

    >>> pressure, p = gaussian_glass(beta=0.5, mu=0.2)  # above its transition, β = 1 − μ: −½ ln(1 − μ)
    >>> round(pressure, 6), p
    (0.111572, 0.0)
    """
    beta = check_number("beta", beta, low=0, open_low=True, remedy="The inverse temperature is positive.")
    mu = check_number("mu", mu, remedy="mu is the curvature added to each soft variable.")
    p = max(0.0, beta + mu - 1) / beta**2
    D = 1 - mu + beta**2 * p
    return -math.log(D) / 2 + beta**2 * p / (2 * D) + (beta * p) ** 2 / 4, p
