r"""Replica symmetry broken in k steps: overlaps q_1 ≤ … ≤ q_{k+1}, Parisi parameters θ_1 ≤ … ≤ θ_k as D_i = βθ_i.

With σ_i² = ξ′(q_i), the field of a site is h = Σ ψ t + h_ext ξ^1 + σ_1 z_0 + Σ_i √(σ²_{i+1} − σ_i²) z_i, and Φ_1 of
`recursion.py` gives

  −f = E Φ_1 + Σ w [f(x) − f′(x) x] + TG − ½σ²_{k+1} C − ½ Σ_i D_i (q_{i+1} σ²_{i+1} − q_i σ_i²),   C = β(1 − q_{k+1}),
  TG = ½ C [ξ(1) − ξ(q_{k+1})]/(1 − q_{k+1}) + ½ Σ_i D_i [ξ(q_{i+1}) − ξ(q_i)]

(P = 2: `Noise.broken`), stationary where x = E[t M_1], q_i = E⟨M_i²⟩, C = E⟨β sech²⟩ and ∂f/∂D_i = 0. Nothing diverges
at T = 0. k = 0 is replica symmetry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atoms import product_law
from .recursion import Levels, gaussian_rule, recursion, smoothness
from .rs import Equations

Array = NDArray[Any]
MAX_TILT = 1e5


@dataclass(frozen=True)
class Broken:
    """Equations of k steps on those of the model; order parameters v = (x [C·G], q_1 … q_k, C, D_1 … D_k)."""

    base: Equations
    k: int = 1
    _last: dict[bytes, BrokenPoint] = field(default_factory=dict, compare=False, repr=False)

    def at(self, v: Array) -> BrokenPoint:
        """Everything at the order parameters v; the last point is remembered."""
        key = v.tobytes()
        if key not in self._last:
            self._last.clear()
            self._last[key] = BrokenPoint(self, v)
        return self._last[key]

    @cached_property
    def law(self) -> tuple[Array, ...]:
        """Product law of the condensed entries: weight [n], entries and their variances [CG, n], ξ [C, n]."""
        weight, _, _, entries, spread, archetypes = product_law(self.base.site, np.zeros(self.base.shape))
        return weight, entries, spread, archetypes

    def field_law(self, psi: Array) -> tuple[Array, Array, Array]:
        """Weight, mean and variance [n] of the field of the condensed patterns, for ψ [C, G]."""
        weight, entries, spread, archetypes = self.law
        flat = psi.reshape(-1)
        return weight, flat @ entries + self.base.site.field * archetypes[0], flat**2 @ spread

    def parts(self, v: Array) -> tuple[Array, Array, float, Array]:
        """x [C·G], q_1 … q_{k+1}, C and D [k]."""
        k = self.k
        C = float(v[-k - 1])
        return v[: -2 * k - 1], np.append(v[-2 * k - 1 : -k - 1], 1 - self.base.T * C), C, v[len(v) - k :]

    def admissible(self, v: Array) -> bool:
        """0 ≤ q_1 < … < q_{k+1} ≤ 1, D > 0, and all Gaussian modes of P = 2 bounded."""
        if not np.isfinite(v).all():
            return False
        _, q, C, D = self.parts(v)
        ordered = q[0] >= -1e-12 and C >= -1e-12 and bool((np.diff(q) > 0).all() and (D > 0).all())
        return ordered and D.max() < MAX_TILT and self.base.noise.bounded(q, C, D)

    def norm(self, F: Array) -> float:
        return float(np.abs(F).max())


class BrokenPoint:
    """What the equations say at the order parameters v; every quantity is evaluated once, when asked for."""

    def __init__(self, eq: Broken, v: Array):
        base = eq.base
        self.eq, self.v, self.T = eq, v, base.T
        x, q, self.C, self.D = eq.parts(v)
        self.x, self.q = x.reshape(base.shape), np.maximum(q, 0.0)
        self.strengths = base.noise.strengths(self.q, self.C, self.D)
        self.psi = base.weights * base.signal.slope(self.x)
        self.levels, self.overlap, self.m = self._site()

    def _site(self) -> tuple[Levels, Array, Array]:
        """Averages over one site: those of `recursion` as numbers (arrays [1]), E[t M_1] and E[ξ M_1]."""
        _, entries, spread, archetypes = self.eq.law
        weight, mean, variance = self.eq.field_law(self.psi)
        variance = variance + self.strengths[0]
        steps = np.sqrt(np.maximum(np.diff(self.strengths), 0.0))
        rule = gaussian_rule(mean, np.sqrt(variance), smoothness(steps[0], self.D[0], self.T))
        found = recursion(rule.nodes.ravel(), steps, self.D, self.T, rule.step)
        columns = np.stack([found.phi, found.M**2, found.slope**2, found.chi, *found.q, *found.bend, *found.gain])
        phi, square, bend, chi, *deeper = rule.average(columns, rule.weights) @ weight
        n, b = len(found.q), len(found.bend)
        M = found.M.reshape(rule.nodes.shape) if rule.nodes.ndim > 1 else found.M
        signed = rule.average(found.M[None], rule.weights)[0] * weight
        away = rule.average((M * rule.nodes).reshape(1, -1), rule.weights)[0] * weight - signed * mean
        pull = np.divide(away, variance, out=np.zeros_like(away), where=variance > 0)
        overlap = entries @ signed + self.psi.reshape(-1) * (spread @ pull)
        levels = Levels(
            phi, signed.sum(), bend, chi, np.array([square, *deeper[:n]]), np.array([bend, *deeper[n : n + b]]),
            np.array(deeper[n + b :]),
        )  # fmt: skip
        return levels, overlap, archetypes @ signed

    @cached_property
    def slope_D(self) -> Array:
        """∂f/∂D_i [k] at fixed overlaps: the complexity is D² ∂f/∂D."""
        q, s = self.q, self.strengths
        own = self.eq.base.noise.gains(q, self.C, self.D)
        return (q[1:] * s[1:] - q[:-1] * s[:-1]) / 2 - self.levels.gain - own

    @cached_property
    def residual(self) -> Array:
        """(E[t M_1], E⟨M_i²⟩, E⟨β sech²⟩) − (x, q_i, C), and −∂f/∂D_i."""
        k = self.eq.k
        found = np.concatenate([self.overlap, self.levels.q[:k], [self.levels.chi]])
        return np.concatenate([found - self.v[: len(found)], -self.slope_D])

    @cached_property
    def free_energy(self) -> float:
        """f per spin, stationary in every order parameter at a solution."""
        base, q, s = self.eq.base, self.q, self.strengths
        legendre = float((self.psi * self.x).sum() - (base.weights * base.signal.value(self.x)).sum())
        kept = s[-1] * self.C / 2 + float(self.D @ (q[1:] * s[1:] - q[:-1] * s[:-1])) / 2
        return float(-self.levels.phi + legendre - base.noise.legendre(q, self.C, self.D, self.T) + kept)

    @property
    def energy(self) -> float:
        """e = −h m_1 − Σ w f(x) + that of the noise, at a solution."""
        base = self.eq.base
        own = float((base.weights * base.signal.value(self.x)).sum())
        noise = base.noise.broken_energy(self.q, self.C, self.D, self.T)
        return float(-base.model.field * self.m[0] - own + noise)

    @property
    def entropy(self) -> float:
        """(e − f)/T, at T = 0 its limit, that of the noise."""
        if self.T > 0:
            return (self.energy - self.free_energy) / self.T
        return self.eq.base.noise.entropy(float(self.q[-1]), self.C)

    @property
    def replicons(self) -> tuple[float, ...]:
        """1 − ξ″(q_i) E⟨M_i′²⟩, i = 1 … k+1; the last, 1 − β² ξ″(q_{k+1}) E⟨sech⁴⟩, is −∞ at T = 0."""
        bend = self.levels.bend
        if self.T == 0:
            bend = np.append(bend, math.inf)
        return tuple(float(r) for r in 1 - self.eq.base.noise.rigidities(self.q, self.C, self.D) * bend)
