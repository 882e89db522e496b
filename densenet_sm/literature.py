"""The papers whose dialects are known: how their symbols make a Model, and what of their conventions is confirmed.

>>> paper = papers["2401.04191"]
>>> paper.model(p=3, alpha=0.2).alpha, paper.temperature(paper.model(p=3, alpha=0.2), beta=1.0)
(0.1, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .dialects import CONFIRMED, INFERRED, Paper, Papers
from .errors import ParameterError, check_integer, check_number
from .model import Model, check_model
from .protocols import Multitasking, Storing, Supervised, TeacherStudent, Unsupervised


def _kept(model: Model, protocol: type | tuple[type, ...], arxiv: str) -> Any:
    """The protocol, if it is one that the paper has."""
    if not isinstance(check_model(model).protocol, protocol):
        remedy = f"{arxiv} is about another protocol."
        raise ParameterError("protocol", f"one of {arxiv}", model.protocol, remedy)
    return model.protocol


def _load(P: int) -> float:
    """K/N^{P−1} at α = 1."""
    return 2 / math.factorial(P)


def _order(symbols: dict[str, Any], name: str) -> int:
    return check_integer(name, symbols[name], low=2, remedy=f"{name} is the number of spins in one interaction.")


def _storing(symbols: dict[str, Any]) -> Model:
    P = _order(symbols, "P")
    return Model(P=P, alpha=check_number("gamma", symbols.get("gamma", 0.0), low=0) / _load(P))


def _learning(kind: type[Supervised] | type[Unsupervised]) -> Callable[[dict[str, Any]], Model]:
    def build(symbols: dict[str, Any]) -> Model:
        P = _order(symbols, "P")
        load = check_number("alpha_b", symbols.get("alpha_b", 0.0), low=0) / _load(P)
        return Model(P=P, alpha=load, protocol=_data(symbols, kind))

    return build


def _data(symbols: dict[str, Any], kind: type[Supervised] | type[Unsupervised]) -> Any:
    if kind is Supervised and "rho" in symbols and not {"r", "M"} & set(symbols):
        return Supervised(rho=symbols["rho"])
    data = kind(r=symbols["r"], M=symbols["M"])
    if "rho" in symbols and not math.isclose(symbols["rho"], data.entropy, rel_tol=1e-6, abs_tol=1e-12):
        raise ParameterError(
            "rho", f"{data.entropy:.6g} = (1-r^2)/(M r^2)", symbols["rho"], "Leave rho out, or r and M."
        )
    return data


def _examples(protocol: Any) -> dict[str, Any]:
    """r, M (unless ρ alone is known) and ρ."""
    own = {} if protocol.r is None else {"r": protocol.r, "M": protocol.M}
    return own | {"rho": protocol.entropy}


def _example_overlap(state: Any) -> dict[str, Any]:
    """n = (r/R) (1/NM) Σ_i Σ_a η_i^a s_i of the averaged examples, R = r²(1+ρ); t has 1/√R in the place of r/R."""
    rho = state.model.protocol.entropy
    return {"n": state.x / math.sqrt(1 + rho)}


def _multitasking(symbols: dict[str, Any]) -> Model:
    data: Any = Storing()
    if "teacher" in symbols and not {"r", "M", "rho"} & set(symbols):
        raise ParameterError("teacher", "left out without examples", symbols["teacher"], "Give r and M, or rho.")
    if {"r", "M", "rho"} & set(symbols):
        data = _data(symbols, Unsupervised if symbols.get("teacher") is False else Supervised)
    return Model(P=2, protocol=Multitasking(K=symbols["K"], d=symbols["d"], data=data))


def _multitasking_symbols(model: Model) -> dict[str, Any]:
    protocol = _kept(model, Multitasking, "2308.04106")
    if model.P != 2:
        raise ParameterError("P", "2 in 2308.04106", model.P, "Dense multitasking is not in that paper.")
    found = {"K": protocol.K, "d": protocol.d}
    if isinstance(protocol.data, Storing):
        return found
    return found | _examples(protocol.data) | {"teacher": isinstance(protocol.data, Supervised)}


def _multitasking_overlap(state: Any) -> dict[str, Any]:
    protocol = state.model.protocol
    if isinstance(protocol.data, Storing):
        return {}
    return {"n": np.asarray(state.x) * math.sqrt((1 - protocol.d) / (1 + protocol.data.entropy))}


def _student(symbols: dict[str, Any]) -> Model:
    p = _order(symbols, "p")
    load = check_number("alpha", symbols.get("alpha", 0.0), low=0) / 2
    if "beta_star" not in symbols:
        return Model(P=p, alpha=load)
    heat = 1 / (2 * check_number("beta_star", symbols["beta_star"], low=0, open_low=True))
    return Model(P=p, alpha=load, protocol=TeacherStudent(T_teacher=heat))


def _student_symbols(model: Model) -> dict[str, Any]:
    protocol = _kept(model, (Storing, TeacherStudent), "2401.04191")
    found = {"p": model.P, "alpha": 2 * model.alpha}
    return found if isinstance(protocol, Storing) else found | {"beta_star": 1 / (2 * protocol.T_teacher)}


def _barra(model: Model) -> float:
    return math.factorial(model.P) / 2


def _learning_symbols(kind: type, arxiv: str) -> Callable[[Model], dict[str, Any]]:
    def describe(model: Model) -> dict[str, Any]:
        protocol = _kept(model, kind, arxiv)
        return {"P": model.P, "alpha_b": model.alpha * _load(model.P)} | _examples(protocol)

    return describe


def _stored_symbols(model: Model) -> dict[str, Any]:
    _kept(model, Storing, "2111.12997")
    return {"P": model.P, "gamma": model.alpha * _load(model.P)}


def _nothing(state: Any) -> dict[str, Any]:
    return {}


BETA_PRIME = (
    "β′ = 2β/P! is the β of this package: a pattern contributes −N m^P/P! there, −N m^P/2 here",
    CONFIRMED,
    "the papers' self-consistency equations carry β′ (P/2) m^{P−1}, as β f′(m) here",
)
GAUSSIAN = (
    "the sum over all tuples stands for distinct indices",
    INFERRED,
    "their crosstalk is q^P alone; repeated indices would add lower orders (theory/NOISE.md)",
)
EXAMPLES = {
    "P": "interaction order",
    "alpha_b": "K/N^{P−1}, the load at b = P − 1",
    "r": "quality of the examples",
    "M": "examples per archetype",
    "rho": "entropy (1−r²)/(M r²) of a data set; alone: many examples",
}
AVERAGED = (
    "entries are divided by √R, R = r² + (1−r²)/M, in H, and n has r/R",
    INFERRED,
    "powers of 1 + ρ that move between β and the entries change β, not the state",
)

papers = Papers(
    {
        "2111.12997": Paper(
            "2111.12997",
            "albanese2022",
            "H = −(1/(P! N^{P−1})) Σ_μ Σ_{i1…iP} ξ_{i1}^μ…ξ_{iP}^μ σ_{i1}…σ_{iP}",
            {"P": "interaction order", "gamma": "K/N^{P−1}"},
            (BETA_PRIME, GAUSSIAN),
            {
                "(γ, T) regions, replica-symmetric and of one step": "make phase-diagram",
                "capacity against P, Monte Carlo on the exact line": "make capacity",
                "glass: complexity, dynamic and static transition": "make breaking",
                "glass: energies and P(q) by Monte Carlo": "make glass",
            },
            _storing,
            _barra,
            _stored_symbols,
            _nothing,
        ),
        "2212.00606": Paper(
            "2212.00606",
            "agliari2023supervised",
            "H = −(1/(P! R^{P/2} N^{P−1})) Σ_μ Σ_{i1…iP} Π_k [(1/M) Σ_a η_{ik}^{μ,a}] σ_{i1}…σ_{iP}",
            EXAMPLES,
            (BETA_PRIME, GAUSSIAN, AVERAGED),
            {
                "thresholds of learning": "make learning",
                "retrieval against M, r and P by Monte Carlo": "make examples",
                "(α_b, T) regions at several ρ": "make examples",
                "patterns below the noise": "make detection",
                "capacity against ρ": "make breaking",
                "K ~ N^{P−1} patterns (ultra-storage)": "make capacity",
                "MNIST and Fashion-MNIST (digits where these are not at hand)": "make images",
            },
            _learning(Supervised),
            _barra,
            _learning_symbols(Supervised, "2212.00606"),
            _example_overlap,
        ),
        "2211.14067": Paper(
            "2211.14067",
            "agliari2023unsupervised",
            "H = −(1/(P! M R^{P/2} N^{P−1})) Σ_μ Σ_a Σ_{i1…iP} η_{i1}^{μ,a}…η_{iP}^{μ,a} σ_{i1}…σ_{iP}",
            EXAMPLES,
            (BETA_PRIME, GAUSSIAN, AVERAGED),
            {
                "thresholds of learning": "make learning",
                "retrieval against M, r and P by Monte Carlo, archetype or example": "make examples",
                "patterns below the noise": "make detection",
                "MNIST and Fashion-MNIST (digits where these are not at hand)": "make images",
            },
            _learning(Unsupervised),
            _barra,
            _learning_symbols(Unsupervised, "2211.14067"),
            _example_overlap,
        ),
        "2308.04106": Paper(
            "2308.04106",
            "agliari2023multitasking",
            "H = −(1/(2N)) Σ_μ Σ_{ij} ξ_i^μ ξ_j^μ σ_i σ_j, ξ blank with probability d",
            {"K": "patterns", "d": "share of blank sites", "r": EXAMPLES["r"], "M": EXAMPLES["M"]}
            | {"rho": EXAMPLES["rho"], "teacher": "whether examples are averaged (supervised)"},
            (
                (
                    "T_theirs = (1 − d) T: they divide by N, not by the number of sites that are not blank",
                    CONFIRMED,
                    "one diluted pattern orders below T_theirs = 1 − d",
                ),
                AVERAGED,
            ),
            {
                "(d, T) and (d, ρ) regions": "make multitasking",
                "overlaps against d and ρ": "make hierarchy",
                "energy and loss on the same trajectories": "make hierarchy",
            },
            _multitasking,
            lambda model: 1 / (1 - model.protocol.dilution),
            _multitasking_symbols,
            _multitasking_overlap,
        ),
        "2401.04191": Paper(
            "2401.04191",
            "theriault2024",
            "H = −(p!/N^{p−1}) Σ_a Σ_{i1<…<ip} s_{i1}^a…s_{ip}^a σ_{i1}…σ_{ip}, K = α N^{p−1}/p!",
            {"p": "interaction order, of teacher and student", "alpha": "K p!/N^{p−1}"}
            | {"beta_star": "β* of the teacher; left out in the direct model"},
            (
                ("α_theirs = 2α, β_theirs = β/2", CONFIRMED, "α_theirs β_theirs² = αβ²/2, the strength of the noise"),
                ("β*_theirs = 1/(2T*)", INFERRED, "teacher and student have one Hamiltonian"),
            ),
            {
                "direct model, (α, T)": "make phase-diagram",
                "planted model, (α, T) and the Nishimori line": "make teacher-student",
                "teacher and student of different orders": None,
            },
            _student,
            lambda model: 0.5,
            _student_symbols,
            _nothing,
        ),
    }
)
