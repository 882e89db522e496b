"""Phase labels shared by theory, Monte Carlo and figures."""

from __future__ import annotations

PARAMAGNET = "paramagnet"
GLASS = "glass"
RETRIEVAL = "retrieval"
RETRIEVAL_BROKEN = "retrieval 1RSB"
PURE = "pure"
HIERARCHICAL = "hierarchical"
PARALLEL = "parallel"
MIXED = "mixed"
EXAMPLE = "example"
NO_STATE = "none"

UNALIGNED = (PARAMAGNET, GLASS)
ALIGNED = (RETRIEVAL, EXAMPLE, PURE, HIERARCHICAL, MIXED, PARALLEL)


def metastable(phase: str) -> str:
    """Region of a diagram where a phase exists, locally stable, above the free energy of the state without overlap.

    >>> metastable(RETRIEVAL)
    'metastable retrieval'
    """
    return f"metastable {phase}"


METASTABLE_RETRIEVAL = metastable(RETRIEVAL)
ORDERED = (*ALIGNED, RETRIEVAL_BROKEN)
REGIONS = (*UNALIGNED, *map(metastable, ORDERED), *ORDERED, NO_STATE)
