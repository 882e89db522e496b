r"""Compiled Monte Carlo kernels for one replica with real entries (diluted, averaged or any), at any P.

With c_k = e_k (tensor) or a^k (power), cached for every entry row, flipping a site with y = t s changes F by

    F' − F = −2y Σ_{k<P} b_k (−y)^k c_{P−1−k},   c_0 = 1,   b_k = 1 (tensor) or 2^k C(P, k+1) (power).

The order and the interaction are compiled in, one kernel for each pair: the inner loops unroll and the loop over rows
vectorises. Compiling takes seconds at first use in a process.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba as nb
import numpy as np

from .kernels import FAST, measure, tensor_all_fields, tensor_fields


@lru_cache
def real_kernel(P: int, power: bool) -> Callable[..., Any]:
    """`run(spins, rows [N, n], weights, c [P−1, n], scale, bias, coupling, plan, records) -> flips`, as `run_signs`."""
    field, flip = _field(P, power), (_flip_power if power else _flip_tensor)(P)
    start, total_energy = _start(P, power), _total(P, power, field)

    @nb.njit(nogil=True)
    def run(spins, rows, weights, c, scale, bias, coupling, plan, records):  # type: ignore[no-untyped-def]
        order, threshold = plan
        N = len(spins)
        fields = np.zeros(N)
        if len(coupling):
            tensor_all_fields(fields, coupling, spins, P)
        start(rows, spins, c)
        flips = 0
        for sweep in range(len(order)):
            for n in range(N):
                i = order[sweep, n]
                s = spins[i]
                cost = 2.0 * scale * field(rows, i, weights, c, s) + 2.0 * s * (bias[i] + fields[i])
                if cost < threshold[sweep, n]:
                    spins[i] = -s
                    flip(rows, i, s, c)
                    if len(coupling):
                        tensor_fields(fields, coupling, spins, i, P)
                    flips += 1
            measure(sweep, -scale * total_energy(rows, spins, weights, c), spins, bias, fields, P, records)
        return flips

    return run


def _field(P: int, power: bool) -> Callable[..., Any]:
    """Σ_μ w_μ y_μ Σ_k b_k (−y_μ)^k c_{P−1−k}, by Horner from the highest k."""
    b = tuple(float(math.comb(P, k + 1) * 2**k) if power else 1.0 for k in range(P))

    @nb.njit(nogil=True, fastmath=FAST)
    def field(rows, i, weights, c, s):  # type: ignore[no-untyped-def]
        total = 0.0
        for mu in range(len(weights)):
            y = rows[i, mu] * s
            value = b[P - 1]
            for k in range(P - 1):
                value = b[P - 2 - k] * c[k, mu] - y * value
            total += weights[mu] * y * value
        return total

    return field


def _flip_power(P: int) -> Callable[..., Any]:
    """Cached powers of a after a → a − 2y."""

    @nb.njit(nogil=True, fastmath=FAST)
    def flip(rows, i, s, c):  # type: ignore[no-untyped-def]
        for mu in range(c.shape[1]):
            a = c[0, mu] - 2 * rows[i, mu] * s
            value = 1.0
            for k in range(P - 1):
                value *= a
                c[k, mu] = value

    return flip


def _flip_tensor(P: int) -> Callable[..., Any]:
    """e_k → e_k − 2y e_{k−1}^{without i}, with e_k^{without i} = e_k − y e_{k−1}^{without i}."""

    @nb.njit(nogil=True, fastmath=FAST)
    def flip(rows, i, s, c):  # type: ignore[no-untyped-def]
        for mu in range(c.shape[1]):
            y = rows[i, mu] * s
            before = 1.0
            for k in range(P - 1):
                without = c[k, mu] - y * before
                c[k, mu] = without - y * before
                before = without

    return flip


def _start(P: int, power: bool) -> Callable[..., Any]:
    """The caches from scratch: e_k by adding site after site, or powers of a."""

    @nb.njit(nogil=True)
    def start(rows, spins, c):  # type: ignore[no-untyped-def]
        c[:] = 0.0
        for i in range(len(spins)):
            for mu in range(c.shape[1]):
                y = rows[i, mu] * spins[i]
                if not power:
                    for k in range(P - 2, 0, -1):
                        c[k, mu] += y * c[k - 1, mu]
                c[0, mu] += y
        if power:
            for k in range(1, P - 1):
                c[k] = c[k - 1] * c[0]

    return start


def _total(P: int, power: bool, field: Callable[..., Any]) -> Callable[..., Any]:
    """Σ_μ w_μ F_μ: a^P (power), or P e_P = Σ_i y_i e_{P−1}^{without i} (tensor)."""

    @nb.njit(nogil=True)
    def total(rows, spins, weights, c):  # type: ignore[no-untyped-def]
        if power:
            return (weights * c[P - 2] * c[0]).sum()
        value = 0.0
        for i in range(len(spins)):
            value += field(rows, i, weights, c, spins[i])
        return value / P

    return total
