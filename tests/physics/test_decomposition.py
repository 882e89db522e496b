"""Hopfield's glass as a hard and a soft one: each part integrated on its own, in another way."""

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from densenet_sm import Model, ParameterError, solve
from densenet_sm.theory.decomposition import gaussian_glass, hard_and_soft

POINTS = [(0.1, 0.1), (0.1, 1.2), (0.1, 1.5), (0.5, 0.6), (0.5, 1.69), (0.5, 2.0), (2.0, 0.4), (2.0, 3.0)]
DENSE = [(P, alpha, T) for P in (3, 4, 6) for alpha, T in ((0.5, 0.1), (0.5, 0.25), (1.5, 0.3), (0.5, 0.8))]


def average(function, width):
    """E F(width z), z normal and F even, by adaptive quadrature split where F bends."""
    bends = [p for p in (0.5 / width, 3 / width) if p < 12]
    integrand = lambda z: math.sqrt(2 / math.pi) * math.exp(-z * z / 2) * function(width * z)  # noqa: E731
    return quad(integrand, 0, 12, epsabs=1e-13, epsrel=1e-13, limit=400, points=bends)[0]


def log2cosh(h):
    return abs(h) + math.log1p(math.exp(-2 * abs(h)))


def overlap(strength, lowest=1e-3):
    """Largest q > `lowest` with q = E tanh²(√strength(q) z), or 0, by bisection."""
    excess = lambda q: average(lambda h: math.tanh(h) ** 2, math.sqrt(strength(q))) - q  # noqa: E731
    grid = np.append(np.linspace(1 - 1e-12, lowest, 40), lowest)
    values = [excess(q) for q in grid]
    for high, low, above, below in zip(grid, grid[1:], values, values[1:], strict=False):
        if above < 0 <= below:
            return brentq(excess, low, high, xtol=1e-14)
    return 0.0


def hard_glass(P, beta):
    """Overlap and pressure of the glass of ξ = q^P/2, replica symmetric."""
    phi = lambda q: beta**2 * P / 2 * q ** (P - 1)  # noqa: E731
    q = overlap(phi)
    site = average(log2cosh, math.sqrt(phi(q))) if q > 0 else math.log(2)
    return q, site + beta**2 / 4 * (1 - q**P) - phi(q) * (1 - q) / 2


def semicircle_pressure(beta, mu):
    """The Gaussian glass without replicas: r = Σz²/K fixed, z in the modes of a random matrix, spectrum a semicircle.

    A = β²r²/4 − ½∫ρ(x) ln(Y − βx) dx, Y = 1 − μ + β²r, with r = 1/(1−μ) or, once the top mode condenses, Y = 2β.
    """
    r = 1 / (1 - mu) if 1 - mu >= beta else (2 * beta - 1 + mu) / beta**2
    Y = 1 - mu + beta**2 * r
    spectrum = lambda t: 2 / math.pi * math.sin(t) ** 2 * math.log(Y - 2 * beta * math.cos(t))  # noqa: E731
    return beta**2 * r**2 / 4 - quad(spectrum, 0, math.pi, epsabs=1e-12, limit=400)[0] / 2, r


@pytest.mark.parametrize(("alpha", "T"), POINTS)
def test_hopfield_is_a_hard_and_a_soft_glass(alpha, T):
    parts = hard_and_soft(alpha, T)
    assert parts.residual == pytest.approx(0, abs=1e-11)
    assert parts.q_hard == pytest.approx(parts.q, abs=1e-10)
    q, pressure = hard_glass(2, parts.beta_hard)
    assert parts.q == pytest.approx(q, abs=1e-10)
    assert parts.hard == pytest.approx(pressure, abs=1e-11)


@pytest.mark.parametrize(("alpha", "T"), POINTS)
def test_whole_pressure_is_that_of_the_determinant(alpha, T):
    """Hopfield's own equations, integrated here."""
    parts, beta = hard_and_soft(alpha, T), 1 / T
    lam = 1 - beta * (1 - parts.q)
    phi = alpha * beta**2 * parts.q / lam**2
    site = average(log2cosh, math.sqrt(phi)) if parts.q > 1e-12 else math.log(2)
    whole = site - alpha / 2 * (math.log(lam) - beta * parts.q / lam + beta) - phi * (1 - parts.q) / 2
    assert parts.pressure == pytest.approx(whole, abs=1e-11)


@pytest.mark.parametrize(("alpha", "T"), POINTS)
def test_soft_glass_is_at_the_point_that_hopfield_needs(alpha, T):
    parts, beta = hard_and_soft(alpha, T), 1 / T
    lam = 1 - beta * (1 - parts.q)
    assert (parts.beta_hard, parts.beta_soft) == pytest.approx((math.sqrt(alpha) * beta / lam, lam), abs=1e-10)
    assert parts.p_soft == pytest.approx(beta * parts.q / lam**2, abs=1e-10)
    assert parts.p_soft == pytest.approx(parts.beta_hard**2 * parts.q / (alpha * beta), abs=1e-10)  # φ = αβp


