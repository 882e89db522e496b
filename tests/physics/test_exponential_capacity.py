"""Exponential capacities: the random energy model by a maximum over overlaps, its limits, and finite networks."""

import math

import numpy as np
import pytest

from densenet_sm import Model, ModernHopfield, Network, ParameterError, exponential_capacity, power_capacity

RATES = {
    "sign": lambda x: ((1 + x) * np.log1p(x) + (1 - x) * np.log1p(-x)) / 2,
    "sphere": lambda x: -np.log1p(-(x**2)) / 2,
    "normal": lambda x: x**2 / 2,
}


def noise(patterns, alpha, lam):
    """max of α − s(x) + λx over overlaps that exist, on a grid."""
    x = np.linspace(0, 3 if patterns == "normal" else 1 - 1e-9, 2_000_001)
    s = RATES[patterns](x)
    return (alpha - s + lam * x)[s <= alpha].max()


@pytest.mark.parametrize("patterns", RATES)
@pytest.mark.parametrize("lam", [0.3, 1.0, 2.5])
def test_noise_and_capacity_are_those_of_the_maximum_over_overlaps(patterns, lam):
    found = exponential_capacity(lam, patterns)
    for alpha in (0.02, 0.9 * found.condensation, 1.1 * found.condensation, found.typical):
        assert found.noise(alpha) == pytest.approx(noise(patterns, alpha, lam), abs=1e-5)
    assert found.noise(found.typical) == pytest.approx(lam, abs=1e-9)
    assert found.basin(found.typical * (1 - 1e-9)) == pytest.approx(1, abs=1e-6)
    below, above = (found.noise(found.condensation * f) for f in (1 - 1e-7, 1 + 1e-7))
    assert below == pytest.approx(above, abs=1e-6)
    with pytest.raises(ParameterError, match=r"^alpha"):
        found.basin(found.typical + 0.01)


def test_limits():
    assert exponential_capacity(40.0).typical == pytest.approx(math.log(2), abs=1e-12)  # the random code
    assert exponential_capacity(1e-4).typical == pytest.approx(1e-4, rel=1e-3)
    assert exponential_capacity(1.0).every_flips == pytest.approx(math.log(2) / 2)  # demircigil2017: 2^{N/2} patterns
    assert exponential_capacity(5.0, "normal").typical == pytest.approx(0.5)
    large = exponential_capacity(1e4, "sphere").typical
    assert large == pytest.approx((1 + math.log(1e4)) / 2, abs=1e-3)  # without bound: 1 − x² = 1/λ
    for patterns in RATES:
        loads = [exponential_capacity(lam, patterns).typical for lam in (0.2, 0.6, 0.9, 2.0)]
        assert loads == sorted(loads)


@pytest.mark.parametrize("lam", [0.4, 1.0, 3.0])
def test_normal_patterns_are_lost_in_the_order_of_their_lengths(lam):
    """min over ρ of [rate of length + ρ α_1] is twice the bound for all, and such patterns exist there."""
    found = exponential_capacity(lam, "normal")
    rho = np.linspace(0.05, 1, 100_001)
    rate = (rho - 1 - np.log(rho)) / 2
    worst = (rate + rho * found.typical).argmin()
    assert found.every == pytest.approx((rate + rho * found.typical)[worst] / 2, abs=1e-8)
    assert rate[worst] < found.every < found.typical / 2


@pytest.mark.parametrize("patterns", RATES)
@pytest.mark.parametrize("p", [0.05, 0.5, 3.0])
def test_capacity_of_powers_is_the_minimum_over_overlaps(patterns, p):
    x = np.linspace(1e-6, 1, 1_000_001)[:-1]
    assert power_capacity(p, patterns) == pytest.approx((RATES[patterns](x) - p * np.log(x)).min(), abs=1e-5)


def test_large_orders_of_powers_are_the_exponential_network():
    for patterns in RATES:
        loads = [
            (power_capacity(p, patterns), exponential_capacity(p, patterns).typical) for p in (0.1, 1.0, 9.0, 300.0)
        ]
        assert all(power >= exponential for power, exponential in loads)
        assert loads[-1][0] == pytest.approx(loads[-1][1], abs=0.5 if patterns == "sphere" else 1e-9)
    # at fixed P the variance of the other fields is K (2P−3)!!/N^{P−1}
    P, N = 40, 1e5
    law = (P - 1) * math.log(N) - sum(math.log(k) for k in range(1, 2 * P - 2, 2))
    assert power_capacity(2 * P / N) * N == pytest.approx(law, rel=0.03)


def test_flips_leave_patterns_of_powers_alone_up_to_their_capacity():
    N, p = 20, 0.25
    model = Model(P=round(p * N), interaction="power")
    stable = {}
    for shift in (-0.2, 0.15):
        patterns = signs(N, power_capacity(2 * p) + shift, 11)
        net = Network(patterns, P=model.P, interaction="power")
        stable[shift] = np.mean([(s * net.local_fields(s) > 0).all() for s in patterns[:12]])
    assert stable[-0.2] > 0.8
    assert stable[0.15] < 0.2


