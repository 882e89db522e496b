"""Several diluted patterns at once: states, their stability and thresholds against the enumerated mean field, closed
forms of two patterns, and Monte Carlo."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from densenet_sm import (
    Model,
    Multitasking,
    Network,
    ParameterError,
    Storing,
    Supervised,
    critical,
    eigenvalues,
    hessian,
    hierarchy_threshold,
    simulate,
    solve,
    stable_states,
)
from densenet_sm.theory import hierarchy_consistent
from densenet_sm.theory.rs import Equations

SIGMAS = 5  # of a mean over 16 samples: false alarms below 2e-4; seeds fixed, not chosen


class Enumerated:
    """α = 0 by its mean field over every kind of site: each pattern blank, or ±1 and learned from M examples."""

    def __init__(self, P, K, d, T, r=1.0, M=1):
        self.P, self.T = P, T
        odds = [math.comb(M, n) * ((1 + r) / 2) ** n * ((1 - r) / 2) ** (M - n) for n in range(M + 1)]
        kinds = {0.0: [d, 0.0]}  # t: probability, and that times E[ξ|t]
        for n, (p, q) in enumerate(zip(odds, odds[::-1], strict=True)):
            kind = kinds.setdefault((2 * n - M) / math.sqrt(M * M * r * r + M * (1 - r * r)), [0.0, 0.0])
            kind[:] = kind[0] + (1 - d) / 2 * (p + q), kind[1] + (1 - d) / 2 * (p - q)
        laws = [(t, p, mean / p if p else 0.0) for t, (p, mean) in kinds.items()]
        t, weight, archetype = (np.array(list(itertools.product(col, repeat=K))) for col in zip(*laws, strict=True))
        self.t, self.weight = t / math.sqrt(1 - d), weight.prod(1)
        self.xi = archetype  # E[ξ|t] on each kind of site

    def field(self, x):
        return self.t @ (self.P / 2 * np.abs(x) ** (self.P - 1) * np.sign(x))

    def step(self, x):
        return self.t.T @ (self.weight * np.tanh(self.field(x) / self.T))

    def settle(self, x, steps=4000):
        for _ in range(steps):
            new = self.step(x)
            if np.abs(new - x).max() < 1e-13:
                break
            x = new
        return x

    def magnetisation(self, x):
        return self.xi.T @ (self.weight * np.tanh(self.field(x) / self.T))

    def free_energy(self, x):
        h = self.field(x) / self.T
        return (self.P - 1) / 2 * (np.abs(x) ** self.P).sum() - self.T * self.weight @ np.logaddexp(h, -h)

    def modes(self, x):
        """1 minus the eigenvalues of ∂x′/∂x ascending, and the eigenvectors [K, mode]."""
        stiffness = self.P * (self.P - 1) / 2 * np.abs(x) ** (self.P - 2)
        slope = self.t.T @ ((self.weight / np.cosh(self.field(x) / self.T) ** 2)[:, None] * self.t) / self.T * stiffness
        values, vectors = np.linalg.eig(slope)
        order = np.argsort(-values.real)
        return 1 - values.real[order], vectors.real[:, order]


def tasks(P, K, d, **parameters):
    return Model(P=P, protocol=Multitasking(K, d), **parameters)


@pytest.mark.parametrize(("K", "M"), [(8, 3), (10, 2)])
@pytest.mark.parametrize("P", [2, 3])
def test_many_patterns_learned_from_few_examples_agree_with_the_sum_over_all_entries(P, K, M):
    """No sampling, no truncation: 3^10 or 5^8 kinds of sites in the sum, K factors in the transforms."""
    d, r, T = (0.45, 0.8, 0.1) if P == 2 else (0.6, 0.8, 0.05)
    state = solve(Model(P=P, protocol=Multitasking(K, d, Supervised(r=r, M=M))), T, start="hierarchical")
    exact = Enumerated(P, K, d, T, r, M)
    assert (state.x > 0.01).sum() >= 3
    np.testing.assert_allclose(exact.step(state.x), state.x, atol=1e-11)
    np.testing.assert_allclose(exact.magnetisation(state.x), state.m, atol=1e-11)
    assert state.free_energy == pytest.approx(exact.free_energy(state.x), abs=1e-12)


POINTS = [(2, 0.2, 0.1), (2, 0.5, 0.1), (2, 0.7, 0.2), (2, 0.85, 0.3), (3, 0.5, 0.1), (3, 0.85, 0.1), (3, 0.95, 0.1),
          (4, 0.9, 0.03)]  # fmt: skip


@pytest.mark.parametrize(("P", "d", "T"), POINTS)
def test_three_patterns_have_no_stable_state_that_is_not_found_and_none_found_is_not_one(P, d, T):
    """40 random starts of the enumerated mean field end in states of the list, or the start was too small to tell."""
    exact, rng, found = Enumerated(P, 3, d, T), np.random.default_rng(P), stable_states(tasks(P, 3, d), T)
    assert [s.free_energy for s in found] == sorted(s.free_energy for s in found)
    listed = [np.sort(np.abs(s.x))[::-1] for s in found]
    for state in found:
        np.testing.assert_allclose(exact.settle(state.x), state.x, atol=1e-8)
        assert exact.modes(state.x)[0][0] > 0
    ends = [np.sort(np.abs(exact.settle(rng.uniform(0, 1.2 * exact.t.max() * (1 - d), 3))))[::-1] for _ in range(40)]
    held = [x for x in ends if exact.modes(x)[0][0] > 1e-6]
    assert len(held) > 30
    assert max(min(np.abs(x - y).max() for y in listed) for x in held) < 1e-6


@pytest.mark.parametrize(("P", "K", "d", "T", "start"), [
    (2, 2, 0.7, 0.30, "parallel"), (2, 2, 0.7, 0.33, "parallel"), (2, 3, 0.3, 0.1, "1"), (2, 3, 0.5, 0.1, "1+1"),
    (2, 3, 0.0, 0.40, "3"), (2, 3, 0.0, 0.50, "3"), (3, 3, 0.5, 0.05, "1+1"), (3, 2, 0.85, 0.1, "parallel"),
    (3, 3, 0.9, 0.1, "3"), (3, 2, 0.9, 0.19, "parallel"), (4, 3, 0.93, 0.02, "2+1")])  # fmt: skip
def test_the_sign_of_the_smallest_eigenvalue_says_whether_a_state_moved_along_its_mode_comes_back(P, K, d, T, start):
    state, exact = solve(tasks(P, K, d), T, start=start), Enumerated(P, K, d, T)
    assert state.ordering == {"parallel": str(K)}.get(start, start)
    values, vectors = exact.modes(state.x)
    np.testing.assert_allclose(eigenvalues(state), values, atol=1e-8)
    assert abs(values[0]) > 0.01
    moved = exact.settle(state.x + 1e-4 * vectors[:, 0])
    away = np.abs(moved - state.x).max()
    assert away < 1e-8 if values[0] > 0 else away > 2e-3
    if values[0] < 0:
        assert exact.free_energy(moved) < state.free_energy


@pytest.mark.parametrize(("model", "start"), [
    (tasks(2, 3, 0.5), "hierarchical"), (tasks(2, 3, 0.2, alpha=0.01, nu=0.02), "1+1"),
    (tasks(3, 2, 0.6, alpha=0.01), "hierarchical"), (tasks(4, 2, 0.3, nu=0.02), "pure"),
    (Model(P=3, protocol=Multitasking(2, 0.5, Supervised(r=0.8, M=3)), alpha=0.01), "parallel")])  # fmt: skip
def test_the_hessian_is_that_of_the_free_energy_with_chi_at_its_stationary_value(model, start):
    state, T, step = solve(model, 0.08, start=start), 0.08, 2e-4
    eq, K = Equations(model, T), len(state.x)

    def free_energy(x):
        C = brentq(lambda C: eq.residual(np.append(x, C))[-1], 0.2 * state.chi, min(1 / T, 3 * state.chi), xtol=1e-14)
        return eq.free_energy(np.append(x, C))

    finite, unit = np.empty((K, K)), step * np.eye(K)
    for i, j in itertools.product(range(K), repeat=2):
        shifted = (a * b * free_energy(state.x + a * unit[i] + b * unit[j]) for a in (1, -1) for b in (1, -1))
        finite[i, j] = sum(shifted) / (4 * step**2)
    np.testing.assert_allclose(hessian(state), finite, atol=1e-5 * np.abs(finite).max())


@pytest.mark.parametrize("K", [3, 4, 5])
@pytest.mark.parametrize("P", [2, 3, 4])
def test_a_hierarchy_is_consistent_up_to_the_threshold_where_every_spin_obeys_its_field(P, K):
    """T = 0: each of the 3^K kinds of sites follows its first entry that is not blank; does the field say so too?"""

    def obeys(d):
        t = np.array(list(itertools.product((-1, 0, 1), repeat=K)))[: (3**K) // 2]  # half of them, not all blank
        spins = np.array([row[np.flatnonzero(row)[0]] for row in t])
        return ((t @ (d ** np.arange(K)) ** (P - 1)) * spins > 0).all()

    def solved(d):
        m = solve(tasks(P, K, d), 0.0, start="hierarchical").m
        return np.abs(m - (1 - d) * d ** np.arange(K)).max() < 1e-12

    d_c = hierarchy_threshold(P, K)
    D = d_c ** (P - 1)
    assert abs(1 - 2 * D + D**K) < 1e-12
    for d, wanted in ((d_c - 1e-6, True), (d_c + 1e-6, False)):
        assert obeys(d) == solved(d) == hierarchy_consistent(P, K, d) == wanted


@pytest.mark.parametrize(("M", "r"), [(3, 0.7), (5, 0.8)])
def test_an_odd_number_of_examples_makes_the_hierarchy_consistent_up_to_one_over_that_number(M, r):
    """|Σχ| is 1 to M: the weakest site of the first pattern against the strongest of the others, 1/M > D + … ."""
    for P in (2, 3):
        for d, consistent in ((M ** (-1 / (P - 1)) - 1e-3, True), (M ** (-1 / (P - 1)) + 1e-3, False)):
            model = Model(P=P, protocol=Multitasking(2, d, Supervised(r=r, M=M)))
            x = solve(model, 0.0, start="hierarchical").x
            assert (abs(x[1] / x[0] - d) < 1e-12) == consistent


@pytest.mark.parametrize(("P", "d"), [(2, 0.56), (3, 0.77), (4, 0.84)])
def test_at_zero_temperature_a_state_where_two_patterns_outvote_the_first_can_be_lower_than_the_hierarchy(P, d):
    """On ½(1−d)² of the first pattern's sites the other two disagree with it. (T = 0, three patterns.) At P = 2 both
    energies are equal at d = (1+√8)/7, below the threshold (√5−1)/2."""
    a = (1 - d) ** 2 / 2
    wanted = sorted(([1, d, d * d], [1 - a, d + a, d * d + a]), key=lambda m: -(np.array(m) ** P).sum())
    found = stable_states(tasks(P, 3, d), 0.0)
    assert len(found) == 2
    for state, m in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.sort(np.abs(state.m_active))[::-1], m, atol=1e-12)
        assert state.energy == pytest.approx(-((1 - d) ** (P / 2)) * (np.array(m) ** P).sum() / 2, abs=1e-12)
    for shift, lowest in ((-1e-6, 1.0), (1e-6, 0.9)):
        states = stable_states(tasks(2, 3, (1 + math.sqrt(8)) / 7 + shift), 0.0)
        assert states[0].m_active.max() == pytest.approx(lowest, abs=0.01)


def test_two_patterns_are_always_a_consistent_hierarchy():
    assert hierarchy_threshold(3, 2) == hierarchy_threshold(2, 1) == 1
    assert hierarchy_consistent(2, 2, 0.999)


def test_two_patterns_at_two_bodies_become_equal_at_a_temperature_of_closed_form():
    """Parallel: m = d tanh y + ½(1−d) tanh 2y, y = m/T; unequal below T = 1 − d tanh² y, where spins that disagree are
    free. Pure: m = tanh(m/T) and T = 1 − (1−d) m². Both lines end at T = 1, d = 2/3."""

    def parallel(y, d):
        T = (d * math.tanh(y) + (1 - d) / 2 * math.tanh(2 * y)) / y
        return T, T - 1 + d * math.tanh(y) ** 2

    def pure(y, d):
        m = math.tanh(y)
        return m / y, m / y - 1 + (1 - d) * m * m

    cases = ((0.75, parallel, "parallel"), (0.9, parallel, "parallel"), (0.2, pure, "pure"), (0.5, pure, "pure"))
    for d, law, start in cases:
        T = law(brentq(lambda y: law(y, d)[1], 0.3, 20), d)[0]  # noqa: B023
        found = critical(tasks(2, 2, d), "T", start=start, kind="saddle", bounds=(0.02, 0.99))
        assert found.value == pytest.approx(T, abs=1e-8)
    for law in (pure, parallel):
        assert brentq(lambda d: law(1e-2, d)[1], 0.5, 0.9) == pytest.approx(2 / 3, abs=1e-4)  # noqa: B023


def test_spurious_mixtures_of_full_patterns_are_found_beside_the_pure_state():
    """amit1985: at d = 0 mixtures are stable below T = 0.46. Of three: T = sech² y, yT = ¼(tanh y + tanh 3y)."""
    y = brentq(lambda y: (math.tanh(y) + math.tanh(3 * y)) / 4 - y / math.cosh(y) ** 2, 0.1, 3)
    wanted = 1 / math.cosh(y) ** 2
    assert wanted == pytest.approx(0.46, abs=5e-4)
    model = tasks(2, 3, 0.0)
    assert critical(model, "T", start="3", kind="saddle", bounds=(0.3, 0.6)).value == pytest.approx(wanted, abs=1e-8)
    assert [s.ordering for s in stable_states(model, wanted - 0.01)] == ["1", "3"]
    assert [s.ordering for s in stable_states(model, wanted + 0.01)] == ["1"]
    five = tasks(2, 5, 0.0)  # mixtures of even numbers leave spins without a field and are never stable
    assert {s.ordering for s in stable_states(five, 0.3)} >= {"1", "3", "5"}
    assert not {s.ordering for s in stable_states(five, 0.3)} & {"2", "4"}


def test_mixtures_of_diluted_patterns_are_unequal_and_higher_than_the_hierarchy():
    hierarchy, mixture = stable_states(tasks(2, 3, 0.1), 0.05)
    assert hierarchy.x[0] > 0.9 > 0.7 > mixture.x[0] > mixture.x[2] > 0.3
    assert mixture.free_energy > hierarchy.free_energy


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("P", [3, 4])
def test_in_the_cold_the_next_pattern_is_a_full_one_on_the_sites_that_the_others_leave_blank(P, n):
    """n frozen patterns leave d^n of the sites: T = d^{n(P−1)} (1−d)^{P/2−1} T′ with the T′ of one full pattern."""
    d = 0.4 if (P, n) == (4, 2) else 0.3  # cold enough, at T = 2e-3
    scale, below, above = d ** (n * (P - 1)) * (1 - d) ** (P / 2 - 1), "+".join("1" * n), "+".join("1" * (n + 1))
    for kind, rival in (("spinodal", "lowest"), ("coexistence", below)):
        full = critical(Model(P=P), "T", kind=kind).value
        model, bounds = tasks(P, 3, d), (0.3 * scale, 1.3 * scale)
        found = critical(model, "T", kind=kind, start=above, against=rival, bounds=bounds)
        assert found.value == pytest.approx(scale * full, rel=1e-9)


@pytest.mark.parametrize("P", [3, 4])
def test_pure_states_scale_like_a_full_pattern(P):
    """T = (1−d)^{P/2−1} T′: a blank site feels nothing, an active one the field of a full pattern."""
    d, T = 0.6, 0.3
    full, pure = solve(Model(P=P, protocol=Storing()), T), solve(tasks(P, 3, d), T * 0.4 ** (P / 2 - 1), start="pure")
    np.testing.assert_allclose(pure.m_active, [full.m, 0, 0], atol=1e-12)


def test_states_of_other_models_are_listed_too_and_bad_input_is_refused():
    assert [s.phase for s in stable_states(Model(P=3, alpha=0.1), 0.3)] == ["retrieval", "paramagnet"]
    for call in (lambda: stable_states(tasks(2, 2, 0.1), 0.1, groups=0), lambda: hierarchy_threshold(1, 3),
                 lambda: hierarchy_threshold(2, 0), lambda: hierarchy_consistent(2, 3, 1.0),
                 lambda: stable_states("no model", 0.1), lambda: stable_states(tasks(2, 2, 0.1), -1)):  # fmt: skip
        with pytest.raises(ParameterError):
            call()


MONTE_CARLO = [  # model, T, start of the theory, N: unequal, pure beside a lower hierarchy, equal overlaps
    (tasks(2, 3, 0.5), 0.12, "hierarchical", 1500),
    (tasks(3, 3, 0.6, alpha=0.005), 0.06, "1+1", 160),
    (tasks(3, 2, 0.4), 0.04, "pure", 1000),
    (tasks(2, 2, 0.85), 0.35, "parallel", 3000),
]


@pytest.mark.parametrize(("model", "T", "start", "N"), MONTE_CARLO)
def test_monte_carlo_stays_in_a_stable_state_with_the_overlaps_of_theory(model, T, start, N):
    """Spins drawn from the state's own fields, then swept; f_N in theory, means over 16 samples."""
    theory, x = solve(model, T, start=start, N=N), []
    assert theory.stable
    for sample in range(16):
        net = Network.sample(model, N, seed=5, sample=sample)
        h = net.entries[: len(theory.x)].T @ (model.P / 2 * theory.x ** (model.P - 1))
        odds = np.random.default_rng(sample).uniform(-1, 1, N) < np.tanh(h / T)
        spins = np.where(odds, 1, -1).astype(np.int8)
        run = simulate(net, T, start=spins, sweeps=150, burn_in=50, replicas=1, seed=sample)
        x.append(run.x.values.ravel()[: len(theory.x)])
    error = np.std(x, axis=0, ddof=1) / 4
    assert (np.abs(np.mean(x, axis=0) - theory.x) < SIGMAS * error + 1e-12).all(), (np.mean(x, axis=0), theory.x, error)
