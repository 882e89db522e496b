"""Descent, annealing and basins: local minima, ground states, retrieval against the initial overlap."""

import numpy as np
import pytest
from scipy.stats import binomtest

from densenet_sm import (
    Model,
    Multitasking,
    Network,
    ParameterError,
    Supervised,
    Unsupervised,
    anneal,
    basins,
    exact,
    retrieve,
)
from densenet_sm.enumeration import states

NETWORKS = {
    "P2": Model(P=2, alpha=0.5, nu=0.2, field=0.1),
    "P3": Model(P=3, alpha=0.5, nu=0.1),
    "P4 power": Model(P=4, alpha=0.2, interaction="power"),
    "supervised": Model(P=3, alpha=0.3, protocol=Supervised(r=0.6, M=3)),
    "unsupervised": Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=3)),
    "multitasking": Model(P=4, alpha=0.1, protocol=Multitasking(2, 0.3)),
}
GLASS = Model(P=3, alpha=2.0)


def cues_of(net, n, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (n, net.N))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_sweep_of_a_descent_lowers_the_energy_until_a_local_minimum(name):
    net = Network.sample(NETWORKS[name], 14, seed=6)
    cues = cues_of(net, 12)
    before = net.energy(cues)
    for sweeps in range(1, 20):
        end = retrieve(net, cues, sweeps=sweeps)
        after = net.energy(end.spins)
        assert (after <= before + 1e-12).all()
        before = after
    assert end.converged.all()
    assert (end.spins * net.local_fields(end.spins) > -1e-12).all()
    assert (end.sweeps <= 19).all()


def test_flips_and_sweeps_are_those_of_the_descent():
    """Each flip lowers H by 2|h|: with one flip per sweep left, sweeps count up to the first without any."""
    net = Network.sample(Model(P=3, alpha=0.05), 64, seed=2)
    cue = net.archetypes[0].copy()
    cue[:5] *= -1
    end = retrieve(net, cue)
    assert (end.flips, end.sweeps, end.converged) == (5, 2, True)
    assert end.magnetisations[0] == 1
    stopped = retrieve(net, cue, sweeps=1)
    assert (stopped.flips, stopped.sweeps, stopped.converged) == (5, 1, False)
    stay = retrieve(net, net.archetypes[0])
    assert (stay.flips, stay.sweeps, stay.converged) == (0, 1, True)


def test_ties_keep_the_spin():
    net = Network([[1.0, 1.0, 0.0, 0.0]], P=2)
    cues = np.array([[1, 1, 1, -1], [-1, -1, -1, 1]])
    end = retrieve(net, cues)
    np.testing.assert_array_equal(end.spins, cues)
    assert end.flips.tolist() == [0, 0]


@pytest.mark.parametrize("T", [0.0, 0.6])
def test_many_cues_fall_as_each_alone_and_whatever_the_threads(T, monkeypatch):
    net = Network.sample(Model(P=3, alpha=0.2), 24, seed=1)
    cues = cues_of(net, 7)
    many = retrieve(net, cues, T=T, sweeps=30, seed=3)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again = retrieve(net, cues, T=T, sweeps=30, seed=3)
    np.testing.assert_array_equal(many.spins, again.spins)
    np.testing.assert_array_equal(many.flips, again.flips)
    alone = retrieve(net, cues[0], T=T, sweeps=30, seed=3)
    np.testing.assert_array_equal(alone.spins, many.spins[0])
    assert retrieve(net, cues[:0]).spins.shape == (0, 24)


@pytest.fixture(scope="module")
def glass():
    net = Network.sample(GLASS, 14, seed=5)
    return net, net.energy(states(14)).min() / 14


def test_annealing_finds_the_ground_state_of_a_small_glass(glass):
    """A replica finds it with a probability near 0.28, so 64 miss it with 1e-9; and it beats the 0.05 of descents from
    random states (binomial test at 1e-5).
    """
    net, ground = glass
    run = anneal(net, np.geomspace(2, 0.3, 20), replicas=64, seed=1)
    assert run.energy == pytest.approx(ground, rel=1e-12)
    hits = int(np.isclose(run.end_energies, ground, rtol=1e-12).sum())
    fallen = net.energy(retrieve(net, cues_of(net, 400)).spins) / 14
    descents = np.isclose(fallen, ground, rtol=1e-12).mean()
    assert binomtest(hits, 64, descents, "greater").pvalue < 1e-5


