"""Papers' dialects: equal Boltzmann weights from their Hamiltonians, round trips, and what they refuse."""

import itertools
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import densenet_sm as dsm
from densenet_sm import Model, ParameterError, papers
from densenet_sm.dialects import CONFIRMED, INFERRED

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    "2111.12997": [{"P": 4, "gamma": 0.02}, {"P": 2, "gamma": 0.3}],
    "2212.00606": [{"P": 3, "alpha_b": 0.05, "r": 0.6, "M": 4}, {"P": 2, "alpha_b": 0.3, "r": 0.9, "M": 3}],
    "2211.14067": [{"P": 3, "alpha_b": 0.02, "r": 0.6, "M": 3}, {"P": 4, "alpha_b": 0.002, "r": 0.8, "M": 2}],
    "2308.04106": [
        {"K": 3, "d": 0.3},
        {"K": 2, "d": 0.4, "r": 0.7, "M": 5, "teacher": True},
        {"K": 2, "d": 0.4, "r": 0.7, "M": 5, "teacher": False},
    ],
    "2401.04191": [{"p": 3, "alpha": 0.2}, {"p": 4, "alpha": 0.1, "beta_star": 0.3}],
}
CASES = [(arxiv, symbols) for arxiv, many in EXAMPLES.items() for symbols in many]


def tuples(rows, s, P):
    """Σ over ordered tuples of distinct indices of Π t_i s_i, of each row: [n]."""
    y = rows * s
    return sum(y[:, list(i)].prod(1) for i in itertools.permutations(range(len(s)), P))


def their_energy(arxiv, symbols, net, s):
    """The paper's Hamiltonian, written from its own symbols and examples; pairs i = j add a constant at P = 2."""
    P, N = symbols.get("P", symbols.get("p", 2)), net.N
    if arxiv == "2401.04191":
        return -tuples(net.entries, s, P).sum() / N ** (P - 1)  # p! over ordered ones cancels
    if arxiv == "2308.04106":
        scale = math.sqrt(1 - symbols["d"])  # entries here are ξ/√(1−d), or averaged examples/√(R(1−d))
        return -(net.weights @ tuples(net.entries * scale, s, 2)) / (2 * N)
    if arxiv == "2111.12997":
        return -tuples(net.archetypes, s, P).sum() / (math.factorial(P) * N ** (P - 1))
    r, M = symbols["r"], symbols["M"]
    R = r**2 + (1 - r**2) / M
    examples = net.entries * math.sqrt(R)  # averaged over a, or single
    each = 1 if arxiv == "2212.00606" else M
    return -tuples(examples, s, P).sum() / (math.factorial(P) * each * R ** (P / 2) * N ** (P - 1))


@pytest.mark.parametrize(("arxiv", "symbols"), CASES)
def test_boltzmann_weights_are_those_of_the_papers_hamiltonian(arxiv, symbols):
    paper, beta = papers[arxiv], 1.7
    model = paper.model(**symbols)
    T, N = paper.temperature(model, beta), 8
    net = dsm.Network.sample(model, N, seed=3)
    rng = np.random.default_rng(4)
    for s in rng.choice([-1, 1], (3, N)):
        assert beta * their_energy(arxiv, symbols, net, s) == pytest.approx(float(net.energy(s)) / T, rel=1e-12)


@pytest.mark.parametrize(("arxiv", "symbols"), CASES)
def test_symbols_come_back_as_they_were_given(arxiv, symbols):
    paper = papers[arxiv]
    model = paper.model(**symbols)
    found = paper.convert(model)
    assert {name: found[name] for name in symbols} == pytest.approx(symbols)
    assert set(found) <= set(paper.symbols)
    assert paper.convert(paper.model(**found)) == pytest.approx(found)


@pytest.mark.parametrize(("arxiv", "load"), [("2111.12997", "gamma"), ("2212.00606", "alpha_b")])
def test_loads_are_numbers_of_patterns(arxiv, load):
    given = EXAMPLES[arxiv][0]
    assert papers[arxiv].model(**given).n_patterns(400) == pytest.approx(given[load] * 400 ** (given["P"] - 1), abs=1)


