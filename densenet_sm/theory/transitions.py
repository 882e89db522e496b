"""Transitions: where a branch ends (spinodal), where two have equal free energy, where the paramagnet gives way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scipy.optimize import brentq

from .. import phases
from ..errors import NoTransitionError, ParameterError, check_name, check_number
from ..model import Model, check_model
from .branches import SCAN, Line, branches, competitor, search_bounds, state_at, unaligned
from .continuation import Branch
from .rs import newton
from .solver import ANSATZES, named_starts
from .state import State, state_from

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
    check_model(model)
    check_name("parameter", parameter, PARAMETERS)
    check_name("kind", kind, KINDS)
    if isinstance(start, str):
        check_name("start", start, named_starts(model))
    if isinstance(against, str):
        check_name("against", against, ("lowest", *named_starts(model)))
    check_name("ansatz", ansatz, ANSATZES)
    if parameter == "T":
        if T is not None:
            raise ParameterError("T", "left out when it is the parameter", T, "Drop T=.")
    elif T is None:
        raise ParameterError("T", "given unless it is the parameter", T, "Pass T=0.0 or another temperature.")
    else:
        T = check_number("T", T, low=0)
    line = Line(model, parameter, T, *search_bounds(model, parameter, bounds))
    if kind == "ergodic":
        crossings = list(freezing(line))
    else:
        found = list(branches(line, start))
        crossings = [
            c for b in found for c in (folds(line, b) if kind == "spinodal" else meetings(line, b, start, against))
        ]
    if not crossings:
        where = f"{parameter} in [{line.low:g}, {line.high:g}]" + ("" if T is None else f" at T={T:g}")
        raise NoTransitionError(f"no {kind} of {start!r} (RS) for {where}: {SCAN} points scanned. Widen bounds=.")
    return Transition(parameter, kind, tuple(sorted(crossings, key=lambda c: c.value)))


def folds(line: Line, branch: Branch) -> Iterator[Crossing]:
    """Spinodals: the ends of a branch that are not ends of the range searched."""
    tolerance = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        if branch.folds[end]:
            value = branch.values[end]
            bracket = (value - tolerance, value + tolerance)
            yield Crossing(value, bracket, state_at(line, value, branch.points[end]), direction)


def excess(state: State | None, start: Any, against: Any) -> float:
    """f of a state minus f of what it competes with; NaN where either is missing."""
    if state is None:
        return math.nan
    other = competitor(state.model, state.T, start, against)
    return math.nan if other is None else state.free_energy - other.free_energy


def gaps(line: Line, branch: Branch, start: Any, against: Any) -> list[float]:
    """Free energy of the branch minus that of its competitor, point by point."""
    points = zip(branch.values, branch.points, strict=True)
    return [excess(state_at(line, value, v), start, against) for value, v in points]


def meetings(
    line: Line, branch: Branch, start: Any, against: Any, gap: list[float] | None = None
) -> Iterator[Crossing]:
    """Coexistences: where the free-energy gap of a branch changes sign."""
    gap = gaps(line, branch, start, against) if gap is None else gap
    for i, j in pairwise(range(len(gap))):
        if not (gap[i] * gap[j] < 0 and min(abs(gap[i]), abs(gap[j])) > ROUNDING):
            continue

        def between(share: float, i: int = i, j: int = j) -> tuple[float, State | None]:
            value = (1 - share) * branch.values[i] + share * branch.values[j]
            guess = (1 - share) * branch.points[i] + share * branch.points[j]
            eq = line.equations(value, len(guess) - 1 > line.model.protocol.n_condensed)
            v, residual, steps = newton(eq, guess)
            return value, state_from(eq, v, residual, steps) if residual < 1e-10 else None

        share = brentq(lambda x, f=between: excess(f(x)[1], start, against), 0.0, 1.0, xtol=1e-12)
        value, state = between(share)
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
