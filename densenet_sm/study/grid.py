"""`run_grid`: the cells of a campaign, in processes, stored one by one; what is there already is not computed again."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..errors import CheckpointError, ParameterError
from ..montecarlo import simulate
from ..montecarlo.results import AVERAGED
from ..montecarlo.statistics import standard_error
from ..sizes import THREADS, cores
from ..theory import solve
from . import store as files
from .campaign import Campaign, Cell, campaign

Array = NDArray[Any]
QUEUED = 4  # cells handed to every worker at a time
PACE = 3e-10  # seconds per entry read, roughly
STOPPED = threading.Event()  # in a worker: interrupted
MANY = 1000  # to an executor of unknown size
DIED = "its process died; it may have been killed for its memory"
STATE = ("q", "energy", "free_energy", "entropy", "replicon", "longitudinal", "residual")
CUMULANTS = ("binder_m", "binder_q")
SUMMARY = (*CUMULANTS, "tau", "m_sampling_err", *(f"{name}_err" for name in (*CUMULANTS, *AVERAGED)))
Report = Callable[[Cell, dict[str, Any]], None]


def run_grid(
    spec: dict[str, Any] | str | os.PathLike[str],
    executor: Executor | None = None,
    store: str | os.PathLike[str] = "runs/campaign",
    part: tuple[int, int] | None = None,
    retry: bool = False,
    report: Report | None = None,
) -> dict[str, int]:
    """Run the cells of a campaign that its store lacks, the longest first.

    Every cell is one call of `simulate` or `solve` with a seed of its own, kept in a file of its own: a run that was
    killed, or split over processes and machines, ends in the same numbers as an uninterrupted one. A damaged file is
    computed again. Two runs on one store at the same time share the work.

    Parameters
    ----------
    spec : dictionary or TOML file (see the README): model = {P, protocol = {kind, …}, …}; grid = {T = […], …} over
        parameters of model, protocol and `simulate`; simulate = {N (number or list), sweeps, …}; solve = {ansatz
        (name or list), start, …}; seed; budget, seconds after which no cell is begun. With simulate.exchange the
        temperatures of the grid are the ladder
    executor : where cells run; None: as many processes on this machine as it has cores, of one thread each. Processes
        are spawned: a script calls run_grid under `if __name__ == "__main__":`
    store : folder of the results, made if it is not there
    part : (i, n), every n-th cell from the i-th on, 1 ≤ i ≤ n: n machines share a folder
    retry : compute again cells that failed
    report : called after every cell with it and {"seconds", "failure": reason or "", "m", "m_err", "phase"}, as known

    Returns the numbers of cells "done", "failed" and "missing" (budget, part). A failure is stored with its reason.

    Raises CampaignError with all mistakes of the specification, ParameterError, OSError for a store that cannot be
    written (what is stored stays).

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> spec = {"model": {"P": 3}, "grid": {"alpha": [0.01, 0.1], "T": [0.3]}, "solve": {}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     run_grid(spec, executor, folder)
    {'done': 2, 'failed': 0, 'missing': 0}

    """
    asked = campaign(spec)
    chosen = sliced(asked.cells, part)
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError("executor", "a concurrent.futures.Executor or None", executor, "Leave it out.")
    folder = files.create(store, asked)
    until = None if asked.budget is None else time.time() + asked.budget
    states: dict[str, str] = {}

    def said(cell: Cell, outcome: dict[str, Any]) -> None:
        states[cell.name] = "failed" if outcome["failure"] else "done"
        if report is not None:
            report(cell, outcome)

    waiting = _waiting(folder, chosen, retry, states)
    if executor is None:
        _in_processes(folder, waiting, until, said)
    else:
        try:
            _feed(executor, folder, waiting, MANY, until, said, {})
        except BrokenExecutor:
            remedy = "What is stored stays: run again to go on."
            raise RuntimeError(f"the workers of the executor died. {remedy}") from None
    return counted(folder, asked, states)


def sliced(cells: tuple[Cell, ...], part: tuple[int, int] | None) -> list[Cell]:
    """Every n-th cell from the i-th on, in the order of their costs, the longest first."""
    ordered = sorted(cells, key=lambda cell: (-cell.cost(), cell.name))
    if part is None:
        return ordered
    whole = isinstance(part, tuple) and len(part) == 2 and all(isinstance(n, int) for n in part)
    if not whole or not 1 <= part[0] <= part[1]:
        raise ParameterError("part", "(i, n) with 1 <= i <= n", part, "Write part=(1, 4) for the first of four.")
    return ordered[part[0] - 1 :: part[1]]


def foreseen(spec: dict[str, Any] | str | os.PathLike[str]) -> list[dict[str, Any]]:
    """What every cell of a specification is, the longest first: kind, coordinates, bytes, and seconds, roughly.

    Seconds are those of one core at 0.3 ns per entry that is read, without compilation.

    >>> foreseen({"model": {"P": 3}, "grid": {"T": [0.3]}, "simulate": {"N": 32}})[0]["kind"]
    'simulate'
    """
    cells = sliced(campaign(spec).cells, None)
    return [{"kind": c.kind, "point": dict(c.point), "bytes": c.memory(), "seconds": c.cost() * PACE} for c in cells]


def counted(folder: Path, asked: Campaign, known: dict[str, str]) -> dict[str, int]:
    """Cells done, failed and missing; those whose state is not known are read."""
    counts = Counter(known.get(cell.name) or _state(files.read(folder, cell)) for cell in asked.cells)
    return {name: counts[name] for name in ("done", "failed", "missing")}


def _state(result: files.Result | None) -> str:
    return "missing" if result is None else "failed" if result.failure else "done"


def _waiting(folder: Path, cells: list[Cell], retry: bool, states: dict[str, str]) -> list[Cell]:
    """Cells to compute; what the others are is entered into the states."""
    waiting = []
    for cell in cells:
        state = _state(files.read(folder, cell))
        if state == "failed" and retry:
            files.file_of(folder, cell).unlink()
            state = "missing"
        if state == "missing":
            waiting.append(cell)
        else:
            states[cell.name] = state
    return waiting


def _in_processes(folder: Path, cells: list[Cell], until: float | None, report: Report) -> None:
    """All cells; if a process dies, those in flight are tried alone, and the one that kills its process has failed."""
    waiting = {cell.name: cell for cell in cells}

    def done(cell: Cell, outcome: dict[str, Any]) -> None:
        del waiting[cell.name]
        report(cell, outcome)

    while waiting:
        flying: dict[Future[Any], Cell] = {}
        try:
            with _processes(len(waiting)) as own:
                _feed(own, folder, list(waiting.values()), QUEUED * cores(), until, done, flying)
            return
        except BrokenExecutor:
            suspects = list(flying.values())
            while suspects:
                with _processes(1) as own:
                    try:
                        while suspects:
                            _feed(own, folder, suspects[:1], 1, until, done, {})
                            suspects.pop(0)
                    except BrokenExecutor:
                        cell = suspects.pop(0)
                        files.save(folder, cell, {}, 0.0, DIED)
                        done(cell, outcome(DIED, 0.0, {}))


def _processes(count: int) -> ProcessPoolExecutor:
    spawned = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(min(cores(), count), mp_context=spawned, initializer=_alone)


def _alone() -> None:
    """A worker is one of as many as there are cores; after Ctrl-C it begins no further cell."""
    os.environ[THREADS] = "1"
    threadpool_limits(1)
    signal.signal(signal.SIGINT, _interrupted)


def _interrupted(*_: Any) -> None:
    STOPPED.set()
    raise KeyboardInterrupt


def _feed(
    executor: Executor, folder: Path, cells: list[Cell], queued: int, until: float | None, report: Report,
    flying: dict[Future[Any], Cell],
) -> None:  # fmt: skip
    """Keep some cells in flight: the parent's memory does not grow with their number."""
    left: Iterator[Cell] = iter(cells)
    try:
        while True:
            for cell in itertools.islice(left, queued - len(flying)):
                flying[executor.submit(work, folder, cell, until)] = cell
            if not flying:
                return
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                result = future.result()
                cell = flying.pop(future)
                if result is not None:
                    report(cell, result)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; what is stored stays: run again to go on") from None
    except Exception:
        wait([future for future in flying if not future.cancel()])  # nothing is written after the error
        raise
    finally:
        for future in flying:
            future.cancel()


def work(folder: Path, cell: Cell, until: float | None = None) -> dict[str, Any] | None:
    """Compute and store a cell unless it is there; what is reported of it. None: it is too late to begin."""
    if STOPPED.is_set():
        raise KeyboardInterrupt
    if until is not None and time.time() >= until:
        return None
    with files.claimed(folder, cell):
        stored = files.read(folder, cell)
        if stored is not None:
            return outcome(stored.failure, float(stored.header["seconds"]), stored.arrays)
        checkpoint = files.file_of(folder, cell).with_suffix(".run")
        began, failure, arrays = time.monotonic(), "", {}
        try:
            try:
                arrays = computed(cell, checkpoint)
            except CheckpointError:  # damaged, or of another version: from the start
                checkpoint.unlink()
                arrays = computed(cell, checkpoint)
        except OSError:  # the store's fault
            raise
        except Exception as error:  # kept with its reason
            failure = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - began
        files.save(folder, cell, arrays, seconds, failure)
        checkpoint.unlink(missing_ok=True)
    return outcome(failure, seconds, arrays)


def outcome(failure: str, seconds: float, arrays: dict[str, Array]) -> dict[str, Any]:
    """What is reported of a cell, at its first temperature and pattern."""
    said: dict[str, Any] = {"seconds": seconds, "failure": failure}
    if "m_sample" in arrays:
        said |= {"m": float(arrays["m_sample"].mean(0)[0, 0]), "m_err": float(arrays["m_err"][0, 0])}
    elif "m" in arrays:
        said |= {"m": float(arrays["m"][0, 0]), "phase": str(arrays["phase"][0])}
    return said


def computed(cell: Cell, checkpoint: Path) -> dict[str, Array]:
    """Arrays of a cell, [T, …] or [T, pattern]; means of every sample have that dimension first."""
    settings = dict(cell.settings)
    if cell.kind == "solve":
        state = solve(cell.model, cell.T[0], **settings)
        arrays = {name: np.asarray([_last(getattr(state, name))], float) for name in STATE}
        arrays |= {name: np.atleast_1d(getattr(state, name))[None] for name in ("m", "x")}
        return arrays | {"phase": np.array([state.phase])}
    T = cell.T if settings.get("exchange") else cell.T[0]
    ds = simulate(cell.model, T, seed=cell.run_seed, checkpoint=checkpoint, **settings)
    arrays = {}
    for name in (*AVERAGED, "q2"):
        mean = ds[name].mean("replica") if "replica" in ds[name].dims else ds[name]
        arrays[f"{name}_sample"] = mean.transpose("sample", "T", ...).values
    arrays["q2_err"] = standard_error(arrays["q2_sample"])
    arrays |= {name: ds[name].transpose("T", ...).values for name in SUMMARY}
    arrays["acceptance"] = ds.acceptance.mean([d for d in ds.acceptance.dims if d != "T"]).values
    return arrays | {name: ds[name].values.astype(str) for name in ("status", "reason")}


def _last(value: Any) -> Any:
    """The largest overlap of a broken state, q_EA."""
    return value[-1] if isinstance(value, tuple) else value
