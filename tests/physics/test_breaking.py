"""Broken replica symmetry: the recursion, stationarity, limits, public values, and roads that must meet."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from densenet_sm import (
    Model,
    Multitasking,
    NoTransitionError,
    ParameterError,
    Supervised,
    Unsupervised,
    complexity,
    critical,
    nishimori,
    solve,
)
from densenet_sm.theory.breaking import Broken
from densenet_sm.theory.recursion import recursion
from densenet_sm.theory.rs import Equations

SPIN_GLASS = {2: Model(P=2, nu=1.0), 3: Model(P=3, nu=1.0)}  # SK, and the Ising 3-spin with ξ = q³/2
MODELS = {
    "P=3": (Model(P=3, alpha=0.4, nu=0.1, field=0.05), 0.2),
    "P=3, T=0": (Model(P=3, alpha=0.4), 0.0),
    "P=2": (Model(P=2, alpha=0.1, nu=0.05), 0.1),
    "P=2, T=0": (Model(P=2, alpha=0.1), 0.0),
    "unsupervised, P=2": (Model(P=2, alpha=0.05, protocol=Unsupervised(r=0.5, M=3)), 0.2),
    "supervised, large M": (Model(P=4, alpha=0.3, protocol=Supervised(rho=0.2)), 0.2),
    "supervised": (Model(P=3, alpha=0.3, protocol=Supervised(r=0.6, M=3)), 0.05),
    "two patterns": (Model(P=3, alpha=0.02, protocol=Multitasking(2, 0.2)), 0.05),
    "power": (Model(P=4, alpha=0.5, interaction="power"), 0.3),
}


@pytest.mark.parametrize(("T", "s", "D"), [(0.1, 0.8, 1.7), (0.5, 0.3, 0.4), (0.02, 0.5, 8.0)])
def test_one_level_is_what_adaptive_quadrature_says(T, s, D):
    a = np.array([-0.7, 0.0, 0.3, 2.0])
    found = recursion(a, np.array([s]), np.array([D]), T)
    for n, center in enumerate(a):
        one, tanh, square, L = (tilted_integral(g, center, s, D, T) for g in range(4))
        shift = D * (abs(center) + T * np.log1p(np.exp(-2 * abs(center) / T)))
        assert found.phi[n] == pytest.approx((np.log(one / s / math.sqrt(2 * math.pi)) + shift) / D, abs=1e-10)
        assert found.M[n] == pytest.approx(tanh / one, abs=1e-10)
        assert found.q[0, n] == pytest.approx(square / one, abs=1e-10)
        assert found.gain[0, n] == pytest.approx((L / one - found.phi[n]) / D, abs=1e-9)


def tilted_integral(which, center, s, D, T):
    """∫ dh e^{−(h−a)²/2s² + D(L(h) − L(a))} × (1, tanh, tanh², L)."""

    def L(h):
        return abs(h) + T * np.log1p(np.exp(-2 * abs(h) / T))

    def integrand(h):
        g = (1.0, np.tanh(h / T), np.tanh(h / T) ** 2, L(h))[which]
        return np.exp(-((h - center) ** 2) / 2 / s**2 + D * (L(h) - L(center))) * g

    peaks = [center - D * s**2, center, center + D * s**2]
    cuts = sorted({-14.0, -1.0, -T, 0.0, T, 1.0, 14.0, *peaks})
    return sum(quad(integrand, *ends, epsabs=0, epsrel=1e-12, limit=200)[0] for ends in pairwise(cuts))


@pytest.mark.parametrize("T", [0.0, 0.05, 0.5])
def test_levels_of_one_tilt_are_one_level(T):
    """Three normals under the same D add to one whose variance is their sum."""
    a = np.linspace(-1, 1.5, 5)
    one = recursion(a, np.array([0.8]), np.array([1.2]), T)
    three = recursion(a, np.array([0.4, math.sqrt(0.48**2 - 0.4**2), 0.64]), np.full(3, 1.2), T)
    for name in ("phi", "M", "slope", "chi"):
        np.testing.assert_allclose(getattr(three, name), getattr(one, name), atol=1e-11)
    np.testing.assert_allclose(three.gain.sum(0), one.gain[0], atol=1e-11)


def guess(eq, T):
    """Admissible order parameters that solve nothing."""
    k, n = eq.k, math.prod(eq.base.shape)
    C = 0.1 if T == 0 or eq.base.model.P == 2 else 0.15 / T
    return np.concatenate([np.full(n, 0.8), np.linspace(0.4, 0.7, k), [C], np.linspace(0.4, 0.8, k)])


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_the_free_energy_is_stationary_where_the_equations_hold(name, k):
    """∂f/∂x = w f″ (x − E[t M_1]) anywhere; with polynomial noise ∂f/∂D_i is as coded."""
    model, T = MODELS[name]
    eq = Broken(Equations(model, T), k)
    v = guess(eq, T)
    n, h = math.prod(eq.base.shape), 1e-4
    point = eq.at(v)

    def slope(i):
        e = h * np.eye(len(v))[i]
        f = [eq.at(v + c * e).free_energy for c in (1, -1, 2, -2)]
        return (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h)

    stiffness = (eq.base.weights * eq.base.signal.stiffness(point.x)).ravel()
    np.testing.assert_allclose([slope(i) for i in range(n)], -stiffness * point.residual[:n], atol=1e-8)
    if model.P > 2:
        np.testing.assert_allclose([slope(len(v) - k + i) for i in range(k)], point.slope_D, atol=1e-8)


@pytest.mark.parametrize("name", ["P=3", "P=3, T=0", "P=2", "power"])
def test_at_a_solution_every_slope_of_the_free_energy_vanishes(name):
    model, T = MODELS[name]
    state = solve(model, T, ansatz="1RSB", start="retrieval" if name.startswith("P=3") else "glass")
    assert state.q[1] - state.q[0] > 1e-3
    eq, v = Broken(Equations(model, T), 1), state.order_parameters
    h = 1e-5
    slopes = [
        (eq.at(v + e).free_energy - eq.at(v - e).free_energy) / (2 * h)
        for e in h * np.eye(len(v))
        if e[0] == 0 or state.m
    ]
    np.testing.assert_allclose(slopes, 0, atol=1e-8)
    if T > 0:
        above, below = (solve(model, T + e, ansatz="1RSB", start=state).free_energy for e in (1e-3, -1e-3))
        assert state.entropy == pytest.approx((below - above) / 2e-3, abs=1e-5)


def test_ground_states_are_the_public_ones():
    """Sherrington–Kirkpatrick: 1RSB −0.765259, Parisi −0.763167; 3-spin: 1RSB −0.81353, full −0.81317."""
    assert solve(SPIN_GLASS[2], 0.0, ansatz="1RSB", start="glass").free_energy == pytest.approx(-0.765259, abs=1e-6)
    assert solve(SPIN_GLASS[3], 0.0, ansatz="1RSB", start="glass").free_energy == pytest.approx(-0.81353, abs=1e-5)
    steps = [solve(SPIN_GLASS[2], 0.0, ansatz="kRSB", k=k, start="glass").free_energy for k in (1, 2, 3, 4)]
    assert all(a < b for a, b in pairwise(steps))  # replica symmetry breaking raises f
    assert steps[-1] == pytest.approx(-0.763167, abs=1e-4)
    assert solve(SPIN_GLASS[3], 0.0, ansatz="kRSB", k=3, start="glass").free_energy == pytest.approx(-0.81317, abs=1e-5)


def test_transitions_of_the_three_spin_glass_are_the_public_ones():
    """T_d = 0.6816, T_K = 0.6514, Gardner 0.2403."""
    assert critical(SPIN_GLASS[3], "T", kind="glass_dynamic").value == pytest.approx(0.6816, abs=5e-5)
    assert critical(SPIN_GLASS[3], "T", kind="glass_static").value == pytest.approx(0.6514, abs=5e-5)
    gardner = critical(SPIN_GLASS[3], "T", kind="gardner", start="glass")
    assert gardner.value == pytest.approx(0.2403, abs=5e-5)
    assert abs(gardner.state.replicon) < 1e-9


def test_the_glass_and_the_nishimori_line_know_the_same_two_temperatures():
    """There retrieval, replica-symmetric, ends at α = T_d² and meets the paramagnet at T_K² of the pure glass."""
    ends = nishimori(3)
    dynamic, static = (critical(SPIN_GLASS[3], "T", kind=f"glass_{kind}").value for kind in ("dynamic", "static"))
    assert ends.spinodal == pytest.approx(dynamic**2, abs=1e-8)
    assert ends.coexistence == pytest.approx(static**2, abs=1e-8)


def test_the_hopfield_model_holds_more_patterns_when_symmetry_is_broken():
    """0.138186 against 0.137905 (steffan1994)."""
    assert critical(Model(P=2), "alpha", T=0.0, ansatz="1RSB", bounds=(0.12, 0.15)).value == pytest.approx(
        0.138186, abs=1e-6
    )


def test_dense_retrieval_goes_on_far_beyond_its_symmetric_end():
    symmetric = critical(Model(P=3), "alpha", T=0.0).value
    broken = critical(Model(P=3), "alpha", T=0.0, ansatz="1RSB", bounds=(0.3, 0.5))
    assert broken.value > symmetric + 0.08
    state = solve(Model(P=3, alpha=0.42), 0.0, ansatz="1RSB")
    assert state.phase == "retrieval"
    assert solve(Model(P=3, alpha=0.42), 0.0).phase == "glass"


def test_retrieval_meets_the_glass_close_to_and_below_the_static_load():
    """Equal free energies below the Nishimori line: the boundary leaves it vertically at α = T_K² and bends back."""
    static = critical(SPIN_GLASS[3], "T", kind="glass_static").value ** 2
    found = {
        T: critical(Model(P=3), "alpha", T=T, kind="coexistence", ansatz="1RSB", bounds=(0.38, 0.45)).main
        for T in (0.42, 0.3, 0.0)
    }
    values = [c.value for c in found.values()]
    assert static > values[0] > values[1] > values[2] > static - 2.5e-3
    assert static - values[0] < 5e-6
    for c in found.values():
        assert c.rival.phase == "glass"
        assert c.state.free_energy == pytest.approx(c.rival.free_energy, abs=1e-11)


def test_breaking_begins_at_the_almeida_thouless_line():
    edge = critical(Model(P=3), "alpha", T=0.2, kind="at").value
    gaps = []
    for distance in (0.01, 0.02, 0.04):
        state = solve(Model(P=3, alpha=edge + distance), 0.2, ansatz="1RSB")
        gaps.append(state.q[1] - state.q[0])
        symmetric = solve(Model(P=3, alpha=edge + distance), 0.2)
        assert symmetric.replicon < 0
        assert state.free_energy > symmetric.free_energy
    assert 0 < gaps[0] < gaps[1] < gaps[2]
    before = solve(Model(P=3, alpha=edge - 0.01), 0.2, ansatz="1RSB")
    assert before.q[0] == before.q[1]
    assert before.theta == 1.0


def test_on_the_nishimori_line_symmetry_is_exact():
    model = Model(P=3, alpha=0.3)
    state = solve(model, 0.3, ansatz="1RSB")
    assert state.q[0] == state.q[1] == pytest.approx(state.m, abs=1e-10)


@pytest.mark.parametrize("P", [2, 3])
def test_zero_temperature_is_the_limit(P):
    cold, limit = (solve(SPIN_GLASS[P], T, ansatz="1RSB", start="glass") for T in (2e-3, 0.0))
    for name in ("free_energy", "energy"):
        assert getattr(cold, name) == pytest.approx(getattr(limit, name), abs=2e-4)
    assert cold.theta / 2e-3 == pytest.approx(limit.tilts[0], rel=5e-3)


def test_complexity_vanishes_where_theta_is_stationary_and_counts_states_between_the_transitions():
    glass = SPIN_GLASS[3]
    counted = complexity(glass, 0.5, points=101)
    stationary = solve(glass, 0.5, ansatz="1RSB", start="glass")
    assert np.interp(stationary.theta, counted.theta, counted.complexity) == pytest.approx(0, abs=1e-4)
    assert float(complexity(glass, 0.66, points=5).complexity[-1]) > 0
    assert float(complexity(glass, 0.64, points=5).complexity[-1]) < 0
    theta, f = counted.theta.values, counted.free_energy.values
    gained = np.cumsum(np.diff(f) * (theta[1:] + theta[:-1]) / 2 / 0.5)  # dΣ = βθ df
    np.testing.assert_allclose(gained, counted.complexity.values[1:] - counted.complexity.values[0], atol=2e-4)
    with pytest.raises(NoTransitionError, match="no broken 'glass' state"):
        complexity(glass, 0.9)


def test_states_of_steps_are_labelled_and_started_from():
    state = solve(SPIN_GLASS[2], 0.3, ansatz="kRSB", k=2, start="glass")
    assert (state.ansatz, len(state.q), len(state.theta), len(state.replicons)) == ("kRSB", 3, 2, 3)
    edges, q = state.parisi
    assert (edges[0], edges[-1]) == (0.0, 1.0)
    assert (np.diff(edges) > 0).all()
    assert (np.diff(q) > 0).all()
    again = solve(SPIN_GLASS[2], 0.31, ansatz="kRSB", k=2, start=state)
    assert again.q[1] == pytest.approx(state.q[1], abs=0.02)
    above = solve(SPIN_GLASS[3], 0.3, ansatz="kRSB", k=3, start="glass")  # above the Gardner temperature
    assert above.q[1] == above.q[2] == above.q[3]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"ansatz": "2RSB"}, "ansatz"),
        ({"ansatz": "kRSB"}, "k"),
        ({"ansatz": "1RSB", "k": 2}, "k"),
        ({"k": 1}, "k"),
        ({"theta": 0.5}, "theta"),
        ({"ansatz": "1RSB", "theta": 1.5}, "theta"),
    ],
)
def test_contradictory_questions_are_refused(settings, name):
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        solve(SPIN_GLASS[3], 0.3, **settings)


def test_kinds_of_broken_transitions_are_named():
    with pytest.raises(ParameterError, match="kind must be one of 'spinodal', 'coexistence', 'at', 'gardner'"):
        critical(SPIN_GLASS[3], "T", kind="saddle", ansatz="1RSB")
    with pytest.raises(ParameterError, match="against must be"):
        critical(SPIN_GLASS[3], "T", kind="coexistence", ansatz="1RSB", against="paramagnet")
    with pytest.raises(ParameterError, match="state must be"):
        solve(SPIN_GLASS[3], 0.3, ansatz="1RSB", start="glass").derivative("T")
    with pytest.raises(NoTransitionError, match="glass_dynamic"):
        critical(SPIN_GLASS[3], "T", kind="glass_dynamic", bounds=(0.8, 1.0))
