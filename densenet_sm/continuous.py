"""The continuous form of the exponential network: modern Hopfield memories, and what is proved of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj
from scipy.special import wrightomega

from .errors import ParameterError, check_integer, check_number

Array = Any  # of NumPy, CuPy or another library of the array API standard
WEIGHT = 0.9  # share of the weight that the patterns of a fixed point hold
PATTERN, METASTABLE, GLOBAL = "pattern", "metastable", "global"
HEADROOM = 1e-6  # of the largest float, for sums


@dataclass(frozen=True)
class FixedPoint:
    """End of `ModernHopfield.retrieve`, of one state or many: x [..., d], weights of the patterns [..., K], updates.

    `converged`: the last update moved x by no more than the tolerance. `patterns`: how many hold 0.9 of the weight;
    `kind`: "pattern" if it is one, "global" if it is as many as equal weights need (⌈0.9 K⌉), else "metastable".

    >>> ModernHopfield([[1.0, 0.0], [0.0, 1.0]], beta=0.1).retrieve([1.0, 0.0]).kind
    'global'
    """

    x: Array
    weights: Array
    updates: int
    converged: Any
    patterns: Any
    kind: Any


class ModernHopfield:
    r"""Continuous states x ∈ R^d that fall to patterns ξ^μ, the rows of a matrix [K, d], M = max_μ |ξ^μ|.

    E(x) = −(1/β) ln Σ_μ exp(β ξ^μ·x) + |x|²/2 + (1/β) ln K + M²/2, with 0 ≤ E ≤ 2M² for |x| ≤ M. The update

        x ← Σ_μ p_μ ξ^μ,   p = softmax(β ξ·x),

    minimises a bound of E that touches it at x, so that E never rises. States [d] or [..., d]; patterns of NumPy, CuPy
    or another library of the array API standard, which is then that of the results. Exponents are shifted by the
    largest: no β overflows.

    Raises ParameterError for patterns that are no matrix or not finite, and for β ≤ 0. Reference: ramsauer2021.

    >>> net = ModernHopfield([[2.0, 0.0], [0.0, 2.0]], beta=4.0)
    >>> net.retrieve([1.5, 0.5]).x.round(3).tolist()
    [2.0, 0.0]
    """

    def __init__(self, patterns: Any, beta: float):
        self._xp = _namespace(patterns)
        self.patterns = self._array("patterns", patterns)
        if self.patterns.ndim != 2 or 0 in self.patterns.shape:
            remedy = "One row for every pattern."
            raise ParameterError("patterns", "a matrix of shape [K, d]", tuple(self.patterns.shape), remedy)
        self.K, self.d = self.patterns.shape
        remedy = "β multiplies ξ·x in the exponent; β → ∞ takes the nearest pattern."
        self.beta = check_number("beta", beta, low=0, open_low=True, remedy=remedy)
        self._largest = float(self._xp.max(self._xp.abs(self.patterns)))
        self._bounded("patterns", self._largest, self.patterns)
        self.radius = float(self._xp.max(self._norm(self.patterns)))

    def energy(self, x: Any) -> Any:
        """E of states [..., d]: a number each.

        >>> float(ModernHopfield([[1.0, 1.0]], beta=3.0).energy([1.0, 1.0]))  # K = 1: |x − ξ|²/2
        0.0
        """
        x = self._states(x)
        a = self.beta * (x @ self.patterns.T)
        top = self._xp.max(a, axis=-1, keepdims=True)
        excess = self._xp.log(self._xp.sum(self._xp.exp(a - top), axis=-1) / self.K)  # in [−ln K, 0]
        bound = -(top[..., 0] + excess) / self.beta
        return bound + (self._xp.sum(x * x, axis=-1) + self.radius**2) / 2

    def weights(self, x: Any) -> Array:
        """p = softmax(β ξ·x) of states [..., d]: [..., K]."""
        return self._softmax(self._states(x))

    def update(self, x: Any) -> Array:
        """Σ_μ p_μ ξ^μ of states [..., d]: [..., d].

        >>> ModernHopfield([[2.0], [-2.0]], beta=0.5).update([0.0]).tolist()
        [0.0]
        """
        return self.weights(x) @ self.patterns

    def retrieve(self, x: Any, tolerance: float = 1e-9, updates: int = 10_000) -> FixedPoint:
        """Update states [..., d] until none moves by more than tolerance × M, or so many times. Returns a FixedPoint.

        A FixedPoint that is not converged says so: near β where fixed points merge, convergence is slow. No tolerance
        is below eight roundings of the arithmetic (single precision: 1e-6).

        >>> ModernHopfield([[2.0, 0.0], [0.0, 2.0]], beta=4.0).retrieve([[1.5, 0.5], [0.0, 0.1]]).kind.tolist()
        ['pattern', 'pattern']
        """
        tolerance = max(check_number("tolerance", tolerance, low=0), 8 * float(self._xp.finfo(self.patterns.dtype).eps))
        updates = check_integer("updates", updates, low=1)
        x = self._states(x)
        done = 0
        moved = self._xp.full(x.shape[:-1], math.inf)
        while done < updates and bool(self._xp.any(moved > tolerance * self.radius)):
            new = self._softmax(x) @ self.patterns
            moved, x, done = self._norm(new - x), new, done + 1
        p = self._softmax(x)
        number, kind = self._classified(p)
        still = np.asarray(self._host(moved <= tolerance * self.radius))
        single = x.ndim == 1
        return FixedPoint(
            x, p, done, bool(still) if single else still, int(number) if single else number,
            str(kind) if single else kind,
        )  # fmt: skip

    def separations(self) -> Array:
        """Δ_μ = ξ^μ·ξ^μ − max_{ν≠μ} ξ^μ·ξ^ν of every pattern, [K]; infinite for K = 1.

        >>> ModernHopfield([[2.0, 0.0], [1.0, 1.0]], beta=1.0).separations().tolist()
        [2.0, 0.0]
        """
        xp, rows = self._xp, max(1, (1 << 22) // self.K)
        parts = []
        for begin in range(0, self.K, rows):
            some = self.patterns[begin : min(begin + rows, self.K), :]
            products = some @ self.patterns.T
            own = xp.arange(self.K)[None, :] == xp.arange(begin, begin + some.shape[0])[:, None]
            parts.append(xp.sum(some * some, axis=1) - xp.max(xp.where(own, -math.inf, products), axis=1))
        return xp.concat(parts)

    def error_bound(self, distance: float = 0.0) -> Array:
        r"""Largest |update(x) − ξ^μ| that is possible for |x − ξ^μ| ≤ distance, for every pattern: [K].

        update(x) − ξ^μ = Σ_{ν≠μ} p_ν (ξ^ν − ξ^μ), of norm ≤ 2M(1 − p_μ), and x·(ξ^μ − ξ^ν) ≥ Δ_μ − 2M·distance, so

            |update(x) − ξ^μ| ≤ 2M min{1, (K − 1) exp(−β (Δ_μ − 2M·distance))}     (ramsauer2021, theorem 5).

        >>> ModernHopfield([[2.0, 0.0], [0.0, 2.0]], beta=4.0).error_bound().round(9).tolist()
        [4.5e-07, 4.5e-07]
        """
        check_number("distance", distance, low=0)
        if self.K == 1:
            return self._xp.zeros(1)
        exponent = math.log(self.K - 1) - self.beta * (self.separations() - 2 * self.radius * distance)
        return 2 * self.radius * self._xp.exp(self._xp.minimum(exponent, self._xp.zeros_like(exponent)))

    def well_separated(self) -> Array:
        """Whether Δ_μ ≥ 2/(βK) + (1/β) max{0, ln(2(K − 1)KβM²)}, of every pattern: [K].

        Then `error_bound` at distance 1/(βKM) is at most that distance: the update maps the ball around the pattern
        into itself, and a fixed point lies in it, by Brouwer's theorem (ramsauer2021, theorem 4, lemma A4). Patterns
        are at least Δ_μ/M apart, so that balls of such patterns do not meet: the logarithm counts from zero.

        >>> ModernHopfield([[3.0, 0.0], [0.0, 3.0]], beta=1.0).well_separated().tolist()
        [True, True]
        """
        if self.K == 1:
            return self._xp.ones(1) > 0
        size = 2 * (self.K - 1) * self.K * self.beta * self.radius**2
        least = 2 / (self.beta * self.K) + max(0.0, math.log(size) if size > 0 else 0.0) / self.beta
        return self.separations() >= least

    def _classified(self, p: Array) -> tuple[Any, Any]:
        """How many patterns hold 0.9 of the weights [..., K], and what kind of fixed point that is, on the host."""
        falling = -np.sort(-np.asarray(self._host(p)), axis=-1)
        number = 1 + (np.cumsum(falling, axis=-1) < WEIGHT - 1e-9).sum(-1)
        equal = math.ceil(WEIGHT * self.K - 1e-9)
        return number, np.where(number == 1, PATTERN, np.where(number >= equal, GLOBAL, METASTABLE))

    def _softmax(self, x: Array) -> Array:
        a = self.beta * (x @ self.patterns.T)
        p = self._xp.exp(a - self._xp.max(a, axis=-1, keepdims=True))
        return p / self._xp.sum(p, axis=-1, keepdims=True)

    def _norm(self, x: Array) -> Array:
        return self._xp.sqrt(self._xp.sum(x * x, axis=-1))

    def _host(self, x: Array) -> Any:
        return x.get() if hasattr(x, "get") else x

    def _states(self, x: Any) -> Array:
        states = self._array("x", x)
        if states.ndim == 0 or states.shape[-1] != self.d:
            remedy = "The last axis runs over the components of a pattern."
            raise ParameterError("x", f"of shape [{self.d}] or [..., {self.d}]", tuple(states.shape), remedy)
        if math.prod(states.shape):
            self._bounded("x", float(self._xp.max(self._xp.abs(states))), states)
        return states

    def _bounded(self, name: str, largest: float, array: Array) -> None:
        """ParameterError where β d |x| |ξ| or d x² could overflow in the arithmetic of the array."""
        limit = HEADROOM * min(float(self._xp.finfo(a.dtype).max) for a in (array, self.patterns))
        size = max(largest, self._largest)
        if largest > 0 and math.log(self.d * max(self.beta, 1.0)) + 2 * math.log(size) > math.log(limit):
            remedy = "Scale patterns and states, or lower beta."
            raise ParameterError(name, f"such that max(β, 1) d max x² stays below {limit:g}", largest, remedy)

    def _array(self, name: str, values: Any) -> Array:
        """Finite floats of the patterns' library."""
        try:
            array = self._xp.asarray(values)
            if not self._xp.isdtype(array.dtype, ("real floating", "integral", "bool")):
                raise TypeError
            real = array.dtype in (self._xp.float32, self._xp.float64)
            array = array if real else self._xp.asarray(array, dtype=self._xp.float64)
        except (TypeError, ValueError):
            raise ParameterError(name, "a full array of real numbers", values, "Rows have one length.") from None
        if not bool(self._xp.all(self._xp.isfinite(array))):
            raise ParameterError(name, "finite real numbers", "NaN or infinity", "Remove NaN and infinities.")
        return array

    def __repr__(self) -> str:
        return f"ModernHopfield(K={self.K}, d={self.d}, beta={self.beta:g})"


