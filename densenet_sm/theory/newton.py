"""Newton's method on the order parameters of broken replica symmetry, at free or given tilts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from .breaking import Broken

Array = NDArray[Any]
ENOUGH = 1e-11  # largest residual of a solution
EQUAL = 1e-5  # overlaps closer than this are one: replica symmetry
NEAR = 1e-4  # residual from which on rounding, not distance, may be what stops a step
SLOW = 0.3  # contraction from which on a Jacobian is taken anew


def newton(eq: Broken, v: Array, fixed: bool = False, steps: int = 40) -> tuple[Array, float, int]:
    """Newton's method on all order parameters, those D aside if `fixed`: solution, residual, evaluations.

    Steps are shortened until the correction that would follow is a smaller one (Deuflhard's natural monotonicity), in
    which equations of very different scale count alike. As long as they converge the Jacobian is not taken anew but
    corrected by what the last step has shown (Broyden). Where one by one-sided differences leads nowhere, near where
    overlaps merge, central ones are taken from then on.
    """
    free = np.arange(len(v) - (eq.k if fixed else 0))
    F, spent, J, central = eq.at(v).residual[free], 1, np.empty(0), False
    for _ in range(steps):
        error, fresh = float(np.abs(F).max()), not J.size
        if fresh:
            J, spent = jacobian(eq, v, F, free, central), spent + len(free) * (1 + central)
        size = np.maximum(np.abs(v[free]), 1e-2)
        try:
            change = np.linalg.solve(J, F)
        except np.linalg.LinAlgError:
            return v, error, spent
        length = float(np.abs(change / size).max())
        if error < ENOUGH and length < 1e-9:
            return v, error, spent
        share = 1.0
        while share > (1e-4 if fresh else 0.4):
            trial = v.copy()
            trial[free] -= share * change
            if eq.admissible(trial):
                new, spent = eq.at(trial).residual[free], spent + 1
                left = float(np.abs(np.linalg.solve(J, new) / size).max())
                if left < (1 - share / 4) * length:
                    break
            share /= 2
        else:
            if fresh and (central or not ENOUGH < error < NEAR):
                return v, error, spent
            J, central = np.empty(0), central or fresh
            continue
        moved = -share * change / size
        J = J + np.outer(new - F + share * F, moved / size) / (moved @ moved) if left < SLOW * length else np.empty(0)
        v, F = trial, new
    return v, float(np.abs(F).max()), spent


def jacobian(eq: Broken, v: Array, F: Array, free: Array, central: bool = False) -> Array:
    """∂residual/∂v by differences, one-sided: towards smaller overlaps and larger C; or central ones of longer steps.

    The equations of the tilts vary with them by powers of the overlaps' differences: a longer step for close ones.
    """
    J = np.empty((len(free), len(free)))
    tilting = min(max(1e-8 / gap(eq, v) ** 2, 1e-6), 1e-3)
    for column, i in enumerate(free):
        step = 1e-7 * max(abs(v[i]), 0.1) if i < len(v) - eq.k else tilting * v[i]
        moved = v.copy()
        if central:
            ends = v.copy()
            moved[i] += step ** (2 / 3)
            ends[i] -= step ** (2 / 3)
            if eq.admissible(moved) and eq.admissible(ends):
                J[:, column] = (eq.at(moved).residual[free] - eq.at(ends).residual[free]) / (moved[i] - ends[i])
                continue
            moved[i] = v[i]
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
    return v if error < 10 * ENOUGH and gap(eq, v) > EQUAL else None


def gap(eq: Broken, v: Array) -> float:
    """The smallest difference of two successive overlaps."""
    return float(np.diff(eq.parts(v)[1]).min())


def breaking_share(eq: Broken, v: Array) -> float:
    """D(q_2 − q_1)/[C + D(q_2 − q_1)] of one step: zero where the overlaps merge, at the same rate as they do."""
    _, q, C, D = eq.parts(v)
    broken = float(D[0] * (q[1] - q[0]))
    return broken / (C + broken) if broken > 0 else 0.0
