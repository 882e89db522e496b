"""What a paper's dialect is: its symbols and normalisation to a Model, and states back to them (`literature.py`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import ParameterError, check_name, check_number
from .model import Model, check_model

CONFIRMED, INFERRED = "confirmed", "inferred"


@dataclass(frozen=True)
class Paper:
    """One paper's notation. With β_theirs H_theirs = β H both name the same Boltzmann weights.

    symbols : what `model` takes and `convert` gives, with their meaning
    hamiltonian : in the paper's symbols; sums over all index tuples are those over distinct indices here
    conventions : (statement, "confirmed" or "inferred", how it is known)
    diagrams : what the paper draws, and the command that redraws it here; None where none does
    reference : key in references.bib

    >>> from densenet_sm import papers
    >>> papers["2212.00606"].reference
    'agliari2023supervised'
    """

    arxiv: str
    reference: str
    hamiltonian: str
    symbols: Mapping[str, str]
    conventions: tuple[tuple[str, str, str], ...]
    diagrams: Mapping[str, str | None]
    build: Callable[[dict[str, Any]], Model]
    beta_ratio: Callable[[Model], float]  # β_theirs/β
    describe: Callable[[Model], dict[str, Any]]
    overlaps: Callable[[Any], dict[str, Any]]

    def model(self, **symbols: Any) -> Model:
        """Model from the paper's own symbols, temperature aside. Raises ParameterError for unknown or missing ones.

        >>> from densenet_sm import papers
        >>> round(papers["2111.12997"].model(P=4, gamma=0.01).alpha, 12)  # γ P!/2
        0.12
        """
        for name in symbols:
            check_name(f"symbol of {self.arxiv}", name, self.symbols)
        try:
            return self.build(dict(symbols))
        except KeyError as missing:
            remedy = f"The paper's symbols are {', '.join(self.symbols)}."
            raise ParameterError(str(missing.args[0]), f"given for a model of {self.arxiv}", None, remedy) from None

    def temperature(self, model: Model, beta: float) -> float:
        """T of this package at the paper's β; β = inf is T = 0.

        >>> from densenet_sm import papers
        >>> paper = papers["2111.12997"]
        >>> paper.temperature(paper.model(P=4, gamma=0.01), beta=24.0)  # β′ = 2β/P!
        0.5
        """
        self.describe(check_model(model))  # refuses models that are not the paper's
        if beta == math.inf:
            return 0.0
        return self.beta_ratio(model) / check_number("beta", beta, low=0, open_low=True)

    def convert(self, state: Any) -> dict[str, Any]:
        """The paper's symbols of a State (parameters, β, overlaps) or of a Model (parameters alone).

        >>> import densenet_sm as dsm
        >>> papers = dsm.papers
        >>> model = papers["2212.00606"].model(P=3, alpha_b=0.01, r=0.8, M=20)
        >>> found = papers["2212.00606"].convert(dsm.solve(model, T=0.2))
        >>> round(found["alpha_b"], 6), round(found["beta"], 6), round(found["m"], 2)
        (0.01, 15.0, 1.0)
        """
        if isinstance(state, Model):
            return self.describe(state)
        if not isinstance(getattr(state, "model", None), Model):
            raise ParameterError("state", "a State or a Model", state, "Pass what `solve` returned.")
        found = self.describe(state.model)
        found["beta"] = self.beta_ratio(state.model) / state.T if state.T > 0 else math.inf
        found |= {"m": state.m} | self.overlaps(state)
        if state.tilts:
            return found | {f"q_{i}": q for i, q in enumerate(state.q, 1)} | {"theta": state.theta}
        return found | {"q": state.q}


class Papers(dict[str, Paper]):
    """Papers by their arXiv number; an unknown one raises ParameterError that names the known ones.

    >>> from densenet_sm import papers
    >>> sorted(papers)
    ['2111.12997', '2211.14067', '2212.00606', '2308.04106', '2401.04191']
    """

    def __missing__(self, arxiv: Any) -> Paper:
        check_name("paper", arxiv, self)
        raise KeyError(arxiv)  # pragma: no cover
