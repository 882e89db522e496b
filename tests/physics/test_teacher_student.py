"""Teacher and student: storage in other variables, exact ends and energies, the examples' signal at finite N."""

import math

import numpy as np
import pytest

from densenet_sm import Model, Network, TeacherStudent, compare, critical, exact, nishimori, simulate, solve
from densenet_sm.polynomials import elementary_polynomial
from densenet_sm.theory.limits import nishimori_magnetisation
from densenet_sm.theory.signal import signal

SIGMAS = 5  # of means over disorder samples: false alarms below 1e-4 at 30 degrees of freedom; seeds fixed, not chosen


def student(T_teacher, P=3, **settings):
    return Model(P=P, protocol=TeacherStudent(T_teacher=T_teacher), **settings)


@pytest.mark.parametrize(
    ("alpha", "T", "T_teacher"), [(4.0, 1.0, 1.0), (4.0, 0.0, 1.0), (9.0, 2.5, 1.5), (3.0, 0.4, 0.8)]
)
@pytest.mark.parametrize("P", [3, 4, 6])
def test_a_student_is_the_storage_model_at_the_inverse_load(P, alpha, T, T_teacher):
    """H over α/T*: signal x^P/2, noise of variance T*²/α, temperature T T*/α."""
    taught, stored = (
        solve(student(T_teacher, P, alpha=alpha), T),
        solve(Model(P=P, alpha=T_teacher**2 / alpha), T * T_teacher / alpha),
    )
    assert taught.phase == stored.phase
    scale = alpha / T_teacher
    for name in ("m", "q"):
        assert getattr(taught, name) == pytest.approx(getattr(stored, name), abs=1e-11)
    for name in ("free_energy", "energy"):
        assert getattr(taught, name) == pytest.approx(scale * getattr(stored, name), abs=1e-10)
    assert taught.entropy == pytest.approx(stored.entropy, abs=1e-10)
    if T > 0:
        assert taught.replicon == pytest.approx(stored.replicon, abs=1e-9)


@pytest.mark.parametrize("kind", ["spinodal", "coexistence"])
@pytest.mark.parametrize("T", [0.5, 2.0])
def test_its_transitions_are_those_of_storage(T, kind):
    T_teacher = 1.2
    load = critical(student(T_teacher), "alpha", T=T, kind=kind, bounds=(0.0, 10.0)).value
    stored = critical(Model(P=3, alpha=T_teacher**2 / load), "T", kind=kind)
    assert min(abs(crossing.value - T * T_teacher / load) for crossing in stored.all) < 1e-6


@pytest.mark.parametrize("T_teacher", [0.8, 1.7])
@pytest.mark.parametrize("P", [3, 4])
def test_bayes_optimal_retrieval_begins_where_the_glass_freezes(P, T_teacher):
    """T = T*: α = T*²/T_d² at the spinodal, T*²/T_K² at coexistence, T_d and T_K of the glass of covariance q^P/2."""
    ends, largest = nishimori(P), 5 * T_teacher**2
    for kind, square in (("spinodal", ends.spinodal), ("coexistence", ends.coexistence)):
        found = critical(student(T_teacher, P), "alpha", T=T_teacher, kind=kind, bounds=(0.0, largest))
        assert found.value == pytest.approx(T_teacher**2 / square, abs=1e-8)
    alpha = 1.2 * T_teacher**2 / ends.spinodal
    state = solve(student(T_teacher, P, alpha=alpha), T_teacher)
    assert state.m == pytest.approx(nishimori_magnetisation(P, T_teacher**2 / alpha), abs=1e-10)
    assert state.q == pytest.approx(state.m, abs=1e-10)


@pytest.mark.parametrize(("P", "N"), [(3, 9), (4, 10), (5, 11)])
def test_the_signal_at_finite_N_is_the_mean_over_all_states_of_the_teacher(P, N):
    """K⟨e_P⟩/C(N, P), from the Boltzmann law of every state: then E H(s) = −N amplitude f_N(m) exactly."""
    alpha, T_teacher = 0.7, 0.9
    K = 2 * alpha * N ** (P - 1) / math.factorial(P)
    energy = exact(Network(np.ones((1, N)), P), T_teacher)["energy"]  # the teacher's, −f_N(x) averaged
    wanted = -K * energy * N / (math.factorial(P) / (2 * N ** (P - 1)) * math.comb(N, P))
    assert TeacherStudent(T_teacher).amplitude(alpha, N, P) == pytest.approx(wanted, rel=1e-10)


