"""How large a realisation is, before it is drawn: its patterns, its memory, and what this machine can give."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

from .errors import MemoryLimitError, ParameterError, check_integer
from .model import Model, check_model

THREADS = "DENSENET_SM_THREADS"


def count_patterns(model: Model, N: int, K: int | Callable[[int], int] | None = None) -> int:
    """Number of archetypes of a realisation, after every check that can be made before drawing it.

    Raises ParameterError (N < P, K below the condensed patterns, a law without examples or samples) and
    MemoryLimitError, stating the size, if it would take over 80 % of this machine's free memory.
    """
    check_model(model, exponential=True)
    if model.covariance is not None:
        remedy = "Only the theory reads a covariance of your own; alpha and nu are noises that can be drawn."
        raise ParameterError("covariance", "None in a model that is to be drawn", model.covariance, remedy)
    N = check_integer("N", N, low=model.P or 1, remedy="A P-body interaction needs at least P spins.")
    count = model.n_patterns(N) if K is None else K(N) if callable(K) else K
    C = model.protocol.n_condensed
    count = check_integer("K", count, low=C, remedy="K counts all archetypes, the condensed ones included.")
    entries, noise = _entry_bytes(model, N, count), _noise_bytes(model, N)
    free = free_memory()
    if entries + noise > 0.8 * free:
        sizes = f"{(entries + noise) / 2**30:.1f} GiB at N={N}"
        requirement = f"small enough for {free / 2**30:.1f} GiB of free memory (this needs {sizes})"
        name, value = ("K", count) if entries > noise else ("N", N)
        raise MemoryLimitError(name, requirement, value, "Lower N, alpha, K or M, or pass K= explicitly.")
    return count


def realisation_bytes(model: Model, N: int, K: int) -> int:
    """Memory that drawing and simulating one realisation takes, the symmetric tensor of synaptic noise included.

    >>> realisation_bytes(Model(P=3, nu=0.1), N=100, K=50) > 8 * 100**3
    True
    """
    return _entry_bytes(model, N, K) + _noise_bytes(model, N)


def _entry_bytes(model: Model, N: int, K: int) -> int:
    return model.protocol.entries_per_archetype() * model.protocol.bytes_per_number() * K * N


def _noise_bytes(model: Model, N: int) -> int:
    return 8 * (N**model.P + (1 + model.P) * math.comb(N, model.P)) if model.nu > 0 else 0


def free_memory() -> float:
    """Bytes this machine can still give (infinite where it does not say)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return math.inf
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), math.inf)


def cores() -> int:
    """Threads that one call uses: the cores of this machine, or what DENSENET_SM_THREADS says, as in workers."""
    return int(os.environ.get(THREADS) or os.cpu_count() or 1)
