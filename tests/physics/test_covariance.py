"""A noise covariance of the user's own: added to the other noise, and the same noise by any other name."""

import dataclasses
import math

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, solve
from densenet_sm.theory.noise import noise_of

T = [0.0, 0.15, 0.3, 0.6]
STARTS = ("retrieval", "glass", "paramagnet")


def assert_same_state(one, other):
    """Every field of two states, the model and the solver's own residual and iterations apart."""
    for field in dataclasses.fields(one):
        if field.name in ("model", "residual", "iterations"):
            continue
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, float | np.ndarray):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11, err_msg=field.name)
        else:
            assert a == b, field.name


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("T", T)
@pytest.mark.parametrize("P", [3, 4])
def test_a_covariance_of_alpha_over_two_is_the_load_alpha(P, T, start):
    if T == 0 and start == "paramagnet":
        return
    loaded = solve(Model(P=P, alpha=0.2), T, start=start)
    assert_same_state(loaded, solve(Model(P=P, covariance=[0] * P + [0.1]), T, start=start))
    assert_same_state(loaded, solve(Model(P=P, covariance=lambda q: 0.1 * q**P), T, start=start))


@pytest.mark.parametrize("T", T)
def test_a_covariance_is_added_to_the_noise_of_load_and_synapses(T):
    model = Model(P=3, alpha=0.1, nu=0.06)
    assert_same_state(solve(model.replace(alpha=0.3, nu=0.16), T), solve(model.replace(covariance=(0, 0, 0, 0.15)), T))


def test_at_P_2_a_covariance_adds_to_the_determinant_noise():
    assert_same_state(
        solve(Model(P=2, alpha=0.05, nu=0.1), 0.2), solve(Model(P=2, alpha=0.05, covariance=(0, 0, 0.05)), 0.2)
    )


def test_several_patterns_feel_the_same_covariance():
    tasks = Multitasking(K=2, d=0.3)
    loaded, own = Model(P=3, protocol=tasks, alpha=0.1), Model(P=3, protocol=tasks, covariance=(0, 0, 0, 0.05))
    assert_same_state(solve(loaded, 0.1, start="parallel"), solve(own, 0.1, start="parallel"))


@pytest.mark.parametrize("T", T)
def test_a_constant_covariance_changes_no_state(T):
    for model in (Model(P=3), Model(P=3, alpha=0.1)):
        assert_same_state(solve(model, T), solve(model.replace(covariance=(3.0,)), T))
    assert noise_of(Model(P=3, covariance=(3.0,))).silent
    assert not noise_of(Model(P=3, covariance=(3.0, 0.1))).silent


def test_powers_beyond_P_make_a_different_state():
    """The negative control, and a mixture against its own equations: σ² = ξ′(q), f stationary."""
    mixed = Model(P=3, covariance=lambda q: 0.05 * q**3 + 0.04 * q**6)
    assert len(noise_of(mixed).coefficients) == 7
    assert noise_of(mixed).strength(0.7, 0.0) == pytest.approx(0.15 * 0.7**2 + 0.24 * 0.7**5)
    assert noise_of(mixed).rigidity(0.7, 0.0) == pytest.approx(0.3 * 0.7 + 1.2 * 0.7**4)
    state, plain = solve(mixed, 0.3), solve(Model(P=3, alpha=0.1), 0.3)
    assert state.phase == plain.phase == "retrieval"
    assert abs(state.m - plain.m) > 1e-3


def test_entropy_is_minus_the_slope_of_the_free_energy_in_T():
    model, h = Model(P=3, alpha=0.05, covariance=lambda q: 0.03 * (math.exp(q) - 1)), 1e-4
    slope = (solve(model, 0.3 + h).free_energy - solve(model, 0.3 - h).free_energy) / (2 * h)
    assert -slope == pytest.approx(solve(model, 0.3).entropy, abs=1e-7)
