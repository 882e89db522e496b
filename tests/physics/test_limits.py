"""Exact lines and limits: against the solver, against the glass they are equivalent to, against mpmath."""

import math

import mpmath
import numpy as np
import pytest

from densenet_sm import Model, Multitasking, ParameterError, Supervised, Unsupervised, critical, solve
from densenet_sm.theory.limits import (
    CORNER,
    _matched,
    _noiseless,
    exact_lines,
    nishimori,
    nishimori_magnetisation,
    paramagnet,
    random_energy,
    random_energy_boundaries,
    random_energy_freezing,
    vanishing_entropy,
    zero_load,
)

LN2 = math.log(2)
MODELS = {
    "storing, P = 2": Model(P=2, alpha=0.3),
    "storing, P = 3": Model(P=3, alpha=0.3),
    "noisy synapses, P = 2": Model(P=2, alpha=0.2, nu=0.3),
    "noisy synapses, P = 5": Model(P=5, alpha=0.2, nu=0.3),
    "power, P = 4": Model(P=4, alpha=0.2, interaction="power"),
    "supervised": Model(P=3, alpha=0.2, protocol=Supervised(r=0.7, M=5)),
    "unsupervised, P = 2": Model(P=2, alpha=0.1, protocol=Unsupervised(r=0.6, M=4)),
    "unsupervised, P = 4": Model(P=4, alpha=0.1, protocol=Unsupervised(r=0.6, M=4)),
    "multitasking": Model(P=3, alpha=0.1, protocol=Multitasking(2, 0.3)),
}


def tilted(function, phi):
    """E[cosh(√φz) F(√φz)]/E cosh(√φz) of an even F: weights of a glass at Parisi parameter θ = 1."""
    root = mpmath.sqrt(phi)
    weight = lambda z: mpmath.exp(-(z**2) / 2 - phi / 2) * mpmath.cosh(root * z) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
    peaks = [0, root / 2, root, root + 3, root + 12]
    return 2 * mpmath.quad(lambda z: weight(z) * function(root * z), peaks, method="gauss-legendre")


def glass_temperatures(P, guess):
    """T_d² and T_K² of ξ = q^P/2 from its own equations at θ = 1: where q > 0 ends, where the complexity vanishes."""
    q = lambda phi: tilted(lambda h: mpmath.tanh(h) ** 2, phi)  # noqa: E731
    square = lambda phi: mpmath.mpf(P) / 2 * q(phi) ** (P - 1) / phi  # noqa: E731
    slope = lambda phi: mpmath.diff(square, phi, h=mpmath.mpf("1e-7"))  # noqa: E731

    def complexity(phi):
        return -phi / 2 + tilted(lambda h: mpmath.log(mpmath.cosh(h)), phi) - phi * q(phi) * (1 - mpmath.mpf(1) / P) / 2

    dynamic = mpmath.findroot(slope, guess[0], solver="secant", tol=1e-16)
    static = mpmath.findroot(complexity, guess[1], solver="secant", tol=1e-20)
    return float(square(dynamic)), float(square(static))


@pytest.mark.parametrize("P", [3, 6])
def test_retrieval_on_the_nishimori_line_ends_at_the_temperatures_of_the_glass(P):
    """Planted state and glass: two derivations of the same numbers."""
    ends = nishimori(P)
    guess = [
        P / 2 * m ** (P - 1) / T for m, T in ((ends.m_spinodal, ends.spinodal), (ends.m_coexistence, ends.coexistence))
    ]
    with mpmath.workdps(20):
        dynamic, static = glass_temperatures(P, (guess[0] * 1.01, guess[1] * 1.01))
    assert ends.spinodal == pytest.approx(dynamic, abs=1e-12)
    assert ends.coexistence == pytest.approx(static, abs=1e-12)


def test_the_three_spin_glass_has_its_public_temperatures():
    ends = nishimori(3)
    assert math.sqrt(ends.spinodal) == pytest.approx(0.6816, abs=5e-5)
    assert math.sqrt(ends.coexistence) == pytest.approx(0.6514, abs=5e-5)


