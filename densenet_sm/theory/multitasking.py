r"""Several diluted patterns retrieved at once: every stable state, and where a hierarchy is consistent at T = 0.

Spins follow the majority of some patterns, where these tie or are blank that of others, and so on: "2+1". Which of
these orderings survive at a temperature, and with which overlaps, `stable_states` answers (agliari2023multitasking for
P = 2; theory/MULTITASKING.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ..errors import ConvergenceError, check_integer, check_number
from ..model import Model, check_model
from .rs import Equations
from .scans import Line, ordered_starts
from .solver import initial, solve
from .state import State

TILT = 1e-3  # by which equal overlaps of a start differ, and zero ones do not vanish where they can grow (P = 2)
SAME = 1e-6


def stable_states(model: Model, T: float, groups: int = 3) -> list[State]:
    """Every locally stable state found, lowest free energy first; `State.ordering` says what each is.

    Starts are the state without overlap and every named kind of state; for several diluted patterns all orderings with
    at most `groups` numbers and the hierarchies. There equal overlaps are tilted against each other, so that a start
    ends in a minimum of f and not in a saddle. Stable means `longitudinal` > 0; states that differ by a permutation or
    by signs are one.

    Raises ParameterError for bad model, T or groups.

    >>> from densenet_sm import Multitasking
    >>> model = Model(P=3, protocol=Multitasking(K=3, d=0.7))
    >>> [state.ordering for state in stable_states(model, T=0.05)]
    ['1+1+1', '1+1', '1', '0']
    """
    check_model(model)
    T = check_number("T", T, low=0)
    check_integer("groups", groups, low=1, remedy="groups is the longest ordering that is tried as a start.")
    found: list[State] = []
    for state in _candidates(model, T, groups):
        if state is not None and state.longitudinal > 0 and not any(_same(state, other) for other in found):
            found.append(state)
    return sorted(found, key=lambda state: state.free_energy)


def _candidates(model: Model, T: float, groups: int) -> Iterator[State | None]:
    yield Line(model, "T", None, T, T).unaligned(T)
    for start in _starts(model, T, groups):
        try:
            yield solve(model, T, start=start)
        except ConvergenceError:
            yield None


def _starts(model: Model, T: float, groups: int) -> Iterator[Any]:
    eq, K = Equations(model, T), model.protocol.n_condensed
    if K == 1:
        yield from ordered_starts(model)
        return
    for ordering in orderings(K, groups):
        x = initial(eq, ordering)[:-1] * (1 - TILT * np.arange(K))
        yield np.where(x == 0, TILT * x[0] * (1 - np.arange(K) / (2 * K)), x) if model.P == 2 else x


def orderings(K: int, groups: int = 3) -> list[str]:
    """Names of the starts with up to K overlaps in at most so many groups, and of all hierarchies.

    >>> orderings(3, groups=2)
    ['1', '2', '1+1', '3', '1+2', '2+1', '1+1+1']
    """
    names = []
    for n in range(1, K + 1):
        for cuts in range(n):
            if cuts < groups or cuts == n - 1:
                for places in combinations(range(1, n), cuts):
                    names.append("+".join(map(str, np.diff([0, *places, n]))))
    return names


def _same(a: State, b: State) -> bool:
    first, second = (np.sort(np.abs(state.x_groups).max(1)) for state in (a, b))
    return bool(np.abs(first - second).max() < SAME)


def hierarchy_consistent(P: int, K: int, d: float) -> bool:
    r"""Whether overlaps m_k = (1−d) d^{k−1} solve the equations of K stored patterns at T = 0 and zero load.

    A spin must follow the first pattern that is not blank on it, against all later ones together: the fields are
    ∝ D^{k−1}, D = d^{P−1}, so that 1 > D + … + D^{K−1}, or (1 − 2D + D^K)/(1 − D) > 0.

    >>> hierarchy_consistent(P=2, K=3, d=0.61), hierarchy_consistent(P=2, K=3, d=0.62), hierarchy_consistent(3, 3, 0.78)
    (True, False, True)
    """
    return _excess(_checked(P, K)[1], check_number("d", d, low=0, high=1, open_high=True) ** (P - 1)) < 1


def hierarchy_threshold(P: int, K: int) -> float:
    r"""The dilution d_c(P, K) up to which the hierarchy of K patterns is consistent at T = 0; 1 for K ≤ 2.

    The root of D + … + D^{K−1} = 1, D = d^{P−1}: (√5−1)/2 for P = 2, K = 3, falling to 2^{−1/(P−1)} as K grows.

    >>> [round(hierarchy_threshold(P, 3), 6) for P in (2, 3, 4)]
    [0.618034, 0.786151, 0.8518]
    """
    P, K = _checked(P, K)
    return 1.0 if K < 3 else float(brentq(lambda D: _excess(K, D) - 1, 0.5, 1.0, xtol=1e-15)) ** (1 / (P - 1))


def _checked(P: int, K: int) -> tuple[int, int]:
    P = check_integer("P", P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")
    return P, check_integer("K", K, low=1, remedy="K is the number of diluted patterns retrieved at once.")


def _excess(K: int, D: float) -> float:
    """Field of all later patterns, in units of the first one's."""
    return float(sum(D**k for k in range(1, K)))
