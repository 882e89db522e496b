r"""Signal of one condensed pattern: it contributes −N f(x) to H, f(x) = x^P/2 as N → ∞.

At finite N the distinct indices of the tensor form give f_N(x) = (P!/(2N^P)) e_P exactly for ±1 entries, with
(p+1) e_{p+1} = A e_p − (N−p+1) e_{p−1}, A = Nx. Entries of variance v rescale it, v^{P/2} f_N(x/√v): exact where
|t| = √v, as for single examples, right up to O(1/N²) otherwise.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.polynomial import Polynomial

from ..errors import check_integer


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


@lru_cache
def signal(P: int, N: int | None = None, variance: float = 1.0) -> tuple[Polynomial, Polynomial, Polynomial]:
    """f, f′ and f″ as polynomials of the overlap x; N None is the limit of large N (any variance).

    >>> float(signal(3)[0](1.0)), round(float(signal(3, 10)[0](1.0)), 12)  # (1/2) and (1/2)(1−1/10)(1−2/10)
    (0.5, 0.36)
    """
    if N is None:
        f = Polynomial([0.0] * P + [0.5])
    else:
        check_integer("N", N, low=P, remedy="A P-body interaction needs at least P spins.")
        e = elementary_polynomial(P, N)
        powers = (N / math.sqrt(variance)) ** np.arange(P + 1)
        f = Polynomial(np.asarray(e.coef, float) * powers) * (
            math.factorial(P) * variance ** (P / 2) / (2 * float(N) ** P)
        )
    return f, f.deriv(), f.deriv(2)
