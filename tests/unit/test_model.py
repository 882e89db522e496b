"""Model: conversions between load and number of patterns, and copies with parameters changed."""

import math
from fractions import Fraction

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, Network, Storing, Supervised, TeacherStudent, Unsupervised, simulate, solve


@pytest.mark.parametrize("P", range(2, 9))
@pytest.mark.parametrize("N", [8, 37, 1000])
def test_the_number_of_patterns_is_the_load_in_whole_patterns(P, N):
    alpha = Fraction(1, 16)  # a binary fraction: exact as a float too
    exact = 2 * alpha * N ** (P - 1) / math.factorial(P)
    assert Model(P=P, alpha=float(alpha)).n_patterns(N) == pytest.approx(max(1, round(exact)), rel=1e-12)


def test_the_load_at_P_2_is_patterns_per_spin():
    assert Model(P=2, alpha=0.25).n_patterns(400) == 100


def test_one_pattern_is_left_at_vanishing_load_and_all_K_when_multitasking():
    assert Model(P=3).n_patterns(50) == 1
    assert Model(P=3, protocol=Multitasking(K=4, d=0.2)).n_patterns(50) == 4
    further = Model(P=3, alpha=0.1).n_patterns(50)
    assert Model(P=3, alpha=0.1, protocol=Multitasking(K=4, d=0.2)).n_patterns(50) == 4 + further


@pytest.mark.parametrize("integer", [np.int16, np.int32, np.int64, np.uint8])
def test_the_number_of_patterns_does_not_depend_on_the_integer_type_of_N(integer):
    for P, N in ((3, 200), (8, 200), (8, 30000)):
        if np.iinfo(integer).max >= N:
            model = Model(P=P, alpha=0.1, nu=0.1)
            assert model.n_patterns(integer(N)) == model.n_patterns(N)
            assert model.Omega(integer(N)) == pytest.approx(model.Omega(N), rel=1e-12)


@pytest.mark.parametrize("P", range(2, 9))
def test_Omega_gives_the_tensor_noise_the_variance_N_nu_over_two(P):
    """ν = P! Ω²/(2N^{P−1}): the noise energy of a state has the variance (Nν/2) Π_k (1 − k/N)."""
    model, N = Model(P=P, nu=0.3), 40
    c = math.factorial(P) / (2 * N ** (P - 1))
    variance = c**2 * model.Omega(N) ** 2 * math.comb(N, P)
    assert variance == pytest.approx(N * 0.3 / 2 * math.prod(1 - k / N for k in range(P)), rel=1e-12)


def test_replace_changes_what_it_names_and_nothing_else():
    model = Model(P=4, protocol=Unsupervised(r=0.5, M=3), alpha=0.1, nu=0.2, field=0.3, interaction="power")
    changed = model.replace(alpha=0.4, M=7)
    assert changed == Model(P=4, protocol=Unsupervised(r=0.5, M=7), alpha=0.4, nu=0.2, field=0.3, interaction="power")
    assert model.replace(alpha=0.4).replace(alpha=0.1) == model
    assert model.replace(protocol=Storing()).protocol == Storing()
    assert model.replace(protocol=Supervised(r=0.5, M=3), r=0.9).protocol == Supervised(r=0.9, M=3)


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        (Storing(), ()),
        (Supervised(r=0.5, M=4), ("r", "M")),
        (Supervised(rho=0.2), ("rho",)),
        (Unsupervised(r=0.5, M=4), ("r", "M")),
        (Multitasking(K=2, d=0.3, data=Unsupervised(r=0.5, M=4)), ("K", "d", "r", "M")),
        (TeacherStudent(T_teacher=1.0), ("T_teacher",)),
    ],
    ids=str,
)
def test_get_returns_what_replace_sets(protocol, names):
    model = Model(P=3, protocol=protocol)
    new = {"alpha": 0.2, "nu": 0.1, "field": 0.05, "r": 0.75, "M": 6, "rho": 0.4, "K": 5, "d": 0.125}
    new |= {"T_teacher": 1.5, "covariance": (0.0, 0.25)}
    for name in ("alpha", "nu", "field", "covariance", *names):
        assert model.replace(**{name: new[name]}).get(name) == new[name]


def test_models_are_values_equal_hashable_frozen_and_printable():
    one, same = (Model(P=3, protocol=Supervised(r=0.5, M=4), alpha=0.1) for _ in range(2))
    assert {one, same} == {one}
    assert len({one, one.replace(alpha=0.2), one.replace(r=0.6)}) == 3
    assert eval(str(one)) == one
    with pytest.raises(AttributeError, match="cannot assign"):
        one.alpha = 0.2


def short(N=8, sweeps=4, burn_in=2, samples=1, replicas=1):
    return simulate(Model(P=3), 0.2, N=N, sweeps=sweeps, burn_in=burn_in, samples=samples, replicas=replicas)


WHOLE = {
    "solve P": lambda n: solve(Model(P=n(3)), T=0.2),
    "sample P": lambda n: Network.sample(Model(P=n(3), alpha=0.1), N=8),
    "sample N": lambda n: Network.sample(Model(P=3, alpha=0.1), N=n(8)),
    "unsupervised M": lambda n: Network.sample(Model(P=3, protocol=Unsupervised(r=0.5, M=n(4))), N=8),
    "supervised M": lambda n: Network.sample(Model(P=3, protocol=Supervised(r=0.5, M=n(4))), N=8),
    "multitasking K": lambda n: Network.sample(Model(P=3, protocol=Multitasking(K=n(2), d=0.2)), N=8),
    "N": lambda n: short(N=n(8)),
    "sweeps": lambda n: short(sweeps=n(4)),
    "burn_in": lambda n: short(burn_in=n(2)),
    "samples": lambda n: short(samples=n(1)),
    "replicas": lambda n: short(replicas=n(1)),
}


@pytest.mark.parametrize("number", [int, float, np.int64], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("place", WHOLE)
def test_whole_numbers_that_pass_the_checks_work_in_every_type(place, number):
    assert WHOLE[place](number) is not None
