"""`solve`: from an initial condition to a state."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError, ParameterError, check_integer, check_name, check_number
from ..model import Model, check_model
from ..protocols import Multitasking, Unsupervised
from .iteration import converge
from .rs import Equations
from .state import State, state_from

Array = NDArray[Any]
ANSATZES = ("RS",)
MAX_STEPS = 12
STARTS = ("retrieval", "glass", "paramagnet")
MULTITASKING_STARTS = ("pure", "hierarchical", "parallel")


def solve(
    model: Model,
    T: float,
    ansatz: str = "RS",
    start: Any = "retrieval",
    k: int | None = None,
    theta: float | None = None,
    N: int | None = None,
) -> State:
    r"""Solve the self-consistency equations, replica-symmetric or broken, from an initial condition.

    x_ν = E[t^ν tanh βh], q = E tanh² βh, with h = Σ_ν f′(x_ν) t^ν + h_ext ξ^1 + σz, f(x) = x^P/2 and σ² = ξ′(q)
    (NOTATION.md; amit1987 for P = 2, gardner1987 for P ≥ 3). T = 0 is an input like any other.

    Parameters
    ----------
    model : what network
    T : temperature ≥ 0, k_B = 1
    ansatz : "RS" | "1RSB" | "kRSB" with k steps, k + 1 overlaps (theory/BREAKING.md; parisi1980, crisanti1992). Where
        symmetry is not broken all overlaps come out equal, with θ = 1
    theta : of 1RSB, Parisi's parameter where it shall not be the stationary one; at T = 0 D = βθ
    start : an initial condition; `phase` of the result says where it ended. "retrieval" | "glass" | "paramagnet";
        Unsupervised also "example" (one example's overlap apart from the others); Multitasking also "pure" |
        "hierarchical" ("retrieval" means the same) | "parallel", or numbers of equal overlaps as in "2+1" (spins follow
        the majority of two patterns, where that is a tie a third; "1" is "pure", "3" a mixture of three); a State; or
        an array [n_condensed] of overlaps x
    N : finite size whose exact signal f_N replaces f (tensor interaction), the crosstalk staying that of N → ∞

    Returns a State. Raises ParameterError for bad input and ConvergenceError (last iterate, residual, iterations) when
    no solution is reached, such as a paramagnet where 1 − β(1−q) ≤ 0. Next to a fold at large P a basin can be too
    small for a named start: `follow` and `critical` reach that state along its branch.

    >>> state = solve(Model(P=2, alpha=0.05), T=0.2)
    >>> state.phase, round(state.m, 4)
    ('retrieval', 0.9989)

    """
    check_model(model)
    T = check_number("T", T, low=0, remedy="Temperatures are in units of the coupling, k_B = 1; T = 0 is allowed.")
    k = _steps(ansatz, k, theta, T)
    example = start == "example" if isinstance(start, str) else isinstance(start, State) and start.x_groups.shape[1] > 1
    eq = Equations(model, T, example, N)
    if k:
        from .broken import solve_broken

        return solve_broken(eq, start, k, theta)
    v, residual, iterations = converge(eq, initial(eq, start))
    return state_from(eq, v, residual, iterations)


def _steps(ansatz: str, k: int | None, theta: float | None, T: float) -> int:
    """Number of breakings, or ParameterError."""
    check_name("ansatz", ansatz, (*ANSATZES, "1RSB", "kRSB"))
    if ansatz == "kRSB":
        k = check_integer("k", k, low=1, high=MAX_STEPS, remedy="k is the number of steps: pass k=2, 3, ...")
    elif k not in (None, 1 if ansatz == "1RSB" else 0):
        raise ParameterError("k", f"left out with ansatz={ansatz!r}", k, "Use ansatz='kRSB' with k=.")
    if theta is not None:
        if ansatz != "1RSB":
            raise ParameterError("theta", "left out unless ansatz='1RSB'", theta, "Use ansatz='1RSB'.")
        high = 1.0 if T > 0 else math.inf
        check_number("theta", theta, low=0, high=high, open_low=True, remedy="Parisi's parameter; at T = 0 D = βθ.")
    return k or (1 if ansatz == "1RSB" else 0)


def initial(eq: Equations, start: Any) -> Array:
    """Order parameters of an initial condition (names and arrays as in `solve`)."""
    C, G = eq.shape
    if isinstance(start, State):
        if start.x_groups.shape != (C, G):
            remedy = "Start from a state of a model with as many condensed patterns."
            raise ParameterError("start", f"a state with overlaps of shape {(C, G)}", start.x_groups.shape, remedy)
        q = start.q_EA if start.T > 0 else 1.0
        chi = start.chi if start.T == eq.T or eq.T == 0 else (1 - q) / eq.T
        return np.append(start.x_groups.ravel(), chi)
    if isinstance(start, str):
        return _named(eq, start)
    try:
        x = np.asarray(start)
    except ValueError:
        x = np.empty(0)
    if x.shape not in {(C,), (C, 1)} and not (C == 1 and x.shape == ()):
        raise ParameterError("start", f"a name or an array of {C} overlaps", start, "Give one overlap per pattern.")
    if x.dtype.kind not in "iuf" or not np.isfinite(x).all() or np.abs(x).max() > eq.largest_x:
        remedy = "Overlaps are E[t tanh βh]: real numbers of order one, without NaN and infinities."
        raise ParameterError("start", f"a name, a State or overlaps of at most {eq.largest_x:.3g}", start, remedy)
    return np.append(np.repeat(x.ravel().astype(float), G), 0.0)


def named_starts(model: Model) -> tuple[str, ...]:
    """Names of the initial conditions that a model has."""
    several = MULTITASKING_STARTS if isinstance(model.protocol, Multitasking) else ()
    return STARTS + several + (("example",) if isinstance(model.protocol, Unsupervised) else ())


def check_start_name(name: str, start: str, model: Model, *others: str) -> None:
    """ParameterError unless `start` names an initial condition of the model, or is one of the `others`."""
    if groups_of(model, start) is None:
        check_name(name, start, (*others, *named_starts(model)))


def groups_of(model: Model, start: Any) -> tuple[int, ...] | None:
    """Numbers of equal overlaps that the name of a start stands for; None if it is not such a name.

    >>> groups_of(Model(P=2, protocol=Multitasking(K=3, d=0.2)), "2+1")
    (2, 1)
    """
    protocol = model.protocol
    if not (isinstance(start, str) and isinstance(protocol, Multitasking)):
        return None
    K = protocol.K
    named = {"pure": (1,), "parallel": (K,), "hierarchical": (1,) * K, "retrieval": (1,) * K}
    if re.fullmatch(r"[1-9]\d?(\+[1-9]\d?)*", start):
        groups = tuple(map(int, start.split("+")))
        return groups if sum(groups) <= K else None
    return named.get(start)


def _named(eq: Equations, start: str) -> Array:
    protocol = eq.model.protocol
    check_start_name("start", start, eq.model)
    C, G = eq.shape
    if start == "paramagnet":
        if eq.T == 0 and not eq.noise.silent:
            remedy = "Use T > 0, or start='glass'."
            raise ParameterError("start", "a state that exists at T = 0", start, remedy)
        v = np.zeros(C * G + 1)
        v[-1] = 1 / eq.T if eq.T > 0 else 0.0
        if not eq.admissible(v):
            raise ConvergenceError("no paramagnet here: 1 − β(1−q) ≤ 0 makes it unphysical", v, math.nan, 0)
        return v
    x = np.zeros((C, G))
    if start == "glass":
        return np.append(x.ravel(), 0.0)
    weights = majority(C, protocol.dilution, groups_of(eq.model, start) or (1,))
    along = _aligned_overlap(eq)
    x[:] = weights[:, None] * along
    if start == "example":
        assert isinstance(protocol, Unsupervised)
        x[0, 1:] = protocol.r**2 / math.sqrt(protocol.R)  # spins equal to one example: r² overlap with another
        x[0, 0] = 1 / math.sqrt(protocol.R)
    return np.append(x.ravel(), 0.0)


def majority(K: int, d: float, groups: tuple[int, ...]) -> Array:
    """[K]: overlaps relative to a single one's, of spins that follow Σ ξ of one group, where that is 0 of the next.

    A group of n patterns has E|Σ ξ| / (n(1−d)) each, times the chance that the sums of all groups before are zero.
    """
    weights, left, first = np.zeros(K), 1.0, 0
    for n in groups:
        law = np.ones(1)
        for _ in range(n):
            law = np.convolve(law, [(1 - d) / 2, d, (1 - d) / 2])
        weights[first : first + n] = left * float(law @ np.abs(np.arange(-n, n + 1))) / (n * (1 - d))
        left, first = left * float(law[n]), first + n
    return weights


def _aligned_overlap(eq: Equations) -> Array:
    """[G]: overlap of each group when every non-blank site points along the group's entries, (1−d) E|t|."""
    live = 1 - eq.site.dilution
    return np.array([live * law.weight @ np.hypot(law.mean, np.sqrt(law.variance)) for law in eq.site.laws])
