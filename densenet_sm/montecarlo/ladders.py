"""`ladder`: temperatures for replica exchange, spaced by measured acceptance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, check_integer, check_number
from ..model import Model
from ..network import Network
from .simulation import simulate

Array = NDArray[Any]
FIRST = 8  # temperatures of the first trial, geometric
ROUNDS = 6


def ladder(
    model: Model | Network,
    T_low: float,
    T_high: float,
    N: int | None = None,
    K: int | Callable[[int], int] | None = None,
    acceptance: float = 0.3,
    sweeps: int = 400,
    burn_in: int = 400,
    samples: int = 2,
    start: str = "random",
    seed: int = 0,
) -> tuple[float, ...]:
    """Temperatures from T_low to T_high whose neighbours swap about equally often, in some `acceptance` of attempts.

    For normal energies of equal variance the acceptance is erfc(d), d proportional to the step in β (kofke2002). Trial
    runs with exchange measure it for every pair; the next trial spaces the temperatures evenly in the sum of d, as many
    as `acceptance` asks for, until a trial confirms it (six trials at most: measured acceptance scatters, so look at
    `swap_acceptance` of the run itself). Where the energy jumps with T no ladder mixes well: there it comes out dense.

    Returns the temperatures, ascending. Raises ParameterError unless 0 < T_low < T_high and 0 < acceptance < 1, and
    what `simulate` raises.

    >>> T = ladder(Model(P=3, alpha=0.5), 0.4, 0.8, N=32, sweeps=80, burn_in=80)
    >>> T[0], T[-1], len(T) < 8
    (0.4, 0.8, True)
    """
    T_low = check_number("T_low", T_low, low=0, open_low=True)
    T_high = check_number("T_high", T_high, low=0, open_low=True)
    if T_high <= T_low:
        raise ParameterError("T_high", f"above T_low = {T_low:g}", T_high, "Pass the colder temperature first.")
    acceptance = check_number("acceptance", acceptance, low=0, high=1, open_low=True, open_high=True)
    sweeps = check_integer("sweeps", sweeps, low=16, remedy="Swaps need some rounds to be counted.")
    T = np.geomspace(T_low, T_high, FIRST)
    for _ in range(ROUNDS):
        settings: dict[str, Any] = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "start": start}
        ds = simulate(model, T.tolist(), N=N, K=K, exchange=True, seed=seed, **settings)
        rate = ds.swap_acceptance.mean(("sample", "replica")).values
        attempts = ds.sizes["sample"] * ds.sizes["replica"] * sweeps / 16
        spaced = respaced(T, (rate * attempts + 1) / (attempts + 2), acceptance)
        if len(spaced) >= len(T) and rate.min() >= acceptance - 1 / math.sqrt(attempts):
            break
        T = spaced
    return tuple(T.tolist())


def respaced(T: Array, rate: Array, acceptance: float) -> Array:
    """Temperatures [n′] with the ends of T [n], evenly spaced in Σ erfc⁻¹(rate), whose acceptance would be as asked.

    >>> respaced(np.array([0.5, 1.0]), np.array([0.3]), 0.3)
    array([0.5, 1. ])
    """
    from scipy.special import erfcinv

    distance = np.concatenate([[0.0], np.cumsum(erfcinv(rate))])
    count = max(2, math.ceil(distance[-1] / float(erfcinv(acceptance)) - 1e-9) + 1)
    beta = np.interp(np.linspace(0, distance[-1], count), distance, 1 / T)
    return np.concatenate([T[:1], 1 / beta[1:-1], T[-1:]])
