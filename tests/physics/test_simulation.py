"""The run loop: numbers depend on the seed alone, rounds end as they say, and observables are those of enumeration."""

import math

import numpy as np
import pytest
import xarray as xr

from densenet_sm import (
    MemoryLimitError,
    Model,
    Multitasking,
    Network,
    ParameterError,
    Supervised,
    compare,
    estimate,
    exact,
    merge,
    simulate,
)
from densenet_sm.montecarlo import plan as plans

MODEL = Model(P=3, alpha=0.15)
CALL = {"T": [0.3, 0.6], "N": 24, "sweeps": 150, "burn_in": 30, "samples": 3, "seed": 4}
KINDS = {
    "single": {},
    "metropolis": {"dynamics": "metropolis"},
    "parallel": {"dynamics": "parallel"},
    "exchange": {"exchange": True},
    "two starts": {"start": ("pattern", "random")},
    "one replica": {"replicas": 1},
    "series": {"series": True},
}
SUPERVISED = Model(P=3, alpha=0.15, nu=0.05, protocol=Supervised(r=0.6, M=3))


@pytest.mark.parametrize("model", [MODEL, SUPERVISED], ids=["signs", "real"])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_do_not_depend_on_threads(kind, model, monkeypatch):
    runs = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("os.cpu_count", lambda n=threads: n)
        runs.append(simulate(model, **CALL | KINDS[kind]))
    assert runs[0].identical(runs[1])
    assert runs[0].identical(runs[2])
    assert not runs[0].energy.equals(simulate(model, **CALL | KINDS[kind] | {"seed": 5}).energy)


@pytest.mark.parametrize("kind", KINDS)
def test_runs_of_some_samples_make_up_the_whole_run(kind):
    settings = CALL | KINDS[kind] | {"samples": 5}
    whole = simulate(MODEL, **settings)
    parts = [simulate(MODEL, **settings | {"samples": numbers}) for numbers in (range(3, 5), [0], [2, 1])]
    assert parts[2].sample.values.tolist() == [2, 1]
    for name, variable in whole.data_vars.items():
        if "sample" in variable.dims:
            union = xr.concat([part[name] for part in parts], "sample").sortby("sample")
            assert union.equals(variable), name
    assert merge(*parts).identical(whole)


def test_merging_refuses_what_does_not_belong_together():
    part = simulate(MODEL, **CALL)
    for parts, name in (
        ((), "parts"),
        ((part, part), "parts"),
        ((part, simulate(MODEL, **CALL | {"seed": 9})), "seed"),
    ):
        with pytest.raises(ParameterError, match=name):
            merge(*parts)


def test_a_start_does_not_change_the_others():
    both = simulate(MODEL, **CALL, start=("pattern", "random"))
    assert both.start.values.tolist() == ["pattern", "random"]
    for name in ("pattern", "random"):
        alone = simulate(MODEL, **CALL, start=name)
        assert "start" not in alone.dims
        for variable in ("m", "q", "energy", "tau", "status", "m_err"):
            assert both[variable].sel(start=name, drop=True).equals(alone[variable]), variable


def test_different_starts_have_different_random_numbers():
    """A free network forgets its start; the same random numbers would bring both starts together and hide it."""
    net = Network(np.full((1, 20), 1e-9), P=2)
    ds = simulate(net, 1.0, sweeps=50, burn_in=50, start=("pattern", "random"), series=True)
    series = ds.m_series.sel(pattern=0, sample=0, T=1.0).values
    assert abs(np.corrcoef(series[0, 0], series[1, 0])[0, 1]) < 0.7


