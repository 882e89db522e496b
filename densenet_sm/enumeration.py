"""Exact Boltzmann averages of a small network, by enumeration of its 2^N states."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError, check_number
from .network import Network

MAX_SPINS = 24
CHUNK = 1 << 14


def states(N: int, start: int = 0, stop: int | None = None) -> NDArray[np.int8]:
    """Rows `start`..`stop` of the list of all 2^N spin states, [rows, N], as binary counting with bit 1 ↦ spin −1.

    >>> states(2).tolist()
    [[1, 1], [-1, 1], [1, -1], [-1, -1]]
    """
    index = np.arange(start, 2**N if stop is None else stop)
    return (1 - 2 * ((index[:, None] >> np.arange(N)) & 1)).astype(np.int8)


def exact(net: Network, T: float) -> dict[str, Any]:
    """Boltzmann averages ⟨·⟩ of a network of N ≤ 24 spins at temperature T ≥ 0 (k_B = 1).

    Returns a dict: `energy` ⟨H⟩/N (power form: minus its infinite-temperature mean, as in `simulate`); `m` and `abs_m`
    [K], ⟨m_μ⟩ and ⟨|m_μ|⟩ with the archetypes; `x` [n], ⟨x_μ⟩ with the entries; `q` = (1/N) Σ_i ⟨s_i⟩²; `log_Z` with H
    measured from the same zero as `energy`; `spins` [N], ⟨s_i⟩; `probabilities` [2^N] in the order of `states`.
    At T = 0 the averages run over the ground states with equal weights and log_Z is +inf.

    Raises ParameterError for N > 24 or T < 0.

    >>> round(exact(Network([[1, 1]], P=2), T=1.0)["log_Z"], 6)  # Z = 2 (e^{1/2} + e^{−1/2})
    1.506409
    """
    if not isinstance(net, Network):
        raise ParameterError("net", "a Network", net, "Draw one: dsm.Network.sample(model, N=12).")
    if net.N > MAX_SPINS:
        raise ParameterError("N", f"at most {MAX_SPINS} for enumeration", net.N, "Use simulate for larger networks.")
    T = check_number("T", T, low=0, remedy="Temperatures are in units of the coupling, k_B = 1.")
    total, N = 2**net.N, net.N
    shift = net.mean_energy()
    chunks = [(a, min(a + CHUNK, total)) for a in range(0, total, CHUNK)]
    H = np.concatenate([net.energy(states(N, a, b)) for a, b in chunks]) - shift
    ground = H.min()
    weight = (ground + 1e-9 * (1 + abs(ground)) >= H).astype(float) if T == 0 else np.exp((ground - H) / T)
    Z = weight.sum()
    p = weight / Z
    spins, abs_m = np.zeros(N), np.zeros(len(net.archetypes))
    for a, b in chunks:
        s = states(N, a, b)
        spins += p[a:b] @ s
        abs_m += p[a:b] @ np.abs(net.magnetisations(s))
    return {
        "energy": float(p @ H) / N,
        "m": net.archetypes @ spins / N,
        "abs_m": abs_m,
        "x": net.entries @ spins / N,
        "q": float(spins @ spins) / N,
        "log_Z": float("inf") if T == 0 else float(np.log(Z) - ground / T),
        "spins": spins,
        "probabilities": p,
    }
