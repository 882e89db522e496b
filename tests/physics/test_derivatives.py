"""Implicit derivatives against differences of solved states, and designs against the states they promise."""

import math

import numpy as np
import pytest

from densenet_sm import (
    ConvergenceError,
    Model,
    Multitasking,
    NoTransitionError,
    ParameterError,
    Supervised,
    TeacherStudent,
    Unsupervised,
    critical,
    design,
    solve,
)

CASES = [
    (Model(P=3, alpha=0.1, nu=0.05, field=0.02), 0.3, "retrieval", ("alpha", "T", "nu", "field")),
    (Model(P=2, alpha=0.05, nu=0.02, field=0.02), 0.0, "retrieval", ("alpha", "nu", "field")),
    (Model(P=2, alpha=0.05), 0.3, "glass", ("alpha", "T")),
    (Model(P=4, alpha=0.1, interaction="power"), 0.3, "retrieval", ("alpha", "T")),
    (Model(P=3, alpha=0.01, protocol=Unsupervised(r=0.4, M=3)), 0.1, "example", ("r", "T")),
    (Model(P=3, alpha=0.02, protocol=Supervised(r=0.6, M=8)), 0.05, "retrieval", ("r", "alpha", "T")),
    (Model(P=2, alpha=0.02, protocol=Supervised(rho=0.3)), 0.2, "retrieval", ("rho", "T")),
    (Model(P=2, alpha=0.02, protocol=Multitasking(3, 0.25)), 0.1, "hierarchical", ("d", "T")),
    (Model(P=3, alpha=12.0, protocol=TeacherStudent(T_teacher=2.0)), 1.5, "retrieval", ("T_teacher", "alpha", "T")),
    (Model(P=3, alpha=0.5), 1.2, "paramagnet", ("alpha", "T")),
]


def numbers(s):
    energies = [s.q, s.chi, s.free_energy, s.energy, s.entropy]
    return np.concatenate([np.atleast_1d(s.m), np.atleast_1d(s.x), energies])


def differences(state, parameter):
    """Fourth-order central difference of states solved anew."""
    model, T = state.model, state.T
    value = T if parameter == "T" else model.get(parameter)
    h = 2e-4 * value
    at = lambda k: solve(  # noqa: E731
        model if parameter == "T" else model.replace(**{parameter: value + k * h}),
        value + k * h if parameter == "T" else T,
        start=state,
    )
    return (8 * (numbers(at(1)) - numbers(at(-1))) - (numbers(at(2)) - numbers(at(-2)))) / (12 * h)


@pytest.mark.parametrize(("model", "T", "start", "parameter"), [(*case[:3], p) for case in CASES for p in case[3]])
def test_derivatives_are_differences_of_solved_states(model, T, start, parameter):
    state = solve(model, T, start=start)
    wanted = differences(state, parameter)
    np.testing.assert_allclose(numbers(state.derivative(parameter)), wanted, atol=2e-8 * (1 + np.abs(wanted).max()))


def test_the_slopes_of_the_free_energy_are_moments():
    state = solve(Model(P=3, alpha=0.1, nu=0.02, field=0.05), 0.3)
    assert state.derivative("T").free_energy == pytest.approx(-state.entropy, abs=1e-9)
    assert state.derivative("field").free_energy == pytest.approx(-state.m, abs=1e-9)
    # ∂f/∂ν = −T ∂G/∂ν = −(β/4)(1 − q^P)
    noise = -(1 - state.q**3) / (4 * state.T)
    assert state.derivative("nu").free_energy == pytest.approx(noise, abs=1e-9)
    assert state.derivative("alpha").free_energy == pytest.approx(noise, abs=1e-9)


def test_at_the_edge_of_its_range_a_parameter_varies_to_one_side():
    state = solve(Model(P=3, alpha=0.1), 0.3)
    assert state.derivative("nu").m == pytest.approx(state.derivative("alpha").m, abs=1e-8)  # α and ν are one at P = 3
    cold = solve(Model(P=2, alpha=0.05), 0.0)
    assert cold.derivative("T").free_energy == pytest.approx(-cold.entropy, abs=1e-7)


def test_next_to_a_fold_the_derivative_diverges_and_unknown_parameters_are_refused():
    fold = critical(Model(P=3), "alpha", T=0.3)
    near = solve(Model(P=3, alpha=fold.value * (1 - 1e-9)), 0.3, start=fold.state)
    assert near.derivative("alpha").m < -1e3  # m − m_c grows as the root of the distance
    with pytest.raises(ConvergenceError, match="folds"):
        fold.state.derivative("alpha")
    with pytest.raises(ParameterError, match="parameter"):
        near.derivative("d")