@pytest.mark.parametrize("nu", [0.0, 0.15])
@pytest.mark.parametrize("P", [3, 4, 8])
def test_solver_finds_the_ends_of_the_nishimori_line(P, nu):
    ends, model = nishimori(P), Model(P=P, nu=nu)
    fold = critical(model, "alpha", T=ends.spinodal)
    assert fold.value + nu == pytest.approx(ends.spinodal, abs=1e-10)
    assert fold.state.m == pytest.approx(ends.m_spinodal, abs=1e-4)  # m varies with the square root of the distance
    assert fold.state.replicon == pytest.approx(0, abs=1e-4)  # the fold is where replica symmetry turns marginal
    equal = critical(model, "alpha", T=ends.coexistence, kind="coexistence", against="paramagnet")
    assert equal.value + nu == pytest.approx(ends.coexistence, abs=1e-10)
    assert equal.state.m == pytest.approx(ends.m_coexistence, abs=1e-9)


@pytest.mark.parametrize(
    ("P", "alpha", "nu"), [(2, 0.0, 0.4), (2, 0.0, 0.97), (3, 0.1, 0.2), (3, 0.46, 0.0), (7, 0.3, 0.1)]
)
def test_states_on_the_nishimori_line_are_those_of_the_solver(P, alpha, nu):
    T = alpha + nu
    state = solve(Model(P=P, alpha=alpha, nu=nu), T)
    assert nishimori_magnetisation(P, T) == pytest.approx(state.m, abs=1e-10)
    assert state.q == pytest.approx(state.m, abs=1e-10)
    assert state.energy == pytest.approx(-0.5, abs=1e-10)


def test_magnetisation_on_the_nishimori_line_spans_its_limits():
    for P in (2, 3, 9):
        ends = nishimori(P)
        assert nishimori_magnetisation(P, 0) == nishimori_magnetisation(P, 1e-9) == 1
        assert nishimori_magnetisation(P, ends.spinodal * (1 + 1e-9)) == 0
        if P > 2:
            assert nishimori_magnetisation(P, ends.coexistence) == pytest.approx(ends.m_coexistence, abs=1e-12)
            assert nishimori_magnetisation(P, ends.spinodal) == pytest.approx(ends.m_spinodal, abs=1e-7)


@pytest.mark.parametrize("gamma", [0.02, 0.5, 3.0, 20.0])
def test_matched_channel_agrees_with_mpmath(gamma):
    m, slope, loss = _matched(gamma)

    def average(function):
        root = mpmath.sqrt(gamma)
        density = lambda z: mpmath.npdf(z) * function(gamma + root * z)  # noqa: E731
        return mpmath.quad(density, [-14, -root - 1, -root, -root + 1, 4, 14])

    assert m == pytest.approx(float(average(mpmath.tanh)), abs=1e-14)
    assert m == pytest.approx(float(average(lambda h: mpmath.tanh(h) ** 2)), abs=1e-14)
    assert slope == pytest.approx(float(average(lambda h: mpmath.sech(h) ** 4)), abs=1e-14)
    log_cosh = float(average(lambda h: mpmath.log(mpmath.cosh(h))))
    assert loss == pytest.approx(gamma + gamma * m - 2 * log_cosh, abs=1e-13)


@pytest.mark.parametrize("channel", [_matched, _noiseless])
@pytest.mark.parametrize("y", [0.3, 1.5, 6.0])
def test_channels_hand_out_the_slope_of_m_and_the_integral_of_y_dm(channel, y):
    step = 1e-3
    values = [channel(y + k * step) for k in (-2, -1, 1, 2)]
    slope, loss = (sum(w * v[n] for w, v in zip((1, -8, 8, -1), values, strict=True)) / (12 * step) for n in (0, 2))
    assert channel(y)[1] == pytest.approx(slope, abs=1e-10)
    assert y * channel(y)[1] == pytest.approx(loss, abs=1e-10)


@pytest.mark.parametrize("P", [2, 3, 5, 20])
def test_solver_finds_the_ends_of_retrieval_at_zero_load(P):
    ends = zero_load(P)
    assert critical(Model(P=P), "T").value == pytest.approx(ends.spinodal, abs=1e-9)
    if P > 2:
        equal = critical(Model(P=P), "T", kind="coexistence", bounds=(0.3, 2.0))
        assert equal.value == pytest.approx(ends.coexistence, abs=1e-9)
        assert equal.state.m == pytest.approx(ends.m_coexistence, abs=1e-9)


