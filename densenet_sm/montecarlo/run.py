"""The run loop: tracks are advanced in threads, piece by piece, until a length, a precision or a budget is reached."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..network import Network
from . import checkpoint
from .dynamics import CHUNK, prepare
from .parallel import fields_of
from .plan import Place, Plan, realisations
from .starts import initial
from .walks import Track, begin, walk_of

PIECE = 0.25  # seconds of work between two looks at the clock, about
TICK = 0.1  # seconds between two looks of the main thread


class Realisations:
    """Drawn when first needed, forgotten when the last place of their sample is done."""

    def __init__(self, plan: Plan, places: list[Place], shift: dict[int, float]):
        self.plan, self.shift = plan, shift
        self.draw = realisations(plan)
        self.left = Counter(place.sample for place in places)
        self.locks = {sample: threading.Lock() for sample in self.left}
        self.held: dict[int, tuple[Network, Any]] = {}

    def get(self, sample: int) -> tuple[Network, Any]:
        """Network and what its kernels share."""
        with self.locks[sample]:
            if sample not in self.held:
                net = self.draw(sample)
                if sample not in self.shift:
                    self.shift[sample] = net.mean_energy() / net.N
                self.held[sample] = net, prepared(net, self.plan)
            return self.held[sample]

    def release(self, sample: int) -> None:
        with self.locks[sample]:
            self.left[sample] -= 1
            if not self.left[sample]:
                del self.held[sample]


def prepared(net: Network, plan: Plan) -> Any:
    """What the walks of one realisation share."""
    if plan.dynamics == "parallel":
        return fields_of(net)
    return prepare(net, plan.kernel, together=1 if plan.dynamics == "metropolis" else len(plan.places()[0].chains()))


class Run:
    """All tracks of a plan, where they are going, and the file they are kept in."""

    def __init__(self, plan: Plan, path: Path | None = None):
        self.plan, self.path = plan, path
        self.tracks: dict[Place, Track] = {}
        self.shift: dict[int, float] = {}
        self.target, self.before = 0, 0.0
        self.lock, self.stop = threading.Lock(), threading.Event()
        if path is not None and path.exists():
            tracks, self.shift, self.target, self.before = checkpoint.load(path, plan)
            self.tracks = {track.place: track for track in tracks if track.swept}
        self.began, self.saved, self.cost = monotonic(), monotonic(), 0.0

    @property
    def seconds(self) -> float:
        """Wall time spent, earlier parts of an interrupted run included."""
        return self.before + monotonic() - self.began

    def to(self, length: int, bar: Callable[[int, int], None]) -> None:
        """Advance every track to burn-in plus `length` sweeps. Ctrl-C saves and stops at the end of the pieces."""
        if length < self.target:
            return  # a later round of the interrupted run is going on
        self._aim(length)
        places = [p for p in self.plan.places() if self._swept(p) < self.plan.burn_in + length]
        if not places:
            return
        source = Realisations(self.plan, places, self.shift)
        blas = threadpool_limits(1, "blas") if self.plan.dynamics == "parallel" else nullcontext()
        with blas, ThreadPoolExecutor(self.plan.workers()) as pool:
            jobs = [pool.submit(self._finish, place, source) for place in places]
            try:
                self._watch(jobs, bar)
            except BaseException:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
            finally:
                self._save()

    def _aim(self, length: int) -> None:
        """Set the length, and thin the snapshots of what was done to it."""
        if length > self.target:
            old, new = self.plan.stride(max(self.target, 1)), self.plan.stride(length)
            for track in self.tracks.values():
                track.thin(self.plan.burn_in, old, new)
            self.target = length

    def _swept(self, place: Place) -> int:
        return self.tracks[place].swept if place in self.tracks else 0

    def _finish(self, place: Place, source: Realisations) -> None:
        """Advance one track to the target, in pieces that begin and end at whole chunks."""
        plan, end = self.plan, self.plan.burn_in + self.target
        if self.stop.is_set():
            return
        net, shared = source.get(place.sample)
        if place not in self.tracks:
            track = begin(plan, place, initial(plan, net, place.sample, place.start))
            with self.lock:
                self.tracks[place] = track
        track = self.tracks[place]
        walk, stride, piece = walk_of(plan, shared, track), plan.stride(self.target), CHUNK
        while track.swept < end and not self.stop.is_set():
            burning = track.swept < plan.burn_in
            count = min(piece, (plan.burn_in if burning else end) - track.swept)
            if track.swept == plan.burn_in:
                walk.reset()
            started = monotonic()
            records = walk.run(count, stride)
            with self.lock:
                track.add(records, walk, count, plan.burn_in)
            if monotonic() - started < PIECE / 2:
                piece *= 2
        source.release(place.sample)

    def _watch(self, jobs: list[Future[None]], bar: Callable[[int, int], None]) -> None:
        """Wait for the threads; show where they are, and save now and then."""
        while True:
            done, waiting = wait(jobs, TICK, FIRST_EXCEPTION)
            for job in done:
                job.result()
            swept = sum(track.swept for track in list(self.tracks.values()))
            bar(swept, len(self.plan.places()) * (self.plan.burn_in + self.target))
            if not waiting:
                return
            if monotonic() - self.saved > max(checkpoint.SECONDS, checkpoint.SHARE * self.cost):
                self._save()

    def _save(self) -> None:
        if self.path is None:
            return
        started = monotonic()
        with self.lock:
            tracks = [self._snapshot(place) for place in self.plan.places()]
            shift = dict(self.shift)
        checkpoint.save(self.path, self.plan, tracks, shift, self.target, self.seconds)
        self.saved = monotonic()
        self.cost = self.saved - started

    def _snapshot(self, place: Place) -> Track:
        """A copy of a track that no thread changes; of a place where nothing began, one without sweeps."""
        if place not in self.tracks:
            return begin(self.plan, place, np.ones((self.plan.replicas, self.plan.N), np.int8))
        track = self.tracks[place]
        return Track(place, track.swept, track.spins, track.state, track.pieces)


@contextmanager
def progress_bar(show: bool) -> Iterator[Callable[[int, int], None]]:
    """A function of (sweeps done, sweeps to do) that moves a bar on standard error, if shown."""
    if not show:
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:3], TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("compiling kernels, at first use", total=None)

        def update(done: int, total: int) -> None:
            if done:
                bar.update(task, description="sweeping", completed=done, total=total)

        yield update
