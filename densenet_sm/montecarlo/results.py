"""From records to a labelled dataset: means of every sample, then errors, cumulants and verdicts over samples."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..exponentials import relative_cost
from .dynamics import Record
from .plan import Place, Plan
from .statistics import (
    UNAGREED,
    autocorrelation_time,
    blocking_error,
    cumulant,
    jackknife,
    judged,
    split_r_hat,
    standard_error,
)
from .tempering import views
from .walks import Track

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
AVERAGED = ("m", "abs_m", "x", "energy", "q", "specific_heat", "losses")
CHAIN = ("start", "sample", "T", "replica", "pattern")
GROUP = ("start", "sample", "T")


def dataset(
    plan: Plan, tracks: dict[Place, Track], shift: dict[int, float], sweeps: int, stopped_by: str
) -> xr.Dataset:
    """The dataset of `simulate`; `shift` [sample] is the zero that energies per spin are measured from."""
    import xarray as xr

    chains = _chains(plan, tracks)
    data = _means(plan, chains, shift) | _groups(plan, chains)
    if plan.exchange:
        data |= _swaps(plan, tracks)
    if plan.series:
        data |= _series(plan, chains, shift)
    coords: dict[str, Any] = {
        "T": list(plan.T),
        "sample": list(plan.samples),
        "replica": range(plan.replicas),
        "pattern": range(plan.C),
        "q_bin": ("q_bin", overlap_bins(plan.N)[1]),
        "start": [s if isinstance(s, str) else "array" for s in plan.starts],
    }
    if plan.exchange:
        ladder = sorted(plan.T)
        coords |= {"T_cold": ("pair", ladder[:-1]), "T_hot": ("pair", ladder[1:])}
    ds = xr.Dataset(data, coords, _attributes(plan, sweeps, stopped_by))
    if not plan.several:
        ds = ds.isel(start=0, drop=True)
    return summary(ds)


def merge(*parts: xr.Dataset) -> xr.Dataset:
    """One dataset from runs of different samples of the same call: errors and verdicts are those of all samples.

    Splitting the samples of a run over processes or machines and merging them gives the dataset of the whole run.

    Raises ParameterError for no parts, a sample that occurs twice, or parts of different parameters.

    >>> from densenet_sm import Model, simulate
    >>> call = {"model": Model(P=3), "T": 0.5, "N": 16, "sweeps": 20, "burn_in": 4}
    >>> merge(simulate(**call, samples=[1]), simulate(**call, samples=[0])).identical(simulate(**call, samples=2))
    True
    """
    import xarray as xr

    if not parts or any(not isinstance(part, xr.Dataset) for part in parts):
        raise ParameterError("parts", "datasets of `simulate`", parts, "Pass what simulate returned.")
    first = parts[0]
    for part in parts:
        differing = [k for k in first.attrs if k != "samples" and first.attrs[k] != part.attrs.get(k)]
        if differing:
            name = differing[0]
            remedy = "Merge runs that differ in their samples only."
            raise ParameterError("parts", f"of one {name} ({first.attrs[name]})", part.attrs.get(name), remedy)
    numbers = [int(s) for part in parts for s in part.sample.values]
    if len(set(numbers)) != len(numbers):
        raise ParameterError("parts", "of different samples", numbers, "Pass every sample once.")
    kept = [part[[name for name, v in part.data_vars.items() if "sample" in v.dims]] for part in parts]
    attributes = first.attrs | {"samples": len(numbers)}
    return summary(xr.concat(kept, "sample").sortby("sample").assign_attrs(attributes))


def summary(ds: xr.Dataset) -> xr.Dataset:
    """Add what is said about all samples together: <name>_err, cumulants, tau, status and reason."""

    def over(function: Callable[..., Any], *arrays: xr.DataArray) -> tuple[tuple[str, ...], Any]:
        rows = [a.transpose("sample", ...) for a in arrays]
        return tuple(str(d) for d in rows[0].dims[1:]), function(*(r.values for r in rows))

    data: dict[str, Any] = {}
    for name in AVERAGED:
        mean = ds[name].mean("replica") if "replica" in ds[name].dims else ds[name]
        data[f"{name}_err"] = over(standard_error, mean)
    for name, (second, fourth) in {"binder_m": ("m2", "m4"), "binder_q": ("q2", "q4")}.items():
        dims, (value, error) = over(lambda a, b: jackknife(cumulant, a, b), ds[second], ds[fourth])
        data |= {name: (dims, value), f"{name}_err": (dims, error)}
    squares = (ds.m_time_err**2).mean(("sample", "replica")) / (ds.sizes["sample"] * ds.sizes["replica"])
    data["m_sampling_err"] = np.sqrt(squares)
    tau = ds.autocorrelation.max("sample")
    r_hat = ds.r_hat.max("sample", skipna=True)
    sweeps, burn_in = ds.attrs["sweeps"], ds.attrs["burn_in"]
    pairs = zip(tau.values.ravel(), r_hat.values.ravel(), strict=True)
    verdicts = np.array([judged(float(t), sweeps, burn_in, float(r)) for t, r in pairs]).reshape(*tau.shape, 2)
    data |= {"tau": tau, "status": (tau.dims, verdicts[..., 0]), "reason": (tau.dims, verdicts[..., 1])}
    if "r_hat_start" in ds:
        data["hysteresis"] = ds.r_hat_start.max("sample") >= UNAGREED
    return ds.assign(data)


def sampling_error(plan: Plan, tracks: Iterable[Track]) -> float:
    """The standard error of m that longer runs would lower: blocking errors of all chains, averaged over samples and
    replicas, the largest over temperatures, starts and patterns. Infinite while some chain has fewer than ten
    independent measurements of m.
    """
    squares: dict[tuple[int, int], list[Array]] = {}
    for track in tracks:
        for (t, _), record in zip(track.place.chains(), track.records, strict=True):
            if any(judged(autocorrelation_time(m), len(m), 0)[0] == "unusable" for m in record.m.T):
                return float("inf")
            errors = np.array([blocking_error(m) for m in record.m.T])
            squares.setdefault((track.place.start, t), []).append(errors**2)
    return max(float(np.sqrt(np.mean(s, 0) / len(s)).max()) for s in squares.values())


def overlap_bins(N: int) -> tuple[Array, Array]:
    """Bin of every number of differing spins 0..N, and the mean overlap 1 − 2d/N of each bin, in ascending order.

    Bins hold equally many values of q, one below N = 80, so that their heights do not beat against its grid.
    """
    width = -(-(N + 1) // 80)
    bins = (N - np.arange(N + 1)) // width
    q = 1 - 2 * np.arange(N + 1) / N
    return bins, np.bincount(bins, q) / np.bincount(bins)


def _chains(plan: Plan, tracks: dict[Place, Track]) -> dict[tuple[int, int, int, int], Record]:
    """(start, sample, temperature, replica) → record, in the order of the dataset's dimensions."""
    found = {}
    for place, track in tracks.items():
        for (t, r), record in zip(place.chains(), track.records, strict=True):
            found[place.start, place.sample, t, r] = record
    order = itertools.product(range(len(plan.starts)), plan.samples, range(len(plan.T)), range(plan.replicas))
    return {where: found[where] for where in order}


