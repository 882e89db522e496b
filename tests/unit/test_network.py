"""The reference network against sums over explicit index tuples, and the symmetries of its energy."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densenet_sm import Model, Multitasking, Network, Storing, Supervised, Unsupervised
from densenet_sm.enumeration import states
from densenet_sm.protocols import sample_archetypes
from densenet_sm.streams import generator

KINDS = ("binary", "diluted", "real")
ORDERS = range(2, 9)
PROTOCOLS = {
    "storing": Storing(),
    "supervised": Supervised(r=0.6, M=5),
    "unsupervised": Unsupervised(r=0.6, M=4),
    "multitasking": Multitasking(K=3, d=0.4),
    "multitasking supervised": Multitasking(K=2, d=0.3, data=Supervised(r=0.7, M=3)),
    "multitasking unsupervised": Multitasking(K=2, d=0.3, data=Unsupervised(r=0.7, M=3)),
}


def entries_of(kind, n, N, rng):
    if kind == "real":
        return rng.normal(size=(n, N))
    values = (-1, 1) if kind == "binary" else (-1, 0, 0, 1)
    return rng.choice(np.array(values, np.int8), (n, N))


def network(kind, P, interaction="tensor", seed=0, n=3, N=None, noise=True, K=2):
    """A network with everything: weights, archetypes of their own, tensor noise and a field."""
    rng = np.random.default_rng((seed, P))
    N = P + 1 if N is None else N
    Og = rng.normal(size=math.comb(N, P)) if noise else None
    archetypes = entries_of("diluted", K, N, rng)
    weights = rng.uniform(0.2, 2, n)
    return Network(entries_of(kind, n, N, rng), P, interaction, weights, archetypes, Og, field=0.3)


def explicit_energy(net, s):
    """H, by loops over index tuples: distinct indices for the tensor form, all indices for the power form."""
    sites, c = range(net.N), math.factorial(net.P) / (2 * net.N ** (net.P - 1))
    H = -net.field * sum(net.archetypes[0, i] * s[i] for i in sites)
    for t, w in zip(net.entries.astype(float), net.weights, strict=True):
        y = t * s
        if net.interaction == "tensor":
            H -= c * w * sum(math.prod(y[list(index)]) for index in itertools.combinations(sites, net.P))
        else:
            every = sum(math.prod(y[list(index)]) for index in itertools.product(sites, repeat=net.P))
            H -= net.N / 2 * w * every / net.N**net.P
    if net.noise is not None:
        for index, value in zip(itertools.combinations(sites, net.P), net.noise, strict=True):
            H -= c * value * math.prod(s[list(index)])
    return H


def random_spins(net, R, seed=1):
    return np.random.default_rng(seed).choice([-1, 1], (R, net.N))


@pytest.mark.parametrize("P", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_tensor_energy_is_the_sum_over_distinct_indices(kind, P):
    net = network(kind, P)
    for s in random_spins(net, 3):
        assert net.energy(s) == pytest.approx(explicit_energy(net, s), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("P", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_power_energy_is_the_sum_over_all_indices(kind, P):
    net = network(kind, P, "power", n=2, N=P)
    for s in random_spins(net, 2):
        assert net.energy(s) == pytest.approx(explicit_energy(net, s), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("P", ORDERS)
def test_a_stored_pattern_alone_has_the_energy_minus_N_f_N_of_one(P):
    N = 20
    pattern = np.random.default_rng(P).choice([-1, 1], N)
    shrunk = math.prod(1 - k / N for k in range(P))
    assert Network([pattern], P).energy(pattern) == pytest.approx(-N / 2 * shrunk, rel=1e-12)
    assert Network([pattern], P, "power").energy(pattern) == pytest.approx(-N / 2, rel=1e-12)


@pytest.mark.parametrize("P", ORDERS)
def test_binary_energy_stays_exact_at_hundreds_of_spins(P):
    """e_P of N signs, m of them negative, is the integer Σ_j (−1)^j C(m, j) C(N−m, P−j)."""
    N = 300
    for m in (0, 40, 149, 150, 290):
        s = np.where(np.arange(N) < m, -1, 1)
        e = sum((-1) ** j * math.comb(m, j) * math.comb(N - m, P - j) for j in range(P + 1))
        exact = -math.factorial(P) * e / (2 * N ** (P - 1))
        assert Network(np.ones((1, N), np.int8), P).energy(s) == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize("P", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_flipping_a_spin_costs_twice_its_field(kind, P, interaction):
    net = network(kind, P, interaction, N=P + 2)
    spins = random_spins(net, 3)
    cost = 2 * spins * net.local_fields(spins)
    for i in range(net.N):
        flipped = spins.copy()
        flipped[:, i] *= -1
        np.testing.assert_allclose(net.energy(flipped) - net.energy(spins), cost[:, i], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("interaction", ["tensor", "power"])
def test_a_batch_of_states_gives_what_its_rows_give(interaction):
    net = network("real", 3, interaction, n=4, N=7, K=2)
    spins = random_spins(net, 5)
    for method, shape in ((net.energy, ()), (net.local_fields, (7,)), (net.overlaps, (4,)), (net.magnetisations, (2,))):
        batch = method(spins)
        assert batch.shape == (5, *shape)
        for row, s in zip(batch, spins, strict=True):
            assert np.shape(method(s)) == shape
            np.testing.assert_allclose(method(s), row, rtol=1e-13, atol=1e-14)
        assert method(spins[:1]).shape == (1, *shape)


def test_a_batch_of_no_states_gives_no_results():
    net, none = network("real", 3, n=4, N=7), np.ones((0, 7))
    for method, shape in ((net.local_fields, (7,)), (net.overlaps, (4,)), (net.magnetisations, (2,)), (net.energy, ())):
        assert method(none).shape == (0, *shape)


@pytest.mark.parametrize("P", ORDERS)
@pytest.mark.parametrize("interaction", ["tensor", "power"])
def test_mean_energy_is_the_average_over_all_states(interaction, P):
    for kind in KINDS:
        net = network(kind, P, interaction, N=max(P, 6))
        H = net.energy(states(net.N))
        assert net.mean_energy() == pytest.approx(H.mean(), rel=1e-10, abs=1e-11 * np.abs(H).max())


@pytest.mark.parametrize("K", [1, 2, 5])
def test_overlaps_use_the_entries_and_magnetisations_the_archetypes_of_any_number(K):
    net = network("real", 2, n=3, N=6, K=K)
    s = random_spins(net, 1)[0]
    x = [sum(net.entries[mu, i] * s[i] for i in range(6)) / 6 for mu in range(3)]
    m = [sum(net.archetypes[mu, i] * s[i] for i in range(6)) / 6 for mu in range(K)]
    np.testing.assert_allclose(net.overlaps(s), x, rtol=1e-13)
    np.testing.assert_allclose(net.magnetisations(s), m, rtol=1e-13, atol=1e-16)


def test_archetypes_are_the_entries_unless_given():
    entries = np.random.default_rng(0).normal(size=(3, 5))
    s = np.array([1, -1, 1, 1, -1])
    np.testing.assert_array_equal(Network(entries, 2).magnetisations(s), Network(entries, 2).overlaps(s))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**20), P=st.integers(2, 6), kind=st.sampled_from(KINDS))
def test_the_tensor_interaction_is_gauge_and_permutation_invariant(seed, P, kind):
    net = network(kind, P, seed=seed, N=P + 2)
    rng = np.random.default_rng(seed)
    s, gauge, order = rng.choice([-1, 1], net.N), rng.choice([-1, 1], net.N), rng.permutation(net.N)
    index = list(itertools.combinations(range(net.N), P))
    value = {frozenset(i): v for i, v in zip(index, net.noise, strict=True)}
    turned_noise = net.noise * [math.prod(gauge[list(i)]) for i in index]
    moved_noise = [value[frozenset(order[list(i)])] for i in index]
    turned = Network(net.entries * gauge, P, "tensor", net.weights, net.archetypes * gauge, turned_noise, net.field)
    moved = Network(net.entries[:, order], P, "tensor", net.weights, net.archetypes[:, order], moved_noise, net.field)
    H, h, size = net.energy(s), net.local_fields(s), 1e-11 * (1 + np.abs(net.local_fields(s)).max())
    assert turned.energy(s * gauge) == pytest.approx(H, rel=1e-10, abs=size)
    assert moved.energy(s[order]) == pytest.approx(H, rel=1e-10, abs=size)
    np.testing.assert_allclose(turned.local_fields(s * gauge), gauge * h, rtol=1e-10, atol=size)
    np.testing.assert_allclose(moved.local_fields(s[order]), h[order], rtol=1e-10, atol=size)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_sample_has_the_shapes_weights_and_probes_of_its_protocol(protocol):
    N, K, C, each = 12, 5, protocol.n_condensed, protocol.entries_per_archetype()
    net = Network.sample(Model(P=3, protocol=protocol, nu=0.1), N=N, K=K, seed=3)
    assert net.entries.shape == (K * each, N)
    assert net.archetypes.shape == (K, N)
    assert net.noise.shape == (math.comb(N, 3),)
    np.testing.assert_allclose(net.weights, 1 / each)
    assert net.probes.shape == (C, N)
    for c in range(C):  # the condensed entries: the examples of one archetype averaged
        np.testing.assert_allclose(net.probes[c], net.entries[c * each : (c + 1) * each].mean(0), atol=1e-15)
    assert set(np.unique(net.archetypes)) <= {-1, 0, 1}
    assert (0 in net.archetypes) == (protocol.dilution > 0)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_sample_is_fixed_by_seed_and_number_and_other_samples_differ(protocol):
    model = Model(P=3, protocol=protocol, nu=0.1)

    def draw(**place):
        net = Network.sample(model, N=20, K=4, **place)
        return net.entries, net.archetypes, net.noise

    for first, again in zip(draw(seed=7, sample=2), draw(seed=7, sample=2), strict=True):
        np.testing.assert_array_equal(first, again)
    for other in ({"seed": 7, "sample": 3}, {"seed": 8, "sample": 2}, {"seed": 2, "sample": 7}):
        for first, second in zip(draw(seed=7, sample=2), draw(**other), strict=True):
            assert (first != second).any()


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_archetypes_examples_and_noise_come_from_streams_of_their_own(protocol):
    model = Model(P=3, protocol=protocol, nu=0.1)
    net = Network.sample(model, N=20, K=4, seed=5, sample=2)
    xi = sample_archetypes(4, 20, protocol.dilution, generator(5, "patterns", 2))
    entries, _ = protocol.sample(xi, generator(5, "examples", 2))
    np.testing.assert_array_equal(net.archetypes, xi)
    np.testing.assert_array_equal(net.entries, entries)
    np.testing.assert_allclose(net.noise, model.Omega(20) * generator(5, "tensor noise", 2).standard_normal(1140))


@pytest.mark.parametrize("interaction", ["tensor", "power"])
def test_a_sample_has_the_interaction_order_and_field_of_its_model(interaction):
    net = Network.sample(Model(P=4, interaction=interaction, field=0.2), N=9, K=2)
    assert (net.interaction, net.P, net.N, net.field) == (interaction, 4, 9, 0.2)


def test_K_is_a_number_or_a_function_of_N_or_follows_from_the_load():
    model = Model(P=3, alpha=0.1)
    for K in (7, lambda N: N // 2):
        assert len(Network.sample(model, N=14, K=K).entries) == 7
    assert len(Network.sample(model, N=30).entries) == model.n_patterns(30)


def test_tensor_noise_has_the_variance_Omega_squared():
    model = Model(P=3, nu=0.4)
    g = Network.sample(model, N=30, seed=1).noise / model.Omega(30)
    assert abs(g.mean()) < 5 / math.sqrt(g.size)
    assert abs(g.var() - 1) < 5 * math.sqrt(2 / g.size)


def test_without_synaptic_noise_nothing_is_drawn_for_it():
    assert Network.sample(Model(P=3), N=10).noise is None
