"""`basins`: from how far a stored pattern is retrieved, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import streams
from ..errors import ParameterError, check_integer, check_number
from ..model import Model
from ..network import Network
from .dynamics import prepare
from .plan import check_source
from .retrieval import fall
from .starts import aligned
from .statistics import standard_error

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]


def basins(
    model: Model | Network,
    overlaps: Sequence[float],
    T: float = 0.0,
    N: int | None = None,
    K: int | Callable[[int], int] | None = None,
    sweeps: int = 100,
    cues: int = 10,
    samples: int | Sequence[int] = 8,
    threshold: float = 0.9,
    seed: int = 0,
) -> xr.Dataset:
    """Basin of attraction of the first archetype: random cues of given overlaps with it fall (see `retrieve`).

    Parameters
    ----------
    overlaps : initial overlaps of the cues, among the sites where the archetype is not blank
    T, sweeps : temperature of the heat bath, and its longest duration
    N, K, samples, seed : as in `simulate`
    cues : cues of each overlap and sample
    threshold : a final magnetisation per non-blank site that counts as retrieved

    Returns an xarray.Dataset over (sample, overlap, cue): m (final magnetisation per non-blank site), time (sweeps
    until the last flip; NaN where spins still flipped at the end), flips. Over overlap: retrieval (the fraction of cues
    retrieved), and the means of the three, time and flips over retrieved cues that stood still, as <name>_mean;
    <name>_err are standard errors over samples, NaN for one sample.

    Raises ParameterError for bad input and MemoryLimitError as `simulate`.

    >>> ds = basins(Model(P=3), [0.2, 0.9], N=40, cues=4, samples=2)
    >>> ds.retrieval.values.tolist()
    [1.0, 1.0]

    """
    import xarray as xr

    T, sweeps = check_number("T", T, low=0), check_integer("sweeps", sweeps, low=1)
    cues = check_integer("cues", cues, low=1)
    check_number("threshold", threshold, low=-1, high=1)
    values = [check_number("overlaps", o, low=-1, high=1) for o in np.atleast_1d(np.asarray(overlaps, object))]
    if not values or len(set(values)) != len(values):
        raise ParameterError("overlaps", "one or several different numbers", overlaps, "Pass np.linspace(0, 1, 11).")
    N, K, _, numbers = check_source(model, N, K, samples)
    found = []
    for sample in numbers:
        net = model if isinstance(model, Network) else Network.sample(model, N, K, seed, sample)
        found.append(_one(net, values, T, sweeps, cues, seed, sample))
    m, time, flips = (np.array(column) for column in zip(*found, strict=True))
    dims = ("sample", "overlap", "cue")
    data: dict[str, Any] = {"m": (dims, m), "time": (dims, time), "flips": (dims, flips)}
    right = (m >= threshold) & np.isfinite(time)
    for name, each in (
        ("retrieval", (m >= threshold).mean(2)),
        ("m_mean", m.mean(2)),
        ("time_mean", _mean(time, right)),
        ("flips_mean", _mean(flips, right)),
    ):
        columns = [column[np.isfinite(column)] for column in each.T]
        data[name] = ("overlap", [column.mean() if len(column) else np.nan for column in columns])
        data[name.replace("_mean", "") + "_err"] = ("overlap", [float(standard_error(column)) for column in columns])
    attributes = {"model": str(model), "N": N, "K": K, "T": T, "sweeps": sweeps, "threshold": threshold}
    return xr.Dataset(data, {"overlap": values, "sample": list(numbers)}, attributes | {"seed": str(seed)})


def _one(
    net: Network, overlaps: list[float], T: float, sweeps: int, cues: int, seed: int, sample: int
) -> tuple[Array, Array, Array]:
    """Final magnetisations, times and flips [overlap, cue] of one realisation."""
    rng = streams.generator(seed, "initial state", sample)
    spins = []
    for overlap in overlaps:
        blank = (2 * rng.integers(0, 2, (cues, net.N)) - 1).astype(np.int8)
        spins.append(aligned(blank, net.archetypes[:1], overlap, rng))
    key = streams.seed_sequence(seed, "dynamics", sample).generate_state(2)
    ends, used, still, flips = fall(prepare(net), np.concatenate(spins), T, sweeps, key)
    first = net.archetypes[0]
    m = ends @ first / np.abs(first).sum()
    time = np.where(still, used - 1.0, np.nan)
    return tuple(a.reshape(len(overlaps), cues) for a in (m, time, flips))  # type: ignore[return-value]


def _mean(values: Array, wanted: Array) -> Array:
    """Mean over cues of the wanted ones; NaN where there are none."""
    count = wanted.sum(2)
    total = np.where(wanted, values, 0.0).sum(2)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