def test_the_mean_energy_of_any_spins_is_the_finite_size_signal():
    """By sampled networks, at m = 1 and m = 0.5; the limit α/T* is refused."""
    N, samples, model = 40, 60, student(1.2, alpha=2.0)
    amplitude = model.protocol.amplitude(2.0, N, 3)
    energies = []
    for sample in range(samples):
        net = Network.sample(model, N, seed=2, sample=sample)
        energies.append(
            [float(net.energy(np.where(np.arange(N) < down, -1, 1) * net.archetypes[0])) / N for down in (0, 10)]
        )
    mean, error = np.mean(energies, 0), np.std(energies, 0, ddof=1) / math.sqrt(samples)
    f = signal(3, N).value(np.array([1.0, 0.5]))
    assert (np.abs(mean + amplitude * f) < SIGMAS * error).all()
    assert abs(mean[0] + model.protocol.amplitude(2.0) * f[0]) > SIGMAS * error[0]


@pytest.mark.parametrize(("P", "T_teacher", "slopes"), [(3, 2.0, (22.5, 67.5)), (4, 3.0, (18.0, 36.0))])
def test_signal_and_noise_of_the_examples_have_the_stated_corrections(P, T_teacher, slopes):
    """1 + slope/N: (45/2, 135/2)/T*² at P = 3, (18, 36)/T* at P = 4, for the mean and the variance of e_P."""
    power = {3: 2, 4: 1}[P]
    for N in (1000, 4000):
        e = elementary_polynomial(P, N)(N - 2.0 * np.arange(N + 1))
        law = TeacherStudent(T_teacher).flip_law(N, P)
        variance = law @ e**2 - (law @ e) ** 2
        mean = TeacherStudent(T_teacher).amplitude(T_teacher, N, P)
        for value, slope in ((mean, slopes[0]), (variance / math.comb(N, P), slopes[1])):
            assert N * (value - 1) * T_teacher**power == pytest.approx(slope, rel=40 / N)


@pytest.mark.parametrize("P", [3, 4])
def test_the_theory_at_finite_N_takes_the_exact_signal_and_tends_to_the_limit(P):
    model = student(2.0, P, alpha=16.0)
    limit = solve(model, 2.0)
    gaps = [solve(model, 2.0, N=N).m - limit.m for N in (1000, 4000)]
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.05)
    stored = solve(Model(P=P, alpha=4.0 / 16.0), 0.25, N=100)  # the same, but for the signal: f_N alone
    assert solve(model, 2.0, N=100).m > stored.m
    assert Model(P=P, alpha=0.1).protocol.amplitude(0.1, 100, P) == 1.0


@pytest.mark.parametrize("T_ratio", [1.0, 3.0])
def test_monte_carlo_energy_on_the_nishimori_line_is_exact_at_every_size(T_ratio):
    """ξ* has the law of a guess at T = T*, so that a run from it is in equilibrium at once: E e = −amplitude f_N(1).

    At another temperature the energy is another, which as many samples tell.
    """
    N, T_teacher, alpha = 32, 1.2, 3.0
    model = student(T_teacher, alpha=alpha)
    load = model.n_patterns(N) * 6 / (2 * N**2)
    ds = simulate(model, T=T_ratio * T_teacher, N=N, samples=100, sweeps=40, burn_in=20, seed=4)
    wanted = -model.protocol.amplitude(load, N, 3) * float(signal(3, N).value(1.0))
    z = float((ds.energy.mean() - wanted) / ds.energy_err.mean())
    assert abs(z) < SIGMAS if T_ratio == 1.0 else abs(z) > SIGMAS


def test_monte_carlo_agrees_with_the_theory_in_standard_errors_and_not_with_that_of_another_temperature():
    """T* = 3, where what the exact signal leaves over, some 135/(2T*²N), is tenths at most; α = 4T*², T = T*."""
    model, sizes = student(3.0, alpha=36.0), (40, 60)
    found = compare(model, 3.0, sizes=sizes, samples=8, sweeps=60, burn_in=30, seed=3)
    assert (np.abs(found.z) < SIGMAS).all()
    m = found.sel(observable="m")
    assert (np.abs(m.value_N - m.theory_N) < SIGMAS * m.error_N).all()
    hot = [solve(model, 8.0, N=N).m for N in sizes]
    assert (np.abs(m.value_N - hot) > SIGMAS * m.error_N).all()
