"""Transitions: where a branch ends (spinodal), where two have equal free energy, where the paramagnet gives way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from .. import phases
from ..errors import ConvergenceError, NoTransitionError, ParameterError, check_name, check_number
from ..model import Model
from ..protocols import Multitasking
from .continuation import Branch, trace
from .rs import Equations, newton
from .solver import ANSATZES, solve
from .state import State, state_from

Array = NDArray[Any]
KINDS = ("spinodal", "coexistence", "ergodic")
PARAMETERS = ("alpha", "T", "nu", "r", "rho", "d")
SCAN = 33
ROUNDING = 1e-13  # free energies closer than this are the same state


@dataclass(frozen=True)
class Crossing:
    """One transition: value, bracket, state there, and direction (+1: the phase asked about ends as λ grows)."""

    value: float
    bracket: tuple[float, float]
    state: State
    direction: int


@dataclass(frozen=True)
class Transition:
    """What `critical` found: `value` (also float(t)), `bracket`, `state`, and `all` crossings of the scanned range."""

    parameter: str
    kind: str
    all: tuple[Crossing, ...]

    @property
    def main(self) -> Crossing:
        """The crossing where the phase ends as the parameter grows, the last one; else where it begins, the first."""
        ends = [c for c in self.all if c.direction > 0]
        return ends[-1] if ends else self.all[0]

    @property
    def value(self) -> float:
        return self.main.value

    @property
    def bracket(self) -> tuple[float, float]:
        return self.main.bracket

    @property
    def state(self) -> State:
        return self.main.state

    def __float__(self) -> float:
        return self.value


def critical(
    model: Model,
    parameter: str,
    T: float | None = None,
    kind: str = "spinodal",
    ansatz: str = "RS",
    start: Any = "retrieval",
    against: Any = "lowest",
    bounds: tuple[float, float] | None = None,
) -> Transition:
    r"""Critical value of a parameter: where a branch of states ends, or meets another one in free energy.

    The branch is found by a scan of the bounds, then followed by pseudo-arclength continuation, never by jumping.

    Parameters
    ----------
    parameter : "alpha" | "T" | "nu" | "r" | "rho" | "d"
    T : temperature (not with parameter="T")
    kind : "spinodal", the fold dλ/ds = 0 where the branch ends; "coexistence", f(start) = f(against); "ergodic", where
        the paramagnet stops being the state without overlap
    start : the branch asked about (as in `solve`)
    against : the competitor of a coexistence: "lowest", the lowest of all other states, or a start of `solve`. States
        without overlap are one competitor: replica symmetry maximises f over q, so that is the one with the larger f
    bounds : range of the parameter that is searched

    Returns a Transition: `value`, `bracket`, `state`, and `all` crossings with their direction (re-entrance). Raises
    NoTransitionError saying what was scanned, and ParameterError for bad input.
    References: amit1987 (P = 2), gardner1987 and abbott1987 (P ≥ 3).

    >>> round(critical(Model(P=2), "alpha", T=0.0).value, 6)  # the Hopfield model's capacity
    0.137906
    """
    check_name("parameter", parameter, PARAMETERS)
    check_name("kind", kind, KINDS)
    check_name("ansatz", ansatz, ANSATZES)
    if parameter == "T":
        if T is not None:
            raise ParameterError("T", "left out when it is the parameter", T, "Drop T=.")
    elif T is None:
        raise ParameterError("T", "given unless it is the parameter", T, "Pass T=0.0 or another temperature.")
    else:
        T = check_number("T", T, low=0)
    line = _Line(model, parameter, T, *_bounds(model, parameter, bounds))
    if kind == "ergodic":
        crossings = list(_ergodic(line))
    else:
        branches = list(_branches(line, start))
        find = _folds if kind == "spinodal" else _equal_free_energies(start, against)
        crossings = [crossing for branch in branches for crossing in find(line, branch)]
    if not crossings:
        where = f"{parameter} in [{line.low:g}, {line.high:g}]" + ("" if T is None else f" at T={T:g}")
        raise NoTransitionError(f"no {kind} of {start!r} (RS) for {where}: {SCAN} points scanned. Widen bounds=.")
    return Transition(parameter, kind, tuple(sorted(crossings, key=lambda c: c.value)))


@dataclass(frozen=True)
class _Line:
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


def _bounds(model: Model, parameter: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    low, high = bounds if bounds is not None else {
        "alpha": (0.0, 1.0 + model.P / 8),
        "T": (0.0, 1.5 + model.P / 4),
        "nu": (0.0, 1.0 + model.P / 8),
        "r": (0.02, 1.0),
        "rho": (0.0, 4.0),
        "d": (0.0, 0.98),
    }[parameter]
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterError("bounds", "an increasing pair of finite numbers", bounds, "Write bounds=(low, high).")
    for end in (low, high):  # the model's own check speaks, naming the parameter
        _Line(model, parameter, 0.0, low, high).at(end)
    return float(low), float(high)


def _belongs(state: State | None, start: Any) -> bool:
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


def _branches(line: _Line, start: Any) -> Iterator[Branch]:
    """Every piece of the branch that a scan meets, traced both ways from one of its points, values increasing."""
    grid = line.scan()
    found = [line.solve(value, start) for value in grid]
    alive = np.array([_belongs(state, start) for state in found])
    edges = np.flatnonzero(np.diff(np.r_[False, alive, False]))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        smooth = [i for i in range(first, last) if not _singular(line, grid[i])]
        if not smooth:
            continue
        middle = smooth[len(smooth) // 2]
        state = found[middle]
        assert state is not None
        equations = _maker(line, state)
        up = trace(equations, state.order_parameters, grid[middle], +1, (line.low, line.high))
        down = trace(equations, state.order_parameters, grid[middle], -1, (line.low, line.high))
        yield down.joined(up)


def _maker(line: _Line, state: State) -> Callable[[float], Equations]:
    example = state.x_groups.shape[1] > 1
    return lambda value: line.equations(value, example)


def _singular(line: _Line, value: float) -> bool:
    """T = 0 without noise: averages over atoms have no slope to follow."""
    model, T = line.at(value)
    return T == 0 and model.alpha == 0 and model.nu == 0


def _folds(line: _Line, branch: Branch) -> Iterator[Crossing]:
    tolerance = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        if branch.folds[end]:
            value = branch.values[end]
            bracket = (value - tolerance, value + tolerance)
            yield Crossing(value, bracket, _state(line, value, branch.points[end]), direction)


def _state(line: _Line, value: float, v: Array) -> State:
    eq = line.equations(value, len(v) - 1 > line.model.protocol.n_condensed)
    return state_from(eq, v, eq.norm(eq.residual(v)), 0)


def _equal_free_energies(start: Any, against: Any) -> Callable[[_Line, Branch], Iterator[Crossing]]:
    def find(line: _Line, branch: Branch) -> Iterator[Crossing]:
        def refined(value: float, guess: Array) -> State | None:
            eq = line.equations(value, len(guess) - 1 > line.model.protocol.n_condensed)
            v, residual, steps = newton(eq, guess)
            return state_from(eq, v, residual, steps) if residual < 1e-10 else None

        def excess(state: State) -> float:
            other = competitor(state.model, state.T, start, against)
            return math.nan if other is None else state.free_energy - other.free_energy

        gap = [excess(_state(line, value, v)) for value, v in zip(branch.values, branch.points, strict=True)]
        for i, j in pairwise(range(len(gap))):
            if not (gap[i] * gap[j] < 0 and min(abs(gap[i]), abs(gap[j])) > ROUNDING):
                continue

            def difference(share: float, i: int = i, j: int = j) -> float:
                value = (1 - share) * branch.values[i] + share * branch.values[j]
                state = refined(value, (1 - share) * branch.points[i] + share * branch.points[j])
                return math.nan if state is None else excess(state)

            share = brentq(difference, 0.0, 1.0, xtol=1e-12)
            value = (1 - share) * branch.values[i] + share * branch.values[j]
            state = refined(value, (1 - share) * branch.points[i] + share * branch.points[j])
            assert state is not None
            width = 1e-11 * abs(branch.values[j] - branch.values[i])
            yield Crossing(value, (value - width, value + width), state, 1 if gap[j] > gap[i] else -1)

    return find


def unaligned(model: Model, T: float) -> State | None:
    """The state without overlap: of paramagnet and glass the one of larger f, as replica symmetry maximises over q.

    A paramagnet that is unstable (replicon < 0) or does not exist gives way to the glass at once.
    """
    found = []
    for start in ("paramagnet", "glass"):
        if start == "paramagnet" and T == 0:
            continue
        try:
            state = solve(model, T, start=start)
        except ConvergenceError:
            continue
        if state.phase == phases.PARAMAGNET and state.replicon < 0:
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
    alive = [r for r in rivals if r is not None]
    return min(alive, key=lambda s: s.free_energy, default=None)


def _ergodic(line: _Line) -> Iterator[Crossing]:
    """Where the state without overlap changes between paramagnet and glass, by bisection of the label."""

    def frozen(value: float) -> bool:
        state = unaligned(*line.at(value))
        return state is not None and state.phase == phases.GLASS

    grid = line.scan()
    labels = [frozen(value) for value in grid]
    for i, j in pairwise(range(len(grid))):
        if labels[i] == labels[j]:
            continue
        low, high = grid[i], grid[j]
        while high - low > 1e-12 * (line.high - line.low):
            middle = (low + high) / 2
            low, high = (middle, high) if frozen(middle) == labels[i] else (low, middle)
        state = unaligned(*line.at(low if not labels[i] else high))
        assert state is not None
        yield Crossing((low + high) / 2, (low, high), state, 1 if labels[j] else -1)
