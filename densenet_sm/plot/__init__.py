"""Figures from datasets; the only room of the library where matplotlib is imported."""

from .diagrams import STYLE, compare, legend_handles, phase_diagram

__all__ = ["STYLE", "compare", "legend_handles", "phase_diagram"]
