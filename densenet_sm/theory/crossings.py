"""What can happen on a line: a branch ends, meets another one in free energy, loses its replicon; the glass freezes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from .. import phases
from .branches import between, state_at
from .continuation import Branch
from .iteration import newton
from .rs import Equations
from .scans import Line
from .state import State

Array = NDArray[Any]
ROUNDING = 1e-13  # free energies closer than this are the same state


@dataclass(frozen=True)
class Crossing:
    """One transition: value, bracket, state there, and direction (+1: the phase asked about ends as λ grows).

    `rival` is the state that a coexistence is with.
    """

    value: float
    bracket: tuple[float, float]
    state: State
    direction: int
    rival: State | None = None


def folds(line: Line, branch: Branch) -> Iterator[Crossing]:
    """Spinodals: the ends of a branch that are not ends of the range searched.

    Where overlaps vanish or become equal continuously, the end is where the state without that difference turns stable.
    """
    tolerance = 1e-9 * (line.high - line.low)
    for end, direction in ((0, -1), (-1, 1)):
        if not branch.ends[end]:
            continue
        value, v = branch.values[end], branch.points[end]
        continuous = _continuous_end(line, branch, end, direction)
        if continuous is not None:
            value, v = continuous
        yield Crossing(value, (value - tolerance, value + tolerance), state_at(line, value, v), direction)


def _continuous_end(line: Line, branch: Branch, end: int, direction: int) -> tuple[float, Array] | None:
    """Value and order parameters where a branch joins the one its small or equal overlaps belong to, if it does."""

    def frozen(n: int) -> float:
        """q of a point."""
        return 1 - line.at(values[n])[1] * float(points[n][-1])

    points = branch.points if direction > 0 else branch.points[::-1]
    values = branch.values if direction > 0 else branch.values[::-1]
    middle = int(np.argmin(np.abs(np.array(values) - (values[0] + values[-1]) / 2)))
    typical = points[middle]
    joined = merged(points[-1], typical)
    melts = joined is None and not points[-1][:-1].any() and frozen(-1) < 0.03 < 0.06 < frozen(middle)
    if melts:
        joined = points[-1]
    if joined is None:
        return None
    apart = [
        value
        for n, (value, v) in enumerate(zip(values, points, strict=True))
        if (frozen(n) > 0.03 if melts else merged(v, typical) is None)
    ]
    reach = float(np.clip(values[-1] + 0.02 * direction * (line.high - line.low), line.low, line.high))

    def on_joined(value: float) -> tuple[Equations, Array]:
        eq = line.equations(value, len(joined) - 1 > line.model.protocol.n_condensed)
        return eq, np.append(joined[:-1], 1 / eq.T) if melts else newton(eq, joined)[0]

    def stability(value: float) -> float:
        eq, v = on_joined(value)
        return eq.at(v).replicon if melts else eq.at(v).longitudinal

    inside = apart[-1] if apart else values[0]
    if not stability(inside) < 0 < stability(reach):
        return None
    value = float(brentq(stability, inside, reach, xtol=1e-12))
    apart_still = np.abs(points[-1] - joined)[:-1].max() > 1e-6
    if apart_still and direction * (values[-1] - value) > 1e-6 * (line.high - line.low):  # a fold: discontinuous
        return None
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


def meetings(line: Line, branch: Branch, start: Any, against: Any = "lowest") -> Iterator[Crossing]:
    """Coexistences: where the free energy of a branch equals that of its competitor; +1 where it becomes the larger."""

    def excess(value: float, state: State) -> float:
        """f of a state minus f of what it competes with; NaN where that is missing or the same."""
        saddle = len(state.x_groups) > 1 and state.longitudinal < 0
        other = None if saddle else line.competitor(value, start, against)
        if other is None or np.allclose(other.x, state.x, rtol=0, atol=1e-6):
            return math.nan
        return state.free_energy - other.free_energy

    branch, gap = _towards_the_first(line, branch, excess)
    for crossing in _roots(line, branch, gap, excess, ROUNDING):
        yield replace(crossing, rival=line.competitor(crossing.value, start, against))


def _towards_the_first(
    line: Line, branch: Branch, excess: Callable[[float, State], float]
) -> tuple[Branch, list[float]]:
    """The gap at every point of a branch; points are added towards a first one that has no competitor."""
    values, points = list(branch.values), list(branch.points)
    gap = [excess(value, state_at(line, value, v)) for value, v in zip(values, points, strict=True)]
    if len(gap) > 1 and math.isnan(gap[0]) and not math.isnan(gap[1]):
        for share in (0.5, 0.2, 0.05, 0.01, 1e-3):
            value, state = between(line, branch, 0, share)
            if state is not None:
                values.insert(1, value)
                points.insert(1, state.order_parameters)
                gap.insert(1, excess(value, state))
    return Branch(values, points, branch.ends), gap


def instabilities(line: Line, branch: Branch) -> Iterator[Crossing]:
    """Almeida–Thouless points: where the replicon of a branch changes sign; +1 where it becomes negative."""

    def broken(value: float, state: State) -> float:
        return -max(state.replicon, -1.0)  # −inf at T = 0

    signs = [broken(value, state_at(line, value, v)) for value, v in zip(branch.values, branch.points, strict=True)]
    yield from _roots(line, branch, signs, broken)


def saddles(line: Line, branch: Branch) -> Iterator[Crossing]:
    """Where a branch goes on as a saddle, unstable to other overlaps or to unequal ones; +1 where it becomes one."""

    def repelled(value: float, state: State) -> float:
        return -max(state.longitudinal, -1.0)

    signs = [repelled(value, state_at(line, value, v)) for value, v in zip(branch.values, branch.points, strict=True)]
    for crossing in _roots(line, branch, signs, repelled):
        ends = [branch.values[n] for n in (0, -1) if branch.ends[n]]  # there it is the fold that turns
        if all(abs(crossing.value - end) > 1e-6 * (line.high - line.low) for end in ends):
            yield crossing


def unaligned_instabilities(line: Line, start: str = "glass") -> Iterator[Crossing]:
    """The same for the paramagnet or the glass, between scanned values, and where a glass melts continuously."""

    def broken(value: float) -> float:
        state = line.solve(value, start)
        wanted = state is not None and state.phase == {"glass": phases.GLASS, "paramagnet": phases.PARAMAGNET}[start]
        return -max(state.replicon, -1.0) if state is not None and wanted else math.nan

    grid = line.scan()
    values = [broken(float(value)) for value in grid]
    for i, j in pairwise(range(len(grid))):
        if _changes(values[i], values[j]):
            value = float(brentq(broken, grid[i], grid[j], xtol=1e-13, rtol=1e-14))
            state = line.solve(value, start)
            assert state is not None
            yield Crossing(value, (value - 1e-12, value + 1e-12), state, 1 if values[j] > 0 else -1)
    for crossing in freezing(line) if start == "glass" else ():
        calm = line.solve(crossing.value, "paramagnet")
        if calm is not None and abs(calm.replicon) < 1e-6:
            yield crossing


def _roots(
    line: Line, branch: Branch, values: list[float], function: Callable[[float, State], float], rounding: float = 0.0
) -> Iterator[Crossing]:
    """Where a function of the states of a branch, of known values at its points, changes sign, be it twice."""
    branch, values = _with_extrema(line, branch, values, function)

    def at(share: float, i: int) -> float:
        value, state = between(line, branch, i, share)
        return math.nan if state is None else function(value, state)

    for i, j in pairwise(range(len(values))):
        if not (values[i] * values[j] < 0 and min(abs(values[i]), abs(values[j])) > rounding):
            continue
        share = _root(at, i)
        if share is None:
            continue
        value, state = between(line, branch, i, share)
        assert state is not None
        width = 1e-11 * abs(branch.values[j] - branch.values[i])
        yield Crossing(value, (value - width, value + width), state, 1 if values[j] > values[i] else -1)


def _with_extrema(
    line: Line, branch: Branch, values: list[float], function: Callable[[float, State], float]
) -> tuple[Branch, list[float]]:
    """A branch and a function of it, with points where it changes sign between three points that come close to zero."""
    extra: list[tuple[int, float, Array, float]] = []
    for i in range(1, len(values) - 1):
        before, here, after = values[i - 1 : i + 2]
        if not (before * here > 0 and here * after > 0 and abs(here) < min(abs(before), abs(after))):
            continue
        best: list[tuple[int, float, Array, float]] = []

        def height(place: float, best: list[Any] = best, before: float = before, here: float = here) -> float:
            n = min(int(place), len(branch.values) - 2)
            value, state = between(line, branch, n, place - n)
            found = math.nan if state is None else function(value, state)
            if state is not None and found * here < 0:
                best.append((n + 1, float(value), state.order_parameters, found))
            return abs(before) if math.isnan(found) else found * math.copysign(1, here)

        minimize_scalar(height, bounds=(i - 1, i + 1), method="bounded", options={"maxiter": 9})
        extra += best[:1]
    points, numbers, known = list(branch.values), list(branch.points), list(values)
    for n, value, v, found in reversed(extra):
        points.insert(n, value)
        numbers.insert(n, v)
        known.insert(n, found)
    return Branch(points, numbers, branch.ends), known


def _changes(a: float, b: float) -> bool:
    """Whether a function of these values has a root between them, or at one of them."""
    return not math.isnan(a + b) and (a > 0) != (b > 0)


def _root(function: Callable[[float, int], float], i: int) -> float | None:
    """Root of a function in [0, 1]; where it is undefined in between, in a part of it that is not, if there is one."""
    try:
        return float(brentq(function, 0.0, 1.0, args=(i,), xtol=1e-12))
    except ValueError:
        shares = np.linspace(0, 1, 33)
        values = np.array([function(share, i) for share in shares])
    for n in np.flatnonzero(values[:-1] * values[1:] < 0):
        with suppress(ValueError):
            return float(brentq(function, shares[n], shares[n + 1], args=(i,), xtol=1e-12))
    return None


def freezing(line: Line) -> Iterator[Crossing]:
    """Where the state without overlap changes between paramagnet and glass."""

    def margin(value: float) -> float:
        """Positive where it is the paramagnet: its stability, or how far its f is above that of a glass."""
        _, T = line.at(value)
        calm = line.solve(value, "paramagnet") if T > 0 else None
        if calm is None or calm.phase != phases.PARAMAGNET:
            return -1.0
        stability = min(calm.replicon, calm.longitudinal)
        frozen = line.solve(value, "glass")
        if stability < 0 or frozen is None or frozen.phase != phases.GLASS:
            return stability if abs(stability) > ROUNDING else 0.0  # marginal: no side is better
        return calm.free_energy - frozen.free_energy

    grid = line.scan()
    values = [margin(float(value)) if line.unaligned(float(value)) is not None else math.nan for value in grid]
    for i, j in pairwise(range(len(grid))):
        if not _changes(values[i], values[j]):
            continue
        low, high = float(grid[i]), float(grid[j])
        value = float(brentq(margin, low, high, xtol=1e-13 * (line.high - line.low), rtol=1e-15))
        state = line.unaligned(value)
        assert state is not None
        width = 1e-12 * (line.high - line.low)
        yield Crossing(value, (value - width, value + width), state, 1 if values[j] > 0 else -1)