def test_hysteresis_is_seen_between_starts_and_is_no_fault():
    """One pattern, P = 4: bistable at T = 0.4, with a barrier of 13 T at N = 256, and not at T = 1.2."""
    settings = {"sweeps": 600, "burn_in": 100, "samples": 2, "start": ("pattern", "random"), "seed": 1}
    ds = simulate(Model(P=4), [0.4, 1.2], N=256, K=1, **settings)
    assert ds.hysteresis.values.tolist() == [True, False]
    assert (ds.m.sel(start="pattern", T=0.4) > 0.9).all()
    assert (abs(ds.m.sel(start="random", T=0.4)) < 0.5).all()
    assert ds.status.values.tolist() == [["reliable"] * 2] * 2
    assert ds.r_hat_start.sel(T=0.4).min() > 2


def test_replicas_in_different_valleys_are_called_unusable():
    """A deep glass from random starts: each replica stays where it fell, and says so."""
    ds = simulate(Model(P=3, alpha=2.0), 0.05, N=48, sweeps=400, burn_in=400, samples=2, replicas=4, start="random")
    assert ds.status.item() == "unusable"
    assert "split R-hat" in ds.reason.item()
    cold = simulate(Model(P=3, alpha=2.0), 0.0, N=48, sweeps=40, burn_in=40, samples=2, start="random", dynamics="zero")
    assert cold.r_hat.isnull().all()


