"""Autocorrelation, errors, agreement of chains, and the verdict on a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
WINDOW = 6.0
RELIABLE, TENTATIVE = 100, 10  # independent measurements
AGREED, UNAGREED = 1.1, 2.0  # split R-hat of a reliable run; of an unusable one


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


def blocking_error(series: Array) -> float:
    r"""Standard error of the mean of a correlated series [n], by blocking (flyvbjerg1989).

    Neighbours are averaged in pairs again and again; the error ε = √(σ²/(n′−1)) of n′ blocks of B grows until blocks
    are longer than the correlations. Taken is the first level with B³ > 2n (ε/ε_1)⁴, where what is left of them weighs
    as much as the noise of the estimate (lee2011), and the largest ε if there is none: the series is too short.
    A series that never changes has error 0.

    >>> steps = np.random.default_rng(1).normal(size=4096)
    >>> bool(abs(blocking_error(steps) * 64 - 1) < 0.1)  # 1/√4096
    True
    """
    x = np.asarray(series, float)
    length, block = len(x), 1
    squares = []
    while len(x) >= 2:
        squares.append(float(x.var()) / (len(x) - 1))
        if squares[0] == 0 or block**3 > 2 * length * (squares[-1] / squares[0]) ** 2:
            return float(np.sqrt(squares[-1]))
        x, block = (x[: len(x) // 2 * 2 : 2] + x[1::2]) / 2, 2 * block
    return float(np.sqrt(max(squares))) if squares else float("nan")


def split_r_hat(chains: Array, resolution: float = 0.0) -> float:
    r"""Split R-hat of chains [c, n]: each is cut into halves, and halves are compared with each other.

    R² = (n′−1)/n′ + B/W over half chains of n′ values: W the mean variance inside, B the variance of their means
    (gelman2013, vehtari2021). 1 when all agree, large when chains sit in different states or drift. `resolution` is a
    difference that does not count, for example one flip: its square is added to W, so that chains frozen one flip
    apart agree. NaN with fewer than 4 values in a chain.

    >>> split_r_hat(np.array([[0.0, 1, 0, 1], [0, 1, 0, 1]])), split_r_hat(np.array([[0.0, 0, 0, 0], [1, 1, 1, 1]]))
    (0.7071067811865476, inf)
    """
    chains = np.asarray(chains, float)
    half = chains.shape[1] // 2
    if half < 2:
        return float("nan")
    halves = np.concatenate([chains[:, :half], chains[:, -half:]])
    within = halves.var(1, ddof=1).mean() + resolution**2
    between = halves.mean(1).var(ddof=1)
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt((half - 1) / half + between / within))


def jackknife(function: Callable[..., Array], *moments: Array) -> tuple[Array, Array]:
    """A function of means over samples, moments [samples, ...], and its jackknife error (NaN for one sample).

    >>> value, error = jackknife(lambda a, b: b / a**2, np.array([1.0, 1.0]), np.array([2.0, 4.0]))
    >>> float(value), float(error)
    (3.0, 1.0)
    """
    n = len(moments[0])
    value = np.asarray(function(*(m.mean(0) for m in moments)))
    if n < 2:
        return value, np.full(value.shape, np.nan)
    left = np.array([function(*((m.sum(0) - m[k]) / (n - 1) for m in moments)) for k in range(n)])
    return value, np.sqrt((n - 1) * ((left - left.mean(0)) ** 2).mean(0))


def cumulant(second: Array, fourth: Array) -> Array:
    """Binder cumulant 1 − ⟨a⁴⟩/(3⟨a²⟩²) (binder1981): 2/3 for a two-valued ±a, 0 for a normal one; NaN for a = 0.

    >>> cumulant(np.array([1.0, 1.0]), np.array([1.0, 3.0])).round(3).tolist()
    [0.667, 0.0]
    """
    some = second != 0
    return np.where(some, 1 - fourth / (3 * np.where(some, second, 1.0) ** 2), np.nan)


def judged(tau: float, sweeps: int, burn_in: int, r_hat: float = float("nan")) -> tuple[str, str]:
    """Verdict on a run, and its reason (empty for "reliable").

    "reliable": at least 100 independent measurements, sweeps/(2τ), a burn-in of at least 5τ, and split R-hat between
    replicas below 1.1. "tentative": at least 10 measurements and R-hat below 2. "unusable" otherwise. An R-hat of NaN
    (zero temperature, where nothing equilibrates, or a run of fewer than 4 sweeps) is no objection.

    >>> judged(0.5, 1000, 200), judged(40.0, 1000, 200)[0], judged(0.5, 1000, 200, r_hat=3.0)
    (('reliable', ''), 'tentative', ('unusable', 'replicas disagree: split R-hat 3 >= 2'))
    """
    independent = sweeps / (2 * tau)
    counted = f"{independent:.3g} independent measurements (tau = {tau:.3g} sweeps)"
    for bad, status, reason in (
        (independent < TENTATIVE, "unusable", f"{counted} < {TENTATIVE}"),
        (r_hat >= UNAGREED, "unusable", f"replicas disagree: split R-hat {r_hat:.3g} >= {UNAGREED:g}"),
        (independent < RELIABLE, "tentative", f"{counted} < {RELIABLE}"),
        (r_hat >= AGREED, "tentative", f"replicas disagree: split R-hat {r_hat:.3g} >= {AGREED:g}"),
        (burn_in < 5 * tau, "tentative", f"burn_in = {burn_in} < 5 tau = {5 * tau:.3g}"),
    ):
        if bad:
            return status, reason
    return "reliable", ""
