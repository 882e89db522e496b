"""Replica theory: the N → ∞ reading of a Model."""

from .crossings import Crossing
from .decomposition import hard_and_soft
from .diagrams import phase_diagram
from .limits import exact_lines, nishimori, paramagnet, zero_load
from .signal_to_noise import energy_of_losses, losses, one_step
from .solver import solve
from .state import State
from .transitions import Transition, critical

__all__ = [
    "Crossing",
    "State",
    "Transition",
    "critical",
    "energy_of_losses",
    "exact_lines",
    "hard_and_soft",
    "losses",
    "nishimori",
    "one_step",
    "paramagnet",
    "phase_diagram",
    "solve",
    "zero_load",
]
