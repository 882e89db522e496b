"""Law of one site."""

from __future__ import annotations

from dataclasses import dataclass

from ..laws import Mixture


@dataclass(frozen=True)
class Site:
    """Law of one site: the groups of entries of one pattern given ξ = +1, the blank fraction d, the external field."""

    laws: tuple[Mixture, ...]
    dilution: float = 0.0
    field: float = 0.0
