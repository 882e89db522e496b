r"""Implicit derivatives of a state: how it changes with a parameter, from the Jacobian of its equations.

At a solution F(v, λ) = 0 the order parameters change by dv/dλ = −(∂F/∂v)⁻¹ ∂F/∂λ, with the exact Jacobian of `rs.py`;
∂F/∂λ at fixed v, and every other number along the tangent (dv/dλ, 1), are differences of smooth functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.differentiate import derivative as difference

from ..errors import ConvergenceError, ParameterError, check_name
from ..protocols import Multitasking
from .rs import Equations
from .state import State
from .transitions import varied

Array = NDArray[Any]
PARAMETERS = ("alpha", "T", "nu", "r", "rho", "d", "field", "T_teacher")


@dataclass(frozen=True, eq=False)
class Derivative:
    """d/dλ of a state's numbers (fields as in `State`); m and x are arrays [K] for several condensed patterns."""

    parameter: str
    m: Any
    x: Any
    q: float
    chi: float
    free_energy: float
    energy: float
    entropy: float


def derivative(state: State, parameter: str) -> Derivative:
    """Total derivative of a state with respect to a parameter (see `State.derivative`)."""
    if state.tilts:
        remedy = "Use differences of solve(start=state)."
        raise ParameterError("state", "replica-symmetric", state.ansatz, remedy)
    model = state.model
    check_name("parameter", parameter, varied(model, PARAMETERS))
    value = state.T if parameter == "T" else float(model.get(parameter))
    v = state.order_parameters
    example = state.x_groups.shape[1] > 1

    def at(offset: float) -> Equations:
        if parameter == "T":
            return Equations(model, value + offset, example, state.N)
        return Equations(model.replace(**{parameter: value + offset}), state.T, example, state.N)

    calm = parameter == "T" and state.T > 0 and state.q < 1e-6  # at fixed C, q = 1 − TC grows as T falls
    side = -1 if calm else _side(parameter, value)
    step = _step(parameter, value, state.T)
    slope = _slope(lambda h: at(h).residual(v), step, side)
    try:
        tangent = -np.linalg.solve(at(0.0).jacobian(v), slope)
    except np.linalg.LinAlgError:
        tangent = np.full_like(v, np.inf)
    if not np.abs(tangent).max() < 1e8:
        raise ConvergenceError(f"no derivative in {parameter}: the branch folds or ends here", v, state.residual, 0)
    step /= 1 + float(np.abs(tangent).max())
    numbers = _slope(lambda h: _numbers(at(h), v + h * tangent), step, 0 if calm else side)
    C = state.x_groups.shape[0]
    several = isinstance(model.protocol, Multitasking)
    m, x = (part if several else float(part[0]) for part in (numbers[:C], numbers[C : 2 * C]))
    return Derivative(parameter, m, x, *(float(number) for number in numbers[2 * C :]))


def _numbers(eq: Equations, v: Array) -> Array:
    """m [C], x [C], q, C, f, e and s at order parameters v."""
    point = eq.at(v)
    q = 1 - eq.T * point.C - point.averages.blank  # not clipped: differences cross q = 0
    energies = [point.energy - eq.T * point.entropy, point.energy, point.entropy]
    return np.concatenate([point.averages.m, point.x @ eq.weights, [q, point.C], energies])


def _side(parameter: str, value: float) -> int:
    """Side on which a parameter can be varied: 0 both, +1 up from its lower bound, −1 down from its upper."""
    if parameter in ("r", "d") and value > 0.99:
        return -1
    return 1 if value < 1e-2 and parameter != "r" else 0


def _step(parameter: str, value: float, T: float) -> float:
    """First step of the differences: small against the value and, for what is smooth on the scale of T, against T."""
    if parameter == "T" and T == 0:  # s = (…)/T has rounding of 1e-16/T: long steps
        return 1e-2
    scale = min(0.1 * value, 0.1) if value >= 1e-2 else 1e-3
    return scale if parameter == "T" or T == 0 else min(scale, 0.1 * T)


def _slope(function: Callable[[float], Array], step: float, side: int) -> Array:
    """Derivative at 0 of a vector function, by differences of eighth order (one-sided: fourth) with decreasing step."""
    cached = cache(function)
    component = np.vectorize(lambda offset, n: cached(float(offset))[n])
    found = difference(
        component,
        0.0,
        args=(np.arange(len(cached(0.0))),),
        tolerances={"atol": 1e-11, "rtol": 1e-11} if side == 0 else {"atol": 1e-9, "rtol": 1e-9},
        initial_step=step,
        step_direction=side,
        order=8 if side == 0 else 4,
        maxiter=8 if side == 0 else 3,
    )
    return np.asarray(found.df)
