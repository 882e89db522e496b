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
    limits = np.full((2, *rest), np.nan)
    sizes = label.N.values.astype(float)
    for place in np.ndindex(rest):
        limits[(slice(None), *place)] = _limit(sizes, value_N[place], error_N[place])
    dims = label.dims[:-1]
    data = {"value_N": (dims, value_N), "error_N": (dims, error_N)}
    data |= {"value": (dims[:-1], limits[0]), "error": (dims[:-1], limits[1])}
    return xr.Dataset(data, {d: label[d] for d in dims}, {"along": along})


def crossings(ds: xr.Dataset, along: str, name: str = "binder_m", unusable: bool = False) -> xr.Dataset:
    r"""Where curves of neighbouring sizes cross along an axis, and the limit N → ∞, with errors.

    The Binder cumulants of two sizes cross at a continuous transition up to corrections that vanish with N; so does any
    quantity that steepens with N at a first-order one. Between neighbouring cells a and b on the axis where the
    difference D = U_N' − U_N changes sign, the curves are straight lines,

        x* = a + (b − a) D_a/(D_a − D_b),   σ = (b − a) √(D_b²σ_a² + D_a²σ_b²)/(D_a − D_b)²;

    of several changes of sign the one with the smallest σ counts, as noise where curves coincide has σ ≈ (b − a)/3.
    σ is statistical: the bend of the curves between cells is not in it. `value` extrapolates by a + b/N', N' the larger
    size of a pair; its error takes pairs for independent.

    Parameters
    ----------
    name : "binder_m", "binder_q", or another quantity that `load` gives with its error; of the first pattern
    unusable : use cells of that status, too (as where replicas differ in the sign of m)

    Returns value_N, error_N over N' and the other axes, value, error without N'; NaN where nothing crosses.
    Raises ParameterError for an axis or a quantity that the simulations do not have, and for a single size.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import load, run_grid
    >>> runs = {"N": [32, 128], "sweeps": 400, "start": "random"}
    >>> spec = {"model": {"P": 2}, "grid": {"T": [0.5, 1.5]}, "simulate": runs}  # a ferromagnet, T_c = 1
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     crossings(load(folder), "T").value_N.dims
    ('N',)

    References: binder1981.

    """
    import xarray as xr

    _check_simulated(ds)
    check_name("along", along, [str(d) for d in ds.state.dims if d != "N"])
    check_name("name", name, sorted(str(n) for n in ds if f"{n}_err" in ds and not str(n).startswith("theory_")))
    if ds.sizes["N"] < 2:
        raise ParameterError("ds", "simulations at two sizes or more", ds.N.values.tolist(), "Write N = [64, 96].")
    usable = (ds.state == "done") & (unusable | (ds.status != "unusable"))
    first = ds[[name, f"{name}_err"]].where(usable)
    if "pattern" in first.dims:
        first = first.isel(pattern=0)
    first = first.sortby([along, "N"]).transpose(..., "N", along)
    value, square = first[name].values, first[f"{name}_err"].values ** 2
    difference, variance = value[..., 1:, :] - value[..., :-1, :], square[..., 1:, :] + square[..., :-1, :]
    places, sizes = first[along].values.astype(float), first.N.values[1:].astype(float)
    value_N, error_N = np.full((2, *difference.shape[:-1]), np.nan)
    for place in np.ndindex(value_N.shape):
        value_N[place], error_N[place] = _crossing(places, difference[place], variance[place])
    limits = np.full((2, *value_N.shape[:-1]), np.nan)
    for place in np.ndindex(value_N.shape[:-1]):
        limits[(slice(None), *place)] = _limit(sizes, value_N[place], error_N[place])
    dims = [str(d) for d in first[name].dims[:-1]]
    data = {"value_N": (dims, value_N), "error_N": (dims, error_N)}
    data |= {"value": (dims[:-1], limits[0]), "error": (dims[:-1], limits[1])}
    return xr.Dataset(data, {d: first[d] for d in dims[:-1]} | {"N": first.N[1:]}, {"along": along, "name": name})


def _crossing(places: Array, difference: Array, variance: Array) -> tuple[float, float]:
    """Where straight lines through the differences change sign, and the error: the most certain one, or NaN."""
    there = np.isfinite(difference) & np.isfinite(variance)
    x, d, v = places[there], difference[there], variance[there]
    best = (math.nan, math.nan)
    for n in np.nonzero(d[:-1] * d[1:] < 0)[0]:
        length, fall = x[n + 1] - x[n], d[n] - d[n + 1]
        error = length * math.sqrt(d[n + 1] ** 2 * v[n] + d[n] ** 2 * v[n + 1]) / fall**2
        if not error >= best[1]:  # NaN at first
            best = (x[n] + length * d[n] / fall, error)
    return best


def _limit(sizes: Array, values: Array, errors: Array) -> tuple[float, float]:
    """Value and error at 1/N = 0 of the sizes that have one."""
    there = np.isfinite(values)
    if not there.any():
        return math.nan, math.nan
    value, error = extrapolate(sizes[there], values[None, there], errors[None, there])
    return float(value[0]), float(error[0])


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
        known = np.where(spread > 0, mean, np.nan)
        for place in np.ndindex(shape):
            value[(k, *place)], error[(k, *place)] = _limit(sizes, known[place], spread[place])
    theory = [ds[f"theory_{n}"] for n in COMPARED]
    chosen = [t.isel(pattern=0, drop=True) if "pattern" in t.dims else t for t in theory]
    table = xr.concat(chosen, xr.IndexVariable("observable", list(COMPARED))).transpose("ansatz", "observable", *dims)
    data = {"value": (("observable", *dims), value), "error": (("observable", *dims), error), "theory": table}
    found = xr.Dataset(data, {d: ds[d] for d in dims})
    return found.assign(z=((found.value - found.theory) / found.error).transpose("ansatz", ...))


def _check_simulated(ds: Any) -> None:
    if "state" not in getattr(ds, "variables", ()):
        raise ParameterError("ds", "what `load` returned, with simulations", ds, "Add [simulate] to the campaign.")
