"""Straight lines through parameter space, the states met on them, and what a state competes with."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ConvergenceError, ParameterError, check_number
from ..model import Model
from ..protocols import Multitasking, TeacherStudent, Unsupervised
from ..protocols.teacher import coexistence_temperature
from .iteration import attracts, newton
from .rs import Equations
from .solver import groups_of, initial, solve
from .state import State, state_from

Array = NDArray[Any]
CELLS = 32
FIRST = (1 / 512, 1 / 64, 1 / 8)  # a small capacity lies close to the lower bound: shares of the first cell
NEAR = 0.07  # share of the line's width over which a known state starts the next one


class _Known:
    """States found from one start, by value."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.states: dict[float, State | None] = {}

    def add(self, value: float, state: State | None) -> None:
        insort(self.values, value)
        self.states[value] = state

    def around(self, value: float, count: int) -> list[tuple[float, State | None]]:
        """The `count` next ones on either side, the nearest first."""
        n = bisect_left(self.values, value)
        sides = self.values[max(0, n - count) : n + count]
        return [(at, self.states[at]) for at in sorted(sides, key=lambda at: abs(at - value))]


@dataclass(frozen=True)
class Line:
    """A straight line through parameter space: the model and temperature at each value of one parameter.

    States once found are the starts of their neighbours', so that a scan follows its branch. A scan has `cells` cells,
    the first one divided further; `half` 0 or 1 leaves out every second value, the odd ones or the even ones.
    """

    model: Model
    parameter: str
    T: float | None
    low: float
    high: float
    cells: int = CELLS
    half: int | None = None
    _known: dict[str, _Known] = field(default_factory=dict, compare=False, repr=False)
    _models: dict[float, Model] = field(default_factory=dict, compare=False, repr=False)
    _states: dict[Any, State] = field(default_factory=dict, compare=False, repr=False)

    def at(self, value: float) -> tuple[Model, float]:
        if self.parameter == "T":
            return self.model, check_number("T", value, low=0)
        assert self.T is not None
        if value not in self._models:
            self._models[value] = self.model.replace(**{self.parameter: value})
        return self._models[value], self.T

    def equations(self, value: float, example: bool = False) -> Equations:
        model, T = self.at(value)
        return Equations(model, T, example)

    def scan(self) -> Array:
        n = self.cells
        steps = range(1, n + 1) if self.half is None else (*range(2 - self.half, n, 2), n)
        return self.low + (self.high - self.low) / n * np.array([0, *FIRST, *steps])

    def solve(self, value: float, start: Any) -> State | None:
        """The state of the start's kind at a value, else what the start leads to; None where that is nothing."""
        if not isinstance(start, str):
            return self._fresh(value, start)
        known = self._known.setdefault(start, _Known())
        if value not in known.states:
            state = None if start == "paramagnet" else self._continued(value, start)
            known.add(value, self._fresh(value, start) if state is None else state)
        return known.states[value]

    def _fresh(self, value: float, start: Any) -> State | None:
        model, T = self.at(value)
        if isinstance(start, str) and start == "paramagnet":
            if T == 0:  # there is none
                return None
            eq = self.equations(value)
            if model.field == 0 and eq.noise.strength(0.0, 0.0) == 0:  # q = 0 solves the equations
                v = np.append(np.zeros(math.prod(eq.shape)), 1 / T)
                return self.state(value, v) if eq.admissible(v) else None
        try:
            return solve(model, T, start=start)
        except ConvergenceError:
            return None

    def _continued(self, value: float, start: str) -> State | None:
        """The state that those known near by continue to, if they are of the start's kind, and it is."""
        reach = NEAR * (self.high - self.low)
        near = [(at, s) for at, s in self._known[start].around(value, 2) if s is not None and belongs(s, start)]
        near = [(at, s) for at, s in near if s.x_groups.shape == near[0][1].x_groups.shape][:2]
        if not near or abs(near[0][0] - value) >= reach or (self.parameter == "T" and min(value, near[0][0]) == 0):
            return None
        eq, state = self.equations(value, near[0][1].x_groups.shape[1] > 1), near[0][1]
        guesses = [initial(eq, state) if self.parameter == "T" else state.order_parameters]
        if len(near) > 1:  # a straight line through the two nearest
            (first, _), (second, other) = near
            share = (value - first) / (second - first)
            secant = (1 - share) * state.order_parameters + share * other.order_parameters
            if self.parameter == "T":
                secant[-1] = (1 - (1 - share) * state.q - share * other.q) / value
            guesses.insert(0, secant)
        return next((s for guess in guesses if (s := self.regained(value, guess, start)) is not None), None)

    def regained(self, value: float, guess: Array, start: Any) -> State | None:
        """The state of the start's kind next to a guess of its order parameters, by Newton's method; or None."""
        eq = self.equations(value, len(guess) - 1 > self.model.protocol.n_condensed)
        if len(guess) - 1 != math.prod(eq.shape):  # M = 1: one example is its own archetype
            return None
        if (eq.T == 0 and eq.noise.silent) or not eq.admissible(guess):
            return None
        v, residual, steps = newton(eq, guess, 0.2, 0)
        if residual > 1e-12 or not attracts(eq, v) or np.abs(v - guess)[:-1].max() > 0.2:
            return None
        state = state_from(eq, v, residual, steps)
        return state if belongs(state, start) else None

    def absent(self, value: float, start: Any) -> bool:
        """Whether the start led to the paramagnet (one with overlap: to none) at known values near by on both sides."""
        known = self._known.get(start, _Known()) if isinstance(start, str) else _Known()
        sides = [s for at, s in known.around(value, 1) if 0 < abs(at - value) < NEAR * (self.high - self.low)]
        gone = (phases.PARAMAGNET,) if start == "glass" else phases.UNALIGNED
        return len(sides) == 2 and all(s is not None and s.phase in gone for s in sides)

    def state(self, value: float, v: Array) -> State:
        """The state of order parameters v, a solution at a value."""
        key = (value, v.tobytes())
        if key not in self._states:
            eq = self.equations(value, len(v) - 1 > self.model.protocol.n_condensed)
            self._states[key] = state_from(eq, v, eq.norm(eq.residual(v)), 0)
        return self._states[key]

    def _near(self, value: float, start: str) -> bool:
        """Whether the scan has a state of the start's kind on either side of a value."""
        grid = self.scan()
        i = int(np.clip(np.searchsorted(grid, value), 1, len(grid) - 1))
        return any(belongs(self.solve(float(grid[n]), start), start) for n in (i - 1, i))

    def unaligned(self, value: float) -> State | None:
        """The state without overlap: of paramagnet and glass the one of larger f, as replica symmetry maximises over q.

        A paramagnet that is unstable, to breaking or to overlaps, or that does not exist gives way to the glass.
        """
        model, T = self.at(value)
        if T == 0 and Equations(model, T).noise.silent:  # every spin is free
            return None
        calm = self.solve(value, "paramagnet") if T > 0 else None
        if calm is not None and calm.phase == phases.PARAMAGNET and min(calm.replicon, calm.longitudinal) < 0:
            calm = None
        if calm is not None and self.absent(value, "glass"):
            return calm
        found = [state for state in (calm, self.solve(value, "glass")) if state is not None]
        return max(found, key=lambda s: s.free_energy, default=None)

    def competitor(self, value: float, start: Any, against: Any = "lowest") -> State | None:
        """The state that `start` competes with: a named one, or the lowest of all others."""
        if against != "lowest":
            return self.solve(value, against)
        rivals = [self.unaligned(value)]
        for other in ordered_starts(self.model):
            groups = groups_of(self.model, other)
            if groups is not None and (groups == groups_of(self.model, start) or not self._near(value, other)):
                continue
            if other != start:
                state = None if self.absent(value, other) else self.solve(value, other)
                saddle = groups is not None and state is not None and state.longitudinal < 0
                rivals.append(state if belongs(state, other) and not saddle else None)
        return min((r for r in rivals if r is not None), key=lambda s: s.free_energy, default=None)


