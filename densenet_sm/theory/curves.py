"""Lines of transitions as solution curves: the equations of one or two states and a scalar condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ConvergenceError, ParameterError
from ..model import Model
from .arclength import Curve
from .rs import Equations, Point
from .scans import Line
from .state import State

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """One state of a curve: v = embed @ u, with equal overlaps tied and vanishing ones left out.

    Where overlaps merge, the equations in all of v are singular; in u they are not. No u at all is the paramagnet,
    q = 0 and C = 1/T.
    """

    example: bool
    embed: Array

    @classmethod
    def of(cls, state: State) -> Part:
        v = state.order_parameters
        if state.phase == phases.PARAMAGNET and state.T * state.chi > 1 - 1e-9:
            return cls(False, np.zeros((len(v), 0)))
        values = [x for n, x in enumerate(v[:-1]) if abs(x) > 1e-9 and np.abs(v[:n] - x).min(initial=1) > 1e-6]
        columns = [np.append(np.abs(v[:-1] - x) <= 1e-6, False) for x in values]
        return cls(state.x_groups.shape[1] > 1, np.array([*columns, np.arange(len(v)) == len(v) - 1], float).T)

    def vector(self, u: Array, eq: Equations) -> Array:
        """Order parameters v."""
        if len(u):
            return self.embed @ u
        return np.append(np.zeros(len(self.embed) - 1), 1 / eq.T if eq.T > 0 else np.inf)

    def reduced(self, F: Array) -> Array:
        """Components of a vector (or of a matrix's columns) along the tied overlaps."""
        return (self.embed / np.maximum(self.embed.sum(0), 1)).T @ F


class TransitionCurve(Curve):
    """y = (u_1, ..., x, y): the equations of one or two states, and the scalar condition of a transition."""

    tolerance = 1e-11

    def __init__(
        self, model: Model, bounds: dict[str, tuple[float, float]], T: float | None, kind: str, parts: list[Part]
    ):
        self.model, self.bounds, self.T, self.kind, self.parts = model, bounds, T, kind, parts
        self.sizes = [part.embed.shape[1] for part in parts]
        self.transverse = False  # a spinodal where overlaps merge: the full Jacobian is singular across u, not along
        self._recent: dict[bytes, list[Equations]] = {}

    def parameters(self, y: Array) -> dict[str, float]:
        return {
            name: low + float(s) * (high - low)
            for (name, (low, high)), s in zip(self.bounds.items(), y[-2:], strict=True)
        }

    def points(self, y: Array) -> list[Point] | None:
        """The states, or None outside of their domain."""
        pieces = np.split(y[:-2], np.cumsum(self.sizes)[:-1])
        found = []
        for part, u, eq in zip(self.parts, pieces, self.equations(y), strict=True):
            v = part.vector(u, eq)
            if not eq.admissible(v):
                return None
            found.append(eq.at(v))
        return found

    def equations(self, y: Array) -> list[Equations]:
        key = y[-2:].tobytes()
        if key not in self._recent:
            values = self.parameters(y)
            T = values.pop("T", self.T)
            assert T is not None
            if T < 0:
                raise ParameterError("T", ">= 0", T, "Temperatures are in units of the coupling, k_B = 1.")
            if len(self._recent) > 7:
                self._recent.clear()
            model = self.model.replace(**values)
            self._recent[key] = [Equations(model, T, part.example) for part in self.parts]
        return self._recent[key]

    def residual(self, y: Array) -> Array | None:
        try:
            points = self.points(y)
            if points is None:
                return None
            residuals = [
                part.reduced(point.residual / np.append(np.ones(len(point.v) - 1), point.eq.unit))
                for part, point in zip(self.parts, points, strict=True)
            ]
            return np.concatenate([*residuals, [self.condition(points)]])
        except ParameterError:  # outside a parameter's range: a step too far
            return None

    def condition(self, points: list[Point]) -> float:
        """What vanishes on the line."""
        point, noise = points[0], points[0].eq.noise
        if self.kind == "coexistence":
            return point.free_energy - points[1].free_energy
        if self.kind == "saddle":
            return point.longitudinal
        if self.kind == "spinodal":
            return point.longitudinal if self.transverse else self.determinant(point)
        replicon = point.eq.T - noise.rigidity(point.q, point.C) * point.averages.chi4  # T times it: smooth at T = 0
        return min(replicon, point.eq.T * point.longitudinal) if self.kind == "ergodic" else float(replicon)

    def determinant(self, point: Point) -> float:
        """det of the Jacobian along u."""
        part = self.parts[0]
        return float(np.linalg.det(part.reduced(point.jacobian @ part.embed)))

    def norm(self, y: Array, F: Array) -> float:
        return float(np.abs(F).max())

    def jacobian(self, y: Array) -> Array:
        """By central differences, one-sided at the edge of the domain; Newton's method needs no more."""
        columns = []
        for i in range(len(y)):
            ends = []
            for sign in (1, -1):
                moved = y.copy()
                moved[i] += sign * 1e-6 * (1 + abs(y[i]))
                F = self.residual(moved)
                ends.append((moved[i], F) if F is not None else (y[i], self.residual(y)))
            (high, up), (low, down) = ends
            if up is None or down is None or high == low:
                raise ConvergenceError("a line at the edge of its domain", y)
            columns.append((up - down) / (high - low))
        return np.array(columns).T

    def metric(self, y: Array) -> Array:
        """C counts by its logarithm."""
        weights = np.ones_like(y)
        for end, size in zip(np.cumsum(self.sizes), self.sizes, strict=True):
            if size:
                weights[end - 1] = 1 / (1 + abs(y[end - 1])) ** 2
        return weights

    def holds(self, y: Array, start: Any, against: Any) -> bool:
        """Whether the curve still means what was asked: a stable branch, and the lowest of its competitors."""
        points = self.points(y)
        if points is None:
            return False
        if self.kind != "spinodal" and self.sizes[0] and points[0].longitudinal < -1e-6:
            return False
        if self.kind != "coexistence" or len(points) < 2 or against != "lowest":
            return True
        name, value = next(iter(self.parameters(y).items()))
        eq = points[0].eq
        low, high = self.bounds[name]
        rival = Line(eq.model, name, None if name == "T" else eq.T, low, high).competitor(value, start, against)
        return rival is None or abs(rival.free_energy - points[1].free_energy) < 1e-7

    def describe(self, y: Array) -> dict[str, float]:
        """Parameters, m and q of the first state, largest residual."""
        points, F = self.points(y), self.residual(y)
        assert points is not None
        point = points[0]
        m, worst = float(np.abs(point.averages.m).max()), float("nan") if F is None else self.norm(y, F)
        return {**self.parameters(y), "m": m, "q": point.q, "residual": worst}


def curve_through(
    model: Model, bounds: dict[str, tuple[float, float]], kind: str, start: Any, T: float | None, against: Any,
    place: Array, state: State,
) -> tuple[TransitionCurve, Array]:  # fmt: skip
    """The curve through one crossing, and the point there."""
    (x_name, x_bounds), (y_name, _) = bounds.items()
    x, y = (low + s * (high - low) for s, (low, high) in zip(place, bounds.values(), strict=True))
    row, row_T = (model, y) if y_name == "T" else (model.replace(**{y_name: y}), T)
    along = Line(row, x_name, None if x_name == "T" else row_T, *x_bounds)
    states: list[State | None] = [state]
    if kind == "coexistence":
        rival = along.competitor(x, start, against)
        states.append(rival)
    elif kind == "ergodic":
        calm, frozen = along.solve(x, "paramagnet"), along.solve(x, "glass")
        apart = calm is not None and frozen is not None and frozen.q - calm.q > 1e-3
        states = [calm, frozen] if apart else [calm]
        kind = "coexistence" if apart else kind
    kept = [s for s in states if s is not None]
    parts = [Part.of(s) for s in kept]
    free = [part.reduced(s.order_parameters) for part, s in zip(parts, kept, strict=True)]
    curve, start_point = TransitionCurve(model, bounds, T, kind, parts), np.concatenate([*free, place])
    found = curve.points(start_point)
    if found and parts[0].embed.shape[1] < len(parts[0].embed):
        curve.transverse = abs(found[0].longitudinal) < abs(curve.determinant(found[0]))
    return curve, start_point
