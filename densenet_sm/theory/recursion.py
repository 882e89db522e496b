r"""Parisi's recursion over a random local field, k levels deep, at any temperature.

A site's field is h = a + √v_1 z_1 + … + √v_k z_k, a the field of its entries and of the frozen noise, z normal. With
Φ_{k+1} = L, L(h) = T ln 2cosh(h/T), which is |h| at T = 0,

  Φ_i(a) = (1/D_i) ln E_z exp[D_i Φ_{i+1}(a + √v_i z)],  D_i = β θ_i,

and ⟨g⟩_i(a) = E_z[e^{D_iΦ_{i+1}} g]/E_z[e^{D_iΦ_{i+1}}]; Φ_i′ = ⟨Φ_{i+1}′⟩_i =: M_i, so that M_{k+1} = tanh(h/T).

Every level is a set of nodes and a matrix of such weights between it and the next. The rules are uniform ones, exact to
rounding for what is smooth on the scale of their step; where L bends, within T of h = 0, they are uniform in a variable
that is graded towards it (Gauss–Hermite nodes miss the bend). At T = 0 the last level is in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from ..errors import ConvergenceError

Array = NDArray[Any]
TAIL = 7.6  # standard deviations: a share of 3e-14 lies beyond
FINE = 0.21  # step in units of the distance of the nearest complex singularity: exp(−2π/0.21) = 1e-13
WIDE, GRADE = 1.2, 0.22  # of graded nodes: widest step 0.26 of the normal's width; sech⁴ errs by 1e-13
NARROW = 0.01  # normals so narrow, in units of that, are five nodes: 0.01^10 = 1e-20
LONGEST, LARGEST = 4e3, 4e6  # nodes of one level, and entries of a matrix of weights
SAFE = 300.0  # exponents that are divided by their largest without underflow
ROOT = math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Rule:
    """Child nodes of parents [n]: [m] common to all, or [n, z], each parent's own.

    `log_weights` [n, m] or [n, z] and their exponentials, one at hand; `step` of common uniform nodes, else None.
    """

    nodes: Array
    log_weights: Array
    step: float | None = None
    own: Array | None = None

    @cached_property
    def weights(self) -> Array:
        return np.exp(self.log_weights) if self.own is None else self.own

    def average(self, values: Array, weights: Array) -> Array:
        """Σ weights × values [..., m or n·z] over each parent's children: [..., n]."""
        if self.nodes.ndim == 1:
            return values @ weights.T
        return np.einsum("...nz,nz->...n", values.reshape(*values.shape[:-1], *self.nodes.shape), weights)

    def tilted(self, phi: Array, values: Array, D: float) -> tuple[Array, Array]:
        """Φ [n] of the parents and ⟨values⟩ [..., n] under e^{DΦ} of the children."""
        top = float(phi.max())
        if D * (top - float(phi.min())) < SAFE:
            tilt = np.exp(D * (phi - top))
            total, *means = self.average(np.concatenate([tilt[None], tilt * values]), self.weights)
            return top + np.log(total) / D, np.stack(means) / total
        exponent = self.log_weights + D * (phi if self.nodes.ndim == 1 else phi.reshape(self.nodes.shape))
        tops = exponent.max(-1, keepdims=True)
        weights = np.exp(exponent - tops)
        total = weights.sum(-1)
        return (tops[:, 0] + np.log(total)) / D, self.average(values, weights) / total