def least_wanted(model: Model, parameter: str) -> bool:
    """Whether retrieval is harder the less there is of a parameter: examples and their quality."""
    return parameter in ("M", "r") or (parameter == "alpha" and isinstance(model.protocol, TeacherStudent))


def ordered_starts(model: Model) -> tuple[str, ...]:
    """Names of the kinds of states with overlap that compete in a model, the main one first."""
    protocol = model.protocol
    if isinstance(protocol, Multitasking) and protocol.K > 1:
        hierarchies = ["+".join("1" * n) for n in range(protocol.K - 1, 1, -1)]
        return ("hierarchical", *hierarchies, "parallel", *map(str, range(protocol.K - 1, 1, -1)), "pure")
    if isinstance(protocol, Unsupervised) and protocol.M > 1:
        return ("retrieval", "example")
    return ("retrieval",)


def search_bounds(model: Model, parameter: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """The range of a parameter that is searched: the one given, or one that holds what is known of these models."""
    teacher = float(getattr(model.protocol, "T_teacher", 1.0))
    default = {
        "alpha": (0.0, (1.0 + model.P / 8) * (4 * teacher**2 if "T_teacher" in vars(model.protocol) else 1)),
        "T": (0.0, (1.5 + model.P / 4) * max(1.0, model.protocol.amplitude(model.alpha))),
        "nu": (0.0, 1.0 + model.P / 8),
        "r": (0.02, 1.0),
        "rho": (0.0, 4.0),
        "d": (0.0, 0.98),
        "M": (1, 10_000),
        "T_teacher": (1.001 * coexistence_temperature(max(model.P, 3)), 9.0),
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
    groups = groups_of(state.model, start)
    if groups is not None and state.model.protocol.n_condensed > 1:
        return state.ordering == "+".join(map(str, groups))
    return condensed


def singular(line: Line, value: float) -> bool:
    """T = 0 without noise: averages over atoms have no slope to follow."""
    eq = line.equations(value)
    return eq.T == 0 and eq.noise.silent
