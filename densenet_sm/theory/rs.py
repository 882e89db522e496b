r"""The replica-symmetric equations of one model at one temperature: signal × single-site law × noise.

Order parameters: overlaps x [C, G] (patterns ν, groups g of equal examples, weights w_g) and C = β(1−q); q = 1 − TC.

  f = −E[T ln 2cosh βh] + Σ w_g [f′(x)x − f(x)] − T G(q) + ½σ²C,   h = Σ w_g f′(x_{νg}) t^{νg} + h_ext ξ^1 + σz

is stationary where x = E[t tanh βh] and C = β E sech² βh. In these variables every term stays finite at T = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from ..model import Model
from .averages import Averages, Site, averages, slopes
from .noise import Noise, noise_of
from .signal import signal

Array = NDArray[Any]


@dataclass(frozen=True)
class Equations:
    """Self-consistency equations of `model` at temperature T; order parameters v = (x [C·G], C).

    `example` keeps one unsupervised example's overlap apart from the others'; `N` takes the finite-size signal f_N.
    """

    model: Model
    T: float
    example: bool = False
    N: int | None = None

    @cached_property
    def noise(self) -> Noise:
        return noise_of(self.model)

    @cached_property
    def site(self) -> Site:
        protocol = self.model.protocol
        laws = tuple(law for _, law in protocol.groups(self.example))
        return Site(laws, protocol.dilution, self.model.field)

    @cached_property
    def weights(self) -> Array:
        """[G]: weight w_g of each group of entries of one pattern."""
        return np.array([w for w, _ in self.model.protocol.groups(self.example)])

    @property
    def shape(self) -> tuple[int, int]:
        """(C, G): condensed patterns and groups."""
        return self.model.protocol.n_condensed, len(self.weights)

    @cached_property
    def _signal(self) -> Any:
        if self.N is None or self.model.interaction == "power":
            return signal(self.model.P)
        return signal(self.model.P, self.N, self.model.protocol.entry_variance())

    def split(self, v: Array) -> tuple[Array, float, float]:
        """x [C, G], C and q = 1 − TC of an order-parameter vector."""
        return v[:-1].reshape(self.shape), float(v[-1]), max(0.0, 1 - self.T * float(v[-1]))

    def admissible(self, v: Array) -> bool:
        """C in [0, 1/T], up to rounding, and below the divergence of the P = 2 noise; finite overlaps."""
        top = 1 / self.T * (1 + 1e-12) if self.T > 0 else math.inf
        return bool(np.isfinite(v).all() and -1e-12 * self.unit <= v[-1] <= top and v[-1] < self.noise.largest_C)

    @cached_property
    def unit(self) -> float:
        """Scale of C in residuals: its rounding grows with the largest k of the transforms, β, or 1/σ at T = 0."""
        if self.T > 0:
            return 1 + 0.1 / self.T
        sigma = math.sqrt(self.noise.strength(1.0, 0.0))
        return 1 + 1 / sigma if sigma > 0 else 1.0

    def norm(self, F: Array) -> float:
        """Largest residual, that of C in its own unit."""
        return max(float(np.abs(F[:-1]).max()), abs(float(F[-1])) / self.unit)

    def site_averages(self, v: Array) -> Averages:
        """Averages over the field that the order parameters v create."""
        x, C, q = self.split(v)
        return averages(self.site, self.weights * self._signal[1](x), self.noise.strength(q, C), self.T)

    def map(self, v: Array) -> Array:
        """The averages (E[t tanh βh], β E sech² βh) that must reproduce v."""
        a = self.site_averages(v)
        return np.append(a.x.ravel(), a.chi)

    def residual(self, v: Array) -> Array:
        return self.map(v) - v

    def jacobian(self, v: Array) -> Array:
        """∂(map − v)/∂v, exact."""
        x, C, q = self.split(v)
        psi = self.weights * self._signal[1](x)
        d = slopes(self.site, psi, self.noise.strength(q, C), self.T)
        stiff = (self.weights * self._signal[2](x)).ravel()
        dq, dC = self.noise.gradient(q, C)
        by_C = dC - self.T * dq
        n = len(stiff)
        J = np.empty((n + 1, n + 1))
        J[:n, :n] = d.x_psi.reshape(n, n) * stiff
        J[:n, n] = d.x_strength.ravel() * by_C
        J[n, :n] = d.chi_psi.ravel() * stiff
        J[n, n] = d.chi_strength * by_C
        return J - np.eye(n + 1)

    def free_energy(self, v: Array) -> float:
        """f per spin as a function of the order parameters (stationary at a solution)."""
        x, C, q = self.split(v)
        a = self.site_averages(v)
        f, slope, _ = self._signal
        legendre = float((self.weights * (slope(x) * x - f(x))).sum())
        return -a.free + legendre - self._T_times_G(q, C) + self.noise.strength(q, C) * C / 2

    def _T_times_G(self, q: float, C: float) -> float:
        """T G = T(entropy − ½φ(1−q)) − energy, both finite at T = 0 (½φT(1−q) = ½σ²C)."""
        noise = self.noise
        return self.T * noise.entropy(q, C) - noise.strength(q, C) * C / 2 - noise.energy(q, C)

    def energy(self, v: Array, a: Averages) -> float:
        """e = −h m_1 − Σ w f(x) − ∂G/∂β per spin, at a solution."""
        x, C, q = self.split(v)
        return float(-self.model.field * a.m[0] - (self.weights * self._signal[0](x)).sum() + self.noise.energy(q, C))

    def entropy(self, v: Array, a: Averages) -> float:
        """s = E[ln 2cosh βh − βh tanh βh] + noise part; at T = 0 the first is P(h=0) ln 2."""
        x, C, q = self.split(v)
        noise = self.noise.entropy(q, C)
        if self.T == 0:
            return a.blank * math.log(2) + noise
        work = (self.weights * self._signal[1](x) * a.x).sum() + self.model.field * a.m[0]
        return float(a.free - work - self.noise.strength(q, C) * a.chi) / self.T + noise

    def replicon(self, v: Array, a: Averages) -> float:
        """1 − β²ξ″(q) E sech⁴ βh; −inf at T = 0 wherever noise leaves fields near zero."""
        _, C, q = self.split(v)
        cost = self.noise.rigidity(q, C) * a.chi4
        if self.T == 0:
            return -math.inf if cost > 0 else 1.0
        return 1 - cost / self.T

    def longitudinal(self, v: Array) -> float:
        """Smallest 1 − eigenvalue of ∂(E t tanh)/∂x once C follows x: positive where iterating overlaps converges."""
        J = self.jacobian(v)
        n = len(v) - 1
        reduced = J[:n, :n] - np.outer(J[:n, n], J[n, :n]) / J[n, n]
        return float(-np.linalg.eigvals(reduced).real.max())


def iterate(eq: Equations, v: Array, steps: int, damping: float = 1.0) -> tuple[Array, float]:
    """Natural iteration x ← E[t tanh βh] with C kept from overshooting (P = 2); returns the point and its residual."""
    residual = math.inf
    for _ in range(steps):
        if not eq.admissible(v):
            raise ConvergenceError("the iteration left the physical region 1 − β(1−q) > 0", v, residual, steps)
        x, C, q = eq.split(v)
        strength = eq.noise.strength(q, C)
        a = averages(eq.site, eq.weights * eq._signal[1](x), strength, eq.T)
        change = np.append(a.x.ravel(), a.chi) - v
        residual = eq.norm(change)
        if residual < 1e-15:
            break
        if eq.noise.modes:  # σ² grows with C and C falls with σ²: a Newton step in C alone cannot run away
            growth = 2 * sum(load * k**3 * q / (1 - k * C) ** 3 for load, k in eq.noise.modes)
            change[-1] /= 1 + growth * a.chi / (2 * strength if strength else math.inf)
        v = v + damping * change
        ceiling = min(eq.noise.largest_C, 1 / eq.T if eq.T > 0 else math.inf)
        if v[-1] >= ceiling and eq.noise.modes and ceiling == eq.noise.largest_C:
            v[-1] = (C + ceiling) / 2
    return v, residual


def newton(eq: Equations, v: Array, steps: int = 30, tolerance: float = 1e-13) -> tuple[Array, float, int]:
    """Newton's method with step halving; returns point, residual (whether it converged) and steps."""
    F = eq.residual(v)
    for step in range(steps):
        size = eq.norm(F)
        if size < tolerance:
            return v, size, step
        try:
            direction = np.linalg.solve(eq.jacobian(v), -F)
        except np.linalg.LinAlgError:
            return v, size, step
        for halving in range(12):
            trial = v + direction / 2**halving
            if eq.admissible(trial):
                new = eq.residual(trial)
                if eq.norm(new) < size:
                    break
        else:
            return v, size, step
        v, F = trial, new
    return v, eq.norm(F), steps
