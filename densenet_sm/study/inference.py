"""From the cells of a campaign to physics: phase labels, where a phase ends, and differences from theory in errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ParameterError, check_name, check_number
from .comparison import extrapolate

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
SURE = 2.0  # standard errors on each side of a threshold
RANDOM = 3.0  # overlaps of independent spins are normal with deviation 1/√N: beyond this many they are none
UNCERTAIN, UNDECIDED, UNUSABLE, UNKNOWN = "uncertain", "glass or paramagnet", "unusable", ""
COMPARED = ("m", "x", "energy", "q")


def labels(ds: xr.Dataset, level: float | None = None, unusable: bool = False) -> xr.DataArray:
    r"""Phase of every simulated cell of a `load` dataset, from its overlaps alone.

    A pattern is retrieved if ⟨|m|⟩ − 2σ is above `level`, and is not if ⟨|m|⟩ + 2σ is below; in between the cell is
    "uncertain". `level` is 0.5 for one condensed pattern, which a remanent magnetisation stays below, and 3/√N, what
    independent spins reach, for several. One retrieved pattern is "retrieval" ("pure" of several), two or more are
    "parallel" if they agree within 2σ, else "hierarchical". Without one, two replicas tell: "glass" if ⟨q²⟩ − 2σ is
    above 9/N, "paramagnet" if ⟨q²⟩ + 2σ is below, else "glass or paramagnet". σ are errors over samples: of one
    sample every cell is uncertain. A cell whose
    run was too short by its own status, as most are in a glass, is "unusable" (labelled all the same with `unusable`);
    "" is one that is not done.

    Raises ParameterError for a dataset without simulations.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import load, run_grid
    >>> spec = {"model": {"P": 3, "alpha": 0.02}, "grid": {"T": [0.3]}, "simulate": {"N": 48, "samples": 3}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     labels(load(folder)).item()
    'retrieval'
    """
    import xarray as xr

    _check_simulated(ds)
    if level is not None:
        check_number("level", level, low=0, high=1)
    dims = ds.state.dims
    several = ds.sizes["pattern"] > 1
    N = ds.N.broadcast_like(ds.state).transpose(*dims).values
    found = np.full(ds.state.shape, UNKNOWN, object)
    m, m_err = (ds[name].transpose(*dims, "pattern").values for name in ("abs_m", "abs_m_err"))
    q2, q2_err = (ds[name].transpose(*dims).values for name in ("q2", "q2_err"))
    found[(ds.state == "done").values] = UNUSABLE
    labelled = (ds.state == "done").values & (unusable | (ds.status != "unusable").values)
    for place in zip(*np.nonzero(labelled), strict=True):
        edge = (RANDOM / math.sqrt(N[place]) if several else 0.5) if level is None else level
        found[place] = _label(m[place], m_err[place], q2[place], q2_err[place], edge, RANDOM**2 / N[place], several)
    rule = "aligned: abs_m beyond level by 2 errors; glass: q2 beyond 9/N by 2 errors"
    return xr.DataArray(found.astype(str), ds.state.coords, dims, "label", {"rule": rule})


def _label(m: Array, m_err: Array, q2: float, q2_err: float, level: float, square: float, several: bool) -> str:
    there = np.isfinite(m)
    m, m_err = m[there], m_err[there]
    retrieved, not_retrieved = m - SURE * m_err > level, m + SURE * m_err < level
    if not (retrieved | not_retrieved).all():
        return UNCERTAIN
    if retrieved.sum() == 1:
        return phases.PURE if several else phases.RETRIEVAL
    if retrieved.any():
        values, errors = m[retrieved], m_err[retrieved]
        first, last = int(values.argmax()), int(values.argmin())
        apart = values[first] - values[last] > SURE * math.hypot(errors[first], errors[last])
        return phases.HIERARCHICAL if apart else phases.PARALLEL
    if q2 - SURE * q2_err > square:
        return phases.GLASS
    return phases.PARAMAGNET if q2 + SURE * q2_err < square else UNDECIDED


def border(ds: xr.Dataset, along: str, level: float | None = None, unusable: bool = False) -> xr.Dataset:
    r"""Where retrieval ends along an axis, at every size and for N → ∞, with errors.

    With the axis in ascending order, the end is between the last cell with a retrieved pattern before the first one
    that has none, and that one: `value_N` is the middle, `error_N` the distance over √12 (uncertain and unusable cells
    widen it; `level` and `unusable` as in `labels`).
    `value` and `error` extrapolate by a + b/N; NaN where no end lies on the axis.

    Raises ParameterError for an axis that the simulations do not have.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import load, run_grid
    >>> spec = {"model": {"P": 3, "alpha": 0.02}, "grid": {"T": [0.3, 2.0]}, "simulate": {"N": 64}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     round(border(load(folder), "T").value.item(), 2)  # between 0.3 and 2.0
    1.15
    """
    import xarray as xr

    label = labels(ds, level, unusable)
    check_name("along", along, [str(d) for d in label.dims if d != "N"])
    label = label.sortby(along).transpose(..., "N", along)
    places, rest = label[along].values.astype(float), label.shape[:-2]
    value_N, error_N = np.full((2, *label.shape[:-1]), np.nan)
    for place in np.ndindex(label.shape[:-1]):
        row = label.values[place]
        sure = [(x, name) for x, name in zip(places, row, strict=True) if name not in (UNKNOWN, UNUSABLE, UNCERTAIN)]
        known = [(x, name in phases.ALIGNED) for x, name in sure]
        out = next((n for n, (_, inside) in enumerate(known) if not inside), 0)
        if out > 0:
            value_N[place] = (known[out - 1][0] + known[out][0]) / 2
            error_N[place] = (known[out][0] - known[out - 1][0]) / math.sqrt(12)
    value, error = (np.full(rest, np.nan) for _ in range(2))
    sizes = label.N.values.astype(float)
    for place in np.ndindex(rest):
        there = np.isfinite(value_N[place])
        if there.any():
            a, e = extrapolate(sizes[there], value_N[place][None, there], error_N[place][None, there])
            value[place], error[place] = a[0], e[0]
    dims = label.dims[:-1]
    data = {"value_N": (dims, value_N), "error_N": (dims, error_N)}
    data |= {"value": (dims[:-1], value), "error": (dims[:-1], error)}
    return xr.Dataset(data, {d: label[d] for d in dims}, {"along": along})


def scores(ds: xr.Dataset) -> xr.Dataset:
    r"""Simulations against every ansatz, extrapolated in 1/N: value, error and z = (value − theory)/error.

    Over `ansatz`, `observable` ("m", "x", "energy", "q"; the first pattern), and the axes of the theory. Cells whose
    status is "unusable" are left out.

    Raises ParameterError for a dataset without simulations or without theory.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import load, run_grid
    >>> spec = {"model": {"P": 3, "alpha": 0.02}, "grid": {"T": [0.3]}, "simulate": {"N": [48, 64]}, "solve": {}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     scores(load(folder)).z.dims
    ('ansatz', 'observable', 'T')
    """
    import xarray as xr

    _check_simulated(ds)
    if "theory_m" not in ds:
        raise ParameterError("ds", "a dataset with theory", list(ds), "Add [solve] to the campaign and run it again.")
    dims = [str(d) for d in ds.theory_state.dims if d != "ansatz"]
    extra = [d for d in ds.state.dims if d not in (*dims, "N")]
    if extra:
        remedy = "Select a value of each, as in ds.sel(start='pattern')."
        raise ParameterError("ds", f"without the axes {extra}", extra, remedy)
    usable = (ds.state == "done") & (ds.status != "unusable")
    sizes = ds.N.values.astype(float)
    shape = tuple(ds.sizes[d] for d in dims)
    value, error = np.full((2, len(COMPARED), *shape), np.nan)
    for k, name in enumerate(COMPARED):
        mean, spread = (
            (ds[n].isel(pattern=0) if "pattern" in ds[n].dims else ds[n]).where(usable).transpose(*dims, "N").values
            for n in (name, f"{name}_err")
        )
        for place in np.ndindex(shape):
            there = np.isfinite(mean[place]) & (spread[place] > 0)
            if there.any():
                a, e = extrapolate(sizes[there], mean[place][None, there], spread[place][None, there])
                value[(k, *place)], error[(k, *place)] = a[0], e[0]
    theory = [ds[f"theory_{n}"] for n in COMPARED]
    chosen = [t.isel(pattern=0, drop=True) if "pattern" in t.dims else t for t in theory]
    table = xr.concat(chosen, xr.IndexVariable("observable", list(COMPARED))).transpose("ansatz", "observable", *dims)
    data = {"value": (("observable", *dims), value), "error": (("observable", *dims), error), "theory": table}
    found = xr.Dataset(data, {d: ds[d] for d in dims})
    return found.assign(z=((found.value - found.theory) / found.error).transpose("ansatz", ...))


def _check_simulated(ds: Any) -> None:
    if "state" not in getattr(ds, "variables", ()):
        raise ParameterError("ds", "what `load` returned, with simulations", ds, "Add [simulate] to the campaign.")
