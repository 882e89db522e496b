"""Branches of broken symmetry along a parameter, and where they can be started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from .branches import branches, state_at
from .breaking import Broken
from .broken import solve_broken
from .continuation import Branch, trace
from .newton import ENOUGH, EQUAL, breaking_share, gap, newton
from .scans import Line, belongs
from .state import State
from .step_curve import BrokenCurve, OneStep
from .threads import one_thread

Array = NDArray[Any]
APART = 0.2  # share that a branch is better started from
LAST = 0.01, 0.003, 0.03, 0.1  # of a line's width: what is followed of a branch to find its end
MERGED = 0.3  # largest share of the broken response with which a branch that stops is about to become symmetric


@dataclass
class BrokenBranch(Branch):
    """A piece of branch of one step: points (x, q_1, C, D), in the form they were followed in."""

    theta: float | None = None
    flat: bool = False

    def one(self, line: Line, value: float) -> OneStep:
        """The equations at a value."""
        return OneStep(Broken(line.equations(value), 1), self.theta, self.flat)

    def between(self, line: Line, i: int, share: float) -> tuple[float, OneStep, Array]:
        """Value, equations and order parameters a share of the way from point i to the next."""
        value = (1 - share) * self.values[i] + share * self.values[i + 1]
        ends = [self.one(line, self.values[n]).own(self.points[n]) for n in (i, i + 1)]
        one = self.one(line, value)
        return value, one, one.corrected(one.whole((1 - share) * ends[0] + share * ends[1]))


def broken_branches(
    line: Line, start: Any, theta: float | None = None, seeds: Sequence[BrokenBranch] = ()
) -> list[BrokenBranch]:
    """Branches of one step along a line, traced both ways, values increasing.

    They are started next to symmetric states that are unstable, or `seeds`, branches of a neighbouring line; only where
    that leads to none from the states of a scan.
    """
    traced: list[BrokenBranch] = []
    with one_thread(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        _follow(line, _continuing(line, start, theta, seeds), theta, traced)
        if not traced and theta is None:
            _follow(line, _beside(line, start), theta, traced)
        if not traced:
            _follow(line, (_apart(line, value, start, theta) for value in line.scan().tolist()), theta, traced)
    return traced


def _follow(
    line: Line, states: Iterable[tuple[float, Array] | None], theta: float | None, traced: list[BrokenBranch]
) -> None:
    """Add the branches that states (value, order parameters) lie on to those traced, if they are new."""
    for place in states:
        if place is None or any(branch.values[0] <= place[0] <= branch.values[-1] for branch in traced):
            continue
        with suppress(ConvergenceError):
            branch = followed(line, *place, theta)
            traced += [branch] if len(branch.values) > 1 else []


def followed(
    line: Line, value: float, v: Array, theta: float | None, through: bool = False, ways: tuple[int, ...] = (1, -1)
) -> BrokenBranch:
    """The branch through a state (x, q_1, C, D) at a value, both `ways`; `through` its folds, to where it ends.

    Raises ConvergenceError where it is lost.
    """
    flat = bool(v[-3] < EQUAL or line.equations(value).noise.modes)
    form = BrokenBranch([], [], theta=theta, flat=flat)
    u = form.one(line, value).own(v)
    bounds = _bounds(line)
    make: Any = partial(form.one, line)
    up, down = (
        trace(make, u, value, sign, bounds, through=through, kind=BrokenCurve) if sign in ways else Branch([value], [u])
        for sign in (1, -1)
    )
    both = down.joined(up)
    points = [form.one(line, at).whole(own) for at, own in zip(both.values, both.points, strict=True)]
    return BrokenBranch(both.values, points, both.ends, both.folds, theta, flat)


def _continuing(
    line: Line, start: Any, theta: float | None, seeds: Sequence[BrokenBranch]
) -> Iterator[tuple[float, Array] | None]:
    """A state on each branch that a neighbouring line's continues to, from its middle or else its quarters."""
    for branch in seeds:
        for share in (0.5, 0.25, 0.75):
            n = int(share * (len(branch.values) - 1))
            v = _held(line, branch.values[n], branch.points[n], start, theta)
            if v is not None:
                yield branch.values[n], v
                break


