r"""Signal of one condensed pattern: it contributes −N f(x) to H, f(x) = x^P/2 as N → ∞.

At finite N the distinct indices of the tensor form give f_N(x) = (P!/(2N^P)) e_P exactly for ±1 entries, with
(p+1) e_{p+1} = A e_p − (N−p+1) e_{p−1}, A = Nx. Entries of variance v rescale it, v^{P/2} f_N(x/√v): exact where
|t| = √v, as for single examples, right up to O(1/N²) otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from numpy.typing import NDArray

from ..errors import check_integer
from ..polynomials import elementary_polynomial

Array = NDArray[Any]
Terms = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Signal:
    """A polynomial f(x) = Σ_k c_k x^k as its terms (k, c_k), with f′ and f″."""

    terms: Terms

    def value(self, x: Array) -> Array:
        return _sum(x, self.terms)

    def slope(self, x: Array) -> Array:
        return _sum(x, self._first)

    def stiffness(self, x: Array) -> Array:
        return _sum(x, self._second)

    @cached_property
    def _first(self) -> Terms:
        return _derivative(self.terms)

    @cached_property
    def _second(self) -> Terms:
        return _derivative(self._first)


def _derivative(terms: Terms) -> Terms:
    return tuple((k - 1, k * c) for k, c in terms if k)


def _sum(x: Array, terms: Terms) -> Array:
    (k, c), *others = terms
    total = c * x**k
    for k, c in others:
        total = total + c * x**k
    return total


@lru_cache
def signal(P: int, N: int | None = None, variance: float = 1.0, amplitude: float = 1.0) -> Signal:
    """The signal amplitude × f as a polynomial of the overlap x; N None is the limit of large N (any variance).

    >>> signal(3).terms  # x³/2
    ((3, 0.5),)
    >>> round(signal(3, 10).value(1.0), 12)  # (1/2)(1−1/10)(1−2/10)
    0.36
    """
    if N is None:
        return Signal(((P, amplitude / 2),))
    check_integer("N", N, low=P, remedy="A P-body interaction needs at least P spins.")
    factor = amplitude * math.factorial(P) * variance ** (P / 2) / (2 * float(N) ** P)
    e = elementary_polynomial(P, N).coef
    return Signal(tuple((k, factor * float(c) * (N / math.sqrt(variance)) ** k) for k, c in enumerate(e) if c))
