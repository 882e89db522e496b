r"""Branches of broken symmetry along a parameter, and what happens on them.

At θ = 1 the state of one step exists up to the dynamic transition, a fold, and its complexity D² ∂f/∂D vanishes at the
static one; the branch of stationary θ folds at its spinodal, and turns unstable to further breaking at the Gardner
transition, where the replicon of its largest overlap vanishes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..errors import ConvergenceError
from .breaking import Broken
from .broken import broken_state, solve_broken
from .continuation import Branch, BranchCurve, trace
from .crossings import Crossing
from .newton import ENOUGH, EQUAL, gap, jacobian, newton
from .noise import Noise
from .scans import Line, belongs, singular
from .state import State
from .threads import one_thread

Array = NDArray[Any]
CLOSE = 2e-4  # a branch is followed until its overlaps are as close as that
STEEP = 40.0  # D in units of the field's 1/σ up to which a branch of given θ is followed towards T = 0
MERGED = 2e-3  # overlaps that are closer where a branch ends have met there: symmetry is restored


@dataclass(frozen=True)
class OneStep:
    """The equations of one step as a branch wants them: unknowns (x, q_1, C, D), or (x, q_1, C) at a given θ."""

    eq: Broken
    theta: float | None = None

    @property
    def T(self) -> float:
        return self.eq.base.T

    @property
    def noise(self) -> Noise:
        return self.eq.base.noise

    def whole(self, u: Array) -> Array:
        """(x, q_1, C, D)."""
        return u if self.theta is None else np.append(u, self.theta / self.T if self.T > 0 else self.theta)

    def admissible(self, u: Array) -> bool:
        return self.eq.admissible(self.whole(u))

    def norm(self, F: Array) -> float:
        return float(np.abs(F).max())

    def residual(self, u: Array) -> Array:
        return self.eq.at(self.whole(u)).residual[: len(u)]

    def jacobian(self, u: Array) -> Array:
        v = self.whole(u)
        return jacobian(self.eq, v, self.residual(u), np.arange(len(u)))


class BrokenCurve(BranchCurve):
    """A branch of one step; C and D count by their logarithms."""

    tolerance = 1e-11

    def metric(self, y: Array) -> Array:
        weights = np.ones_like(y)
        first = 2 if self.equations(y[-1]).theta is None else 1  # type: ignore[attr-defined]
        weights[-1 - first : -1] = 1 / (1 + np.abs(y[-1 - first : -1])) ** 2
        return weights

    def clipped(self, y: Array) -> Array:
        return y

    def residual(self, y: Array) -> Array | None:
        try:
            return super().residual(y)
        except ConvergenceError:  # overlaps about to merge
            return None

    def never_cold(self, y: Array, end: float) -> bool:
        """Whether the overlaps have merged, replica symmetry from there on; or the tilt at given θ has grown too far."""
        eq: Any = self.equations(y[-1])
        v = eq.whole(y[:-1])
        steep = eq.theta is not None and v[-1] * math.sqrt(eq.noise.strength(1.0, 0.0)) > STEEP
        return gap(eq.eq, v) < CLOSE or steep


def one_step(line: Line, value: float, theta: float | None) -> OneStep:
    return OneStep(Broken(line.equations(value), 1), theta)


def broken_branches(line: Line, start: Any, theta: float | None = None) -> Iterator[Branch]:
    """Every branch of one step that the scan's states of a kind lie on, traced both ways, values increasing."""
    traced: list[Branch] = []
    for value in line.scan().tolist():
        covered = any(branch.values[0] <= value <= branch.values[-1] for branch in traced)
        state = None if covered else _state(line, value, start, theta)
        if state is None:
            continue
        u = state.order_parameters[: None if theta is None else -1]
        try:
            with one_thread():
                up, down = (
                    trace(lambda v: one_step(line, v, theta), u, value, sign, (line.low, line.high), kind=BrokenCurve)  # type: ignore[arg-type,return-value]
                    for sign in (1, -1)
                )
        except ConvergenceError:
            continue
        traced.append(down.joined(up))
        yield traced[-1]