def _means(plan: Plan, chains: dict[Any, Record], shift: dict[int, float]) -> dict[str, Any]:
    """Time means of each chain, and their errors."""
    shape = (len(plan.starts), len(plan.samples), len(plan.T), plan.replicas)

    def collect(function: Callable[[Record], Any]) -> tuple[tuple[str, ...], Array]:
        values = np.array([function(record) for record in chains.values()])
        values = values.reshape(shape + values.shape[1:])
        return CHAIN[: values.ndim], values

    zero = np.array([shift[s] for s in plan.samples])[None, :, None, None]
    energy = collect(lambda r: r.energy.mean())[1] / plan.N - zero
    return {
        "m": collect(lambda r: r.m.mean(0)),
        "abs_m": collect(lambda r: np.abs(r.m).mean(0)),
        "x": collect(lambda r: r.x.mean(0)),
        "energy": (CHAIN[:4], energy),
        "losses": collect(lambda r: (r.m**2).mean(0)),
        "m_time_err": collect(lambda r: [blocking_error(c) for c in r.m.T]),
        "energy_time_err": collect(lambda r: blocking_error(r.energy / plan.N)),
        "acceptance": collect(lambda r: r.flips / (len(r.energy) * plan.N)),
    }


def _groups(plan: Plan, chains: dict[Any, Record]) -> dict[str, Any]:
    """What is said about all replicas of a sample and temperature together."""
    shape = (len(plan.starts), len(plan.samples), len(plan.T))
    groups: dict[Any, list[Record]] = {}
    for where, record in chains.items():
        groups.setdefault(where[:3], []).append(record)

    def collect(function: Callable[[list[Record]], Any], last: tuple[str, ...] = ()) -> tuple[tuple[str, ...], Array]:
        values = np.array([function(group) for group in groups.values()])
        return (*GROUP, *last), values.reshape(shape + values.shape[1:])

    T = np.array(plan.T)
    variance = collect(lambda g: np.concatenate([r.energy for r in g]).var())[1]
    heat = np.divide(variance, plan.N * T**2, out=np.full(shape, np.nan), where=np.broadcast_to(T > 0, shape))
    bins, centres = overlap_bins(plan.N)
    counts = [replica_overlaps(group) for group in groups.values()]
    q = 1 - 2 * np.arange(plan.N + 1) / plan.N
    moments = [np.array([c @ q**k / c.sum() if c.any() else np.nan for c in counts]).reshape(shape) for k in (1, 2, 4)]
    histogram = [np.bincount(bins, c, len(centres)) / c.sum() if c.any() else centres * np.nan for c in counts]
    data = {
        "q": (GROUP, moments[0]),
        "q2": (GROUP, moments[1]),
        "q4": (GROUP, moments[2]),
        "q_histogram": ((*GROUP, "q_bin"), np.array(histogram).reshape(*shape, -1)),
        "m2": collect(lambda g: np.mean([(r.m**2).mean(0) for r in g], 0), ("pattern",)),
        "m4": collect(lambda g: np.mean([(r.m**4).mean(0) for r in g], 0), ("pattern",)),
        "specific_heat": (GROUP, heat),
        "autocorrelation": collect(lambda g: max(autocorrelation_time(c) for r in g for c in (r.energy, *r.m.T))),
        "r_hat": (GROUP, np.where(T > 0, collect(lambda g: agreement(plan, g))[1], np.nan)),
    }
    if plan.several:
        places = itertools.product(plan.samples, range(len(T)))
        pools = [[r for s in range(shape[0]) for r in groups[s, sample, t]] for sample, t in places]
        between = np.array([agreement(plan, pool) for pool in pools]).reshape(shape[1:])
        data["r_hat_start"] = (GROUP[1:], between)
    return data


