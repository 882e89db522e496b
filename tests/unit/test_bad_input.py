"""Bad input at every public door: a ValueError that names parameter, requirement, value received and remedy."""

import math
import re

import numpy as np
import pytest

import densenet_sm as dsm
from densenet_sm import (
    MemoryLimitError,
    Model,
    Multitasking,
    Network,
    NoTransitionError,
    ParameterError,
    Storing,
    Supervised,
    TeacherStudent,
    Unsupervised,
    anneal,
    basins,
    compare,
    critical,
    design,
    eigenvalues,
    exact,
    follow,
    ladder,
    line,
    merge,
    phase_diagram,
    retrieve,
    simulate,
    solve,
)

MODEL = Model(P=3, alpha=0.05)
LEARNING = Model(P=3, protocol=Supervised(r=0.5, M=3))
NET = Network(np.ones((2, 6)), P=3)
SPINS = np.ones(6, int)
ALPHA, TEMPERATURE = ("alpha", 0, 0.5, 3), ("T", 0.1, 1, 3)
nan, inf = math.nan, math.inf
RAGGED = [[1, 1, 1], [1, 1]]


def diagram(x=ALPHA, y=TEMPERATURE, model=MODEL, **settings):
    return phase_diagram(model, x=x, y=y, **settings)


def run(T=0.3, **settings):
    return simulate(MODEL, T, **{"N": 12, "sweeps": 4, "burn_in": 0, "samples": 1} | settings)


