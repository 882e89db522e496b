"""Detection: synaptic noise against load, poor examples against their limit, exponents, at P = 2 the mode by itself."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import densenet_sm as dsm
from densenet_sm import Model, ParameterError, Supervised, Unsupervised, critical, solve
from densenet_sm.theory.detection import FaintExamples, data_noise_limit, detection_exponents

LOADS = {2: 0.03, 3: 0.1, 4: 0.1, 6: 0.1}  # α c: inside retrieval at ρ = 0.2
SIGMAS = 5  # of means over disorder samples: false alarms below 1e-3 at 15 degrees of freedom; seeds fixed, not chosen


def of_entropy(rho, M):
    """Unsupervised examples of entropy ρ, as poor as their number makes them: r² = 1/(1 + ρM)."""
    return Unsupervised(r=1 / math.sqrt(1 + rho * M), M=M)


@pytest.mark.parametrize("T", [0.0, 0.2])
@pytest.mark.parametrize("P", [3, 4, 6])
def test_beyond_two_bodies_synaptic_noise_is_load(P, T):
    noise, load = (solve(Model(P=P, **{name: 0.17}), T) for name in ("nu", "alpha"))
    both = solve(Model(P=P, nu=0.12, alpha=0.05), T)
    for name in ("m", "q", "free_energy", "replicon"):
        assert getattr(noise, name) == pytest.approx(getattr(load, name), abs=1e-12)
        assert getattr(both, name) == pytest.approx(getattr(load, name), abs=1e-12)


@pytest.mark.parametrize("P", [3, 4])
def test_the_noise_diagram_is_the_storage_diagram(P):
    y = ("T", 0.15, 0.75, 3)
    noise, load = (dsm.phase_diagram(Model(P=P), x=(name, 0.0, 0.5, 9), y=y) for name in ("nu", "alpha"))
    assert (noise.phase.values == load.phase.values).all()
    np.testing.assert_allclose(noise.line_x, load.line_x, atol=1e-7)


def test_at_two_bodies_load_costs_more_noise_than_noise():
    """Retrieval of (α, ν) ends at a convex curve: the crosstalk of P = 2 is amplified by 1/(1 − β(1−q))²."""
    largest = [critical(Model(P=2, alpha=alpha), "nu", T=0.2).value for alpha in (0.0, 0.05, 0.1)]
    assert largest[0] - largest[1] > 2 * (largest[1] - largest[2]) > 0
    assert critical(Model(P=2), "alpha", T=0.2).value < largest[0] / 5


@pytest.mark.parametrize("T", [0.3, 0.7])
def test_at_two_bodies_retrieval_under_noise_gives_way_to_the_glass_where_its_susceptibility_is_one(T):
    """α = 0: at zero overlap C = β(1−q) = 1, so that q = 1 − T, E tanh²(βσz) = q and ν = σ²/q, here by quadrature."""
    z = np.linspace(-9, 9, 4001)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    sigma = brentq(lambda s: weight @ np.tanh(s * z / T) ** 2 - (1 - T), 1e-3, 3)
    assert critical(Model(P=2), "nu", T=T).value == pytest.approx(sigma**2 / (1 - T), abs=1e-6)


@pytest.mark.parametrize(("M", "r"), [(3, 0.2), (50, 0.4), (2000, 0.05)])
@pytest.mark.parametrize("P", [2, 3, 5])
def test_the_crosstalk_of_examples_in_terms_of_their_entropy(P, M, r):
    examples = Unsupervised(r=r, M=M)
    rho = examples.entropy
    wanted = (1 + ((1 + rho * M) ** P - 1) / M) / (1 + rho) ** P
    assert examples.crosstalk_factor(P, P) == pytest.approx(wanted, rel=1e-12)
    many = of_entropy(0.3, 10**8)
    assert many.crosstalk_factor(P, P) == pytest.approx(1e8 ** (P - 1) * (0.3 / 1.3) ** P, rel=1e-6)


@pytest.mark.parametrize("T", [0.0, 0.2])
@pytest.mark.parametrize("P", [2, 3, 4, 6])
def test_poor_examples_approach_their_limit_as_r_squared(P, T):
    rho, load = 0.2, LOADS[P]
    limit = solve(data_noise_limit(P, rho, load), T)
    gaps = []
    for M in (10**3, 10**4, 10**5):
        examples = of_entropy(rho, M)
        state = solve(Model(P=P, protocol=examples, alpha=load / examples.crosstalk_factor(P, P)), T)
        assert state.phase == limit.phase == "retrieval"
        gaps.append(np.array([state.m - limit.m, state.x - limit.x, state.free_energy - limit.free_energy]))
    assert (np.abs(gaps[-1]) < 1e-4).all()
    np.testing.assert_allclose(gaps[1] / gaps[2], 10, rtol=0.01)  # r² falls tenfold
    np.testing.assert_allclose(gaps[0] / gaps[1], 10, rtol=0.1)


@pytest.mark.parametrize(("P", "b"), [(2, 0.5), (3, 0.5), (3, 1.5), (4, 1.0), (6, 3.0)])
def test_with_the_right_exponents_the_state_stays_and_with_others_it_does_not(P, b):
    """K = k N^b archetypes, r ~ N^x: the state tends to the limit's; with another x to none, or to that of α = 0."""
    rho, load = 0.2, 0.1
    exponents = detection_exponents(P, b)

    def at(N, stretch=1.0):
        M = round(N ** (exponents.M * stretch))
        alpha = load * ((1 + rho) / rho) ** P * N ** (b - (P - 1))
        return solve(Model(P=P, protocol=of_entropy(rho, M), alpha=alpha), 0.2)

    N = 3e4 ** (1 / exponents.M)  # 30000 examples
    assert exponents.r == -exponents.M / 2
    limit, free = (solve(data_noise_limit(P, rho, noise), 0.2).m for noise in (load, 0.0))
    assert at(N).m == pytest.approx(limit, abs=3 / (1 + rho * 3e4))  # 3r²
    assert at(N, 1.2).m == 0
    assert abs(at(N, 0.8).m - free) < 0.2 * (free - limit)


