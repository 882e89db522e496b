r"""One pattern of an interaction in whole numbers: tables over its overlap, and polynomials that give them exactly.

F(A) is what a pattern of n entries ±1 with overlap A = Σ_i ξ_i s_i adds to −H/c: the elementary symmetric polynomial
e_P (tensor), (p+1) e_{p+1} = A e_p − (n−p+1) e_{p−1}, or A^P (power). Kernels count in half overlaps
a = (A − (n mod 2))/2, which move by one when a spin flips. F is a polynomial of a whose coefficients have odd
denominators (e_p = Σ_j 2^j C(k, j) c_j, k = (A+n)/2, with integers c_j), so that it can also be had modulo 2^16.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
LARGEST = 2.0**62  # sums of whole numbers stay below
FLOATS = (np.float32, 2.0**21), (np.float64, 2.0**50)  # values up to which shifts.shift rounds to whole numbers
SELDOM = 8  # patterns beyond the edge in a typical configuration, up to which 16 bits pay
MARGIN = 0.25  # of a value from the whole number it is rounded to, so that the order of operations does not matter


class Form(NamedTuple):
    """values = offset + unit · U; U by polynomials [degree + 1, highest power first] for each table of the values.

    With int16 coefficients U is centred on zero and exact where |a| < edge; beyond it U = low + 2^16 `excess`.
    """

    offset: int
    unit: int
    U: list[Array]
    coefficients: Array

    @property
    def largest(self) -> int:
        return max(int(u.max()) for u in self.U)


def fits(P: int, n: int, patterns: int) -> bool:
    """Whether sums over so many patterns of n entries stay whole numbers of 64 bits, for either interaction."""
    return patterns * (n + 2.0) ** P < LARGEST


def halves(n: int) -> Array:
    """The half overlaps of n signs."""
    return (np.arange(-n, n + 1, 2) - n % 2) // 2


@lru_cache(maxsize=512)
def table(P: int, n: int, interaction: str) -> Array:
    """F(A) of A = −n−2, −n, …, n+2 as int64 [n+3].

    >>> table(2, 3, "tensor").tolist()  # (A² − 3)/2
    [11, 3, -1, -1, 3, 11]
    """
    A = np.arange(-n - 2, n + 3, 2, dtype=np.int64)
    before, F = np.ones_like(A), A
    for p in range(1, P):
        before, F = F, A * F if interaction == "power" else (A * F - (n - p + 1) * before) // (p + 1)
    return F


def rounded(values: Sequence[Array], degree: int) -> Form | None:
    """Tables over all half overlaps as polynomials in floating point that round to them, float32 if that will do."""
    offset, unit = _grid(values)
    U = [(v - offset) // unit for v in values]
    exact = [_interpolated(u, degree) for u in U]
    for kind, limit in FLOATS:
        c = np.array([[float(x) for x in row] for row in exact]).T.astype(kind)
        if max(int(u.max()) for u in U) < limit and all(
            np.abs(horner(row, halves(len(u) - 1).astype(kind)) - u).max() < MARGIN
            for row, u in zip(c.T, U, strict=True)
        ):
            return Form(offset, unit, U, c)
    return None


def modular(values: Sequence[Array], degree: int, edge: int) -> tuple[Form, int]:
    """Tables as polynomials modulo 2^16, and the largest edge up to the given one within which they are the values."""
    offset, unit = _grid(values)
    while True:
        U = [(v - offset) // unit for v in values]
        exact = [_interpolated(u, degree) for u in U]
        if unit % 2 or all(c.denominator % 2 for row in exact for c in row):
            break
        unit //= 2
    a = [halves(len(u) - 1) for u in U]
    while True:
        inside = np.concatenate([u[np.abs(h) < edge] for u, h in zip(U, a, strict=True)])
        if int(inside.max()) - int(inside.min()) < 1 << 16:
            break
        edge -= 1
    centre = int(inside.min()) + (1 << 15)
    for row in exact:
        row[-1] -= centre
    residues = [[c.numerator * pow(c.denominator, -1, 1 << 16) % (1 << 16) for c in row] for row in exact]
    coefficients = np.array(residues, np.uint16).astype(np.int16).T
    return Form(offset + unit * centre, unit, [u - centre for u in U], np.ascontiguousarray(coefficients)), edge


def best_forms(families: Sequence[tuple[Sequence[Array], int]], n: int, N: int) -> tuple[list[Form], int] | None:
    """A form for each family of tables and its degree, and their edge: 16 bits, or floats for n patterns of N entries
    too many of which are beyond the edge of those; None if floats are not exact, either.
    """
    found: list[Any] = []
    edge = N
    for values, degree in families:
        form, edge = modular(values, degree, edge)
        found.append(form)
    if n * math.erfc(edge * math.sqrt(2 / N)) > SELDOM:
        found, edge = [rounded(values, degree) for values, degree in families], N
    return None if None in found else (found, edge)


def low_part(form: Form, n: int) -> Array:
    """U of table n as its polynomial gives it: the value, or modulo 2^16."""
    U, c = form.U[n], form.coefficients[:, n]
    return horner(c, halves(len(U) - 1).astype(np.int16)).astype(np.int64) if c.dtype == np.int16 else U


def horner(coefficients: Array, a: Array) -> Array:
    """A polynomial, highest power first, in its own precision."""
    value = np.full_like(a, coefficients[0])
    for c in coefficients[1:]:
        value = value * a + c
    return value


def planes(largest: int, n: int) -> tuple[Array, ...]:
    """Byte planes for n numbers up to the largest."""
    return tuple(np.zeros(n, np.uint8) for _ in range(max(1, -(-int(largest).bit_length() // 8))))


def _grid(values: Sequence[Array]) -> tuple[int, int]:
    """Least value and greatest common step of tables."""
    lowest = min(int(v.min()) for v in values)
    return lowest, max(int(np.gcd.reduce(np.concatenate([v - lowest for v in values]))), 1)


def _interpolated(U: Array, degree: int) -> list[Fraction]:
    """Coefficients, highest power first, of the polynomial through a table over half overlaps (Newton's form)."""
    middle = len(U) // 2
    start = max(0, min(middle - degree // 2, len(U) - degree - 1))
    nodes = [int(x) for x in halves(len(U) - 1)[start : start + degree + 1]]
    row = [Fraction(int(u)) for u in U[start : start + degree + 1]]
    heads = []
    for step in range(len(row)):
        heads.append(row[0])
        row = [(b - a) / (step + 1) for a, b in pairwise(row)]
    found = [Fraction(0)]
    for head, node in zip(reversed(heads), reversed(nodes[: len(heads)]), strict=True):
        found = [b - node * a for a, b in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
        found[-1] += head
    return [Fraction(0)] * (degree + 1 - len(found)) + found[max(0, len(found) - degree - 1) :]