# door: (parameter named, value shown, call)
NUMBERS = {
    "Model P": ("P", 1, lambda: Model(P=1)),
    "Model P half": ("P", 2.5, lambda: Model(P=2.5)),
    "Model P text": ("P", "3", lambda: Model(P="3")),
    "Model P flag": ("P", True, lambda: Model(P=True)),
    "Model alpha": ("alpha", -0.1, lambda: Model(P=3, alpha=-0.1)),
    "Model alpha nan": ("alpha", nan, lambda: Model(P=3, alpha=nan)),
    "Model nu": ("nu", inf, lambda: Model(P=3, nu=inf)),
    "Model field": ("field", -1, lambda: Model(P=3, field=-1)),
    "Model replace": ("alpha", -2, lambda: MODEL.replace(alpha=-2)),
    "n_patterns N<P": ("N", 2, lambda: MODEL.n_patterns(2)),
    "Omega N": ("N", -4, lambda: MODEL.Omega(-4)),
    "Supervised r 0": ("r", 0, lambda: Supervised(r=0, M=3)),
    "Supervised r": ("r", 1.5, lambda: Supervised(r=1.5, M=3)),
    "Supervised M": ("M", 0, lambda: Supervised(r=0.5, M=0)),
    "Supervised rho": ("rho", -1, lambda: Supervised(rho=-1)),
    "Supervised r alone": ("Supervised", {"r": 0.5}, lambda: Supervised(r=0.5)),
    "Supervised both": ("Supervised", {"r": 0.5, "M": 3, "rho": 1}, lambda: Supervised(r=0.5, M=3, rho=1)),
    "Unsupervised r": ("r", -0.5, lambda: Unsupervised(r=-0.5, M=3)),
    "Unsupervised M": ("M", 2.5, lambda: Unsupervised(r=0.5, M=2.5)),
    "Multitasking d 1": ("d", 1, lambda: Multitasking(K=2, d=1)),
    "Multitasking d": ("d", -0.1, lambda: Multitasking(K=2, d=-0.1)),
    "Multitasking K": ("K", 0, lambda: Multitasking(K=0, d=0.1)),
    "diagram ansatz": ("ansatz", 3, lambda: diagram(ansatz=3)),
    "diagram progress": ("progress", 3, lambda: diagram(progress=3)),
    "eigenvalues": ("state", 3, lambda: eigenvalues(3)),
    "solve huge start": ("start", [1e300], lambda: solve(MODEL, 0.2, start=[1e300])),
    "solve no start": ("start", None, lambda: solve(MODEL, 0.2, start=None)),
    "line without r": ("y", "r", lambda: line(MODEL, "alpha", "r", T=0.1)),
    "TeacherStudent T 0": ("T_teacher", 0, lambda: TeacherStudent(T_teacher=0)),
    "TeacherStudent T nan": ("T_teacher", nan, lambda: TeacherStudent(T_teacher=nan)),
    "TeacherStudent T text": ("T_teacher", "1", lambda: TeacherStudent(T_teacher="1")),
    "Model cold teacher": ("T_teacher", 0.6, lambda: Model(P=3, protocol=TeacherStudent(0.6))),
    "Model replace cold teacher": ("T_teacher", 0.5, lambda: Model(3, TeacherStudent(1.0)).replace(T_teacher=0.5)),
    "Model teacher P=2": ("P", 2, lambda: Model(P=2, protocol=TeacherStudent(1.0))),
    "sample teacher K": ("K", 0, lambda: Network.sample(Model(P=3, protocol=TeacherStudent(1.0)), N=8, K=0)),
    "covariance negative": ("covariance[2]", -0.1, lambda: Model(P=3, covariance=(0, 0, -0.1))),
    "covariance all negative": ("covariance[0]", -1, lambda: Model(P=3, covariance=[-1])),
    "covariance nan": ("covariance[1]", nan, lambda: Model(P=3, covariance=(0, nan))),
    "covariance text in it": ("covariance[0]", "1", lambda: Model(P=3, covariance=("1", 2))),
    "covariance number": ("covariance", 0.5, lambda: Model(P=3, covariance=0.5)),
    "covariance none": ("covariance", [], lambda: Model(P=3, covariance=[])),
    "covariance text": ("covariance", "q^3", lambda: Model(P=3, covariance="q^3")),
    "covariance infinite": ("covariance", inf, lambda: Model(P=3, covariance=lambda q: inf)),
    "covariance kink": ("covariance", "abs", lambda: Model(P=3, covariance=abs)),
    "covariance negative power": ("covariance", "cos", lambda: Model(P=3, covariance=math.cos)),
    "covariance undefined": ("covariance", "log", lambda: Model(P=3, covariance=math.log)),
    "covariance of two": ("covariance", "pow", lambda: Model(P=3, covariance=pow)),
    "solve T": ("T", -1, lambda: solve(MODEL, -1)),
    "solve T list": ("T", [0.1], lambda: solve(MODEL, [0.1])),
    "solve N<P": ("N", 2, lambda: solve(MODEL, 0.1, N=2)),
    "critical M bounds": ("M", 0.5, lambda: critical(LEARNING, "M", T=0.1, bounds=(0.5, 9))),
    "follow T missing": ("T", None, lambda: follow(MODEL, "alpha")),
    "follow T": ("T", -1, lambda: follow(MODEL, "alpha", T=-1)),
    "follow bounds": ("bounds", (1, 0), lambda: follow(MODEL, "alpha", (1, 0), T=0.1)),
    "follow M": ("parameter", "M", lambda: follow(LEARNING, "M", T=0.1)),
    "line T twice": ("T", 0.1, lambda: line(MODEL, "alpha", "T", T=0.1)),
    "line T missing": ("T", None, lambda: line(MODEL, "alpha", "nu")),
    "line twice": ("y", "alpha", lambda: line(MODEL, "alpha", "alpha")),
    "line bounds": ("bounds", (1, 0), lambda: line(MODEL, "alpha", "T", x_bounds=(1, 0))),
    "design m": ("m", 1.5, lambda: design(MODEL, "alpha", m=1.5, T=0.1)),
    "design m 0": ("m", 0, lambda: design(MODEL, "alpha", m=0, T=0.1)),
    "design T missing": ("T", None, lambda: design(MODEL, "alpha")),
    "critical T": ("T", -1, lambda: critical(MODEL, "alpha", T=-1)),
    "critical T missing": ("T", None, lambda: critical(MODEL, "alpha")),
    "critical T twice": ("T", 0.1, lambda: critical(MODEL, "T", T=0.1)),
    "critical bounds reversed": ("bounds", (1, 0), lambda: critical(MODEL, "alpha", T=0.1, bounds=(1, 0))),
    "critical bounds infinite": ("bounds", (0, inf), lambda: critical(MODEL, "alpha", T=0.1, bounds=(0, inf))),
    "critical bounds number": ("bounds", 0.5, lambda: critical(MODEL, "alpha", T=0.1, bounds=0.5)),
    "critical bounds three": ("bounds", (0, 1, 2), lambda: critical(MODEL, "alpha", T=0.1, bounds=(0, 1, 2))),
    "critical bounds text": ("bounds", ("a", "b"), lambda: critical(MODEL, "alpha", T=0.1, bounds=("a", "b"))),
    "critical bounds outside": ("alpha", -1, lambda: critical(MODEL, "alpha", T=0.1, bounds=(-1, 1))),
    "diagram axis text": ("x", "alpha", lambda: diagram(x="alpha")),
    "diagram axis short": ("y", ("T", 0, 1), lambda: diagram(y=("T", 0, 1))),
    "diagram axis reversed": ("x[2]", 0.1, lambda: diagram(x=("alpha", 0.5, 0.1, 3))),
    "diagram axis nan": ("x[1]", nan, lambda: diagram(x=("alpha", nan, 1, 3))),
    "diagram axis one point": ("y[3]", 1, lambda: diagram(y=("T", 0, 1, 1))),
    "diagram axis outside": ("alpha", -1, lambda: diagram(x=("alpha", -1, 1, 3))),
    "diagram T negative": ("T", -1, lambda: diagram(y=("T", -1, 1, 3))),
    "diagram same axes": ("y", "alpha", lambda: diagram(y=ALPHA)),
    "diagram T missing": ("T", None, lambda: diagram(y=("nu", 0, 1, 3))),
    "diagram T twice": ("T", 0.1, lambda: diagram(T=0.1)),
    "exact T": ("T", -1, lambda: exact(NET, -1)),
    "exact N": ("N", 25, lambda: exact(Network(np.ones((1, 25)), P=2), 1)),
    "retrieve T": ("T", nan, lambda: retrieve(NET, SPINS, T=nan)),
    "retrieve sweeps": ("sweeps", 0, lambda: retrieve(NET, SPINS, sweeps=0)),
    "retrieve seed": ("seed", -1, lambda: retrieve(NET, SPINS, seed=-1)),
    "simulate T": ("T", -0.1, lambda: run(T=-0.1)),
    "simulate T repeated": ("T", [0.1, 0.2, 0.1], lambda: run(T=[0.1, 0.2, 0.1])),
    "simulate T none": ("T", [], lambda: run(T=[])),
    "simulate zero dynamics": ("T", 0.3, lambda: run(dynamics="zero")),
    "simulate N missing": ("N", None, lambda: run(N=None)),
    "simulate N<P": ("N", 2, lambda: run(N=2)),
    "simulate N<P with K": ("N", 2, lambda: run(N=2, K=3)),
    "simulate N negative with K": ("N", -5, lambda: run(N=-5, K=3)),
    "simulate N half with K": ("N", 8.5, lambda: run(N=8.5, K=3)),
    "simulate K": ("K", 0, lambda: run(K=0)),
    "simulate K half": ("K", 2.5, lambda: run(K=lambda N: 2.5)),
    "simulate sweeps": ("sweeps", 0, lambda: run(sweeps=0)),
    "simulate burn_in": ("burn_in", -1, lambda: run(burn_in=-1)),
    "simulate replicas": ("replicas", 0, lambda: run(replicas=0)),
    "simulate samples": ("samples", 0, lambda: run(samples=0)),
    "simulate overlap": ("overlap", 1.5, lambda: run(overlap=1.5)),
    "simulate seed": ("seed", -1, lambda: run(seed=-1)),
    "simulate samples numbers": ("samples", (1, 1), lambda: run(samples=(1, 1))),
    "simulate samples none": ("samples", [], lambda: run(samples=[])),
    "simulate samples negative": ("samples", -1, lambda: run(samples=[0, -1])),
    "simulate exchange one T": ("T", 0.3, lambda: run(exchange=True)),
    "simulate exchange at 0": ("T", [0.0, 0.3], lambda: run(T=[0.0, 0.3], exchange=True)),
    "simulate exchange count": ("exchange", 8, lambda: run(T=[0.2, 0.3], exchange=8)),
    "simulate exchange dynamics": ("dynamics", "parallel", lambda: run([1, 2], exchange=True, dynamics="parallel")),
    "simulate auto alone": ("sweeps", "auto", lambda: run(sweeps="auto")),
    "simulate precision alone": ("precision", 0.1, lambda: run(precision=0.1)),
    "simulate budget alone": ("budget", 5, lambda: run(budget=5)),
    "simulate precision 0": ("precision", 0, lambda: run(sweeps="auto", precision=0)),
    "simulate budget infinite": ("budget", inf, lambda: run(sweeps="auto", budget=inf)),
    "simulate checkpoint": ("checkpoint", 3, lambda: run(checkpoint=3)),
    "simulate checkpoint folder": ("checkpoint", "/no/where", lambda: run(checkpoint="/no/where")),
    "simulate backend": ("backend", "cuda", lambda: run(backend="cuda")),
    "simulate start twice": ("start", ("random", "random"), lambda: run(start=("random", "random"))),
    "anneal T": ("T", [0.1, 0.2], lambda: anneal(NET, [0.1, 0.2])),
    "anneal T negative": ("T", -0.1, lambda: anneal(NET, [0.1, -0.1])),
    "anneal T none": ("T", [], lambda: anneal(NET, [])),
    "anneal sweeps": ("sweeps", 0, lambda: anneal(NET, [0.1], sweeps=0)),
    "anneal replicas": ("replicas", 0.5, lambda: anneal(NET, [0.1], replicas=0.5)),
    "anneal seed": ("seed", -1, lambda: anneal(NET, [0.1], seed=-1)),
    "basins overlaps": ("overlaps", 1.5, lambda: basins(NET, [0.5, 1.5])),
    "basins overlaps none": ("overlaps", [], lambda: basins(NET, [])),
    "basins overlaps text": ("overlaps", "high", lambda: basins(NET, "high")),
    "basins T": ("T", -1, lambda: basins(NET, [0.5], T=-1)),
    "basins cues": ("cues", 0, lambda: basins(NET, [0.5], cues=0)),
    "basins threshold": ("threshold", 2, lambda: basins(NET, [0.5], threshold=2)),
    "basins N": ("N", None, lambda: basins(MODEL, [0.5])),
    "ladder T_low": ("T_low", 0, lambda: ladder(MODEL, 0, 1, N=12)),
    "ladder order": ("T_high", 0.3, lambda: ladder(MODEL, 0.5, 0.3, N=12)),
    "ladder acceptance": ("acceptance", 1, lambda: ladder(MODEL, 0.3, 0.5, N=12, acceptance=1)),
    "ladder sweeps": ("sweeps", 8, lambda: ladder(MODEL, 0.3, 0.5, N=12, sweeps=8)),
    "merge none": ("parts", (), lambda: merge()),
    "merge other": ("parts", 3, lambda: merge(3)),
    "simulate Network and N": ("N, K", (6, None), lambda: simulate(NET, 0.1, N=6)),
    "compare T": ("T", -1, lambda: compare(MODEL, -1, sizes=(12, 16))),
    "compare samples": ("samples", 1, lambda: compare(MODEL, 0.2, sizes=(12, 16), samples=1)),
    "compare sizes N<P": ("sizes", 2, lambda: compare(MODEL, 0.2, sizes=(2, 16))),
    "compare sizes repeated": ("sizes", (12, 12), lambda: compare(MODEL, 0.2, sizes=(12, 12))),
    "compare sizes none": ("sizes", (), lambda: compare(MODEL, 0.2, sizes=())),
    "Network P": ("P", 1, lambda: Network(np.ones((2, 6)), P=1)),
    "Network N<P": ("N", 6, lambda: Network(np.ones((2, 6)), P=7)),
    "Network field": ("field", nan, lambda: Network(np.ones((2, 6)), P=3, field=nan)),
    "sample N<P": ("N", 2, lambda: Network.sample(MODEL, N=2)),
    "sample N negative with K": ("N", -5, lambda: Network.sample(MODEL, N=-5, K=3)),
    "sample N text with K": ("N", "8", lambda: Network.sample(MODEL, N="8", K=3)),
    "sample K": ("K", 1, lambda: Network.sample(Model(P=3, protocol=Multitasking(K=2, d=0.1)), N=8, K=1)),
    "sample seed": ("seed", 0.5, lambda: Network.sample(MODEL, N=8, seed=0.5)),
    "sample number": ("sample", -1, lambda: Network.sample(MODEL, N=8, sample=-1)),
}
ARRAYS = {
    "entries nan": ("entries", nan, lambda: Network([[1, 1, nan]], P=2)),
    "entries infinite": ("entries", inf, lambda: Network([[1, 1, inf]], P=2)),
    "entries complex": ("entries", "complex", lambda: Network(np.ones((2, 6)) * 1j, P=2)),
    "entries vector": ("entries", (6,), lambda: Network(np.ones(6), P=2)),
    "entries ragged": ("entries", None, lambda: Network(RAGGED, P=2)),
    "entries none": ("entries", (0, 6), lambda: Network(np.ones((0, 6)), P=2)),
    "weights length": ("weights", (3,), lambda: Network(np.ones((2, 6)), P=2, weights=[1, 1, 1])),
    "weights nan": ("weights", nan, lambda: Network(np.ones((2, 6)), P=2, weights=[1, nan])),
    "archetypes width": ("archetypes", (2, 5), lambda: Network(np.ones((2, 6)), P=2, archetypes=np.ones((2, 5)))),
    "noise length": ("noise", (3,), lambda: Network(np.ones((2, 6)), P=2, noise=np.ones(3))),
    "noise nan": ("noise", nan, lambda: Network(np.ones((2, 6)), P=2, noise=np.full(15, nan))),
    "spins zero": ("spins", 0, lambda: NET.energy(np.zeros(6))),
    "spins nan": ("spins", nan, lambda: NET.local_fields(np.full(6, nan))),
    "spins short": ("spins", (5,), lambda: NET.overlaps(np.ones(5))),
    "spins too many axes": ("spins", (2, 2, 6), lambda: NET.magnetisations(np.ones((2, 2, 6)))),
    "spins ragged": ("spins", None, lambda: NET.energy(RAGGED)),
    "cue": ("cue", 2, lambda: retrieve(NET, 2 * SPINS)),
    "cue short": ("cue", (5,), lambda: retrieve(NET, SPINS[:5])),
    "simulate start rows": ("start", (3, 12), lambda: run(start=np.ones((3, 12)))),
    "simulate start zero": ("start", 0, lambda: run(start=np.zeros(12))),
    "solve start nan": ("start", nan, lambda: solve(MODEL, 0.1, start=nan)),
    "solve start length": ("start", [0.1, 0.2], lambda: solve(MODEL, 0.1, start=[0.1, 0.2])),
    "solve start other model": (
        "start",
        (1, 1),
        lambda: solve(Model(P=2, protocol=Multitasking(K=2, d=0.1)), 0.1, start=solve(MODEL, 0.1)),
    ),
}
TYPES = {
    "Model protocol class": ("protocol", Storing, lambda: Model(P=3, protocol=Storing)),
    "Model teacher power": ("interaction", "power", lambda: Model(3, TeacherStudent(1.0), interaction="power")),
    "Multitasking teacher": ("data", TeacherStudent(1.0), lambda: Multitasking(2, 0.1, data=TeacherStudent(1.0))),
    "sample covariance": ("covariance", (0.0, 0.1), lambda: Network.sample(Model(P=3, covariance=(0, 0.1)), N=8)),
    "simulate covariance": ("covariance", (1.0,), lambda: simulate(Model(P=3, covariance=(1,)), 0.1, N=8)),
    "compare covariance": ("covariance", (1.0,), lambda: compare(Model(P=3, covariance=(1,)), 0.1, sizes=(8, 12))),
    "Multitasking data": ("data", Multitasking(K=1, d=0), lambda: Multitasking(2, 0.1, data=Multitasking(K=1, d=0))),
    "sample large-M law": ("protocol", Supervised(rho=0.1), lambda: Network.sample(Model(3, Supervised(rho=0.1)), N=8)),
    "R of large-M law": ("r, M", None, lambda: Supervised(rho=0.1).R),
    "solve": ("model", "hopfield", lambda: solve("hopfield", 0.1)),
    "follow": ("model", "hopfield", lambda: follow("hopfield", "alpha", T=0.1)),
    "line": ("model", "hopfield", lambda: line("hopfield")),
    "design": ("model", "hopfield", lambda: design("hopfield", "alpha", T=0.1)),
    "critical": ("model", "hopfield", lambda: critical("hopfield", "alpha", T=0.1)),
    "diagram": ("model", "hopfield", lambda: diagram(model="hopfield")),
    "sample": ("model", "hopfield", lambda: Network.sample("hopfield", N=8)),
    "simulate": ("model", "hopfield", lambda: simulate("hopfield", 0.1, N=8)),
    "compare": ("model", "hopfield", lambda: compare("hopfield", 0.1)),
    "exact": ("net", MODEL, lambda: exact(MODEL, 0.1)),
    "anneal": ("net", MODEL, lambda: anneal(MODEL, [0.1])),
    "basins": ("model", "hopfield", lambda: basins("hopfield", [0.1])),
    "ladder": ("model", "hopfield", lambda: ladder("hopfield", 0.1, 0.2)),
    "retrieve": ("net", MODEL, lambda: retrieve(MODEL, SPINS)),
}
PARAMETERS = ("alpha", "T", "nu", "r", "rho", "d")
OWN = ("P", "protocol", "alpha", "nu", "field", "interaction", "covariance")
STARTS = ("retrieval", "glass", "paramagnet")
# door: (parameter named, names the message must list, call with the unknown name "bogus")
NAMES = {
    "interaction": ("interaction", ("tensor", "power"), lambda: Model(P=3, interaction="bogus")),
    "Network interaction": ("interaction", ("tensor", "power"), lambda: Network(np.ones((2, 6)), 3, "bogus")),
    "replace": ("parameter", OWN, lambda: MODEL.replace(bogus=1)),
    "replace teacher": ("parameter", (*OWN, "T_teacher"), lambda: Model(3, TeacherStudent(1.0)).replace(bogus=1)),
    "replace data": ("parameter", (*OWN, "r", "M"), lambda: Model(3, Unsupervised(0.5, 3)).replace(bogus=1)),
    "get": ("parameter", OWN, lambda: MODEL.get("bogus")),
    "solve start": ("start", STARTS, lambda: solve(MODEL, 0.1, start="bogus")),
    "solve several": (
        "start",
        (*STARTS, "pure", "hierarchical", "parallel"),
        lambda: solve(Model(2, Multitasking(2, 0.1)), 0.1, start="bogus"),
    ),
    "solve ansatz": ("ansatz", ("RS",), lambda: solve(MODEL, 0.1, ansatz="bogus")),
    "follow parameter": ("parameter", ("alpha", "T", "nu"), lambda: follow(MODEL, "bogus", T=0.1)),
    "follow start": ("start", STARTS, lambda: follow(MODEL, "alpha", T=0.1, start="bogus")),
    "line x": ("x", ("alpha", "T", "nu"), lambda: line(MODEL, "bogus", "T")),
    "line kind": ("kind", ("spinodal", "coexistence", "at", "ergodic"), lambda: line(MODEL, kind="bogus")),
    "design find": ("parameter", ("alpha", "T", "nu"), lambda: design(MODEL, "bogus", T=0.1)),
    "derivative": ("parameter", ("alpha", "T", "nu", "field"), lambda: solve(MODEL, 0.1).derivative("bogus")),
    "critical parameter": ("parameter", ("alpha", "T", "nu"), lambda: critical(MODEL, "bogus", T=0.1)),
    "critical kind": (
        "kind",
        ("spinodal", "coexistence", "ergodic"),
        lambda: critical(MODEL, "alpha", T=0.1, kind="bogus"),
    ),
    "critical ansatz": ("ansatz", ("RS",), lambda: critical(MODEL, "alpha", T=0.1, ansatz="bogus")),
    "critical start": ("start", STARTS, lambda: critical(MODEL, "alpha", T=0.1, start="bogus")),
    "critical start, ergodic": ("start", STARTS, lambda: critical(MODEL, "alpha", 0.1, "ergodic", start="bogus")),
    "critical against": ("against", STARTS, lambda: critical(MODEL, "alpha", 0.1, "coexistence", against="bogus")),
    "diagram axis": ("x[0]", PARAMETERS, lambda: diagram(x=("bogus", 0, 1, 3))),
    "diagram ansatz": ("ansatz", ("RS",), lambda: diagram(ansatz=("bogus",))),
    "diagram start": ("start", STARTS, lambda: diagram(start="bogus")),
    "simulate dynamics": ("dynamics", ("heat-bath", "metropolis", "zero", "parallel"), lambda: run(dynamics="bogus")),
    "simulate backend": ("backend", ("cpu", "cuda"), lambda: run(backend="bogus")),
    "simulate sweeps": ("sweeps", ("auto",), lambda: run(sweeps="bogus")),
    "simulate starts": ("start", ("pattern", "example", "random"), lambda: run(start=("random", "bogus"))),
    "simulate start": ("start", ("pattern", "example", "random"), lambda: run(start="bogus")),
}