def _state(line: Line, value: float, start: Any, theta: float | None) -> State | None:
    """The broken state at a value; None where symmetry is not broken or the start leads elsewhere."""
    try:
        state = solve_broken(line.equations(value, start == "example"), start, 1, theta)
    except ConvergenceError:
        return None
    return state if belongs(state, start) and state.q[1] - state.q[0] > EQUAL else None


def broken_crossings(line: Line, kind: str, start: Any) -> Iterator[Crossing]:
    """Crossings of kind "spinodal", "coexistence", "gardner", "glass_dynamic" or "glass_static"."""
    if kind == "coexistence":
        yield from _meetings(line, start)
        return
    theta = 1.0 if kind.startswith("glass") else None
    for branch in broken_branches(line, start, theta):
        if kind in ("spinodal", "glass_dynamic"):
            yield from _folds(line, branch, theta)
        elif kind == "glass_static":
            yield from _roots(line, branch, theta, lambda eq, u: float(-eq.eq.at(eq.whole(u)).slope_D[0]))
        else:
            yield from _roots(line, branch, theta, lambda eq, u: -max(eq.eq.at(eq.whole(u)).replicons[-1], -1.0))


def _folds(line: Line, branch: Branch, theta: float | None) -> Iterator[Crossing]:
    width = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        if not branch.ends[end]:
            continue
        eq, value = one_step(line, branch.values[end], theta), branch.values[end]
        v = eq.whole(branch.points[end])
        if gap(eq.eq, v) > MERGED:
            yield Crossing(value, (value - width, value + width), broken_state(eq.eq, v, theta is None), direction)


def _meetings(line: Line, start: Any) -> Iterator[Crossing]:
    """Where the state of a start and that without overlap have equal f, each broken or not; +1: the first one rises."""

    def pair(value: float) -> tuple[State, State] | None:
        try:
            own, rest = (solve_broken(line.equations(value, s == "example"), s, 1, None) for s in (start, "glass"))
        except ConvergenceError:
            return None
        return (own, rest) if belongs(own, start) and not rest.x_groups.any() else None

    def excess(value: float) -> float:
        states = pair(value)
        return math.nan if states is None else states[0].free_energy - states[1].free_energy

    grid = line.scan().tolist()
    heights = [math.nan if singular(line, value) else excess(value) for value in grid]
    for i, j in pairwise(range(len(grid))):
        if heights[i] * heights[j] < 0:
            value = float(brentq(excess, grid[i], grid[j], xtol=1e-12, rtol=1e-13))
            states = pair(value)
            assert states is not None
            width = 1e-10 * (line.high - line.low)
            direction = 1 if heights[j] > heights[i] else -1
            yield Crossing(value, (value - width, value + width), states[0], direction, states[1])


def _roots(
    line: Line, branch: Branch, theta: float | None, function: Callable[[OneStep, Array], float]
) -> Iterator[Crossing]:
    """Where a function of the states of a branch changes sign; +1 where it becomes positive."""
    values, points = branch.values, branch.points

    def at(share: float, i: int) -> tuple[float, OneStep, Array]:
        """Value, equations and unknowns a share of the way from point i to the next."""
        value = (1 - share) * values[i] + share * values[i + 1]
        eq = one_step(line, value, theta)
        guess = eq.whole((1 - share) * points[i] + share * points[i + 1])
        v, error, _ = newton(eq.eq, guess, fixed=theta is not None)
        if error > 10 * ENOUGH:
            raise ConvergenceError("a state between two of a branch was lost", v, error)
        return value, eq, v[: len(points[i])]

    heights = [function(one_step(line, value, theta), u) for value, u in zip(values, points, strict=True)]
    for i, j in pairwise(range(len(values))):
        if heights[i] * heights[j] < 0:
            share = float(brentq(lambda s: function(*at(s, i)[1:]), 0.0, 1.0, xtol=1e-13))  # noqa: B023
            value, eq, u = at(share, i)
            width = 1e-11 * (line.high - line.low)
            state = broken_state(eq.eq, eq.whole(u), theta is None)
            yield Crossing(value, (value - width, value + width), state, 1 if heights[j] > heights[i] else -1)
