r"""Averages over one site, without quadrature: sine transforms of the characteristic function.

The field on a site is h = Σ_{νg} ψ_{νg} t^{νg} + h_ext ξ^1 + σ z, with χ(k) = E e^{ikh} a product over patterns ν:

  E tanh βh       = ∫_0^∞ Im χ(k) w(k) dk,          β E sech² βh = ∫_0^∞ k Re χ(k) w(k) dk,
  β E sech⁴ βh    = ∫_0^∞ (k(4+T²k²)/6) Re χ w dk,  w(k) = T/sinh(πTk/2), which is 2/(πk) at T = 0.

On the midpoints k = (n+½)Δ the sum is the average of a square wave that equals tanh for |h| < 2π/Δ − O(T): the error
is exponentially small, at T = 0 too. Multiplying by t inside its own factor gives E[t tanh]; the cost is linear in
the number of patterns.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..laws import TAIL
from .atoms import AtomAverages, law_size
from .site import Site, Slopes

Array = NDArray[Any]
MAX_NODES, MANY_NODES = 1 << 22, 1 << 10
EDGE = 20.0  # temperatures beyond which tanh is a sign: exp(−2·20) = 4e-18


class Averages:
    """Single-site averages at given ψ [C, G], σ² and T; arrays over patterns ν (axis C) and groups g (axis G).

    `x` E[t tanh βh] [C, G]; `m` E[ξ tanh βh] [C]; `chi` β E sech² βh; `chi4` β E sech⁴ βh;
    `free` E[T ln 2cosh βh]; `blank` P(h = 0), not zero only at T = 0 without noise; `slopes`, their derivatives.
    """

    blank = 0.0
    loose = 0

    def __init__(self, site: Site, psi: Array, strength: float, T: float):
        self.site, self.psi = site, psi
        step, count = _resolution(site, psi, strength, T)
        if count > MAX_NODES:
            remedy = "Use T = 0, which needs no nodes here, or a less extreme T."
            raise ParameterError("T", f"large enough for {MAX_NODES} nodes (needs {count})", T, remedy)
        self.k, half_square, even, self._odd = _nodes(T, step, count)
        self._factors()
        self._gauss = np.exp(-strength * half_square)
        self._others = _leave_one_out(self.A) * self._gauss
        self._weighted = self.S * self._others[:, None]
        chi, chi4, lost, self._bend = even @ (self.A[0] * self._others[0])
        self.chi, self.chi4, self.free = float(chi), float(chi4), math.pi / step - float(lost)
        self.x = self._weighted @ self._odd[0]

    @cached_property
    def m(self) -> Array:
        """[C]: E[ξ tanh βh]."""
        return (self.B * self._others) @ self._odd[0]

    def _factors(self) -> None:
        """Per pattern: A = E e^{ikh_ν} (real by symmetry) [C, n], S = Im E[t e^{ikh_ν}] [C, G, n], B with ξ for t.

        One undiluted pattern alone is gauged to ξ = +1: the same A and S, since tanh is odd.
        """
        site, live = self.site, 1 - self.site.dilution
        self._groups = [law.transforms(self.psi[:, g, None] * self.k) for g, law in enumerate(site.laws)]
        if site.field:
            for z in self._groups[0]:
                z[0] *= np.exp(1j * site.field * self.k)
        total = self._product({})
        self.A, self.B = site.dilution + live * total.real, live * total.imag
        self.S = np.empty((*self.psi.shape, len(self.k)))
        for g in range(self.psi.shape[1]):
            self.S[:, g] = live * self._product({g: 1}).imag

    def _product(self, orders: dict[int, int]) -> Array:
        """E Π t_g^{orders[g]} e^{ikh_ν} given ξ = +1, [C, n]: the groups of one pattern are independent."""
        product, *others = (z[orders.get(g, 0)] for g, z in enumerate(self._groups))
        for factor in others:
            product = product * factor
        return product

    @cached_property
    def slopes(self) -> Slopes:
        """Derivatives of the averages, from the same transforms (k² Im and k³ Re: derivatives of tanh)."""
        C, G = self.psi.shape
        kernel = self.k * self._odd[0]
        second = self._weighted @ self._odd[1]
        x_psi = np.empty((C, G, C, G))
        for g in range(G):
            for f in range(G):
                moment = self._product({g: 1, f: 1} if f != g else {g: 2}).real
                x_psi[range(C), g, range(C), f] = (1 - self.site.dilution) * (moment * self._others) @ kernel
        if C > 1:
            self._across(x_psi, kernel * self._gauss)
        return Slopes(x_psi, second / 2, second, float(self._bend))

    def _across(self, x_psi: Array, kernel: Array) -> None:
        """Derivatives of one pattern's average with respect to another's ψ: two odd factors, i·i = −1."""
        C, G = self.psi.shape
        for nu in range(C):
            for g in range(G):
                marked = self.A.copy()
                marked[nu] = self.S[nu, g]
                slopes = -(self.S * _leave_one_out(marked)[:, None]) @ kernel
                rest = np.arange(C) != nu
                x_psi[nu, g, rest] = slopes[rest]


def averages(site: Site, psi: Array, strength: float, T: float) -> Averages | AtomAverages:
    """Single-site averages by sine transforms, or as a sum over atoms where that is possible and much shorter."""
    if T == 0 and strength == 0:
        return AtomAverages(site, psi)
    exact = T == 0 or (strength == 0 and all(law.sharp for law in site.laws))
    if exact and _resolution(site, psi, strength, T)[1] > MANY_NODES * law_size(site, len(psi)):
        return AtomAverages(site, psi, strength, T)
    return Averages(site, psi, strength, T)


def _resolution(site: Site, psi: Array, strength: float, T: float) -> tuple[float, int]:
    """Step Δ and number of nodes: the square wave reaches beyond every field, the sum to its last digit.

    Both are rounded up to a ladder, so that neighbouring evaluations share their nodes.
    """
    sigma = math.sqrt(strength)
    reach = (
        sum(law.reach * float(abs(psi[:, g]).sum()) for g, law in enumerate(site.laws))
        + abs(site.field)
        + TAIL * sigma
        + 2 * EDGE * T
    )
    step = 2 * math.pi / 2 ** (math.ceil(8 * math.log2(reach)) / 8)
    cut = min(TAIL / sigma if sigma else math.inf, 25 / T if T else math.inf)
    count = 8 * (int(cut / step) // 8 + 1)
    return step, count


@lru_cache(maxsize=256)
def _nodes(T: float, step: float, count: int) -> tuple[Array, Array, Array, Array]:
    """Midpoints k, k²/2, the weights of chi, chi4, free and −k³/2 (even), of x and −k² (odd)."""
    k = (np.arange(count) + 0.5) * step
    kernel = step * (T / np.sinh(np.minimum(math.pi * T * k / 2, 700.0)) if T else 2 / (math.pi * k))
    even = kernel * np.stack([k, k * (4 + (T * k) ** 2) / 6, 1 / k, -(k**3) / 2])
    return k, k**2 / 2, even, kernel * np.stack([np.ones(count), -(k**2)])


def _leave_one_out(A: Array) -> Array:
    """Products over axis 0 without each factor in turn, by running products (factors may vanish)."""
    if len(A) == 1:
        return np.ones((1, 1))
    left, right = np.ones_like(A), np.ones_like(A)
    left[1:] = np.cumprod(A[:-1], 0)
    right[:-1] = np.cumprod(A[:0:-1], 0)[::-1]
    return left * right