def assert_complete(error, name):
    """All four parts are there, and the message is made of them."""
    assert isinstance(error, ParameterError), f"{type(error).__name__}: {error}"
    assert error.name == name
    assert str(error).startswith(f"{name} must be {error.requirement}; got ")
    assert error.requirement
    assert re.fullmatch(r"\S.*\w\S* .*\S", error.remedy), "the remedy is a sentence"


@pytest.mark.parametrize("door", NUMBERS | ARRAYS | TYPES)
def test_bad_values_are_refused_by_name_with_value_and_remedy(door):
    name, value, call = (NUMBERS | ARRAYS | TYPES)[door]
    with pytest.raises((ValueError, TypeError, AttributeError)) as caught:
        call()
    assert_complete(caught.value, name)
    shown = str(caught.value).partition("; got ")[2].removesuffix(caught.value.remedy)
    assert door.endswith("ragged") or str(value) in shown or repr(value) in shown


@pytest.mark.parametrize("door", NAMES)
def test_unknown_names_are_answered_with_the_known_ones(door):
    name, known, call = NAMES[door]
    with pytest.raises(ValueError, match="bogus") as caught:
        call()
    assert_complete(caught.value, name)
    for word in known:
        assert repr(word) in caught.value.requirement


def test_an_unknown_observable_of_a_drawn_comparison_is_answered_with_the_known_ones():
    ds = compare(MODEL, 0.3, sizes=(12, 16), samples=2, sweeps=4, burn_in=0)
    with pytest.raises(ValueError, match="energy"):
        dsm.plot.compare(ds, observable="bogus")


