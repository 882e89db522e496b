"""Where the magnetisation falls below a level: on a line of runs, or by `bisect`, samples spent where it is hard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, check_integer, check_name, check_number
from ..model import Model, check_model
from ..montecarlo import merge, simulate
from ..protocols import parameters_of
from .inference import SURE

if TYPE_CHECKING:
    import xarray as xr

CONTINUOUS = ("T", "alpha", "nu", "field", "r", "rho", "d", "T_teacher")


def bisect(
    model: Model,
    parameter: str,
    bounds: tuple[float, float],
    N: int,
    T: float | None = None,
    level: float = 0.5,
    steps: int = 6,
    samples: int = 4,
    most: int = 64,
    **settings: Any,
) -> xr.Dataset:
    r"""Value of a parameter where ⟨|m|⟩ of the first pattern crosses a level, by bisection between two bounds.

    At each point disorder samples are doubled from `samples` until ⟨|m|⟩ is on one side of `level` by two standard
    errors, or `most` are spent: then the point is on neither side, the bracket closes around it no further, and this
    is the answer. With a start from the pattern, it is the end of a metastable state within the time of the runs.

    Parameters
    ----------
    parameter, bounds : "T" or a continuous parameter of the model or its protocol, and where ⟨|m|⟩ is on both sides
    steps : halvings of the bracket
    settings : of `simulate` (sweeps, burn_in, start, seed, …)

    Returns an xarray.Dataset with value (the middle of the bracket) and error (its length over √12, or half the last
    bracket where most samples could not tell), low, high; over `point`, in the order of the runs: at, abs_m, abs_m_err,
    spent (samples). Raises ParameterError for bad input and for bounds that lie on the same side.

    >>> found = bisect(Model(P=2), "T", (0.5, 1.3), N=200, steps=2, sweeps=100)  # m = tanh(m/T) is ½ at T = 0.91
    >>> 0.7 < found.value.item() < 1.1
    True

    """
    import xarray as xr

    low, high, level = _checked(model, parameter, bounds, T, level)
    steps, samples = check_integer("steps", steps, low=1), check_integer("samples", samples, low=2)
    most = check_integer("most", most, low=samples)
    runs: list[tuple[float, float, float, int]] = []

    def side(value: float) -> int:
        """1 above the level, −1 below, 0 undecided."""
        own, temperature = (model, value) if T is None else (model.replace(**{parameter: value}), T)
        m, error, count = _measured(own, temperature, N, level, samples, most, settings)
        runs.append((value, m, error, count))
        return int(np.sign(m - level)) if abs(m - level) > SURE * error else 0

    first = side(low)
    if first * side(high) != -1:
        found = [f"{m:.3g} ± {e:.1g} at {x:g}" for x, m, e, _ in runs]
        raise ParameterError("bounds", f"on both sides of m = {level:g}", found, "Widen them, or pass most= for more.")
    spread = (high - low) / math.sqrt(12)
    for _ in range(steps):
        middle = (low + high) / 2
        here = side(middle)
        if here == 0:
            spread = (high - low) / 2
            break
        low, high = (middle, high) if here == first else (low, middle)
        spread = (high - low) / math.sqrt(12)
    data: dict[str, Any] = {"value": (low + high) / 2, "error": spread, "low": low, "high": high}
    points = zip(("at", "abs_m", "abs_m_err", "spent"), zip(*runs, strict=True), strict=True)
    data |= {name: ("point", list(values)) for name, values in points}
    return xr.Dataset(data, attrs={"model": str(model), "parameter": parameter, "N": N, "level": level})


def falls_below(x: ArrayLike, m: ArrayLike, level: float = 0.5, seed: int = 0) -> tuple[float, float]:
    """Where m [point, sample], averaged over samples, first falls below a level along x, and its error.

    Linear between two points; the error is bootstrapped, samples being resampled as wholes (200 times). NaN where m is
    below at once or nowhere, and for the error where half of the resamples are. Raises ParameterError for other shapes.

    >>> value, error = falls_below([0.1, 0.2, 0.3], [[1.0, 0.9], [0.8, 0.7], [0.3, 0.2]])
    >>> round(value, 3), error > 0
    (0.25, True)
    """
    x, m = np.asarray(x, float), np.asarray(m, float)
    if x.ndim != 1 or m.ndim != 2 or m.shape[0] != len(x) or m.shape[1] < 1:
        raise ParameterError("m", "[point, sample] for every x", m.shape, "Keep the samples of each run apart.")

    def crossing(mean: NDArray[Any]) -> float:
        below = np.flatnonzero(mean < level)
        if not len(below) or below[0] == 0:
            return math.nan
        j = below[0]
        return float(x[j - 1] + (mean[j - 1] - level) / (mean[j - 1] - mean[j]) * (x[j] - x[j - 1]))

    picks = np.random.default_rng(seed).integers(0, m.shape[1], (200, m.shape[1]))
    spread = np.array([crossing(m[:, pick].mean(1)) for pick in picks])
    known = np.isfinite(spread)
    return crossing(m.mean(1)), float(np.std(spread[known])) if known.mean() > 0.5 else math.nan


def _checked(model: Model, parameter: str, bounds: Any, T: float | None, level: float) -> tuple[float, float, float]:
    """Bounds and level, or ParameterError."""
    check_model(model, exponential=True)
    own = ("T", "alpha", "nu", "field", *parameters_of(model.protocol))
    check_name("parameter", parameter, [name for name in CONTINUOUS if name in own])
    if (parameter == "T") != (T is None):
        raise ParameterError("T", "given when it is not searched, and only then", T, "Pass T= or search it.")
    low, high = (check_number("bounds", bound) for bound in bounds)
    check_number("bounds[1]", high, low=low, open_low=True, remedy="Write bounds=(low, high).")
    return low, high, check_number("level", level, low=0, high=1)


def _measured(
    model: Model, T: float, N: int, level: float, samples: int, most: int, settings: dict[str, Any]
) -> tuple[float, float, int]:
    """⟨|m|⟩ of the first pattern, its error, and the samples that were spent until it is off the level."""
    run = simulate(model, T, N=N, samples=samples, **settings)
    while True:
        m, error = (float(run[name].isel(T=0, pattern=0).mean()) for name in ("abs_m", "abs_m_err"))
        count = run.sizes["sample"]
        if abs(m - level) > SURE * error or 2 * count > most:
            return m, error, count
        run = merge(run, simulate(model, T, N=N, samples=range(count, 2 * count), **settings))
