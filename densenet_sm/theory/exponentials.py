r"""Exponential networks at K = e^{αN} random patterns: the loads at which a pattern is lost in the noise of all others.

At a state of overlap m with ξ^1 the pattern's own term is e^{λNm}; the others, independent of that state, sum to

    Σ_{μ≠1} e^{λ N x_μ} ~ e^{N φ},   φ(α, λ) = max_{x: s(x) ≤ α} [α − s(x) + λx],

as e^{N(α − s(x))} of them have overlap x: the partition function of a random energy model (derrida1981, lucibello2024).
With ζ(λ) = max_x [λx − s(x)] it is α + ζ(λ) down to α_c = s(ζ'(λ)), below which it is condensed in the few patterns at
s(x) = α, φ = λx. s(x) is the rate function of the overlap of independent patterns:

    "sign"    ξ_i = ±1      s = ½[(1+x) ln(1+x) + (1−x) ln(1−x)]     ζ = ln cosh λ
    "sphere"  |ξ|² = N      s = −½ ln(1 − x²)                        ζ' = (√(1+4λ²) − 1)/(2λ)
    "normal"  ξ_i normal    s = x²/2                                 ζ = λ²/2

Assumed: exponents decide (N → ∞ at fixed α), and the state is independent of the other patterns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from scipy.optimize import brentq

from ..errors import ParameterError, check_name, check_number

PATTERNS = ("sign", "sphere", "normal")
STEEPEST = 1e100  # of λ and p: squares are finite


@dataclass(frozen=True)
class ExponentialCapacity:
    """Loads α = ln K/N of an exponential network; `basin(alpha)` is the overlap from which a pattern wins.

    typical : α_1, where the own term of a typical pattern equals all others, φ(α_1, λ) = λ
    every : below it, so do the own terms of all patterns at the same time (a lower bound)
    condensation : α_c, below which few patterns make the noise
    flips, every_flips : the same two for stability against flips of single spins (NaN for patterns that are no signs)

    >>> round(exponential_capacity(1.0).basin(0.3), 3)
    0.733
    """

    lam: float
    patterns: str
    typical: float
    every: float
    condensation: float
    flips: float
    every_flips: float

    def noise(self, alpha: float) -> float:
        """φ(α, λ), the exponent per spin of what the other patterns sum to.

        >>> round(exponential_capacity(2.0, "normal").noise(0.5), 3)  # condensed: λ √(2α)
        2.0
        """
        check_number("alpha", alpha, low=0)
        if alpha >= self.condensation:
            return alpha + _zeta(self.patterns, self.lam)
        return self.lam * _overlap_at(self.patterns, alpha)

    def basin(self, alpha: float) -> float:
        """The overlap m = φ/λ with a pattern above which its own term is the largest: the next state is near it.

        Raises ParameterError where it is above 1: at α > `typical` there is none.
        """
        overlap = self.noise(alpha) / self.lam
        if overlap > 1:
            remedy = f"Patterns are lost above {self.typical:.6g}."
            raise ParameterError("alpha", "at most the typical capacity", alpha, remedy)
        return overlap


def exponential_capacity(lam: float, patterns: str = "sign") -> ExponentialCapacity:
    r"""Loads α = ln K/N up to which H = −(1/λ) ln Σ exp(λ N x_μ) (or Σ exp(λN(x_μ − 1))) keeps random patterns.

    typical: α_1 = u − ζ(u) at u = min(λ, u_1), ζ'(u_1) = 1. It is λ − ln cosh λ for signs, which tends to ln 2, the
    capacity of a random code; λ − ζ(λ) on the sphere, without bound; λ − λ²/2 up to λ = 1 and ½ beyond for normal
    entries.

    every: by Markov's inequality for (Σ_μ e^{λNx_μ})^{u/λ} and the sum over patterns, α_1/2 is a lower bound for signs
    and on the sphere. Normal patterns are of different lengths, |ξ|² = ρN with rate ½(ρ − 1 − ln ρ): the short ones are
    lost first, at ¼ ln(1 + 2α_1).

    flips: what a flip changes in the other terms, ∓2 sinh λ e^{λ(Nx − y)}, has zero mean and a variance of exponent
    α + ζ(2λ), so that a typical pattern of signs is a local minimum of H up to α_1(2λ). All are up to
    min{½ ln 2, α_1(2λ)} (by Rosenthal's inequality for high moments); at λ = 1 this is demircigil2017's ½ ln 2.

    Raises ParameterError for λ ≤ 0 or unknown patterns. Returns an ExponentialCapacity.

    >>> found = exponential_capacity(1.0)
    >>> round(found.typical, 6), round(found.every_flips, 6)  # 1 − ln cosh 1, ½ ln 2
    (0.566219, 0.346574)
    """
    lam = check_number("lam", lam, low=0, high=STEEPEST, open_low=True)
    check_name("patterns", patterns, PATTERNS)
    typical = _typical(patterns, lam)
    every = math.log1p(2 * typical) / 4 if patterns == "normal" else typical / 2
    flips = _typical(patterns, 2 * lam) if patterns == "sign" else math.nan
    condensation = _rate(patterns, lam)
    every_flips = min(math.log(2) / 2, flips) if patterns == "sign" else math.nan
    return ExponentialCapacity(lam, patterns, typical, every, condensation, flips, every_flips)


def power_capacity(p: float, patterns: str = "sign") -> float:
    r"""α_1 = min_{x ≤ 1} [s(x) − p ln x], the load up to which H ∝ −Σ_μ x_μ^P of order P = pN keeps a typical pattern.

    It is the random energy model with e^{λNx} replaced by x^{pN}, and the minimum is at x atanh x = p for signs; a
    typical pattern of signs is stable against single flips up to the same at 2p, which continues K ~ N^{P−1}/(2P−3)!!
    of P ≪ N. As −ln x ≥ 1 − x it is never below `exponential_capacity(p).typical`; both tend
    to ln 2 for signs, and to ½ for normal entries, where both find the nearest pattern.

    Raises ParameterError for p ≤ 0 or unknown patterns.

    >>> round(power_capacity(1.0), 6), round(power_capacity(40.0), 6)
    (0.588633, 0.693147)
    """
    p = check_number("p", p, low=0, high=STEEPEST, open_low=True, remedy="p is the order per spin, P/N.")
    check_name("patterns", patterns, PATTERNS)
    if patterns == "normal":
        return p * (1 - math.log(p)) / 2 if p < 1 else 0.5
    if patterns == "sphere":
        return math.log1p(p) / 2 + p * math.log1p(1 / p) / 2
    # x = tanh(a), a tanh(a) = p: near x = 1 a is the better unknown
    a = float(brentq(lambda a: a * math.tanh(a) - p, 0.0, p + 1 + math.sqrt(p), xtol=1e-14))
    return _rate("sign", a) - p * math.log(math.tanh(a))


def _typical(patterns: str, lam: float) -> float:
    if patterns == "sign":
        return -math.log1p(math.expm1(-2 * lam) / 2)  # λ − ln cosh λ
    if patterns == "normal":
        u = min(lam, 1.0)
        return u - u**2 / 2
    root = math.hypot(1, 2 * lam)
    far = (1 + 1 / (root + 2 * lam)) / (1 + root)  # 1 − x
    return lam * far - math.log(_slope(patterns, lam) / lam) / 2


def _zeta(patterns: str, lam: float) -> float:
    """ζ(λ) = max_x [λx − s(x)]."""
    if patterns == "sign":
        return lam - _typical("sign", lam)
    if patterns == "normal":
        return lam**2 / 2
    x = _slope(patterns, lam)
    return lam * x + math.log(x / lam) / 2  # 1 − x² = x/λ


def _slope(patterns: str, lam: float) -> float:
    """ζ'(λ), the overlap of the patterns that make the noise."""
    if patterns == "sign":
        return math.tanh(lam)
    return lam if patterns == "normal" else 2 * lam / (1 + math.sqrt(1 + 4 * lam**2))


def _rate(patterns: str, lam: float) -> float:
    """s(ζ'(λ)) = λ ζ'(λ) − ζ(λ)."""
    if patterns == "sign":  # with 1 − tanh λ in the place of two large numbers
        return _typical("sign", lam) - 2 * lam * math.exp(-2 * lam) / (1 + math.exp(-2 * lam))
    if patterns == "sphere":
        return -math.log(_slope(patterns, lam) / lam) / 2
    return lam**2 / 2


def _overlap_at(patterns: str, alpha: float) -> float:
    """x > 0 with s(x) = α, for α below that of x = 1."""
    if patterns == "normal":
        return math.sqrt(2 * alpha)
    if patterns == "sphere":
        return math.sqrt(-math.expm1(-2 * alpha))
    return float(brentq(partial(_excess, alpha=alpha), 0.0, 1.0, xtol=1e-15))


def _excess(x: float, alpha: float) -> float:
    rest = (1 - x) * math.log1p(-x) if x < 1 else 0.0
    return ((1 + x) * math.log1p(x) + rest) / 2 - alpha
