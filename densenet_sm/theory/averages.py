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
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..laws import Mixture

Array = NDArray[Any]
TAIL = 9.0  # standard deviations beyond which a normal is nothing: exp(−81/2) = 3e-18
EDGE = 20.0  # temperatures beyond which tanh is a sign: exp(−2·20) = 4e-18
MAX_NODES = 1 << 22


@dataclass(frozen=True)
class Site:
    """Law of one site: the groups of entries of one pattern given ξ = +1, the blank fraction d, the external field."""

    laws: tuple[Mixture, ...]
    dilution: float = 0.0
    field: float = 0.0

    def widest(self) -> Array:
        """[G]: bound on |t| of each group."""
        return np.array([np.max(np.abs(w.mean) + TAIL * np.sqrt(w.variance)) for w in self.laws])


@dataclass(frozen=True)
class Averages:
    """Single-site averages at given ψ [C, G], σ² and T; arrays over patterns ν (axis C) and groups g (axis G).

    `x` E[t tanh βh] [C, G]; `m` E[ξ tanh βh] [C]; `chi` β E sech² βh; `chi4` β E sech⁴ βh;
    `free` E[T ln 2cosh βh]; `blank` P(h = 0), not zero only at T = 0 without noise.
    """

    x: Array
    m: Array
    chi: float
    chi4: float
    free: float
    blank: float = 0.0


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the averages: of x [C, G] and of chi, with respect to ψ [C, G] and to σ²."""

    x_psi: Array  # [C, G, C, G]
    x_strength: Array  # [C, G]
    chi_psi: Array  # [C, G]
    chi_strength: float


def averages(site: Site, psi: Array, strength: float, T: float) -> Averages:
    """Single-site averages by sine transforms (formulae above); `noiseless_averages` at T = 0 without noise."""
    if T == 0 and strength == 0:
        return noiseless_averages(site, psi)
    k, kernel, step = _nodes(site, psi, strength, T)
    A, S, B = _factors(site, psi, k)
    gauss = np.exp(-strength * k**2 / 2) * kernel
    others = _leave_one_out(A) * gauss
    real = A.prod(0) * gauss
    return Averages(
        x=(S * others[:, None]).sum(-1),
        m=(B * others).sum(-1),
        chi=float((k * real).sum()),
        chi4=float((k * (4 + (T * k) ** 2) / 6 * real).sum()),
        free=math.pi / step - float((real / k).sum()),
    )


def slopes(site: Site, psi: Array, strength: float, T: float) -> Slopes:
    """Derivatives of the averages, from the same transforms (k² Im and k³ Re: derivatives of tanh)."""
    C, G = psi.shape
    if T == 0 and strength == 0:  # sign functions of atoms: constant almost everywhere
        return Slopes(np.zeros((C, G, C, G)), np.zeros((C, G)), np.zeros((C, G)), 0.0)
    k, kernel, _ = _nodes(site, psi, strength, T)
    A, S, _ = _factors(site, psi, k)
    gauss = np.exp(-strength * k**2 / 2) * kernel
    others = _leave_one_out(A) * gauss
    second = -(k**2 * S * others[:, None]).sum(-1)
    x_psi = np.empty((C, G, C, G))
    same = _second_moments(site, psi, k)
    for nu in range(C):
        x_psi[nu, :, nu] = (same[nu] * (k * others[nu])).sum(-1)
        for g in range(G):
            marked = A.copy()
            marked[nu] = S[nu, g]
            rest = _leave_one_out(marked) * (k * gauss)
            for other in range(C):
                if other != nu:  # two odd factors: i·i = −1
                    x_psi[nu, g, other] = -(S[other] * rest[other]).sum(-1)
    return Slopes(x_psi, second / 2, second, -float((k**3 * A.prod(0) * gauss).sum()) / 2)


def noiseless_averages(site: Site, psi: Array, strength: float = 0.0) -> Averages:
    """T = 0 averages as a sum over the product law: sign functions of atoms, erf of normals; signs of zero are zero.

    With `strength` > 0 it is the closed (erf) form of the T = 0 transforms. The cost is exponential in the number of
    patterns: at T > 0, or with noise, the transforms do better.

    Raises ParameterError when the product law has more than 4 million terms.
    """
    from scipy.special import erf

    C, G = psi.shape
    signs = np.array([1.0]) if site.dilution == 0 and C == 1 else np.array([1.0, -1.0, 0.0])
    chance = np.array([1.0]) if len(signs) == 1 else np.array([(1 - site.dilution) / 2] * 2 + [site.dilution])
    size = (len(signs) * math.prod(len(w.weight) for w in site.laws)) ** C
    if size > 4_000_000:
        remedy = "Use a small T > 0, or alpha or nu > 0: the transforms are linear in the number of patterns."
        raise ParameterError("T", f"> 0 for this many patterns ({size} atoms at T = 0 without noise)", 0, remedy)
    weight, mean, variance = np.ones(1), np.zeros(1), np.full(1, strength)
    entries, widths, archetypes = np.zeros((0, 1)), np.zeros((0, 1)), np.zeros((0, 1))
    for nu in range(C):
        w, xi, t, v = _pattern_atoms(site.laws, signs, chance)
        bias = psi[nu] @ t + (site.field * xi if nu == 0 else 0.0)
        weight = np.outer(weight, w).ravel()
        mean = np.add.outer(mean, bias).ravel()
        variance = np.add.outer(variance, psi[nu] ** 2 @ v).ravel()
        old, new = entries.shape[1], len(w)
        entries = np.vstack([np.repeat(entries, new, 1), np.tile(t, old)])
        widths = np.vstack([np.repeat(widths, new, 1), np.tile(v, old)])
        archetypes = np.vstack([np.repeat(archetypes, new, 1), np.tile(xi, old)])
    tie = np.abs(mean) <= 1e-12 * np.abs(psi).sum()
    width = np.sqrt(np.where(variance > 0, variance, 1.0))
    smooth = variance > 0
    sign = np.where(smooth, erf(mean / (math.sqrt(2) * width)), np.where(tie, 0.0, np.sign(mean)))
    density = np.where(smooth, math.sqrt(2 / math.pi) / width * np.exp(-(mean**2) / (2 * width**2)), 0.0)
    x = entries @ (weight * sign) + psi.reshape(-1) * (widths @ (weight * density))
    return Averages(
        x=x.reshape(C, G),
        m=archetypes @ (weight * sign),
        chi=float(weight @ density),
        chi4=float(weight @ density) * 2 / 3,
        free=float(weight @ (mean * sign + variance * density)),
        blank=float(weight @ (tie & ~smooth)),
    )


def _pattern_atoms(laws: tuple[Mixture, ...], signs: Array, chance: Array) -> tuple[Array, Array, Array, Array]:
    """Atoms of one pattern: weight, ξ, entries [G, n] and their variances [G, n]."""
    index = np.indices((len(signs), *(len(w.weight) for w in laws))).reshape(1 + len(laws), -1)
    xi = signs[index[0]]
    weight = chance[index[0]].copy()
    for law, j in zip(laws, index[1:], strict=True):
        weight *= law.weight[j]
    t = np.array([xi * law.mean[j] for law, j in zip(laws, index[1:], strict=True)])
    v = np.array([xi**2 * law.variance[j] for law, j in zip(laws, index[1:], strict=True)])
    return weight, xi, t, v


def _nodes(site: Site, psi: Array, strength: float, T: float) -> tuple[Array, Array, float]:
    """Midpoints k, weights w(k)Δ and step Δ: the square wave reaches beyond every field, the sum to its last digit."""
    sigma = math.sqrt(strength)
    reach = float((np.abs(psi) @ site.widest()).sum()) + abs(site.field) + TAIL * sigma
    step = 2 * math.pi / (reach + 2 * EDGE * T)
    cut = min(TAIL / sigma if sigma else math.inf, 25 / T if T else math.inf)
    count = math.ceil(cut / step) + 1
    if count > MAX_NODES:
        remedy = "Use T = 0, which needs no nodes here, or a less extreme T."
        raise ParameterError("T", f"large enough for {MAX_NODES} nodes (needs {count})", T, remedy)
    k = (np.arange(count) + 0.5) * step
    kernel = step * (T / np.sinh(math.pi * T * k / 2) if T else 2 / (math.pi * k))
    return k, kernel, step


def _factors(site: Site, psi: Array, k: Array) -> tuple[Array, Array, Array]:
    """Per pattern: A = E e^{ikh_ν} (real by symmetry) [C, n], S = Im E[t e^{ikh_ν}] [C, G, n], B = Im E[ξ e^{ikh_ν}].

    One undiluted pattern alone is gauged to ξ = +1: the same A and S, since tanh is odd.
    """
    zero, one, _ = _transforms(site, psi, k)
    total = zero.prod(1)
    live = 1 - site.dilution
    S = np.stack([(one[:, g] * np.delete(zero, g, 1).prod(1)).imag for g in range(psi.shape[1])], 1)
    return site.dilution + live * total.real, live * S, live * total.imag


def _second_moments(site: Site, psi: Array, k: Array) -> Array:
    """Re E[t^{νg} t^{νg'} e^{ikh_ν}] [C, G, G, n]."""
    zero, one, two = _transforms(site, psi, k)
    C, G = psi.shape
    moments = np.empty((C, G, G, len(k)))
    for g in range(G):
        for f in range(G):
            factors = zero.copy()
            if f == g:
                factors[:, g] = two[:, g]
            else:
                factors[:, g], factors[:, f] = one[:, g], one[:, f]
            moments[:, g, f] = factors.prod(1).real
    return (1 - site.dilution) * moments


def _transforms(site: Site, psi: Array, k: Array) -> tuple[Array, Array, Array]:
    """E e^{ikψt}, E t e^{ikψt} and E t² e^{ikψt} of every group given ξ = +1, [C, G, n]; the field joins group 0."""
    C, G = psi.shape
    out = np.empty((3, C, G, len(k)), complex)
    for g, law in enumerate(site.laws):
        kappa = psi[:, g, None, None] * k  # [C, 1, n]
        mean, variance = law.mean[:, None], law.variance[:, None]
        wave = law.weight[:, None] * np.exp(1j * kappa * mean - kappa**2 * variance / 2)
        tilted = mean + 1j * kappa * variance
        out[0, :, g] = wave.sum(1)
        out[1, :, g] = (tilted * wave).sum(1)
        out[2, :, g] = ((variance + tilted**2) * wave).sum(1)
    if site.field:
        out[:, 0, 0] *= np.exp(1j * k * site.field)
    return out[0], out[1], out[2]


def _leave_one_out(A: Array) -> Array:
    """Products over axis 0 without each factor in turn, by running products (factors may vanish)."""
    if len(A) == 1:
        return np.ones_like(A)
    left, right = np.ones_like(A), np.ones_like(A)
    left[1:] = np.cumprod(A[:-1], 0)
    right[:-1] = np.cumprod(A[:0:-1], 0)[::-1]
    return left * right
