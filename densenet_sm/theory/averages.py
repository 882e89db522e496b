r"""Averages over one site, without quadrature: sine transforms of the characteristic function.

The field on a site is h = Σ_{νg} ψ_{νg} t^{νg} + h_ext ξ^1 + σ z, with χ(k) = E e^{ikh} a product over patterns ν:

  E tanh βh       = ∫_0^∞ Im χ(k) w(k) dk,          β E sech² βh = ∫_0^∞ k Re χ(k) w(k) dk,
  β E sech⁴ βh    = ∫_0^∞ (k(4+T²k²)/6) Re χ w dk,  w(k) = T/sinh(πTk/2), which is 2/(πk) at T = 0,
  E[ln 2cosh βh − βh tanh βh] = ∫_0^∞ ((u coth u − 1)/(Tk)) Re χ w dk,  u = πTk/2.

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
from ..laws import TAIL, Moments
from .atoms import AtomAverages, law_size
from .site import Site

Array = NDArray[Any]
MAX_NODES, MANY_NODES = 1 << 22, 1 << 10
EDGE = 20.0  # temperatures beyond which tanh is a sign: exp(−2·20) = 4e-18


class Averages:
    """Single-site averages at given ψ [C, G], σ² and T; arrays over patterns ν (axis C) and groups g (axis G).

    `x` E[t tanh βh] [C, G]; `m` E[ξ tanh βh] [C]; `chi` β E sech² βh; `chi4` β E sech⁴ βh;
    `free` E[T ln 2cosh βh]; `entropy` E[ln 2cosh βh − βh tanh βh]; `blank` P(h = 0), not zero only at T = 0 without
    noise; `slopes`, the derivatives of x and chi.
    """

    blank = 0.0
    loose = 0

    def __init__(self, site: Site, psi: Array, strength: float, T: float, resolution: tuple[float, int] | None = None):
        self.site, self.psi, self._live = site, psi, 1 - site.dilution
        step, count = resolution or _resolution(site, psi, strength, T)
        if count > MAX_NODES:
            remedy = "Use T = 0, which needs no nodes here, or a less extreme T."
            raise ParameterError("T", f"large enough for {MAX_NODES} nodes (needs {count})", T, remedy)
        self._k, half_square, self._even, self._odd = _nodes(T, step, count)
        self._groups = [law.transforms(psi[:, g, None] * self._k) for g, law in enumerate(site.laws)]
        if site.field:
            self._groups.append(self._field())
        self._gauss = np.exp(-strength * half_square)
        A = self._product().real
        self._A = site.dilution + self._live * A if site.dilution else A
        self._others = self._gauss[None]
        if len(A) > 1:
            self._left, self._right = _running_products(self._A)
            self._others = self._left * self._right * self._gauss
        chi, chi4, lost, self._bend, self.entropy = self._even.dot(self._A[0] * self._others[0]).tolist()
        self.chi, self.chi4, self.free = chi, chi4, math.pi / step - lost
        S = [self._product(g).imag for g in range(psi.shape[1])]  # Im E[t e^{ikh_ν}]
        self._marked = self._live * (S[0][:, None] if len(S) == 1 else np.stack(S, 1))
        self._weighted = self._marked * self._others[:, None]
        self.x = self._weighted.dot(self._odd[0])

    def _field(self) -> Moments:
        """Transform of the external field, which acts along the first pattern."""
        wave = np.ones((len(self.psi), len(self._k)), complex)
        wave[0] = np.exp((1j * self.site.field) * self._k)
        return lambda n: wave

    def _product(self, *marked: int) -> Array:
        """E e^{ikh_ν} given ξ = +1, [C, n], with a factor t_g for each of the `marked` groups g."""
        product = self._groups[0](marked.count(0))
        for g in range(1, len(self._groups)):  # the groups of one pattern are independent
            product = product * self._groups[g](marked.count(g))
        return product

    @cached_property
    def m(self) -> Array:
        """[C]: E[ξ tanh βh]."""
        return self._live * (self._product().imag * self._others).dot(self._odd[0])

    @cached_property
    def slopes(self) -> Array:
        """Derivatives of (x, chi) with respect to (ψ, σ²), [CG+1, CG+1]: k² Im and k³ Re, derivatives of tanh."""
        C, G = self.psi.shape
        n, kernel = C * G, self._even[0]
        D = np.empty((n + 1, n + 1))
        if C > 1:
            D[:n, :n] = self._across(kernel * self._gauss)
        flat = D.ravel()
        for g in range(G):
            for f in range(G):  # of one and the same pattern
                own = (self._product(g, f).real * self._others).dot(kernel)
                flat[g * (n + 1) + f : n * (n + 1) : G * (n + 2)] = self._live * own
        D[n, :n] = self._weighted.dot(self._odd[1]).ravel()
        D[:n, n] = D[n, :n] / 2
        D[n, n] = self._bend
        return D

    def _across(self, kernel: Array) -> Array:
        """Derivatives of one pattern's averages with respect to another's ψ: two odd factors, i·i = −1; [CG, CG]."""
        C, G = self.psi.shape
        x_psi = np.zeros((C, G, C, G))
        behind = self._marked * self._right[:, None]
        for nu in range(C):
            ahead = self._marked[nu] * (self._left[nu] * -kernel)
            for mu in range(nu + 1, C):
                x_psi[nu, :, mu] = ahead.dot(behind[mu].T)
                x_psi[mu, :, nu] = x_psi[nu, :, mu].T
                ahead = ahead * self._A[mu]
        return x_psi.reshape(C * G, C * G)


def averages(site: Site, psi: Array, strength: float, T: float) -> Averages | AtomAverages:
    """Single-site averages by sine transforms, or as a sum over atoms where that is possible and much shorter."""
    if strength == 0 and T == 0:
        return AtomAverages(site, psi)
    if strength == 0 and not psi.any():
        return _unpolarised(site, psi.shape, T)
    step, count = _resolution(site, psi, strength, T)
    exact = T == 0 or (strength == 0 and all(law.sharp for law in site.laws))
    if count > MANY_NODES and exact and count > MANY_NODES * law_size(site, len(psi)):
        return AtomAverages(site, psi, strength, T)
    return Averages(site, psi, strength, T, (step, count))


@lru_cache(maxsize=64)
def _unpolarised(site: Site, shape: tuple[int, int], T: float) -> Averages:
    """Averages of the paramagnet, whatever the load."""
    return Averages(site, np.zeros(shape), 0.0, T)


def _resolution(site: Site, psi: Array, strength: float, T: float) -> tuple[float, int]:
    """Step Δ and number of nodes: the square wave reaches beyond every field, the sum to its last digit.

    Both are rounded up to a ladder, so that neighbouring evaluations share their nodes.
    """
    sigma = math.sqrt(strength)
    reach = site.field + TAIL * sigma + 2 * EDGE * T
    for one in psi.tolist():
        for law, field in zip(site.laws, one, strict=True):
            reach += law.reach * abs(field)
    step = 2 * math.pi / 2 ** (math.ceil(8 * math.log2(reach)) / 8)
    cut = min(TAIL / sigma if sigma else math.inf, 25 / T if T else math.inf)
    return step, 8 * (int(cut / step) // 8 + 1)


@lru_cache(maxsize=256)
def _nodes(T: float, step: float, count: int) -> tuple[Array, Array, Array, Array]:
    """Midpoints k, k²/2, the weights of chi, chi4, free, −k³/2 and entropy (even), of x and −k² (odd)."""
    k = (np.arange(count) + 0.5) * step
    u = np.minimum(math.pi * T * k / 2, 700.0)
    kernel = step * (T / np.sinh(u) if T else 2 / (math.pi * k))
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(u < 0.1, _coth_series(u), u / np.tanh(u) - 1) / (T * k) if T else np.zeros(count)
    even = kernel * np.stack([k, k * (4 + (T * k) ** 2) / 6, 1 / k, -(k**3) / 2, loss])
    return k, k**2 / 2, even, kernel * np.stack([np.ones(count), -(k**2)])


def _coth_series(u: Array) -> Array:
    """u coth u − 1 for small u."""
    return u**2 / 3 - u**4 / 45 + 2 * u**6 / 945 - u**8 / 4725 + 2 * u**10 / 93555


def _running_products(A: Array) -> tuple[Array, Array]:
    """Products over axis 0 of what is before and of what is behind each factor (factors may vanish)."""
    left, right = np.ones_like(A), np.ones_like(A)
    for i in range(1, len(A)):
        np.multiply(left[i - 1], A[i - 1], out=left[i])
        np.multiply(right[-i], A[-i], out=right[-i - 1])
    return left, right
