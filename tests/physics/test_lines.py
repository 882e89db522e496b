"""Branches through their folds and lines of transitions, against searches point by point and closed forms."""

from functools import cache

import numpy as np
import pytest

from densenet_sm import (
    Model,
    Multitasking,
    NoTransitionError,
    ParameterError,
    Supervised,
    Unsupervised,
    critical,
    follow,
    line,
    nishimori,
    solve,
    zero_load,
)


def finite(ds, n=0):
    """x and y of one piece."""
    x, y = ds.line_x.values[n], ds.line_y.values[n]
    return x[np.isfinite(x)], y[np.isfinite(y)]


@pytest.mark.parametrize(
    ("model", "parameter", "bounds", "T", "start"),
    [
        (Model(P=2), "alpha", (0.01, 0.3), 0.0, "retrieval"),
        (Model(P=3), "alpha", (0.01, 0.6), 0.2, "retrieval"),
        (Model(P=4, alpha=0.2), "T", (0.05, 1.2), None, "retrieval"),
        (Model(P=2, alpha=0.01, protocol=Supervised(r=0.5, M=10)), "r", (0.05, 1.0), 0.1, "retrieval"),
        (Model(P=3, alpha=0.01, protocol=Unsupervised(r=0.4, M=3)), "T", (0.05, 1.0), None, "example"),
    ],
)
def test_a_branch_turns_where_critical_finds_its_spinodal(model, parameter, bounds, T, start):
    branch = follow(model, parameter, bounds, T=T, start=start)
    ends = [c.value for c in critical(model, parameter, T=T, start=start, bounds=bounds).all]
    folds = branch[parameter].values[branch.fold.values]
    assert len(folds) >= 1
    for end in ends:
        assert np.abs(folds - end).min() < 1e-6
    assert branch.residual.max() < 1e-10


def test_behind_its_fold_a_branch_is_unstable_and_its_states_solve_the_equations():
    branch = follow(Model(P=3), "alpha", (0.02, 0.6), T=0.2)
    turn, again = (int(n) for n in np.flatnonzero(branch.fold.values)[:2])
    assert branch.longitudinal[:turn].min() > 0
    assert branch.longitudinal[turn + 1 : again].max() < 0
    assert np.all(np.diff(branch.alpha[: turn + 1]) > 0)
    assert np.all(np.diff(branch.alpha[turn : again + 1]) < 0)
    for n in (turn // 2, turn - 1):
        state = solve(Model(P=3, alpha=float(branch.alpha[n])), 0.2)
        assert state.m == pytest.approx(float(branch.m[n]), abs=1e-9)


def test_several_condensed_patterns_have_a_dimension():
    branch = follow(Model(P=2, protocol=Multitasking(3, 0.2)), "T", (0.01, 0.05))
    assert branch.m.dims == ("point", "pattern")


def test_a_branch_that_does_not_exist_is_refused_saying_where():
    with pytest.raises(NoTransitionError, match=r"alpha in \[0.5, 0.9\] at T=0.1.* ends at alpha = 0.40"):
        follow(Model(P=3), "alpha", (0.5, 0.9), T=0.1)
    with pytest.raises(ParameterError, match="continuous"):
        follow(Model(P=3, protocol=Supervised(r=0.5, M=3)), "M", (1, 9), T=0.1)


@cache
def traced(P, kind):
    """A line in (α, T), followed once."""
    return line(Model(P=P), "alpha", "T", kind=kind)


@pytest.mark.parametrize(
    ("P", "kind"), [*((P, kind) for P in (2, 3) for kind in ("spinodal", "coexistence", "at")), (4, "spinodal")]
)
def test_points_of_a_line_are_those_that_critical_finds(P, kind):
    ds = traced(P, kind)
    x, y = finite(ds)
    assert ds.residual.max() < 1e-8
    inside = np.flatnonzero((x > 0.02) & (y > 1e-3) & (y < 0.9))
    for n in inside[np.linspace(0, len(inside) - 1, 4).astype(int)]:
        found = [c.value for c in critical(Model(P=P), "alpha", T=float(y[n]), kind=kind).all]
        assert np.abs(np.array(found) - x[n]).min() < 1e-7


def test_the_retrieval_spinodal_of_three_bodies_bends_back_at_low_temperature():
    """From zero temperature the capacity first grows: the line is one curve with a largest load inside."""
    ds = traced(3, "spinodal")
    x, y = finite(ds)
    assert len(ds.line) == 1
    assert 0 < np.argmax(x) < len(x) - 1
    cold, warm = (x[0], x[-1]) if y[0] < y[-1] else (x[-1], x[0])
    assert cold == pytest.approx(critical(Model(P=3), "alpha", T=0.0).value, abs=1e-6)
    assert warm == pytest.approx(0.0, abs=1e-6)
    assert max(y[0], y[-1]) == pytest.approx(zero_load(3).spinodal, abs=1e-6)


@pytest.mark.parametrize("kind", ["spinodal", "coexistence"])
def test_lines_cross_the_nishimori_line_where_it_says(kind):
    melting = kind == "coexistence"  # with the paramagnet, where the lowest competitor is the glass elsewhere
    x, y = finite(line(Model(P=3), "alpha", "T", kind=kind, against="paramagnet") if melting else traced(3, kind))
    gap = x - y
    n = int(np.flatnonzero(np.diff(np.sign(gap)))[0])
    share = gap[n] / (gap[n] - gap[n + 1])
    wanted = getattr(nishimori(3), kind)
    assert x[n] + share * (x[n + 1] - x[n]) == pytest.approx(wanted, abs=2e-4)  # chord of the curve


def test_the_ergodic_line_of_two_bodies_is_one_plus_root_alpha():
    x, y = finite(line(Model(P=2), "alpha", "T", kind="ergodic"))
    np.testing.assert_allclose(y, 1 + np.sqrt(x), atol=1e-9)
    assert len(x) > 10


def test_load_and_synaptic_noise_are_one_parameter_at_many_bodies():
    x, y = finite(line(Model(P=3), "alpha", "nu", T=0.3))
    np.testing.assert_allclose(x + y, critical(Model(P=3), "alpha", T=0.3).value, atol=1e-8)


def test_a_line_that_is_nowhere_is_refused():
    with pytest.raises(NoTransitionError, match="9 values"):
        line(Model(P=3), "alpha", "T", x_bounds=(0.6, 0.9), y_bounds=(0.1, 0.3))
    for wrong in ({"x": "alpha", "y": "alpha"}, {"x": "M"}, {"T": 0.3}, {"kind": "bogus"}, {"y": "nu"}):
        with pytest.raises(ParameterError):
            line(Model(P=3), **wrong)
