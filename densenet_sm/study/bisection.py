"""`bisect`: where the magnetisation falls below a level, samples being spent where it is hard to say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

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

    check_model(model)
    known = [name for name in CONTINUOUS if name in ("T", "alpha", "nu", "field", *parameters_of(model.protocol))]
    check_name("parameter", parameter, known)
    if (parameter == "T") != (T is None):
        raise ParameterError("T", "given when it is not searched, and only then", T, "Pass T= or search it.")
    low, high = (check_number("bounds", bound) for bound in bounds)
    check_number("bounds[1]", high, low=low, open_low=True, remedy="Write bounds=(low, high).")
    level = check_number("level", level, low=0, high=1)
    steps, samples = check_integer("steps", steps, low=1), check_integer("samples", samples, low=2)
    most = check_integer("most", most, low=samples)
    runs: list[tuple[float, float, float, int]] = []

    def side(value: float) -> int:
        """1 above the level, −1 below, 0 undecided."""
        own, temperature = (model, value) if parameter == "T" else (model.replace(**{parameter: value}), T)
        assert temperature is not None
        run = simulate(own, temperature, N=N, samples=samples, **settings)
        while True:
            m, error = (float(run[name].isel(T=0, pattern=0).mean()) for name in ("abs_m", "abs_m_err"))
            count = run.sizes["sample"]
            if abs(m - level) > SURE * error or 2 * count > most:
                break
            run = merge(run, simulate(own, temperature, N=N, samples=range(count, 2 * count), **settings))
        runs.append((value, m, error, count))
        return 0 if abs(m - level) <= SURE * error else int(math.copysign(1, m - level))

    ends = side(low), side(high)
    if ends[0] * ends[1] != -1:
        found = [f"{m:.3g} ± {e:.1g} at {x:g}" for x, m, e, _ in runs]
        raise ParameterError("bounds", f"on both sides of m = {level:g}", found, "Widen them, or pass most= for more.")
    spread = (high - low) / math.sqrt(12)
    for _ in range(steps):
        middle = (low + high) / 2
        here = side(middle)
        if here == 0:
            spread = (high - low) / 2
            break
        low, high = (middle, high) if here == ends[0] else (low, middle)
        spread = (high - low) / math.sqrt(12)
    at, m, error, count = zip(*runs, strict=True)
    data = {"value": (low + high) / 2, "error": spread, "low": low, "high": high}
    points = {"at": at, "abs_m": m, "abs_m_err": error, "spent": count}
    return xr.Dataset(
        data | {name: ("point", list(values)) for name, values in points.items()},
        attrs={"model": str(model), "parameter": parameter, "N": N, "level": level},
    )
