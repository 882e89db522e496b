"""Protocols: the single-site law used by the theory is the law of what the Monte Carlo samples."""

import math
from fractions import Fraction

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, ParameterError, Storing, Supervised, Unsupervised
from densenet_sm.laws import binomial_mean_law
from densenet_sm.protocols import PROTOCOLS, parameters_of, sample_archetypes, with_parameters

SIGMAS = 5  # a check within 5 standard errors raises a false alarm once in two million; seeds are fixed once

AVERAGED = {
    "storing": Storing(),
    "supervised": Supervised(r=0.4, M=3),
    "supervised, many examples": Supervised(r=0.2, M=40),
    "multitasking": Multitasking(K=2, d=0.35),
    "multitasking supervised": Multitasking(K=2, d=0.35, data=Supervised(r=0.6, M=4)),
}
SINGLE = {
    "unsupervised": Unsupervised(r=0.4, M=3),
    "multitasking unsupervised": Multitasking(K=2, d=0.35, data=Unsupervised(r=0.6, M=4)),
}
DATA_SETS = [(0.3, 2), (0.5, 4), (0.8, 3), (0.6, 1), (1.0, 4)]


def moment(law, k):
    """E t^k of a mixture of atoms."""
    assert not law.variance.any()
    return float(law.weight @ law.mean**k)


def assert_samples_follow(t, law):
    """First four moments of samples t against the law, in standard errors that follow from the law itself."""
    for k in range(1, 5):
        error = math.sqrt(max(0.0, moment(law, 2 * k) - moment(law, k) ** 2) / t.size)
        assert abs((t**k).mean() - moment(law, k)) <= SIGMAS * error + 1e-12


def draw(protocol, K=40, N=2000, seed=11):
    """Archetypes [K, N] and entries [K, M, N]."""
    rng = np.random.default_rng(seed)
    archetypes = sample_archetypes(K, N, protocol.dilution, rng)
    entries, weight = protocol.sample(archetypes, rng)
    assert weight == 1 / protocol.entries_per_archetype()
    return archetypes, entries.reshape(K, -1, N)


@pytest.mark.parametrize("protocol", (AVERAGED | SINGLE).values(), ids=AVERAGED | SINGLE)
def test_averaged_entries_given_the_archetype_follow_the_law(protocol):
    archetypes, entries = draw(protocol)
    ((weight, law),) = protocol.groups()
    assert weight == 1
    live = archetypes != 0
    assert_samples_follow((entries.mean(1) * archetypes)[live], law)
    assert not entries.transpose(0, 2, 1)[~live].any()


@pytest.mark.parametrize("protocol", SINGLE.values(), ids=SINGLE)
def test_one_example_and_the_mean_of_the_others_follow_their_laws(protocol):
    archetypes, entries = draw(protocol)
    M = protocol.entries_per_archetype()
    (one_weight, one), (rest_weight, rest) = protocol.groups(example=True)
    live = archetypes != 0
    assert (one_weight, rest_weight) == pytest.approx((1 / M, 1 - 1 / M))
    assert_samples_follow((entries[:, 0] * archetypes)[live], one)
    assert_samples_follow((entries[:, 1:].mean(1) * archetypes)[live], rest)


@pytest.mark.parametrize("protocol", (AVERAGED | SINGLE).values(), ids=AVERAGED | SINGLE)
def test_averaged_entries_have_unit_variance_over_all_sites(protocol):
    ((_, law),) = protocol.groups()
    assert (1 - protocol.dilution) * moment(law, 2) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("protocol", SINGLE.values(), ids=SINGLE)
def test_a_single_example_has_variance_one_over_R(protocol):
    data = getattr(protocol, "data", protocol)
    (_, law), _ = protocol.groups(example=True)
    assert (1 - protocol.dilution) * moment(law, 2) == pytest.approx(1 / data.R, rel=1e-12)


@pytest.mark.parametrize(("r", "M"), DATA_SETS)
def test_R_is_r_squared_times_one_plus_the_entropy(r, M):
    for data in (Supervised(r=r, M=M), Unsupervised(r=r, M=M)):
        assert pytest.approx(r**2 * (1 + data.entropy)) == data.R == pytest.approx(r**2 + (1 - r**2) / M)