def test_what_annealing_returns_belongs_together(glass):
    net, _ = glass
    T = np.array([1.5, 1.0, 0.5, 0.5])
    run = anneal(net, T, sweeps=200, replicas=6, seed=1)
    assert run.ends.shape == (6, 14)
    np.testing.assert_allclose(net.energy(run.ends) / 14, run.end_energies)
    assert run.energy == run.end_energies.min() == pytest.approx(net.energy(run.spins) / 14)
    assert (run.ends * net.local_fields(run.ends) > -1e-12).all()
    assert run.energies.shape == (6, 4)
    assert (run.end_energies <= run.energies[:, -1] + 1e-12).all()
    wanted = [exact(net, t)["energy"] for t in (1.5, 1.0)]
    error = run.energies[:, :2].std(0, ddof=1) / np.sqrt(6)
    assert (np.abs(run.energies[:, :2].mean(0) - wanted) < 14 * error).all()  # 1e-5 for 5 degrees of freedom


def test_annealing_depends_on_the_seed_alone(glass, monkeypatch):
    net, _ = glass
    run = anneal(net, [1.0, 0.5], seed=3)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    np.testing.assert_array_equal(run.energies, anneal(net, [1.0, 0.5], seed=3).energies)
    assert (run.energies != anneal(net, [1.0, 0.5], seed=4).energies).any()


def test_energies_of_the_power_form_are_measured_as_in_simulate():
    net = Network.sample(NETWORKS["P4 power"], 12, seed=1)
    run = anneal(net, [1.0], seed=3)
    assert run.energy == pytest.approx((net.energy(run.spins) - net.mean_energy()) / 12)


def test_retrieval_grows_with_the_initial_overlap():
    """P = 3, α = 0.02: a basin boundary between overlaps 0.1 and 0.7; what is retrieved from further takes longer."""
    ds = basins(Model(P=3, alpha=0.02), [0.05, 0.4, 0.7, 1.0], N=96, cues=16, samples=4, seed=1)
    assert dict(ds.m.sizes) == {"sample": 4, "overlap": 4, "cue": 16}
    retrieval = ds.retrieval.values
    assert (np.diff(retrieval) >= 0).all()
    assert retrieval[0] < 0.5 < retrieval[2]
    assert retrieval[3] == 1
    assert ds.time_mean[1] > ds.time_mean[3]
    np.testing.assert_allclose(ds.flips_mean[2], 0.15 * 96, rtol=0.2)  # each wrong spin once
    np.testing.assert_allclose((ds.m >= 0.9).mean(("sample", "cue")), retrieval)
    np.testing.assert_allclose(ds.retrieval_err, (ds.m >= 0.9).mean("cue").std("sample", ddof=1) / 2)


def test_basins_are_measured_as_retrieve_falls():
    """The same network and one cue that is the pattern: no flips, no time."""
    net = Network.sample(Model(P=3, alpha=0.05), 48, seed=1)
    ds = basins(net, [1.0], cues=3)
    assert ds.flips.values.ravel().tolist() == [0, 0, 0]
    assert ds.time.values.ravel().tolist() == [0, 0, 0]
    assert ds.retrieval.item() == 1
    assert ds.retrieval_err.isnull().all()


def test_overlaps_count_sites_that_are_not_blank():
    model = Model(P=2, protocol=Multitasking(2, 0.4))
    ds = basins(model, [1.0], N=60, cues=4, samples=2, sweeps=1)
    assert (ds.m == 1).all()


def test_a_cue_that_never_rests_has_no_time():
    ds = basins(Model(P=3, alpha=0.05), [1.0], T=1.5, N=48, cues=3, samples=2, sweeps=5)
    assert ds.time.isnull().all()
    assert ds.time_mean.isnull().all()
    assert (ds.retrieval < 1).all()


def test_basins_depend_on_the_seed_alone(monkeypatch):
    call = {"model": Model(P=3, alpha=0.1), "overlaps": [0.3, 0.6], "N": 32, "cues": 4, "T": 0.2}
    first = basins(**call, samples=3)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert first.identical(basins(**call, samples=3))
    assert basins(**call, samples=[2]).m.isel(sample=0).equals(first.m.isel(sample=2))


def test_bad_basins_and_schedules_are_refused():
    net = Network.sample(Model(P=3), 12)
    for name, call in {
        "overlaps": lambda: basins(net, [0.1, 1.1]),
        "cues": lambda: basins(net, [0.1], cues=0),
        "threshold": lambda: basins(net, [0.1], threshold=2),
        "T": lambda: anneal(net, [0.1, 0.5]),
        "replicas": lambda: anneal(net, [0.5], replicas=0),
    }.items():
        with pytest.raises(ParameterError, match=f"^{name} must be"):
            call()
