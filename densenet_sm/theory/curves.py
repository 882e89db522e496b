"""Lines of transitions as solution curves: the equations of one or two states and a scalar condition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ConvergenceError, ParameterError
from ..model import Model
from .branches import Line
from .continuation import Curve
from .rs import Equations
from .state import State

Array = NDArray[Any]


class TransitionCurve(Curve):
    """y = (v_1, ..., x, y): the equations of one or two states, and the scalar condition of a transition."""

    tolerance = 1e-11

    def __init__(
        self, model: Model, bounds: dict[str, tuple[float, float]], T: float | None, kind: str, shapes: list[Any]
    ):
        self.model, self.bounds, self.T, self.kind = model, bounds, T, kind
        self.examples, self.sizes = [bool(e) for e, _ in shapes], [n for _, n in shapes]  # size 0: q = 0, C = 1/T
        self._recent: dict[bytes, list[Equations]] = {}

    def parameters(self, y: Array) -> dict[str, float]:
        return {
            name: low + float(s) * (high - low)
            for (name, (low, high)), s in zip(self.bounds.items(), y[-2:], strict=True)
        }

    def split(self, y: Array) -> list[Array]:
        """Order parameters of every state; those of a paramagnet with q = 0 are known."""
        parts = np.split(y[:-2], np.cumsum(self.sizes)[:-1])
        eqs = self.equations(y)
        calm = [np.append(np.zeros(eq.shape[0] * eq.shape[1]), 1 / eq.T if eq.T > 0 else np.inf) for eq in eqs]
        return [part if len(part) else rest for part, rest in zip(parts, calm, strict=True)]

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
            self._recent[key] = [Equations(model, T, example) for example in self.examples]
        return self._recent[key]

    def residual(self, y: Array) -> Array | None:
        try:
            pairs = list(zip(self.equations(y), self.split(y), strict=True))
            if not all(eq.admissible(v) for eq, v in pairs):
                return None
            parts = [
                eq.residual(v) / np.append(np.ones(len(v) - 1), eq.unit)
                for (eq, v), size in zip(pairs, self.sizes, strict=True) if size
            ]  # fmt: skip
            return np.concatenate([*parts, [self.condition([eq.at(v) for eq, v in pairs])]])
        except ParameterError:  # outside a parameter's range: a step too far
            return None

    def condition(self, points: list[Any]) -> float:
        """What vanishes on the line."""
        if self.kind == "spinodal":
            return float(np.linalg.det(points[0].jacobian))
        if self.kind == "coexistence":
            return points[0].free_energy - points[1].free_energy
        point, noise = points[0], points[0].eq.noise
        replicon = point.eq.T - noise.rigidity(point.q, point.C) * point.averages.chi4  # T times it: smooth at T = 0
        return min(replicon, point.eq.T * point.longitudinal) if self.kind == "ergodic" else float(replicon)

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
        points = [eq.at(v) for eq, v in zip(self.equations(y), self.split(y), strict=True)]
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
        point = self.equations(y)[0].at(self.split(y)[0])
        F = self.residual(y)
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
    known = [s.phase == phases.PARAMAGNET and s.T * s.chi > 1 - 1e-9 for s in kept]
    shapes = [(s.x_groups.shape[1] > 1, 0 if k else s.x_groups.size + 1) for s, k in zip(kept, known, strict=True)]
    free = [s.order_parameters for s, k in zip(kept, known, strict=True) if not k]
    return TransitionCurve(model, bounds, T, kind, shapes), np.concatenate([*free, place])
