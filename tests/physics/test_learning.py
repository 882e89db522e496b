"""Learning from examples: thresholds against their laws, archetype and example against enumerated mean fields, and
Monte Carlo on both sides of their boundary."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from densenet_sm import Model, Network, Supervised, Unsupervised, critical, retrieve, solve

LOAD = {2: 0.05, 3: 0.3, 4: 0.25}
T = 0.2
SIGMAS = 5  # of a mean over samples: false alarms below 1e-3 at 9 degrees of freedom; seeds fixed, not chosen


def threshold(P, protocol, M):
    """Poorest examples that M of them teach with: where retrieval begins in r."""
    return critical(Model(P=P, alpha=LOAD[P], protocol=protocol(r=0.5, M=M)), "r", T=T).value


@pytest.mark.parametrize("P", [2, 3, 4])
def test_supervised_thresholds_approach_the_entropy_of_the_large_M_law(P):
    """ρ_c of t = ξ(1 + √ρ g)/√(1+ρ) means r² = 1/(1 + Mρ_c); deviations fall as 1/M."""
    entropy = critical(Model(P=P, alpha=LOAD[P], protocol=Supervised(rho=0.1)), "rho", T=T).value
    gaps = [threshold(P, Supervised, M) * math.sqrt(1 + M * entropy) - 1 for M in (100, 400, 1600)]
    assert abs(gaps[0]) < 0.02
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.2)
    assert gaps[1] / gaps[2] == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("P", [2, 3, 4])
def test_unsupervised_thresholds_approach_synaptic_noise_of_strength_load_over_M_r_to_the_2P(P):
    """M r^{2P} → α/ν_c; what is left out is of relative order ρ ~ M^{−1+1/P}."""
    noise = critical(Model(P=P, alpha=LOAD[P]), "nu", T=T).value
    gaps = [threshold(P, Unsupervised, M) * (M * noise / LOAD[P]) ** (1 / (2 * P)) - 1 for M in (500, 4000)]
    assert abs(gaps[1]) < {2: 0.06, 3: 2e-3, 4: 1e-3}[P]
    assert abs(gaps[1]) < 0.6 * abs(gaps[0])
    if P == 2:
        assert gaps[0] / gaps[1] == pytest.approx(8**0.5, rel=0.15)


@pytest.mark.parametrize("P", [3, 4])
def test_unsupervised_learning_needs_more_examples(P):
    few, many = ([threshold(P, protocol, M) for protocol in (Supervised, Unsupervised)] for M in (10, 1000))
    assert few[0] < few[1]
    assert many[1] / many[0] > 3 * few[1] / few[0]


@pytest.mark.parametrize("protocol", [Supervised, Unsupervised])
@pytest.mark.parametrize("P", [2, 3])
def test_the_fewest_examples_and_the_poorest_are_the_same_threshold(P, protocol):
    r = threshold(P, protocol, 60)
    model = Model(P=P, alpha=LOAD[P], protocol=protocol(r=r, M=60))
    assert critical(model.replace(r=r + 1e-4), "M", T=T).value <= 60
    assert critical(model.replace(r=r - 1e-4), "M", T=T).value > 60


@pytest.mark.parametrize("P", [3, 4])
def test_without_load_both_protocols_lose_the_archetype_at_the_same_temperature(P):
    ends = [critical(Model(P=P, protocol=p(r=0.6, M=7)), "T").value for p in (Supervised, Unsupervised)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-9)
    loaded = [critical(Model(P=P, protocol=p(r=0.6, M=7), alpha=0.01), "T").value for p in (Supervised, Unsupervised)]
    assert loaded[0] > loaded[1]


class Enumerated:
    """α = 0 by its mean field over the 2^M kinds of sites, all M overlaps of the examples free."""

    def __init__(self, P, M, r, T):
        self.P, self.M, self.T = P, M, T
        signs = np.array(list(itertools.product((1, -1), repeat=M)))
        self.weight = np.prod(np.where(signs > 0, (1 + r) / 2, (1 - r) / 2), axis=1)
        self.t = signs / math.sqrt(r**2 + (1 - r**2) / M)

    def field(self, x):
        return self.t @ (self.P / (2 * self.M) * x ** (self.P - 1))

    def settle(self, x):
        for _ in range(20_000):
            new = self.t.T @ (self.weight * np.tanh(self.field(x) / self.T))
            if np.abs(new - x).max() < 1e-13:
                break
            x = new
        return x

    def free_energy(self, x):
        h = self.field(x) / self.T
        return (self.P - 1) / (2 * self.M) * (x**self.P).sum() - self.T * self.weight @ np.logaddexp(h, -h)

    def stability(self, x):
        """1 minus the largest eigenvalue of ∂x′/∂x."""
        slope = self.t.T @ (self.weight[:, None] * self.t / np.cosh(self.field(x) / self.T)[:, None] ** 2) / self.T
        stiffness = self.P * (self.P - 1) / (2 * self.M) * x ** (self.P - 2)
        return 1 - np.linalg.eigvals(slope * stiffness).real.max()


@pytest.mark.parametrize("r", [0.3, 0.5, 0.8])
@pytest.mark.parametrize(("P", "M"), [(2, 3), (2, 5), (3, 3), (3, 4), (4, 5)])
def test_archetype_and_example_without_load_are_states_of_the_enumerated_mean_field(P, M, r):
    model, exact = Model(P=P, protocol=Unsupervised(r=r, M=M)), Enumerated(P, M, r, T)
    for start in ("retrieval", "example"):
        state = solve(model, T, start=start)
        x = np.append(state.x_groups[0, 0], np.full(M - 1, state.x_groups[0, -1]))
        np.testing.assert_allclose(exact.settle(x), x, atol=1e-9)
        assert state.free_energy == pytest.approx(exact.free_energy(x), abs=1e-12)
        assert state.longitudinal == pytest.approx(exact.stability(x), abs=1e-8)


@pytest.mark.parametrize("r", [0.2, 0.35, 0.5, 0.65, 0.8])
@pytest.mark.parametrize(("P", "M"), [(2, 3), (2, 4), (3, 4), (3, 5), (4, 4)])
def test_no_mixture_of_some_examples_is_lower_than_one_example_apart_from_the_others(P, M, r):
    """States that the ansatz leaves out, from 30 random starts and from the majorities of 2 … M−1 examples, are higher
    than archetype, example, or (even M, in the cold) an archetype whose ties one example breaks."""
    exact, rng = Enumerated(P, M, r, 0.15), np.random.default_rng(P)
    states = [solve(Model(P=P, protocol=Unsupervised(r=r, M=M)), 0.15, start=s) for s in ("retrieval", "example")]
    broken = np.append(1.1, np.ones(M - 1)) * states[0].x
    lowest = min(*(state.free_energy for state in states), exact.free_energy(exact.settle(broken)))
    starts = [exact.t.T @ (exact.weight * np.sign(exact.t[:, :k].sum(1))) for k in range(2, M)]
    starts += list(rng.uniform(0, 1.2 * exact.t.max(), (30, M)))
    assert min(exact.free_energy(exact.settle(x)) for x in starts) > lowest - 1e-9


@pytest.mark.parametrize(("P", "M", "r"), [(2, 4, 0.45), (3, 4, 0.65), (4, 4, 0.75)])
def test_in_the_cold_an_even_number_of_examples_lets_one_break_the_archetypes_ties(P, M, r):
    """Where as many examples say +1 as −1 there is no field; at odd M there are no such sites."""
    cold = solve(Model(P=P, protocol=Unsupervised(r=r, M=M)), 0.1)
    exact = Enumerated(P, M, r, 0.1)
    broken = exact.settle(np.append(1.1, np.ones(M - 1)) * cold.x)
    assert cold.longitudinal < 0 < exact.stability(broken)
    assert exact.free_energy(broken) < cold.free_energy - 1e-3
    assert 1.1 < broken[0] / broken[1] < 1.8
    for odd in (M - 1, M + 1):
        assert solve(Model(P=P, protocol=Unsupervised(r=r, M=odd)), 0.1).longitudinal > 0


@pytest.mark.parametrize(("P", "M"), [(2, 3), (2, 5), (3, 3), (3, 5), (4, 7)])
def test_in_the_cold_archetype_and_example_are_equally_low_where_their_energies_are(P, M):
    """α = 0, T → 0, odd M: −(E|η̄|)^P/(2R^{P/2}) against −[1 + (M−1) r^{2P}]/(2M R^{P/2})."""
    k = np.arange(M + 1)

    def gap(r):
        chance = np.array([math.comb(M, n) for n in k]) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (M - k)
        return (chance @ np.abs(2 * k / M - 1)) ** P - (1 + (M - 1) * r ** (2 * P)) / M

    wanted = brentq(gap, 0.05, 0.95)
    model = Model(P=P, protocol=Unsupervised(r=0.5, M=M))
    assert critical(model, "r", T=0.01, kind="coexistence", bounds=(0.1, 0.95)).value == pytest.approx(wanted, abs=1e-6)


def ends(model, start, N, samples):
    """Overlaps with the first archetype's examples [samples, M], and m [samples], after 300 sweeps from a start."""
    overlaps, m = [], []
    for sample in range(samples):
        net = Network.sample(model, N, seed=11, sample=sample)
        cue = net.archetypes[0] if start == "retrieval" else np.sign(net.entries[0]).astype(np.int8)
        done = retrieve(net, cue, T, sweeps=300, seed=sample)
        overlaps.append(net.overlaps(done.spins)[: model.protocol.M])
        m.append(done.magnetisations[0])
    return np.array(overlaps), np.array(m)


