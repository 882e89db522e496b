"""Complexity: how many states there are of every free energy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NoTransitionError, check_integer, check_number
from ..model import Model, check_model
from .breaking import Broken, BrokenPoint
from .newton import EQUAL, settled
from .rs import Equations
from .solver import solve
from .threads import one_thread
from .transitions import check_start

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
LARGEST = 30.0  # D = βθ up to which states are looked for at T = 0


def complexity(model: Model, T: float, start: Any = "glass", points: int = 65) -> xr.Dataset:
    r"""Complexity Σ of the metastable states of one step, against θ and against their free energy.

    At every θ the overlaps are solved for; f(θ) being then the free energy of the ansatz, states of free energy
    f + θ ∂f/∂θ per spin number e^{NΣ}, Σ = βθ² ∂f/∂θ = D² ∂f/∂D, D = βθ (monasson1995). Σ = 0 at the stationary θ of
    `solve`; at θ = 1 Σ is that of the states that dominate between the static and the dynamic transition. States with
    `replicon` < 0 are not the simple ones that are counted.

    Parameters
    ----------
    start : "glass", or another kind of state, whose sub-states are then counted; points : values of θ in (0, 1], evenly
        spaced (T = 0: of D up to 30, in equal ratios)

    Returns an xarray.Dataset over `theta` (T = 0: over `D`) of those values at which broken states exist: free_energy,
    complexity, tilt (D), q (theta, level), m, replicon. Raises NoTransitionError where there are none; ParameterError
    for bad input.

    >>> counted = complexity(Model(P=3, nu=1.0), 0.66, points=33)
    >>> bool(counted.complexity[-1] > 0), float(counted.theta[-1])  # between T_K = 0.6514 and T_d = 0.6816
    (True, 1.0)

    """
    import xarray as xr

    check_model(model)
    T = check_number("T", T, low=0)
    check_start(model, start)
    points = check_integer("points", points, low=2, remedy="points is the number of values of theta.")
    grid = np.linspace(0, 1, points + 1)[1:] if T > 0 else np.geomspace(0.05, LARGEST, points)
    rows = _points(model, T, start, grid)
    axis = "theta" if T > 0 else "D"
    ordered = [rows[n] for n in sorted(rows)]
    columns = {
        "free_energy": [p.free_energy + float(p.D[0] * p.slope_D[0]) for p in ordered],
        "complexity": [float(p.D[0] ** 2 * p.slope_D[0]) for p in ordered],
        "tilt": [float(p.D[0]) for p in ordered],
        "m": [float(p.m[0]) for p in ordered],
        "replicon": [min(p.replicons) if T > 0 else -math.inf for p in ordered],
    }
    data: dict[str, Any] = {name: (axis, values) for name, values in columns.items()}
    data["q"] = ((axis, "level"), [p.q for p in ordered])
    return xr.Dataset(data, {axis: grid[sorted(rows)]}, {"model": str(model), "T": T, "start": str(start)})


def _points(model: Model, T: float, start: Any, grid: Array) -> dict[int, BrokenPoint]:
    """Solutions at the values of θ (D) of a grid, by index: from one of them on, followed both ways."""
    eq = Broken(Equations(model, T, start == "example"), 1)
    rows: dict[int, BrokenPoint] = {}
    with one_thread(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for first in (len(grid) - 1, len(grid) // 2, len(grid) // 4):
            state = solve(model, T, ansatz="1RSB", start=start, theta=float(grid[first]))
            if state.q[1] - state.q[0] > EQUAL:
                break
        else:
            where = "theta in (0, 1]" if T > 0 else f"D in (0, {LARGEST:g}]"
            raise NoTransitionError(f"no broken {start!r} state at T={T:g} for {where}: 3 values tried")
        for way in (range(first, len(grid)), range(first - 1, -1, -1)):
            v: Array | None = state.order_parameters
            for n in way:
                assert v is not None
                v = settled(eq, v, grid[n : n + 1] / (T if T > 0 else 1.0), 2)
                if v is None:
                    break
                rows[n] = eq.at(v)
    return rows
