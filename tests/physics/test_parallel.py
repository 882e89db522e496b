"""Parallel dynamics: costs against the reference, and the stationary law of the explicit transition matrix."""

import itertools
import math

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
    simulate,
)
from densenet_sm.enumeration import states
from densenet_sm.montecarlo.parallel import Batch, fields_of

KEY = np.array([7, 11], np.uint32)
FALSE_ALARM = 1e-5
NETWORKS = {
    "P2 noise field": Model(P=2, alpha=0.3, nu=0.2, field=0.1),
    "P3 noise field": Model(P=3, alpha=0.3, nu=0.2, field=0.1),
    "P4 noise": Model(P=4, alpha=0.2, nu=0.1),
    "P5": Model(P=5, alpha=0.1),
    "P8": Model(P=8, alpha=0.05),
    "P2 power": Model(P=2, alpha=0.3, interaction="power"),
    "P5 power": Model(P=5, alpha=0.1, interaction="power", field=0.1),
    "unsupervised": Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=3)),
    "supervised": Model(P=3, alpha=0.3, nu=0.1, protocol=Supervised(r=0.6, M=3), field=0.1),
    "supervised P4 power": Model(P=4, alpha=0.3, protocol=Supervised(r=0.6, M=3), interaction="power"),
    "multitasking": Model(P=4, alpha=0.1, protocol=Multitasking(2, 0.3)),
    "diluted examples": Model(P=3, alpha=0.1, protocol=Multitasking(2, 0.3, data=Supervised(r=0.6, M=3))),
    "teacher and student": Model(P=3, alpha=0.3, protocol=TeacherStudent(1.2)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_costs_and_energies_are_those_of_the_reference(name):
    net = Network.sample(NETWORKS[name], 11, seed=3)
    spins = np.random.default_rng(0).choice([-1.0, 1.0], (5, 11))
    cost, energy = fields_of(net).costs(spins)
    np.testing.assert_allclose(cost, 2 * spins * net.local_fields(spins), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(energy, net.energy(spins), rtol=1e-11, atol=1e-11)


def test_weighted_real_entries_without_structure():
    rng = np.random.default_rng(1)
    net = Network(rng.normal(size=(6, 9)), P=5, weights=rng.normal(size=6))
    spins = rng.choice([-1.0, 1.0], (4, 9))
    np.testing.assert_allclose(fields_of(net).costs(spins)[0], 2 * spins * net.local_fields(spins), rtol=1e-10)


def transition_matrix(net, T):
    """W[s, s′] = Π_i p_i(s′_i | s) over all 2^N states."""
    s = states(net.N).astype(float)
    flip = 1 / (1 + np.exp(2 * s * net.local_fields(s) / T))
    differs = s[:, None, :] != s[None, :, :]
    return np.where(differs, flip[:, None, :], 1 - flip[:, None, :]).prod(-1)


def stationary(W):
    """Left eigenvector of eigenvalue 1, by powers of W."""
    p = np.full(len(W), 1 / len(W))
    for _ in range(2000):
        p = p @ W
    np.testing.assert_allclose(p @ W, p, atol=1e-13)
    return p


def counts(net, T, sweeps=3000, replicas=32, thinning=6):
    """Histogram over states of independent replicas, thinned."""
    spins = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), (replicas, net.N))
    batch = Batch(fields_of(net), spins, T, KEY, list(range(replicas)), 0)
    batch.run(96, 1 << 20)
    seen = np.concatenate([r.snapshots for r in batch.run(sweeps, thinning)])
    return np.bincount(((seen < 0) << np.arange(net.N)).sum(1), minlength=2**net.N)


def p_value(found, law):
    """χ² test, states expected fewer than ten times pooled."""
    expected = law * found.sum()
    rare = expected < 10
    observed, wanted = np.append(found[~rare], found[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    return chi2.sf(((observed - wanted)[keep] ** 2 / wanted[keep]).sum(), keep.sum() - 1)


PROTOCOLS = {
    "storing": Storing(),
    "supervised": Supervised(r=0.6, M=3),
    "unsupervised": Unsupervised(r=0.6, M=3),
    "multitasking": Multitasking(2, 0.3),
}


@pytest.mark.parametrize(("name", "P"), list(itertools.product(PROTOCOLS, (2, 3, 4))))
def test_states_are_visited_as_the_transition_matrix_says(name, P):
    net = Network.sample(Model(P=P, alpha=0.3, nu=0.1, field=0.05, protocol=PROTOCOLS[name]), 6, seed=P)
    assert p_value(counts(net, 1.2), stationary(transition_matrix(net, 1.2))) > FALSE_ALARM


def test_the_law_is_not_that_of_Boltzmann():
    """Negative control: the same histogram, tested against the Boltzmann law of H, fails."""
    from densenet_sm import exact

    net = Network.sample(Model(P=3, alpha=0.3), 6, seed=3)
    assert p_value(counts(net, 1.2), exact(net, 1.2)["probabilities"]) < FALSE_ALARM


def test_at_zero_temperature_two_states_may_alternate_for_ever():
    """Two spins coupled against each other: both flip, both flip back; one at a time they would settle."""
    net = Network([[1.0, -1.0]], P=2)
    ds = simulate(net, 0.0, sweeps=10, burn_in=0, replicas=1, start=np.array([1, 1]), dynamics="parallel", series=True)
    assert ds.acceptance.item() == 1.0
    one = simulate(net, 0.0, sweeps=10, burn_in=0, replicas=1, start=np.array([1, 1]), dynamics="zero")
    assert one.energy.item() < ds.energy.item()
    assert one.acceptance.item() == pytest.approx(0.05)


def test_ties_keep_the_spin_at_zero_temperature():
    net = Network([[1.0, 1.0, 0.0, 0.0]], P=2)
    ds = simulate(net, 0.0, sweeps=5, burn_in=0, start=np.array([1, 1, 1, -1]), dynamics="parallel")
    assert not ds.acceptance.any()


def test_one_step_from_a_pattern_is_the_sign_of_its_fields():
    """erf(√P/(2√α)) per spin as N → ∞ (theory/SIGNAL_TO_NOISE.md); here against the fields of the same realisation."""
    model, N = Model(P=3, alpha=0.4), 64
    net = Network.sample(model, N, seed=2)
    ds = simulate(net, 0.0, sweeps=1, burn_in=0, replicas=1, dynamics="parallel")
    first = net.archetypes[0]
    assert ds.m.item() == pytest.approx((first * np.sign(net.local_fields(first))).mean())
    assert abs(ds.m.item() - math.erf(math.sqrt(3) / (2 * math.sqrt(0.4)))) < 5 / math.sqrt(N)


def test_a_batch_in_pieces_is_the_batch_in_one():
    net = Network.sample(Model(P=3, alpha=0.2), 20, seed=1)
    spins = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), (3, 20))
    whole = Batch(fields_of(net), spins, 0.7, KEY, [0, 1, 2], 0).run(200, 8)
    batch = Batch(fields_of(net), spins, 0.7, KEY, [0, 1, 2], 0)
    first = batch.run(64, 8)
    resumed = Batch(fields_of(net), batch.spins, 0.7, KEY, [0, 1, 2], 0, clock=64)
    for a, b, c in zip(whole, first, resumed.run(136, 8), strict=True):
        np.testing.assert_array_equal(a.energy, np.concatenate([b.energy, c.energy]))
        np.testing.assert_array_equal(a.snapshots, np.concatenate([b.snapshots, c.snapshots]))
