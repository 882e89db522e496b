"""Initial spins have the overlap asked for, and depend on nothing but seed, sample and start."""

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, Network, Unsupervised, simulate
from densenet_sm.montecarlo.starts import aligned


def blank(R, N, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (R, N))


@pytest.mark.parametrize("overlap", [1.0, 0.5, 0.0, -1.0])
def test_the_overlap_counts_the_sites_where_the_pattern_is_not_blank(overlap):
    net = Network.sample(Model(P=2, protocol=Multitasking(2, 0.5)), 64, seed=0)
    active = net.archetypes[0] != 0
    spins = aligned(blank(3, 64), net.archetypes[:2], overlap, np.random.default_rng(1))
    found = (spins * net.archetypes[0])[:, active].mean(1)
    np.testing.assert_allclose(found, overlap, atol=1 / active.sum())


def test_blank_sites_are_filled_from_the_next_pattern():
    rows = np.array([[1, 0, -1, 0], [-1, -1, -1, 0]])
    spins = aligned(blank(2, 4), rows, 1.0, np.random.default_rng(1))
    assert spins[:, :3].tolist() == [[1, -1, -1]] * 2
    assert spins[:, 3].tolist() == blank(2, 4)[:, 3].tolist()


def test_the_initial_overlap_of_a_run_is_noted():
    ds = simulate(Model(P=3), 0.0, N=50, sweeps=1, burn_in=0, overlap=0.6, dynamics="zero", samples=1)
    assert ds.attrs["overlap"] == 0.6


def test_spins_of_ones_own_are_where_a_run_begins():
    """At P = 2 a pattern and its mirror image are both stable."""
    net = Network(np.ones((1, 10)), P=2)
    up = simulate(net, 0.0, sweeps=1, burn_in=0, start=np.ones(10), dynamics="zero")
    assert up.m.values.ravel().tolist() == [1.0, 1.0]
    two = simulate(net, 0.0, sweeps=1, burn_in=0, start=np.array([np.ones(10), -np.ones(10)]), dynamics="zero")
    assert two.m.values.ravel().tolist() == [1.0, -1.0]


def test_an_example_start_is_the_first_example():
    """At vanishing load and T = 0 each example of two is stable at P = 4; nothing moves."""
    model = Model(P=4, protocol=Unsupervised(r=0.1, M=2))
    net = Network.sample(model, 40, K=1, seed=3)
    ds = simulate(net, 0.0, sweeps=1, burn_in=0, start="example", dynamics="zero")
    example = np.sign(net.entries[0])
    assert (example * net.local_fields(example) > 0).all()
    np.testing.assert_allclose(ds.m.values.ravel(), (net.archetypes[0] * example).mean())
