"""Power series of a noise covariance, and the elementary polynomial of signs."""

import itertools
import math

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from densenet_sm import Model, ParameterError, Storing
from densenet_sm.polynomials import covariance_series, elementary_polynomial

SERIES = {
    "cube": (lambda q: q**3 / 2, [0, 0, 0, 0.5]),
    "mixture": (lambda q: 0.3 * q + 0.2 * q**8, [0, 0.3, *[0] * 6, 0.2]),
    "high power": (lambda q: q**37, [*[0] * 37, 1]),
    "exponential": (math.exp, [1 / math.factorial(k) for k in range(12)]),
    "geometric": (lambda q: q**3 / (1 - q / 3), [0, 0, 0, *(3.0**-k for k in range(7))]),
    "constant": (lambda q: 2.0, [2]),
    "nothing": (lambda q: 0.0, [0]),
}
POINTS = np.linspace(-1, 1, 33)


@pytest.mark.parametrize("P", range(2, 9))
def test_the_elementary_polynomial_is_the_sum_over_index_tuples(P):
    N = 9
    for minus in range(N + 1):
        y = [-1] * minus + [1] * (N - minus)
        direct = sum(math.prod(chosen) for chosen in itertools.combinations(y, P))
        assert elementary_polynomial(P, N)(float(sum(y))) == pytest.approx(direct, abs=1e-10)


@pytest.mark.parametrize("name", SERIES)
def test_a_function_becomes_its_power_series(name):
    function, expected = SERIES[name]
    found = covariance_series(function)
    assert min(found) >= 0
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-5, atol=1e-8)
    values = [function(q) for q in POINTS]
    size = max(map(abs, values))
    np.testing.assert_allclose(Polynomial(found)(POINTS), values, atol=1e-10 * size)
    slope = Polynomial(expected).deriv()(0.5)  # what the equations read: ξ′ at overlaps of states
    assert Polynomial(found).deriv()(0.5) == pytest.approx(slope, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("name", ["cube", "mixture", "high power"])
def test_powers_that_a_function_lacks_are_exactly_zero(name):
    function, expected = SERIES[name]
    assert [k for k, c in enumerate(covariance_series(function)) if c] == np.flatnonzero(expected).tolist()


def test_coefficients_are_kept_as_they_are_without_trailing_zeros():
    for given in ([0, 1, 1e-30, 0], (0.0, 1.0, 1e-30), np.array([0, 1, 1e-30])):
        assert covariance_series(given) == (0.0, 1.0, 1e-30)
    assert covariance_series([0, 0]) == (0.0,)
    assert covariance_series([0, 1, -1e-17]) == (0.0, 1.0)  # rounding of whoever computed them


NO_SERIES = {
    "negative power": lambda q: q**2 - 0.01 * q**4,
    "oscillating": math.cos,
    "falling": lambda q: -q,
    "a kink": lambda q: abs(q) ** 3,
    "a singularity at 1": math.asin,
    "too near a singularity": lambda q: 1 / (1 - 0.95 * q),
}


@pytest.mark.parametrize("name", NO_SERIES)
def test_a_function_that_is_no_covariance_of_spins_is_refused(name):
    with pytest.raises(ParameterError, match="covariance must be a power series of degree <= 40"):
        covariance_series(NO_SERIES[name])


def test_models_with_a_covariance_are_values():
    one, same = Model(P=3, covariance=[0, 0, 0, 0.1]), Model(P=3, covariance=np.array([0, 0, 0, 0.1, 0]))
    assert {one, same} == {one}
    assert eval(str(one), {"Model": Model, "Storing": Storing}) == one
    assert one.get("covariance") == (0.0, 0.0, 0.0, 0.1)
    assert one.replace(covariance=None) == Model(P=3)
    assert hash(Model(P=3, covariance=math.exp)) == hash(Model(P=3, covariance=math.exp))
