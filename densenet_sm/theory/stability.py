r"""Local stability of a state: the Hessian of the free energy over its overlaps, and its modes.

With C = β(1−q) at its stationary value, f(x) has ∂f/∂x_{νg} = w_g f″(x_{νg}) (x_{νg} − E[t^{νg} tanh βh]), so that at a
solution its Hessian is W(1 − A), W = diag(w f″) and A the slope of the map x → E[t tanh βh]. The eigenvalues of 1 − A
are real; where all f″ > 0 their signs are those of the Hessian (Sylvester). At P ≥ 3 a vanishing overlap has f″ = 0: f
is flat there, to all orders below P, while 1 − A says what iteration or a dynamics does, which is to shrink it. Hence
stability is read from 1 − A.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..errors import ParameterError
from .rs import Equations, Point
from .state import State, judged

Array = NDArray[Any]


def hessian(state: State) -> Array:
    r"""∂²f/∂x∂x [CG, CG] at a state, free energy per spin over the overlaps x [C, G], C = β(1−q) following them.

    >>> from densenet_sm import Model, Multitasking, solve
    >>> calm = solve(Model(P=2, protocol=Multitasking(2, 0.2)), T=1.5, start="paramagnet")
    >>> hessian(calm).diagonal().round(12).tolist()  # 1 − β
    [0.333333333333, 0.333333333333]
    """
    point = _point(state)
    stiffness = (point.eq.weights * point.eq.signal.stiffness(point.x)).ravel()
    matrix = -stiffness[:, None] * point.reduced
    return (matrix + matrix.T) / 2


def eigenvalues(state: State) -> Array:
    r"""1 − eigenvalues of ∂E[t tanh βh]/∂x at a state, ascending: all positive where it is locally stable.

    There are C·G of them, C condensed patterns with G groups of entries; unsupervised examples count as two groups, one
    example and the others, so that the smallest is `State.longitudinal` always. At T = 0 without noise those are −inf
    along which spins in zero field follow at once.

    >>> from densenet_sm import Model, Multitasking, solve
    >>> model = Model(P=2, protocol=Multitasking(K=2, d=0.7))
    >>> [bool(eigenvalues(solve(model, T, start="parallel")).min() > 0) for T in (0.3, 0.33)]  # below, they differ
    [False, True]
    """
    return judged(_point(state)).modes.copy()


def _point(state: State) -> Point:
    if not isinstance(state, State) or state.tilts:
        raise ParameterError("state", "a replica-symmetric State", state, "Pass what solve(ansatz='RS') returns.")
    eq = Equations(state.model, state.T, state.x_groups.shape[1] > 1, state.N)
    return eq.at(state.order_parameters)
