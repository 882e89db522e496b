"""State: one solution of the self-consistency equations, with what is needed to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..model import Model
from ..protocols import Multitasking
from .rs import Equations, Point

if TYPE_CHECKING:
    from .derivatives import Derivative

Array = NDArray[Any]
ZERO_OVERLAP = 1e-6
ZERO_Q = 1e-6


@dataclass(frozen=True, eq=False)
class State:
    """A state of `model` at temperature T, of symmetric or broken replicas; all numbers per spin, k_B = 1.

    m, x : magnetisation E[ξ tanh βh] and overlap E[t tanh βh]; floats for one condensed pattern, arrays [K] for several
    m_active : m/(1−d), per non-blank site
    q, q_EA : E tanh² βh, of k steps the tuple q_1 … q_{k+1} and the largest; chi = β(1−q_EA), finite at T = 0
    theta, tilts, parisi : of broken replicas, θ_i and D_i = βθ_i (finite at T = 0), and q as a function of θ
    free_energy, energy, entropy : f = e − Ts, H normalised as in `Model`
    replicon : 1 − β²ξ″(q) E sech⁴ βh; `longitudinal`: the same for changes of x, those of single examples included;
        `stable`: both positive
    replicons : of k steps one for every overlap, 1 − ξ″(q_i) E⟨(∂M_i/∂h)²⟩; `replicon` is the smallest
    phase : label of where the solution ended, see densenet_sm.phases
    converged, residual, iterations : of the solver
    x_groups : overlaps [C, G] with the groups of entries (one unsupervised example and the others)

    >>> from densenet_sm.theory import solve
    >>> state = solve(Model(P=3, alpha=0.1), T=0.2)
    >>> state.phase, state.stable, abs(state.free_energy - state.energy + 0.2 * state.entropy) < 1e-12
    ('retrieval', True, True)
    """

    model: Model
    T: float
    m: Any
    x: Any
    q: Any
    chi: float
    free_energy: float
    energy: float
    entropy: float
    replicon: float
    longitudinal: float
    phase: str
    converged: bool
    residual: float
    iterations: int
    x_groups: Array
    N: int | None = None
    ansatz: str = "RS"
    tilts: tuple[float, ...] = ()
    replicons: tuple[float, ...] = ()

    @property
    def q_EA(self) -> float:
        """Edwards–Anderson overlap: q in replica symmetry, else the largest one."""
        return self.q[-1] if self.tilts else self.q

    @property
    def theta(self) -> Any:
        """Parisi parameter of one step, a tuple of several; None in replica symmetry; zero at T = 0 (see `tilts`)."""
        found = tuple(self.T * D if self.T > 0 else 0.0 for D in self.tilts)
        return None if not found else found[0] if len(found) == 1 else found

    @property
    def parisi(self) -> tuple[Array, Array]:
        """Parisi's function as arrays (edges [k+2], q [k+1]): q_i holds for edges_i < θ < edges_{i+1}.

        At T = 0 the edges are D = βθ from 0 to ∞, where q = 1.
        """
        scale = self.T if self.T > 0 else 1.0
        edges = np.array([0.0, *(scale * D for D in self.tilts), 1.0 if self.T > 0 else np.inf])
        return edges, np.atleast_1d(self.q).astype(float)

    @property
    def stable(self) -> bool:
        """Local stability against replica symmetry breaking and against changes of the overlaps."""
        return self.replicon > 0 and self.longitudinal > 0

    @property
    def m_active(self) -> Any:
        """m/(1−d): magnetisation per non-blank site of the pattern."""
        return self.m / (1 - self.model.protocol.dilution)

    def derivative(self, parameter: str) -> Derivative:
        """Implicit derivative of the state with respect to "alpha", "T", "nu", "r", "rho", "d", "field" or "T_teacher".

        dv/dλ = −(∂F/∂v)⁻¹ ∂F/∂λ of the equations F(v, λ) = 0. Returns m, x, q, chi, free_energy, energy and entropy
        differentiated; one-sided where the parameter is at the end of its range. Raises ConvergenceError at a fold and
        ParameterError for a parameter that the model does not have.

        >>> from densenet_sm.theory import solve
        >>> state = solve(Model(P=3, alpha=0.1), T=0.2)
        >>> abs(state.derivative("T").free_energy + state.entropy) < 1e-8
        True
        """
        from .derivatives import derivative

        return derivative(self, parameter)

    @property
    def ordering(self) -> str:
        """Numbers of equal overlaps, largest first: "2+1" has two equal ones, a smaller third, the others zero.

        "1" is a pure state, "1+1+1" a hierarchy of three patterns, "3" three equal overlaps; "0" has none.
        """
        return "+".join(map(str, equal_groups(np.abs(self.x_groups).max(1)))) or "0"

    @property
    def order_parameters(self) -> Array:
        """The vector the equations are written in: (x_groups, C), or (x_groups, q_1 … q_k, C, D_1 … D_k)."""
        lower = self.q[:-1] if self.tilts else ()
        return np.concatenate([self.x_groups.ravel(), lower, [self.chi], self.tilts])

    def __str__(self) -> str:
        q = " ".join(f"{q:.6f}" for q in np.atleast_1d(self.q))
        with np.printoptions(precision=6, suppress=True):
            return (
                f"{self.phase} ({self.ansatz}) at T={self.T:g}: m={self.m}, q={q}, "
                f"f={self.free_energy:.6f}, "
                f"replicon={self.replicon:.3g}, residual={self.residual:.1e}"
            )


def state_from(eq: Equations, v: Array, residual: float, iterations: int) -> State:
    """Everything that follows from a solution v of the equations."""
    if v.min() < 1e-12:
        v = np.append(np.where(np.abs(v[:-1]) < 1e-12, 0.0, v[:-1]), max(v[-1], 0.0))
    point = eq.at(v)
    a, x = point.averages, point.x
    q = 1 - a.blank if a.blank else point.q  # T = 0 without noise: blank sites are free
    overlap = x @ eq.weights
    single = not isinstance(eq.model.protocol, Multitasking)
    e, s = point.energy, point.entropy
    return State(
        model=eq.model,
        T=eq.T,
        m=float(a.m[0]) if single else a.m,
        x=float(overlap[0]) if single else overlap,
        q=q,
        chi=point.C,
        free_energy=e - eq.T * s if eq.T > 0 else e,
        energy=e,
        entropy=s,
        replicon=point.replicon,
        longitudinal=judged(point).longitudinal,
        phase=label(eq, x, q, point.replicon),
        converged=True,
        residual=residual,
        iterations=iterations,
        x_groups=x,
        N=eq.N,
    )


def judged(point: Point) -> Point:
    """The point where stability is judged: equal examples as two groups, for one of them might stand out."""
    eq = point.eq
    if eq.example or eq.model.protocol.entries_per_archetype() == 1:
        return point
    apart = Equations(eq.model, eq.T, True, eq.N)
    return apart.at(np.append(np.repeat(point.x, 2, 1).ravel(), point.C))


def label(eq: Equations, x: Array, q: float, replicon: float) -> str:
    """Phase label of overlaps x [C, G] and q; a field polarises every state, so with one nothing is a paramagnet."""
    size = np.abs(x).max(1)
    if size.max() < ZERO_OVERLAP:
        random_field = eq.noise.strength(0.0, 0.0) > 0
        calm = replicon > 0 if random_field else q < ZERO_Q
        return phases.PARAMAGNET if calm else phases.GLASS
    if x.shape[1] > 1 and abs(x[0, 0] - x[0, 1]) > ZERO_OVERLAP:
        own = eq.weights[0] * x[0, 0] > eq.weights[1] * x[0, 1] or x[0, 0] > 1.2 * x[0, 1]
        return phases.EXAMPLE if own else phases.RETRIEVAL
    if not isinstance(eq.model.protocol, Multitasking):
        return phases.RETRIEVAL
    groups = equal_groups(size)
    if len(groups) == 1:
        several = phases.PURE if len(size) > 1 else phases.RETRIEVAL
        return several if groups == [1] else phases.PARALLEL if groups == [len(size)] else phases.MIXED
    return phases.HIERARCHICAL if max(groups) == 1 else phases.MIXED


def equal_groups(size: Array) -> list[int]:
    """Numbers of equal overlaps among those that are not zero, the largest overlaps first.

    >>> equal_groups(np.array([0.2, 0.9, 0.0, 0.9]))
    [2, 1]
    """
    held = np.sort(size[size > ZERO_OVERLAP])[::-1]
    if not len(held):
        return []
    edges = np.flatnonzero(np.diff(held) < -1e-6 * held[0]) + 1
    return np.diff([0, *edges.tolist(), len(held)]).tolist()
