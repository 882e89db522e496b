"""Teacher and student: examples have the teacher's Boltzmann law, guesses at its temperature are Bayes-optimal."""

import math

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import chi2

from densenet_sm import Model, Network, ParameterError, TeacherStudent, compare, exact, retrieve, simulate, solve
from densenet_sm.enumeration import states
from densenet_sm.montecarlo.dynamics import prepare
from densenet_sm.polynomials import elementary_polynomial
from densenet_sm.protocols import PROTOCOLS, parameters_of, sample_archetypes
from densenet_sm.protocols.teacher import coexistence_temperature
from densenet_sm.streams import generator

FALSE_ALARM = 1e-5  # of each chi-square test
SIGMAS = 5  # a check within 5 standard errors raises a false alarm once in two million; seeds are fixed once


def student(T_teacher=1.0, P=3, **settings):
    return Model(P=P, protocol=TeacherStudent(T_teacher=T_teacher), **settings)


def teacher_of(net):
    """The network that the examples of a student's network are states of."""
    return Network(net.archetypes, net.P)


def chi_square(counts, probabilities):
    """p-value of a histogram, cells expected fewer than 10 times pooled."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    return chi2.sf(((observed - wanted)[keep] ** 2 / wanted[keep]).sum(), keep.sum() - 1)


def law_of(net, T_teacher):
    """Probability of k sites where an example differs from ξ*, [N+1], as the protocol draws it."""
    return TeacherStudent(T_teacher=T_teacher).flip_law(net.N, net.P)


@pytest.mark.parametrize("T_teacher", [0.75, 2.0])
@pytest.mark.parametrize("P", [3, 4])
def test_examples_are_states_of_the_teacher_with_their_boltzmann_weights(P, T_teacher):
    net = Network.sample(student(T_teacher, P), N=8, K=100_000, seed=P)
    counts = np.bincount(((net.entries < 0) << np.arange(8)).sum(1), minlength=2**8)
    assert chi_square(counts, exact(teacher_of(net), T_teacher)["probabilities"]) > FALSE_ALARM
    assert chi_square(counts, exact(teacher_of(net), 1.5 * T_teacher)["probabilities"]) < FALSE_ALARM


@pytest.mark.parametrize("P", [3, 4, 5])
def test_overlaps_of_examples_follow_the_exact_law_and_not_the_binomial_one(P):
    N, T_teacher = 14, 0.8
    net = Network.sample(student(T_teacher, P), N=N, K=20_000, seed=3)
    every = states(N)
    flips = (N - every @ net.archetypes[0].astype(int)) // 2
    law = np.bincount(flips, exact(teacher_of(net), T_teacher)["probabilities"], minlength=N + 1)
    np.testing.assert_allclose(law_of(net, T_teacher), law, rtol=1e-9)
    counts = np.bincount((N - net.entries @ net.archetypes[0].astype(int)) // 2, minlength=N + 1)
    assert chi_square(counts, law) > FALSE_ALARM
    binomial = np.array([math.comb(N, k) / 2**N for k in range(N + 1)])
    assert chi_square(counts, binomial) < FALSE_ALARM


def test_examples_agree_with_the_archetype_on_triples_as_much_as_the_teacher_does():
    """E of (1/K) Σ_a Σ_{i<j<k} s s s ξ ξ ξ, which is the teacher's −H/c."""
    T_teacher = 1.2
    net = Network.sample(student(T_teacher), N=12, K=50_000, seed=8)
    H = teacher_of(net).energy(net.entries)
    error = H.std() / math.sqrt(net.n)
    assert abs(H.mean() - 12 * exact(teacher_of(net), T_teacher)["energy"]) < SIGMAS * error
    assert abs(H.mean()) > SIGMAS * error