class TestAuto:
    CALL = CALL | {"T": [0.8, 1.0], "sweeps": "auto", "start": "random", "samples": 2}

    @pytest.mark.parametrize("kind", ["single", "exchange", "parallel", "two starts"])
    def test_the_numbers_are_those_of_a_run_of_the_length_reached(self, kind):
        extra = {"start": ("pattern", "random")} if kind == "two starts" else KINDS[kind]
        ds = simulate(MODEL, **self.CALL | extra, precision=0.006)
        assert ds.attrs["stopped_by"] == "precision"
        assert ds.attrs["sweeps"] >= 2 * plans.FIRST_ROUND, "one round would prove nothing"
        fixed = simulate(MODEL, **self.CALL | extra | {"sweeps": ds.attrs["sweeps"]})
        assert fixed.attrs["stopped_by"] == "sweeps"
        fixed.attrs["stopped_by"] = "precision"
        assert ds.identical(fixed)

    def test_it_stops_at_the_first_round_that_is_precise_enough(self):
        ds = simulate(MODEL, **self.CALL, precision=0.006)
        assert ds.m_sampling_err.max() <= 0.006
        before = simulate(MODEL, **self.CALL | {"sweeps": ds.attrs["sweeps"] // 2})
        too_few = before.attrs["sweeps"] / (2 * before.tau.max()) < 10
        assert before.m_sampling_err.max() > 0.006 or too_few

    def test_a_budget_stops_it(self):
        ds = simulate(MODEL, **self.CALL, precision=1e-9, budget=0.3)
        assert ds.attrs["stopped_by"] == "budget"
        length = ds.attrs["sweeps"]
        assert length % plans.FIRST_ROUND == 0
        fixed = simulate(MODEL, **self.CALL | {"sweeps": length})
        assert fixed.m.equals(ds.m)

    def test_memory_stops_it_before_the_round_that_would_not_fit(self, monkeypatch):
        from densenet_sm.montecarlo import simulation

        monkeypatch.setattr(simulation, "free_memory", lambda: 2e5)
        ds = simulate(MODEL, **self.CALL, precision=1e-9)
        assert ds.attrs["stopped_by"] == "memory"

    def test_the_sampling_error_falls_with_the_root_of_the_length(self):
        """Four doublings: a quarter; each error is known to some 15 %."""
        short, long = (simulate(MODEL, **self.CALL | {"sweeps": n, "T": 1.0}) for n in (512, 8192))
        assert (short.m_sampling_err / long.m_sampling_err).item() == pytest.approx(4, rel=0.4)


def test_series_are_what_the_means_are_taken_of():
    model = Model(P=2, alpha=0.05, protocol=Multitasking(2, 0.3))
    ds = simulate(model, [0.2, 0.4], N=24, sweeps=70, burn_in=10, samples=2, series=True)
    assert dict(ds.m_series.sizes) == {"sample": 2, "T": 2, "replica": 2, "pattern": 2, "sweep": 70}
    for name in ("m", "x", "energy"):
        np.testing.assert_allclose(ds[f"{name}_series"].mean("sweep"), ds[name], atol=1e-12)
    np.testing.assert_allclose(abs(ds.m_series).mean("sweep"), ds.abs_m, atol=1e-12)
    np.testing.assert_allclose((ds.m_series**2).mean("sweep"), ds.losses, atol=1e-12)
    assert "m_series" not in simulate(model, 0.2, N=24, sweeps=7, burn_in=1, samples=1)


def test_energies_of_the_power_form_have_their_infinite_temperature_mean_removed():
    model = Model(P=4, alpha=0.1, interaction="power")
    ds = simulate(model, 50.0, N=16, sweeps=4000, burn_in=10, samples=1, series=True, start="random")
    net = Network.sample(model, 16)
    assert abs(ds.energy.mean()) < 0.05 * abs(net.mean_energy() / 16)
    np.testing.assert_allclose(ds.energy_series.mean("sweep"), ds.energy, atol=1e-12)


@pytest.fixture(scope="module")
def equilibrium():
    """A small network at a temperature where it equilibrates, 32 replicas, with its enumeration."""
    net = Network.sample(Model(P=3, alpha=0.2), 10, seed=4)
    ds = simulate(net, 0.8, sweeps=1500, burn_in=100, replicas=32, start="random", seed=8, series=True)
    return net, exact(net, 0.8), ds


def moments(net, truth, power):
    from densenet_sm.enumeration import states

    m = net.magnetisations(states(net.N))[:, 0]
    return truth["probabilities"] @ m**power


def within(values, wanted, errors=5.5):
    """Independent replicas: 5.5 standard errors are below 1e-5 for 31 degrees of freedom."""
    return abs(values.mean() - wanted) < errors * values.std(ddof=1) / math.sqrt(len(values))


def test_losses_are_mean_squares(equilibrium):
    net, truth, ds = equilibrium
    assert within(ds.losses.values.ravel(), moments(net, truth, 2))


def test_the_specific_heat_is_the_slope_of_the_energy(equilibrium):
    """β² Var(H)/N, from enumeration, and as dE/dT."""
    net, _, ds = equilibrium
    slope = (exact(net, 0.801)["energy"] - exact(net, 0.799)["energy"]) / 0.002
    per_replica = ds.energy_series.isel(sample=0, T=0).var("sweep").values * net.N / 0.8**2
    assert within(per_replica, slope)
    assert ds.specific_heat.item() == pytest.approx(per_replica.mean(), rel=0.02)
    assert np.isnan(simulate(net, 0.0, sweeps=5, burn_in=0).specific_heat.item())


def test_binder_cumulants_are_those_of_enumeration(equilibrium):
    net, truth, ds = equilibrium
    second, fourth = moments(net, truth, 2), moments(net, truth, 4)
    series = ds.m_series.isel(sample=0, T=0, pattern=0)
    assert within((series**4).mean("sweep").values, fourth)
    spread = (1 - (series**4).mean("sweep") / (3 * (series**2).mean("sweep") ** 2)).std("replica", ddof=1)
    assert ds.binder_m.item() == pytest.approx(1 - fourth / (3 * second**2), abs=5.5 * float(spread) / math.sqrt(32))


def test_the_overlap_distribution_is_that_of_two_copies(equilibrium):
    """Pairs share replicas, so the error is estimated from 16 disjoint pairs in separate runs of two."""
    from densenet_sm.enumeration import states

    net, truth, ds = equilibrium
    p, s = truth["probabilities"], states(net.N).astype(int)
    law = np.bincount(((net.N - s @ s.T) // 2).ravel(), np.outer(p, p).ravel(), net.N + 1)[::-1]
    pairs = [simulate(net, 0.8, sweeps=400, burn_in=50, start="random", seed=k) for k in range(16)]
    spread = np.array([pair.q_histogram.values.ravel() for pair in pairs])
    found = ds.q_histogram.values.ravel()
    error = np.maximum(spread.std(0, ddof=1), 0.01) / math.sqrt(16)
    assert (np.abs(found - law) < 6 * error).all()
    assert (np.abs(spread.mean(0) - law) < 7 * error).all()
    q = ds.q_bin.values
    np.testing.assert_allclose([found @ q**k for k in (1, 2, 4)], [ds.q.item(), ds.q2.item(), ds.q4.item()])
    assert ds.q.item() == pytest.approx(truth["q"], abs=0.02)
    assert ds.binder_q.item() == pytest.approx(1 - ds.q4.item() / (3 * ds.q2.item() ** 2))


def test_one_replica_has_no_overlaps():
    ds = simulate(MODEL, **CALL | {"replicas": 1})
    for name in ("q", "q2", "q_histogram", "binder_q"):
        assert ds[name].isnull().all()


def test_time_errors_are_those_of_independent_repetitions(equilibrium):
    """Over 32 replicas the scatter of the means is known to 13 %."""
    _, _, ds = equilibrium
    scatter = float(ds.m.std("replica", ddof=1).squeeze())
    assert float(ds.m_time_err.mean()) == pytest.approx(scatter, rel=5 * 0.13)
    assert ds.m_sampling_err.item() == pytest.approx(float(np.sqrt((ds.m_time_err**2).mean()) / math.sqrt(32)))


def test_acceptance_is_the_fraction_of_attempts_that_flipped():
    free = simulate(Network(np.full((1, 40), 1e-9), P=2), 1.0, sweeps=400, burn_in=0)
    np.testing.assert_allclose(free.acceptance, 0.5, atol=5 * 0.5 / math.sqrt(400 * 40))


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_counts_runs_threads_and_memory(kind, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    found = estimate(MODEL, **CALL | KINDS[kind])
    ds = simulate(MODEL, **CALL | KINDS[kind] | {"series": True})
    series = sum(ds[f"{name}_series"].nbytes for name in ("m", "x", "energy"))
    chains = series // (3 * 8 * 150)
    assert found.places == {"parallel": chains // 2, "exchange": chains // 2}.get(kind, chains)
    assert found.threads == 3
    assert found.memory > series
    assert found.seconds > 0
    assert f"{found.places} runs over 3 threads" in str(found)


def test_an_estimate_grows_with_the_run_and_refuses_what_does_not_fit():
    short, long = (estimate(MODEL, **CALL | {"sweeps": n}) for n in (10**3, 10**6))
    assert long.memory > 500 * short.memory
    assert long.seconds > 50 * short.seconds
    with pytest.raises(MemoryLimitError):
        estimate(MODEL, **CALL | {"sweeps": 10**12})


def test_fewer_threads_hold_realisations_where_memory_is_short(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    plan = plans.checked(
        MODEL, 0.3, 40, None, 10, 0, 1, 8, "pattern", 1.0, "heat-bath", False, "cpu", 0, None, None, None, False
    )
    assert plan.workers() == 8
    monkeypatch.setattr(plans, "free_memory", lambda: 3.5 * plan.realisation() / 0.8)
    assert plan.workers() == 3
    monkeypatch.setattr(plans, "free_memory", lambda: 0.0)
    assert plan.workers() == 1


def test_a_comparison_keeps_a_checkpoint_for_every_size(tmp_path):
    call = {"T": 0.3, "sizes": (16, 24), "sweeps": 20, "samples": 2}
    first = compare(MODEL, **call, checkpoint=tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c-N16", "c-N24"]
    assert first.identical(compare(MODEL, **call, checkpoint=tmp_path / "c"))
    assert first.identical(compare(MODEL, **call))
