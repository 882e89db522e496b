"""`simulate` and `retrieve`: Monte Carlo of a model or of one realisation, labelled results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import streams
from ..errors import ParameterError, check_integer, check_name, check_number
from ..model import Model
from ..network import Network, check_spins, count_patterns
from .dynamics import DYNAMICS, Record, Replica, prepare
from .statistics import autocorrelation_time, standard_error, verdict

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
STARTS = ("pattern", "example", "random")
SNAPSHOTS = 200  # spin configurations kept per run, for the overlap between replicas


def simulate(
    model: Model | Network,
    T: float | Sequence[float],
    N: int | None = None,
    K: int | Callable[[int], int] | None = None,
    sweeps: int = 1000,
    burn_in: int = 200,
    replicas: int = 2,
    samples: int = 8,
    start: Any = "pattern",
    overlap: float = 1.0,
    dynamics: str = "heat-bath",
    seed: int = 0,
    progress: bool = False,
) -> xr.Dataset:
    r"""Monte Carlo of a model at N spins (disorder drawn afresh for every sample) or of one Network.

    Single-spin flips of cost ΔH: "heat-bath" flips with probability 1/(1+e^{βΔH}), sites in order; "metropolis" with
    min(1, e^{−βΔH}), random sites; "zero" (T = 0) if ΔH < 0, ties keep the spin. Random numbers are counter-based:
    results depend on `seed` alone, not on threads.

    Parameters
    ----------
    T : temperature or ladder of temperatures (each simulated by itself)
    N, K : size and number of archetypes (default `model.n_patterns(N)`); not with a Network
    sweeps, burn_in : measured and discarded sweeps of N attempts
    replicas, samples : copies per disorder, and disorders
    start : "pattern" (the first archetype, its blank sites filled from the next ones) at the given initial `overlap`;
        "example" (signs of the first entry); "random"; or spins [N] or [replicas, N]
    progress : show a progress bar

    Returns an xarray.Dataset with dims (sample, T, replica, pattern); pattern runs over the condensed ones:
    m, abs_m, x (time means of (1/N)Σ ξs, its modulus, (1/N)Σ ts), energy H/N (power interaction: minus its
    infinite-temperature mean), q(sample, T) overlap between replicas; <name>_err(T, ...), standard error over samples
    of the replica mean (NaN for one sample); tau(T), the largest autocorrelation time in sweeps; status(T).

    Raises ParameterError for bad input and MemoryLimitError for a realisation that does not fit.

    >>> ds = simulate(Model(P=3, alpha=0.05), T=0.3, N=40, sweeps=50, burn_in=10, samples=2)
    >>> dict(ds.m.sizes)
    {'sample': 2, 'T': 1, 'replica': 2, 'pattern': 1}

    """
    plan = _checked(model, T, N, K, sweeps, burn_in, replicas, samples, start, overlap, dynamics, seed)
    records: list[list[list[Record]]] = []
    shift = []
    with _bar(progress, plan.samples * len(plan.T) * plan.replicas) as advance:
        for sample in range(plan.samples):
            net = model if isinstance(model, Network) else Network.sample(model, plan.N, plan.K, seed, sample)
            records.append(_run_sample(plan, net, sample, advance))
            shift.append(net.mean_energy() / plan.N)
    return _dataset(plan, records, np.array(shift))


@dataclass(frozen=True)
class _Plan:
    """A checked call of `simulate`."""

    source: Model | Network
    T: tuple[float, ...]
    N: int
    K: int | None
    sweeps: int
    burn_in: int
    replicas: int
    samples: int
    start: Any
    overlap: float
    dynamics: str
    seed: int


def _checked(
    model: Any, T: Any, N: Any, K: Any, sweeps: int, burn_in: int, replicas: int, samples: int, start: Any,
    overlap: float, dynamics: str, seed: int,
) -> _Plan:  # fmt: skip
    check_name("dynamics", dynamics, DYNAMICS)
    temperatures = T if isinstance(T, Sequence | np.ndarray) and not isinstance(T, str) else [T]
    ladder = tuple(check_number("T", t, low=0, remedy="Temperatures are >= 0, k_B = 1.") for t in temperatures)
    if not ladder or len(set(ladder)) != len(ladder):
        raise ParameterError("T", "one or several different temperatures", T, "Pass at least one, and none twice.")
    if dynamics == "zero" and any(ladder):
        raise ParameterError("T", "0 for zero-temperature dynamics", T, "Use T=0 or dynamics='heat-bath'.")
    sweeps, burn_in = check_integer("sweeps", sweeps, low=1), check_integer("burn_in", burn_in, low=0)
    replicas = check_integer("replicas", replicas, low=1)
    check_number("overlap", overlap, low=-1, high=1, remedy="It is the initial overlap with the first archetype.")
    streams.seed_sequence(seed, "dynamics")
    if isinstance(model, Network):
        if N is not None or K is not None:
            raise ParameterError("N, K", "left out with a Network, which has its own", (N, K), "Drop them.")
        N, samples = model.N, 1
    elif isinstance(model, Model):
        if N is None:
            raise ParameterError("N", "given with a Model", N, "Pass the number of spins, for example N=256.")
        samples = check_integer("samples", samples, low=1)
        K, N = count_patterns(model, N, K), int(N)
    else:
        raise ParameterError("model", "a Model or a Network", model, "Build one: dsm.Model(P=3, alpha=0.1).")
    if isinstance(start, str):
        check_name("start", start, STARTS)
    else:
        start = check_spins("start", start, N).astype(np.int8)
        if len(start) not in (1, replicas):
            raise ParameterError("start", f"one row or {replicas} rows of spins", start.shape, "Match replicas=.")
    return _Plan(model, ladder, N, K, sweeps, burn_in, replicas, samples, start, overlap, dynamics, seed)


def _run_sample(plan: _Plan, net: Network, sample: int, advance: Callable[[], None]) -> list[list[Record]]:
    """All temperatures and replicas of one disorder sample, in threads (the kernels release the interpreter lock)."""
    shared = prepare(net)
    key = streams.seed_sequence(plan.seed, "dynamics", sample).generate_state(2)
    stride = max(1, plan.sweeps // SNAPSHOTS)

    def job(place: tuple[int, int]) -> Record:
        temperature, replica = place
        rng = streams.generator(plan.seed, "initial state", sample)
        spins = _initial(plan, net, rng)[replica]
        copy = Replica(shared, spins, plan.T[temperature], plan.dynamics, key, replica, temperature)
        copy.run(plan.burn_in)
        record = copy.run(plan.sweeps, stride)
        advance()
        return record

    places = [(t, r) for t in range(len(plan.T)) for r in range(plan.replicas)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        flat = list(pool.map(job, places))
    return [flat[t * plan.replicas : (t + 1) * plan.replicas] for t in range(len(plan.T))]


def _initial(plan: _Plan, net: Network, rng: np.random.Generator) -> Array:
    """Initial spins [replicas, N], int8; the same for every temperature."""
    shape = (plan.replicas, net.N)
    if not isinstance(plan.start, str):
        return np.array(np.broadcast_to(plan.start, shape))
    spins = (2 * rng.integers(0, 2, shape) - 1).astype(np.int8)
    if plan.start == "random":
        return spins
    rows = net.entries[:1] if plan.start == "example" else net.archetypes[: len(net.probes)]
    return aligned(spins, rows, plan.overlap, rng)


def aligned(spins: Array, rows: Array, overlap: float, rng: np.random.Generator) -> Array:
    """Spins [R, N] along the signs of the first row, its blank sites along the next rows, the rest as they were; then
    random flips among the first row's own sites down to the given overlap with it.
    """
    overlap = check_number("overlap", overlap, low=-1, high=1, remedy="It is the overlap with the first pattern.")
    for row in rows[::-1]:
        spins = np.where(row != 0, np.sign(row), spins).astype(np.int8)
    active = np.flatnonzero(rows[0])
    flipped = round(len(active) * (1 - overlap) / 2)
    for copy in spins:
        copy[rng.permutation(active)[:flipped]] *= -1
    return spins


def _dataset(plan: _Plan, records: list[list[list[Record]]], shift: Array) -> xr.Dataset:
    """Means, errors and verdicts; `shift` [sample] is the zero that energies are measured from."""
    import xarray as xr

    def collect(function: Callable[[Record], Any]) -> Array:
        return np.array([[[function(r) for r in at_T] for at_T in sample] for sample in records])

    means = {
        "m": collect(lambda r: r.m.mean(0)),
        "abs_m": collect(lambda r: np.abs(r.m).mean(0)),
        "x": collect(lambda r: r.x.mean(0)),
        "energy": collect(lambda r: r.energy.mean()) / plan.N - shift[:, None, None],
    }
    q = np.array([[_replica_overlap(at_T) for at_T in sample] for sample in records])
    tau = collect(lambda r: max(autocorrelation_time(c) for c in (r.energy, *r.m.T))).max((0, 2))
    dims = {name: ("sample", "T", "replica", "pattern")[: value.ndim] for name, value in means.items()}
    data: dict[str, Any] = {name: (dims[name], value) for name, value in means.items()}
    for name, value in means.items():
        data[f"{name}_err"] = (("T", "pattern")[: value.ndim - 2], standard_error(value.mean(2)))
    data |= {"q": (("sample", "T"), q), "q_err": (("T",), standard_error(q)), "tau": (("T",), tau)}
    data["acceptance"] = ("T", collect(lambda r: r.flips).mean((0, 2)) / (plan.sweeps * plan.N))
    data["status"] = ("T", [verdict(t, plan.sweeps, plan.burn_in) for t in tau])
    coords = {"T": list(plan.T), "sample": range(plan.samples), "replica": range(plan.replicas)}
    return xr.Dataset(data, {**coords, "pattern": range(means["m"].shape[-1])}, _attributes(plan))


def _replica_overlap(records: list[Record]) -> float:
    """(1/N) Σ_i s_i^a s_i^b, mean over snapshots and pairs of replicas; NaN for one replica."""
    if len(records) < 2:
        return float("nan")
    spins = np.stack([r.snapshots for r in records]).astype(float)  # [R, snapshots, N]
    R, _, N = spins.shape
    total = (spins.sum(0) ** 2).sum(-1).mean()
    return float((total / N - R) / (R * (R - 1)))


def _attributes(plan: _Plan) -> dict[str, Any]:
    from importlib.metadata import version

    numbers = ("N", "sweeps", "burn_in", "replicas", "samples", "overlap", "dynamics")
    attributes = {name: getattr(plan, name) for name in numbers}
    start = plan.start if isinstance(plan.start, str) else "array"
    K = plan.K if isinstance(plan.source, Model) else len(plan.source.archetypes)
    return attributes | {
        "model": str(plan.source),
        "K": K,
        "start": start,
        "seed": str(plan.seed),
        "backend": "cpu",
        "version": version("densenet-sm"),
    }


@contextmanager
def _bar(show: bool, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar that counts runs; the first one includes compiling the kernels."""
    if not show:
        yield lambda: None
        return
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("sweeping (first use compiles)", total=total)
        yield lambda: bar.advance(task)