def test_a_parameter_that_the_protocol_lacks_is_refused_by_name():
    for call in (lambda: critical(MODEL, "rho", T=0.1), lambda: diagram(x=("r", 0.1, 1, 3))):
        with pytest.raises(ParameterError, match=r"(parameter|x\[0\]) must be one of .*'alpha'.*; got '(rho|r)'"):
            call()


def test_a_transition_that_is_nowhere_says_what_was_scanned():
    with pytest.raises(NoTransitionError, match=r"spinodal .*alpha in \[0, 1.375\] at T=3"):
        critical(MODEL, "alpha", T=3.0)


HUGE = {
    "storing": Storing(),
    "supervised": Supervised(r=0.5, M=3),
    "supervised, perfect": Supervised(r=1.0, M=3),
    "unsupervised": Unsupervised(r=0.5, M=7),
    "multitasking": Multitasking(K=2, d=0.3),
    "teacher-student": TeacherStudent(T_teacher=1.0),
}


@pytest.mark.parametrize("protocol", HUGE.values(), ids=HUGE)
def test_a_realisation_beyond_memory_is_refused_with_its_size_before_anything_is_drawn(protocol, monkeypatch):
    model = Model(P=3, protocol=protocol)
    small = Network.sample(model, N=10, K=4)
    shared = small.entries is small.archetypes
    per_site = (small.entries.nbytes + (0 if shared else small.archetypes.nbytes)) / (4 * 10)
    monkeypatch.setattr(np.random, "default_rng", lambda *_: pytest.fail("drawn before the check"))
    K = 10**12
    for call in (lambda: Network.sample(model, N=100, K=K), lambda: simulate(model, 0.1, N=100, K=lambda N: K)):
        with pytest.raises(MemoryLimitError, match=r"needs [\d.]+ GiB") as caught:
            call()
        assert_complete(caught.value, "K")
        stated = float(re.search(r"needs ([\d.]+) GiB", str(caught.value))[1])
        assert stated * 2**30 >= 0.999 * per_site * K * 100


