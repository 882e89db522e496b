"""Monte Carlo: the finite-N reading of a Model."""

from .annealing import Annealing, anneal
from .attraction import basins
from .estimates import Estimate, estimate
from .ladders import ladder
from .mean_field import Plefka, plefka
from .results import merge
from .retrieval import Retrieval, retrieve
from .simulation import simulate

__all__ = [
    "Annealing",
    "Estimate",
    "Plefka",
    "Retrieval",
    "anneal",
    "basins",
    "estimate",
    "ladder",
    "merge",
    "plefka",
    "retrieve",
    "simulate",
]