@pytest.mark.parametrize("P", [3, 4, 11])
def test_ends_at_zero_load_solve_their_own_equations_in_mpmath(P):
    ends = zero_load(P)
    with mpmath.workdps(30):
        y = mpmath.findroot(lambda y: mpmath.sinh(2 * y) - 2 * (P - 1) * y, math.log(4 * P), tol=1e-25)
        assert ends.spinodal == pytest.approx(float(mpmath.mpf(P) / 2 * mpmath.tanh(y) ** (P - 1) / y), abs=1e-14)
        m, beta = mpmath.mpf(ends.m_coexistence), 1 / mpmath.mpf(ends.coexistence)
        entropy = -sum((1 + s * m) / 2 * mpmath.log((1 + s * m) / 2) for s in (1, -1))
        assert float(entropy + beta * m**P / 2) == pytest.approx(LN2, abs=1e-13)  # s − βe of both states


def test_many_bodies_approach_the_random_energy_limit():
    for ends, limit in ((nishimori, CORNER), (zero_load, 2 * CORNER)):
        distance = [ends(P).coexistence - limit for P in (5, 10, 20, 40)]
        assert distance[0] > distance[1] > distance[2] > distance[3] >= -1e-15
        assert distance[3] < 1e-10
    # T_K of the glass itself, which is √ of the Nishimori coexistence
    assert math.sqrt(nishimori(40).coexistence) == pytest.approx(random_energy_freezing(1.0), abs=1e-10)


