"""States of broken replica symmetry: from an initial condition, and from one step to several."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from ..protocols import Multitasking
from .breaking import Broken
from .guesses import aligned, beside, freezing, frozen, unaligned
from .iteration import converge
from .newton import ENOUGH, EQUAL, gap, jacobian, newton, relaxed, settled
from .rs import Equations
from .solver import initial
from .state import ZERO_OVERLAP, State, label, state_from
from .threads import one_thread

Array = NDArray[Any]
FACTOR = 1.6  # between the tilts tried
SPLITS = ((1.0, 3.0), (1.0, 1.8), (0.8, 2.5))  # a tilt into two


def first_step(base: Equations, x: Array, rs: Array | None) -> Array | None:
    """The stationary state of one step that overlaps x lead to, `rs` being the symmetric one (x, C) if there is one.

    Where the overlap is lost it is a glass. None where the symmetric state is stable, or where no θ < 1 is stationary.
    """
    eq = Broken(base, 1)
    if x.any():
        held = rs if rs is not None and float(np.abs(rs[:-1]).max()) > ZERO_OVERLAP else None
        if held is None:
            found = _tried(eq, lambda: aligned(eq, x), (2, 15))
        elif base.T > 0 and base.at(held).replicon > 0:
            return None
        else:
            found = _tried(eq, lambda: beside(eq, held), (0, 2))
            if found is None and base.T > 0:
                found = _walked(eq, x)
        if found is not None and found[: len(x)].any():
            return found
        if held is not None:
            return None
        rs = None
    return _glass(eq, x, rs)


def _glass(eq: Broken, x: Array, rs: Array | None) -> Array | None:
    """A glass of one step: beside the symmetric one where that freezes continuously, else from q_1 = 0."""
    base, noise = eq.base, eq.base.noise
    order = noise.strength(0.0, 0.0) > 0 or base.model.field > 0
    continuous = order or noise.rigidity(0.0, 0.0) > 0
    if continuous:
        if rs is None:
            rs, _, _ = converge(base, initial(base, "glass"))
        broken = base.T == 0 or base.at(rs).replicon < 0
        if base.T * rs[-1] < 1 - EQUAL and broken:
            ways = [(beside, (2, 0, 5)), (freezing, (2, 0, 10))] if base.T > 0 else [(beside, (2, 0, 5))]
            found = (_tried(eq, partial(way, eq, rs), steps) for way, steps in ways[:: 1 if order else -1])
            return next((v for v in found if v is not None), None)
    if order or all(k < 3 for k, _ in noise.terms):
        return None
    return _tried(eq, lambda: frozen(eq, x), (4,))


def _tried(eq: Broken, made: Callable[[], Array | None], iterated: tuple[int, ...]) -> Array | None:
    """The stationary state next to a guess, iterated so many times first; None where it is lost or has θ > 1."""
    with suppress(ConvergenceError):  # overlaps about to merge
        guess = made()
        for steps in iterated if guess is not None else ():
            assert guess is not None
            found = _solution(eq, relaxed(eq, guess, steps))
            if found is not None:
                return found
    return None


def _solution(eq: Broken, guess: Array) -> Array | None:
    """The stationary state next to a guess; None where it is lost, symmetric or has θ > 1, or q_1 = 0 is unstable."""
    v, error, _ = newton(eq, guess, steps=15)
    overlaps = len(v) - 2 * eq.k - 1
    moved = float(np.abs(v - guess)[:overlaps].max()) > 0.2
    proper = error < 10 * ENOUGH and gap(eq, v) > EQUAL and v[-1] * eq.base.T <= 1
    if moved or not proper:
        return None
    return None if v[overlaps] < EQUAL and eq.at(v).replicons[0] < 0 else v


def _walked(eq: Broken, x: Array) -> Array | None:
    """The same by steps in the tilt, at each of which the overlaps are solved for, until ∂f/∂D changes sign."""
    base = eq.base
    top = 1 / base.T if base.T > 0 else math.inf
    free = base.noise.rigidity(0.0, 0.0) > 0 or base.noise.strength(0.0, 0.0) > 0 or base.model.field > 0
    v = unaligned(eq, x, 0.95 if x.any() else 0.5 if free else 0.0, 3.0)
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
            return _solution(eq, (1 - share) * v + share * before[1])
        if slope > 0 and top <= D:
            return None
        before, v = (slope, v), v.copy()
        v[-1] = min(D * factor, top) if slope > 0 else D / factor
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
    """Guesses of one step more: overlaps spread where the lowest is free; an interval divided, the last one first.

    A glass that freezes from q = 0 has q(D) ∝ D, which k steps cut at D_i ∝ i/(2k+1) and q_i ∝ (2i−1)/(2k+1); at T = 0
    q(D) saturates, and steps at even shares of ln D are closer.
    """
    x, q, C, D = eq.parts(v)
    k, cold = eq.k, eq.base.T == 0
    if q[0] > EQUAL:
        shrunk = (2 * k + 1) / (2 * k + 3)
        overlaps = np.interp((2 * np.arange(k + 2) + 1) * shrunk, np.arange(-1, 2 * k + 2, 2), np.append(-q[0], q))
        last = 2 * D[-1] - (D[-2] if k > 1 else 0.0)
        tilts = np.interp(np.arange(1, k + 2) * shrunk, np.arange(k + 2), np.concatenate([[0.0], D, [last]]))
        even = np.concatenate([x, overlaps[:-1], [C], tilts])
        old, new = np.arange(k + 1) / k, np.arange(k + 2) / (k + 1)
        middle, spread = (np.arange(k) + 0.5) / k, (np.arange(k + 1) + 0.5) / (k + 1)
        tilts = D[0] * np.array([0.5, 1.7]) if k == 1 else np.exp(np.interp(spread, middle, np.log(D)))
        between = np.concatenate([x, np.interp(new, old, q)[:-1], [C], tilts])
        yield from (between, even) if cold else (even, between)
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
        symmetric = _symmetric(base, start)
        found = None
        if not base.noise.silent and start != "paramagnet":
            rs = None if isinstance(symmetric, ConvergenceError) else symmetric[0]
            found = first_step(base, x, rs) if theta is None else _given(Broken(base, 1), x, theta)
        if found is None:
            if isinstance(symmetric, ConvergenceError):
                raise symmetric
            return as_steps(state_from(base, *symmetric), k)
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
    guess = unaligned(eq, x, 0.95 if x.any() else 0.0 if eq.base.noise.rigidity(0.0, 0.0) == 0 else 0.5, D)
    return None if guess is None else settled(eq, guess, np.array([D]))


def _symmetric(base: Equations, start: Any) -> tuple[Array, float, int] | ConvergenceError:
    """The replica-symmetric state: order parameters, residual and iterations; or why there is none."""
    try:
        return converge(base, initial(base, start))
    except ConvergenceError as error:
        return error


def as_steps(state: State, k: int) -> State:
    """A replica-symmetric state as one of k steps that coincide."""
    tilts = (1 / state.T if state.T > 0 else math.inf,) * k
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
