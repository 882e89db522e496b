"""Autocorrelation, errors and the verdict on a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
WINDOW = 6.0
RELIABLE, TENTATIVE = 100, 10


def autocorrelation_time(series: Array) -> float:
    """Integrated autocorrelation time τ = ½ + Σ_{t≥1} ρ(t) in sweeps: independent samples give ½, a mean's variance
    is 2τσ²/n. The sum stops at the first t ≥ 6τ (sokal1997). A series that never changes counts as independent.

    >>> autocorrelation_time(np.ones(10))
    0.5
    """
    series = np.asarray(series, float)
    n = len(series)
    centred = series - series.mean()
    if n < 2 or np.allclose(centred, 0.0, atol=1e-14 * (1 + abs(series.mean()))):
        return 0.5
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    covariance = np.fft.irfft(spectrum, size)[:n] / np.arange(n, 0, -1)
    rho = covariance / covariance[0]
    tau = np.cumsum(rho) - 0.5
    window = np.flatnonzero(np.arange(n) >= WINDOW * tau)
    return float(max(0.5, tau[window[0] if len(window) else n - 1]))


def standard_error(values: Array, axis: int = 0) -> Array:
    """Standard error of the mean over independent samples (NaN for one sample)."""
    n = values.shape[axis]
    if n < 2:
        return np.full(np.delete(values.shape, axis), np.nan)
    return values.std(axis, ddof=1) / np.sqrt(n)


def verdict(tau: float, sweeps: int, burn_in: int) -> str:
    """ "reliable": at least 100 independent measurements and a burn-in of 5τ; "tentative": at least 10; or "unusable".

    >>> verdict(0.5, 1000, 200), verdict(40.0, 1000, 200), verdict(200.0, 1000, 200)
    ('reliable', 'tentative', 'unusable')
    """
    independent = sweeps / (2 * tau)
    if independent >= RELIABLE and burn_in >= 5 * tau:
        return "reliable"
    return "tentative" if independent >= TENTATIVE else "unusable"