@pytest.mark.parametrize("P", [2, 3, 6])
def test_exponents_keep_the_noise_of_each_kind_extensive(P):
    """Counted by hand: the variance of one tensor entry, times N^{P−1} of them in a field made of (1/N^{P−1}) each."""
    for b in (0.25, 0.8 * (P - 1), P - 1):
        e = detection_exponents(P, b)
        assert 2 * e.Omega == P - 1  # Ω² N^{P−1} / N^{2(P−1)} ~ 1
        # K archetypes of M examples of weight 1/M and entries 1/√R, R ~ r²: variance K/(M R^P) against N^{P−1}
        assert b - e.M - 2 * P * e.r == pytest.approx(P - 1)
        assert e.M + 2 * e.r == pytest.approx(0)  # ρ fixed


def test_exponents_and_limits_refuse_what_they_do_not_hold_for():
    for b in (0, 2.01, -1):
        with pytest.raises(ParameterError, match="b must be"):
            detection_exponents(3, b)
    with pytest.raises(ParameterError, match="P must be"):
        detection_exponents(1, 0.5)
    with pytest.raises(ParameterError, match="rho must be"):
        data_noise_limit(3, -0.1, 0.1)
    with pytest.raises(ParameterError, match="alpha must be"):
        data_noise_limit(3, 0.1, -0.1)


