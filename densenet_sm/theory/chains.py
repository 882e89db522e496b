"""A branch that is symmetric in some parts and broken in others, put together from both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..errors import NoTransitionError
from .branches import between, branches, paramagnets, state_at, through_folds
from .broken import as_steps, broken_state
from .broken_branches import MERGED, broken_branches, followed
from .continuation import Branch, BranchCurve
from .newton import breaking_share
from .scans import Line
from .state import State
from .threads import one_thread

Array = NDArray[Any]
NEAR = 0.1  # share of the bounds' width within which two parts that end are joined
ALIKE = 0.1  # and difference of their overlaps there


@dataclass
class Part:
    """A part of a branch: values, states as of one step, indices of folds, and whether symmetry changes at each end."""

    values: list[float]
    states: list[State]
    folds: list[int]
    joints: tuple[bool, bool]

    def lowest(self) -> float:
        """The smallest value of a stable state."""
        stable = [value for value, s in zip(self.values, self.states, strict=True) if s.longitudinal > 0]
        return min(stable, default=np.inf)

    def oriented(self) -> Part:
        """From the stable end on, of two the lower one."""
        first, last = ((self.states[n].longitudinal < 0, self.values[n]) for n in (0, -1))
        return self.backwards() if last < first else self

    def backwards(self) -> Part:
        last = len(self.values) - 1
        folds = [last - n for n in reversed(self.folds)]
        return Part(self.values[::-1], self.states[::-1], folds, self.joints[::-1])

    def then(self, other: Part) -> Part:
        folds = self.folds + [len(self.values) + n for n in other.folds]
        return Part(self.values + other.values, self.states + other.states, folds, (self.joints[0], other.joints[1]))


def chain(line: Line, start: Any) -> tuple[list[float], list[State], list[int]]:
    """Values, states and indices of folds of a start's branch, broken where its symmetric part is unstable.

    It begins at its lowest value. Raises NoTransitionError where there is none.
    """
    with one_thread(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        broken = _broken(line, start)
        parts = broken + _symmetric(line, start, broken)
    whole = min(parts, key=Part.lowest, default=None)
    if whole is None or whole.lowest() == np.inf:
        where = f"{line.parameter} in [{line.low:g}, {line.high:g}]" + ("" if line.T is None else f" at T={line.T:g}")
        points = f"{len(line.scan())} points scanned"
        raise NoTransitionError(f"no {start!r} state (1RSB) for {where}: {points}. Change bounds=.")
    rest = [part for part in parts if part is not whole]
    for _ in range(2):
        while whole.joints[1] and (found := _next(line, whole, rest)) is not None:
            whole, rest = whole.then(found[0]), [part for part in rest if part is not found[1]]
        whole = whole.backwards()
    whole = whole.oriented()
    return whole.values, whole.states, whole.folds


def _next(line: Line, whole: Part, rest: list[Part]) -> tuple[Part, Part] | None:
    """The part of the other kind that goes on nearest to where a branch ends, as it is followed and as it was given."""
    ways = [(way, part) for part in rest for way in (part, part.backwards()) if way.joints[0]]

    def apart(way: Part) -> float:
        own, other = whole.states[-1], way.states[0]
        if (own.q[0] == own.q[1]) == (other.q[0] == other.q[1]) or np.abs(own.x_groups - other.x_groups).max() > ALIKE:
            return np.inf
        return abs(whole.values[-1] - way.values[0]) / (line.high - line.low)

    best = min(ways, key=lambda pair: apart(pair[0]), default=None)
    return best if best is not None and apart(best[0]) < NEAR else None


def _broken(line: Line, start: Any) -> list[Part]:
    """The broken branches of a start, through their folds."""
    parts = []
    for branch in broken_branches(line, start):
        middle = len(branch.values) // 2
        whole = followed(line, branch.values[middle], branch.points[middle], None, through=True)
        equations = [whole.one(line, value).eq for value in whole.values]
        states = [broken_state(eq, v) for eq, v in zip(equations, whole.points, strict=True)]
        ends = [breaking_share(equations[n], whole.points[n]) < MERGED for n in (0, -1)]
        inside = [line.low < whole.values[n] < line.high for n in (0, -1)]
        part = Part(whole.values, states, whole.folds, (ends[0] and inside[0], ends[1] and inside[1])).oriented()
        if line.T == 0 and start != "glass" and part.values[0] > line.low:  # overlaps merge slowly towards small loads
            part.joints = (True, part.joints[1])
        parts.append(part)
    return parts


def _symmetric(line: Line, start: Any, broken: list[Part]) -> list[Part]:
    """Stable parts of the symmetric branches, through folds; at T = 0 those without a broken branch."""
    found = paramagnets(line) if start == "paramagnet" else []
    for branch in branches(line, start) if not found else ():
        states = [state_at(line, *place) for place in zip(branch.values, branch.points, strict=True)]
        stable = [n for n, state in enumerate(states) if state.replicon > 0 or line.T == 0]
        while stable:
            n = stable[len(stable) // 2]
            whole = through_folds(line, branch.values[n], states[n], Stable)
            found.append(whole)
            stable = [m for m in stable if not min(whole.values) <= branch.values[m] <= max(whole.values)]
    return [part for branch in found for part in _runs(line, branch, broken)]


class Stable(BranchCurve):
    """A symmetric branch as far as it is stable against breaking."""

    def never_cold(self, y: Array, end: float) -> bool:
        eq = self.equations(y[-1])
        return (eq.T > 0 and eq.at(y[:-1]).replicon < 0) or super().never_cold(y, end)


def _runs(line: Line, branch: Branch, broken: list[Part]) -> list[Part]:
    """The stable runs of a symmetric branch."""
    states = [state_at(line, value, v) for value, v in zip(branch.values, branch.points, strict=True)]
    spans = [
        (min(part.values[: part.folds[0] + 1] if part.folds else part.values), max(part.values)) for part in broken
    ]

    def calm(n: int) -> bool:
        if states[n].T > 0 or line.parameter == "T":
            return states[n].replicon > 0
        return states[n].longitudinal > 0 and not any(low <= branch.values[n] <= high for low, high in spans)

    good = np.array([calm(n) for n in range(len(states))])
    edges = np.flatnonzero(np.diff(np.r_[False, good, False]))
    parts = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        values, own = branch.values[first:last], states[first:last]
        folds = [n - int(first) for n in branch.folds if first <= n < last]
        before = _edge(line, branch, int(first) - 1) if first > 0 else None
        after = _edge(line, branch, int(last) - 1) if last < len(good) else None
        if before is not None:
            values, own, folds = [before[0], *values], [before[1], *own], [n + 1 for n in folds]
        if after is not None:
            values, own = [*values, after[0]], [*own, after[1]]
        parts.append(
            Part(values, [as_steps(state, 1) for state in own], folds, (bool(first > 0), bool(last < len(good))))
        )
    return parts


def _edge(line: Line, branch: Branch, i: int) -> tuple[float, State] | None:
    """Where the replicon vanishes between two points of a branch; None at T = 0, where it does not."""

    def replicon(share: float) -> float:
        state = between(line, branch, i, share)[1]
        return np.nan if state is None else state.replicon

    ends = replicon(0.0), replicon(1.0)
    if not np.isfinite(ends).all() or ends[0] * ends[1] >= 0:
        return None
    value, state = between(line, branch, i, float(brentq(replicon, 0.0, 1.0, xtol=1e-10)))
    return None if state is None else (value, state)
