"""Exact enumeration against a loop over states in plain Python, and against thermodynamic identities."""

import itertools
import math

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, Network, Unsupervised, exact
from densenet_sm.enumeration import states

CASES = [(2, "tensor"), (3, "tensor"), (4, "tensor"), (5, "tensor"), (2, "power"), (3, "power"), (4, "power")]


def network(P, interaction, N=6, field=0.2, noise=True):
    """Real entries, weights, archetypes of their own, tensor noise and a field."""
    rng = np.random.default_rng((P, N))
    Og = rng.normal(size=math.comb(N, P)) if noise else None
    entries, archetypes = rng.normal(size=(3, N)), rng.choice([-1, 0, 1], (2, N))
    return Network(entries, P, interaction, rng.uniform(0.5, 2, 3), archetypes, Og, field)


def hamiltonian(net, s):
    """H in plain Python: index tuples for the tensor form, the overlap for the power form."""
    c, H = math.factorial(net.P) / (2 * net.N ** (net.P - 1)), 0.0
    tuples = list(itertools.combinations(range(net.N), net.P))
    for t, w in zip(net.entries.tolist(), net.weights.tolist(), strict=True):
        if net.interaction == "tensor":
            H -= c * w * sum(math.prod(t[i] * s[i] for i in index) for index in tuples)
        else:
            H -= net.N / 2 * w * (sum(a * b for a, b in zip(t, s, strict=True)) / net.N) ** net.P
    if net.noise is not None:
        H -= c * sum(g * math.prod(s[i] for i in index) for g, index in zip(net.noise, tuples, strict=True))
    return H - net.field * sum(a * b for a, b in zip(net.archetypes[0].tolist(), s, strict=True))


def averages(net, weight_of):
    """The dict of `exact` by a loop over all states; `weight_of` maps the list of H to Boltzmann weights."""
    N, every = net.N, list(itertools.product((1, -1), repeat=net.N))
    H = [hamiltonian(net, s) for s in every]
    if net.interaction == "power":  # measured from the infinite-temperature mean
        zero = sum(hamiltonian(Network(net.entries, net.P, "power", net.weights), s) for s in every) / len(every)
        H = [e - zero for e in H]
    weights = weight_of(H)
    Z = sum(weights)
    result = {"energy": 0.0, "m": 0.0, "abs_m": 0.0, "x": 0.0, "spins": 0.0, "log_Z": math.log(Z)}
    for s, e, w in zip(every, H, weights, strict=True):
        s = np.array(s)
        m = net.archetypes @ s / N
        found = {"energy": e / N, "m": m, "abs_m": abs(m), "x": net.entries @ s / N, "spins": s}
        for name, value in found.items():
            result[name] = result[name] + w / Z * value
    return result | {"q": sum(result["spins"] ** 2) / N}


@pytest.mark.parametrize(("P", "interaction"), CASES)
@pytest.mark.parametrize("T", [0.15, 1.3])
def test_averages_are_those_of_a_loop_over_all_states(P, interaction, T):
    net = network(P, interaction)
    expected, found = averages(net, lambda H: [math.exp(-e / T) for e in H]), exact(net, T)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("protocol", [Unsupervised(r=0.7, M=3), Multitasking(K=2, d=0.4)], ids=str)
def test_averages_of_a_sampled_network_are_those_of_a_loop(protocol):
    net = Network.sample(Model(P=3, protocol=protocol, nu=0.2, field=0.1), N=8, K=3, seed=4)
    expected, found = averages(net, lambda H: [math.exp(-e / 0.7) for e in H]), exact(net, 0.7)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(("P", "interaction"), CASES)
def test_at_zero_temperature_the_ground_states_share_the_weight(P, interaction):
    net = network(P, interaction)
    expected = averages(net, lambda H: [float(e < min(H) + 1e-9) for e in H])
    found = exact(net, 0.0)
    for name in ("energy", "m", "abs_m", "x", "spins", "q"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-12, err_msg=name)
    assert found["log_Z"] == math.inf


