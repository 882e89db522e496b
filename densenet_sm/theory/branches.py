"""Branches of states along a line: from the states of a scan, followed both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from .continuation import Branch, BranchCurve, trace
from .iteration import newton
from .rs import Equations
from .scans import Line, belongs, singular
from .state import State, state_from

Array = NDArray[Any]


def branches(line: Line, start: Any, seeds: Sequence[Branch] = ()) -> Iterator[Branch]:
    """Every branch that the scan's states of the wanted kind lie on, traced both ways, values increasing.

    `seeds` are branches of a line next to this one: what continues them comes first, and the scan leaves out the values
    that it covers. Raises ConvergenceError if there are states of that kind and none can be followed.
    """
    traced: list[Branch] = []
    calm = paramagnets(line) if start == "paramagnet" else []
    if calm:
        return iter(calm)
    states = chain(_continuing(line, start, seeds), _scanned(line, start, traced))
    return _followed(line, states, traced)


def paramagnets(line: Line) -> list[Branch]:
    """Branches of the paramagnet of the scan: x = 0 and q = 0, on the edge C = 1/T of what is physical, not followed.

    None where a field polarises it.
    """
    pieces: list[Branch] = [Branch([], [])]
    for value in line.scan().tolist():
        state = line.solve(value, "paramagnet")
        if state is not None and state.q < 1e-12 and not state.x_groups.any():
            pieces[-1].extended(value, state.order_parameters)
        elif pieces[-1].values:
            pieces.append(Branch([], []))
    return [piece for piece in pieces if len(piece.values) > 1]


def rejoined(line: Line, start: Any, seeds: Sequence[Branch], traced: Sequence[Branch]) -> list[Branch]:
    """Branches that continue those of a neighbouring line and are not among the ones traced."""
    return list(_followed(line, _continuing(line, start, seeds), list(traced)))


def _continuing(line: Line, start: Any, seeds: Sequence[Branch]) -> Iterator[tuple[float, State]]:
    """A state on each branch that a neighbouring line's continues to, from its middle or else its quarters."""
    for branch in seeds:
        for share in (0.5, 0.25, 0.75):
            n = int(share * len(branch.values))
            state = line.regained(branch.values[n], branch.points[n], start)
            if state is not None:
                yield branch.values[n], state
                break


def _scanned(line: Line, start: Any, traced: list[Branch]) -> Iterator[tuple[float, State]]:
    """States of the scan, from the middle of every run of them; but for the first value those not covered already."""
    grid = line.scan().tolist()
    covered = [any(branch.values[0] <= value <= branch.values[-1] for branch in traced) for value in grid]
    covered[0] = False
    found = [None if skip else line.solve(value, start) for value, skip in zip(grid, covered, strict=True)]
    alive = np.array([belongs(state, start) for state in found])
    edges = np.flatnonzero(np.diff(np.r_[False, alive, False]))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        middle = (first + last) // 2
        for i in (*range(middle, last), *range(middle - 1, first - 1, -1)):
            state = found[i]
            assert state is not None
            yield grid[i], state


def _followed(line: Line, states: Iterator[tuple[float, State]], traced: list[Branch]) -> Iterator[Branch]:
    """The branches that states lie on, beside those traced already, which they are added to."""
    failure: ConvergenceError | None = None
    for value, state in states:
        if singular(line, value) or any(_on(branch, value, state.order_parameters) for branch in traced):
            continue
        try:
            up, down = (trace(maker(line, state), state.order_parameters, value, sign, (line.low, line.high))
                        for sign in (1, -1))  # fmt: skip
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


def maker(line: Line, state: State) -> Callable[[float], Equations]:
    """The equations along a line, with the overlaps that a state has."""
    example = state.x_groups.shape[1] > 1
    return lambda value: line.equations(value, example)


def through_folds(line: Line, value: float, state: State, kind: type[BranchCurve] = BranchCurve) -> Branch:
    """The branch through a state, both ways and through its folds, to where it ends."""
    make, bounds = maker(line, state), (line.low, line.high)
    up, down = (trace(make, state.order_parameters, value, sign, bounds, through=True, kind=kind) for sign in (1, -1))
    return down.joined(up)


def state_at(line: Line, value: float, v: Array) -> State:
    """The state of order parameters v, a point of a branch."""
    return line.state(value, v)


def between(line: Line, branch: Branch, i: int, share: float) -> tuple[float, State | None]:
    """Value and state of a branch a share of the way from point i to point i+1."""
    value = (1 - share) * branch.values[i] + share * branch.values[i + 1]
    guess = (1 - share) * branch.points[i] + share * branch.points[i + 1]
    if line.parameter == "T" and value > 0:  # of C ≤ 1/T the part TC = 1 − q is what changes evenly
        TC = [branch.values[n] * branch.points[n][-1] for n in (i, i + 1)]
        guess[-1] = ((1 - share) * TC[0] + share * TC[1]) / value
    eq = line.equations(value, len(guess) - 1 > line.model.protocol.n_condensed)
    if not eq.admissible(guess):
        return value, None
    v, residual, steps = newton(eq, guess)
    return value, state_from(eq, v, residual, steps) if residual < 1e-10 else None


def state_on(line: Line, branch: Branch, value: float) -> State | None:
    """The state of a branch at a value between its ends."""
    i = int(np.clip(np.searchsorted(branch.values, value), 1, len(branch.values) - 1)) - 1
    return between(line, branch, i, (value - branch.values[i]) / (branch.values[i + 1] - branch.values[i]))[1]
