"""Replica theory: the N → ∞ reading of a Model."""

from .counting import complexity
from .crossings import Crossing
from .decomposition import hard_and_soft
from .derivatives import Derivative, derivative
from .detection import data_noise_limit, detection_exponents
from .diagrams import phase_diagram
from .exponentials import ExponentialCapacity, exponential_capacity, power_capacity
from .inverse import Design, design
from .limits import exact_lines, nishimori, paramagnet, zero_load
from .lines import follow, line
from .multitasking import hierarchy_consistent, hierarchy_threshold, stable_states
from .signal_to_noise import bit_errors, energy_of_losses, losses, one_step
from .solver import solve
from .stability import eigenvalues, hessian
from .state import State
from .table import constants
from .transitions import Transition, critical

__all__ = [
    "Crossing",
    "Derivative",
    "Design",
    "ExponentialCapacity",
    "State",
    "Transition",
    "bit_errors",
    "complexity",
    "constants",
    "critical",
    "data_noise_limit",
    "derivative",
    "design",
    "detection_exponents",
    "eigenvalues",
    "energy_of_losses",
    "exact_lines",
    "exponential_capacity",
    "follow",
    "hard_and_soft",
    "hessian",
    "hierarchy_consistent",
    "hierarchy_threshold",
    "line",
    "losses",
    "nishimori",
    "one_step",
    "paramagnet",
    "phase_diagram",
    "power_capacity",
    "solve",
    "stable_states",
    "zero_load",
]
