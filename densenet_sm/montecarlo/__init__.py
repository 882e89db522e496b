"""Monte Carlo: the finite-N reading of a Model."""

from .simulation import Retrieval, retrieve, simulate

__all__ = ["Retrieval", "retrieve", "simulate"]
