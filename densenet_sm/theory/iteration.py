"""From order parameters to a solution of the equations: natural iteration into a basin, Newton's method to the end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgesv

from ..errors import ConvergenceError
from .rs import Equations, Point

Array = NDArray[Any]
CLOSE = 3e-3  # residual from where Newton's method is tried at once
SMALL = 0.1  # overlaps that may be on their way to zero
LEAP = 0.1  # longest saddle-free step, in units of the largest overlap


def iterate(
    eq: Equations, v: Array, steps: int, damping: float = 1.0, free: Array | None = None, enough: float = 0.0
) -> tuple[Array, float, int]:
    """Natural iteration x ← E[t tanh βh] with C kept from overshooting (P = 2); returns point, last residual and steps.

    It stops where the residual is below `enough`. `free` are the directions that a start's symmetry leaves open:
    rounding must not open others.
    """
    residual = math.inf
    for step in range(steps):
        if not eq.admissible(v):
            raise ConvergenceError("the iteration left the physical region 1 − β(1−q) > 0", v, residual, steps)
        point = eq.at(v)
        change = point.residual.copy()
        residual = eq.norm(change)
        if residual < max(enough, 1e-15):
            return v, residual, step
        if eq.noise.modes:  # σ² grows with C and C falls with σ²: a Newton step in C alone cannot run away
            growth = eq.noise.gradient(point.q, point.C)[1]
            change[-1] /= 1 + growth * point.averages.chi / (2 * point.strength if point.strength else math.inf)
        if free is not None:
            change[:-1] = free @ (change[:-1] @ free)
        v = v + (change if damping == 1 else damping * change)
        ceiling = eq.noise.largest_C
        if v[-1] >= ceiling and (eq.T == 0 or ceiling < 1 / eq.T):
            v[-1] = (point.C + ceiling) / 2
    return v, residual, steps


def newton(eq: Equations, v: Array, reach: float = math.inf, shortest: int = 11) -> tuple[Array, float, int]:
    """Newton's method with step halving; returns point, residual (whether it converged) and steps.

    It gives up where it has moved the overlaps by more than `reach`, or C by more than twice that share of 1 + C, or
    where `shortest` halvings of a step do not lower the residual.
    """
    start, F, steps, tolerance = v, eq.residual(v), 30, 1e-13
    size = eq.norm(F)
    for step in range(steps):
        if size < tolerance:
            return v, size, step
        *_, direction, singular = dgesv(eq.jacobian(v), F)
        if singular:
            return v, size, step
        for _ in range(shortest + 1):
            trial = v - direction
            if eq.admissible(trial):
                F = eq.residual(trial)
                error = eq.norm(F)
                if error < size:
                    break
            direction = direction / 2
        else:
            return v, size, step
        v, size = trial, error
        if reach < math.inf and _beyond(v, start, reach):
            return v, math.inf, step
    return v, size, steps


def _beyond(v: Array, start: Array, reach: float) -> bool:
    """Whether v is further than `reach` from where it started."""
    *overlaps, off = abs(v - start).tolist()
    return max(overlaps) > reach or off > 2 * reach * (1 + abs(start.item(-1)))


def symmetric(eq: Equations, v: Array) -> Array | None:
    """Orthonormal directions [CG, n] of overlaps that keep zeros zero and equal patterns equal; None for all of them.

    Iterating cannot leave them but by rounding: patterns are exchangeable and ±x alike, unless there is a field.
    """
    x = v[:-1].reshape(eq.shape)
    if len(x) == 1 or eq.model.field != 0 or not x.any():
        return None
    different, kind = np.unique(np.round(x / np.abs(x).max(), 9), axis=0, return_inverse=True)
    alike = (kind.ravel()[:, None] == np.arange(len(different))).astype(float)[:, different.any(1)]
    return np.kron(alike / np.sqrt(alike.sum(0)), np.eye(x.shape[1]))


def descend(eq: Equations, v: Array, steps: int, free: Array | None = None) -> Array:
    """Several overlaps some steps further where iterating them would crawl: past saddles, each step with a natural one.

    Raises ConvergenceError where that leaves 1 − β(1−q) > 0.
    """
    for n in range(steps):
        point = eq.at(v)
        change = _saddle_free(point, LEAP / (1 + n / 10))
        if free is not None:
            change = free @ (change @ free)
        J = point.jacobian
        moved = v + np.append(change, -(point.residual[-1] + J[-1, :-1] @ change) / J[-1, -1])
        if not eq.admissible(moved):
            moved[-1] = v[-1]
        v = iterate(eq, moved, 1, free=free)[0]
    return v


def _saddle_free(point: Point, reach: float) -> Array:
    """Change of the overlaps: the residual, its part along each eigenvector of ∂E[t tanh]/∂x over |1 − eigenvalue|.

    In stable directions that is Newton's step; in unstable ones it leads away from a saddle, where Newton's returns.
    """
    J, F = point.jacobian, point.residual
    pull = F[:-1] - J[:-1, -1] * F[-1] / J[-1, -1]
    values, vectors = np.linalg.eig(-point.reduced)
    change = (vectors @ (np.linalg.solve(vectors, pull) / np.maximum(np.abs(values.real), 1e-12))).real
    longest = max(reach * np.abs(point.x).max(), np.abs(pull).max())
    return change * min(1.0, longest / max(np.abs(change).max(), 1e-300))


def converge(eq: Equations, v: Array, patience: int = 17) -> tuple[Array, float, int]:
    """Iterate into the basin, then Newton; a Newton step that leaves the neighbourhood is refused, not followed."""
    spent, steps = 0, 3
    residual, size, free, close, damping = math.inf, _size(v), symmetric(eq, v), CLOSE, 1.0
    for attempt in range(patience):
        old = v
        v, residual, extra = iterate(eq, v, steps, damping, free, close)
        spent += extra
        if attempt > 5 and eq.norm(v - old) < 0.3 * extra * damping * residual:  # no way made: a cycle of x and q
            damping /= 2
        if residual < 1e-14:
            return v, residual, spent
        before, size = size, _size(v)
        if eq.model.field == 0 and size < SMALL and size < 0.9 * before:
            v = _without_overlap(eq, v)
        solution, error = v, math.inf
        if residual < 0.03 or attempt > 4:
            solution, error, extra = newton(eq, v, 0.05 if attempt < 12 else 0.3, 0 if attempt < 5 else 11)
            spent += extra
        if error < 1e-12 and attracts(eq, solution, free):
            return solution, error, spent
        if attempt > 6 and 1e-12 < error < residual / 4:  # a nearly flat slope: Newton's way down it is a shorter one
            v = solution
        close = min(close, residual / 4) if error > 1e-12 else 0.0  # go on, behind a solution that repels for long
        if attempt > 10:  # algebraic decay at a continuous transition: the overlaps on their way to zero are zero there
            v = np.where(np.append(np.abs(v[:-1]) < 0.03 * size, False), 0.0, v)
        slow = attempt > (2 if residual < 1e-3 else 3)
        if slow and eq.shape[0] > 1 and v[:-1].any():  # several overlaps: past saddles, not along them
            v, steps = descend(eq, v, 30, free), 6
            continue
        steps = min(2 * steps, 4000)
    raise ConvergenceError("the self-consistency equations did not converge", v, residual, spent)


def _size(v: Array) -> float:
    return float(abs(v[:-1]).max())


def _without_overlap(eq: Equations, v: Array) -> Array:
    """The state without overlap, if it attracts v and nothing on the straight way stops that; else v as it is."""
    solution = np.append(np.zeros(len(v) - 1), v[-1])
    for _ in range(30):  # its overlaps stay zero: Newton's method for C alone
        if not eq.admissible(solution):
            return v
        change = eq.residual(solution)[-1] / eq.jacobian(solution)[-1, -1]
        solution[-1] -= change
        if abs(change) < 1e-13 * eq.unit:
            break
    if not eq.admissible(solution) or eq.norm(eq.residual(solution)) > 1e-12 or not attracts(eq, solution):
        return v
    for share in (0.8, 0.6, 0.4, 0.2):
        way = np.append(share * v[:-1], solution[-1] + share**2 * (v[-1] - solution[-1]))
        if way[:-1] @ eq.residual(way)[:-1] > 0:
            return v
    return solution


def attracts(eq: Equations, v: Array, free: Array | None = None) -> bool:
    """Whether the iteration, in its free directions, would end here: what repels is not what a start leads to."""
    if free is None:
        return eq.at(v).longitudinal > -1e-9
    return float(np.linalg.eigvals(free.T @ eq.at(v).reduced @ free).real.max()) < 1e-9
