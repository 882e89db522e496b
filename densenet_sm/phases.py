"""Phase labels shared by theory, Monte Carlo and figures."""

from __future__ import annotations

PARAMAGNET = "paramagnet"
GLASS = "glass"
RETRIEVAL = "retrieval"
PURE = "pure"
HIERARCHICAL = "hierarchical"
PARALLEL = "parallel"
MIXED = "mixed"
EXAMPLE = "example"

# regions of a diagram: where retrieval exists it is either the state of lowest free energy or metastable
METASTABLE_RETRIEVAL = "metastable retrieval"
NO_STATE = "none"

REGIONS = (PARAMAGNET, GLASS, METASTABLE_RETRIEVAL, RETRIEVAL, NO_STATE)
