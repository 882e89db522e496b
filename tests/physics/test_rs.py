"""Replica-symmetric equations: stationarity, moments, limits, identities and public values."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erf

from densenet_sm import Model, Multitasking, Supervised, Unsupervised, solve
from densenet_sm.theory.atoms import AtomAverages
from densenet_sm.theory.averages import Averages
from densenet_sm.theory.noise import noise_of
from densenet_sm.theory.rs import Equations
from densenet_sm.theory.signal import elementary_polynomial, signal

MODELS = {
    "storing": (lambda P: Model(P=P, alpha=0.05), "retrieval"),
    "glass": (lambda P: Model(P=P, alpha=0.9), "glass"),
    "noisy synapses, field": (lambda P: Model(P=P, alpha=0.03, nu=0.05, field=0.05), "retrieval"),
    "supervised": (lambda P: Model(P=P, alpha=0.01, protocol=Supervised(r=0.7, M=8)), "retrieval"),
    "supervised, large M": (lambda P: Model(P=P, alpha=0.02, protocol=Supervised(rho=0.2)), "retrieval"),
    "unsupervised": (lambda P: Model(P=P, alpha=0.01, protocol=Unsupervised(r=0.85, M=8)), "retrieval"),
    "single example": (lambda P: Model(P=P, alpha=0.01, protocol=Unsupervised(r=0.4, M=3)), "example"),
    "multitasking": (lambda P: Model(P=P, alpha=0.001, protocol=Multitasking(3, 0.25)), "parallel"),
    "multitasking, learned": (
        lambda P: Model(P=P, protocol=Multitasking(2, 0.2, Supervised(r=0.8, M=5))),
        "hierarchical",
    ),
    "power": (lambda P: Model(P=P, alpha=0.02, interaction="power"), "retrieval"),
}
CASES = [(name, P) for name in MODELS for P in (2, 3, 4, 5)]


def derivative(function, eps):
    """Fourth-order central difference at 0."""
    return (8 * (function(eps) - function(-eps)) - function(2 * eps) + function(-2 * eps)) / (12 * eps)


def solved(name, P, T):
    build, start = MODELS[name]
    return build(P), solve(build(P), T, start=start)


@pytest.mark.parametrize("T", [0.0, 0.02, 0.15])
@pytest.mark.parametrize(("name", "P"), CASES)
def test_free_energy_is_stationary_in_every_order_parameter(name, P, T):
    model, state = solved(name, P, T)
    assert state.residual < 1e-11
    eq = Equations(model, T, example=name == "single example")
    v = state.order_parameters
    if T == 0 and eq.noise.silent:
        pytest.skip("averages over atoms: nothing to differentiate")
    for n in range(len(v)):
        if n == len(v) - 1 and v[n] < 3e-4:
            continue  # q = 1 to rounding: C at the end of its range
        axis = np.eye(len(v))[n]
        assert derivative(lambda e, axis=axis: eq.free_energy(v + e * axis), 1e-4) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("T", [0.05, 0.15])
@pytest.mark.parametrize(("name", "P"), CASES)
def test_entropy_is_minus_the_slope_of_f_in_temperature(name, P, T):
    model, state = solved(name, P, T)
    slope = derivative(lambda e: solve(model, T + e, start=state).free_energy, 0.01 * T)
    assert state.entropy == pytest.approx(-slope, abs=2e-6)
    assert state.free_energy == pytest.approx(state.energy - T * state.entropy, abs=1e-13)


@pytest.mark.parametrize("T", [0.0, 0.15])
@pytest.mark.parametrize(("name", "P"), [c for c in CASES if c[0] not in ("glass", "single example")])
def test_magnetisation_is_minus_the_slope_of_f_in_the_field(name, P, T):
    model, _ = solved(name, P, T)
    model = model.replace(field=max(model.field, 0.01))
    state = solve(model, T, start=MODELS[name][1])
    slope = derivative(lambda e: solve(model.replace(field=model.field + e), T, start=state).free_energy, 1e-4)
    assert np.atleast_1d(state.m)[0] == pytest.approx(-slope, abs=1e-8)


@pytest.mark.parametrize("T", [0.0, 0.1, 0.5])
@pytest.mark.parametrize(("name", "P"), CASES)
def test_jacobian_is_the_derivative_of_the_residual(name, P, T):
    build, _ = MODELS[name]
    eq = Equations(build(P), T, example=name == "single example")
    if T == 0 and eq.noise.silent:
        pytest.skip("averages over atoms have no slope")
    C, G = eq.shape
    v = np.append(np.linspace(0.9, 0.4, C * G), 0.4)
    eps, columns = 1e-6, []
    for n in range(len(v)):
        shift = np.zeros_like(v)
        shift[n] = eps
        columns.append((eq.residual(v + shift) - eq.residual(v - shift)) / (2 * eps))
    np.testing.assert_allclose(eq.jacobian(v), np.array(columns).T, atol=2e-8)


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("nu", [0.0, 0.05])
@pytest.mark.parametrize("P", [3, 4, 6])
def test_on_the_nishimori_line_q_equals_m(P, nu, alpha):
    state = solve(Model(P=P, alpha=alpha, nu=nu), alpha + nu)
    assert state.phase == "retrieval"
    assert state.q == pytest.approx(state.m, abs=1e-11)
    assert state.energy == pytest.approx(-0.5, abs=1e-11)  # there e = −f(1): as for the planted state


@pytest.mark.parametrize("nu", [0.1, 0.4])
def test_at_two_bodies_the_nishimori_line_is_synaptic_noise_alone(nu):
    state = solve(Model(P=2, nu=nu), nu)
    assert state.q == pytest.approx(state.m, abs=1e-11)


@pytest.mark.parametrize("P", [2, 3, 4, 5, 8])
def test_at_zero_load_the_mean_field_equation_holds(P):
    T = 0.3
    m = solve(Model(P=P), T).m
    assert m == pytest.approx(math.tanh(P / 2 * m ** (P - 1) / T), abs=1e-12)


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.13])
def test_two_bodies_at_zero_temperature_follow_the_closed_form(alpha):
    equation = lambda y: y * (math.sqrt(2 * alpha) + 2 / math.sqrt(math.pi) * math.exp(-(y**2))) - erf(y)  # noqa: E731
    grid = np.linspace(6, 0.5, 200)  # the largest root is the retrieval state
    last = np.flatnonzero(np.array([equation(y) for y in grid]) < 0)[0]
    y = brentq(equation, grid[last], grid[last - 1])
    assert solve(Model(P=2, alpha=alpha), 0.0).m == pytest.approx(erf(y), abs=1e-11)


@pytest.mark.parametrize(("P", "alpha"), [(3, 0.2), (3, 0.37), (4, 0.3), (7, 0.4)])
def test_many_bodies_at_zero_temperature_follow_the_closed_form(P, alpha):
    m = solve(Model(P=P, alpha=alpha), 0.0).m
    y = math.sqrt(P / alpha) / 2 * m ** (P - 1)
    assert m == pytest.approx(erf(y), abs=1e-12)


@pytest.mark.parametrize(("name", "P"), CASES)
def test_zero_temperature_is_the_limit_of_small_temperatures(name, P):
    model, cold = solved(name, P, 0.0)
    warm = solve(model, 2e-4, start=MODELS[name][1])
    assert warm.phase == cold.phase
    np.testing.assert_allclose(warm.x, cold.x, atol=5e-3)
    assert warm.energy == pytest.approx(cold.energy, abs=2e-3)


@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize("P", [3, 4, 6])
def test_the_paramagnet_has_the_annealed_free_energy(P, interaction):
    model = Model(P=P, alpha=0.3, nu=0.1, interaction=interaction)
    noise = noise_of(model)
    if noise.coefficients[1]:
        pytest.skip("a random field: q > 0 at every temperature")
    T = 3.0
    state = solve(model, T, start="paramagnet")
    assert state.phase == "paramagnet"
    assert -state.free_energy / T == pytest.approx(math.log(2) + sum(noise.coefficients) / (2 * T**2), abs=1e-12)


def test_an_odd_power_interaction_is_a_random_field():
    state = solve(Model(P=3, alpha=0.3, interaction="power"), 3.0, start="paramagnet")
    assert state.q > 0.01
    assert state.phase == "paramagnet"


def test_hermite_coefficients_of_the_power_form_are_the_moments_of_a_gaussian():
    for P in (3, 4, 5, 6):
        coefficients = noise_of(Model(P=P, alpha=1.0, interaction="power")).coefficients
        double_factorial = math.prod(range(2 * P - 1, 0, -2))
        mean = math.prod(range(P - 1, 0, -2)) if P % 2 == 0 else 0
        # at q = 1: (α/(2P!)) Var z^P
        assert sum(coefficients) == pytest.approx((double_factorial - mean**2) / (2 * math.factorial(P)))


def test_public_ground_states_of_spin_glasses():
    # Sherrington-Kirkpatrick, ξ = q²/2: the replica-symmetric ground state −√(2/π)
    assert solve(Model(P=2, nu=1.0), 0.0, start="glass").energy == pytest.approx(-math.sqrt(2 / math.pi), abs=1e-12)
    # and the same for any P: −√(2ξ'(1)/π)
    assert solve(Model(P=3, alpha=1.0), 0.0, start="glass").energy == pytest.approx(-math.sqrt(3 / math.pi), abs=1e-12)


def test_hopfield_entropy_at_zero_temperature_is_the_known_negative_number():
    # −(α/2)[ln(1−C) + C/(1−C)] at the fold, about −1.4e-3 (amit1987)
    entropy = solve(Model(P=2, alpha=0.1379), 0.0).entropy
    assert -2e-3 < entropy < -1e-3


@pytest.mark.parametrize("P", [2, 3, 4])
@pytest.mark.parametrize("T", [0.0, 0.2])
def test_perfect_examples_are_the_patterns(P, T):
    plain = solve(Model(P=P, alpha=0.05), T)
    for protocol in (Supervised(r=1.0, M=5), Supervised(rho=0.0), Unsupervised(r=1.0, M=4), Multitasking(1, 0.0)):
        same = solve(Model(P=P, alpha=0.05, protocol=protocol), T)
        assert np.atleast_1d(same.m)[0] == pytest.approx(plain.m, abs=1e-11)
        assert same.free_energy == pytest.approx(plain.free_energy, abs=1e-11)


@pytest.mark.parametrize("P", [2, 3])
def test_many_examples_approach_the_large_M_law(P):
    r = 0.5
    gap = []
    for M in (40, 160):
        rho = (1 - r**2) / (M * r**2)
        finite = solve(Model(P=P, alpha=0.02, protocol=Supervised(r=r, M=M)), 0.2)
        limit = solve(Model(P=P, alpha=0.02, protocol=Supervised(rho=rho)), 0.2)
        gap.append(abs(finite.m - limit.m))
    assert gap[1] < gap[0] / 3
    assert gap[1] < 1e-3


def test_the_large_M_law_relates_overlap_and_magnetisation():
    rho, P, T = 0.3, 3, 0.2
    s = solve(Model(P=P, alpha=0.03, protocol=Supervised(rho=rho)), T)
    psi = P / 2 * s.x ** (P - 1) / T
    assert s.x == pytest.approx(s.m / math.sqrt(1 + rho) + rho / (1 + rho) * psi * (1 - s.q), abs=1e-11)


def test_equal_examples_retrieve_the_archetype_as_the_teacher_would():
    for P in (2, 3, 4):
        supervised = solve(Model(P=P, protocol=Supervised(r=0.7, M=7)), 0.2)
        unsupervised = solve(Model(P=P, protocol=Unsupervised(r=0.7, M=7)), 0.2)
        assert unsupervised.m == pytest.approx(supervised.m, abs=1e-12)
        assert unsupervised.free_energy == pytest.approx(supervised.free_energy, abs=1e-12)


def test_a_single_example_attracts_when_examples_are_few_and_poor():
    model = Model(P=3, alpha=0.01, protocol=Unsupervised(r=0.5, M=3))
    example = solve(model, 0.1, start="example")
    assert example.phase == "example"
    assert example.x_groups[0, 0] > 1.5 * example.x_groups[0, 1]
    assert example.free_energy < solve(model, 0.1).free_energy


def test_equal_examples_are_unstable_where_a_single_one_attracts():
    """As Monte Carlo sees it: from the archetype the spins run to an example."""
    for r, stable in ((0.5, False), (0.9, True)):
        state = solve(Model(P=3, alpha=0.02, protocol=Unsupervised(r=r, M=4)), 0.25)
        assert state.phase == "retrieval"
        assert state.stable is stable
        assert state.x_groups.shape == (1, 1)


def test_both_forms_are_the_same_model_at_two_bodies():
    a, b = (solve(Model(P=2, alpha=0.08, nu=0.01, interaction=i), 0.3) for i in ("tensor", "power"))
    assert (a.m, a.free_energy) == (b.m, b.free_energy)


@pytest.mark.parametrize(("K", "d"), [(2, 0.3), (3, 0.3), (4, 0.4)])
def test_the_hierarchy_at_zero_temperature(K, d):
    """Overlaps (1−d) d^{k−1} while 1 − 2d + d^K > 0 (P = 2, no load)."""
    assert 1 - 2 * d + d**K > 0
    state = solve(Model(P=2, protocol=Multitasking(K, d)), 0.0, start="hierarchical")
    np.testing.assert_allclose(state.m, (1 - d) * d ** np.arange(K), atol=1e-12)
    assert state.q == pytest.approx(1 - d**K)  # sites blank in every pattern are free
    assert state.entropy == pytest.approx(d**K * math.log(2))
    np.testing.assert_allclose(state.m_active, d ** np.arange(K), atol=1e-12)


def test_pure_states_are_stable_beyond_two_bodies_only():
    for P, stable in ((2, False), (3, True)):
        assert solve(Model(P=P, protocol=Multitasking(2, 0.3)), 0.1, start="pure").stable is stable


@pytest.mark.parametrize("variance", [1.0, 2.5])
@pytest.mark.parametrize("P", [2, 3, 5, 8])
def test_the_finite_size_signal_is_the_energy_of_one_pattern(P, variance):
    from densenet_sm import Network

    N, size = 12, math.sqrt(variance)
    f = signal(P, N, variance).value
    net = Network(np.full((1, N), size), P=P)
    for down in range(N + 1):
        spins = np.where(np.arange(N) < down, -1, 1)
        assert f(size * (N - 2 * down) / N) == pytest.approx(-net.energy(spins) / N, rel=1e-11, abs=1e-12)
    assert elementary_polynomial(P, N)(float(N)) == pytest.approx(math.comb(N, P))


def test_starts_are_initial_conditions():
    assert solve(Model(P=3, alpha=0.5), 0.1).phase == "glass"
    state = solve(Model(P=3, alpha=0.1), 0.2)
    assert solve(Model(P=3, alpha=0.12), 0.2, start=state).phase == "retrieval"
    assert solve(Model(P=3, alpha=0.1), 0.2, start=[0.1]).m == 0


def test_at_any_heat_the_paramagnet_is_one():
    for T in (1e6, 1e12, 1e15):
        state = solve(Model(P=3, alpha=0.1), T)
        assert state.phase == "paramagnet"
        assert state.entropy == pytest.approx(math.log(2))


@pytest.mark.parametrize("T", [1e-4, 1e-2, 0.2, 3.0])
@pytest.mark.parametrize("protocol", [Multitasking(2, 0.3), Supervised(r=0.6, M=4)])
def test_entropy_of_a_site_is_that_of_its_atoms(protocol, T):
    """The transform of ln 2cosh − βh tanh, whose kernel has no rounding of 1/T, against the sum over atoms."""
    eq = Equations(Model(P=3, protocol=protocol), T)
    psi = np.array([[0.7], [0.4]][: eq.shape[0]])
    transform, atoms = (kind(eq.site, psi, 0.0, T).entropy for kind in (Averages, AtomAverages))
    assert transform == pytest.approx(atoms, rel=1e-9, abs=1e-14)
