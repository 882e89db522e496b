"""Studies: theory and Monte Carlo of the same model, laid over each other, at a point or over a grid."""

from .bisection import bisect, falls_below
from .comparison import compare, table
from .gathering import load, status
from .grid import foreseen, run_grid
from .inference import border, crossings, labels, scores

__all__ = [
    "bisect", "border", "compare", "crossings", "falls_below", "foreseen", "labels", "load", "run_grid", "scores",
    "status", "table",
]  # fmt: skip
