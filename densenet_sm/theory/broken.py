"""States of broken replica symmetry: from an initial condition, and from one step to several."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from ..protocols import Multitasking
from .breaking import Broken
from .iteration import converge
from .rs import Equations
from .solver import initial
from .state import State, label, state_from
from .threads import one_thread

Array = NDArray[Any]
ENOUGH = 1e-11  # largest residual of a solution
EQUAL = 1e-5  # overlaps closer than this are one: replica symmetry
FACTOR = 1.6  # between the tilts tried
SPLITS = ((1.0, 3.0), (1.0, 1.8), (0.8, 2.5))  # a tilt into two


def newton(eq: Broken, v: Array, fixed: bool = False, steps: int = 40) -> tuple[Array, float, int]:
    """Newton's method on all order parameters, those D aside if `fixed`: solution, residual, evaluations.

    Steps are shortened until the correction that would follow is a smaller one (Deuflhard's natural monotonicity), in
    which equations of very different scale count alike.
    """
    free = np.arange(len(v) - (eq.k if fixed else 0))
    F, spent = eq.at(v).residual[free], 1
    for _ in range(steps):
        error = float(np.abs(F).max())
        J = jacobian(eq, v, F, free)
        spent += len(free)
        try:
            change = np.linalg.solve(J, F)
        except np.linalg.LinAlgError:
            return v, error, spent
        size = np.maximum(np.abs(v[free]), 1e-2)
        length, share = float(np.abs(change / size).max()), 1.0
        if error < ENOUGH and length < 1e-9:
            return v, error, spent
        while share > 1e-4:
            trial = v.copy()
            trial[free] -= share * change
            if eq.admissible(trial):
                F = eq.at(trial).residual[free]
                spent += 1
                if float(np.abs(np.linalg.solve(J, F) / size).max()) < (1 - share / 4) * length:
                    break
            share /= 2
        else:
            return v, error, spent
        v = trial
    return v, float(np.abs(F).max()), spent


def jacobian(eq: Broken, v: Array, F: Array, free: Array) -> Array:
    """∂residual/∂v by differences, one-sided: towards smaller overlaps and larger C."""
    J = np.empty((len(free), len(free)))
    for column, i in enumerate(free):
        step = 1e-7 * max(abs(v[i]), 0.1)
        moved = v.copy()
        moved[i] -= step
        if not eq.admissible(moved):
            step = -step
            moved[i] = v[i] - step
        J[:, column] = (F - eq.at(moved).residual[free]) / step
    return J


def relaxed(eq: Broken, v: Array, steps: int) -> Array:
    """Natural iteration of the overlaps at fixed tilts, shortened where it would leave what is admissible."""
    for _ in range(steps):
        change, share = eq.at(v).residual.copy(), 1.0
        change[len(v) - eq.k :] = 0.0
        if eq.norm(change) < ENOUGH:
            break
        while not eq.admissible(v + share * change) and share > 1e-3:
            share /= 2
        v = v + share * change
    return v


def settled(eq: Broken, v: Array, tilts: Array, steps: int = 12) -> Array | None:
    """Solution for the overlaps at given tilts, next to v; None if overlaps merge, where symmetry is not broken."""
    v = v.copy()
    v[len(v) - eq.k :] = tilts
    if not eq.admissible(v):
        return None
    try:
        v, error, _ = newton(eq, relaxed(eq, v, steps), fixed=True)
    except ConvergenceError:
        return None
    return v if error < 10 * ENOUGH and float(np.diff(eq.parts(v)[1]).min()) > EQUAL else None


def first_step(base: Equations, x: Array) -> Array | None:
    """The stationary state of one step from overlaps x; None where there is none with θ < 1."""
    eq = Broken(base, 1)
    top = 1 / base.T if base.T > 0 else math.inf
    v = _guess(eq, x, min(3.0, top))
    before: tuple[float, Array] | None = None
    factor = FACTOR
    while v is not None and 1e-4 < v[-1] < 1e4 and factor > 1.01:
        new = settled(eq, v, v[-1:], 12 if before is None else 2)
        if new is None and before is not None:  # merged on the way: a shorter one
            factor = math.sqrt(factor)
            v = before[1].copy()
            v[-1] = min(v[-1] * factor, top) if before[0] > 0 else v[-1] / factor
            continue
        if new is None:
            return None
        v = new
        slope, D = float(eq.at(v).slope_D[0]), float(v[-1])
        if before is not None and before[0] * slope < 0:
            share = slope / (slope - before[0])
            v, error, _ = newton(eq, (1 - share) * v + share * before[1])
            return v if error < 10 * ENOUGH else None
        if slope > 0 and top <= D:
            return None
        before, v = (slope, v), v.copy()
        v[-1] = min(D * factor, top) if slope > 0 else D / factor
    return None


def _guess(eq: Broken, x: Array, D: float) -> Array | None:
    """Overlaps close to one; q_1 = 0 where nothing orders a glass's lowest overlap."""
    base = eq.base
    free = base.noise.rigidity(0.0, 0.0) > 0 or base.noise.strength(0.0, 0.0) > 0 or base.model.field > 0
    q = 0.95 if x.any() else 0.5 if free else 0.0
    while D > 1e-3:
        v = np.concatenate([x.ravel(), [q, 0.05 if base.T == 0 else 0.01 / base.T, D]])
        if eq.admissible(v):
            return v
        D /= 2
    return None


def next_step(base: Equations, v: Array, k: int) -> Array:
    """A state of k + 1 steps next to one of k.

    Raises ConvergenceError where none is found.
    """
    eq = Broken(base, k + 1)
    for guess in _refined(Broken(base, k), v):
        if not eq.admissible(guess):
            continue
        try:
            found, error, _ = newton(eq, relaxed(eq, guess, 30))
        except ConvergenceError:
            continue
        _, q, _, D = eq.parts(found)
        if error < 10 * ENOUGH and (np.diff(D) > 0).all() and (np.diff(q) > EQUAL).all() and D[-1] * base.T <= 1:
            return found
    raise ConvergenceError(f"no state of {k + 1} steps next to the one of {k}", v, math.nan, 0)


def _refined(eq: Broken, v: Array) -> Iterator[Array]:
    """Guesses of one step more: overlaps spread where the lowest is free; an interval divided, the last one first."""
    x, q, C, D = eq.parts(v)
    k, cold = eq.k, eq.base.T == 0
    if q[0] > EQUAL:
        old, new = np.arange(k + 1) / k, np.arange(k + 2) / (k + 1)
        middle, spread = (np.arange(k) + 0.5) / k, (np.arange(k + 1) + 0.5) / (k + 1)
        tilts = D[0] * np.array([0.5, 1.7]) if k == 1 else np.exp(np.interp(spread, middle, np.log(D)))
        yield np.concatenate([x, np.interp(new, old, q)[:-1], [C], tilts])
    for n, (own, more), share in product(reversed(range(k)), SPLITS, (0.5, 0.8, 0.2)):
        overlaps = np.insert(q[:-1], n + 1, q[n] + share * (q[n + 1] - q[n]))
        tilts = np.insert(D, n + 1, more * D[n])
        tilts[n] *= own
        yield np.concatenate([x, overlaps, [0.6 * C if cold else C], tilts])


def solve_broken(base: Equations, start: Any, k: int, theta: float | None) -> State:
    """A state of k steps from an initial condition, or with k = 1 at a given θ (T = 0: D = βθ).

    Where symmetry is not broken it is the replica-symmetric one, all overlaps equal and θ = 1.
    """
    with one_thread(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if isinstance(start, State) and len(start.tilts) == k:
            v, error, _ = newton(Broken(base, k), start.order_parameters)
            if error > 10 * ENOUGH:
                raise ConvergenceError("no broken state next to the one given", v, error, 0)
            return broken_state(Broken(base, k), v)
        x = initial(base, start)[:-1]
        found = None
        if not base.noise.silent:
            found = first_step(base, x) if theta is None else _given(Broken(base, 1), x, theta)
        if found is None:
            return symmetric_state(base, start, k)
        for n in range(1, k):
            try:
                found = next_step(base, found, n)
            except ConvergenceError:
                state = broken_state(Broken(base, n), found)
                if state.replicon < 0:
                    raise
                return _padded(state, k)
        return broken_state(Broken(base, k), found, stationary=theta is None)


def _given(eq: Broken, x: Array, theta: float) -> Array | None:
    """The state of one step at a θ (T = 0: D), from overlaps x; None where symmetry is not broken."""
    D = theta / eq.base.T if eq.base.T > 0 else theta
    guess = _guess(eq, x, D)
    return None if guess is None else settled(eq, guess, np.array([D]))


def symmetric_state(base: Equations, start: Any, k: int) -> State:
    """The replica-symmetric state as one of k steps that coincide."""
    v, residual, iterations = converge(base, initial(base, start))
    state = state_from(base, v, residual, iterations)
    tilts = (1 / base.T if base.T > 0 else math.inf,) * k
    return replace(state, q=(state.q,) * (k + 1), tilts=tilts, ansatz=_ansatz(k), replicons=(state.replicon,) * (k + 1))


def _padded(state: State, k: int) -> State:
    """A stable state of fewer steps as one of k: the largest overlap repeated, with θ = 1."""
    more = k - len(state.tilts)
    tilts = state.tilts + (1 / state.T if state.T > 0 else math.inf,) * more
    q, replicons = state.q + state.q[-1:] * more, state.replicons + state.replicons[-1:] * more
    return replace(state, q=q, tilts=tilts, replicons=replicons, ansatz=_ansatz(k))


def broken_state(eq: Broken, v: Array, stationary: bool = True) -> State:
    """Everything that follows from a solution v of k steps, whose tilts may be given instead of stationary."""
    base, k, point = eq.base, eq.k, eq.at(v)
    x = np.where(np.abs(point.x) < 1e-12, 0.0, point.x)
    overlap, m = x @ base.weights, point.m
    single = not isinstance(base.model.protocol, Multitasking)
    replicons = point.replicons
    return State(
        model=base.model,
        T=base.T,
        m=float(m[0]) if single else m,
        x=float(overlap[0]) if single else overlap,
        q=tuple(point.q.tolist()),
        chi=point.C,
        free_energy=point.free_energy,
        energy=point.energy,
        entropy=point.entropy,
        replicon=min(replicons),
        longitudinal=longitudinal(eq, v),
        phase=label(base, x, float(point.q[-1]), replicons[-1]),
        converged=True,
        residual=eq.norm(point.residual[: None if stationary else -k]),
        iterations=0,
        x_groups=x,
        N=base.N,
        ansatz=_ansatz(k),
        tilts=tuple(v[len(v) - k :].tolist()),
        replicons=replicons,
    )


def longitudinal(eq: Broken, v: Array) -> float:
    """The smallest of 1 − eigenvalues of ∂E[t M_1]/∂x, all other order parameters following the overlaps x."""
    J, n = jacobian(eq, v, eq.at(v).residual, np.arange(len(v))), math.prod(eq.base.shape)
    reduced = J[:n, :n] - J[:n, n:] @ np.linalg.solve(J[n:, n:], J[n:, :n])
    return float(np.linalg.eigvals(-reduced).real.min())


def _ansatz(k: int) -> str:
    return "1RSB" if k == 1 else "kRSB"