def test_the_default_load_is_checked_against_memory_too():
    with pytest.raises(MemoryLimitError, match="GiB"):
        simulate(Model(P=6, alpha=0.1), 0.1, N=5000)


def test_the_size_stated_for_synaptic_noise_covers_the_arrays_that_hold_it():
    """One value per index tuple in a Network; the kernels of `simulate` hold the symmetric tensor, N^P values."""
    model, N = Model(P=8, nu=0.1), 1000
    for call, values in (
        (lambda: Network.sample(model, N=N), math.comb(N, 8)),
        (lambda: simulate(model, 0.1, N=N), N**8),
    ):
        with pytest.raises(MemoryLimitError) as caught:
            call()
        stated = float(re.search(r"needs ([\d.]+) GiB", str(caught.value))[1])
        assert stated * 2**30 >= 0.999 * 8 * values


def test_time_series_beyond_memory_are_refused_with_their_size():
    with pytest.raises(MemoryLimitError, match=r"needs [\d.]+ GiB of time series") as caught:
        run(sweeps=10**12)
    assert_complete(caught.value, "sweeps")
    stated = float(re.search(r"needs ([\d.]+) GiB", str(caught.value))[1])
    assert stated * 2**30 == pytest.approx(2 * 10**12 * 3 * 8, rel=1e-3)  # two replicas; energy, m and x


def test_a_backend_that_is_not_there_says_how_it_will_be_installed():
    with pytest.raises(dsm.BackendUnavailableError, match="pip install"):
        run(backend="cuda")
