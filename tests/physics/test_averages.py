"""Sine-transform averages against high-precision integration, closed forms and differences."""

import functools
import itertools

import mpmath as mp
import numpy as np
import pytest
from quadrature import DIGITS, log2cosh, powers
from quadrature import averages as integrals_of

from densenet_sm import Multitasking, Supervised, Unsupervised
from densenet_sm.laws import CERTAIN, Mixture
from densenet_sm.theory.atoms import AtomAverages
from densenet_sm.theory.averages import Averages, averages
from densenet_sm.theory.site import Site

TEMPERATURES = (0.01, 0.3, 1.0, 5.0)


def site_of(protocol, field=0.0, example=False):
    laws = tuple(law for _, law in protocol.groups(example))
    return Site(laws, protocol.dilution, field)


def moments(g):
    """Tanh, sech², sech⁴ and ln 2cosh."""
    t, square = powers(g)
    return t, 1 - square, (1 - square) ** 2, log2cosh(g)


def reference(site, psi, strength, T):
    """E t tanh, E ξ tanh, E sech², E sech⁴ and T E ln 2cosh as a sum over atoms of all patterns (single group).

    The field has the same law, up to its sign, at all atoms of equal modulus of its mean and equal variance.
    """
    law = site.laws[0]
    choices = [(1, (1 - site.dilution) / 2), (-1, (1 - site.dilution) / 2), (0, site.dilution)]
    atoms = [(s, j, p * law.weight[j]) for s, p in choices if p > 0 for j in range(len(law.weight))]
    totals = mp.matrix(3 + 2 * len(psi), 1)
    with mp.workdps(DIGITS):
        integrals = functools.cache(lambda mean, variance: integrals_of(moments, mean, variance, T))
        for combination in itertools.product(atoms, repeat=len(psi)):
            weight = mp.fprod(p for _, _, p in combination)
            mean = sum(psi[n] * s * law.mean[j] for n, (s, j, _) in enumerate(combination))
            mean += site.field * combination[0][0]
            variance = strength + sum(psi[n] ** 2 * s**2 * law.variance[j] for n, (s, j, _) in enumerate(combination))
            tanh, sech2, sech4, log = integrals(abs(mean), variance)
            tanh = -tanh if mean < 0 else tanh
            totals[0] += weight * sech2 / T
            totals[1] += weight * sech4 / T
            totals[2] += weight * T * log
            for n, (s, j, _) in enumerate(combination):  # a normal entry correlates with h: Stein's lemma
                entry = s * law.mean[j] * tanh + psi[n] * s**2 * law.variance[j] * sech2 / T
                totals[3 + n] += weight * entry
                totals[3 + len(psi) + n] += weight * s * tanh
    return np.array([float(v) for v in totals])


SITES = {
    "storing": (Site((CERTAIN,)), [0.9], 0.2),
    "storing, no noise": (Site((CERTAIN,)), [0.9], 0.0),
    "glass": (Site((CERTAIN,)), [0.0], 0.35),
    "supervised": (site_of(Supervised(r=0.6, M=4)), [1.2], 0.1),
    "large M": (site_of(Supervised(rho=0.4)), [0.7], 0.05),
    "field": (Site((CERTAIN,), 0.0, 0.3), [0.4], 0.1),
    "two diluted patterns": (site_of(Multitasking(2, 0.4)), [0.8, 0.5], 0.1),
    "diluted, learned": (site_of(Multitasking(2, 0.3, Supervised(rho=0.2))), [0.8, 0.3], 0.02),
}


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("name", SITES)
def test_averages_agree_with_high_precision_integration(name, T):
    site, psi, strength = SITES[name]
    a = averages(site, np.array(psi)[:, None], strength, T)
    found = np.array([a.chi * T, a.chi4 * T, a.free, *a.x.ravel(), *a.m])
    wanted = reference(site, psi, strength, T)
    wanted[:2] *= T
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", [n for n, (_, _, strength) in SITES.items() if strength > 0])
def test_at_zero_temperature_transforms_equal_the_error_function_forms(name):
    site, psi, strength = SITES[name]
    psi = np.array(psi)[:, None]
    a, b = averages(site, psi, strength, 0.0), AtomAverages(site, psi, strength)
    for field in ("x", "m", "chi", "chi4", "free"):
        np.testing.assert_allclose(getattr(a, field), getattr(b, field), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", [n for n, (_, _, strength) in SITES.items() if strength > 0])
def test_slopes_of_the_error_function_forms_equal_those_of_the_transforms(name):
    site, psi, strength = SITES[name]
    psi = np.array(psi)[:, None]
    a, b = averages(site, psi, strength, 0.0).slopes, AtomAverages(site, psi, strength).slopes
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-11)


