"""`estimate`: what a call of `simulate` will take."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from ..model import Model
from ..network import Network
from .dynamics import CHUNK
from .plan import FIRST_ROUND, Plan, checked, realisations
from .run import prepared
from .simulation import simulate
from .starts import initial
from .walks import begin, walk_of


@dataclass(frozen=True)
class Estimate:
    """Memory in bytes, wall time in seconds, independent chains or ladders, and the threads they are spread over."""

    memory: int
    seconds: float
    places: int
    threads: int

    def __str__(self) -> str:
        size, unit = (self.memory / 2**20, "MiB") if self.memory < 2**30 else (self.memory / 2**30, "GiB")
        return f"{size:.3g} {unit}, {self.seconds:.3g} s: {self.places} runs over {self.threads} threads"


def estimate(model: Model | Network, T: Any, **settings: Any) -> Estimate:
    """Memory and time that `simulate(model, T, **settings)` will take on this machine, before it is started.

    One sample is drawn and, at each temperature, 64 sweeps are timed from the start (kernels compiled before): cold
    dynamics slow down or speed up later, and statistics at the end are not counted. sweeps="auto": the first round.

    Returns an Estimate. Raises what `simulate` raises, MemoryLimitError included.

    >>> from densenet_sm import Model
    >>> found = estimate(Model(P=3), 0.3, N=40, sweeps=1000, samples=4)
    >>> found.places, found.memory > 0, found.seconds > 0
    (8, True, True)
    """
    call = inspect.signature(simulate).bind(model, T, **settings)
    call.apply_defaults()
    arguments = {name: value for name, value in call.arguments.items() if name not in ("checkpoint", "progress")}
    plan = checked(**arguments)
    sweeps = plan.sweeps or FIRST_ROUND
    places, threads = plan.places(), plan.workers()
    memory = plan.series_bytes(sweeps) + min(threads, len(plan.samples)) * plan.realisation()
    drawing, sweeping = _timed(plan)
    work = len(plan.samples) * (drawing + sweeping * (plan.burn_in + sweeps))
    return Estimate(memory, work / threads, len(places), threads)


def _timed(plan: Plan) -> tuple[float, float]:
    """Seconds to draw and prepare one sample, and for one sweep of all its chains."""
    began = perf_counter()
    net = realisations(plan)(plan.samples[0])
    shared = prepared(net, plan)
    drawing, sweeping = perf_counter() - began, 0.0
    for place in plan.places():
        if place.sample != plan.samples[0]:
            break
        if place.replicas[0] == 0 and place.start == 0:
            spins = initial(plan, net, place.sample, place.start)
            walk_of(plan, shared, begin(plan, place, spins)).run(CHUNK, CHUNK)
            walk = walk_of(plan, shared, begin(plan, place, spins))
            began = perf_counter()
            walk.run(CHUNK, CHUNK)
            sweeping += (perf_counter() - began) * len(plan.starts) * plan.replicas / len(place.replicas)
    return drawing, sweeping / CHUNK
