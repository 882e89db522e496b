"""Branches that become broken at the AT line: joined parts, folds, and where there are none."""

import numpy as np
import pytest

from densenet_sm import Model, NoTransitionError, ParameterError, critical, follow, solve


@pytest.fixture(scope="module")
def branch():
    """Retrieval at P = 3, T = 0.3: symmetric from small load, broken before it folds."""
    return follow(Model(P=3), "alpha", (0.1, 0.6), T=0.3, ansatz="1RSB")


def test_breaking_begins_at_the_at_line_without_a_jump(branch):
    begins = int(np.argmax(branch.broken.values))
    assert branch.broken.values[begins:].all()
    edge = critical(Model(P=3), "alpha", T=0.3, kind="at").value
    assert float(branch.alpha[begins - 1]) == pytest.approx(edge, abs=1e-8)
    assert abs(float(branch.replicon[begins - 1])) < 1e-7
    near = branch.isel(point=slice(begins, begins + 4))
    gap = (near.q[:, 1] - near.q[:, 0]).values
    for values, symmetric in ((near.alpha.values, edge), (near.m.values, float(branch.m[begins - 1]))):
        assert np.polynomial.Polynomial.fit(gap, values, 3)(0.0) == pytest.approx(symmetric, abs=2e-4)


def test_the_branch_turns_once_where_critical_says(branch):
    turn = int(np.flatnonzero(branch.fold.values)[0])
    assert branch.fold.sum() == 1
    assert float(branch.alpha[turn]) == pytest.approx(
        critical(Model(P=3), "alpha", T=0.3, ansatz="1RSB", bounds=(0.3, 0.6)).value, abs=1e-8
    )
    assert branch.longitudinal[:turn].min() > 0
    assert branch.longitudinal[turn + 1 :].max() < 0
    assert branch.residual.max() < 1e-9


def test_its_states_are_those_that_solve_finds(branch):
    turn = int(np.flatnonzero(branch.fold.values)[0])
    for n in (turn // 3, turn - 4):
        state = solve(Model(P=3, alpha=float(branch.alpha[n])), 0.3, ansatz="1RSB")
        assert state.m == pytest.approx(float(branch.m[n]), abs=1e-8)
        assert state.free_energy == pytest.approx(float(branch.free_energy[n]), abs=1e-11)
        np.testing.assert_allclose(state.q, branch.q.values[n], atol=1e-8)


def test_at_zero_temperature_the_branch_goes_on_from_small_load_to_the_broken_capacity():
    cold = follow(Model(P=3), "alpha", (0.1, 0.6), T=0.0, ansatz="1RSB")
    turn = int(np.flatnonzero(cold.fold.values)[0])
    assert (np.diff(cold.alpha[: turn + 1]) > 0).all()
    assert float(cold.alpha[turn]) == pytest.approx(0.4612117868, abs=1e-9)
    assert not cold.broken[0]
    assert cold.broken[turn]


def test_along_temperature_the_broken_part_comes_first():
    warm = follow(Model(P=3, alpha=0.45), "T", (0.0, 1.0), ansatz="1RSB")
    assert warm.broken[0]
    assert (np.diff(warm.broken.values.astype(int)) != 0).sum() == 1
    edge = [c.value for c in critical(Model(P=3, alpha=0.45), "T", kind="at").all]
    ends = int(np.argmin(warm.broken.values))
    assert np.abs(np.array(edge) - float(warm["T"][ends])).min() < 1e-8


def test_a_broken_branch_that_does_not_exist_is_refused_saying_where():
    with pytest.raises(NoTransitionError, match=r"\(1RSB\) for alpha in \[0.5, 0.9\] at T=0.1.* ends at alpha = 0.463"):
        follow(Model(P=3), "alpha", (0.5, 0.9), T=0.1, ansatz="1RSB")
    with pytest.raises(ParameterError, match="ansatz"):
        follow(Model(P=3), "alpha", (0.1, 0.3), T=0.1, ansatz="2RSB")


@pytest.mark.parametrize(("model", "T_c"), [(Model(P=2, nu=1.0), 1.0), (Model(P=2, alpha=1.0), 2.0)])
def test_a_glass_that_has_just_frozen_is_cut_into_even_steps(model, T_c):
    """q(D) ∝ D below T_c: overlaps of k steps go to 1 : 3 : … : 2k+1, tilts to 1 : … : k; f rises with k.

    What is missing, of order (1 − T/T_c)², falls to less than half when that distance is halved.
    """
    away = {}
    for distance in (0.05, 0.1):
        T = T_c * (1 - distance)
        states = [solve(model, T, ansatz="kRSB", k=k, start="glass") for k in (1, 2, 3)]
        away[distance] = 0.0
        for k, state in enumerate(states, 1):
            odd = np.arange(1, 2 * k + 2, 2)
            ratios = [np.array(state.q) / state.q[-1] / (odd / odd[-1])]
            ratios.append(np.array(state.tilts) / state.tilts[0] / np.arange(1, k + 1))
            away[distance] = max(away[distance], *(float(np.abs(ratio - 1).max()) for ratio in ratios))
            assert state.residual < 1e-10
        f = [state.free_energy for state in (solve(model, T, start="glass"), *states)]
        assert f[0] < f[1] < f[2] < f[3]
        assert np.all(np.diff([state.replicon for state in states]) > 0)
    assert away[0.05] < away[0.1] / 2 < 0.01
