"""States and critical values against the same equations integrated and solved to 17 digits."""

import mpmath as mp
import pytest
from quadrature import DIGITS, averages, log2cosh, powers

from densenet_sm import Model, critical, solve


def average(function, psi, strength, T):
    return averages(lambda g: (function(g),), psi, strength, T)[0]


@pytest.mark.parametrize(("psi", "strength", "T"), [(0.8, 0.1, 0.1), (0.0, 0.05, 5.0), (0.8, 0.02, 0.01)])
def test_the_reference_itself_has_its_digits(psi, strength, T):
    """Twice as many nodes change nothing, E 1 = 1, and E tanh = E tanh² where ψT = σ²."""
    several = lambda g: (*powers(g), mp.sech(g) ** 4, log2cosh(g), mp.mpf(1))  # noqa: E731
    with mp.workdps(DIGITS):
        psi, strength, T = mp.mpf(psi), mp.mpf(strength), mp.mpf(T)
        once, twice = (averages(several, psi, strength, T, degree) for degree in (4, 5))
        assert all(abs(a - b) < 2e-16 * (1 + abs(a)) for a, b in zip(once, twice, strict=True))
        assert abs(once[-1] - 1) < 1e-16
        m, q = averages(powers, strength / T, strength, T)
        assert abs(m - q) < 2e-16


def field(P, alpha, T, m, q):
    """ψ and σ² of stored patterns."""
    if P == 2:
        return m, alpha * q / (1 - (1 - q) / T) ** 2
    return mp.mpf(P) / 2 * m ** (P - 1), alpha * mp.mpf(P) / 2 * q ** (P - 1)


def moments(P, alpha, T, m, q):
    psi, strength = field(P, alpha, T, m, q)
    return tuple(averages(powers, psi, strength, T))


def refined(P, alpha, T, m, q):
    """The solution of m = E tanh, q = E tanh² next to a guess."""

    def equations(a, b):
        M, Q = moments(P, alpha, T, a, b)
        return [M - a, Q - b]

    return mp.findroot(equations, (m, q), tol=1e-14)


@pytest.mark.parametrize(
    ("P", "alpha", "T", "start"),
    [(2, 0.05, 0.3, "retrieval"), (2, 0.1, 0.6, "glass"), (3, 0.3, 0.1, "retrieval"), (4, 0.4, 0.5, "retrieval")],
)
def test_order_parameters_have_ten_digits(P, alpha, T, start):
    state = solve(Model(P=P, alpha=alpha), T, start=start)
    with mp.workdps(DIGITS):
        if start == "glass":
            q = mp.findroot(lambda b: moments(P, mp.mpf(alpha), mp.mpf(T), mp.mpf(0), b)[1] - b, state.q)
            m = mp.mpf(0)
        else:
            m, q = refined(P, mp.mpf(alpha), mp.mpf(T), state.m, state.q)
    assert state.m == pytest.approx(float(m), abs=1e-10)
    assert state.q == pytest.approx(float(q), abs=1e-10)


def determinant(P, alpha, T, m, q):
    """det ∂(moments − (m, q))/∂(m, q), by high-precision differences."""
    eps = mp.mpf(10) ** -6
    columns = []
    for dm, dq in ((eps, 0), (0, eps)):
        up, down = moments(P, alpha, T, m + dm, q + dq), moments(P, alpha, T, m - dm, q - dq)
        columns.append([(a - b) / (2 * eps) for a, b in zip(up, down, strict=True)])
    (a, c), (b, d) = columns
    return (a - 1) * (d - 1) - b * c


@pytest.mark.parametrize(("P", "T"), [(2, 0.4), (3, 0.2)])
def test_spinodals_have_eight_digits(P, T):
    """The fold: both equations and a singular Jacobian, solved for m, q and α."""
    found = critical(Model(P=P), "alpha", T=T)
    with mp.workdps(DIGITS):

        def equations(m, q, alpha):
            M, Q = moments(P, alpha, mp.mpf(T), m, q)
            return [M - m, Q - q, determinant(P, alpha, mp.mpf(T), m, q)]

        root = mp.findroot(equations, (found.state.m, found.state.q, found.value), tol=1e-18, maxsteps=4, verify=False)
        assert max(abs(e) for e in equations(*root)) < 1e-11
    assert found.value == pytest.approx(float(root[2]), abs=1e-8)


def replicon(P, alpha, T, m, q):
    """1 − β²ξ″ E sech⁴, P ≥ 3."""
    psi, strength = field(P, alpha, T, m, q)
    curvature = alpha * mp.mpf(P) * (P - 1) / 2 * q ** (P - 2)
    return 1 - curvature / T**2 * average(lambda g: mp.sech(g) ** 4, psi, strength, T)


def test_an_instability_has_eight_digits():
    found = critical(Model(P=3), "alpha", T=0.2, kind="at")
    with mp.workdps(DIGITS):

        def margin(alpha):
            m, q = refined(3, alpha, mp.mpf("0.2"), found.state.m, found.state.q)
            return replicon(3, alpha, mp.mpf("0.2"), m, q)

        alpha = mp.findroot(margin, (found.value - 1e-6, found.value + 1e-6), solver="secant", tol=1e-13)
    assert found.value == pytest.approx(float(alpha), abs=1e-8)


def free_energy(P, alpha, T, m, q):
    """−T[E ln 2cosh + β f − βψm + β²(ξ(1) − ξ(q))/2 − φ(1 − q)/2], P ≥ 3."""
    psi, strength = field(P, alpha, T, m, q)
    rest = m**P / 2 - psi * m + alpha / 4 * (1 - q**P) / T - strength * (1 - q) / (2 * T)
    return -T * average(log2cosh, psi, strength, T) - rest


def test_a_coexistence_with_the_paramagnet_has_eight_digits():
    T = 0.5
    found = critical(Model(P=3), "alpha", T=T, kind="coexistence", against="paramagnet")
    with mp.workdps(DIGITS):

        def gap(alpha):
            m, q = refined(3, alpha, mp.mpf(T), found.state.m, found.state.q)
            return free_energy(3, alpha, mp.mpf(T), m, q) + mp.mpf(T) * (mp.log(2) + alpha / (4 * mp.mpf(T) ** 2))

        alpha = mp.findroot(gap, (found.value - 1e-6, found.value + 1e-6), solver="secant", tol=1e-13)
    assert found.value == pytest.approx(float(alpha), abs=1e-8)
