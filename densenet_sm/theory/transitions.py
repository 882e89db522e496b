"""Transitions: where a branch ends (spinodal), where two have equal free energy, where the paramagnet gives way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from .. import phases
from ..errors import NoTransitionError, ParameterError, check_name, check_number
from ..model import Model, check_model
from ..protocols import parameters_of
from .branches import SCAN, Line, branches, competitor, search_bounds, state_at, unaligned
from .continuation import Branch
from .rs import Equations, newton
from .solver import ANSATZES, named_starts
from .state import State, state_from

Array = NDArray[Any]
KINDS = ("spinodal", "coexistence", "ergodic")
PARAMETERS = ("alpha", "T", "nu", "r", "rho", "d")
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
    """What `critical` found: `value` (also float(t)), `bracket`, `state`, and `all` crossings of the scanned range.

    >>> found = critical(Model(P=3), "alpha", T=0.0)
    >>> found.bracket[0] < float(found) < found.bracket[1], found.state.phase
    (True, 'retrieval')
    """

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
        """Value of the parameter at the main crossing."""
        return self.main.value

    @property
    def bracket(self) -> tuple[float, float]:
        """Interval that holds it."""
        return self.main.bracket

    @property
    def state(self) -> State:
        """State of the branch there."""
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
    check_model(model)
    own = {*model.__dataclass_fields__, *parameters_of(model.protocol), "T"}
    check_name("parameter", parameter, [name for name in PARAMETERS if name in own])
    check_name("kind", kind, KINDS)
    if isinstance(start, str):
        check_name("start", start, named_starts(model))
    if isinstance(against, str):
        check_name("against", against, ("lowest", *named_starts(model)))
    check_name("ansatz", ansatz, ANSATZES)
    T = _temperature(parameter, T)
    line = Line(model, parameter, T, *search_bounds(model, parameter, bounds))
    if kind == "ergodic":
        crossings = list(freezing(line))
    else:
        crossings = []
        for branch in branches(line, start):
            if kind == "spinodal":
                crossings += folds(line, branch)
            else:
                branch, gap = gaps(line, branch, start, against)
                crossings += meetings(line, branch, start, against, gap)
    if not crossings:
        where = f"{parameter} in [{line.low:g}, {line.high:g}]" + ("" if T is None else f" at T={T:g}")
        remedy = f"{SCAN} points scanned. Narrow or widen bounds=."
        raise NoTransitionError(f"no {kind} of {start!r} (RS) for {where}: {remedy}")
    return Transition(parameter, kind, tuple(sorted(crossings, key=lambda c: c.value)))


def _temperature(parameter: str, T: float | None) -> float | None:
    """T of a search: given unless it is what is searched."""
    if parameter == "T":
        if T is not None:
            raise ParameterError("T", "left out when it is the parameter", T, "Drop T=.")
        return None
    if T is None:
        raise ParameterError("T", "given unless it is the parameter", T, "Pass T=0.0 or another temperature.")
    return check_number("T", T, low=0)


def folds(line: Line, branch: Branch) -> Iterator[Crossing]:
    """Spinodals: the ends of a branch that are not ends of the range searched.

    Where overlaps vanish or become equal continuously, the end is where the state without that difference turns stable.
    """
    tolerance = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        if not branch.folds[end]:
            continue
        value, v = branch.values[end], branch.points[end]
        continuous = _continuous_end(line, branch, end, direction)
        if continuous is not None:
            value, v = continuous
        yield Crossing(value, (value - tolerance, value + tolerance), state_at(line, value, v), direction)


def _continuous_end(line: Line, branch: Branch, end: int, direction: int) -> tuple[float, Array] | None:
    """Value and order parameters where a branch joins the one its small or equal overlaps belong to, if it does."""
    points = branch.points if direction > 0 else branch.points[::-1]
    values = branch.values if direction > 0 else branch.values[::-1]
    joined = merged(points[-1], points[len(points) // 2])
    if joined is None:
        return None
    apart = [value for value, v in zip(values, points, strict=True) if merged(v, points[len(points) // 2]) is None]
    reach = float(np.clip(values[-1] + 0.02 * direction * (line.high - line.low), line.low, line.high))

    def on_joined(value: float) -> tuple[Equations, Array]:
        eq = line.equations(value, len(joined) - 1 > line.model.protocol.n_condensed)
        return eq, newton(eq, joined)[0]

    def stability(value: float) -> float:
        eq, v = on_joined(value)
        return eq.longitudinal(v)

    inside = apart[-1] if apart else values[0]
    if not stability(inside) < 0 < stability(reach):
        return None
    value = float(brentq(stability, inside, reach, xtol=1e-12))
    return value, on_joined(value)[1]


def merged(v: Array, before: Array) -> Array | None:
    """v with its nearly vanished overlaps at zero and nearly equal ones made equal, where they were not `before`."""
    x, old, result = v[:-1], before[:-1], v.copy()
    scale = 0.03 * np.abs(old).max()
    changed = (np.abs(x) < scale) & (np.abs(old) > 2 * scale)
    result[:-1][changed] = 0.0
    for i in range(len(x)):
        for j in range(i):
            if abs(x[i] - x[j]) < scale and abs(old[i] - old[j]) > 2 * scale and not (changed[i] or changed[j]):
                result[[i, j]] = (x[i] + x[j]) / 2
    return None if np.array_equal(result, v) else result


def excess(state: State | None, start: Any, against: Any) -> float:
    """f of a state minus f of what it competes with; NaN where either is missing or both are the same."""
    if state is None:
        return math.nan
    other = competitor(state.model, state.T, start, against)
    if other is None or np.allclose(other.x, state.x, rtol=0, atol=1e-6):
        return math.nan
    return state.free_energy - other.free_energy


def between(line: Line, branch: Branch, i: int, share: float) -> tuple[float, State | None]:
    """Value and state of a branch a share of the way from point i to point i+1."""
    value = (1 - share) * branch.values[i] + share * branch.values[i + 1]
    guess = (1 - share) * branch.points[i] + share * branch.points[i + 1]
    eq = line.equations(value, len(guess) - 1 > line.model.protocol.n_condensed)
    if not eq.admissible(guess):
        return value, None
    v, residual, steps = newton(eq, guess)
    return value, state_from(eq, v, residual, steps) if residual < 1e-10 else None


def gaps(line: Line, branch: Branch, start: Any, against: Any) -> tuple[Branch, list[float]]:
    """Free energy of a branch minus that of its competitor; points are added towards an end that has no competitor."""
    values, points = list(branch.values), list(branch.points)
    gap = [excess(state_at(line, value, v), start, against) for value, v in zip(values, points, strict=True)]
    if len(gap) > 1 and math.isnan(gap[0]) and not math.isnan(gap[1]):
        for share in (0.5, 0.2, 0.05, 0.01, 1e-3):
            value, state = between(line, branch, 0, share)
            if state is not None:
                values.insert(1, value)
                points.insert(1, state.order_parameters)
                gap.insert(1, excess(state, start, against))
    return Branch(values, points, branch.folds), gap


def meetings(line: Line, branch: Branch, start: Any, against: Any, gap: list[float]) -> Iterator[Crossing]:
    """Coexistences: where the free-energy gap of a branch changes sign."""
    for i, j in pairwise(range(len(gap))):
        if not (gap[i] * gap[j] < 0 and min(abs(gap[i]), abs(gap[j])) > ROUNDING):
            continue
        share = brentq(lambda x, i=i: excess(between(line, branch, i, x)[1], start, against), 0.0, 1.0, xtol=1e-12)
        value, state = between(line, branch, i, share)
        assert state is not None
        width = 1e-11 * abs(branch.values[j] - branch.values[i])
        yield Crossing(value, (value - width, value + width), state, 1 if gap[j] > gap[i] else -1)


def freezing(line: Line) -> Iterator[Crossing]:
    """Where the state without overlap changes between paramagnet and glass, by bisection of the label."""

    def frozen(value: float) -> bool | None:
        calm = line.solve(value, "paramagnet") if line.at(value)[1] > 0 else None
        if calm is not None and calm.phase == phases.PARAMAGNET and calm.replicon < 0:
            return True  # however small the glass's q still is
        state = unaligned(*line.at(value))
        return None if state is None else state.phase == phases.GLASS

    grid = line.scan()
    labels = [frozen(value) for value in grid]
    for i, j in pairwise(range(len(grid))):
        if labels[i] == labels[j] or None in (labels[i], labels[j]):
            continue
        low, high = float(grid[i]), float(grid[j])
        while high - low > 1e-12 * (line.high - line.low):
            middle = (low + high) / 2
            low, high = (middle, high) if frozen(middle) == labels[i] else (low, middle)
        state = unaligned(*line.at(float(grid[j] if labels[i] else grid[i])))
        assert state is not None
        yield Crossing((low + high) / 2, (low, high), state, 1 if labels[j] else -1)