@pytest.mark.parametrize(("P", "slope"), [(3, 22.5 / 2.0**2), (4, 18 / 2.0), (5, 0.0)])
def test_the_examples_signal_tends_to_the_amplitude(P, slope):
    """K⟨e_P⟩/C(N, P) is what the examples say of each tuple of sites: α/T*, times 1 + slope/N (theory/NOISE.md)."""
    model = student(2.0, P, alpha=0.6)
    for N in (400, 800, 1600):
        e = elementary_polynomial(P, N)(N - 2.0 * np.arange(N + 1))
        load = 2 * model.alpha * N ** (P - 1) / math.factorial(P)
        signal = load * (model.protocol.flip_law(N, P) @ e) / math.comb(N, P)
        assert N * (signal / model.protocol.amplitude(0.6) - 1) == pytest.approx(slope, abs=100 / N)
    assert model.protocol.amplitude(0.6) == pytest.approx(0.3)


def posterior(net, T_teacher):
    """ln P(examples | ξ) for every ξ, from the law of the examples alone, [2^N]."""
    k = np.arange(net.N + 1)
    one = np.log(law_of(net, T_teacher)) - gammaln(net.N + 1) + gammaln(k + 1) + gammaln(net.N - k + 1)
    return one[(net.N - states(net.N) @ net.entries.T.astype(int)) // 2].sum(1)


@pytest.mark.parametrize("P", [3, 4])
def test_the_posterior_of_the_archetype_is_the_boltzmann_law_of_the_student(P):
    net = Network.sample(student(0.9, P), N=9, K=12, seed=4)
    every = states(net.N)
    np.testing.assert_allclose(np.ptp(posterior(net, 0.9) + net.energy(every) / 0.9), 0, atol=1e-10)
    assert np.ptp(posterior(net, 0.9) + net.energy(every) / 1.0) > 0.1


def gap(T, T_teacher=1.0, samples=400, N=10, K=30):
    """Mean of ⟨m⟩ − q over samples in standard errors: overlap of a guess with ξ*, minus that of two guesses."""
    gaps = []
    for sample in range(samples):
        found = exact(Network.sample(student(T_teacher), N, K=K, seed=5, sample=sample), T)
        gaps.append(found["m"][0] - found["q"])
    return np.mean(gaps) / (np.std(gaps, ddof=1) / math.sqrt(samples))


def test_guesses_at_the_teachers_temperature_are_as_near_to_it_as_to_each_other():
    assert abs(gap(T=1.0)) < SIGMAS


@pytest.mark.parametrize("T", [0.7, 1.4])
def test_guesses_at_another_temperature_are_not(T):
    assert abs(gap(T)) > SIGMAS


@pytest.mark.parametrize("P", [3, 4])
def test_theory_has_q_equal_m_on_the_nishimori_line_only(P):
    model = student(1.0, P, alpha=3.0)
    on, off = solve(model, T=1.0), solve(model, T=0.8)
    assert on.m > 0.5
    assert on.q == pytest.approx(on.m, abs=1e-12)
    assert on.x == pytest.approx(on.m, abs=1e-12)
    assert abs(off.q - off.m) > 1e-3


@pytest.mark.parametrize("P", [3, 4, 6])
def test_the_teacher_is_paramagnetic_above_the_coexistence_of_one_pattern(P):
    T_1 = coexistence_temperature(P)
    state = solve(Model(P=P), T=T_1)
    assert state.phase == "retrieval"
    assert state.free_energy == pytest.approx(-T_1 * math.log(2), abs=1e-10)
    assert solve(Model(P=P), T=0.99 * T_1).free_energy < -0.99 * T_1 * math.log(2) - 1e-4
    assert student(1.0001 * T_1, P).P == P
    for T_teacher in (T_1, 0.5 * T_1):
        with pytest.raises(ParameterError, match=f"T_teacher must be above {T_1:.6f} at P={P}"):
            student(T_teacher, P)


def test_a_sample_has_one_archetype_and_signs_for_examples():
    model = student(alpha=0.5, field=0.1)
    net = Network.sample(model, N=20, seed=7, sample=2)
    assert net.entries.shape == (model.n_patterns(20), 20)
    assert net.archetypes.shape == net.probes.shape == (1, 20)
    np.testing.assert_array_equal(net.archetypes, sample_archetypes(1, 20, 0.0, generator(7, "patterns", 2)))
    np.testing.assert_array_equal(net.probes, net.archetypes)
    assert net.entries.dtype == np.int8
    assert set(np.unique(net.entries)) == {-1, 1}
    assert (net.weights == 1).all()
    assert prepare(net, "bits").kernel == "bits"
    again, other = (Network.sample(model, N=20, seed=7, sample=n).entries for n in (2, 3))
    np.testing.assert_array_equal(net.entries, again)
    assert (net.entries != other).any()


def test_magnetisations_are_with_the_archetype_and_overlaps_with_the_examples():
    net = Network.sample(student(alpha=0.5), N=12, seed=1)
    s = net.archetypes[0]
    assert net.magnetisations(s).tolist() == [1.0]
    np.testing.assert_allclose(net.overlaps(s), net.entries @ s.astype(float) / 12)
    cost = 2 * s * net.local_fields(s)
    for i in range(12):
        flipped = s.copy()
        flipped[i] *= -1
        assert net.energy(flipped) - net.energy(s) == pytest.approx(cost[i], abs=1e-10)
    found = exact(net, 1.0)
    assert (found["m"].shape, found["x"].shape) == ((1,), (net.n,))


@pytest.mark.parametrize("start", ["pattern", "random"])
def test_simulations_measure_the_overlap_with_the_archetype_as_x_and_m(start):
    ds = simulate(student(alpha=2.0), T=1.0, N=24, sweeps=30, burn_in=0, samples=2, start=start, seed=2)
    assert ds.sizes["pattern"] == 1
    np.testing.assert_array_equal(ds.x, ds.m)
    np.testing.assert_array_equal(ds.x_err, ds.m_err)


def test_a_cold_student_starts_and_stays_at_the_archetype():
    net = Network.sample(student(alpha=4.0), N=40, seed=3)
    ds = simulate(net, T=0.2, sweeps=20, burn_in=0)
    np.testing.assert_array_equal(ds.m, 1.0)
    cue = net.archetypes[0].copy()
    cue[:4] *= -1
    assert retrieve(net, cue).magnetisations.tolist() == [1.0]


def test_simulations_agree_with_enumeration():
    net, replicas = Network.sample(student(alpha=0.5), N=10, seed=6), 32
    truth = exact(net, 1.5)
    ds = simulate(net, T=1.5, sweeps=1500, burn_in=100, replicas=replicas, start="random", seed=1)
    for values, wanted in ((ds.m.values[0, 0, :, 0], truth["m"][0]), (ds.energy.values[0, 0], truth["energy"])):
        assert abs(values.mean() - wanted) < SIGMAS * values.std(ddof=1) / math.sqrt(replicas)  # 1e-5 at 31 dof


def test_compare_lays_the_simulation_over_the_theory_of_the_student():
    ds = compare(student(3.0, alpha=27.0), T=2.0, sizes=(16, 24), samples=2, sweeps=20, burn_in=10)
    assert ds.observable.values.tolist() == ["m", "x", "energy", "q"]
    m, x = (ds.sel(observable=name) for name in ("m", "x"))
    assert float(m.theory) == pytest.approx(float(x.theory), abs=1e-12)
    assert float(m.theory) == pytest.approx(solve(student(3.0, alpha=27.0), T=2.0).m)
    np.testing.assert_array_equal(m.value_N, x.value_N)
    assert (m.value_N > 0.5).all()


def test_the_protocol_is_a_value_reached_by_name():
    protocol = TeacherStudent(T_teacher=1.5)
    assert {protocol, TeacherStudent(T_teacher=1.5)} == {protocol}
    assert eval(str(protocol)) == protocol
    assert PROTOCOLS["teacher-student"] is TeacherStudent
    assert parameters_of(protocol) == ("T_teacher",)
    model = Model(P=3, protocol=protocol, alpha=0.2)
    assert model.replace(T_teacher=1.0).get("T_teacher") == 1.0
    assert model.replace(T_teacher=1.0) == student(1.0, alpha=0.2)
    with pytest.raises(ParameterError, match="T_teacher must be above"):
        model.replace(T_teacher=0.5)
