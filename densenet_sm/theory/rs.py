r"""The replica-symmetric equations of one model at one temperature: signal × single-site law × noise.

Order parameters: overlaps x [C, G] (patterns ν, groups g of equal examples, weights w_g) and C = β(1−q); q = 1 − TC.

  f = −E[T ln 2cosh βh] + Σ w_g [f′(x)x − f(x)] − T G(q) + ½σ²C,   h = Σ w_g f′(x_{νg}) t^{νg} + h_ext ξ^1 + σz

is stationary where x = E[t tanh βh] and C = β E sech² βh. In these variables every term stays finite at T = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from .averages import averages
from .noise import Noise, noise_of
from .signal import Signal, signal
from .site import Site

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
    _last: dict[bytes, Point] = field(default_factory=dict, compare=False, repr=False)

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

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(C, G): condensed patterns and groups."""
        return self.model.protocol.n_condensed, len(self.weights)

    @cached_property
    def signal(self) -> Signal:
        model, N = self.model, None if self.model.interaction == "power" else self.N
        amplitude = model.protocol.amplitude(model.alpha, N, model.P)
        return signal(model.P, N, model.protocol.entry_variance(), amplitude)

    def at(self, v: Array) -> Point:
        """Everything at the order parameters v; the last point is remembered."""
        key = v.tobytes()
        if key not in self._last:
            self._last.clear()
            self._last[key] = Point(self, v)
        return self._last[key]

    def admissible(self, v: Array) -> bool:
        """C in [0, 1/T], up to rounding, and below the divergence of the P = 2 noise; possible overlaps."""
        low, top = self._range
        *overlaps, C = v.tolist()
        largest = self.largest_x
        return low <= C <= top and self.noise.largest_C > C and all(-largest <= x <= largest for x in overlaps)

    @cached_property
    def largest_x(self) -> float:
        """Overlaps stay below this: E[t tanh] ≤ E|t|."""
        return 1.5 * max(law.reach for law in self.site.laws)

    @cached_property
    def _range(self) -> tuple[float, float]:
        """Bounds of C, up to rounding."""
        return -1e-12 * self.unit, 1 / self.T * (1 + 1e-12) if self.T > 0 else math.inf

    @cached_property
    def unit(self) -> float:
        """Scale of C in residuals: its rounding grows with the largest k of the transforms, β, or 1/σ at T = 0."""
        if self.T > 0:
            return 1 + 0.1 / self.T
        sigma = math.sqrt(self.noise.strength(1.0, 0.0))
        return 1 + 1 / sigma if sigma > 0 else 1.0

    def norm(self, F: Array) -> float:
        """Largest residual, that of C in its own unit."""
        *overlaps, C = F.tolist()
        return max(abs(C) / self.unit, *map(abs, overlaps))

    def residual(self, v: Array) -> Array:
        """(E[t tanh βh], β E sech² βh) − v."""
        return self.at(v).residual

    def jacobian(self, v: Array) -> Array:
        """∂residual/∂v, exact."""
        return self.at(v).jacobian

    def free_energy(self, v: Array) -> float:
        """f per spin as a function of the order parameters (stationary at a solution)."""
        return self.at(v).free_energy


class Point:
    """What the equations say at the order parameters v: every quantity is evaluated once, when asked for."""

    def __init__(self, eq: Equations, v: Array):
        self.eq, self.v = eq, v
        self.C = v.item(-1)
        self.q = max(0.0, 1 - eq.T * self.C)
        self.x = v[:-1].reshape(eq.shape)
        self.strength = eq.noise.strength(self.q, self.C)
        self.psi = eq.weights * eq.signal.slope(self.x)  # [C, G]: w f′(x), what each group adds to the local field
        self.averages = averages(eq.site, self.psi, self.strength, eq.T)

    @cached_property
    def residual(self) -> Array:
        F = -self.v
        F[:-1] += self.averages.x.ravel()
        F[-1] += self.averages.chi
        return F

    @cached_property
    def jacobian(self) -> Array:
        stiff = (self.eq.weights * self.eq.signal.stiffness(self.x)).ravel()
        dq, dC = self.eq.noise.gradient(self.q, self.C)
        J = self.averages.slopes * np.array([*stiff.tolist(), dC - self.eq.T * dq])
        J.ravel()[:: len(J) + 1] -= 1
        return J

    @cached_property
    def free_energy(self) -> float:
        """f = −E[T ln 2cosh βh] + Σ w [f′x − f] − TG + ½σ²C, with TG = T s_noise − ½σ²C − e_noise finite at T = 0."""
        noise, f = self.eq.noise, self.eq.signal
        legendre = float((self.psi * self.x).sum() - (self.eq.weights * f.value(self.x)).sum())
        TG = self.eq.T * noise.entropy(self.q, self.C) - self.strength * self.C / 2 - noise.energy(self.q, self.C)
        return -self.averages.free + legendre - TG + self.strength * self.C / 2

    @property
    def energy(self) -> float:
        """e = −h m_1 − Σ w f(x) − ∂G/∂β per spin, at a solution."""
        own = float((self.eq.weights * self.eq.signal.value(self.x)).sum())
        return -self.eq.model.field * float(self.averages.m[0]) - own + self.eq.noise.energy(self.q, self.C)

    @property
    def entropy(self) -> float:
        """s = E[ln 2cosh βh − βh tanh βh] + that of the noise."""
        a, noise = self.averages, self.eq.noise.entropy(self.q, self.C)
        return a.entropy + noise

    @property
    def replicon(self) -> float:
        """1 − β²ξ″(q) E sech⁴ βh; −inf at T = 0 wherever noise leaves fields near zero."""
        rigidity = self.eq.noise.rigidity(self.q, self.C)
        if self.eq.T == 0:
            return -math.inf if rigidity > 0 and self.strength > 0 else 1.0
        return 1 - rigidity * self.averages.chi4 / self.eq.T

    @cached_property
    def reduced(self) -> Array:
        """[CG, CG]: ∂(E t tanh βh − x)/∂x once C follows x."""
        J = self.jacobian
        return J[:-1, :-1] - np.outer(J[:-1, -1], J[-1, :-1]) / J[-1, -1]

    @cached_property
    def modes(self) -> Array:
        """[CG]: 1 − eigenvalues of ∂(E t tanh βh)/∂x, ascending; −inf where spins in zero field follow at once."""
        values = np.sort(-np.linalg.eigvals(self.reduced).real)
        values[: self.averages.loose] = -math.inf
        return values

    @property
    def longitudinal(self) -> float:
        """The smallest of `modes`: positive where iterating overlaps converges."""
        if self.v.size == 2 and not self.averages.loose:
            return -self.reduced.item(0)
        return float(self.modes[0])
