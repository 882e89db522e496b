"""Replica theory: the N → ∞ reading of a Model."""

from .transitions import Transition, critical
from .solver import solve
from .state import State

__all__ = ["State", "Transition", "critical", "solve"]
