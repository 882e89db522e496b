r"""Exponential interactions in plain NumPy, with A_μ = Σ_i t_i^μ s_i = N x_μ and weights w_μ (1 unless given):

"log-sum-exp": H = −(1/λ) ln Σ_μ w_μ exp(λ A_μ);   "sum-exp": H = −N Σ_μ w_μ exp(λ (A_μ − N)).

Both are minimal at a pattern, near −N each, and with S = −H/N of the second the first is −N − (1/λ) ln S
(lucibello2024, demircigil2017). Exponents are shifted by the largest, or bounded before. "sum-exp" is flat (H = 0)
where every pattern is so far that λ(N − A_μ) > 700; "log-sum-exp" is not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from .errors import ParameterError, check_number

Array = NDArray[Any]
EXPONENTIAL = ("log-sum-exp", "sum-exp")
LARGEST = 600.0  # exponent that may occur


def check_exponential(interaction: str, P: Any, lam: Any, entries: Array, weights: Array, noise: Any) -> float:
    """λ, or ParameterError for what an exponential network cannot have."""
    if P is not None:
        raise ParameterError("P", f"left out with {interaction!r}", P, "λ takes its place: pass lam= alone.")
    remedy = "λ multiplies N x_μ in the exponent: lam=1.0."
    lam = check_number("lam", lam, low=0, open_low=True, remedy=remedy)
    if noise is not None:
        raise ParameterError("noise", f"None with {interaction!r}", "noise", "Synaptic noise has an order P.")
    if interaction == "log-sum-exp" and (weights <= 0).any():
        raise ParameterError("weights", "positive with 'log-sum-exp'", float(weights.min()), "Drop those patterns.")
    N = entries.shape[1]
    with np.errstate(over="ignore"):
        largest = float(np.abs(entries).sum(1, dtype=float).max())
        total = float(np.abs(weights).sum())
    if not lam * largest < 1e300:
        raise ParameterError(
            "lam", "such that λ Σ|t| stays below 1e300", lam * largest, "Scale the entries, lower lam."
        )
    if interaction == "sum-exp" and lam * (largest - N) + math.log(N * max(total, 1.0)) > LARGEST:
        requirement = f"such that λ (Σ|t| − N) + ln(N Σ|w|) stays below {LARGEST:g}"
        value = lam * (largest - N) + math.log(N * max(total, 1.0))
        raise ParameterError("lam", requirement, value, "Scale the entries to modulus 1, or use 'log-sum-exp'.")
    return lam


def energy(A: Array, weights: Array, lam: float, interaction: str, N: int) -> Array:
    """The interaction's share of H for overlaps N x [..., n]: [...].

    >>> float(energy(np.array([4.0]), np.ones(1), 2.0, "log-sum-exp", 4))
    -4.0
    """
    if interaction == "log-sum-exp":
        return -logsumexp(lam * A, axis=-1, b=weights) / lam
    return -N * (np.exp(lam * (A - N)) @ weights)


def cost(y: Array, weights: Array, lam: float, interaction: str) -> Array:
    """What flipping each spin adds to H, [N], from y_i^μ = t_i^μ s_i [n, N]."""
    N = y.shape[1]
    A = y.sum(1)
    flipped = energy((A[:, None] - 2 * y).T, weights, lam, interaction, N)
    return flipped - energy(A, weights, lam, interaction, N)


def relative_cost(lam: float, interaction: str, N: int) -> float:
    """What all flips out of a lone pattern cost together, over 2|H|; P where H has degree P."""
    return 1.0 if interaction == "log-sum-exp" else N * -math.expm1(-2 * lam) / 2
