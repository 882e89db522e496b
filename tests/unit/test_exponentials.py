"""Exponential interactions: energies, flips, limits; the kernel against the reference and against enumeration."""

import itertools
import math

import numpy as np
import pytest

import densenet_sm as dsm
from densenet_sm import Network, ParameterError
from densenet_sm.montecarlo.dynamics import Replica, prepare
from densenet_sm.montecarlo.sweeping import gain

NAMES = ("log-sum-exp", "sum-exp")


def signs(shape, seed):
    return np.random.default_rng(seed).choice([-1, 1], shape).astype(np.int8)


def networks(lam=0.3):
    """Signs, and real entries with weights and a field."""
    real = np.random.default_rng(3).uniform(-1.2, 1.2, (4, 9))
    for name in NAMES:
        yield Network(signs((5, 9), 1), interaction=name, lam=lam)
        yield Network(real, interaction=name, lam=lam, weights=[0.5, 1.0, 2.0, 1.5], field=0.2)


@pytest.mark.parametrize("net", list(networks()), ids=str)
def test_energies_are_their_formulae(net):
    s = signs(9, 2)
    boltzmann = [w * math.exp(net.lam * float(t @ s)) for t, w in zip(net.entries, net.weights, strict=True)]
    if net.interaction == "log-sum-exp":
        expected = -math.log(sum(boltzmann)) / net.lam
    else:
        expected = -9 * sum(boltzmann) * math.exp(-9 * net.lam)
    assert float(net.energy(s)) == pytest.approx(expected - net.field * float(net.entries[0] @ s), rel=1e-12)


@pytest.mark.parametrize("lam", [0.05, 1.0, 40.0])
def test_fields_are_the_costs_of_flips_for_every_exponent(lam):
    for net in networks(lam) if lam < 2 else (Network(signs((5, 9), 1), interaction=n, lam=lam) for n in NAMES):
        s = signs(9, 4)
        flipped = s * (1 - 2 * np.eye(9, dtype=int))
        costs = net.energy(flipped) - net.energy(s)
        np.testing.assert_allclose(2 * s * net.local_fields(s), costs, rtol=1e-9, atol=1e-12)
        caches = prepare(net).rows.state(s)
        kernel = [-caches.scale * gain(caches, s, i) for i in range(9)]
        bias = -net.field * net.entries[0] * s
        np.testing.assert_allclose(kernel - 2 * bias, costs, rtol=1e-9, atol=1e-9)


def test_limits_of_small_and_large_exponents():
    patterns, s = signs((6, 12), 5), signs((8, 12), 6)
    A = s @ patterns.T.astype(float)
    nearest = Network(patterns, interaction="log-sum-exp", lam=200.0).energy(s)
    assert (abs(nearest + A.max(1)) <= math.log(6) / 200).all()
    linear = Network(patterns, interaction="sum-exp", lam=1e-6).energy(s)
    np.testing.assert_allclose(linear, -12 * (6 + 1e-6 * (A - 12).sum(1)), rtol=1e-9)
    assert np.isfinite(Network(patterns, interaction="sum-exp", lam=1e3).energy(s)).all()


def test_one_pattern_of_the_log_sum_exp_is_a_field_along_it():
    net = Network(signs((1, 10), 7), interaction="log-sum-exp", lam=0.7)
    assert dsm.exact(net, 0.8)["m"][0] == pytest.approx(math.tanh(1 / 0.8), abs=1e-12)


def test_two_opposite_patterns_are_a_ferromagnet_of_their_sum():
    """ξ and −ξ: H = −(1/λ) ln 2 cosh(λ Σ ξs)."""
    row = signs(8, 8)
    net = Network([row, -row], interaction="log-sum-exp", lam=0.4)
    levels = np.arange(-8, 9, 2)
    counts = np.array([math.comb(8, k) for k in range(9)])
    weight = counts * (2 * np.cosh(0.4 * levels)) ** (1 / (0.4 * 0.9))
    assert dsm.exact(net, 0.9)["log_Z"] == pytest.approx(math.log(weight.sum()), rel=1e-12)


@pytest.mark.parametrize(("net", "dynamics"), list(itertools.product(networks(), ("heat-bath", "metropolis"))), ids=str)
def test_simulations_are_boltzmann(net, dynamics):
    T = 0.8
    expected = dsm.exact(net, T)
    ds = dsm.simulate(net, T, sweeps=4000, burn_in=200, replicas=4, start="random", dynamics=dynamics, seed=9)
    for name, exact in (("energy", expected["energy"]), ("m", expected["m"][0])):
        error = math.sqrt(float((ds[f"{name}_time_err"] ** 2).mean()) / 4)
        assert abs(float(ds[name].mean()) - exact) < 5 * error + 1e-12
        assert error < 0.05


@pytest.mark.parametrize("net", list(networks()), ids=str)
def test_caches_stay_those_of_the_spins(net):
    copy = Replica(prepare(net), signs(9, 10), 0.9, "heat-bath", np.array([1, 2], np.uint32))
    record = copy.run(100)
    assert record.flips > 50
    assert record.energy[-1] == pytest.approx(float(net.energy(copy.spins)), rel=1e-9)


