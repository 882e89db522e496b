"""Straight lines through parameter space, the branches of states met on them, and what a state competes with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ConvergenceError, ParameterError, check_number
from ..model import Model
from ..protocols import Multitasking, Unsupervised
from .continuation import Branch, trace
from .rs import Equations
from .solver import solve
from .state import State, state_from

Array = NDArray[Any]
SCAN = 33


@dataclass(frozen=True)
class Line:
    """A straight line through parameter space: the model and temperature at each value of one parameter."""

    model: Model
    parameter: str
    T: float | None
    low: float
    high: float

    def at(self, value: float) -> tuple[Model, float]:
        if self.parameter == "T":
            return self.model, check_number("T", value, low=0)
        assert self.T is not None
        return self.model.replace(**{self.parameter: value}), self.T

    def solve(self, value: float, start: Any) -> State | None:
        """The state at a value, or None where there is none."""
        model, T = self.at(value)
        try:
            return solve(model, T, start=start)
        except ConvergenceError:
            return None

    def equations(self, value: float, example: bool = False) -> Equations:
        model, T = self.at(value)
        return Equations(model, T, example)

    def scan(self) -> Array:
        return np.linspace(self.low, self.high, SCAN)


def search_bounds(model: Model, parameter: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """The range of a parameter that is searched: the one given, or one that holds what is known of these models."""
    default = {
        "alpha": (0.0, 1.0 + model.P / 8),
        "T": (0.0, 1.5 + model.P / 4),
        "nu": (0.0, 1.0 + model.P / 8),
        "r": (0.02, 1.0),
        "rho": (0.0, 4.0),
        "d": (0.0, 0.98),
    }[parameter]
    try:
        low, high = (float(end) for end in (default if bounds is None else bounds))
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterError("bounds", "an increasing pair of finite numbers", bounds, "Write bounds=(low, high).")
    for end in (low, high):  # the model's own check speaks, naming the parameter
        Line(model, parameter, 0.0, low, high).at(end)
    return low, high


def belongs(state: State | None, start: Any) -> bool:
    """Whether a state is still of the kind that the start asks for."""
    if state is None:
        return False
    if start == "paramagnet":
        return state.phase == phases.PARAMAGNET
    if start == "glass":
        return state.phase == phases.GLASS
    if start == "example":
        return state.phase == phases.EXAMPLE
    condensed = state.phase not in (phases.PARAMAGNET, phases.GLASS)
    if isinstance(start, str) and isinstance(state.model.protocol, Multitasking) and state.model.protocol.K > 1:
        return state.phase == (phases.HIERARCHICAL if start == "retrieval" else start)
    return condensed


def branches(line: Line, start: Any) -> Iterator[Branch]:
    """Every branch that the scan's states of the wanted kind lie on, traced both ways, values increasing.

    Raises ConvergenceError if there are such states and none can be followed.
    """
    grid = line.scan()
    found = [line.solve(value, start) for value in grid]
    alive = np.array([belongs(state, start) for state in found])
    edges = np.flatnonzero(np.diff(np.r_[False, alive, False]))
    traced: list[Branch] = []
    failure: ConvergenceError | None = None
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        middle = (first + last) // 2
        for i in (*range(middle, last), *range(middle - 1, first - 1, -1)):
            state, value = found[i], float(grid[i])
            assert state is not None
            if _singular(line, value) or any(_on(branch, value, state.order_parameters) for branch in traced):
                continue
            equations = _maker(line, state)
            try:
                up = trace(equations, state.order_parameters, value, +1, (line.low, line.high))
                down = trace(equations, state.order_parameters, value, -1, (line.low, line.high))
            except ConvergenceError as error:
                failure = error
                continue
            traced.append(down.joined(up))
            yield traced[-1]
    if failure is not None and not traced:
        raise failure


def _on(branch: Branch, value: float, v: Array) -> bool:
    """Whether a state lies on a branch: the same overlaps at the same value."""
    if not branch.values[0] <= value <= branch.values[-1]:
        return False
    points = np.array(branch.points)
    there = np.array([np.interp(value, branch.values, column) for column in points[:, :-1].T])
    return bool(np.abs(there - v[:-1]).max() < 0.03)


def _maker(line: Line, state: State) -> Callable[[float], Equations]:
    example = state.x_groups.shape[1] > 1
    return lambda value: line.equations(value, example)


def _singular(line: Line, value: float) -> bool:
    """T = 0 without noise: averages over atoms have no slope to follow."""
    model, T = line.at(value)
    return T == 0 and model.alpha == 0 and model.nu == 0


def state_at(line: Line, value: float, v: Array) -> State:
    """The state of order parameters v, a point of a branch."""
    eq = line.equations(value, len(v) - 1 > line.model.protocol.n_condensed)
    return state_from(eq, v, eq.norm(eq.residual(v)), 0)


def unaligned(model: Model, T: float) -> State | None:
    """The state without overlap: of paramagnet and glass the one of larger f, as replica symmetry maximises over q.

    A paramagnet that is unstable, to breaking or to overlaps, or that does not exist gives way to the glass at once.
    """
    if T == 0 and model.alpha == 0 and model.nu == 0:  # every spin is free
        return None
    found = []
    for start in ("glass",) if T == 0 else ("paramagnet", "glass"):
        try:
            state = solve(model, T, start=start)
        except ConvergenceError:
            continue
        if state.phase == phases.PARAMAGNET and min(state.replicon, state.longitudinal) < 0:
            continue
        found.append(state)
    return max(found, key=lambda s: s.free_energy, default=None)


def competitor(model: Model, T: float, start: Any, against: Any) -> State | None:
    """The state that `start` competes with: a named one, or the lowest of all others."""
    if against != "lowest":
        try:
            return solve(model, T, start=against)
        except ConvergenceError:
            return None
    rivals = [unaligned(model, T)]
    if isinstance(model.protocol, Multitasking) and model.protocol.K > 1:
        names = {"pure", "hierarchical", "parallel"} - {"hierarchical" if start == "retrieval" else start}
        rivals += [solve(model, T, start=name) for name in sorted(names)]
    if isinstance(model.protocol, Unsupervised) and model.protocol.M > 1:
        other = "retrieval" if start == "example" else "example"
        state = solve(model, T, start=other)
        rivals += [state] if belongs(state, other) and (other == "retrieval" or state.phase == phases.EXAMPLE) else []
    alive = [r for r in rivals if r is not None]
    return min(alive, key=lambda s: s.free_energy, default=None)