def test_states_are_converted_with_their_overlaps():
    paper = papers["2212.00606"]
    model = paper.model(P=3, alpha_b=0.03, rho=0.5)
    state = dsm.solve(model, T=0.15)
    found = paper.convert(state)
    beta_prime = 2 * found["beta"] / math.factorial(3)
    assert beta_prime == pytest.approx(1 / 0.15)
    assert (found["m"], found["q"], found["rho"]) == (state.m, state.q, 0.5)
    n, m, q = found["n"], found["m"], found["q"]
    # n = m/(1+ρ) + β′(P/2) ρ (1−q) n^{P−1} (1+ρ)^{P/2−2} of many examples
    assert n == pytest.approx(m / 1.5 + beta_prime * 1.5 * 0.5 * (1 - q) * n**2 * 1.5**-0.5, rel=1e-9)
    broken = dsm.solve(Model(P=4, nu=0.0, alpha=0.2), 0.1, ansatz="1RSB", start="glass")
    found = papers["2111.12997"].convert(broken)
    assert (found["q_1"], found["q_2"], found["theta"]) == (*broken.q, broken.theta)
    assert papers["2111.12997"].convert(dsm.solve(Model(P=3), 0.0))["beta"] == math.inf


def test_example_overlaps_are_those_of_the_examples():
    """n = (r/R)(1/NM) Σ η σ from a network's own examples."""
    for arxiv in ("2212.00606", "2211.14067"):
        symbols = EXAMPLES[arxiv][0]
        model, r, M = papers[arxiv].model(**symbols), symbols["r"], symbols["M"]
        R = r**2 + (1 - r**2) / M
        net, s = dsm.Network.sample(model, 30, seed=5), np.random.default_rng(6).choice([-1, 1], 30)
        each = model.protocol.entries_per_archetype()
        eta = net.entries[:each].mean(0) * math.sqrt(R)
        state = SimpleNamespace(model=model, T=1.0, m=0.0, q=0.0, tilts=(), x=float(net.overlaps(s)[:each].mean()))
        assert papers[arxiv].convert(state)["n"] == pytest.approx(r / R * (eta @ s) / 30)


def test_one_diluted_pattern_orders_below_one_minus_d_in_the_papers_units():
    paper = papers["2308.04106"]
    model = paper.model(K=1, d=0.4)
    T = dsm.critical(model, "T", bounds=(0.2, 1.5)).value
    assert 1 / paper.convert(dsm.solve(model, T))["beta"] == pytest.approx(0.6, abs=1e-6)


def test_every_paper_says_what_is_confirmed_and_what_redraws_it():
    rules = [line.split(":")[0].split() for line in (ROOT / "Makefile").read_text().splitlines() if line[:1].isalpha()]
    targets = {name for names in rules for name in names}
    keys = (ROOT / "references.bib").read_text()
    for arxiv, paper in papers.items():
        assert paper.arxiv == arxiv
        assert f"{{{paper.reference}," in keys
        assert {status for _, status, _ in paper.conventions} <= {CONFIRMED, INFERRED}
        for command in filter(None, paper.diagrams.values()):
            assert command.removeprefix("make ") in targets


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: papers["1234.5678"], "paper"),
        (lambda: papers["2111.12997"].model(P=4, alpha=0.1), "symbol of 2111.12997"),
        (lambda: papers["2212.00606"].model(P=3, r=0.5), "M"),
        (lambda: papers["2212.00606"].model(P=3, r=0.5, M=30, rho=0.9), "rho"),
        (lambda: papers["2308.04106"].model(K=2, d=0.1, teacher=False), "teacher"),
        (lambda: papers["2308.04106"].temperature(Model(P=3, protocol=dsm.Multitasking(K=2, d=0.5)), 1.0), "P"),
        (lambda: papers["2212.00606"].temperature(Model(P=3), 1.0), "protocol"),
        (lambda: papers["2401.04191"].model(p=3, beta_star=-1.0), "beta_star"),
        (lambda: papers["2401.04191"].temperature(Model(P=3), 0.0), "beta"),
        (lambda: papers["2111.12997"].convert(Model(P=3, protocol=dsm.Supervised(rho=0.1))), "protocol"),
        (lambda: papers["2111.12997"].convert(0.3), "state"),
        (lambda: papers["2308.04106"].convert(Model(P=3, protocol=dsm.Multitasking(K=2, d=0.1))), "P"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        call()
