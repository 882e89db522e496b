"""Autocorrelation times and errors on processes where they are known, agreement of chains, and the verdict on a run."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from densenet_sm.montecarlo.statistics import (
    AGREED,
    UNAGREED,
    WINDOW,
    autocorrelation_time,
    blocking_error,
    cumulant,
    jackknife,
    judged,
    split_r_hat,
    standard_error,
)


def ar1(phi, n, rng, chains=None):
    """Stationary x_{t+1} = φ x_t + √(1−φ²) g_t with unit variance, [n] or [chains, n]."""
    g = rng.normal(size=(n,) if chains is None else (chains, n)) * math.sqrt(1 - phi**2)
    g[..., 0] /= math.sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], g)


def known(phi):
    """τ = ½ + Σ_{t≥1} φ^t."""
    return (1 + phi) / (2 * (1 - phi))


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.7, 0.9, 0.98])
def test_autocorrelation_time_of_an_AR1_process(phi):
    """Within 5 standard errors, relative √(2(2W+1)/n) at window W = 6τ (sokal1997), plus the tail cut off there."""
    n, tau = 2**17, known(phi)
    window = WINDOW * tau
    error = math.sqrt(2 * (2 * window + 1) / n)
    tail = phi**window
    assert abs(autocorrelation_time(ar1(phi, n, np.random.default_rng(1))) / tau - 1) < 5 * error + tail


def test_a_slow_process_is_not_taken_for_a_fast_one():
    """Negative control: the same tolerance tells φ = 0.9 from φ = 0.85."""
    n, rng = 2**17, np.random.default_rng(2)
    error = math.sqrt(2 * (2 * WINDOW * known(0.9) + 1) / n)
    assert autocorrelation_time(ar1(0.85, n, rng)) < known(0.9) * (1 - 5 * error)


@pytest.mark.parametrize("n", [30, 64, 101])
def test_correlations_are_those_of_the_open_series(n):
    """Pairs that lie t apart, no wrapping around: by explicit sums, summed up to the first t ≥ 6τ."""
    x = ar1(0.9, n, np.random.default_rng(n))
    c = x - x.mean()
    rho = [(c[: n - t] * c[t:]).mean() / c.var() for t in range(n)]
    sums = np.cumsum(rho) - 0.5
    end = next((t for t in range(n) if t >= WINDOW * sums[t]), n - 1)
    assert autocorrelation_time(x) == pytest.approx(max(0.5, sums[end]), rel=1e-10)


def test_the_mean_of_a_series_scatters_by_two_tau_over_n():
    """Over C chains a standard deviation is known to 1/√(2C); the naive error without τ is far outside."""
    phi, n, chains = 0.8, 4000, 800
    x = ar1(phi, n, np.random.default_rng(3), chains)
    tau = np.mean([autocorrelation_time(row) for row in x[:100]])
    ratio = x.mean(1).std(ddof=1) / math.sqrt(2 * tau * x.var() / n)
    assert abs(ratio - 1) < 5 / math.sqrt(2 * chains)
    assert x.mean(1).std(ddof=1) / math.sqrt(x.var() / n) > 2


def test_autocorrelation_time_does_not_depend_on_units_or_origin():
    x = ar1(0.8, 5000, np.random.default_rng(4))
    for a, b in ((1e-6, 0.0), (-3.0, 7.0), (1e6, 1e6)):
        assert autocorrelation_time(a * x + b) == pytest.approx(autocorrelation_time(x), rel=1e-9)


@pytest.mark.parametrize("series", [np.ones(10), np.full(1000, 0.1), np.array([2.0]), np.zeros(2)], ids=len)
def test_a_series_that_never_changes_counts_as_independent(series):
    assert autocorrelation_time(series) == 0.5


def test_anticorrelation_never_makes_a_run_better_than_independent():
    assert autocorrelation_time(ar1(-0.6, 10_000, np.random.default_rng(5))) == 0.5


def test_a_drift_is_as_long_as_its_run():
    n = 1000
    assert autocorrelation_time(np.linspace(0, 1, n)) > n / 20


def test_standard_error_is_the_scatter_over_the_root_of_the_number():
    x = np.random.default_rng(6).normal(size=(7, 3, 2))
    by_hand = np.sqrt(((x - x.mean(0)) ** 2).sum(0) / 6 / 7)
    np.testing.assert_allclose(standard_error(x), by_hand, rtol=1e-13)
    np.testing.assert_allclose(standard_error(x.transpose(1, 0, 2), axis=1), by_hand, rtol=1e-13)


def test_standard_error_covers_the_mean_as_often_as_it_says():
    """|mean|/error of 10 normals exceeds t_9's 95 % quantile 2.262 in 5 % of cases, within 5 binomial errors."""
    x = np.random.default_rng(7).normal(size=(10, 20_000))
    outside = (np.abs(x.mean(0)) > 2.262 * standard_error(x)).mean()
    assert abs(outside - 0.05) < 5 * math.sqrt(0.05 * 0.95 / 20_000)


def test_one_sample_has_no_standard_error():
    error = standard_error(np.ones((1, 4, 2)))
    assert error.shape == (4, 2)
    assert np.isnan(error).all()


def test_the_verdict_counts_independent_measurements_and_burn_in():
    assert judged(tau=5, sweeps=1000, burn_in=25)[0] == "reliable"
    assert judged(tau=5, sweeps=999, burn_in=25)[0] == "tentative"
    assert judged(tau=5, sweeps=1000, burn_in=24)[0] == "tentative"
    assert judged(tau=5, sweeps=100, burn_in=0)[0] == "tentative"
    assert judged(tau=5, sweeps=99, burn_in=10**6)[0] == "unusable"