@pytest.mark.parametrize("T", [0.05, 0.5])
@pytest.mark.parametrize("name", ["storing, no noise", "supervised", "two diluted patterns"])
def test_without_noise_sums_over_atoms_equal_the_transforms(name, T):
    site, psi, _ = SITES[name]
    psi = np.array(psi)[:, None]
    a, b = Averages(site, psi, 0.0, T), AtomAverages(site, psi, 0.0, T)
    for field in ("x", "m", "chi", "chi4", "free"):
        np.testing.assert_allclose(getattr(a, field), getattr(b, field), rtol=0, atol=1e-11)
    np.testing.assert_allclose(a.slopes, b.slopes, rtol=1e-9, atol=1e-10)


def test_noiseless_ties_average_to_zero():
    a = AtomAverages(Site((CERTAIN,), 0.5), np.array([[1.0], [1.0]]))
    # two equal diluted patterns: h = 0 when both are blank (1/4) or opposed (1/8)
    assert a.blank == pytest.approx(3 / 8)
    np.testing.assert_allclose(a.x[:, 0], a.m, atol=1e-15)
    np.testing.assert_allclose(a.x[:, 0], 3 / 8)


@pytest.mark.parametrize("T", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(
    "site",
    [
        Site((CERTAIN,)),
        site_of(Multitasking(3, 0.3, Supervised(r=0.6, M=3))),
        site_of(Unsupervised(r=0.6, M=4), field=0.1, example=True),
    ],
)
def test_slopes_are_the_derivatives_of_the_averages(site, T):
    C, G = (3 if site.dilution else 1), len(site.laws)
    rng = np.random.default_rng(0)
    psi, strength, eps = rng.uniform(0.2, 0.9, (C, G)), 0.3, 1e-6
    slopes = averages(site, psi, strength, T).slopes
    both = lambda psi, strength: (lambda a: np.append(a.x, a.chi))(averages(site, psi, strength, T))  # noqa: E731
    shifts = [*np.eye(C * G).reshape(-1, C, G) * eps, 0.0]
    for n, shift in enumerate(shifts):
        rise = eps if n == C * G else 0.0
        by_difference = (both(psi + shift, strength + rise) - both(psi - shift, strength - rise)) / (2 * eps)
        np.testing.assert_allclose(slopes[:, n], by_difference, atol=2e-9)


def test_many_patterns_cost_one_factor_each():
    """Ten learned patterns: 13^10 atoms by enumeration. Splitting one factor off must not change the others."""
    law = site_of(Multitasking(10, 0.3, Supervised(r=0.6, M=5))).laws
    site = Site(law, 0.3)
    psi = np.linspace(0.9, 0.1, 10)[:, None]
    a = averages(site, psi, 0.1, 0.2)
    silent = np.append(psi, [[0.0]], 0)  # an eleventh pattern that creates no field
    b = averages(site, silent, 0.1, 0.2)
    np.testing.assert_allclose(b.x[:10], a.x, atol=1e-14)
    assert abs(b.x[10, 0]) < 1e-14
    assert b.free == pytest.approx(a.free, abs=1e-13)


def test_a_mixture_scales_with_its_number():
    law = Mixture(np.ones(1), np.array([2.0]), np.array([3.0])).scaled(0.5)
    assert (law.mean[0], law.variance[0]) == (1.0, 0.75)
