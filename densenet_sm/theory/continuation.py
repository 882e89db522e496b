"""Branches v(λ) of solutions with their folds, by pseudo-arclength continuation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..errors import ConvergenceError, ParameterError
from .arclength import LONGEST, Curve
from .rs import Equations

Array = NDArray[Any]
MAX_POINTS = 4000
HOT = 50.0  # C = β(1−q) from which on a q < 1 is one at T = 0


@dataclass
class Branch:
    """A piece of branch: parameter values, order parameters, indices of folds, and whether each end is one."""

    values: list[float]
    points: list[Array]
    ends: tuple[bool, bool] = (False, False)
    folds: list[int] = field(default_factory=list)

    def extended(self, value: float, point: Array) -> Branch:
        """With one more point, in place."""
        self.values.append(value)
        self.points.append(point)
        return self

    def joined(self, other: Branch) -> Branch:
        """This piece backwards, continued by another one from the same point."""
        values, points = self.values[:0:-1] + other.values, self.points[:0:-1] + other.points
        own = len(self.values) - 1
        folds = [own - n for n in reversed(self.folds)] + [own + n for n in other.folds]
        return Branch(values, points, (self.ends[1], other.ends[1]), folds)


class BranchCurve(Curve):
    """The branch y = (v, s) of the equations at λ(s), s in [0, 1] across the bounds."""

    def __init__(self, equations: Callable[[float], Equations], bounds: tuple[float, float]):
        self.make, self.low, self.width = equations, bounds[0], bounds[1] - bounds[0]
        self._recent: dict[float, Equations] = {}

    def value(self, s: float) -> float:
        return self.low + self.width * float(s)

    def scaled(self, value: float) -> float:
        return (value - self.low) / self.width

    def equations(self, s: float) -> Equations:
        if s not in self._recent:
            if len(self._recent) > 7:
                self._recent.clear()
            self._recent[s] = self.make(self.value(s))
        return self._recent[s]

    def residual(self, y: Array) -> Array | None:
        try:
            eq = self.equations(y[-1])
            return eq.residual(y[:-1]) if eq.admissible(y[:-1]) else None
        except ParameterError:  # outside the parameter's range: a step too far
            return None

    def norm(self, y: Array, F: Array) -> float:
        return self.equations(y[-1]).norm(F)

    def jacobian(self, y: Array) -> Array:
        """Exact in v, differences in s (one-sided at the ends of the range)."""
        exact = self.equations(y[-1]).jacobian(y[:-1])
        eps = 1e-6
        up, down = y.copy(), y.copy()
        up[-1] = min(1.0, y[-1] + eps)
        down[-1] = max(0.0, y[-1] - eps)
        high, low = self.residual(up), self.residual(down)
        if high is None:
            high, up = self.residual(y), y
        if low is None:
            low, down = self.residual(y), y
        if high is None or low is None or up[-1] == down[-1]:
            raise ConvergenceError("a state without neighbours: 1 − β(1−q) ≤ 0 on both sides of it", y[:-1])
        return np.column_stack([exact, (high - low) / (up[-1] - down[-1])])

    def corrector(self, jacobian: Array, y: Array, step: tuple[Array, Array] | None) -> Array:
        """Exact in v again; the slope in s is the one that the last correction has shown, or kept."""
        exact, slope = self.equations(y[-1]).jacobian(y[:-1]), jacobian[:, -1]
        if step is not None and abs(step[0][-1]) > max(1e-7, 1e-3 * float(np.abs(step[0]).max())):
            moved, rise = step
            slope = (rise - (exact + jacobian[:, :-1]) @ moved[:-1] / 2) / moved[-1]
        return np.column_stack([exact, slope])

    def metric(self, y: Array) -> Array:
        """As above: C counts by its logarithm, for it can grow like 1/T; not without noise, where it follows x."""
        weights = np.ones_like(y)
        weights[-2] = 0.0 if self.equations(y[-1]).noise.silent else 1 / (1 + abs(y[-2])) ** 2
        return weights

    def clipped(self, y: Array) -> Array:
        y[-2] = max(0.0, y[-2])
        return y

    def never_cold(self, y: Array, end: float) -> bool:
        """Whether a branch on its way to T = 0 keeps q < 1: C ~ 1/T, and there is nothing to arrive at (void there)."""
        return y[-2] > HOT and y[-2] * self.equations(y[-1]).T > 0.02 and self.equations(end).T == 0

    def fold(self, y: Array, tangent: Array, jacobian: Array, length: float, direction: int) -> Array:
        """Point of the piece (0, length) where dλ/ds = 0."""
        best = y

        def slope(share: float) -> float:
            nonlocal best
            point = self.step(y, tangent, jacobian, share) if share > 0 else y
            if point is None or _joins(point[:-2], y[:-2]):
                return -1.0
            best = point
            return float(self.tangent(point, tangent)[0][-1]) * direction

        brentq(slope, 0.0, length, xtol=1e-9, rtol=1e-10)
        return best

    def at(self, s: float, y: Array, guess: Array) -> Array | None:
        """Order parameters at s, by Newton from a guess; None if that fails or leaves the guess for another branch."""
        v, metric = guess[:-1], self.metric(y)
        eq = self.equations(s)
        for _ in range(12):
            if not eq.admissible(v):
                return None
            F = eq.residual(v)
            if eq.norm(F) < self.tolerance:
                off, length = np.append(v, s) - guess, guess - y
                return v if off @ (metric * off) < 0.25 * (length @ (metric * length)) else None
            try:
                v = v - np.linalg.solve(eq.jacobian(v), F)
            except np.linalg.LinAlgError:
                return None
        return None


def trace(
    equations: Callable[[float], Equations],
    v: Array,
    value: float,
    direction: int,
    bounds: tuple[float, float],
    step: float = 0.02,
    through: bool = False,
    kind: type[BranchCurve] = BranchCurve,
) -> Branch:
    """Follow the branch through (v, value) towards larger (+1) or smaller (−1) λ, up to a fold or to a bound.

    Steps are in arclength, λ counted in units of the bounds' width; the corrector stays on the plane perpendicular to
    the tangent, so the branch is never left for another one. `through` goes on behind folds, to a bound. Raises
    ConvergenceError when steps shrink to nothing.
    """
    curve = kind(equations, bounds)
    y = np.append(v, curve.scaled(value))
    end = 1.0 if direction > 0 else 0.0
    branch = Branch([value], [v])
    if abs(y[-1] - end) < 1e-12:
        return branch
    tangent, jacobian = curve.tangent(y, None)
    tangent = tangent * np.copysign(1.0, tangent[-1] * direction)
    for _ in range(MAX_POINTS):
        if (y[-1] + step * tangent[-1] - end) * direction >= 0:
            new = None
            last = curve.at(end, y, y + (end - y[-1]) / tangent[-1] * tangent)
            if last is not None:
                return branch.extended(curve.value(end), last)
        else:
            new = curve.step(y, tangent, jacobian, step)
        if curve.never_cold(y, end):
            return branch
        if new is None or _joins(new[:-2], y[:-2]):
            step /= 2
            if (branch.folds and step < 1e-6) or _dead_end(branch, step, abs(y[-1] - end), tangent, jacobian):
                return branch
            continue
        new_tangent, new_jacobian = curve.tangent(new, tangent)
        bend = float(new_tangent @ (curve.metric(new) * tangent))
        if bend < 0.97 and step > 1e-5:
            step /= 2
            continue
        if new_tangent[-1] * direction <= 0:
            turn = curve.fold(y, tangent, jacobian, step, direction)
            branch.extended(curve.value(turn[-1]), turn[:-1])
            if not through:
                branch.ends = (False, True)
                return branch
            branch.folds.append(len(branch.values) - 1)
            direction, end = -direction, 1.0 - end
        y, tangent, jacobian = new, new_tangent, new_jacobian
        branch.extended(curve.value(y[-1]), y[:-1])
        if bend > 0.995:
            step = min(1.6 * step, LONGEST)
    raise ConvergenceError("continuation did not reach a fold or a bound", y[:-1], np.nan, MAX_POINTS)


def _joins(x: Array, before: Array) -> bool:
    """Whether overlaps have become equal, or zero, that were not: a step onto a branch that has that symmetry."""

    def symmetric(x: Array) -> int:
        return int((np.abs(x) < 1e-9).sum() + (np.abs(x[:, None] - x)[np.triu_indices(len(x), 1)] < 1e-9).sum())

    return symmetric(x) > symmetric(before)


def _dead_end(branch: Branch, step: float, to_end: float, tangent: Array, jacobian: Array) -> bool:
    """Whether a branch that allows only tiny steps is over; ConvergenceError if it should not be."""
    if to_end < 1e-5:  # C diverges on the way to the bound: as near as it gets
        return True
    if step < 1e-6 and (abs(tangent[-1]) < 1e-2 or np.abs(np.linalg.eigvals(jacobian[:, :-1])).min() < 1e-6):
        # a continuous end: λ is stationary or changes exponentially fast, and the Jacobian singular
        branch.ends = (False, True)
        return True
    if step < 1e-10:
        raise ConvergenceError("continuation lost the branch", branch.points[-1], np.nan, len(branch.points))
    return False