def test_longer_runs_never_get_a_worse_verdict():
    order = ["unusable", "tentative", "reliable"]
    for tau in (0.5, 3.0, 40.0):
        grades = [order.index(judged(tau, n, n // 4)[0]) for n in range(10, 20_000, 37)]
        assert grades == sorted(grades)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_blocking_gives_the_error_of_an_AR1_mean(phi):
    """√(2τ/n) over 200 series, within 10 %: the mean of the estimate, whose own scatter is below 15 %."""
    n, rng = 2**13, np.random.default_rng(8)
    found = np.mean([blocking_error(x) for x in ar1(phi, n, rng, 200)])
    assert found == pytest.approx(math.sqrt(2 * known(phi) / n), rel=0.1)


def test_blocking_and_autocorrelation_agree():
    """Two estimates of one error: Flyvbjerg-Petersen, and √(2τσ²/n) with Sokal's τ."""
    x = ar1(0.95, 2**16, np.random.default_rng(9), 16)
    blocked = np.mean([blocking_error(row) for row in x])
    summed = np.mean([math.sqrt(2 * autocorrelation_time(row) * row.var() / len(row)) for row in x])
    assert blocked == pytest.approx(summed, rel=0.1)


def test_the_error_without_blocks_is_far_too_small():
    """Negative control: φ = 0.95 makes the naive error √39 times smaller."""
    x = ar1(0.95, 2**14, np.random.default_rng(10))
    assert blocking_error(x) > 4 * x.std() / math.sqrt(len(x))


def test_blocking_of_odd_lengths_units_and_constants():
    x = ar1(0.7, 1001, np.random.default_rng(11))
    assert blocking_error(1e-6 * x + 3) == pytest.approx(1e-6 * blocking_error(x), rel=1e-6)
    assert blocking_error(np.ones(100)) == 0
    assert math.isnan(blocking_error(np.ones(1)))


def test_r_hat_of_chains_from_one_law_is_one():
    chains = ar1(0.5, 4000, np.random.default_rng(12), 4)
    assert split_r_hat(chains) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shift", [0.3, 1.0, 10.0])
def test_r_hat_sees_chains_in_different_places(shift):
    """W = 1 and B = the variance of the shifted means: R² = 1 + B/W, within the noise of the means."""
    chains = np.random.default_rng(13).normal(size=(4, 4000)) + shift * np.arange(4)[:, None]
    assert split_r_hat(chains) == pytest.approx(math.sqrt(1 + np.repeat(shift * np.arange(4), 2).var(ddof=1)), rel=0.03)


def test_r_hat_sees_a_drift_that_all_chains_share():
    """0 to 5 over a run: halves differ by 2.5, W = 1 + 2.5²/12, B = (8/7) 1.25²; unsplit chains would agree."""
    chains = np.random.default_rng(14).normal(size=(4, 4000)) + np.linspace(0, 5, 4000)
    assert split_r_hat(chains) == pytest.approx(math.sqrt(1 + 8 / 7 * 1.25**2 / (1 + 2.5**2 / 12)), rel=0.03)
    assert chains.mean(1).var(ddof=1) / chains.var(1).mean() < 0.01


def test_r_hat_does_not_depend_on_units():
    chains = ar1(0.5, 400, np.random.default_rng(15), 4)
    assert split_r_hat(1e6 * chains - 7) == pytest.approx(split_r_hat(chains))


def test_frozen_chains_agree_within_the_resolution():
    chains = np.array([np.zeros(50), np.full(50, 0.01)])
    assert split_r_hat(chains) == math.inf
    assert split_r_hat(chains, resolution=0.01) < UNAGREED
    assert split_r_hat(chains[:1]) == pytest.approx(1)
    assert math.isnan(split_r_hat(chains[:, :3]))


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(16).normal(size=(9, 3))
    value, error = jackknife(lambda a: a, x)
    np.testing.assert_allclose(value, x.mean(0))
    np.testing.assert_allclose(error, standard_error(x))
    assert np.isnan(jackknife(lambda a: a, x[:1])[1]).all()


def test_jackknife_gives_the_scatter_of_a_ratio():
    """⟨a²⟩/⟨a⟩² of 200 normals of mean 1 and variance 1: the mean error² of 2000 sets is its variance."""
    a = 1 + np.random.default_rng(17).normal(size=(200, 2000))
    value, error = jackknife(lambda x, y: y / x**2, a, a**2)
    assert (error**2).mean() == pytest.approx(value.var(), rel=0.15)
    assert value.mean() == pytest.approx(2, abs=0.05)


def test_binder_cumulants_of_known_laws():
    m = np.random.default_rng(18).normal(size=200_000)
    assert cumulant(np.array((m**2).mean()), np.array((m**4).mean())) == pytest.approx(0, abs=0.02)
    assert cumulant(np.array(0.25), np.array(0.0625)) == pytest.approx(2 / 3)
    assert np.isnan(cumulant(np.array(0.0), np.array(0.0)))


def test_the_verdict_names_its_reason():
    assert judged(5, 1000, 25) == ("reliable", "")
    assert judged(5, 1000, 24) == ("tentative", "burn_in = 24 < 5 tau = 25")
    assert judged(5, 999, 25)[1].startswith("99.9 independent measurements")
    assert judged(5, 99, 25)[1].endswith("< 10")
    assert judged(5, 1000, 25, AGREED) == ("tentative", "replicas disagree: split R-hat 1.1 >= 1.1")
    assert judged(5, 1000, 25, UNAGREED)[0] == "unusable"
    assert judged(5, 1000, 25, math.inf)[0] == "unusable"
    assert judged(5, 1000, 25, math.nan)[0] == "reliable"