def test_degenerate_ground_states_have_equal_weights():
    """P even and no field: s and −s are both ground states, so m vanishes and |m| does not."""
    result = exact(Network([[1, 1, -1, 1, -1, -1]], P=4), 0.0)
    assert sorted(result["probabilities"])[-2:] == [0.5, 0.5]
    assert (result["m"], result["abs_m"]) == ([0.0], [1.0])


@pytest.mark.parametrize(("P", "interaction"), CASES)
def test_low_temperatures_lead_to_the_zero_temperature_averages(P, interaction):
    net = network(P, interaction)
    cold, frozen = exact(net, 1e-3), exact(net, 0.0)
    for name in ("energy", "m", "abs_m", "x", "spins", "q", "probabilities"):
        np.testing.assert_allclose(cold[name], frozen[name], atol=1e-8, err_msg=name)
    assert -1e-3 * cold["log_Z"] / net.N == pytest.approx(frozen["energy"], abs=1e-8)


@pytest.mark.parametrize(("P", "interaction"), CASES)
def test_at_infinite_temperature_every_state_weighs_the_same(P, interaction):
    """log Z = N ln 2 + O(β²) and energy = O(β): both forms measure H from its infinite-temperature mean."""
    net, T = network(P, interaction), 1e7
    result = exact(net, T)
    size = np.abs(net.energy(states(net.N))).max()
    np.testing.assert_allclose(result["probabilities"], 2.0**-net.N, rtol=10 * size / T)
    assert result["log_Z"] == pytest.approx(net.N * math.log(2), abs=10 * (size / T) ** 2 + 1e-13)
    for name in ("energy", "m", "x", "q"):
        np.testing.assert_allclose(result[name], 0.0, atol=10 * size**2 / T, err_msg=name)


def slope(function, at, step):
    """Derivative by central differences, extrapolated in step² once."""
    d1, d2 = ((function(at + h) - function(at - h)) / (2 * h) for h in (step, step / 2))
    return (4 * d2 - d1) / 3


@pytest.mark.parametrize(("P", "interaction"), CASES)
def test_log_Z_falls_with_beta_at_the_rate_of_the_energy(P, interaction):
    net, beta = network(P, interaction), 1.4
    rate = slope(lambda b: exact(net, 1 / b)["log_Z"], beta, 1e-2)
    assert -rate == pytest.approx(net.N * exact(net, 1 / beta)["energy"], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("P", "interaction"), CASES)
def test_log_Z_grows_with_the_field_at_the_rate_of_the_magnetisation(P, interaction):
    T = 0.8
    rate = slope(lambda h: exact(network(P, interaction, field=h), T)["log_Z"], 0.2, 1e-2)
    net = network(P, interaction, field=0.2)
    assert T * rate / net.N == pytest.approx(exact(net, T)["m"][0], rel=1e-6, abs=1e-7)


def test_states_lists_every_state_once_and_any_part_of_the_list():
    every = states(5)
    assert len({tuple(s) for s in every.tolist()}) == 2**5
    assert set(np.unique(every)) == {-1, 1}
    np.testing.assert_array_equal(np.concatenate([states(5, 0, 9), states(5, 9, 20), states(5, 20)]), every)


def test_averages_over_several_chunks_of_states_are_consistent():
    net = network(3, "tensor", N=16, noise=False)
    result, every = exact(net, 0.5), states(16)
    p = result["probabilities"]
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(result["spins"], p @ every, atol=1e-12)
    np.testing.assert_allclose(result["abs_m"], p @ np.abs(net.magnetisations(every)), atol=1e-12)
    assert result["energy"] == pytest.approx(p @ net.energy(every) / 16)
    order = np.log(p) + net.energy(every) / 0.5  # constant, −log Z, if every p belongs to its state
    np.testing.assert_allclose(order, -result["log_Z"], rtol=1e-10)
