"""`design`: the least data, or the largest load, noise or dilution, with which a wanted retrieval is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ..errors import NoTransitionError, check_number
from ..model import Model
from .branches import between, branches, state_at
from .continuation import Branch
from .scans import Line, belongs, least_wanted
from .state import State
from .transitions import check_start, checked_line, integers

MAGNETISATION = "m is a magnetisation per non-blank site; 1 is reached only without heat and noise."


@dataclass(frozen=True, eq=False)
class Design:
    """What `design` found: `value` (also float(d)), the state there, and what limits it.

    limited_by : "m", where m has the wanted value; "spinodal", where the branch ends with a larger m; "bounds", where
        the wanted m is still reached at the end of the range searched

    >>> most = design(Model(P=3), "alpha", m=0.9, T=0.2)
    >>> most.limited_by, most.state.model.alpha == float(most)
    ('m', True)
    """

    parameter: str
    value: float
    state: State
    limited_by: str

    def __float__(self) -> float:
        return self.value


def design(
    model: Model,
    find: str = "M",
    m: float = 0.95,
    T: float | None = None,
    start: Any = "retrieval",
    bounds: tuple[float, float] | None = None,
) -> Design:
    r"""The least M or r, or the largest alpha, nu, rho, d or T, at which a state still has magnetisation m.

    Of a student (`TeacherStudent`) the least alpha, which is its number of examples, and the largest T_teacher.

    Parameters
    ----------
    find : "M" | "r" | "alpha" | "nu" | "rho" | "d" | "T"; M is an integer
    m : wanted magnetisation of the first archetype, E[ξ tanh βh]/(1−d), in (0, 1)
    T : temperature (not with find="T"); start : the branch, as in `solve`; bounds : range that is searched

    Returns a Design: `value`, `state`, `limited_by`. Raises NoTransitionError, with the largest m met, if it is reached
    nowhere; ParameterError for bad input.

    >>> from densenet_sm import Supervised
    >>> few = design(Model(P=3, protocol=Supervised(r=0.6, M=5), alpha=0.02), find="M", m=0.95, T=0.1)
    >>> few.state.m >= 0.95, few.limited_by
    (True, 'm')

    """
    line = checked_line(model, find, T, bounds)
    check_start(model, start)
    m = check_number("m", m, low=0, high=1, open_low=True, open_high=True, remedy=MAGNETISATION)
    found = list(_integer(line, m, start) if find == "M" else _continuous(line, m, start))
    if not found:
        scanned = (line.solve(float(value), start) for value in (integers(line) if find == "M" else line.scan()))
        best = max((_aligned(state) for state in scanned if state is not None and belongs(state, start)), default=0.0)
        where = f"{find} in [{line.low:g}, {line.high:g}]" + ("" if line.T is None else f" at T={line.T:g}")
        raise NoTransitionError(f"m = {m:g} is reached nowhere for {where}; the largest m met is {best:.6g}")
    return min(found, key=lambda d: d.value) if least_wanted(model, find) else max(found, key=lambda d: d.value)


def _aligned(state: State) -> float:
    """Magnetisation of the first archetype per non-blank site."""
    return float(np.atleast_1d(state.m_active)[0])


def _integer(line: Line, m: float, start: Any) -> Iterator[Design]:
    """The smallest M that reaches m."""

    def reached(value: int) -> bool:
        state = line.solve(float(value), start)
        return state is not None and belongs(state, start) and _aligned(state) >= m

    low = 0
    for high in integers(line):
        if reached(high):
            break
        low = high
    else:
        return
    limit = "bounds" if low == 0 else "m"
    while high - low > 1 and low:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    state = line.solve(float(high), start)
    before = line.solve(float(low), start) if low else None
    if before is not None and not belongs(before, start):
        limit = "spinodal"
    assert state is not None
    yield Design(line.parameter, float(high), state, limit)


def _continuous(line: Line, m: float, start: Any) -> Iterator[Design]:
    """Values where m is crossed on a branch, and ends of branches that still reach it, on the side that matters."""
    end = 0 if least_wanted(line.model, line.parameter) else -1
    for branch in branches(line, start):
        excess = [_aligned(state_at(line, value, v)) - m for value, v in zip(branch.values, branch.points, strict=True)]
        if excess[end] >= 0:
            state = state_at(line, branch.values[end], branch.points[end])
            yield Design(line.parameter, branch.values[end], state, "spinodal" if branch.ends[end] else "bounds")
        for i, j in pairwise(range(len(excess))):
            if excess[i] * excess[j] < 0:
                yield _root(line, branch, i, m)


def _root(line: Line, branch: Branch, i: int, m: float) -> Design:
    def excess(share: float) -> float:
        state = between(line, branch, i, share)[1]
        return np.nan if state is None else _aligned(state) - m

    value, state = between(line, branch, i, brentq(excess, 0.0, 1.0, xtol=1e-12))
    assert state is not None
    return Design(line.parameter, value, state, "m")
