r"""Exact lines and limits: Nishimori line, zero load, paramagnet, infinitely many bodies (theory/LIMITS.md).

On the Nishimori line and at zero load a single number y, signal over temperature, fixes the state: with m(y) given,
retrieval solves τ(y) = (P/2) m^{P−1}/y, where τ is T² or α+ν on the line and T at zero load. It ends at the maximum of
τ, where (P−1) y m′ = m, and meets the paramagnet's free energy where y m/P = ∫_0^y y dm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ..errors import ParameterError, check_integer, check_number
from ..model import Model, check_model
from ..protocols import Storing
from .noise import Noise, noise_of

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
Channel = Callable[[float], tuple[float, float, float]]
LN2 = math.log(2)
CORNER = 1 / (4 * LN2)  # load and temperature where retrieval, glass and paramagnet meet as P → ∞
SATURATED = 300.0  # 1 − m is below exp(−150) from here on


@dataclass(frozen=True)
class Ends:
    """Where retrieval ends on an exact line: `spinodal` and `coexistence` with the paramagnet, and m at both."""

    spinodal: float
    coexistence: float
    m_spinodal: float
    m_coexistence: float


@dataclass(frozen=True)
class Paramagnet:
    """Free energy, energy and entropy per spin of the paramagnet, f = e − Ts."""

    free_energy: float
    energy: float
    entropy: float


def nishimori(P: int) -> Ends:
    """Ends of retrieval on the Nishimori line T = α + ν of plain patterns, tensor form, as values of T = α + ν.

    There q = m = E tanh(γ + √γ z), γ = (P/2) m^{P−1}/T, and replica symmetry holds (nishimori2001). The values are T_d²
    and T_K² of the glass of covariance ξ = q^P/2, its dynamic and static transitions (gross1984). P = 2 needs α = 0;
    its transition, at T = ν = 1, is continuous. Accuracy 1e-12; P → ∞ has coexistence at 1/(4 ln 2).

    Raises ParameterError for P < 2.

    >>> ends = nishimori(3)
    >>> round(ends.spinodal**0.5, 4), round(ends.coexistence**0.5, 4)
    (0.6816, 0.6514)
    """
    return _ends(_order(P), _matched, 2 * LN2)


def nishimori_magnetisation(P: int, T: float) -> float:
    """m = q of the retrieval state at T = α + ν on the Nishimori line; 0 beyond its spinodal. Its energy is −1/2.

    Raises ParameterError for P < 2 or T < 0.

    >>> round(nishimori_magnetisation(3, 0.3), 6)
    0.948732
    """
    P, T = _order(P), check_number("T", T, low=0, remedy="On the Nishimori line T = alpha + nu.")
    if T == 0:
        return 1.0
    low = _fold(P, _matched) if P > 2 else (1 - T) / 2  # m ≥ γ − γ²
    if low <= 0 or P / 2 * _matched(low)[0] ** (P - 1) / low < T:
        return 0.0
    excess = lambda y: P / 2 * _matched(y)[0] ** (P - 1) - T * y  # noqa: E731
    return _matched(float(brentq(excess, low, P / T, xtol=1e-15, rtol=1e-15)))[0]


def zero_load(P: int) -> Ends:
    """Ends of retrieval at α = ν = 0, as temperatures: m = tanh y with y = (P/2) m^{P−1}/T.

    Spinodal where sinh 2y = 2(P−1)y, coexistence where ln cosh y = (1 − 1/P) y tanh y; both T = 1 for P = 2, where the
    transition is continuous, and coexistence at 1/(2 ln 2) for P → ∞. Raises ParameterError for P < 2.

    >>> ends = zero_load(3)
    >>> round(ends.spinodal, 6), round(ends.coexistence, 6)
    (0.873874, 0.743954)
    """
    return _ends(_order(P), _noiseless, LN2)


def paramagnet(model: Model, T: float) -> Paramagnet:
    """The state x = q = 0: A = ln 2 + β²[ξ(1)−ξ(0)]/2; P = 2 modes (a, κ) add −(a/2)[ln(1−κβ) + κβ].

    Plain patterns in the tensor form have f = −T ln 2 − (α+ν)/(4T) for every P ≥ 3. Raises ParameterError where there
    is no paramagnet: T = 0, T ≤ 1 for P = 2 under load, a field, a random field (ξ′(0) > 0, odd P of the power form).

    >>> state = paramagnet(Model(P=3, alpha=1.0), T=0.5)
    >>> round(state.energy, 12), round(state.entropy - math.log(2), 12)  # −α/(2T) and −α/(4T²)
    (-1.0, -1.0)
    """
    noise = _calm_noise(model)
    remedy = "At P = 2 the paramagnet exists above its fluctuations' divergence, T = 1; at P >= 3 for T > 0."
    T = check_number("T", T, low=1 / noise.largest_C, open_low=True, remedy=remedy)
    energy, entropy = noise.energy(0.0, 1 / T), LN2 + noise.entropy(0.0, 1 / T)
    return Paramagnet(energy - T * entropy, energy, entropy)


def vanishing_entropy(model: Model) -> float:
    """Temperature where the paramagnet's entropy vanishes: T² = ξ(1)/(2 ln 2) for P ≥ 3.

    In the tensor form of plain patterns it is ½√((α+ν)/ln 2), the freezing temperature of P → ∞, for every P ≥ 3: below
    the true T_K, which it bounds. Raises ParameterError as `paramagnet` does, and without load or noise.

    >>> round(vanishing_entropy(Model(P=5, alpha=1.0)), 6)
    0.600561
    """
    noise = _calm_noise(model)
    if noise.silent:
        raise ParameterError("alpha", "> 0 (or nu > 0)", model.alpha, "Without noise the entropy stays ln 2.")
    if math.isinf(noise.largest_C):  # polynomial noise takes a share ∝ β²
        return math.sqrt(-noise.entropy(0.0, 1.0) / LN2)
    entropy = lambda T: LN2 + noise.entropy(0.0, 1 / T)  # noqa: E731
    low = high = (1 + 1e-12) / noise.largest_C
    while entropy(high) < 0:
        high *= 2
    return float(brentq(entropy, low, high, xtol=1e-15, rtol=1e-15)) if high > low else low


def random_energy(load: float, T: float) -> float:
    """Free energy without retrieval as P → ∞ (random-energy model, derrida1981), `load` = α + ν.

    −T ln 2 − load/(4T) above T_K = ½√(load/ln 2), −√(load ln 2) below. Raises ParameterError for load < 0 or T < 0.

    >>> round(random_energy(1.0, T=0.0), 6)  # the glass's ground state
    -0.832555
    """
    frozen = random_energy_freezing(load)
    T = max(check_number("T", T, low=0), frozen)  # frozen: f stays as it was at T_K
    return -T * LN2 - load / (4 * T) if T > 0 else 0.0


def random_energy_freezing(load: float) -> float:
    """T_K = ½√(load/ln 2), the glass transition as P → ∞, `load` = α + ν. Raises ParameterError for load < 0.

    >>> random_energy_freezing(1 / (4 * math.log(2))) * 4 * math.log(2)  # it meets retrieval at T = load = 1/(4 ln 2)
    1.0
    """
    return math.sqrt(check_number("load", load, low=0, remedy="The load is alpha + nu.") / LN2) / 2


def random_energy_boundaries(points: int = 101, nu: float = 0.0) -> dict[str, tuple[Array, Array]]:
    """Boundaries of the P → ∞ diagram, as arrays (α, T) ordered by T, of at most `points` points.

    "retrieval", where −1/2 (m = 1) meets `random_energy`: α + ν = 1/(4 ln 2) up to T = 1/(4 ln 2), and above it
    α + ν = 2T − 4T² ln 2; "glass", T = ½√((α+ν)/ln 2), from there to twice that load. Retrieval is missing for
    ν > 1/(4 ln 2). Raises ParameterError for points < 3 or ν < 0.

    >>> alpha, T = random_energy_boundaries(3)["retrieval"]
    >>> (alpha * 4 * math.log(2)).round(12).tolist(), (T * 4 * math.log(2)).round(12).tolist()
    ([1.0, 1.0, 0.0], [0.0, 1.0, 2.0])
    """
    points = check_integer("points", points, low=3, remedy="A line with a corner needs three points.")
    nu = check_number("nu", nu, low=0)
    load = np.linspace(1, 2, points) * max(CORNER, nu)
    lines = {"glass": (load - nu, np.sqrt(load / LN2) / 2)}
    if nu < CORNER:
        T = np.append(0.0, np.linspace(1, 1 + math.sqrt(1 - nu / CORNER), points - 1) * CORNER)
        load = np.where(T <= CORNER, CORNER, 2 * T - 4 * LN2 * T**2)
        lines["retrieval"] = (np.maximum(load - nu, 0.0), T)
    return lines


def exact_lines(model: Model, points: int = 101) -> xr.Dataset:
    """Exact lines of plain patterns, tensor form, over (α, T): for a storage diagram, as `phase_diagram` lays them out.

    line_x(line, point) = α and line_y(line, point) = T, NaN-padded and ordered by T, with coordinate line from
    "nishimori" (T = α + ν up to its spinodal), "nishimori spinodal", "nishimori coexistence" (points),
    "P infinite retrieval", "P infinite glass" (all P ≥ 3), "zero load spinodal" and "zero load coexistence" (points,
    ν = 0). What lies at α < 0 is left out. Raises ParameterError for another model, or points < 3.

    >>> exact_lines(Model(P=3), points=5).line.values.tolist()[:3]
    ['nishimori', 'nishimori spinodal', 'nishimori coexistence']
    """
    import xarray as xr

    check_model(model)
    plain = isinstance(model.protocol, Storing) and model.interaction == "tensor" and model.covariance is None
    if not plain or model.field != 0:
        remedy = "These lines are exact for Model(P=..., nu=...) alone."
        raise ParameterError("model", "plain patterns in the tensor form, no field or covariance", model, remedy)
    points = check_integer("points", points, low=3, remedy="A line with a corner needs three points.")
    lines = _lines(model.P, model.nu, points)
    width = max((len(path[0]) for path in lines.values()), default=0)
    padded = np.full((2, len(lines), width), np.nan)
    for n, path in enumerate(lines.values()):
        padded[:, n, : len(path[0])] = path
    data = {"line_x": (("line", "point"), padded[0]), "line_y": (("line", "point"), padded[1])}
    attributes = {"model": str(model), "P": model.P, "x": "alpha", "y": "T", "T": "axis"}
    return xr.Dataset(data, {"line": np.array(list(lines), dtype=str)}, attributes)


def _lines(P: int, nu: float, points: int) -> dict[str, tuple[Array, Array]]:
    lines = {}
    if P > 2:
        ends = nishimori(P)
        for name, T in (
            ("nishimori", np.linspace(nu, ends.spinodal, points)),
            ("nishimori spinodal", np.array([ends.spinodal])),
            ("nishimori coexistence", np.array([ends.coexistence])),
        ):
            if nu <= T[-1]:
                lines[name] = (T - nu, T)
        lines |= {f"P infinite {name}": path for name, path in random_energy_boundaries(points, nu).items()}
    if nu == 0:
        ends = zero_load(P)
        for name, value in (("spinodal", ends.spinodal), ("coexistence", ends.coexistence)):
            lines[f"zero load {name}"] = (np.zeros(1), np.array([value]))
    return lines


def _order(P: int) -> int:
    return check_integer("P", P, low=2, remedy="P is the number of spins in one interaction: 2, 3, 4, ...")


def _calm_noise(model: Model) -> Noise:
    """Noise of a model that has a paramagnet, or ParameterError."""
    noise = noise_of(check_model(model))
    if model.field != 0 or noise.strength(0.0, 0.0) > 0:
        requirement = "without field (and, in the power form, of even P)"
        raise ParameterError("model", requirement, model, "A field, random or not, polarises every state.")
    return noise


def _ends(P: int, channel: Channel, total: float) -> Ends:
    """Spinodal and coexistence of τ = (P/2) m^{P−1}/y; `total` is ∫_0^∞ y dm, so that coexistence has y ≤ P total."""
    if P == 2:
        return Ends(1.0, 1.0, 0.0, 0.0)

    def gap(y: float) -> float:
        m, _, loss = channel(y)
        return y * m / P - loss

    fold = _fold(P, channel)
    meeting = float(brentq(gap, fold, 1.01 * P * total, xtol=1e-15, rtol=1e-15))
    m_fold, m_meeting = channel(fold)[0], channel(meeting)[0]
    tau = (P / 2 * m_fold ** (P - 1) / fold, P / 2 * m_meeting ** (P - 1) / meeting)
    return Ends(*tau, m_fold, m_meeting)


def _fold(P: int, channel: Channel) -> float:
    """y at the maximum of (P/2) m^{P−1}/y, P ≥ 3: (P−1) y m′ = m."""

    def rise(y: float) -> float:
        m, slope, _ = channel(y)
        return (P - 1) * y * slope / m - 1

    return float(brentq(rise, 1e-3, 2 * P, xtol=1e-15, rtol=1e-15))


def _noiseless(y: float) -> tuple[float, float, float]:
    """m = tanh y, dm/dy and ∫ y dm = y m − ln cosh y, without cancellation at large y."""
    tail = math.exp(-2 * y)
    missing = 2 * tail / (1 + tail)
    return 1 - missing, missing * (2 - missing), LN2 - math.log1p(tail) - y * missing


def _matched(gamma: float) -> tuple[float, float, float]:
    """m = E tanh(γ+√γz) = E tanh², dm/dγ = E sech⁴ and ∫ γ dm = 2I − γ(1−m), I the mutual information (guo2005).

    Equal steps in z: spectral, for the nearest poles of tanh lie π/(2√γ) off the axis; error exp(−45) + exp(−12²/2).
    """
    if gamma > SATURATED:
        return 1.0, 0.0, 2 * LN2
    root = math.sqrt(gamma)
    step = min(0.4, math.pi**2 / (45 * root))
    z = step * np.arange(-math.ceil(12 / step), math.ceil(12 / step) + 1)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    field = gamma + root * z
    tail = np.exp(-2 * np.abs(field))
    square = 4 * tail / (1 + tail) ** 2  # sech²
    missing = float(weight @ square)
    information = LN2 - float(weight @ np.logaddexp(0.0, -2 * field))
    return 1 - missing, float(weight @ square**2), 2 * information - gamma * missing
