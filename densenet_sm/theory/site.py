"""Law of one site, and the derivatives of averages over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..laws import Mixture

Array = NDArray[Any]


@dataclass(frozen=True)
class Site:
    """Law of one site: the groups of entries of one pattern given ξ = +1, the blank fraction d, the external field."""

    laws: tuple[Mixture, ...]
    dilution: float = 0.0
    field: float = 0.0


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the averages: of x [C, G] and of chi, with respect to ψ [C, G] and to σ²."""

    x_psi: Array  # [C, G, C, G]
    x_strength: Array  # [C, G]
    chi_psi: Array  # [C, G]
    chi_strength: float
