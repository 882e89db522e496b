"""Studies: theory and Monte Carlo of the same model, laid over each other."""

from .comparison import compare, table

__all__ = ["compare", "table"]
