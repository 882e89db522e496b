"""`critical`: where a branch ends, meets another one in free energy, or turns unstable against replica breaking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import NoTransitionError, ParameterError, check_name, check_number
from ..model import Model, check_model
from ..protocols import parameters_of
from .branches import branches
from .crossings import ROUNDING, Crossing, folds, freezing, instabilities, meetings, saddles, unaligned_instabilities
from .scans import Line, belongs, least_wanted, search_bounds
from .solver import ANSATZES, check_start_name, named_starts
from .state import State

KINDS = ("spinodal", "coexistence", "saddle", "at", "ergodic")
BROKEN_KINDS = ("gardner", "glass_static", "glass_dynamic")
FINE = 128  # cells of a second scan, when the first finds nothing
PARAMETERS = ("alpha", "T", "nu", "r", "rho", "M", "d", "T_teacher")


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
        """The crossing that bounds the phase on the harder side, the last one: where it ends as the parameter grows.

        Where more is better, for M, r and a student's alpha, where it begins. Else the first of the other direction.
        """
        hard = -1 if least_wanted(self.all[0].state.model, self.parameter) else 1
        limits = [c for c in self.all if c.direction == hard]
        return limits[-1] if limits else self.all[0]

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
    r"""Critical value of a parameter: where a branch of states ends, meets another one in free energy, or is unstable.

    The branch is found by a scan of the bounds, then followed by pseudo-arclength continuation, never by jumping.

    Parameters
    ----------
    parameter : "alpha" | "T" | "nu" | "r" | "rho" | "M" | "d" | "T_teacher"; for "M" the value is the smallest integer
        behind the change and the bracket (M−1, M)
    T : temperature (not with parameter="T")
    kind : "spinodal", the fold dλ/ds = 0 where the branch ends; "coexistence", f(start) = f(against); "saddle", where
        the branch goes on but turns unstable to other overlaps, or to unequal ones (`longitudinal`); "at", where the
        replicon 1 − β²ξ″(q) E sech⁴ βh of the branch changes sign (almeida1978); "ergodic", where the paramagnet stops
        being the state without overlap
        with ansatz="1RSB": "spinodal", of a branch whose end may be symmetric or broken; "coexistence" with the state
        without overlap, each broken or not; "at", where a broken branch becomes symmetric, extrapolated from that side;
        "gardner", where the last replicon vanishes and further breaking begins; and of the glass at θ = 1
        "glass_dynamic", up to where such states exist, and "glass_static", where their complexity vanishes (the last
        three imply the ansatz; crisanti1992, gardner1985)
    ansatz : "RS" | "1RSB"
    start : the branch asked about (as in `solve`); "glass" for the replicon of the glass
    against : the competitor of a coexistence: "lowest", the lowest of all other states, or a start of `solve`. States
        without overlap are one competitor: replica symmetry maximises f over q, so that is the one with the larger f
    bounds : range of the parameter that is searched

    Returns a Transition: `value`, `bracket`, `state`, and `all` crossings with their direction (re-entrance). Raises
    NoTransitionError saying what was scanned, and ParameterError for bad input.
    References: amit1987 (P = 2), gardner1987 and abbott1987 (P ≥ 3).

    >>> round(critical(Model(P=2), "alpha", T=0.0).value, 6)  # the Hopfield model's capacity
    0.137906

    """
    line = checked_line(model, parameter, T, bounds)
    check_start(model, start, against)
    broken = asks_for_breaking(kind, ansatz, parameter, against)
    start = "glass" if kind.startswith("glass") else start
    find = _found_broken if broken else _integer if parameter == "M" else _found
    crossings = list(find(line, kind, start, against))
    if not crossings and parameter != "M":
        line = replace(line, cells=FINE)
        crossings = list(find(line, kind, start, against))
    if not crossings:
        where = f"{parameter} in [{line.low:g}, {line.high:g}]" + ("" if T is None else f" at T={T:g}")
        points = len(integers(line)) if parameter == "M" else len(line.scan())
        remedy = f"{points} points scanned. Narrow or widen bounds=."
        raise NoTransitionError(f"no {kind} of {start!r} ({'1RSB' if broken else 'RS'}) for {where}: {remedy}")
    return Transition(parameter, kind, tuple(sorted(crossings, key=lambda c: c.value)))


def checked_line(model: Model, parameter: str, T: float | None, bounds: tuple[float, float] | None) -> Line:
    """The line that is searched, or ParameterError."""
    check_model(model)
    check_name("parameter", parameter, varied(model, PARAMETERS))
    if parameter == "T":
        if T is not None:
            raise ParameterError("T", "left out when it is the parameter", T, "Drop T=.")
    elif T is None:
        raise ParameterError("T", "given unless it is the parameter", T, "Pass T=0.0 or another temperature.")
    else:
        T = check_number("T", T, low=0)
    return Line(model, parameter, T, *search_bounds(model, parameter, bounds))


def varied(model: Model, names: tuple[str, ...]) -> list[str]:
    """Those of some parameters that a model has a value of: of Supervised either r and M or rho."""
    own = {name for name in parameters_of(model.protocol) if model.get(name) is not None}
    return [name for name in names if name in {*model.__dataclass_fields__, *own, "T"}]


def check_start(model: Model, start: Any, against: Any = "lowest") -> None:
    """ParameterError unless both are names that the model has (states and arrays pass)."""
    if isinstance(start, str):
        check_start_name("start", start, model)
    if isinstance(against, str):
        check_start_name("against", against, model, "lowest")


def asks_for_breaking(kind: str, ansatz: str, parameter: str, against: Any) -> bool:
    """Whether a question is one about broken symmetry, or ParameterError."""
    check_name("ansatz", ansatz, (*ANSATZES, "1RSB"))
    known = ("spinodal", "coexistence", "at", *BROKEN_KINDS) if ansatz == "1RSB" else (*KINDS, *BROKEN_KINDS)
    check_name("kind", kind, known)
    broken = ansatz == "1RSB" or kind in BROKEN_KINDS
    if broken and parameter == "M":
        raise ParameterError("parameter", "continuous", parameter, "Branches of broken symmetry are followed: use r.")
    if broken and against not in ("lowest", "glass"):
        raise ParameterError("against", "'lowest' or 'glass' with broken symmetry", against, "Leave it out.")
    return broken


def _found_broken(line: Line, kind: str, start: Any, against: Any) -> Iterator[Crossing]:
    """Crossings of branches of one step; a coexistence is with the state without overlap."""
    from .broken_lines import broken_crossings

    yield from broken_crossings(line, kind, start)


def _found(line: Line, kind: str, start: Any, against: Any) -> Iterator[Crossing]:
    """Crossings of a parameter that varies continuously."""
    if kind == "ergodic":
        yield from freezing(line)
        return
    if kind == "at" and start in ("paramagnet", "glass"):
        yield from unaligned_instabilities(line, start)
        return
    for branch in branches(line, start):
        if kind == "spinodal":
            yield from folds(line, branch)
        elif kind == "coexistence":
            yield from meetings(line, branch, start, against)
        elif kind == "saddle":
            yield from saddles(line, branch)
        else:
            yield from instabilities(line, branch)


def integers(line: Line) -> list[int]:
    """Integers that a line is scanned at, in about equal ratios."""
    return np.unique(np.round(np.geomspace(line.low, line.high, 49)).astype(int)).tolist()


def _integer(line: Line, kind: str, start: Any, against: Any) -> Iterator[Crossing]:
    """Crossings of an integer parameter, by bisection of whether the state asked about is there (is lowest, stable)."""

    def holds(value: int) -> bool:
        state = line.solve(float(value), start)
        if kind == "ergodic":
            other = line.unaligned(float(value))
            return other is not None and belongs(other, "paramagnet")
        if state is None or not belongs(state, start):
            return False
        if kind == "coexistence":
            other = line.competitor(float(value), start, against)
            return other is None or state.free_energy < other.free_energy - ROUNDING
        return kind == "spinodal" or state.replicon > 0

    grid = integers(line)
    if kind == "coexistence" and "example" in named_starts(line.at(grid[-1])[0]):
        grid = [value for value in grid if value > 1]  # a single example is its own archetype
    there = [holds(value) for value in grid]
    for i, j in pairwise(range(len(grid))):
        if there[i] == there[j]:
            continue
        low, high = grid[i], grid[j]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if holds(middle) == there[i] else (low, middle)
        behind = float(high if there[j] else low)
        state = line.unaligned(behind) if kind == "ergodic" else line.solve(behind, start)
        assert state is not None
        yield Crossing(float(high), (float(low), float(high)), state, -1 if there[j] else 1)