def continuous(patterns, N, alpha, seed):
    if patterns == "sign":
        return signs(N, alpha, seed).astype(float)
    rows = np.random.default_rng(seed).standard_normal((round(math.exp(alpha * N)), N))
    length = np.linalg.norm(rows, axis=1) / math.sqrt(N)
    return rows / length[:, None] if patterns == "sphere" else rows[abs(length - 1).argsort()]  # typical ones first


def share(rows, lam, first):
    """Weights of some patterns at themselves."""
    return ModernHopfield(rows, lam).weights(rows[:first])[:, :first].diagonal()


@pytest.mark.parametrize(("patterns", "lam"), [("sphere", 0.8), ("normal", 0.6), ("normal", 1.5)])
def test_patterns_that_are_no_signs_are_lost_at_their_capacity(patterns, lam):
    N = 20
    capacity = exponential_capacity(lam, patterns).typical
    kept = {}
    for shift in (-0.12, 0.12):
        kept[shift] = np.mean([share(continuous(patterns, N, capacity + shift, s), lam, 40) > 0.5 for s in range(2)])
    assert kept[-0.12] > 0.75 > 0.25 > kept[0.12]


@pytest.mark.parametrize(("patterns", "lam"), [("sign", 1.0), ("sphere", 1.0), ("normal", 1.0)])
def test_all_patterns_win_below_the_bound_for_all(patterns, lam):
    """The share of networks that lose some pattern falls with N below the bound."""
    every = exponential_capacity(lam, patterns).every
    lost = {
        N: np.mean([(share(continuous(patterns, N, 0.8 * every, s), lam, None) < 0.5).any() for s in range(40)])
        for N in (12, 28)
    }
    assert lost[28] < 0.2
    assert lost[28] <= lost[12]


def signs(N, alpha, seed):
    return np.random.default_rng(seed).choice([-1, 1], (round(math.exp(alpha * N)), N)).astype(np.int8)


def test_a_pattern_has_most_of_the_weight_up_to_the_capacity():
    N, lam = 26, 0.5
    capacity = exponential_capacity(lam)
    kept = {}
    for shift in (-0.08, 0.08):
        weights = []
        for seed in range(4):
            patterns = signs(N, capacity.typical + shift, seed)
            p = ModernHopfield(patterns, lam).weights(patterns[:20])
            weights.append(p[:, :20].diagonal() > 0.5)
        kept[shift] = np.mean(weights)
    assert kept[-0.08] > 0.9
    assert kept[0.08] < 0.1


def test_a_cue_within_the_basin_is_drawn_to_its_pattern():
    N, lam, alpha = 28, 0.8, 0.25
    edge = exponential_capacity(lam).basin(alpha)
    drawn = {}
    for overlap in (edge - 0.2, edge + 0.25):
        flips = round(N * (1 - overlap) / 2)
        patterns = signs(N, alpha, 5)
        cues = patterns[:100].copy()
        cues[:, :flips] *= -1  # patterns are independent of the site
        p = ModernHopfield(patterns, lam).weights(cues)
        drawn[overlap > edge] = (p[:, :100].diagonal() > 0.5).mean()
    assert drawn[True] > 0.9
    assert drawn[False] < 0.1


def test_flips_of_single_spins_leave_patterns_alone_up_to_their_capacity():
    """Whether any of N flips lowers H: at λ = 0.25, near α_1(0.5) = 0.38, by the largest ratio of noise to signal."""
    N, lam = 26, 0.25
    capacity = exponential_capacity(lam)
    assert capacity.flips == pytest.approx(exponential_capacity(2 * lam).typical)
    stable = {}
    for shift in (-0.15, 0.1):
        patterns = signs(N, capacity.flips + shift, 7)
        net = Network(patterns, interaction="sum-exp", lam=lam)
        stable[shift] = np.mean([(s * net.local_fields(s) > 0).all() for s in patterns[:12]])
    assert stable[-0.15] > 0.8
    assert stable[0.1] < 0.2


@pytest.mark.parametrize(("given", "name"), [((0.0,), "lam"), ((math.inf,), "lam"), ((1.0, "tensor"), "patterns")])
def test_bad_input_is_refused(given, name):
    with pytest.raises(ParameterError, match=f"^{name}"):
        exponential_capacity(*given)


@pytest.mark.parametrize("patterns", RATES)
def test_extreme_exponents_have_their_limits(patterns):
    tiny, huge = exponential_capacity(1e-17, patterns), exponential_capacity(1e16, patterns)
    assert tiny.typical == pytest.approx(1e-17, rel=1e-6)
    assert huge.typical == pytest.approx(
        {"sign": math.log(2), "sphere": (1 + math.log(1e16)) / 2, "normal": 0.5}[patterns]
    )
    if patterns == "sign":
        assert huge.condensation == pytest.approx(math.log(2))
        assert huge.basin(0.3) == pytest.approx(exponential_capacity(30.0).basin(0.3))
        assert power_capacity(1e16) == pytest.approx(math.log(2))
    with pytest.raises(ParameterError, match=r"^lam"):
        exponential_capacity(1e155, patterns)
