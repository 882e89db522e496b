"""Compiled kernels: random numbers, energies, equality of kernels, and averages against enumeration."""

import dataclasses
import platform
from math import comb

import numba as nb
import numpy as np
import pytest
from scipy.stats import chi2

from densenet_sm import (
    Model,
    Multitasking,
    Network,
    Storing,
    Supervised,
    TeacherStudent,
    Unsupervised,
    exact,
    retrieve,
    simulate,
)
from densenet_sm.montecarlo import kernels
from densenet_sm.montecarlo.dynamics import Replica, prepare

KEY = np.array([7, 11], np.uint32)
FALSE_ALARM = 1e-5  # of each statistical test


def spins_of(net, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), net.N)


def test_random_words_are_the_published_philox_vectors():
    zero, ones = np.uint32(0), np.uint32(0xFFFFFFFF)
    pi = [np.uint32(w) for w in (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)]
    expected = {
        (zero,) * 6: (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        (ones,) * 6: (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        tuple(pi): (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    }
    for arguments, words in expected.items():
        assert tuple(int(w) for w in kernels.philox(*arguments)) == words


NETWORKS = {
    "P2 noise field": Model(P=2, alpha=0.3, nu=0.2, field=0.1),
    "P3 noise field": Model(P=3, alpha=0.3, nu=0.2, field=0.1),
    "P4 noise": Model(P=4, alpha=0.2, nu=0.1),
    "P5": Model(P=5, alpha=0.1),
    "P8": Model(P=8, alpha=0.01),
    "P3 power": Model(P=3, alpha=0.3, interaction="power"),
    "P6 power": Model(P=6, alpha=0.05, interaction="power"),
    "unsupervised": Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=3)),
    "supervised": Model(P=3, alpha=0.3, nu=0.1, protocol=Supervised(r=0.6, M=3), field=0.1),
    "multitasking": Model(P=4, alpha=0.1, protocol=Multitasking(2, 0.3)),
    "teacher and student": Model(P=3, alpha=0.3, nu=0.1, protocol=TeacherStudent(1.2), field=0.1),
    "P2 multitasking power": Model(P=2, alpha=0.1, protocol=Multitasking(2, 0.3), interaction="power"),
}


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("name", NETWORKS)
def test_tracked_observables_are_those_of_the_reference(name, dynamics):
    net = Network.sample(NETWORKS[name], 12, seed=3)
    record = Replica(prepare(net), spins_of(net), 0.7, dynamics, KEY).run(150, stride=1)
    C = len(net.probes)
    assert record.snapshots.shape == (150, 12)
    np.testing.assert_allclose(record.energy, net.energy(record.snapshots), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(record.m, net.magnetisations(record.snapshots)[:, :C], atol=1e-14)
    np.testing.assert_allclose(record.x, record.snapshots @ net.probes.T / net.N, atol=1e-14)
    assert record.flips > 0


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize("P", [2, 3, 4, 6])
def test_sign_and_real_kernels_agree_flip_for_flip(P, interaction, dynamics):
    net = Network.sample(Model(P=P, interaction=interaction), 24, K=40, seed=5)
    signs = prepare(net)
    real = dataclasses.replace(signs, sign=False, rows=signs.rows.astype(float), scale=net.scale)
    T = 2 * float(np.abs(net.local_fields(net.archetypes[0])).mean())  # warm even in the deepest state
    runs = [Replica(p, spins_of(net), T, dynamics, KEY).run(60, stride=1) for p in (signs, real)]
    assert signs.sign
    assert runs[0].flips == runs[1].flips > 50
    np.testing.assert_array_equal(runs[0].snapshots, runs[1].snapshots)


def test_speculation_over_many_patterns_changes_nothing():
    net = Network.sample(Model(P=3), 30, K=kernels.LONG + 5, seed=2)
    signs = prepare(net)
    real = dataclasses.replace(signs, sign=False, rows=signs.rows.astype(float), scale=net.scale)
    runs = [Replica(p, spins_of(net), 5.0, "heat-bath", KEY).run(20, stride=1) for p in (signs, real)]
    assert runs[0].flips > 20
    np.testing.assert_array_equal(runs[0].snapshots, runs[1].snapshots)


def test_a_run_in_pieces_is_the_run_in_one():
    net = Network.sample(Model(P=3, alpha=0.2), 20, seed=1)
    one = Replica(prepare(net), spins_of(net), 0.5, "heat-bath", KEY)
    whole = one.run(200, stride=3)
    two = Replica(prepare(net), spins_of(net), 0.5, "heat-bath", KEY)
    pieces = [two.run(n, stride=3) for n in (1, 70, 64, 65)]
    np.testing.assert_array_equal(whole.energy, np.concatenate([p.energy for p in pieces]))
    np.testing.assert_array_equal(whole.snapshots, np.concatenate([p.snapshots for p in pieces]))


def state_counts(net, T, dynamics, replicas=24, sweeps=3000, thinning=6):
    """Histogram of the 2^N states over independent replicas, thinned."""
    shared = prepare(net)
    counts = np.zeros(2**net.N)
    for replica in range(replicas):
        copy = Replica(shared, spins_of(net, replica), T, dynamics, KEY, replica=replica)
        copy.run(100)
        seen = copy.run(sweeps, stride=thinning).snapshots
        np.add.at(counts, ((seen < 0) << np.arange(net.N)).sum(1), 1)
    return counts


def chi_square(counts, probabilities):
    """p-value of a histogram, states expected fewer than 10 times pooled."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    statistic = ((observed - wanted)[keep] ** 2 / wanted[keep]).sum()
    return chi2.sf(statistic, keep.sum() - 1)


PROTOCOLS = {
    "storing": Storing(),
    "supervised": Supervised(r=0.6, M=3),
    "unsupervised": Unsupervised(r=0.6, M=3),
    "multitasking": Multitasking(2, 0.3),
}


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("P", [2, 3, 4])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_states_are_visited_with_their_boltzmann_weights(name, P, dynamics):
    model = Model(P=P, alpha=0.3, nu=0.1, field=0.05, protocol=PROTOCOLS[name])
    net = Network.sample(model, 6, seed=P)
    assert chi_square(state_counts(net, 0.8, dynamics), exact(net, 0.8)["probabilities"]) > FALSE_ALARM


@pytest.mark.parametrize("P", [2, 3, 4])
def test_power_interactions_are_visited_with_their_boltzmann_weights(P):
    net = Network.sample(Model(P=P, alpha=0.3, interaction="power"), 6, seed=P)
    assert chi_square(state_counts(net, 0.8, "heat-bath"), exact(net, 0.8)["probabilities"]) > FALSE_ALARM


def test_the_same_test_refuses_a_wrong_temperature():
    net = Network.sample(Model(P=3, alpha=0.3), 6, seed=1)
    assert chi_square(state_counts(net, 0.8, "heat-bath"), exact(net, 0.72)["probabilities"]) < FALSE_ALARM


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("P", [2, 3, 4])
def test_averages_of_simulate_are_those_of_enumeration(name, P):
    net = Network.sample(Model(P=P, alpha=0.2, protocol=PROTOCOLS[name]), 12, seed=4)
    truth = exact(net, 1.0)
    replicas = 32
    ds = simulate(net, T=1.0, sweeps=1500, burn_in=100, replicas=replicas, start="random", seed=8)
    C = len(net.probes)
    for values, wanted in (
        (ds.energy.values[0, 0], truth["energy"]),
        (ds.m.values[0, 0, :, 0], truth["m"][0]),
        (ds.abs_m.values[0, 0, :, C - 1], truth["abs_m"][C - 1]),
    ):
        error = values.std(ddof=1) / np.sqrt(replicas)
        assert abs(values.mean() - wanted) < 5 * error  # about 1e-5 for 31 degrees of freedom
    assert ds.q.item() == pytest.approx(truth["q"], abs=0.02)


@pytest.mark.parametrize("name", NETWORKS)
def test_zero_temperature_descends_to_a_local_minimum(name):
    net = Network.sample(NETWORKS[name], 12, seed=6)
    for seed in range(5):
        record = Replica(prepare(net), spins_of(net, seed), 0.0, "zero", KEY).run(60, stride=1)
        assert (np.diff(record.energy) <= 1e-12).all()
        end = record.snapshots[-1]
        assert (end * net.local_fields(end) > -1e-12).all()


def test_ties_keep_the_spin():
    net = Network([[1.0, 1.0, 0.0, 0.0]], P=2)
    for cue in ([1, 1, 1, -1], [-1, -1, -1, 1]):
        end = retrieve(net, cue)
        assert end.spins.tolist() == cue
        assert (end.sweeps, end.converged) == (1, True)


def test_retrieval_from_half_of_a_pattern():
    net = Network.sample(Model(P=3, alpha=0.05), 96, seed=2)
    cues = np.repeat(net.archetypes[:4], 2, 0).copy()
    cues[:, :19] *= -1  # overlap 0.6
    end = retrieve(net, cues)
    assert end.converged.all()
    assert end.magnetisations.shape == (8, net.n)
    assert (end.magnetisations[np.arange(8), np.arange(8) // 2] > 0.97).all()


def test_results_depend_on_the_seed_alone(monkeypatch):
    arguments = {"T": [0.3, 0.5], "N": 30, "sweeps": 30, "burn_in": 5, "samples": 2}
    model = Model(P=3, alpha=0.1)
    first = simulate(model, seed=4, **arguments)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert first.identical(simulate(model, seed=4, **arguments))
    assert not first.m.equals(simulate(model, seed=5, **arguments).m)
    alone = simulate(model, seed=4, **arguments | {"samples": 1})
    assert alone.m.isel(sample=0).equals(first.m.isel(sample=0))
    assert np.isnan(alone.m_err).all()


def test_gauging_the_patterns_gauges_the_run():
    net = Network.sample(Model(P=3, alpha=0.3), 16, seed=9)
    gauge = spins_of(net, 3)
    turned = Network(net.entries * gauge, P=3)
    runs = [
        Replica(prepare(n), s, 0.0, "zero", KEY).run(20, stride=1).snapshots
        for n, s in ((net, spins_of(net)), (turned, spins_of(net) * gauge))
    ]
    np.testing.assert_array_equal(runs[0] * gauge, runs[1])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86 assembly")
def test_the_pass_over_patterns_is_vectorised():
    fresh = nb.njit(fastmath=kernels.FAST)(kernels.sign_field.py_func)  # a cached one has no assembly to show
    rows = np.ones((2, 99), np.int8)
    assert fresh(rows, 1, np.ones(99, np.float32)) == 99
    assembly = "".join(fresh.inspect_asm().values())
    wide = sum(assembly.count(register) for register in ("zmm", "ymm"))
    assert wide > 10, "the sum over patterns runs one number at a time"


def test_coupling_tensor_is_symmetric_with_empty_diagonals():
    noise = np.arange(1.0, comb(5, 3) + 1)
    tensor = prepare(Network(np.ones((1, 5)), P=3, noise=noise)).coupling.reshape(5, 5, 5)
    assert (tensor == tensor.transpose(1, 0, 2)).all()
    assert (tensor == tensor.transpose(0, 2, 1)).all()
    assert not np.einsum("iij->ij", tensor).any()
    assert (tensor != 0).sum() == 6 * comb(5, 3)