def test_coexistence_lines_approach_those_of_many_bodies():
    T = 0.55
    limit = 2 * T - 4 * T**2 * LN2
    found = [critical(Model(P=P), "alpha", T=T, kind="coexistence", against="paramagnet").value for P in (5, 10, 20)]
    errors = np.abs(np.array(found) - limit)
    assert (np.diff(errors) < 0).all()
    assert errors[-1] < 1e-4
    state = solve(Model(P=20, alpha=limit), T)
    assert (state.m, state.free_energy) == pytest.approx((1, -0.5), abs=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_paramagnet_is_the_state_of_the_solver(name):
    state, found = solve(MODELS[name], 1.7, start="paramagnet"), paramagnet(MODELS[name], 1.7)
    assert found.free_energy == pytest.approx(state.free_energy, abs=1e-13)
    assert found.energy == pytest.approx(state.energy, abs=1e-13)
    assert found.entropy == pytest.approx(state.entropy, abs=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_entropy_of_the_paramagnet_is_minus_the_slope_of_its_free_energy(name):
    f = lambda k: paramagnet(MODELS[name], 1.5 + k * 1e-3).free_energy  # noqa: E731
    slope = (8 * (f(1) - f(-1)) - f(2) + f(-2)) / 12e-3
    assert paramagnet(MODELS[name], 1.5).entropy == pytest.approx(-slope, abs=1e-9)


@pytest.mark.parametrize("P", [3, 6, 12])
def test_paramagnet_of_plain_patterns_does_not_depend_on_the_number_of_bodies(P):
    state = paramagnet(Model(P=P, alpha=0.4, nu=0.2), 0.7)
    assert state.free_energy == pytest.approx(-0.7 * LN2 - 0.6 / (4 * 0.7), abs=1e-15)
    assert state.free_energy == pytest.approx(random_energy(0.6, 0.7), abs=1e-15)


@pytest.mark.parametrize("name", MODELS)
def test_entropy_of_the_paramagnet_vanishes_where_it_says(name):
    assert paramagnet(MODELS[name], vanishing_entropy(MODELS[name])).entropy == pytest.approx(0, abs=1e-11)


@pytest.mark.parametrize("P", [3, 4, 8, 15])
def test_vanishing_entropy_is_the_limit_of_the_glass_transition_and_bounds_it(P):
    bound = vanishing_entropy(Model(P=P, alpha=1.0))
    assert bound == pytest.approx(random_energy_freezing(1.0), abs=1e-15)
    assert bound < math.sqrt(nishimori(P).coexistence)


@pytest.mark.parametrize("load", [0.1, 1.0, 3.0])
def test_random_energy_freezes_with_a_continuous_slope(load):
    T = random_energy_freezing(load)
    below, above, far = (random_energy(load, t) for t in (0.5 * T, T * (1 + 1e-6), 2 * T))
    assert below == pytest.approx(-math.sqrt(load * LN2), abs=1e-15)
    assert above == pytest.approx(below, abs=1e-11)  # quadratic in the distance
    assert far < below


def test_random_energy_boundaries_are_where_phases_meet():
    lines = random_energy_boundaries(41)
    for alpha, T in zip(*lines["retrieval"], strict=True):
        assert random_energy(alpha, T) == pytest.approx(-0.5, abs=1e-15)
    for alpha, T in zip(*lines["glass"], strict=True):
        assert random_energy_freezing(alpha) == pytest.approx(T, abs=1e-15)
    for line in lines.values():
        assert (np.diff(line[1]) > 0).all()
        assert np.isclose(line[0], CORNER).any()
        assert np.isclose(line[1], CORNER).any()
    alpha, T = random_energy_boundaries(4001)["retrieval"]
    assert abs(alpha[2] - alpha[1]) < 1e-3 * (T[2] - T[1])  # it leaves the Nishimori line vertically
    noisy = random_energy_boundaries(41, nu=0.1)["retrieval"]
    assert noisy[0][[0, -1]] == pytest.approx([CORNER - 0.1, 0], abs=1e-15)
    assert "retrieval" not in random_energy_boundaries(5, nu=0.4)


def test_exact_lines_are_laid_out_as_those_of_a_diagram():
    ds = exact_lines(Model(P=3, alpha=0.7), points=11)
    assert dict(ds.sizes) == {"line": 7, "point": 11}
    assert (ds.attrs["x"], ds.attrs["y"], ds.attrs["P"]) == ("alpha", "T", 3)
    assert (np.isfinite(ds.line_x) == np.isfinite(ds.line_y)).all()
    assert (ds.line_x.fillna(0) >= 0).all()
    line = ds.sel(line="nishimori")
    assert line.line_x.values == pytest.approx(line.line_y.values)
    assert float(line.line_y[-1]) == float(ds.sel(line="nishimori spinodal").line_y[0]) == nishimori(3).spinodal
    point = ds.sel(line="zero load coexistence").dropna("point")
    assert (point.line_x.values, point.line_y.values) == (0, zero_load(3).coexistence)


def test_exact_lines_follow_synaptic_noise_and_leave_out_what_lies_at_negative_load():
    ds = exact_lines(Model(P=3, nu=0.44), points=11)
    assert set(ds.line.values) == {"nishimori", "nishimori spinodal", "P infinite glass"}
    line = ds.sel(line="nishimori")
    assert line.line_y.values == pytest.approx(line.line_x.values + 0.44)
    assert exact_lines(Model(P=2, nu=0.1)).sizes["line"] == 0
    assert set(exact_lines(Model(P=2)).line.values) == {"zero load spinodal", "zero load coexistence"}


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: nishimori(1), "P"),
        (lambda: zero_load(2.5), "P"),
        (lambda: nishimori_magnetisation(3, -1), "T"),
        (lambda: paramagnet(Model(P=3, alpha=0.1), 0), "T"),
        (lambda: paramagnet(Model(P=2, alpha=0.1), 1.0), "T"),
        (lambda: paramagnet(Model(P=3, field=0.1), 1.0), "model"),
        (lambda: paramagnet(Model(P=3, alpha=0.1, interaction="power"), 1.0), "model"),
        (lambda: vanishing_entropy(Model(P=3)), "alpha"),
        (lambda: random_energy(-1, 0.1), "load"),
        (lambda: random_energy(1, -0.1), "T"),
        (lambda: random_energy_boundaries(2), "points"),
        (lambda: random_energy_boundaries(nu=-1), "nu"),
        (lambda: exact_lines("P=3"), "model"),
        (lambda: exact_lines(Model(P=3), points=1), "points"),
        (lambda: exact_lines(Model(P=3, field=0.1)), "model"),
        (lambda: exact_lines(Model(P=4, interaction="power")), "model"),
        (lambda: exact_lines(Model(P=3, protocol=Supervised(rho=0.1))), "model"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name
