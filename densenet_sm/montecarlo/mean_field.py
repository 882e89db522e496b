r"""`plefka`: site magnetisations by expansion in β at fixed magnetisations, a named approximation beside the kernels.

At fixed means m_i = ⟨s_i⟩ the free energy of a realisation is expanded in β (plefka1982),

    −β N f(m) = Σ_i S(m_i) − β H(m) + N Φ(q) + …,   q = (1/N) Σ_i m_i²,

H(m) = ⟨H⟩ for independent spins of means m (every product s_i s_j… → m_i m_j…), S the entropy of one spin. The first
order stops before Φ (naive mean field). The second is half β² times the variance of H beyond its linear part,

    Φ = (β²/2)[ξ(1) − ξ(q) − (1−q) ξ′(q)],   ξ(q) = a q^P,   a = (1/N) Σ_{i1<…<iP} J²_{i1…iP}   (P ≥ 3),

J the couplings of the realisation, the condensed pattern's own share being O(1/N). At P = 2 the couplings of patterns
are correlated and rings of every length weigh as much as the second order (nakanishi1997, shamir2000); summed for the
spectrum λ of J without its mean (parisi1995),

    Φ = ½ ∫_0^χ R,   χ = β(1−q),   Σ_a (λ_a − R)/(1 − χ(λ_a − R)) = 0,

R the R-transform: αχ/(1−χ) for plain patterns, νχ for synaptic noise. Stationary f(m) says, with h = −∂H/∂m,

    m_i = tanh β[h_i(m) − O m_i],   O = −(2/β) ∂Φ/∂q = β(1−q) ξ″(q) or R(χ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from .. import streams
from ..errors import ParameterError, check_integer, check_name, check_number
from ..network import Network
from .parallel import fields_of
from .reactions import Averages, Covariance, Reaction, measured
from .starts import aligned

Array = NDArray[Any]


@dataclass(frozen=True)
class Plefka:
    """A stationary point of `plefka`: for one start, numbers and m [N]; for starts [n, N], everything has an axis n.

    m [N]: site magnetisations; magnetisations [K]: (1/N) Σ ξ m; q = (1/N) Σ m²; energy and free_energy per spin;
    criterion: 1 − β²(1/N)Σ(1−m²)² ξ″(q) (P = 2: R′(χ)), positive where the expansion holds (plefka1982), 1 in first
    order; residual: the largest |m − tanh β(h − Om)|; converged; sweeps made.

    >>> bool(plefka(Network([[1, 1, -1, 1, -1]], P=2), T=0.2).converged)
    True
    """

    m: Array
    magnetisations: Array
    q: Any
    energy: Any
    free_energy: Any
    criterion: Any
    residual: Any
    converged: Any
    sweeps: int


def plefka(
    net: Network,
    T: float,
    start: ArrayLike | str = "pattern",
    order: int = 2,
    sweeps: int = 500,
    tolerance: float = 1e-9,
    damping: float = 0.0,
    overlap: float = 1.0,
    seed: int = 0,
) -> Plefka:
    """Plefka dynamics of one realisation, m ← tanh β[h(m) − O m′] with the m′ of the sweep before (bolthausen2014).

    An approximation of ⟨s_i⟩ within the state of the start, without fluctuations: order 1 is naive mean field, order 2
    adds the reaction O of the couplings (thouless1977), exact for N → ∞ where replica symmetry holds. `simulate` never
    uses it; `theory/PLEFKA.md` has derivation, bias and speed.

    Parameters
    ----------
    T : temperature > 0 (k_B = 1)
    start : magnetisations in [−1, 1], [N] or [n, N]; "pattern" (the first archetype at a given `overlap`); "random"
    order : 1 or 2
    sweeps : updates of all sites, at most
    tolerance : largest residual of a converged solution
    damping : share of the old m that each sweep keeps, in [0, 1)
    seed : of the start, and of the random configurations that measure the couplings' variance at P >= 3

    Returns a Plefka; converged = False where the sweeps ended first. Raises ParameterError for bad input and for the
    power interaction, whose average over independent spins is not this one.

    >>> from densenet_sm import Model
    >>> net = Network.sample(Model(P=3, alpha=0.05), N=100, seed=1)
    >>> found = plefka(net, T=0.3)
    >>> bool(found.converged), bool(found.magnetisations[0] > 0.95)
    (True, True)

    """
    T = _check(net, T, order, sweeps, tolerance, damping)
    m, one = _start(net, start, overlap, seed)
    with threadpool_limits(1, "blas"):
        fields = fields_of(net)
        reaction = measured(fields, seed) if order == 2 else Covariance(0.0, net.P)
        m, residual, made = _iterate(Averages(fields), reaction, m, T, sweeps, tolerance, damping)
        columns = _columns(Averages(fields), reaction, m, T)
    rows: list[Any] = [m, m @ net.archetypes.T.astype(float) / net.N, *columns, residual, residual <= tolerance]
    return Plefka(*[*(row[0] if one else row for row in rows), made])


def _iterate(
    averages: Averages, reaction: Reaction, m: Array, T: float, sweeps: int, tolerance: float, damping: float
) -> tuple[Array, Array, int]:
    """Magnetisations, their residuals [R], and sweeps made until all are below the tolerance."""
    beta, before, bias = 1 / T, np.zeros_like(m), averages.fields.bias
    for made in range(sweeps + 1):
        h = averages.fields_at(m) + bias
        back = reaction.strength(beta, (m**2).mean(1))[:, None]
        residual = np.abs(m - np.tanh(beta * (h - back * m))).max(1)
        if made == sweeps or residual.max() <= tolerance:
            break
        m, before = damping * m + (1 - damping) * np.tanh(beta * (h - back * before)), m
    return m, residual, made


def _columns(averages: Averages, reaction: Reaction, m: Array, T: float) -> tuple[Array, Array, Array, Array]:
    """q, energy, free energy and criterion of each row."""
    N, beta, q = m.shape[1], 1 / T, (m**2).mean(1)
    mean = averages.energy(m, averages.fields_at(m)) / N
    free = mean - T * (entropy(m).mean(1) + reaction.potential(beta, q))
    criterion = 1 - beta**2 * ((1 - m**2) ** 2).mean(1) * reaction.rigidity(beta, q)
    return q, mean - reaction.slope(beta, q), free, criterion


def entropy(m: Array) -> Array:
    """S(m) = −Σ_± ((1±m)/2) ln((1±m)/2) of one spin.

    >>> entropy(np.array([0.0, 1.0])).round(6).tolist()
    [0.693147, 0.0]
    """
    from scipy.special import entr

    return entr((1 + m) / 2) + entr((1 - m) / 2)


def _start(net: Network, start: Any, overlap: float, seed: int) -> tuple[Array, bool]:
    """Magnetisations [R, N] of the start, and whether it is a single one."""
    if isinstance(start, str):
        check_name("start", start, ("pattern", "random"))
        rng = streams.generator(seed, "initial state")
        spins = (2 * rng.integers(0, 2, (1, net.N)) - 1).astype(np.int8)
        if start == "pattern":
            spins = aligned(spins, net.archetypes[: len(net.probes)], overlap, rng)
        return spins.astype(float), True
    try:
        m = np.asarray(start, float)
    except (TypeError, ValueError):
        m = np.full(1, np.nan)
    if m.ndim not in (1, 2) or m.shape[-1] != net.N or not m.size or not (np.abs(m) <= 1).all():
        value = m.shape if m.shape[-1:] != (net.N,) else (float(m.min()), float(m.max()))
        requirement = f"magnetisations in [-1, 1] of shape [{net.N}] or [n, {net.N}]"
        raise ParameterError("start", requirement, value, "Pass one number for each site, or 'pattern'.")
    return np.atleast_2d(m).copy(), m.ndim == 1


def _check(net: Any, T: Any, order: Any, sweeps: Any, tolerance: Any, damping: Any) -> float:
    """T, after every argument was checked."""
    if not isinstance(net, Network):
        raise ParameterError("net", "a Network", net, "Draw one: dsm.Network.sample(model, N=128).")
    if net.interaction != "tensor":
        remedy = "Use simulate, which is exact for every interaction."
        raise ParameterError("net", "of the tensor interaction", net.interaction, remedy)
    check_integer("order", order, low=1, high=2, remedy="1 is naive mean field, 2 adds the reaction term.")
    check_integer("sweeps", sweeps, low=1)
    check_number("tolerance", tolerance, low=0, open_low=True)
    check_number("damping", damping, low=0, high=1, open_high=True)
    return check_number("T", T, low=0, open_low=True, remedy="At T = 0 retrieve descends to a local minimum.")