def gaussian_rule(
    parents: Array, width: Array, smooth: float, D: float = 0.0, apart: float | None = None, last: bool = False
) -> Rule:
    """Nodes for normals around parents [n], of standard deviation `width` [n], of functions smooth on a given scale.

    Common nodes where that is shorter: the step resolves the narrowest normal. Else every parent has its own, sooner
    where no level comes after the `last`. `apart` is the step between parents on a uniform grid, all normals equally
    wide: children on a finer one share weights.
    """
    low, high = float(width.min()), float(width.max())
    if high == 0:
        return Rule(parents[:, None], np.zeros((len(parents), 1)))
    if high < NARROW * smooth and D * high < NARROW:
        few, w = np.polynomial.hermite_e.hermegauss(5)
        narrow = parents[:, None] + width[:, None] * few
        return Rule(narrow, np.broadcast_to(np.log(w / ROOT), narrow.shape))
    shift = D * high  # a tilt e^{±Da} moves a normal by ±D·width²
    z_step = min(0.7, FINE * smooth / high)
    count = math.ceil((TAIL + shift) / z_step)
    if low > 0:
        step = min(0.7 * low, FINE * smooth)
        step = apart / math.ceil(apart / step) if apart else step
        left, right = float((parents - TAIL * width).min()), float((parents + TAIL * width).max())
        common = math.ceil((right - left + 2 * shift * high) / step)
        many = 200 if apart and common * len(parents) < LARGEST else 20  # shared weights cost next to nothing
        if common < (many if last else 3 * len(parents)) * count:
            _affordable(common, common * len(parents))
            first = parents[0] - step * math.ceil((parents[0] - left + shift * high) / step)
            nodes = first + step * np.arange(common + 2)
            if apart:
                log_weights = _moved(parents, nodes, high, round(apart / step), step)
                return Rule(nodes, log_weights[0], step, log_weights[1])
            z = (nodes - parents[:, None]) / width[:, None]
            return Rule(nodes, -(z**2) / 2 + np.log(step / ROOT / width)[:, None], step)
    _affordable(2 * count, 2 * count * len(parents))
    z = z_step * np.arange(-count, count + 1)
    own = parents[:, None] + width[:, None] * z
    return Rule(own, np.broadcast_to(-(z**2) / 2 + math.log(z_step / ROOT), own.shape))


def _affordable(nodes: float, entries: float) -> None:
    """ConvergenceError where levels of very different width ask for too many nodes: overlaps about to merge."""
    if nodes > LONGEST or entries > LARGEST:
        raise ConvergenceError(f"overlaps too close to each other: {nodes:.0f} nodes", np.empty(0), math.nan)


def _moved(parents: Array, nodes: Array, width: float, ratio: int, step: float) -> list[Array]:
    """Log weights [n, m] between two uniform grids and their exponentials: one row each, moved along."""
    z = (nodes[0] - parents[-1] + step * np.arange((len(parents) - 1) * ratio + len(nodes))) / width
    row = -(z**2) / 2 + math.log(step / ROOT / width)
    windows = [np.lib.stride_tricks.sliding_window_view(r, len(nodes))[::-1][::ratio] for r in (row, np.exp(row))]
    return [windows[0], np.ascontiguousarray(windows[1])]


def field_rule(parents: Array, width: float, T: float, D: float, apart: float | None) -> Rule:
    """Nodes of the field itself at T > 0: graded towards h = 0; uniform where T is the larger scale."""
    if width < 2.5 * T:
        return gaussian_rule(parents, np.full(len(parents), width), math.pi * T / 2, D, apart, True)
    reach = float(np.abs(parents).max()) + TAIL * width + D * width**2
    h, w = _graded(T, width, reach)
    z = (h - parents[:, None]) / width
    return Rule(h, -(z**2) / 2 + np.log(w / (width * ROOT)))


@lru_cache(maxsize=64)
def _graded(T: float, width: float, reach: float) -> tuple[Array, Array]:
    """Nodes and weights on ±[0, reach]: h = S asinh((T₀/S) sinh t) at even steps of t, S = 1.2 × the normal's width.

    Close to h = 0 they are as dense as T asks for, further out as the normal does; T₀ = S sin(πT/2S) puts the first
    singularity of tanh(h/T) at Im t = π/2, below which there is none; dh/dt = 0 there, a pole of order 7 for sech⁴.
    """
    S = WIDE * width
    ratio = math.sin(math.pi * T / (2 * S))
    end = math.ceil((reach / S - math.log(ratio)) / GRADE)
    _affordable(2 * end, 0)
    t = GRADE * np.arange(-end, end + 1)
    u = ratio * np.sinh(t)
    return S * np.arcsinh(u), GRADE * S * ratio * np.cosh(t) / np.hypot(1.0, u)