@pytest.mark.parametrize("protocol", [Supervised(r=0.6, M=5), Unsupervised(r=0.6, M=5)])
@pytest.mark.parametrize("P", [2, 3])
def test_the_least_number_of_examples_is_the_least(P, protocol):
    model = Model(P=P, protocol=protocol, alpha=0.02)
    found = design(model, find="M", m=0.95, T=0.1)
    enough, fewer = (solve(model.replace(M=int(found.value) - n), 0.1).m for n in (0, 1))
    assert fewer < 0.95 <= enough
    assert found.limited_by == "m"
    assert found.state.m == pytest.approx(enough, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "find", "wanted", "T"),
    [
        (Model(P=3), "alpha", 0.95, 0.1),
        (Model(P=3, alpha=0.05), "nu", 0.9, 0.3),
        (Model(P=3, alpha=0.05), "T", 0.9, None),
        (Model(P=2, alpha=0.02, protocol=Supervised(r=0.6, M=20)), "r", 0.9, 0.1),
        (Model(P=3, alpha=0.02, protocol=Supervised(rho=0.1)), "rho", 0.9, 0.1),
    ],
)
def test_a_design_has_the_wanted_magnetisation_and_less_is_not_enough(model, find, wanted, T):
    found = design(model, find=find, m=wanted, T=T)
    assert found.state.m == pytest.approx(wanted, abs=1e-9)
    step = 1e-4 * (-1 if find == "r" else 1)
    beyond = solve(model, found.value + step) if find == "T" else solve(model.replace(**{find: found.value + step}), T)
    assert beyond.m < wanted


def test_a_design_may_end_at_the_spinodal_or_be_impossible():
    found = design(Model(P=3), find="alpha", m=0.5, T=0.1)
    assert found.limited_by == "spinodal"
    assert float(found) == pytest.approx(critical(Model(P=3), "alpha", T=0.1).value, abs=1e-9)
    with pytest.raises(NoTransitionError, match=r"largest m met is 0\.96"):
        design(Model(P=3), find="alpha", m=0.999999, T=0.7)
    with pytest.raises(ParameterError):
        design(Model(P=3), find="alpha", m=1.5, T=0.1)
    assert math.isfinite(design(Model(P=3), find="T", m=0.5).value)


@pytest.mark.parametrize(("P", "alpha", "start"), [(2, 0.1, "retrieval"), (3, 0.3, "retrieval"), (3, 0.8, "glass")])
def test_at_zero_temperature_the_slopes_in_T_are_one_sided(P, alpha, start):
    state = solve(Model(P=P, alpha=alpha), 0.0, start=start)
    slope = state.derivative("T")
    h = 1e-3
    one, two = (numbers(solve(state.model, n * h, start=state)) for n in (1, 2))
    wanted = (4 * one - two - 3 * numbers(state)) / (2 * h)
    np.testing.assert_allclose(numbers(slope), wanted, atol=1e-5)
    assert slope.free_energy == pytest.approx(-state.entropy, abs=1e-8)
    assert slope.energy == pytest.approx(0, abs=1e-8)


def test_without_noise_and_heat_spins_in_no_field_do_not_order():
    """Of a pure state q = 1 − d and s = d ln 2."""
    state = solve(Model(P=2, protocol=Multitasking(2, 0.4)), 0.0, start="pure")
    slope = state.derivative("d")
    assert slope.q == pytest.approx(-1)
    assert slope.entropy == pytest.approx(math.log(2))


@pytest.mark.parametrize("T", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("P", [3, 4])
def test_in_the_cold_the_slope_of_the_entropy_keeps_its_digits(P, T):
    """Load and synaptic noise add to one covariance, so both slopes are one; and differences of solved states."""
    model = Model(P=P, alpha=0.2, nu=0.05)
    state = solve(model, T)
    by_load, by_noise = (state.derivative(name).entropy for name in ("alpha", "nu"))
    assert by_load == pytest.approx(by_noise, rel=1e-6)
    h = 1e-3
    at = [solve(model.replace(alpha=0.2 + n * h), T, start=state).entropy for n in (-2, -1, 1, 2)]
    assert by_load == pytest.approx((at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h), rel=1e-5)