@pytest.mark.parametrize("n", [1, 2, 7, 12])
@pytest.mark.parametrize("r", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
def test_the_binomial_law_has_the_exact_weights(n, r):
    law = binomial_mean_law(n, float(r))
    weights = [math.comb(n, k) * ((1 + r) / 2) ** k * ((1 - r) / 2) ** (n - k) for k in range(n + 1)]
    np.testing.assert_allclose(law.weight, [float(w) for w in weights], rtol=1e-12)
    np.testing.assert_allclose(law.mean, [(2 * k - n) / n for k in range(n + 1)], rtol=1e-15)


@pytest.mark.parametrize("n", [10**3, 10**6])
def test_the_binomial_law_of_many_examples_keeps_its_moments_with_few_atoms(n):
    law = binomial_mean_law(n, 0.3)
    assert moment(law, 1) == pytest.approx(0.3, rel=1e-8)
    assert law.weight @ (law.mean - 0.3) ** 2 == pytest.approx((1 - 0.3**2) / n, rel=1e-8)
    assert law.weight.size < 15 * math.sqrt(n)


def test_perfect_examples_are_the_archetype():
    for data in (Supervised(r=1.0, M=4), Unsupervised(r=1.0, M=4)):
        archetypes, entries = draw(data, K=3, N=20)
        np.testing.assert_array_equal(entries, np.broadcast_to(archetypes[:, None], entries.shape))
        assert data.entropy == 0


@pytest.mark.parametrize(("r", "M"), DATA_SETS)
def test_the_large_M_law_has_the_mean_and_variance_of_the_finite_one(r, M):
    finite = Supervised(r=r, M=M)
    ((_, law),) = finite.groups()
    ((_, limit),) = Supervised(rho=finite.entropy).groups()
    mean, variance = moment(law, 1), moment(law, 2) - moment(law, 1) ** 2
    assert (limit.mean[0], limit.variance[0]) == pytest.approx((mean, variance), rel=1e-10, abs=1e-14)


def test_the_finite_law_tends_to_the_large_M_law():
    """At fixed ρ the fourth central moment of a mean of M signs approaches the normal's 3 variance² as 1/M."""
    excess = []
    for M in (100, 200, 400):
        law = Supervised(r=(1 + 0.5 * M) ** -0.5, M=M).groups()[0][1]
        centred = law.mean - moment(law, 1)
        excess.append(law.weight @ centred**4 / (law.weight @ centred**2) ** 2 - 3)
    assert excess[0] / excess[1] == pytest.approx(2, rel=0.05)
    assert excess[1] / excess[2] == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("d", [0.0, 0.25, 0.9])
def test_archetypes_are_blank_with_probability_d_and_otherwise_fair(d):
    xi = sample_archetypes(50, 2000, d, np.random.default_rng(3))
    assert xi.dtype == np.int8
    assert abs((xi == 0).mean() - d) <= SIGMAS * math.sqrt(d * (1 - d) / xi.size)
    live = xi[xi != 0].astype(float)
    assert abs(live.mean()) < SIGMAS / math.sqrt(live.size)


def test_multitasking_scales_the_entries_of_its_data_and_condenses_all_K():
    data = Supervised(r=0.6, M=5)
    protocol = Multitasking(K=4, d=0.3, data=data)
    archetypes = sample_archetypes(4, 50, 0.3, np.random.default_rng(0))
    plain, _ = data.sample(archetypes, np.random.default_rng(1))
    scaled, _ = protocol.sample(archetypes, np.random.default_rng(1))
    np.testing.assert_allclose(scaled, plain / math.sqrt(0.7))
    assert (protocol.n_condensed, protocol.dilution) == (4, 0.3)


def example_covariance(r, M):
    """Covariance E[t^a t^b] of the M single examples of one archetype at one site, [M, M]."""
    return (r**2 + (1 - r**2) * np.eye(M)) / (r**2 + (1 - r**2) / M)


@pytest.mark.parametrize(("r", "M"), DATA_SETS)
def test_sampled_examples_have_the_covariance_the_crosstalk_is_made_of(r, M):
    _, entries = draw(Unsupervised(r=r, M=M))
    t = entries.transpose(1, 0, 2).reshape(M, -1)
    top = (1 / Unsupervised(r=r, M=M).R) / math.sqrt(t.shape[1])  # |t^a t^b| = 1/R bounds the deviation of one product
    assert np.abs(t @ t.T / t.shape[1] - example_covariance(r, M)).max() <= SIGMAS * top


@pytest.mark.parametrize(("r", "M"), DATA_SETS)
@pytest.mark.parametrize("P", [3, 4, 6])
def test_the_crosstalk_factor_is_the_mean_power_of_the_example_covariance(r, M, P):
    """Order k of E[z_a^P z_b^P], normalised to variance R^{−1} each, averaged over pairs of examples."""
    data = Unsupervised(r=r, M=M)
    for k in range(1, P + 1):
        direct = (example_covariance(r, M) ** k).mean() * data.R ** (k - P)
        assert data.crosstalk_factor(k, P) == pytest.approx(direct, rel=1e-12)
        assert Multitasking(K=2, d=0.4, data=data).crosstalk_factor(k, P) == data.crosstalk_factor(k, P)


@pytest.mark.parametrize(("r", "M"), [(0.5, 4), (0.8, 3), (0.3, 2)])
@pytest.mark.parametrize("P", [3, 4])
def test_the_crosstalk_factor_is_the_variance_of_a_sampled_tensor_entry(r, M, P):
    """J = (1/M) Σ_a t_1^a…t_P^a of one archetype has the variance c_P; its error follows from its own scatter."""
    data = Unsupervised(r=r, M=M)
    _, entries = draw(data, K=100_000, N=P, seed=5)
    square = entries.prod(2).mean(1) ** 2
    assert abs(square.mean() - data.crosstalk_factor(P, P)) <= SIGMAS * square.std() / math.sqrt(square.size)


@pytest.mark.parametrize("protocol", AVERAGED.values(), ids=AVERAGED)
def test_averaged_entries_leave_the_crosstalk_of_plain_patterns(protocol):
    assert protocol.crosstalk_factor(3, 3) == 1
    assert protocol.crosstalk_modes() == [(1, 1)]


@pytest.mark.parametrize(("r", "M"), DATA_SETS)
def test_the_pair_crosstalk_modes_are_the_eigenvalues_of_the_example_covariance(r, M):
    modes = Unsupervised(r=r, M=M).crosstalk_modes()
    listed = np.repeat([kappa for _, kappa in modes], [int(count) for count, _ in modes])
    expected = np.linalg.eigvalsh(example_covariance(r, M) / M)
    np.testing.assert_allclose(np.sort(np.pad(listed, (M - listed.size, 0))), expected, rtol=1e-12, atol=1e-14)


def test_parameters_are_changed_by_name_also_inside_multitasking_data():
    protocol = Multitasking(K=2, d=0.3, data=Supervised(r=0.5, M=4))
    changed = with_parameters(protocol, {"d": 0.4, "r": 0.7})
    assert changed == Multitasking(K=2, d=0.4, data=Supervised(r=0.7, M=4))
    assert protocol.data.r == 0.5
    assert parameters_of(protocol) == ("K", "d", "r", "M", "rho")
    assert parameters_of(Storing()) == ()
    assert Model(P=3, protocol=protocol).replace(M=9, d=0.1).protocol == Multitasking(
        K=2, d=0.1, data=Supervised(r=0.5, M=9)
    )


def test_replaced_parameters_are_checked_like_given_ones():
    with pytest.raises(ParameterError, match="r must be"):
        with_parameters(Supervised(r=0.5, M=4), {"r": 1.5})
    with pytest.raises(ParameterError, match="rho alone"):
        with_parameters(Supervised(r=0.5, M=4), {"rho": 0.1})


def test_protocols_are_values_equal_hashable_and_frozen():
    for protocol in (AVERAGED | SINGLE).values():
        assert {protocol, with_parameters(protocol, {})} == {protocol}
        assert type(protocol) in PROTOCOLS.values()
    with pytest.raises(AttributeError, match="cannot assign"):
        Supervised(r=0.5, M=4).r = 0.6