@dataclass(frozen=True)
class Levels:
    """What the recursion says at nodes a [n] of a level i, with averages over all deeper ones.

    phi, M, slope [n]: Φ_i, M_i, M_i′; chi [n]: ⟨β sech² βh⟩; and one row for every deeper level j = i+1 … k+1 (for
    `gain` j = i … k): q: ⟨M_j²⟩; bend: ⟨M_j′²⟩, but for j = k+1 at T = 0, where it is infinite; gain: ∂Φ_i/∂D_j.
    """

    phi: Array
    M: Array
    slope: Array
    chi: Array
    q: Array
    bend: Array
    gain: Array


def bare(h: Array, T: float) -> Levels:
    """The level of the field itself, T > 0: L, tanh, β sech²."""
    size, none = np.abs(h), np.empty((0, len(h)))
    decay = np.exp(-2 * size / T)
    sech = 4 * decay / (1 + decay) ** 2 / T
    M = np.copysign((1 - decay) / (1 + decay), h)
    return Levels(size + T * np.log1p(decay), M, sech, sech, none, none, none)


def closed(a: Array, s: float, D: float) -> Levels:
    """The last Gaussian level at T = 0: normals around a [n] with standard deviation s under e^{D|h|}."""
    up = D * a + log_ndtr(a / s + D * s)
    down = -D * a + log_ndtr(-a / s + D * s)
    total = np.logaddexp(up, down)
    chi = 2 / (s * ROOT) * np.exp(-((a / s) ** 2 + (D * s) ** 2) / 2 - total)
    phi, M = D * s**2 / 2 + total / D, np.exp(up - total) - np.exp(down - total)
    mean = a * M + s**2 * (chi + D)  # ⟨|h|⟩, by parts
    one, none = np.ones((1, len(a))), np.empty((0, len(a)))
    return Levels(phi, M, chi + D * (1 - M**2), chi, one, none, (mean - phi)[None] / D)


def recursion(a: Array, widths: Array, D: Array, T: float, apart: float | None = None) -> Levels:
    """Down from nodes a [n], `apart` if uniform, through normals of standard deviation `widths` [k], tilts D [k]."""
    if len(widths) == 0:
        return bare(a, T)
    s, tilt = float(widths[0]), float(D[0])
    if len(widths) == 1 and T == 0:
        return closed(a, s, tilt)
    if len(widths) == 1:
        rule = field_rule(a, s, T, tilt, apart)
    else:
        rule = gaussian_rule(a, np.full(len(a), s), smoothness(widths[1], D[1], T), tilt, apart)
    deep = recursion(rule.nodes.ravel(), widths[1:], D[1:], T, rule.step)
    columns = (deep.phi, deep.M, deep.M**2, deep.slope, deep.slope**2, deep.chi, *deep.q, *deep.bend, *deep.gain)
    phi, (mean, M, square, slope, bend, chi, *deeper) = rule.tilted(deep.phi, np.stack(columns), tilt)
    n, b = len(deep.q), len(deep.bend)
    return Levels(
        phi,
        M,
        slope + tilt * (square - M**2),
        chi,
        np.stack([square, *deeper[:n]]),
        np.stack([bend, *deeper[n : n + b]]),
        np.stack([(mean - phi) / tilt, *deeper[n + b :]]),
    )


def smoothness(width: float, D: float, T: float) -> float:
    """Distance of the singularities of Φ_i from the real axis, roughly: heat, the normals or the tilt smooth it."""
    return max(math.pi * T / 2, min(1.3 * float(width), math.pi / (2 * float(D))))
