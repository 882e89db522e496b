"""Statistical mechanics of dense associative networks: one Model, read by replica theory and by Monte Carlo.

>>> import densenet_sm as dsm
>>> model = dsm.Model(P=3, alpha=0.1)
>>> dsm.solve(model, T=0.2).phase
'retrieval'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BackendUnavailableError,
    CampaignError,
    CheckpointError,
    ConvergenceError,
    MemoryLimitError,
    NoTransitionError,
    ParameterError,
)
from .model import Model
from .protocols import Multitasking, Storing, Supervised, TeacherStudent, Unsupervised

if TYPE_CHECKING:
    from . import plot
    from .continuous import ModernHopfield, capacity_bound
    from .enumeration import exact
    from .literature import papers
    from .montecarlo import anneal, basins, estimate, ladder, merge, plefka, retrieve, simulate
    from .network import Network
    from .study import compare, load, run_grid
    from .theory import (
        Design,
        State,
        Transition,
        bit_errors,
        complexity,
        constants,
        critical,
        data_noise_limit,
        design,
        detection_exponents,
        eigenvalues,
        energy_of_losses,
        exact_lines,
        exponential_capacity,
        follow,
        hard_and_soft,
        hessian,
        hierarchy_threshold,
        line,
        losses,
        nishimori,
        one_step,
        paramagnet,
        phase_diagram,
        power_capacity,
        solve,
        stable_states,
        zero_load,
    )

__all__ = [
    "BackendUnavailableError",
    "CampaignError",
    "CheckpointError",
    "ConvergenceError",
    "Design",
    "MemoryLimitError",
    "Model",
    "ModernHopfield",
    "Multitasking",
    "Network",
    "NoTransitionError",
    "ParameterError",
    "State",
    "Storing",
    "Supervised",
    "TeacherStudent",
    "Transition",
    "Unsupervised",
    "anneal",
    "basins",
    "bit_errors",
    "capacity_bound",
    "compare",
    "complexity",
    "constants",
    "critical",
    "data_noise_limit",
    "design",
    "detection_exponents",
    "eigenvalues",
    "energy_of_losses",
    "estimate",
    "exact",
    "exact_lines",
    "exponential_capacity",
    "follow",
    "hard_and_soft",
    "hessian",
    "hierarchy_threshold",
    "ladder",
    "line",
    "load",
    "losses",
    "merge",
    "nishimori",
    "one_step",
    "papers",
    "paramagnet",
    "phase_diagram",
    "plefka",
    "plot",
    "power_capacity",
    "retrieve",
    "run_grid",
    "simulate",
    "solve",
    "stable_states",
    "zero_load",
]

_HOME = {
    "Network": "network",
    "ModernHopfield": "continuous",
    "capacity_bound": "continuous",
    "exact": "enumeration",
    "papers": "literature",
    "solve": "theory",
    "State": "theory",
    "bit_errors": "theory",
    "complexity": "theory",
    "constants": "theory",
    "critical": "theory",
    "Transition": "theory",
    "phase_diagram": "theory",
    "Design": "theory",
    "design": "theory",
    "follow": "theory",
    "line": "theory",
    "energy_of_losses": "theory",
    "exact_lines": "theory",
    "exponential_capacity": "theory",
    "hard_and_soft": "theory",
    "losses": "theory",
    "nishimori": "theory",
    "one_step": "theory",
    "paramagnet": "theory",
    "power_capacity": "theory",
    "zero_load": "theory",
    "data_noise_limit": "theory",
    "detection_exponents": "theory",
    "hierarchy_threshold": "theory",
    "stable_states": "theory",
    "eigenvalues": "theory",
    "hessian": "theory",
    "simulate": "montecarlo",
    "anneal": "montecarlo",
    "basins": "montecarlo",
    "estimate": "montecarlo",
    "ladder": "montecarlo",
    "merge": "montecarlo",
    "plefka": "montecarlo",
    "retrieve": "montecarlo",
    "compare": "study",
    "load": "study",
    "run_grid": "study",
}


def __getattr__(name: str) -> Any:
    """Heavy rooms are entered on first use: importing the package stays quick."""
    if name == "plot":
        return import_module(".plot", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
