"""Lines and diagrams of one step of breaking: exact limits, single states, and the other ways to the same numbers."""

import math

import numpy as np
import pytest

from densenet_sm import (
    Model,
    Multitasking,
    ParameterError,
    Supervised,
    Unsupervised,
    constants,
    critical,
    design,
    line,
    phase_diagram,
    solve,
)
from densenet_sm.phases import metastable
from densenet_sm.theory import lines
from densenet_sm.theory.frozen import complexity_of, discontinuous, glass_temperatures, squared_temperature
from densenet_sm.theory.noise import noise_of


@pytest.fixture(scope="module")
def diagram():
    axes = {"x": ("alpha", 0.0, 0.6, 25), "y": ("T", 0.0, 0.75, 16)}
    return phase_diagram(Model(P=3), **axes, ansatz=("RS", "1RSB"))


def points(ds, name):
    path = ds.sel(line=name)
    kept = np.isfinite(path.line_x.values)
    return path.line_x.values[kept], path.line_y.values[kept]


@pytest.mark.parametrize("P", [3, 4, 6, 10])
def test_glass_transitions_of_one_variable_are_those_of_the_table(P):
    """Two ways: a maximum and a root of one variable here; continuation of the equations of one step there."""
    table = constants(P)
    dynamic, static = glass_temperatures((*[0.0] * P, 0.5))
    assert dynamic == pytest.approx(table["T_d"], abs=2e-10)
    assert static == pytest.approx(table["T_K"], abs=2e-10)


def test_glass_transitions_of_mixtures_scale_and_are_stationary():
    """T ∝ √ξ; dT²/ds = 0 at T_d; Σ is the complexity of the solver at θ = 1."""
    from densenet_sm import complexity

    xi = (0.0, 0.0, 0.0, 0.3, 0.2)
    one, four = glass_temperatures(xi), glass_temperatures(tuple(4 * c for c in xi))
    np.testing.assert_allclose(four, 2 * np.array(one), rtol=1e-9)
    noise = noise_of(Model(P=4, alpha=0.0, covariance=xi))
    grid = np.geomspace(0.5, 50, 2000)
    assert max(squared_temperature(noise, s) for s in grid) == pytest.approx(one[0] ** 2, rel=1e-6)
    s = 6.0
    T = math.sqrt(squared_temperature(noise, s))
    found = complexity(Model(P=4, alpha=0.0, covariance=xi), T)
    at_one = float(found.complexity.values[np.argmin(np.abs(found.theta.values - 1))])
    assert complexity_of(noise, s) == pytest.approx(at_one, abs=1e-6)
    assert discontinuous(noise)
    assert not discontinuous(noise_of(Model(P=2, alpha=0.1)))


def test_coexistence_with_the_glass_starts_where_it_freezes_and_stays_below(diagram):
    """Below the Nishimori line T = α close to α = T_K² = 0.4243 and never above; vertical where it starts."""
    exact = glass_temperatures((0.0, 0.0, 0.0, 0.5))[1] ** 2
    x, T = points(diagram, "coexistence/1RSB")
    cold = exact + 1e-3 > T
    assert cold.sum() >= 8
    assert (x[cold] <= exact + 1e-9).all()
    assert (x[cold] > exact - 0.003).all()
    near = critical(Model(P=3), "alpha", T=exact - 0.02, kind="coexistence", ansatz="1RSB", bounds=(0.41, 0.44))
    assert abs(near.value - exact) < 0.02**2  # quadratic in the distance


@pytest.mark.parametrize(("kind", "row"), [("spinodal", 1), ("coexistence", 3)])
def test_lines_between_the_rows_that_were_followed_are_those_of_critical(diagram, kind, row):
    x, T = points(diagram, f"{kind}/1RSB")
    wanted = critical(Model(P=3), "alpha", T=T[row], kind=kind, ansatz="1RSB", bounds=(0.35, 0.5)).value
    assert x[row] == pytest.approx(wanted, abs=3e-4)


