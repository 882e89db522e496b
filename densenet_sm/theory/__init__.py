"""Replica theory: the N → ∞ reading of a Model."""

from .diagrams import phase_diagram
from .solver import solve
from .state import State
from .transitions import Crossing, Transition, critical

__all__ = ["Crossing", "State", "Transition", "critical", "phase_diagram", "solve"]
