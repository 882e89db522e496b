"""Pseudo-arclength continuation of a solution branch v(λ), with its folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError, ParameterError
from .rs import Equations

Array = NDArray[Any]
MAX_POINTS = 4000


@dataclass
class Branch:
    """A piece of branch: parameter values, order parameters, and whether each end is a fold (or a bound)."""

    values: list[float]
    points: list[Array]
    folds: tuple[bool, bool] = (False, False)

    def extended(self, value: float, point: Array) -> Branch:
        """With one more point, in place."""
        self.values.append(value)
        self.points.append(point)
        return self

    def joined(self, other: Branch) -> Branch:
        """This piece, traced downwards, continued by one traced upwards from the same point; values increasing."""
        values, points = self.values[:0:-1] + other.values, self.points[:0:-1] + other.points
        return Branch(values, points, (self.folds[1], other.folds[1]))


def trace(
    equations: Callable[[float], Equations],
    v: Array,
    value: float,
    direction: int,
    bounds: tuple[float, float],
    step: float = 0.02,
) -> Branch:
    """Follow the branch through (v, value) towards larger (+1) or smaller (−1) λ, up to a fold or to a bound.

    Steps are in arclength, λ counted in units of the bounds' width; the corrector stays on the plane perpendicular to
    the tangent, so the branch is never left for another one. Raises ConvergenceError when steps shrink to nothing.
    """
    curve = _Curve(equations, bounds)
    y = np.append(v, curve.scaled(value))
    end = 1.0 if direction > 0 else 0.0
    branch = Branch([value], [v])
    if abs(y[-1] - end) < 1e-12:
        return branch
    tangent = curve.tangent(y, None)
    if tangent[-1] * direction < 0:
        tangent = -tangent
    for _ in range(MAX_POINTS):
        if (y[-1] + step * tangent[-1] - end) * direction >= 0:
            new = None
            last = curve.at(end, y, y + (end - y[-1]) / tangent[-1] * tangent)
            if last is not None:
                return branch.extended(curve.value(end), last)
        else:
            new = curve.step(y, tangent, step)
        if new is None:
            step /= 2
            if _dead_end(branch, step, abs(y[-1] - end), abs(tangent[-1])):
                return branch
            continue
        new_tangent = curve.tangent(new, tangent)
        bend = float(new_tangent @ (curve.metric(new) * tangent))
        if bend < 0.97 and step > 1e-5:
            step /= 2
            continue
        if new_tangent[-1] * direction <= 0:
            turn = curve.fold(y, tangent, step, direction)
            branch.folds = (False, True)
            return branch.extended(curve.value(turn[-1]), turn[:-1])
        y, tangent = new, new_tangent
        branch.extended(curve.value(y[-1]), y[:-1])
        if bend > 0.995:
            step = min(1.6 * step, 0.1)
    raise ConvergenceError("continuation did not reach a fold or a bound", y[:-1], np.nan, MAX_POINTS)


def _dead_end(branch: Branch, step: float, to_end: float, slope: float) -> bool:
    """Whether a branch that allows only tiny steps is over; ConvergenceError if it should not be."""
    if to_end < 1e-5:  # C diverges on the way to the bound: as near as it gets
        return True
    if step < 1e-6 and slope < 1e-2:  # a continuous end: λ is stationary and the Jacobian singular
        branch.folds = (False, True)
        return True
    if step < 1e-10:
        raise ConvergenceError("continuation lost the branch", branch.points[-1], np.nan, len(branch.points))
    return False


class _Curve:
    """The solution curve y = (v, s) with s in [0, 1] across the bounds."""

    def __init__(self, equations: Callable[[float], Equations], bounds: tuple[float, float]):
        self.equations, self.low, self.width = equations, bounds[0], bounds[1] - bounds[0]

    def value(self, s: float) -> float:
        return self.low + self.width * float(s)

    def scaled(self, value: float) -> float:
        return (value - self.low) / self.width

    def residual(self, y: Array) -> Array | None:
        try:
            eq = self.equations(self.value(y[-1]))
        except ParameterError:  # outside the parameter's range: a step too far
            return None
        return eq.residual(y[:-1]) if eq.admissible(y[:-1]) else None

    def jacobian(self, y: Array) -> Array:
        """[n, n+1]: exact in v, differences in s (one-sided at the ends of the range)."""
        here = self.equations(self.value(y[-1]))
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
        return np.column_stack([here.jacobian(y[:-1]), (high - low) / (up[-1] - down[-1])])

    def tangent(self, y: Array, along: Array | None) -> Array:
        """Unit null vector of the Jacobian, oriented along the one before."""
        metric = self.metric(y)
        null = np.linalg.svd(self.jacobian(y))[2][-1]
        null = null / np.sqrt(null @ (metric * null))
        return null if along is None or null @ (metric * along) > 0 else -null

    def metric(self, y: Array) -> Array:
        """Diagonal of the arclength's metric: C counts by its logarithm, for it can grow like 1/T; not without noise,
        where it follows the overlaps.
        """
        weights = np.ones_like(y)
        weights[-2] = 0.0 if self.equations(self.value(y[-1])).noise.silent else 1 / (1 + abs(y[-2])) ** 2
        return weights

    def step(self, y: Array, tangent: Array, length: float) -> Array | None:
        """Predict along the tangent, correct on the plane perpendicular to it; None if Newton fails."""
        guess = y + length * tangent
        metric = self.metric(y)
        target = guess.copy()
        for _ in range(8):
            target[-2] = max(0.0, target[-2])
            F = self.residual(target)
            if F is None:
                return None
            if self.equations(self.value(target[-1])).norm(F) < 1e-12:
                off = target - guess
                return target if np.sqrt(off @ (metric * off)) < 0.5 * length else None
            system = np.vstack([self.jacobian(target), metric * tangent])
            try:
                target = target - np.linalg.solve(system, np.append(F, (metric * tangent) @ (target - guess)))
            except np.linalg.LinAlgError:
                return None
        return None

    def fold(self, y: Array, tangent: Array, length: float, direction: int) -> Array:
        """Point of the piece (0, length) where dλ/ds = 0, by bisection in arclength."""
        low, high, best = 0.0, length, y
        for _ in range(60):
            middle = (low + high) / 2
            point = self.step(y, tangent, middle)
            if point is None:
                high = middle
                continue
            if self.tangent(point, tangent)[-1] * direction > 0:
                low, best = middle, point
            else:
                high = middle
            if high - low < 1e-8:
                break
        return best

    def at(self, s: float, y: Array, guess: Array) -> Array | None:
        """Order parameters at s, by Newton from a guess; None if that fails or leaves the neighbourhood of y."""
        v = guess[:-1]
        eq = self.equations(self.value(s))
        for _ in range(12):
            if not eq.admissible(v):
                return None
            F = eq.residual(v)
            if eq.norm(F) < 1e-12:
                off = v - y[:-1]
                return v if np.sqrt(off @ (self.metric(y)[:-1] * off)) < 0.2 else None
            v = v - np.linalg.solve(eq.jacobian(v), F)
        return None
