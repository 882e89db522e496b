"""Pseudo-arclength continuation of solution curves: of branches in a parameter, and of lines in two."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError

Array = NDArray[Any]
LONGEST = 0.1  # step in units of the bounds' width


class Curve:
    """A curve F(y) = 0 of n equations in n + 1 unknowns y, the last ones scaled to [0, 1] across their bounds."""

    tolerance = 1e-12

    def residual(self, y: Array) -> Array | None:
        """F(y), or None outside of the domain."""
        raise NotImplementedError

    def norm(self, y: Array, F: Array) -> float:
        raise NotImplementedError

    def jacobian(self, y: Array) -> Array:
        """[n, n+1]."""
        raise NotImplementedError

    def corrector(self, jacobian: Array, y: Array, step: tuple[Array, Array] | None) -> Array:
        """Jacobian for the corrector, from the one before; `step` is how much y and F have changed since, if known."""
        return jacobian

    def metric(self, y: Array) -> Array:
        """Diagonal of the arclength's metric."""
        return np.ones_like(y)

    def clipped(self, y: Array) -> Array:
        return y

    def tangent(self, y: Array, along: Array | None) -> tuple[Array, Array]:
        """Unit null vector of the Jacobian, oriented along the one before, and the Jacobian."""
        metric, jacobian = self.metric(y), self.jacobian(y)
        null = np.linalg.svd(jacobian)[2][-1]
        null = null / np.sqrt(null @ (metric * null))
        return (null if along is None or null @ (metric * along) > 0 else -null), jacobian

    def step(self, y: Array, tangent: Array, jacobian: Array, length: float, fixed: int | None = None) -> Array | None:
        """Predict along the tangent, correct on the plane perpendicular to it; None if Newton fails.

        `fixed` keeps that coordinate of the prediction instead.
        """
        guess = y + length * tangent
        metric = self.metric(y)
        normal = metric * tangent if fixed is None else np.eye(len(y))[fixed]
        target, before = guess.copy(), None
        for _ in range(12):
            target = self.clipped(target)
            F = self.residual(target)
            if F is None:
                return None
            if self.norm(target, F) < self.tolerance:
                off = target - guess
                return target if np.sqrt(off @ (metric * off)) < 0.5 * abs(length) else None
            jacobian = self.corrector(jacobian, target, None if before is None else (target - before[0], F - before[1]))
            before = target, F
            system = np.vstack([jacobian, normal])
            try:
                target = target - np.linalg.solve(system, np.append(F, normal @ (target - guess)))
            except np.linalg.LinAlgError:
                return None
        return None

    def walk(self, y: Array, direction: int, free: int, step: float = 0.02) -> list[Array]:
        """Points of the curve from y on, until one of its last `free` coordinates reaches 0 or 1, or it closes.

        It ends, too, at a singular point, where only ever smaller steps are possible.
        """
        tangent, jacobian = self.tangent(y, None)
        tangent = tangent * direction
        points, crawled = [y], 0
        while crawled < 40 and step > 1e-7:
            crawled = crawled + 1 if step < 2e-3 else 0
            wall, distance = self._wall(y, tangent, free)
            leaving = distance <= step
            new = self.step(y, tangent, jacobian, min(step, distance), wall if leaving else None)
            bend = -1.0
            if new is not None:
                try:
                    new_tangent, new_jacobian = self.tangent(new, tangent)
                    bend = float(new_tangent @ (self.metric(new) * tangent))
                except ConvergenceError:  # no neighbours on one side
                    new = None
            if new is None or (bend < 0.97 and step > 1e-5):
                step /= 2
                continue
            points.append(new)
            if leaving or (len(points) > 9 and np.abs(new - points[0])[-free:].max() < step / 2):
                break
            y, tangent, jacobian = new, new_tangent, new_jacobian
            if bend > 0.995:
                step = min(1.6 * step, LONGEST / 2)
        return points

    @staticmethod
    def _wall(y: Array, tangent: Array, free: int) -> tuple[int, float]:
        """Coordinate that the tangent leads out of [0, 1] first, and the length to there."""
        s, slope = y[-free:], tangent[-free:]
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths = np.where(slope > 0, (1 - s) / slope, np.where(slope < 0, -s / slope, np.inf))
        lengths = np.where(lengths < 1e-12, np.where(np.abs(slope) > 0, 0.0, np.inf), lengths)
        first = int(np.argmin(lengths))
        return len(y) - free + first, float(lengths[first])
