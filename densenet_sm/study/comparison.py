"""`compare`: the same model by Monte Carlo at several sizes and by theory, in standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, check_integer, check_number
from ..model import Model, check_model
from ..montecarlo import simulate
from ..protocols import Storing, TeacherStudent, Unsupervised
from ..theory import State, solve

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
ENTRIES = 1.2e7  # numbers in the entries of the largest default size; a quarter of it for real-valued ones


def compare(
    model: Model,
    T: float = 0.2,
    sizes: Sequence[int] | None = None,
    K: int | Callable[[int], int] | None = None,
    start: Any = None,
    **settings: Any,
) -> xr.Dataset:
    r"""Monte Carlo at several N, extrapolated in 1/N, against the solver: value, error, theory, z.

    At each size the solver is asked twice, for N → ∞ and with the exact finite-size signal f_N. What the sizes leave
    over, Monte Carlo minus theory(f_N), is fitted by a + b/N with weights 1/error²; `value` is theory + a, `error` the
    fit's standard error of a, and z = a/error. With one size a is that size's own difference. Sizes whose runs are
    "unusable" (a replica left its state while it was measured) are reported but not fitted, unless all are.

    Parameters
    ----------
    sizes : system sizes; None chooses three, the largest of at most 512 spins and some ten million entries
    K : number of archetypes, or a function N → K (default: the model's load)
    start : start of `solve`, default "retrieval"; the simulation starts from the pattern (see `simulate`)
    settings : passed on to `simulate` (sweeps, burn_in, samples, replicas, dynamics, seed, progress, overlap, ...); a
        `checkpoint` becomes one file for each size, its name followed by -N<size>

    Returns an xarray.Dataset over `observable` ("m", "x", "energy", "q"; "m[0]", "m[1]", ... for several condensed
    patterns) with value, error, theory, z; over (observable, N): value_N, error_N, theory_N; status(N).

    Raises what `simulate` and `solve` raise, and ParameterError for fewer than 2 samples.

    >>> cmp = compare(Model(P=3, alpha=0.02), T=0.3, sizes=(32, 48), sweeps=40, samples=2)
    >>> cmp.observable.values.tolist()
    ['m', 'x', 'energy', 'q']

    """
    import xarray as xr

    check_model(model)
    T = check_number("T", T, low=0, remedy="One temperature at a time.")
    samples = check_integer("samples", settings.pop("samples", 16), low=2, remedy="Errors need two samples or more.")
    checked = default_sizes(model, K) if sizes is None else check_sizes(model, sizes)
    begin = "retrieval" if start is None else start
    limit = observables_of(solve(model, T, start=begin))
    if settings.get("replicas", 2) == 1:  # no overlap between replicas to measure
        del limit["q"]
    names = list(limit)
    path = settings.pop("checkpoint", None)
    files = [None if path is None else f"{path}-N{N}" for N in checked]
    kept = zip(checked, files, strict=True)
    runs = [simulate(model, T, N=N, K=K, samples=samples, checkpoint=file, **settings) for N, file in kept]
    value, error = np.array([measured(run, names) for run in runs]).transpose(1, 2, 0)  # each [observable, N]
    exact = [observables_of(solve(model, T, start=begin, N=N)) for N in checked]
    theory = np.array([[at_N[name] for at_N in exact] for name in names])
    status = [str(run.status.values[0]) for run in runs]
    fitted = np.array([s != "unusable" for s in status])
    if not fitted.any():
        fitted[:] = True
    intercept, spread = extrapolate(np.array(checked)[fitted], (value - theory)[:, fitted], error[:, fitted])
    infinite = np.array(list(limit.values()))
    data = {
        "value": ("observable", infinite + intercept),
        "error": ("observable", spread),
        "theory": ("observable", infinite),
        "z": ("observable", intercept / spread),
        "value_N": (("observable", "N"), value),
        "error_N": (("observable", "N"), error),
        "theory_N": (("observable", "N"), theory),
        "status": ("N", status),
    }
    return xr.Dataset(data, {"observable": names, "N": checked}, {"model": str(model), "P": model.P, "T": T})


def check_sizes(model: Model, sizes: Any) -> list[int]:
    """Different sizes of at least P spins, ascending."""
    checked = sorted(check_integer("sizes", N, low=model.P) for N in np.atleast_1d(np.asarray(sizes, object)))
    if not checked or len(set(checked)) != len(checked):
        raise ParameterError("sizes", "one or several different sizes", sizes, "Write sizes=(64, 96, 128).")
    return checked


def default_sizes(model: Model, K: int | Callable[[int], int] | None = None) -> list[int]:
    """Three sizes in the ratio 2 : 3 : 4, the largest at most 512 and cheap enough for minutes on a laptop."""
    limit = ENTRIES if isinstance(model.protocol, Storing | Unsupervised | TeacherStudent) else ENTRIES / 4

    def numbers(N: int) -> float:
        archetypes = model.n_patterns(N) if K is None else K(N) if callable(K) else K
        entries = archetypes * model.protocol.entries_per_archetype() * N
        return max(entries, N**model.P if model.nu > 0 else 0)  # the noise tensor

    N = 512
    while N > 4 * model.P and numbers(N) > limit:
        N = int(N / 1.1)
    return sorted({max(model.P, N // 2), max(model.P, 3 * N // 4), N})


def observables_of(state: State) -> dict[str, float]:
    """The numbers of a state that a simulation measures, by name."""
    m, x = np.atleast_1d(state.m), np.atleast_1d(state.x)
    tags = [""] if len(m) == 1 else [f"[{k}]" for k in range(len(m))]
    named = {f"m{tag}": float(v) for tag, v in zip(tags, m, strict=True)}
    named |= {f"x{tag}": float(v) for tag, v in zip(tags, x, strict=True)}
    return named | {"energy": state.energy, "q": state.q}


def measured(ds: xr.Dataset, names: Sequence[str]) -> tuple[Array, Array]:
    """Means and standard errors [names] of a simulation at one temperature.

    An error is never below one flip among all measurements: a frozen run only bounds what it did not see.
    """
    floor = 2 / (ds.attrs["N"] * ds.attrs["sweeps"] * ds.sizes["sample"] * ds.sizes["replica"])
    values, errors = [], []
    for name in names:
        variable, _, index = name.rstrip("]").partition("[")
        mean = ds[variable].isel(T=0).mean([d for d in ("sample", "replica") if d in ds[variable].dims])
        spread = ds[f"{variable}_err"].isel(T=0)
        if "pattern" in mean.dims:
            mean, spread = mean.isel(pattern=int(index or 0)), spread.isel(pattern=int(index or 0))
        values.append(float(mean))
        errors.append(max(float(spread), floor))
    return np.array(values), np.array(errors)


def extrapolate(sizes: Array, difference: Array, error: Array) -> tuple[Array, Array]:
    """Intercept at 1/N = 0 and its standard error, by weighted least squares of a + b/N; arrays [observable, N]."""
    if len(sizes) == 1:
        return difference[:, 0], error[:, 0]
    design = np.column_stack([np.ones(len(sizes)), 1 / sizes])
    intercept, spread = np.empty(len(difference)), np.empty(len(difference))
    for n, (d, e) in enumerate(zip(difference, error, strict=True)):
        covariance = np.linalg.inv(design.T @ (design / e[:, None] ** 2))
        intercept[n] = (covariance @ (design.T @ (d / e**2)))[0]
        spread[n] = math.sqrt(covariance[0, 0])
    return intercept, spread


def table(comparison: xr.Dataset, title: str = "") -> str:
    """A comparison as lines of text: title and the status of every size; observable, value ± error, theory, z.

    >>> found = compare(Model(P=3, alpha=0.02), T=0.3, sizes=(32, 48), sweeps=40, samples=2)
    >>> table(found, "three-spin").splitlines()[0]  # doctest: +ELLIPSIS
    'three-spin  (N = 32 ..., 48 ...)'
    """
    status = ", ".join(f"{N} {s}" for N, s in zip(comparison.N.values, comparison.status.values, strict=True))
    lines = [f"{title}  (N = {status})".lstrip()]
    for name in comparison.observable.values:
        row = comparison.sel(observable=name)
        lines.append(
            f"  {name!s:>8}  {float(row.value):+.6f} ± {float(row.error):.6f}   theory {float(row.theory):+.6f}   "
            f"z {float(row.z):+.2f}"
        )
    return "\n".join(lines)
