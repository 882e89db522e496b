"""Monte Carlo: the finite-N reading of a Model."""

from .annealing import Annealing, anneal
from .attraction import basins
from .ladders import ladder
from .results import merge
from .retrieval import Retrieval, retrieve
from .simulation import simulate

__all__ = ["Annealing", "Retrieval", "anneal", "basins", "ladder", "merge", "retrieve", "simulate"]
