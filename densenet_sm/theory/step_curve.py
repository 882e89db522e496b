r"""The equations of one step as a curve wants them: in unknowns that stay apart where the overlaps merge.

In place of (q_1, C) there are δ = q_2 − q_1 and R = C + Dδ, which is where symmetry left β(1 − q): at given (x, R)

  f = f_RS(x, R) + D(1 − TD) ρ(x, R) δ² + O(δ³),

so that besides x and R the equations are f_δ/δ = 0 and [f_D/δ² − (1 − 2TD) f_δ/(2D(1 − TD)δ)]/δ = 0: regular at δ = 0,
where those of (q_1, C, D) all vanish with powers of δ. With F the residuals of q_1, q_2 and C,

  f_δ = −½ [F_C + D F_2] ξ″(q_2) TD − ½ D F_1 ξ″(q_1)(1 − TD),
  f_D = ∂f/∂D − ½Tδ [(F_C + D F_2) ξ″(q_2) − D F_1 ξ″(q_1)].

A glass with q_1 = 0 keeps (q_1, C, D), and so does P = 2, whose ξ depends on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from .breaking import Broken
from .continuation import BranchCurve
from .newton import breaking_share, gap, jacobian
from .noise import Noise

Array = NDArray[Any]
CLOSE = 0.02  # share of the broken response from which on overlaps are about to merge: a branch is followed to there
NARROW = 1.2e-3  # and differences from which on they are, whatever the share
STEEP = 40.0  # D in units of the field's 1/σ up to which a branch of given θ is followed towards T = 0
BLUNT = 0.1  # difference of the overlaps below which the equation of the tilt is solved less exactly, as it is known


@dataclass(frozen=True)
class OneStep:
    """Unknowns u = (x, δ, R, D), or without D at a given θ; `flat`: (x, q_1, C, D). `v` are (x, q_1, C, D) always."""

    eq: Broken
    theta: float | None = None
    flat: bool = False

    @property
    def T(self) -> float:
        return self.eq.base.T

    @property
    def noise(self) -> Noise:
        return self.eq.base.noise

    def whole(self, u: Array) -> Array:
        """(x, q_1, C, D) of unknowns u."""
        v = u if self.theta is None else np.append(u, self.theta / self.T if self.T > 0 else self.theta)
        if self.flat:
            return v
        difference, R, D = v[-3:]
        C = R - D * difference
        return np.concatenate([v[:-3], [1 - self.T * C - difference, C, D]])

    def own(self, v: Array) -> Array:
        """Unknowns u of (x, q_1, C, D)."""
        if not self.flat:
            q, C, D = v[-3:]
            difference = 1 - self.T * C - q
            v = np.concatenate([v[:-3], [difference, C + D * difference, D]])
        return v if self.theta is None else v[:-1]

    def admissible(self, u: Array) -> bool:
        return self.eq.admissible(self.whole(u))

    def residual(self, u: Array) -> Array:
        v = self.whole(u)
        point = self.eq.at(v)
        if self.flat:
            return point.residual[: len(u)]
        difference, D, T = gap(self.eq, v), v[-1], self.T
        low, C = point.residual[len(v) - 3 : len(v) - 1]
        high = point.levels.q[1] - point.q[1]
        bent = self.noise.rigidities(point.q, point.C, point.D)
        outer, inner = D * low * bent[0], (C + D * high) * bent[1]
        by_difference = -(inner * T * D + outer * (1 - T * D)) / 2 / difference
        rows = [by_difference, C + D * (high - low)]
        if self.theta is None:
            by_tilt = (point.slope_D[0] - T * difference * (inner - outer) / 2) / difference**2
            rows.append((by_tilt - (1 - 2 * T * D) / (2 * D * (1 - T * D)) * by_difference) / difference)
        return np.concatenate([point.residual[:-3], rows])

    def norm(self, F: Array) -> float:
        return float(np.abs(F).max())

    def left(self, u: Array, F: Array) -> float:
        """Largest residual, that of the tilt by how well rounding lets it be known."""
        if self.flat or self.theta is not None:
            return self.norm(F)
        return self.norm(np.append(F[:-1], F[-1] * min(1.0, gap(self.eq, self.whole(u)) / BLUNT) ** 3))

    def jacobian(self, u: Array) -> Array:
        """By differences, one-sided."""
        if self.flat:
            v = self.whole(u)
            return jacobian(self.eq, v, self.residual(u), np.arange(len(u)))
        F, columns = self.residual(u), []
        difference = gap(self.eq, self.whole(u))
        n = math.prod(self.eq.base.shape)
        steps = [*(1e-7 * np.maximum(np.abs(u[:n]), 0.1)), 1e-6 * difference, 1e-7 * max(u[n + 1], 0.1)]
        steps += [u[-1] * min(max(1e-8 / difference**2, 1e-6), 1e-3)]
        for i, step in enumerate(steps[: len(u)]):
            moved = u.copy()
            moved[i] -= step
            if not self.admissible(moved):
                moved[i] = u[i] + step
            columns.append((F - self.residual(moved)) / (u[i] - moved[i]))
        return np.array(columns).T

    def corrected(self, v: Array) -> Array:
        """Newton's method from a close guess; ConvergenceError where it does not arrive."""
        u = self.own(v)
        for _ in range(15):
            F = self.residual(u)
            if self.left(u, F) < BrokenCurve.tolerance:
                return self.whole(u)
            try:
                u = u - np.linalg.solve(self.jacobian(u), F)
            except np.linalg.LinAlgError:
                break
            if not self.admissible(u):
                break
        raise ConvergenceError("a state between two of a branch was lost", v)


class BrokenCurve(BranchCurve):
    """A branch of one step; R (C) and D count by their logarithms."""

    tolerance = 1e-11

    def step_at(self, y: Array) -> OneStep:
        """The equations at a point."""
        eq: Any = self.equations(y[-1])
        assert isinstance(eq, OneStep)
        return eq

    def metric(self, y: Array) -> Array:
        weights = np.ones_like(y)
        first = 2 if self.step_at(y).theta is None else 1
        weights[-1 - first : -1] = 1 / (1 + np.abs(y[-1 - first : -1])) ** 2
        return weights

    def clipped(self, y: Array) -> Array:
        return y

    def norm(self, y: Array, F: Array) -> float:
        return self.step_at(y).left(y[:-1], F)

    def residual(self, y: Array) -> Array | None:
        try:
            return super().residual(y)
        except ConvergenceError:  # overlaps about to merge
            return None

    def never_cold(self, y: Array, end: float) -> bool:
        """Whether the overlaps are about to merge or θ is 1, symmetry from there on; or a given θ is too cold."""
        one = self.step_at(y)
        v = one.whole(y[:-1])
        if one.theta is None:
            return v[-1] * one.T > 1 or breaking_share(one.eq, v) < CLOSE or gap(one.eq, v) < NARROW
        return gap(one.eq, v) < NARROW or v[-1] * math.sqrt(one.noise.strength(1.0, 0.0)) > STEEP
