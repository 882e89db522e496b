"""Polynomials of overlaps: the energy of one pattern at finite N, and a noise covariance as a power series."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial, polynomial
from numpy.typing import NDArray

from .errors import ParameterError, check_number

Array = NDArray[Any]
DEGREE = 40  # of a covariance that is given as a function
ACCURACY = 1e-10  # of its series, relative to the largest value
ROUNDING = 1e-11  # a fitted coefficient below this share of the largest value is zero, and a given -c_k is none


def elementary_polynomial(P: int, N: int) -> Polynomial:
    """e_P of N signs as a polynomial of their sum A.

    >>> float(elementary_polynomial(2, 4)(4.0))  # C(4, 2)
    6.0
    """
    A = Polynomial([0.0, 1.0])
    before, now = Polynomial([1.0]), A
    for p in range(1, P):
        before, now = now, (A * now - (N - p + 1) * before) / (p + 1)
    return now


def covariance_series(covariance: Sequence[float] | Callable[[float], float]) -> tuple[float, ...]:
    """Coefficients (c_0, c_1, …) of a covariance ξ(q) = Σ_k c_k q^k, all ≥ 0, given as such or as a function.

    Covariances of Gaussian fields on spins are the power series without negative coefficients (schoenberg1942).

    Raises ParameterError for negative or non-finite coefficients, and for a function that no such series of degree
    ≤ 40 follows to 1e-10 of its largest value on [−1, 1].

    >>> covariance_series([0, 0, 0, 0.25, 0])
    (0.0, 0.0, 0.0, 0.25)
    >>> np.round(covariance_series(lambda q: 1 / (1 - q / 2))[:4], 8).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    c = _fitted(covariance) if callable(covariance) else _checked(covariance)
    return tuple(np.trim_zeros(c, "b").tolist()) or (0.0,)


def _checked(covariance: Sequence[float]) -> Array:
    remedy = "Write covariance=(c_0, c_1, ...) for Σ_k c_k q^k, or pass a function of q."
    try:
        given = list(covariance)
    except TypeError:
        given = []
    if not given or isinstance(covariance, str):
        raise ParameterError("covariance", "a sequence of coefficients or a function of q", covariance, remedy)
    c = np.array([check_number(f"covariance[{k}]", value, remedy=remedy) for k, value in enumerate(given)])
    c[(c < 0) & (c > -ROUNDING * c.max())] = 0.0
    for k, value in enumerate(c.tolist()):
        check_number(f"covariance[{k}]", value, low=0, remedy="Covariances of spins have no negative coefficients.")
    return c


def _fitted(covariance: Callable[[float], float]) -> Array:
    """Least squares under c ≥ 0 at Chebyshev points, at the lowest degree that reaches rounding.

    The constraint makes this well posed; an interpolation turned into powers would lose a factor 1 + √2 per degree.
    """
    from scipy.optimize import nnls

    nodes = np.cos(np.pi * (np.arange(2 * DEGREE) + 0.5) / (2 * DEGREE))
    checks = np.linspace(-1, 1, 101)
    values, wanted = (_values(covariance, q) for q in (nodes, checks))
    size = max(float(np.abs(wanted).max()), float(np.abs(values).max())) or 1.0
    best, miss = np.zeros(1), math.inf
    for degree in range(DEGREE + 1):
        try:
            c = nnls(np.vander(nodes, degree + 1, increasing=True), values / size)[0]
        except RuntimeError:  # no solution within scipy's limit of iterations
            continue
        c[c < ROUNDING] = 0.0
        error = float(np.abs(polynomial.polyval(checks, c) - wanted / size).max())
        if error < miss:
            best, miss = c, error
        if error < 1e-14:
            break
    if miss > ACCURACY:
        requirement = f"a power series of degree <= {DEGREE} without negative coefficients on [-1, 1]"
        remedy = f"It is {miss:.1e} of its largest value away from that; covariances of spins are such series."
        raise ParameterError("covariance", requirement, covariance, remedy)
    return size * best


def _values(covariance: Callable[[float], float], q: Array) -> Array:
    """A user's function at the given points, finite."""
    remedy = "It is called with one number q and must return one."
    try:
        values = np.array([float(covariance(float(at))) for at in q])
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ParameterError("covariance", "a function defined on [-1, 1]", covariance, remedy) from error
    if not np.isfinite(values).all():
        bad = float(values[~np.isfinite(values)][0])
        raise ParameterError("covariance", "finite on [-1, 1]", bad, remedy)
    return values