def agree(values, wanted):
    return abs(values.mean() - wanted) < SIGMAS * values.std(ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize("r", [0.4, 0.5, 0.8, 0.9])
def test_monte_carlo_ends_in_the_archetype_or_in_an_example_as_their_boundary_says(r):
    """P = 3, M = 4, α = 0.02, boundary r = 0.619. Below it, every sample ends with one overlap 1.2 times the others or
    more, above it the first example is like the others, from either start; m and the overlaps are those of theory."""
    N, samples = 384, 10
    model = Model(P=3, alpha=0.02, protocol=Unsupervised(r=r, M=4))
    boundary = critical(model, "r", T=T, kind="coexistence").value
    assert boundary == pytest.approx(0.6188, abs=1e-4)
    held = "example" if r < boundary else "retrieval"
    theory = solve(model, T, start=held, N=N)
    for start in ("retrieval", "example"):
        x, m = ends(model, start, N, samples)
        if held == "example":
            first = np.sort(x, axis=1)[:, ::-1]
            assert (first[:, 0] > 1.2 * first[:, 1]).all()
            assert first[:, 0].mean() == pytest.approx(theory.x_groups[0, 0], abs=SIGMAS / N)  # hardly a spin off it
        else:
            assert agree(x[:, 0] - x[:, 1:].mean(1), 0.0)
            assert agree(x.mean(1), theory.x)
        if held == start:
            assert agree(m, theory.m)
