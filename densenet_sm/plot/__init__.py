"""Figures from datasets; the only room of the library where matplotlib is imported."""

from .diagrams import STYLE, compare, phase_diagram

__all__ = ["STYLE", "compare", "phase_diagram"]
