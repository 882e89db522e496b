r"""The glass transitions of a covariance ξ(q) of cubic and higher terms, without a field, in one variable.

At θ = 1 and q_1 = 0 the weights of one step make the field that of a planted state: with s = β²ξ′(q),

    q(s) = E tanh(s + √s z),   T²(s) = ξ′(q)/s,   Σ(s) = ln 2 + s/2 − E ln 2cosh(s + √s z) + (s/2)(q − ξ(q)/ξ′(q)).

States exist up to the dynamic transition T_d = max_s T(s); their number e^{NΣ} ceases to be exponential at the static
one, T_K = T(s) where Σ(s) = 0 (crisanti1992; theory/BREAKING.md).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from .noise import Noise

SPACE = np.geomspace(0.3, 300.0, 61)  # of s, where the maximum is bracketed


@lru_cache(maxsize=4096)
def glass_temperatures(coefficients: tuple[float, ...]) -> tuple[float, float]:
    """(T_d, T_K) of ξ(q) = Σ c_k q^k; (0, 0) without terms.

    >>> [round(T, 4) for T in glass_temperatures((0, 0, 0, 0.5))]  # the 3-spin glass
    [0.6816, 0.6514]
    """
    noise = Noise(coefficients)
    if not noise.terms:
        return 0.0, 0.0

    def height(log_s: float) -> float:
        return -squared_temperature(noise, math.exp(log_s))

    grid = np.log(SPACE)
    best = int(np.argmin([height(u) for u in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    top = minimize_scalar(height, bounds=ends, method="bounded", options={"xatol": 1e-9})
    first, last = float(top.x), float(top.x)
    while complexity_of(noise, math.exp(last)) > 0:
        last += 0.5
    where = math.exp(brentq(lambda u: complexity_of(noise, math.exp(u)), first, last, xtol=1e-14))
    return math.sqrt(-float(top.fun)), math.sqrt(squared_temperature(noise, where))


def discontinuous(noise: Noise) -> bool:
    """Whether the glass appears with a finite overlap: no modes, no terms below the third power."""
    return not noise.modes and bool(noise.terms) and all(k > 2 for k, _ in noise.terms)


def squared_temperature(noise: Noise, s: float) -> float:
    """T²(s)."""
    return noise.strength(_planted(s)[0], 0.0) / s


def complexity_of(noise: Noise, s: float) -> float:
    """Σ(s)."""
    q, logs = _planted(s)
    xi = sum(c * q**k for k, c in noise.terms)
    return math.log(2) + s / 2 - logs + s / 2 * (q - xi / noise.strength(q, 0.0))


@lru_cache(maxsize=4096)
def _planted(s: float) -> tuple[float, float]:
    """E tanh(h) and E ln 2cosh(h), h = s + √s z, on midpoints close enough for the pole at distance π/(2√s)."""
    step = min(0.2, 0.3 / math.sqrt(s))
    z = np.arange(-9.0, 9.0, step) + step / 2
    weight = np.exp(-(z**2) / 2) * (step / math.sqrt(2 * math.pi))
    h = s + math.sqrt(s) * z
    return float(weight @ np.tanh(h)), float(weight @ np.logaddexp(h, -h))