def agreement(plan: Plan, group: list[Record]) -> float:
    """The largest split R-hat of the energy and of |m| with each condensed pattern; one flip is no difference."""
    energy = np.array([r.energy for r in group]) / plan.N
    source = plan.source
    order = relative_cost(source.lam, source.interaction, plan.N) if source.lam else source.P
    flip = 2 * order * abs(energy.mean()) / plan.N  # Σ s_i h_i = −P H: the mean cost of a flip, per spin
    m = np.abs([r.m for r in group])
    return max(split_r_hat(energy, flip), *(split_r_hat(m[:, :, c], 2 / plan.N) for c in range(m.shape[2])))


def replica_overlaps(group: list[Record]) -> Array:
    """How often two replicas differ in d = 0..N spins at the same time, over pairs and snapshots [N+1]."""
    spins = np.array([r.snapshots for r in group]).astype(np.float32)  # [R, snapshots, N]
    N = spins.shape[2]
    counts = np.zeros(N + 1)
    for a in range(len(spins) - 1):
        product = np.einsum("rsn,sn->rs", spins[a + 1 :], spins[a])
        counts += np.bincount(np.rint((N - product) / 2).astype(int).ravel(), minlength=N + 1)
    return counts


def _swaps(plan: Plan, tracks: dict[Place, Track]) -> dict[str, Any]:
    """Accepted fraction of the swaps of each pair of neighbours, and round trips cold → hot → cold."""
    shape = (len(plan.starts), len(plan.samples), plan.replicas)
    states = [tracks[place].state for place in plan.places()]  # start, replica vary fastest in places()
    order = {(p.start, p.sample, p.replicas[0]): s for p, s in zip(plan.places(), states, strict=True)}
    sorted_states = [order[w] for w in itertools.product(range(shape[0]), plan.samples, range(plan.replicas))]
    counted = [views(s, len(plan.T))[:2] for s in sorted_states]
    rates = np.array([np.divide(a, n, out=np.full(len(n), np.nan), where=n > 0) for n, a in counted])
    dims = ("start", "sample", "replica")
    return {
        "swap_acceptance": ((*dims, "pair"), rates.reshape(*shape, -1)),
        "round_trips": (dims, np.array([s[1] for s in sorted_states]).reshape(shape)),
    }


def _series(plan: Plan, chains: dict[Any, Record], shift: dict[int, float]) -> dict[str, Any]:
    """Time series of energy, m and x after every measured sweep."""
    shape = (len(plan.starts), len(plan.samples), len(plan.T), plan.replicas)
    energy = [record.energy / plan.N - shift[where[1]] for where, record in chains.items()]
    data: dict[str, Any] = {"energy_series": ((*CHAIN[:4], "sweep"), np.array(energy).reshape(*shape, -1))}
    for name in ("m", "x"):
        values = np.array([getattr(record, name).T for record in chains.values()])
        data[f"{name}_series"] = ((*CHAIN, "sweep"), values.reshape(*shape, *values.shape[1:]))
    return data


def _attributes(plan: Plan, sweeps: int, stopped_by: str) -> dict[str, Any]:
    names = ("N", "K", "burn_in", "replicas", "overlap", "dynamics")
    starts = [s if isinstance(s, str) else "array" for s in plan.starts]
    return {name: getattr(plan, name) for name in names} | {
        "model": str(plan.source),
        "sweeps": sweeps,
        "stopped_by": stopped_by,
        "samples": len(plan.samples),
        "start": ", ".join(starts),
        "exchange": int(plan.exchange),
        "seed": str(plan.seed),
        "backend": "cpu",
        "version": version("densenet-sm"),
    }