def test_retrieval_goes_on_beyond_the_symmetric_spinodal(diagram):
    for T, alpha in ((0.05, 0.44), (0.1, 0.425), (0.2, 0.46)):
        assert critical(Model(P=3), "alpha", T=T).value < alpha
        assert float(solve(Model(P=3, alpha=alpha), T, ansatz="1RSB").m) > 0.5
    exists = diagram.phase.sel(T=0.1).str.contains("1RSB").values
    beyond = diagram.alpha.values > critical(Model(P=3), "alpha", T=0.1).value
    assert exists[beyond].any()


def test_regions_are_those_of_single_states(diagram):
    """At random points no nearer than a cell to any line."""
    rng, cells = np.random.default_rng(5), 0
    alphas, temperatures = diagram.alpha.values, diagram["T"].values
    for _ in range(400):
        i, j = rng.integers(1, len(temperatures) - 1), rng.integers(1, len(alphas) - 1)
        block = diagram.phase.values[i - 1 : i + 2, j - 1 : j + 2]
        if len(np.unique(block)) > 1 or cells == 25:
            continue
        cells += 1
        model, T = Model(P=3, alpha=float(alphas[j])), float(temperatures[i])
        own, rest = (solve(model, T, start=start, ansatz="1RSB") for start in ("retrieval", "glass"))
        if abs(own.m) > 1e-3:
            phase = "retrieval 1RSB" if own.q[0] < own.q[1] else "retrieval"
            wanted = phase if own.free_energy < rest.free_energy else metastable(phase)
        else:
            wanted = "glass" if rest.q[-1] > 1e-6 else "paramagnet"
        assert str(block[1, 1]) == wanted, (model.alpha, T)
    assert cells >= 15


def test_a_line_of_broken_states_meets_the_symmetric_one_at_the_at_line(monkeypatch):
    monkeypatch.setattr(lines, "ROWS", 2)
    found = line(Model(P=3), "alpha", "T", kind="at", ansatz="1RSB", x_bounds=(0.35, 0.5), y_bounds=(0.25, 0.4))
    assert found.line.values.tolist() == ["at/1RSB"]
    for T, alpha in zip(found.line_y.values[0], found.line_x.values[0], strict=True):
        assert alpha == pytest.approx(critical(Model(P=3), "alpha", T=T, kind="at").value, abs=1e-6)


def test_a_supervised_network_has_a_broken_diagram_of_its_own():
    model = Model(P=3, protocol=Supervised(rho=0.2))
    ds = phase_diagram(model, ("alpha", 0.0, 0.5, 9), ("T", 0.2, 0.5, 3), ansatz=("RS", "1RSB"))
    x, T = points(ds, "spinodal/1RSB")
    assert x[0] == pytest.approx(
        critical(model, "alpha", T=float(T[0]), ansatz="1RSB", bounds=(0.2, 0.5)).value, abs=1e-4
    )
    assert (ds.phase.values == "retrieval").any()


@pytest.mark.parametrize("protocol", [Supervised, Unsupervised])
@pytest.mark.parametrize("P", [2, 3])
def test_breaking_does_not_change_how_many_examples_teach(P, protocol):
    """At the least M with m ≥ 0.9 the symmetric state is stable, and the one of one step is no other."""
    found = design(Model(P=P, alpha=0.02, protocol=protocol(r=0.6, M=1)), find="M", m=0.9, T=0.1)
    assert found.state.replicon > 0
    state = solve(found.state.model, 0.1, ansatz="1RSB")
    assert state.q[0] == state.q[1]
    assert float(state.m) == pytest.approx(float(found.state.m), abs=1e-9)


def test_asked_lines_alone_are_given():
    ds = phase_diagram(Model(P=3), ("alpha", 0.1, 0.5, 3), ("T", 0.5, 0.7, 3), ansatz="1RSB")
    assert all("/1RSB" in name for name in ds.line.values)


@pytest.mark.parametrize(
    "model", [Model(P=3, protocol=Multitasking(2, 0.3)), Model(P=3, protocol=Unsupervised(0.6, M=3))]
)
def test_several_kinds_of_states_are_refused(model):
    with pytest.raises(ParameterError, match="ansatz must be 'RS'"):
        phase_diagram(model, ("alpha", 0.0, 0.1, 2), ("T", 0.1, 0.3, 2), ansatz=("RS", "1RSB"))