def test_exponentially_many_patterns_are_local_minima():
    """demircigil2017: of the e^x interaction, at loads ln K/N below ln 2/2."""
    N = 40
    patterns = signs((round(math.exp(0.2 * N)), N), 11)
    net = Network(patterns, interaction="sum-exp", lam=1.0)
    found = dsm.retrieve(net, patterns[:200])
    assert (found.spins == patterns[:200]).all(1).mean() > 0.95
    quadratic = dsm.retrieve(Network(patterns, P=2), patterns[:20])
    assert not (quadratic.spins == patterns[:20]).all(1).any()


def test_a_ladder_of_replicas_and_many_replicas_run_on_their_kernel():
    net = Network(signs((3, 16), 12), interaction="log-sum-exp", lam=0.5)
    ds = dsm.simulate(net, [0.5, 0.8], sweeps=40, burn_in=10, replicas=4, exchange=True)
    assert np.isfinite(ds.energy).all()
    for T in (0.0, 0.3):
        assert (dsm.simulate(net, T, sweeps=20, burn_in=5, replicas=8).m > 0.5).all()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"P": 3}, "P"),
        ({"lam": None}, "lam"),
        ({"lam": 0.0}, "lam"),
        ({"lam": math.inf}, "lam"),
        ({"interaction": "sum-exp", "entries": [[100.0, 100.0]], "lam": 10.0}, "lam"),
        ({"interaction": "tensor", "P": 2}, "lam"),
        ({"interaction": "exp"}, "interaction"),
        ({"weights": [0.0]}, "weights"),
        ({"noise": [1.0]}, "noise"),
        ({"entries": [[1.0, math.inf]]}, "entries"),
    ],
)
def test_bad_networks_are_refused(given, name):
    call = {"entries": [[1, -1]], "interaction": "log-sum-exp", "lam": 1.0} | given
    with pytest.raises(ParameterError, match=f"^{name}"):
        Network(**call)


@pytest.mark.parametrize(("given", "name"), [({"kernel": "bits"}, "kernel"), ({"dynamics": "parallel"}, "dynamics")])
def test_what_the_kernel_does_not_do_is_refused(given, name):
    net = Network([[1, -1]], interaction="sum-exp", lam=1.0)
    with pytest.raises(ParameterError, match=f"^{name}"):
        dsm.simulate(net, 0.5, sweeps=5, **given)
    with pytest.raises(ParameterError, match=r"^net"):
        dsm.plefka(net, 0.5)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_how_many_patterns_and_is_simulated(name):
    model = dsm.Model(interaction=name, lam=0.5, alpha=0.1)
    assert model.n_patterns(20) == round(math.exp(0.1 * 20))
    net = Network.sample(model, N=20, seed=1)
    assert (net.n, net.interaction, net.lam) == (7, name, 0.5)
    ds = dsm.simulate(model, 0.2, N=20, sweeps=30, burn_in=10, samples=2, replicas=4, seed=1)
    assert (ds.m > 0.9).all()  # all patterns are kept up to 0.19
    assert model.replace(lam=1.0).lam == 1.0
    with pytest.raises(dsm.MemoryLimitError, match="GiB"):
        dsm.simulate(model, 0.2, N=400)


def test_no_theory_of_finite_order_reads_an_exponential_model():
    model = dsm.Model(interaction="sum-exp", lam=1.0, alpha=0.1)
    for call in (lambda: dsm.solve(model, 0.2), lambda: dsm.critical(model, "alpha", T=0.1, kind="spinodal")):
        with pytest.raises(ParameterError, match=r"^model.*exponential_capacity"):
            call()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"P": 3}, "P"),
        ({"lam": None}, "lam"),
        ({"lam": -1.0}, "lam"),
        ({"nu": 0.1}, "nu"),
        ({"protocol": dsm.Supervised(r=0.5, M=3)}, "protocol"),
        ({"covariance": (0.0, 0.1)}, "covariance"),
        ({"interaction": "tensor"}, "P"),
        ({"interaction": "tensor", "P": 3}, "lam"),
    ],
)
def test_bad_models_are_refused(given, name):
    with pytest.raises(ParameterError, match=f"^{name}"):
        dsm.Model(**{"interaction": "log-sum-exp", "lam": 1.0} | given)


def test_more_patterns_than_a_float_counts_are_refused():
    with pytest.raises(ParameterError, match="alpha"):
        dsm.Model(interaction="sum-exp", lam=1.0, alpha=1.0).n_patterns(1000)


@pytest.mark.parametrize(
    ("entries", "parameters"),
    [
        (np.ones((2, 12)), {"interaction": "log-sum-exp", "lam": 1e308}),
        ([[1e308, 1e308]], {"interaction": "log-sum-exp", "lam": 6.0}),
        ([[50.0, 50.0]], {"interaction": "sum-exp", "lam": 6.0, "weights": [1e60]}),
    ],
)
def test_exponents_that_overflow_are_refused(entries, parameters):
    with pytest.raises(ParameterError, match=r"^lam must be such that"):
        Network(entries, **parameters)
