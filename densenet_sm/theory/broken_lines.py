r"""What happens on branches of broken symmetry.

At θ = 1 the state of one step exists up to the dynamic transition, a fold, and its complexity D² ∂f/∂D vanishes at the
static one; the branch of stationary θ folds at its spinodal, and turns unstable to further breaking at the Gardner
transition, where the replicon of its largest overlap vanishes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..errors import ConvergenceError
from .branches import branches
from .breaking import Broken
from .broken import broken_state, solve_broken
from .broken_branches import MERGED, BrokenBranch, broken_branches
from .crossings import Crossing, folds
from .newton import breaking_share
from .scans import Line, belongs, singular
from .state import State

Array = NDArray[Any]
MOST = 0.6  # largest one that where it does so is extrapolated from


def broken_crossings(line: Line, kind: str, start: Any, seeds: list[BrokenBranch] | None = None) -> Iterator[Crossing]:
    """Crossings of kind "spinodal", "coexistence", "at", "gardner", "glass_dynamic" or "glass_static".

    `seeds` are branches of a line next to this one, and then become those of this one.
    """
    if kind == "coexistence":
        yield from _meetings(line, start)
        return
    theta = 1.0 if kind.startswith("glass") else None
    if kind == "spinodal":
        yield from _symmetric_ends(line, start)
    found = broken_branches(line, start, theta, seeds or ())
    if seeds is not None and found:
        seeds[:] = found
    for branch in found:
        yield from crossings_of(line, branch, kind)


def crossings_of(line: Line, branch: BrokenBranch, kind: str) -> Iterator[Crossing]:
    """Crossings of one kind on one branch."""
    if kind in ("spinodal", "glass_dynamic"):
        yield from _folds(line, branch)
    elif kind == "at":
        yield from _merges(line, branch)
    elif kind == "glass_static":
        yield from _roots(line, branch, lambda eq, v: float(-eq.at(v).slope_D[0]))
    else:
        yield from _roots(line, branch, lambda eq, v: -max(eq.at(v).replicons[-1], -1.0))


def _folds(line: Line, branch: BrokenBranch) -> Iterator[Crossing]:
    width = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        value, v = branch.values[end], branch.points[end]
        eq = branch.one(line, value).eq
        if branch.ends[end]:
            yield Crossing(value, (value - width, value + width), broken_state(eq, v, branch.theta is None), direction)


def _symmetric_ends(line: Line, start: Any) -> Iterator[Crossing]:
    """Spinodals of a branch that is symmetric there, and stable."""
    for branch in branches(line, start):
        yield from (c for c in folds(line, branch) if c.state.replicon > 0)


def _merges(line: Line, branch: BrokenBranch) -> Iterator[Crossing]:
    """Where the overlaps of a branch merge: its values at some small shares of breaking, extrapolated to none."""
    for end, direction in ((0, -1), (-1, 1)):
        last = breaking_share(branch.one(line, branch.values[end]).eq, branch.points[end])
        if branch.ends[end] or last > MERGED:
            continue
        shares = last + (min(4 * last, MOST) - last) * (1 - np.cos(np.pi * np.arange(1, 8) / 8)) / 2
        found = [list(_roots(line, branch, lambda eq, v: breaking_share(eq, v) - share))[end] for share in shares]  # noqa: B023
        value, rough = (extrapolated(shares[:n], [c.value for c in found[:n]]) for n in (7, 6))
        yield Crossing(value, (value - abs(value - rough), value + abs(value - rough)), found[0].state, -direction)


def extrapolated(places: Array, values: list[float]) -> float:
    """The polynomial through some values, at zero."""
    weights = [math.prod(b / (b - a) for b in places if b != a) for a in places]
    return float(np.dot(weights, values))


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


def _roots(line: Line, branch: BrokenBranch, function: Callable[[Broken, Array], float]) -> Iterator[Crossing]:
    """Where a function of the states of a branch changes sign; +1 where it becomes positive."""

    def height(share: float, i: int) -> float:
        _, one, v = branch.between(line, i, share)
        return function(one.eq, v)

    places = zip(branch.values, branch.points, strict=True)
    heights = [function(branch.one(line, value).eq, v) for value, v in places]
    for i, j in pairwise(range(len(heights))):
        if heights[i] * heights[j] < 0:
            share = float(brentq(height, 0.0, 1.0, args=(i,), xtol=1e-13))
            value, one, v = branch.between(line, i, share)
            width = 1e-11 * (line.high - line.low)
            state = broken_state(one.eq, v, branch.theta is None)
            yield Crossing(value, (value - width, value + width), state, 1 if heights[j] > heights[i] else -1)