def _bounds(line: Line) -> tuple[float, float]:
    """Both ends of a line, or what is next to them where there is no noise, so that nothing breaks."""
    tiny = 1e-9 * (line.high - line.low)
    low, high = (line.equations(end).noise.silent for end in (line.low, line.high))
    return line.low + tiny * low, line.high - tiny * high


def ends_beside(line: Line, start: Any, seeds: Sequence[BrokenBranch]) -> list[BrokenBranch]:
    """The last parts, up to their folds, of the branches that those of a neighbouring line continue to."""
    found = []
    with one_thread(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for branch, end, sign in ((b, *side) for b in seeds for side in ((0, -1), (-1, 1)) if b.ends[side[0]]):
            away = np.abs(np.array(branch.values) - branch.values[end])
            for share in LAST:
                n = int(np.argmin(np.abs(away - min(share * (line.high - line.low), 0.7 * float(away.max())))))
                v = _held(line, branch.values[n], branch.points[n], start, branch.theta)
                if v is not None:
                    found.append(followed(line, branch.values[n], v, branch.theta, ways=(sign,)))
                    break
    return found


def _held(line: Line, value: float, guess: Array, start: Any, theta: float | None) -> Array | None:
    """The broken state of a start next to a guess, or None."""
    eq = Broken(line.equations(value), 1)
    v, error, _ = newton(eq, guess, fixed=theta is not None)
    held = error < 10 * ENOUGH and gap(eq, v) > EQUAL and v[-1] * eq.base.T <= 1 and _kept(v, start)
    return v if held else None


def _kept(v: Array, start: Any) -> bool:
    """Whether a start's overlap is still there."""
    return start == "glass" or float(np.abs(v[:-3]).max()) > 1e-6


def _beside(line: Line, start: Any) -> Iterator[tuple[float, Array] | None]:
    """Broken states next to the most unstable ones of every symmetric branch with overlap."""
    if start in ("glass", "paramagnet"):
        return
    for branch in branches(line, start):
        replicons = [state_at(line, *place).replicon for place in zip(branch.values, branch.points, strict=True)]
        unstable = [n for n, replicon in enumerate(replicons) if replicon < 0]
        if unstable:
            worst = max(unstable, key=lambda n: (-replicons[n], branch.values[n]))
            yield _apart(line, branch.values[worst], start, None)
            yield _apart(line, branch.values[unstable[len(unstable) // 2]], start, None)


def _apart(line: Line, value: float, start: Any, theta: float | None) -> tuple[float, Array] | None:
    """The broken state at a value, or, where its overlaps are about to merge, one next to it that is further apart."""
    state = _state(line, value, start, theta)
    if state is None or theta is not None:
        return None if state is None else (value, state.order_parameters)

    def share(state: State) -> float:
        return breaking_share(Broken(line.equations(value), 1), state.order_parameters)

    best, cell = (value, state), (line.high - line.low) / line.cells
    for step in (0.5, 0.25, 0.125, -0.5, -0.25, -0.125):
        if share(best[1]) > APART:
            break
        near = float(np.clip(value + step * cell, line.low, line.high))
        other = _state(line, near, start, theta)
        if other is not None and share(other) > share(best[1]):
            best = near, other
    return best[0], best[1].order_parameters


def _state(line: Line, value: float, start: Any, theta: float | None) -> State | None:
    """The broken state at a value; None where symmetry is not broken or the start leads elsewhere."""
    try:
        state = solve_broken(line.equations(value, start == "example"), start, 1, theta)
    except ConvergenceError:
        return None
    return state if belongs(state, start) and state.q[1] - state.q[0] > EQUAL else None