@dataclass(frozen=True)
class Retrieval:
    """End of a retrieval: spins, magnetisations with the archetypes, sweeps done, and whether the spins stood still.

    For cues [n, N]: spins [n, N], magnetisations [n, K], sweeps and converged [n].
    """

    spins: Array
    magnetisations: Array
    sweeps: Any
    converged: Any


def retrieve(net: Network, cue: ArrayLike, T: float = 0.0, sweeps: int = 100, seed: int = 0) -> Retrieval:
    """Let a network fall from a cue (heat bath at T; at T = 0 flips with ΔH < 0) until nothing flips or `sweeps` end.

    `cue` [N] or [n, N] of ±1. Returns a Retrieval. Raises ParameterError for a cue that does not fit.

    >>> net = Network([[1, 1, -1, 1, -1]], P=2)
    >>> retrieve(net, [1, 1, -1, 1, 1]).magnetisations
    array([1.])
    """
    if not isinstance(net, Network):
        raise ParameterError("net", "a Network", net, "Draw one: dsm.Network.sample(model, N=128).")
    T = check_number("T", T, low=0)
    sweeps = check_integer("sweeps", sweeps, low=1)
    cues = check_spins("cue", cue, net.N).astype(np.int8)
    shared = prepare(net)
    key = streams.seed_sequence(seed, "dynamics").generate_state(2)
    used, still = np.zeros(len(cues), int), np.zeros(len(cues), bool)
    spins = np.array(cues)
    for n, row in enumerate(spins):
        copy = Replica(shared, row, T, "heat-bath", key, replica=n)
        while used[n] < sweeps and not still[n]:
            still[n] = copy.run(1).flips == 0
            used[n] += 1
    if np.ndim(cue) == 1:
        return Retrieval(spins[0], net.magnetisations(spins[0]), int(used[0]), bool(still[0]))
    return Retrieval(spins, net.magnetisations(spins), used, still)