@pytest.mark.parametrize("rho", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("T", [0.2, 0.5])
def test_at_two_bodies_the_largest_data_noise_falls_as_the_square_of_one_plus_entropy(rho, T):
    """Zero overlap again: C = 1, λ = 1 − κ = 1/(1+ρ), σ² = α c q/λ²; continuous ends only, as here."""
    clean = critical(Model(P=2), "nu", T=T).value
    found = critical(data_noise_limit(2, rho, 0.1), "alpha", T=T)
    assert found.state.m < 1e-3
    assert found.value * (1 + rho) ** 2 == pytest.approx(clean, rel=1e-6)


def test_at_two_bodies_many_rich_sets_of_examples_are_gaussian_couplings():
    noise, limit = solve(data_noise_limit(2, 0.0, 0.1), 0.3), solve(data_noise_limit(2, 1e-6, 0.1), 0.3)
    assert noise.model == Model(P=2, nu=0.1)
    assert limit.m == pytest.approx(noise.m, abs=1e-5)
    assert limit.free_energy == pytest.approx(noise.free_energy, abs=1e-5)


def test_the_limit_is_a_model_like_any_other():
    model = data_noise_limit(2, 0.5, 0.1)
    assert model.replace(rho=0.2).protocol == FaintExamples(rho=0.2)
    assert data_noise_limit(4, 0.5, 0.1) == Model(P=4, protocol=Supervised(rho=0.5), alpha=0.1)
    with pytest.raises(ParameterError, match="to draw examples"):
        dsm.simulate(model, T=0.2, N=20)


@pytest.mark.parametrize("P", [3, 4])
def test_single_examples_of_the_archetype_stay_harmless_locally(P):
    """Among M unequal overlaps the archetype is stable where (P(P−1)/2) κ x^{P−2} C < 1, also as r → 0."""
    rho, load, T = 0.2, LOADS[P], 0.2
    limit = solve(data_noise_limit(P, rho, load), T)
    examples = of_entropy(rho, 10**5)
    state = solve(Model(P=P, protocol=examples, alpha=load / examples.crosstalk_factor(P, P)), T)
    across = 1 - P * (P - 1) / 2 * rho / (1 + rho) * limit.x ** (P - 2) * limit.chi
    assert state.longitudinal == pytest.approx(min(across, limit.longitudinal), abs=1e-4)
    assert state.stable


@pytest.mark.parametrize("T_ratio", [1.0, 3.0])
@pytest.mark.parametrize("P", [2, 3])
def test_monte_carlo_energy_under_synaptic_noise_is_exact_where_temperature_equals_noise(P, T_ratio):
    """α = 0, T = ν, any N: the pattern is a sample of the posterior, a run from it in equilibrium at once and its mean
    energy −f_N(1), that of the pattern. At three times that temperature it is not, which as many samples tell."""
    N, nu = 24, 0.25
    ds = dsm.simulate(Model(P=P, nu=nu), T=T_ratio * nu, N=N, samples=60, sweeps=60, burn_in=20, seed=5)
    wanted = -math.prod(1 - k / N for k in range(P)) / 2
    z = float((ds.energy.mean() - wanted) / ds.energy_err.mean())
    assert abs(z) < SIGMAS if T_ratio == 1.0 else abs(z) > SIGMAS


def test_monte_carlo_of_poor_examples_agrees_with_the_theory_on_the_way_to_the_limit():
    """P = 3, K ~ N, M ~ N^{1/2}, r ~ N^{−1/4} with their constants: N = 128 and 256, one archetype held by all."""
    rho, load, limit = 0.2, 0.05, solve(data_noise_limit(3, 0.2, 0.05), 0.2)
    distance = []
    for N in (128, 256):
        examples = of_entropy(rho, round(N**0.5))
        model = Model(P=3, protocol=examples, alpha=load / examples.crosstalk_factor(3, 3))
        theory = solve(model, 0.2, N=N)
        ds = dsm.simulate(model, T=0.2, N=N, samples=16, sweeps=100, burn_in=50, seed=1)
        for name in ("m", "energy"):
            assert abs(float(ds[name].mean()) - getattr(theory, name)) < SIGMAS * float(ds[f"{name}_err"].mean())
        distance.append(limit.m - theory.m)
    assert distance[0] > distance[1] > 0
