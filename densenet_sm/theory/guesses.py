r"""First guesses of states of one step, close enough for Newton's method.

Next to a symmetric state that is unstable, breaking conserves C + D(q_2 − q_1), and the difference of the overlaps
fulfils its own equation at a tilt D; where breaking begins that is, by differentiating the replicon along q (T > 0),

  D = [ξ‴/ξ″² + ξ″ E M″²] / [2 ξ″ E M′³ + (∂ξ″/∂D of the modes of P = 2)],   M = tanh βh.

where q is finite; a glass that freezes from q = 0 has one step at ⅔ of that D, and q_2 = 3q_1. Further inside 1/D grows
by about T, and at T = 0 D ≈ 7 (ξ′/qξ″)²/C: fits to the solutions of P = 2 … 6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .breaking import Broken
from .newton import relaxed
from .recursion import field_rule

Array = NDArray[Any]


def beside(eq: Broken, rs: Array) -> Array | None:
    """Order parameters next to an unstable symmetric solution (x, C)."""
    x, C, T = rs[:-1], float(rs[-1]), eq.base.T
    D = tilt(eq, x, C)
    q = 1 - T * C
    widest = min(C / D, q / max(1 - T * D, 1e-3))

    def split(share: float) -> tuple[Array, float]:
        """The order parameters, and by how much their difference would grow, relative to it."""
        wide = share * widest
        v = np.concatenate([x, [1 - T * (C - D * wide) - wide, C - D * wide, D]])
        if not eq.admissible(v):
            return v, math.nan
        lower, upper = eq.at(v).levels.q
        return v, float(upper - lower) / wide - 1

    before = (0.0, -eq.base.at(rs).replicon)
    share = 0.3
    for _ in range(3):
        v, growth = split(share)
        if math.isnan(growth):
            return None
        if math.isinf(before[1]):  # T = 0: it falls like the root of the share
            new = share * (1 + growth) ** 2
        else:
            new = (before[0] * growth - share * before[1]) / (growth - before[1]) if growth != before[1] else math.nan
        if not new > 0:
            new = 2 * share
        if abs(new - share) < 0.2 * share:
            break
        before = (share, growth) if math.isfinite(before[1]) and growth > 0 else before
        share = min(new, 0.85)
    v = split(share)[0]
    return v if eq.admissible(v) else None


def tilt(eq: Broken, x: Array, C: float) -> float:
    """D of a state with overlaps x, and with C symmetric."""
    base = eq.base
    T, noise, q = base.T, base.noise, 1 - base.T * C
    variance, rigidity = noise.strength(q, C), noise.rigidity(q, C)
    hot, cold = (_onset(eq, x, C) if T > 0 else math.inf), 0.0
    if np.abs(x).max() > 1e-6:
        cold = 7 * (variance / (q * rigidity)) ** 2 / _bare_response(eq, x, variance)
        D = min(hot, 1 / (1 / cold + 1.05 * T))
    else:
        D = 1 / (1 / _coldest(eq, C) + 3 / hot)
    return min(D, 0.98 / T) if T > 0 else D


def _coldest(eq: Broken, C: float) -> float:
    """D at T = 0 of a glass with the strengths of the symmetric state."""
    noise, q = eq.base.noise, 1 - eq.base.T * C
    variance = noise.strength(q, C)
    return 1.361 * (noise.rigidity(q, 0.0) / variance) ** 0.35 / math.sqrt(variance)


def freezing(eq: Broken, rs: Array) -> Array:
    """Order parameters of a glass of T > 0 that has frozen from q = 0 not far above, `rs` being the symmetric one."""
    x, C, T = rs[:-1], float(rs[-1]), eq.base.T
    D = min(1 / (1 / _coldest(eq, C) + 1.5 / _onset(eq, x, C)), 0.98 / T)
    q = 1 - T * C
    q = min(q * (1 + 0.45 * T * D), (1 + q) / 2)
    return np.concatenate([x, [q / 3, (1 - q) / T, D]])


def _bare_response(eq: Broken, x: Array, variance: float) -> float:
    """C at T = 0 of fields of this variance around those of the entries: twice their density at h = 0."""
    psi = eq.base.weights * eq.base.signal.slope(x.reshape(eq.base.shape))
    weight, mean, own = eq.field_law(psi)
    total = own + variance
    return float(weight @ (2 / np.sqrt(2 * math.pi * total) * np.exp(-(mean**2) / (2 * total)))) + 1e-300


def _onset(eq: Broken, x: Array, C: float) -> float:
    """D where breaking begins, of the symmetric state (x, C)."""
    base, T = eq.base, eq.base.T
    q = 1 - T * C
    psi = base.weights * base.signal.slope(x.reshape(base.shape))
    bend = cube = 0.0
    for weight, mean, own in zip(*eq.field_law(psi), strict=True):
        rule = field_rule(np.array([mean]), math.sqrt(own + base.noise.strength(q, C)), T, 0.0, None)
        tanh = np.tanh(rule.nodes.ravel() / T)
        sech = 1 - tanh**2
        bend += weight * float(rule.weights.ravel() @ (2 * tanh * sech / T**2) ** 2)
        cube += weight * float(rule.weights.ravel() @ (sech / T) ** 3)
    rigidity = base.noise.rigidity(q, C)
    third = sum([k * (k - 1) * (k - 2) * c * q ** (k - 3) for k, c in base.noise.terms if k > 2])
    modes = sum([2 * a * k**3 / (1 - k * C) ** 3 for a, k in base.noise.modes])
    return (third / rigidity**2 + rigidity * bend) / (2 * rigidity * cube + modes / rigidity**2)


def aligned(eq: Broken, x: Array, steps: int = 8) -> Array | None:
    """Iterated from overlaps x, the tilt as above at every step; where no symmetric state exists."""
    v = unaligned(eq, x, 0.95, 2.0)
    for _ in range(steps if v is not None else 0):
        assert v is not None
        n = math.prod(eq.base.shape)
        v = relaxed(eq, v, 1)
        _, q, C, D = eq.parts(v)
        v[-1] = max(0.5 * D[0], min(2 * D[0], tilt(eq, v[:n], C + float(D[0] * (q[1] - q[0])))))
        if np.abs(v[:n]).max() < 0.2 or not eq.admissible(v):
            return None
    return v


def frozen(eq: Broken, x: Array) -> Array | None:
    """Without overlap, q_1 = 0: D √(2ξ(1)) goes from 1.384 at P = 3 to that of random energies, 2 √ln 2."""
    terms = eq.base.noise.terms
    total = sum(c for _, c in terms)
    order = sum(k * c for k, c in terms) / total
    return unaligned(eq, 0 * x, 0.0, 2 * math.sqrt(math.log(2)) * (1 - 4.5 / 3**order) / math.sqrt(2 * total))


def unaligned(eq: Broken, x: Array, q: float, D: float) -> Array | None:
    """Overlaps x and q_1 = q, others close to one, at a tilt D or a lower one."""
    T = eq.base.T
    D = min(D, 1 / T) if T > 0 else D
    while D > 1e-3:
        v = np.concatenate([x.ravel(), [q, 0.05 if T == 0 else 0.01 / T, D]])
        if eq.admissible(v):
            return v
        D /= 2
    return None
