"""A checked call of `simulate`: what is run, from where, and how much memory it takes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import streams
from ..errors import (
    BackendUnavailableError,
    MemoryLimitError,
    ParameterError,
    check_integer,
    check_name,
    check_number,
)
from ..model import Model
from ..network import Network, check_spins
from ..sizes import cores, count_patterns, free_memory, realisation_bytes
from .choice import SEVERAL, check_kernel
from .dynamics import CHUNK
from .dynamics import DYNAMICS as SINGLE_FLIP
from .lanes import FEW, LANES

Array = NDArray[Any]
DYNAMICS = (*SINGLE_FLIP, "parallel")
STARTS = ("pattern", "example", "random")
BACKENDS = ("cpu", "cuda")
SNAPSHOTS = 100  # spin configurations kept per chain, at least (and less than twice as many)
FIRST_ROUND = 4 * CHUNK  # measured sweeps of the first round of sweeps="auto"


@dataclass(frozen=True)
class Place:
    """Chains that move together: of one sample and start, every temperature with every replica listed."""

    sample: int
    start: int
    temperatures: tuple[int, ...]
    replicas: tuple[int, ...]

    def chains(self) -> list[tuple[int, int]]:
        """(temperature, replica) of each chain."""
        return list(itertools.product(self.temperatures, self.replicas))


@dataclass(frozen=True)
class Plan:
    """A checked call of `simulate`; `samples` are numbers, `starts` names or one array of spins."""

    source: Model | Network
    T: tuple[float, ...]
    N: int
    K: int
    C: int
    sweeps: int | None
    burn_in: int
    replicas: int
    samples: tuple[int, ...]
    starts: tuple[Any, ...]
    several: bool
    overlap: float
    dynamics: str
    exchange: bool
    seed: int
    kernel: str | None
    precision: float | None
    budget: float | None
    series: bool

    def places(self) -> list[Place]:
        """Units of independent work, sample by sample: a ladder under exchange, all replicas under parallel dynamics
        (one matrix product), as many as there are lanes where patterns are few, single chains otherwise.
        """
        T, R = tuple(range(len(self.T))), tuple(range(self.replicas))
        rungs = [T] if self.exchange else [(t,) for t in T]
        size = self.replicas if self.dynamics == "parallel" else self.lanes()
        copies = [R[k : k + size] for k in range(0, self.replicas, size)]
        outer = itertools.product(self.samples, range(len(self.starts)), rungs, copies)
        return [Place(*place) for place in outer]

    def lanes(self) -> int:
        """How many replicas are advanced side by side."""
        if self.exchange or self.dynamics not in ("heat-bath", "zero"):
            return 1
        wanted = self.kernel == "lanes" or (
            self.kernel is None and self.replicas >= SEVERAL and few(self.source, self.K)
        )
        return LANES if wanted else 1

    def number(self, start: int, replica: int) -> int:
        """The number a replica has in the counter of the random words: chains of every start have their own."""
        begin = self.starts[start]
        return replica + ((STARTS.index(begin) if isinstance(begin, str) else 0) << 20)

    def stride(self, sweeps: int) -> int:
        """Sweeps between snapshots of a run of this length: a power of two, so that twice the length keeps half."""
        return 1 << max(0, (sweeps // SNAPSHOTS).bit_length() - 1)

    def series_bytes(self, sweeps: int) -> int:
        """Memory of the time series and snapshots that a run of this many measured sweeps keeps."""
        chains = len(self.samples) * len(self.starts) * len(self.T) * self.replicas
        return chains * (8 * sweeps * (1 + 2 * self.C) + 2 * SNAPSHOTS * self.N)

    def workers(self) -> int:
        """Threads: as many as cores, fewer where the realisations they hold at a time would not fit into memory."""
        each, places = self.realisation(), len(self.places())
        per_sample = places // len(self.samples)
        count = min(cores(), places)
        while count > 1 and each * min(len(self.samples), -(-(count - 1) // per_sample) + 1) > 0.8 * free_memory():
            count -= 1
        return count

    def realisation(self) -> int:
        """Bytes of one realisation."""
        if isinstance(self.source, Network):
            return int(self.source.entries.nbytes)
        return realisation_bytes(self.source, self.N, self.K)

    def description(self) -> dict[str, Any]:
        """Everything that the numbers of a run depend on, as JSON; not how many threads, nor when it stops."""
        arrays = [s if isinstance(s, str) else digest(s) for s in self.starts]
        source = self.source
        text = str(source) if isinstance(source, Model) else f"{source} {network_digest(source)}"
        return {
            "model": text,
            "T": list(self.T),
            "N": self.N,
            "K": self.K,
            "sweeps": self.sweeps or "auto",
            "burn_in": self.burn_in,
            "replicas": self.replicas,
            "samples": list(self.samples),
            "start": arrays if self.several else arrays[0],
            "overlap": self.overlap,
            "dynamics": self.dynamics,
            "exchange": self.exchange,
            "seed": self.seed,
            "kernel": self.kernel,
        }


def few(source: Model | Network, K: int) -> bool:
    """Whether the patterns of a realisation are so few, and all of one modulus, that replicas go side by side."""
    if source.lam:
        return False
    if isinstance(source, Network):
        return source.n <= FEW and bool((np.abs(source.entries) == np.abs(source.entries[0, 0])).all())
    count = source.protocol.entries_per_archetype() * K
    return count <= FEW and source.protocol.one_modulus and source.nu == 0


def digest(*arrays: Array | None) -> str:
    """A short hash of arrays, shapes and types included."""
    found = hashlib.sha256()
    for a in arrays:
        found.update(b"none" if a is None else f"{a.shape}{a.dtype}".encode() + np.ascontiguousarray(a).tobytes())
    return found.hexdigest()[:16]


def network_digest(net: Network) -> str:
    """A hash of everything drawn in a realisation."""
    return digest(net.entries, net.weights, net.archetypes, net.noise, net.probes)


def checked(
    model: Any, T: Any, N: Any, K: Any, sweeps: Any, burn_in: Any, replicas: Any, samples: Any, start: Any,
    overlap: Any, dynamics: Any, exchange: Any, backend: Any, seed: Any, kernel: Any, precision: Any, budget: Any,
    series: Any,
) -> Plan:  # fmt: skip
    """The arguments of `simulate` as a Plan, or ParameterError, BackendUnavailableError or MemoryLimitError."""
    check_name("dynamics", dynamics, DYNAMICS)
    check_backend(backend)
    ladder = check_ladder(T, dynamics, exchange)
    count = check_length(sweeps, precision, budget)
    burn_in, replicas = check_integer("burn_in", burn_in, low=0), check_integer("replicas", replicas, low=1)
    check_number("overlap", overlap, low=-1, high=1, remedy="It is the initial overlap with the first archetype.")
    streams.seed_sequence(seed, "dynamics")
    N, K, C, numbers = check_source(model, N, K, samples)
    if dynamics == "parallel" and model.lam:
        wanted = f"of single spins for {model.interaction!r}"
        raise ParameterError("dynamics", wanted, dynamics, "Use 'heat-bath', 'metropolis' or 'zero'.")
    several = isinstance(start, Sequence) and not isinstance(start, str) and all(isinstance(s, str) for s in start)
    starts = check_starts(start, N, replicas, several)
    check_kernel(kernel, dynamics)
    plan = Plan(
        model, ladder, N, K, C, count, burn_in, replicas, numbers, starts, several, float(overlap), dynamics,
        exchange, int(seed), kernel, precision, budget, bool(series),
    )  # fmt: skip
    check_memory(plan, count or FIRST_ROUND)
    return plan


def check_backend(backend: Any) -> None:
    """Only the processor runs kernels so far."""
    if check_name("backend", backend, BACKENDS) == "cuda":
        raise BackendUnavailableError(
            "backend", "'cpu': kernels for a CUDA device are not part of this version", backend,
            "Use backend='cpu'; a version with device kernels will be installed by pip install 'densenet-sm[cuda12]' "
            "or 'densenet-sm[cuda13]'.",
        )  # fmt: skip


def check_ladder(T: Any, dynamics: str, exchange: Any) -> tuple[float, ...]:
    """Different temperatures T >= 0, above 0 and at least two for exchange, all 0 for zero-temperature dynamics."""
    temperatures = T if isinstance(T, Sequence | np.ndarray) and not isinstance(T, str) else [T]
    ladder = tuple(check_number("T", t, low=0, remedy="Temperatures are >= 0, k_B = 1.") for t in temperatures)
    if not ladder or len(set(ladder)) != len(ladder):
        raise ParameterError("T", "one or several different temperatures", T, "Pass at least one, and none twice.")
    if dynamics == "zero" and any(ladder):
        raise ParameterError("T", "0 for zero-temperature dynamics", T, "Use T=0 or dynamics='heat-bath'.")
    if not isinstance(exchange, bool | np.bool_):
        raise ParameterError("exchange", "True or False", exchange, "Pass exchange=True and a ladder of T.")
    if not exchange:
        return ladder
    if dynamics in ("zero", "parallel"):
        remedy = "Use dynamics='heat-bath' or 'metropolis', which sample the Boltzmann law of H."
        raise ParameterError("dynamics", "'heat-bath' or 'metropolis' with exchange", dynamics, remedy)
    if len(ladder) < 2 or min(ladder) == 0:
        remedy = "Pass a ladder such as T=[0.2, 0.3, 0.4]; `ladder` chooses one."
        raise ParameterError("T", "at least two temperatures above 0 for exchange", T, remedy)
    return ladder


def check_length(sweeps: Any, precision: Any, budget: Any) -> int | None:
    """Measured sweeps, or None for "auto", which needs a precision, a budget or both."""
    for name, value in (("precision", precision), ("budget", budget)):
        if value is not None:
            check_number(name, value, low=0, open_low=True)
            if sweeps != "auto":
                raise ParameterError(name, "left out unless sweeps='auto'", value, "Pass sweeps='auto' with it.")
    if not isinstance(sweeps, str):
        return check_integer("sweeps", sweeps, low=1, remedy="Pass a number of sweeps, or 'auto' with precision=.")
    check_name("sweeps", sweeps, ("auto",))
    if precision is None and budget is None:
        remedy = "Pass precision= (standard error of m), budget= (seconds) or both."
        raise ParameterError("sweeps", "a number unless precision or budget says when to stop", sweeps, remedy)
    return None


def check_source(model: Any, N: Any, K: Any, samples: Any) -> tuple[int, int, int, tuple[int, ...]]:
    """Spins, archetypes, condensed patterns, and the numbers of the disorder samples."""
    if isinstance(model, Network):
        if N is not None or K is not None:
            raise ParameterError("N, K", "left out with a Network, which has its own", (N, K), "Drop them.")
        return model.N, len(model.archetypes), len(model.probes), (0,)
    if not isinstance(model, Model):
        raise ParameterError("model", "a Model or a Network", model, "Build one: dsm.Model(P=3, alpha=0.1).")
    if N is None:
        raise ParameterError("N", "given with a Model", N, "Pass the number of spins, for example N=256.")
    K, C = count_patterns(model, N, K), model.protocol.n_condensed
    if isinstance(samples, Sequence | np.ndarray) and not isinstance(samples, str):
        numbers = tuple(check_integer("samples", s, low=0, remedy="Samples are numbered from 0.") for s in samples)
        if not numbers or len(set(numbers)) != len(numbers):
            raise ParameterError("samples", "a number, or different sample numbers", samples, "Pass range(4, 8).")
        return int(N), K, C, numbers
    return int(N), K, C, tuple(range(check_integer("samples", samples, low=1)))


def check_starts(start: Any, N: int, replicas: int, several: bool) -> tuple[Any, ...]:
    """Names of starts, or one array of spins [1 or replicas, N]."""
    if isinstance(start, str):
        return (check_name("start", start, STARTS),)
    if several:
        names = tuple(check_name("start", s, STARTS) for s in start)
        if not names or len(set(names)) != len(names):
            raise ParameterError("start", "one or several different names", start, "Pass ('pattern', 'random').")
        return names
    spins = check_spins("start", start, N).astype(np.int8)
    if len(spins) not in (1, replicas):
        raise ParameterError("start", f"one row or {replicas} rows of spins", spins.shape, "Match replicas=.")
    return (spins,)


def check_memory(plan: Plan, sweeps: int) -> None:
    """Refuse a run whose time series would not fit beside a realisation."""
    need, free = plan.series_bytes(sweeps), free_memory()
    if need + plan.realisation() > 0.8 * free:
        sizes = f"{need / 2**30:.1f} GiB of time series"
        requirement = f"small enough for {free / 2**30:.1f} GiB of free memory (this needs {sizes})"
        raise MemoryLimitError("sweeps", requirement, sweeps, "Lower sweeps, samples, replicas or temperatures.")


def realisations(plan: Plan) -> Callable[[int], Network]:
    """Sample number → Network."""
    source = plan.source
    if isinstance(source, Network):
        return lambda _: source
    return lambda sample: Network.sample(source, plan.N, plan.K, plan.seed, sample)


def lengths() -> Iterator[int]:
    """Measured sweeps after each round of sweeps="auto": doubling."""
    yield from (FIRST_ROUND << k for k in itertools.count())
