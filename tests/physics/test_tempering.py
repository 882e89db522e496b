"""Replica exchange: laws of every temperature unchanged, glasses and bistable networks crossed, threads irrelevant."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from densenet_sm import Model, Network, exact, ladder, simulate
from densenet_sm.enumeration import states
from densenet_sm.montecarlo import tempering
from densenet_sm.montecarlo.dynamics import Replica, prepare
from densenet_sm.montecarlo.ladders import respaced
from densenet_sm.montecarlo.results import overlap_bins
from densenet_sm.montecarlo.tempering import Ladder, ladder_state, views

FALSE_ALARM = 1e-5  # of each statistical test
T8 = (0.3, 0.45, 0.7, 1.1)
KEY = np.array([3, 5], np.uint32)


def ladders(net, T, replicas, dynamics="heat-bath", seed=0):
    """Independent ladders from random spins, burnt in."""
    shared, rng = prepare(net), np.random.default_rng(seed)
    for r in range(replicas):
        spins = rng.choice(np.array([-1, 1], np.int8), (len(T), net.N))
        chains = [Replica(shared, s, t, dynamics, KEY, r, k) for k, (s, t) in enumerate(zip(spins, T, strict=True))]
        made = Ladder(chains, KEY + 1, r, ladder_state(len(T)))
        made.run(400, 1 << 20)
        yield made


def p_value(found, law):
    """χ² test, states expected fewer than ten times pooled."""
    expected = law * found.sum()
    rare = expected < 10
    observed, wanted = np.append(found[~rare], found[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    return chi2.sf(((observed - wanted)[keep] ** 2 / wanted[keep]).sum(), keep.sum() - 1)


def histograms(net, T, sweeps=2048, thinning=16, **settings):
    """Counts of the 2^N states at each temperature [T, 2^N]."""
    counts = np.zeros((len(T), 2**net.N))
    for made in ladders(net, T, 24, **settings):
        for k, record in enumerate(made.run(sweeps, thinning)):
            np.add.at(counts[k], ((record.snapshots < 0) << np.arange(net.N)).sum(1), 1)
    return counts


@pytest.mark.parametrize(("P", "dynamics"), [(2, "heat-bath"), (3, "heat-bath"), (3, "metropolis"), (4, "heat-bath")])
def test_every_temperature_keeps_its_boltzmann_law(P, dynamics):
    net = Network.sample(Model(P=P, alpha=0.4, nu=0.1), 6, seed=P)
    for T, counts in zip(T8, histograms(net, T8, dynamics=dynamics), strict=True):
        assert p_value(counts, exact(net, T)["probabilities"]) > FALSE_ALARM


def test_swaps_that_ignore_the_energies_spoil_the_law(monkeypatch):
    """Negative control of the test above."""
    net = Network.sample(Model(P=3, alpha=0.4), 6, seed=3)
    swap = Ladder._swap
    monkeypatch.setattr(Ladder, "_swap", lambda self, energies, u: swap(self, [0.0] * len(energies), u))
    assert p_value(histograms(net, T8)[0], exact(net, T8[0])["probabilities"]) < FALSE_ALARM


def test_averages_are_those_of_single_temperatures_and_of_enumeration():
    """24 independent replicas: 5.5 standard errors of a mean are 1e-5 for 23 degrees of freedom."""
    net = Network.sample(Model(P=3, alpha=0.3), 10, seed=1)
    settings = {"sweeps": 1024, "burn_in": 128, "replicas": 24, "start": "random", "seed": 2}
    both = [simulate(net, T8, exchange=e, **settings) for e in (True, False)]
    for k, T in enumerate(T8):
        truth = exact(net, T)
        for ds, warm in zip(both, (True, T > 0.4), strict=True):
            if not warm:
                continue  # without exchange the coldest replicas stay where they fell
            for name, wanted in (("energy", truth["energy"]), ("abs_m", truth["abs_m"][0])):
                values = ds[name].values[0, k].reshape(24)
                assert abs(values.mean() - wanted) < 5.5 * values.std(ddof=1) / math.sqrt(24)


def exact_overlap_law(net, T):
    """P(q) of two independent copies, in the order of `overlap_bins` for small N: q = −1, …, 1."""
    p, s = exact(net, T)["probabilities"], states(net.N).astype(int)
    d = (net.N - s @ s.T) // 2
    return np.bincount(d.ravel(), np.outer(p, p).ravel(), net.N + 1)[::-1]


def test_the_overlap_distribution_of_a_small_glass():
    """P = 2 with noise alone, below its glass temperature: both signs and several valleys, each bin within 5 errors
    of independent pairs of replicas, and the mirror states equally often.
    """
    net = Network.sample(Model(P=2, nu=1.0), 10, K=1, seed=4)
    net = Network(np.zeros((1, 10)) + 1e-9, P=2, noise=net.noise)  # the pattern switched off
    T = (0.3, 0.5, 0.8, 1.3)
    ds = [
        simulate(net, T, sweeps=800, burn_in=200, replicas=2, start="random", exchange=True, seed=seed)
        for seed in range(40)
    ]
    found = np.array([d.q_histogram.values[0, 0] for d in ds])
    law = exact_overlap_law(net, T[0])
    error = np.maximum(found.std(0, ddof=1), math.sqrt(1 / (40 * 100))) / math.sqrt(40)
    assert found.sum(1) == pytest.approx(1)
    assert (np.abs(found.mean(0) - law) < 5 * error).all()
    assert law[0] == pytest.approx(law[-1])
    assert law[0] > 0.05


def test_a_bistable_network_is_crossed_in_both_directions():
    """P = 4, one pattern: below coexistence the pattern and its mirror image, far apart, with the paramagnet between.

    With exchange every start reaches the exact |m| at every temperature, and m = 0 by symmetry; alone, the coldest
    replicas stay in the state they began in. 11 degrees of freedom, 20 numbers: 7 standard errors.
    """
    net = Network.sample(Model(P=4), 18, K=1, seed=1)
    T = (0.25, 0.35, 0.45, 0.6, 0.8)
    wanted = np.array([exact(net, t)["abs_m"][0] for t in T])
    settings = {"sweeps": 2048, "burn_in": 512, "replicas": 12, "start": ("pattern", "random"), "seed": 3}
    ds = simulate(net, T, exchange=True, **settings)
    for name, truth in (("abs_m", wanted), ("m", 0.0)):
        values = ds[name].isel(sample=0, pattern=0).transpose("start", "T", "replica").values
        error = np.maximum(values.std(2, ddof=1), 2 / 18 / 100) / math.sqrt(12)
        assert (np.abs(values.mean(2) - truth) < 7 * error).all()
    assert (ds.round_trips > 0).all()
    alone = simulate(net, T, **settings)
    assert (alone.m.sel(start="pattern").isel(T=0) > 0.9).all()


def test_acceptance_is_counted_as_the_rule_accepts():
    """Two levels ∓1/2 and 1/T − 1/T′ = 1: refused, with 1 − 1/e, only where the colder one is the lower."""
    net = Network([[1.0, 1.0]], P=2)  # H = ∓1/2
    T = (0.5, 1.0)
    attempts = accepted = 0
    for made in ladders(net, T, 8):
        made.reset()
        made.run(8 * 2000, 1 << 20)
        n, a, _, _ = views(made.state, 2)
        attempts, accepted = attempts + n[0], accepted + a[0]
    up = [1 / (1 + math.exp(-1 / t)) for t in T]  # probability of the lower level
    rate = 1 - up[0] * (1 - up[1]) * (1 - math.exp(-1))  # refused only if the colder one is lower
    assert attempts == 8 * 1000
    assert binomtest(int(accepted), int(attempts), rate).pvalue > FALSE_ALARM


def test_round_trips_are_counted_from_cold_to_hot_and_back():
    made = next(ladders(Network.sample(Model(P=3), 8, K=3), (0.5, 1.0, 2.0), 1))
    made.reset()
    path, trips, heading = [], 0, {}
    for _ in range(300):
        made.run(8, 1 << 20)
        walkers = views(made.state, 3)[2]
        path.append(walkers.tolist())
    for walkers in path:
        trips += heading.get(walkers[0]) == "down"
        heading[walkers[0]] = "up"
        if heading.get(walkers[-1]) == "up":
            heading[walkers[-1]] = "down"
    assert made.state[1] == trips > 3
    assert sorted(path[-1]) == [0, 1, 2]


def test_records_stay_with_their_temperatures():
    net = Network.sample(Model(P=3, alpha=0.2), 12, seed=2)
    made = next(ladders(net, T8, 1))
    records = made.run(100, 1)
    for record in records:
        np.testing.assert_allclose(record.energy, net.energy(record.snapshots), rtol=1e-11, atol=1e-11)
    warm = [record.energy.mean() for record in records]
    assert warm == sorted(warm)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_order_in_which_temperatures_are_given_does_not_matter_to_the_pairs(order):
    T = np.array([0.3, 0.5, 0.8])[list(order)]
    ds = simulate(Model(P=3, alpha=0.2), T, N=16, sweeps=256, samples=1, exchange=True, start="random")
    assert ds.T_cold.values.tolist() == [0.3, 0.5]
    assert ds.T_hot.values.tolist() == [0.5, 0.8]
    energy = ds.energy.mean(("sample", "replica"))
    assert energy.sortby("T").values.tolist() == sorted(energy.values.tolist())


@pytest.mark.parametrize("threads", [2, 5])
def test_exchange_does_not_depend_on_threads(threads, monkeypatch):
    call = {"T": T8, "N": 20, "sweeps": 100, "burn_in": 30, "samples": 2, "exchange": True, "start": "random"}
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    one = simulate(Model(P=3, alpha=0.2), **call)
    monkeypatch.setattr("os.cpu_count", lambda: threads)
    assert one.identical(simulate(Model(P=3, alpha=0.2), **call))


def test_swaps_use_their_own_random_stream(monkeypatch):
    """The same dynamics with other exchange decisions is another run."""
    call = {"T": T8, "N": 20, "sweeps": 100, "burn_in": 30, "samples": 1, "exchange": True, "start": "random"}
    first = simulate(Model(P=3, alpha=0.2), **call)
    monkeypatch.setattr(tempering, "ACCEPT", 7)
    assert not first.energy.equals(simulate(Model(P=3, alpha=0.2), **call).energy)


def test_a_ladder_reaches_the_acceptance_asked_for():
    model = Model(P=3, alpha=0.5)
    T = ladder(model, 0.35, 0.8, N=48, acceptance=0.4)
    ds = simulate(model, T, N=48, sweeps=1600, burn_in=400, samples=2, start="random", exchange=True, seed=5)
    rate = ds.swap_acceptance.mean(("sample", "replica")).values
    assert (T[0], T[-1]) == (0.35, 0.8)
    assert list(T) == sorted(T)
    assert rate.min() > 0.25
    assert rate.mean() < 0.65
    assert len(ladder(model, 0.35, 0.8, N=48, acceptance=0.8)) > len(T)


def test_respacing_evens_out_normal_energies():
    """Energies of constant specific heat in β: acceptance erfc(c Δβ) everywhere, so even spacing in β."""
    from scipy.special import erfc

    T = np.array([0.2, 0.25, 0.5, 1.0])
    rate = erfc(0.3 * -np.diff(1 / T))
    spaced = respaced(T, rate, 0.5)
    np.testing.assert_allclose(np.diff(1 / spaced), np.diff(1 / spaced)[0])
    assert erfc(0.3 * -np.diff(1 / spaced)[0]) >= 0.5


@pytest.mark.parametrize("N", [2, 7, 79, 80, 128, 500])
def test_overlap_bins_hold_equally_many_values(N):
    bins, centres = overlap_bins(N)
    sizes = np.bincount(bins)
    assert bins[0] == len(sizes) - 1 == len(centres) - 1
    assert len(sizes) <= 80
    assert (sizes[:-1] == sizes[0]).all()
    assert sizes[-1] <= sizes[0]
    assert (np.diff(centres) > 0).all()
    if N < 80:
        np.testing.assert_allclose(centres, np.linspace(-1, 1, N + 1))