@pytest.mark.parametrize(("alpha", "T"), [p for p in POINTS if p[1] < 1 + math.sqrt(p[0])])
def test_leaving_out_the_soft_glass_fails_at_two_bodies(alpha, T):
    parts = hard_and_soft(alpha, T)
    assert abs(parts.pressure - parts.hard - parts.elementary) > 0.01
    assert abs(parts.pressure - parts.hard) > 0.01


@pytest.mark.parametrize(("P", "alpha", "T"), DENSE)
def test_dense_networks_are_hard_glasses_alone(P, alpha, T):
    parts = hard_and_soft(alpha, T, P)
    assert (parts.soft, parts.elementary, parts.beta_soft, parts.p_soft) == (0, 0, 0, 0)
    assert parts.beta_hard == pytest.approx(math.sqrt(alpha) / T, abs=1e-13)
    q, pressure = hard_glass(P, math.sqrt(alpha) / T)
    assert parts.q == pytest.approx(q, abs=1e-9)
    assert parts.hard == pytest.approx(pressure, abs=1e-11)
    assert parts.pressure - parts.hard == pytest.approx(0, abs=1e-11)


def test_hard_pressure_agrees_with_mpmath():
    parts = hard_and_soft(0.5, 0.9)
    with mpmath.workdps(25):
        b = mpmath.mpf(parts.beta_hard)
        mean = lambda F, s: 2 * mpmath.quad(lambda z: mpmath.npdf(z) * F(s * z), [0, 1, 2, 4, 7, 12])  # noqa: E731
        equation = lambda q: mean(lambda h: mpmath.tanh(h) ** 2, b * mpmath.sqrt(q)) - q  # noqa: E731
        q = mpmath.findroot(equation, 0.5)
        pressure = mean(lambda h: mpmath.log(2 * mpmath.cosh(h)), b * mpmath.sqrt(q)) + b**2 / 4 * (1 - q) ** 2
    assert parts.hard == pytest.approx(float(pressure), abs=1e-12)


@pytest.mark.parametrize(("beta", "mu"), [(0.3, 0.2), (0.79, 0.2), (0.9, 0.2), (0.5, 1.3), (2.0, -0.5), (1.5, 3.0)])
def test_soft_glass_agrees_with_random_matrices(beta, mu):
    pressure, p = gaussian_glass(beta, mu)
    spectral, r = semicircle_pressure(beta, mu)
    assert pressure == pytest.approx(spectral, abs=1e-10)
    D = 1 - mu + beta**2 * p
    assert r == pytest.approx(1 / D + beta**2 * p / D**2, abs=1e-12)  # E⟨z²⟩


@pytest.mark.parametrize(("beta", "mu"), [(0.3, 0.2), (0.9, 0.2), (0.5, 1.3), (1.5, 3.0)])
def test_soft_glass_is_stationary_and_self_consistent(beta, mu):
    value, p = gaussian_glass(beta, mu)

    def pressure(p):
        D = 1 - mu + beta**2 * p
        return -math.log(D) / 2 + beta**2 * p / (2 * D) + beta**2 * p**2 / 4

    assert value == pytest.approx(pressure(p), abs=1e-15)
    eps = 1e-5
    assert (pressure(p + eps) - pressure(p - eps)) / (2 * eps) == pytest.approx(0, abs=1e-9)
    assert p == pytest.approx(beta**2 * p / (1 - mu + beta**2 * p) ** 2, abs=1e-14)  # E⟨z⟩²


@pytest.mark.parametrize("alpha", [0.05, 0.5, 2.0])
def test_both_glasses_freeze_together_at_the_transition(alpha):
    T = 1 + math.sqrt(alpha)
    parts = hard_and_soft(alpha, T * (1 + 1e-6))
    assert parts.beta_hard == pytest.approx(1, abs=1e-4)  # SK's transition
    assert parts.beta_soft == pytest.approx(1 - 1 / T, abs=1e-4)  # the soft one's, β₂ = 1 − μ with μ = β
    assert parts.p_soft == pytest.approx(0, abs=1e-4)
    assert hard_and_soft(alpha, 0.98 * T).p_soft > 1e-3


def test_paramagnet_is_the_elementary_sum():
    alpha, T = 0.3, 2.0
    parts = hard_and_soft(alpha, T)
    assert parts.hard == pytest.approx(math.log(2) + parts.beta_hard**2 / 4, abs=1e-13)
    assert parts.soft == pytest.approx(-math.log(1 - 1 / T) / 2, abs=1e-13)
    state = solve(Model(P=2, alpha=alpha), T, start="paramagnet")
    assert parts.pressure == pytest.approx(-state.free_energy / T, abs=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hard_and_soft(0, 0.5), "alpha"),
        (lambda: hard_and_soft(0.1, 0), "T"),
        (lambda: hard_and_soft(0.1, 0.5, P=1), "P"),
        (lambda: gaussian_glass(0, 1), "beta"),
        (lambda: gaussian_glass(1, math.nan), "mu"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name
