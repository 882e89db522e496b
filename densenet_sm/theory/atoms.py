r"""Averages over one site as sums over the product law of its entries: sign functions of atoms, erf of normals.

This is the form without transforms: at T = 0 without noise the only one, at T = 0 with noise the closed form that the
transforms are tested against, at T > 0 for atoms alone. Its cost is exponential in the number of patterns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from ..errors import ParameterError
from .site import Site

Array = NDArray[Any]
MAX_ATOMS = 4_000_000


class AtomAverages:
    """Averages at T = 0, or at any T of atoms without noise; fields as in `Averages`. Signs of zero are zero.

    Raises ParameterError when the product law has more than 4 million terms.
    """

    def __init__(self, site: Site, psi: Array, strength: float = 0.0, T: float = 0.0):
        weight, mean, variance, entries, widths, archetypes = product_law(site, psi)
        tie = np.abs(mean) <= 1e-12 * np.abs(psi).sum()
        response = _thermal(mean, T) if T > 0 else _gaussian(np.where(tie, 0.0, mean), variance + strength)
        sign, D, *bends, quartic, free = response
        self.psi, self._terms = psi, (weight * D, *(weight * bend for bend in bends), entries, widths)
        x = entries @ (weight * sign) + psi.reshape(-1) * (widths @ (weight * D))
        self.x = x.reshape(psi.shape)
        self.m = archetypes @ (weight * sign)
        self.chi = float(weight @ D)
        self.chi4 = float(weight @ quartic)
        self.free = float(weight @ free)
        free = tie & (variance + strength == 0) & (T == 0)
        self.blank = float(weight @ free)
        self.entropy = float(weight @ _mixing(mean, T)) if T > 0 else self.blank * math.log(2)
        self.loose = int(np.linalg.matrix_rank((entries * (weight * free)) @ entries.T)) if free.any() else 0

    @property
    def slopes(self) -> Array:
        """As in `Averages`, of the sign and of D = d sign/dh; a variance acts as half a second derivative."""
        D, D1, D2, entries, widths = self._terms
        spread = self.psi.reshape(-1, 1) * widths
        outer = entries * D1 + spread * D2
        x_psi = entries @ (entries * D + spread * D1).T + spread @ outer.T + np.diag(widths @ D)
        x_strength = (entries @ D1 + spread @ D2) / 2
        return np.block([[x_psi, x_strength[:, None]], [outer.sum(1), D2.sum() / 2]])


def _gaussian(a: Array, V: Array) -> tuple[Array, ...]:
    """T = 0: E sign h of normal h, its first three derivatives in a, (2/3) of the first, E |h|; sharp atoms: sign a."""
    smooth = V > 1e-30  # a narrower one is as sharp as rounding
    V = np.where(smooth, V, 1.0)
    sign = np.where(smooth, erf(a / np.sqrt(2 * V)), np.sign(a))
    D = np.where(smooth, np.sqrt(2 / (math.pi * V)) * np.exp(-(a**2) / (2 * V)), 0.0)
    return sign, D, -a / V * D, (a**2 / V - 1) / V * D, 2 / 3 * D, a * sign + V * D


def _thermal(a: Array, T: float) -> tuple[Array, ...]:
    """tanh βa, its first three derivatives in a, β sech⁴ βa, T ln 2cosh βa."""
    tanh = np.tanh(a / T)
    D = (1 - tanh**2) / T
    free = np.abs(a) + T * np.log1p(np.exp(-2 * np.abs(a) / T))
    return tanh, D, -2 * tanh * D / T, (6 * tanh**2 - 2) * D / T**2, T * D**2, free


def _mixing(a: Array, T: float) -> Array:
    """ln 2cosh βa − βa tanh βa."""
    y = np.abs(a) / T
    decay = np.exp(-2 * y)
    return np.log1p(decay) + 2 * y * decay / (1 + decay)


def law_size(site: Site, patterns: int) -> int:
    """Number of terms of the product law of some patterns."""
    signs = 1 if site.dilution == 0 and patterns == 1 else 3
    return (signs * math.prod(len(w.weight) for w in site.laws)) ** patterns


def product_law(site: Site, psi: Array) -> tuple[Array, ...]:
    """Product law of all patterns: weight, mean and variance of h [n]; entries and variances [CG, n]; ξ [C, n].

    One undiluted pattern alone is gauged to ξ = +1.
    """
    C = len(psi)
    signs, chance = np.array([1.0, -1.0, 0.0]), np.array([(1 - site.dilution) / 2] * 2 + [site.dilution])
    if site.dilution == 0 and C == 1:
        signs, chance = np.ones(1), np.ones(1)
    size = law_size(site, C)
    if size > MAX_ATOMS:
        remedy = "Use a small T > 0, or alpha or nu > 0: the transforms are linear in the number of patterns."
        raise ParameterError("T", f"> 0 for this many patterns ({size} atoms at T = 0 without noise)", 0, remedy)
    weight, mean, variance = np.ones(1), np.zeros(1), np.zeros(1)
    columns = [np.zeros((0, 1))] * 3
    for nu in range(C):
        w, *one = _pattern_atoms(site, signs, chance)
        t, v, xi = one
        bias = psi[nu] @ t + (site.field * xi[0] if nu == 0 else 0.0)
        weight = np.outer(weight, w).ravel()
        mean = np.add.outer(mean, bias).ravel()
        variance = np.add.outer(variance, psi[nu] ** 2 @ v).ravel()
        columns = [
            np.vstack([np.repeat(old, len(w), 1), np.tile(new, old.shape[1])])
            for old, new in zip(columns, one, strict=True)
        ]
    return weight, mean, variance, *columns


def _pattern_atoms(site: Site, signs: Array, chance: Array) -> tuple[Array, Array, Array, Array]:
    """Atoms of one pattern: weight [n], entries and their variances [G, n], ξ [1, n]."""
    index = np.indices((len(signs), *(len(w.weight) for w in site.laws))).reshape(1 + len(site.laws), -1)
    xi = signs[index[0]]
    weight = chance[index[0]].copy()
    for law, j in zip(site.laws, index[1:], strict=True):
        weight *= law.weight[j]
    t = np.array([xi * law.mean[j] for law, j in zip(site.laws, index[1:], strict=True)])
    v = np.array([xi**2 * law.variance[j] for law, j in zip(site.laws, index[1:], strict=True)])
    return weight, t, v, xi[None]