def capacity_bound(d: int, beta: float = 1.0, radius: float | None = None, failure: float = 0.001) -> float:
    r"""How many random patterns on the sphere of radius M in R^d are all stored with probability 1 − failure, or more.

    K = √failure c^{(d−1)/4}, c = b/W_0(e^{a + ln b}), a = (2/(d−1))(1 + ln(2βM²·failure)), b = 2M²β/(5(d−1)), where
    W_0 is Lambert's function (ramsauer2021, theorem 3, in which M = κ√(d−1); that is the default, with κ = 1). Stored
    means `well_separated`. The bound is proved where c ≥ (2/√failure)^{4/(d−1)}, that is for K ≥ 2.

    Returns K, infinite if a float cannot hold it. Raises ParameterError for bad input, and where nothing is proved.

    >>> round(capacity_bound(75, beta=1.0), 1)  # c = 1.3718
    11.0
    """
    d = check_integer("d", d, low=2, high=10**15)
    check_number("beta", beta, low=0, open_low=True)
    check_number("failure", failure, low=0, high=1, open_low=True)
    square = d - 1.0 if radius is None else check_number("radius", radius, low=0, high=1e100, open_low=True) ** 2
    a = 2 / (d - 1) * (1 + math.log(2 * beta * square * failure))
    b = 2 * square * beta / (5 * (d - 1))
    logarithm = math.log(failure) / 2 + (d - 1) / 4 * math.log(b / float(np.real(wrightomega(a + math.log(b)))))
    meet = math.log(2 * beta * square) + 2 * logarithm < 0  # see well_separated
    if logarithm < math.log(2) or meet:
        remedy = "Raise d, beta, radius or failure."
        raise ParameterError("d", "such that the bound is proved, K >= 2", (d, math.exp(logarithm)), remedy)
    return math.exp(logarithm) if logarithm < 709 else math.inf


def _namespace(patterns: Any) -> Any:
    """The library of an array; NumPy for everything that is none."""
    return array_namespace(patterns if is_array_api_obj(patterns) else np.zeros(1))
