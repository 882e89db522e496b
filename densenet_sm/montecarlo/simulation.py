"""`simulate`: Monte Carlo of a model or of one realisation, labelled results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..model import Model
from ..network import Network
from ..sizes import free_memory
from . import checkpoint as files
from .plan import Plan, checked, lengths
from .results import dataset, sampling_error
from .run import Run, progress_bar

if TYPE_CHECKING:
    import xarray as xr


def simulate(
    model: Model | Network,
    T: float | Sequence[float],
    N: int | None = None,
    K: int | Callable[[int], int] | None = None,
    sweeps: int | str = 1000,
    burn_in: int = 200,
    replicas: int = 2,
    samples: int | Sequence[int] = 8,
    start: Any = "pattern",
    overlap: float = 1.0,
    dynamics: str = "heat-bath",
    exchange: bool = False,
    backend: str = "cpu",
    seed: int = 0,
    checkpoint: Any = None,
    progress: bool = False,
    kernel: str | None = None,
    precision: float | None = None,
    budget: float | None = None,
    series: bool = False,
) -> xr.Dataset:
    r"""Monte Carlo of a model at N spins (disorder drawn afresh for every sample) or of one Network.

    Flips of cost ΔH: "heat-bath" flips with probability 1/(1+e^{βΔH}), sites in order; "metropolis" with
    min(1, e^{−βΔH}), random sites; "zero" (T = 0) if ΔH < 0, ties keep the spin; "parallel" updates all spins at once
    by heat bath from the fields before: not the Boltzmann law of H, and cycles of length two at T = 0 (peretto1984).
    Random numbers are counter-based: results depend on `seed` alone, not on threads, nor on how samples are split over
    calls (`merge` joins them), nor on interruptions.

    Parameters
    ----------
    T : temperature or ladder of temperatures
    N, K : size and number of archetypes (default `model.n_patterns(N)`); not with a Network
    sweeps, burn_in : measured and discarded sweeps of N attempts. sweeps="auto" doubles from 256 until `precision` or
        `budget`, whichever first, and gives the numbers of a run of that fixed length
    precision : standard error of m that longer runs would lower (`m_sampling_err`: blocking errors of the time means,
        averaged over samples and replicas), the largest over T, starts and patterns; disorder scatter is not in it
    budget : seconds of wall time; no round is begun that would end after them (the first is always made)
    replicas, samples : copies per disorder, and disorders: a count, or sample numbers such as range(4, 8)
    start : "pattern" (the first archetype, its blank sites filled from the next ones) at the given initial `overlap`;
        "example" (signs of the first entry); "random"; spins [N] or [replicas, N]; or several names, a dimension
    exchange : swap configurations of neighbouring temperatures every 8 sweeps (`ladder` chooses temperatures)
    backend : "cpu" ("cuda" is not there yet)
    checkpoint : a file to write every few seconds; if it is there the same call goes on from it, to the same numbers
    progress : show a progress bar on standard error
    kernel : "bits", "couplings", "integers", "lanes" or "reals", compiled kernels of the same flips (default: the one
        expected to be the quickest for the entries; ARCHITECTURE.md)
    series : keep energy, m and x after every sweep (dimension `sweep`)

    Returns an xarray.Dataset with dims (sample, T, replica, pattern); pattern runs over the condensed ones:
    m, abs_m, x (time means of (1/N)Σ ξs, its modulus, (1/N)Σ ts), energy H/N (power interaction: minus its
    infinite-temperature mean), losses ⟨m²⟩ (= 1 − L₊L₋ of a full pattern), acceptance, m_time_err and energy_time_err
    (blocking). Over (sample, T): q and q_histogram(q_bin), mean and distribution of the overlap of two replicas, its
    moments q2, q4 and m2, m4 of m; specific_heat β²Var(H)/N; autocorrelation; r_hat. Over T: <name>_err, standard
    error over samples of the replica mean (NaN for one sample); m_sampling_err; binder_m, binder_q,
    1 − [⟨a⁴⟩]/(3[⟨a²⟩]²) with jackknife errors; tau, the largest autocorrelation time in sweeps; status and its reason
    (R-hat is not asked for at T = 0). Several starts: r_hat_start, and `hysteresis` where they end in different
    states, which is no fault. Exchange: swap_acceptance(pair), round_trips.

    Raises ParameterError for bad input, MemoryLimitError for a realisation or time series that do not fit,
    CheckpointError for a file of another run or a damaged one, BackendUnavailableError. Ctrl-C leaves the checkpoint.

    >>> ds = simulate(Model(P=3, alpha=0.05), T=0.3, N=40, sweeps=50, burn_in=10, samples=2)
    >>> dict(ds.m.sizes)
    {'sample': 2, 'T': 1, 'replica': 2, 'pattern': 1}

    """
    plan = checked(
        model, T, N, K, sweeps, burn_in, replicas, samples, start, overlap, dynamics, exchange, backend, seed, kernel,
        precision, budget, series,
    )  # fmt: skip
    run = Run(plan, files.check_path(checkpoint))
    with progress_bar(progress) as bar:
        try:
            measured, reason = advance(plan, run, bar)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_farewell(run)) from None
    return dataset(plan, run.tracks, run.shift, measured, reason)


def advance(plan: Plan, run: Run, bar: Callable[[int, int], None]) -> tuple[int, str]:
    """Run to the fixed length, or by doubling rounds; the length reached, and what stopped it."""
    if plan.sweeps is not None:
        run.to(plan.sweeps, bar)
        return plan.sweeps, "sweeps"
    last = 0.0
    for length in lengths():
        if length < run.target:  # a later round of an interrupted run is going on
            last = run.before
            continue
        began = run.seconds
        run.to(length, bar)
        if plan.precision is not None and sampling_error(plan, run.tracks.values()) <= plan.precision:
            return length, "precision"
        next_round = 2 * (run.seconds - began) if last else 0.0  # the first round compiles: it says nothing
        if plan.budget is not None and run.seconds + next_round > plan.budget:
            return length, "budget"
        if plan.series_bytes(2 * length) + plan.realisation() > 0.8 * free_memory():
            return length, "memory"
        last = run.seconds
    raise ParameterError("sweeps", "fewer", plan.sweeps, "Pass a number.")  # pragma: no cover


def _farewell(run: Run) -> str:
    swept = [track.swept for track in run.tracks.values()]
    done = f"interrupted after {sum(swept)} of {len(run.plan.places()) * (run.plan.burn_in + run.target)} sweeps"
    if run.path is None:
        return f"{done}; nothing is kept (pass checkpoint= to keep it)"
    return f"{done}; the same call goes on from {run.path}"
