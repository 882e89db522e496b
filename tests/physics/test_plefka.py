"""Plefka's expansion: identities of its free energy, exact limits, and replica theory where symmetry holds."""

import itertools
import math

import numpy as np
import pytest

from densenet_sm import (
    Model,
    Multitasking,
    Network,
    ParameterError,
    Supervised,
    TeacherStudent,
    Unsupervised,
    plefka,
    solve,
)
from densenet_sm.enumeration import states
from densenet_sm.montecarlo.mean_field import entropy
from densenet_sm.montecarlo.parallel import fields_of
from densenet_sm.montecarlo.reactions import Averages, Covariance, Spectrum, eigenvalues, measured

NETWORKS = {
    "P2 noise field": Model(P=2, alpha=0.3, nu=0.2, field=0.1),
    "P3 noise field": Model(P=3, alpha=0.3, nu=0.2, field=0.1),
    "P4": Model(P=4, alpha=0.2),
    "P5": Model(P=5, alpha=0.1),
    "supervised": Model(P=3, alpha=0.3, protocol=Supervised(r=0.6, M=3), field=0.1),
    "supervised P4": Model(P=4, alpha=0.2, protocol=Supervised(r=0.6, M=3)),
    "unsupervised": Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=3)),
    "multitasking": Model(P=4, alpha=0.1, protocol=Multitasking(2, 0.3)),
    "teacher and student": Model(P=3, alpha=0.3, protocol=TeacherStudent(1.2)),
}


def means(n, N, seed=0):
    return np.random.default_rng(seed).uniform(-0.95, 0.95, (n, N))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_mean_energy_is_that_of_independent_spins(name):
    """Against the sum over all states with weights Π (1 + m_i s_i)/2, and at m = ±1 against the network itself."""
    net = Network.sample(NETWORKS[name], 9, seed=3)
    averages, m, s = Averages(fields_of(net)), means(2, 9), states(9)
    weights = ((1 + m[:, None] * s) / 2).prod(2)
    h = averages.fields_at(m)
    np.testing.assert_allclose(averages.energy(m, h), weights @ net.energy(s), rtol=1e-11, atol=1e-12)
    corners = s[::37].astype(float)
    at_corners = averages.fields_at(corners) + averages.fields.bias
    np.testing.assert_allclose(at_corners, net.local_fields(corners), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("name", NETWORKS)
def test_mean_fields_are_derivatives(name):
    """H(m) is linear in every m_i: central differences are exact whatever their step, and h_i does not contain m_i."""
    net = Network.sample(NETWORKS[name], 9, seed=4)
    averages, m = Averages(fields_of(net)), means(1, 9)[0]
    steps = np.concatenate([m + 0.5 * np.eye(9), m - 0.5 * np.eye(9)])
    energy = averages.energy(steps, averages.fields_at(steps))
    h = averages.fields_at(m[None])[0] + averages.fields.bias
    np.testing.assert_allclose(energy[9:] - energy[:9], h, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ["P2 noise field", "P3 noise field", "P4", "supervised", "multitasking"])
def test_the_equations_are_the_gradient_of_the_free_energy(name, order):
    """N ∂f/∂m_i = T artanh m_i − h_i + O m_i, and −∂(βNf)/∂β at fixed m is minus the energy; central differences."""
    net, T = Network.sample(NETWORKS[name], 12, seed=5), 0.8
    fields = fields_of(net)
    averages = Averages(fields)
    reaction = measured(fields, 0) if order == 2 else Covariance(0.0, net.P)

    def free(m, T):
        H = averages.energy(m, averages.fields_at(m))
        return H - T * (entropy(m).sum(1) + net.N * reaction.potential(1 / T, (m**2).mean(1)))

    m, step = means(1, 12), 1e-5
    q = (m**2).mean(1)
    found = (free(m + step * np.eye(12), T) - free(m - step * np.eye(12), T)) / (2 * step)
    h = averages.fields_at(m) + fields.bias
    wanted = T * np.arctanh(m) - h + reaction.strength(1 / T, q) * m
    np.testing.assert_allclose(found, wanted[0], rtol=1e-7, atol=1e-7)
    betas = np.array([1 / T - step, 1 / T + step])
    slope = np.diff([b * free(m, 1 / b)[0] for b in betas])[0] / (2 * step)
    energy = averages.energy(m, averages.fields_at(m)) - net.N * reaction.slope(1 / T, q)
    assert slope == pytest.approx(energy[0], rel=1e-7)


@pytest.mark.parametrize("P", [3, 4])
def test_the_second_order_is_half_the_variance_beyond_the_linear_part(P):
    """Synaptic noise alone, all |m_i| = √q: the mean over tensors of the variance of H − Σ(s−m)∂H under independent
    spins is N[ξ(1) − ξ(q) − (1−q) ξ′(q)] exactly. 300 tensors, 5 standard errors.
    """
    N, q, rng = 8, 0.4, np.random.default_rng(1)
    m, s = math.sqrt(q) * rng.choice([-1.0, 1.0], N), states(8).astype(float)
    weights, found, wanted = ((1 + m * s) / 2).prod(1), [], []
    for _ in range(300):
        noise = rng.standard_normal(math.comb(N, P))
        net = Network(np.zeros((1, N)), P=P, noise=noise)
        h = Averages(fields_of(net)).fields_at(m[None])[0]
        found.append(weights @ (net.energy(s) + s @ h) ** 2 - (weights @ (net.energy(s) + s @ h)) ** 2)
        a = (math.factorial(P) / (2 * N ** (P - 1)) * noise) ** 2
        wanted.append(N * 2 * Covariance(a.sum() / N, P).potential(1.0, np.array([q]))[0])
    difference = np.array(found) - wanted
    assert abs(difference.mean()) < 5 * difference.std(ddof=1) / math.sqrt(300)
    assert difference.std() / math.sqrt(300) < 0.03 * np.mean(wanted)


@pytest.mark.parametrize("name", ["P3 noise field", "P4", "supervised", "unsupervised"])
def test_the_variance_of_the_couplings_is_measured(name):
    """⟨H²⟩/N over all states; 32 probes of N fields know it to √(2/(32 N)), 5 of them allowed."""
    model = NETWORKS[name].replace(field=0.0)
    net = Network.sample(model, 12, seed=2)
    exact = (net.energy(states(12)) ** 2).mean() / 12
    assert measured(fields_of(net), 1).a == pytest.approx(exact, rel=5 * math.sqrt(2 / (32 * 12)))


@pytest.mark.parametrize("M", [1, 4])
def test_examples_have_the_crosstalk_of_theory(M):
    """ξ(1) = α c/2, at N = 150 up to C(N, P) P!/N^P = 0.98 and the error of the measurement, 2 %, three times."""
    protocol = Unsupervised(r=0.7, M=M)
    net = Network.sample(Model(P=3, alpha=0.1, protocol=protocol), 150, seed=2)
    finite = math.comb(150, 3) * 6 / 150**3
    assert measured(fields_of(net), 1).a == pytest.approx(0.05 * protocol.crosstalk_factor(3, 3) * finite, rel=0.06)


@pytest.mark.parametrize("chi", [0.1, 0.3, 0.5])
def test_the_spectrum_of_patterns_gives_the_reaction_of_the_hopfield_model(chi):
    """αχ/(1−χ) of plain patterns, Σ a κ²χ/(1−κχ) of examples, νχ of synaptic noise, as N → ∞, below the end of each
    transform: 1/(1+√α) = 0.646 for plain patterns.
    """
    protocol = Unsupervised(r=0.6, M=4)
    modes = protocol.crosstalk_modes()
    for model, wanted in (
        (Model(P=2, alpha=0.3), 0.3 * chi / (1 - chi)),
        (Model(P=2, nu=0.5), 0.5 * chi),
        (
            Model(P=2, alpha=0.1, protocol=protocol),
            sum(0.1 * n * k**2 * chi / (1 - k * chi) for n, k in modes),
        ),
    ):
        net = Network.sample(model, 600, seed=1)
        found = measured(fields_of(net), 0)
        assert isinstance(found, Spectrum)
        assert found.strength(1.0, np.array([1 - chi]))[0] == pytest.approx(wanted, rel=0.05)


def test_eigenvalues_are_those_of_the_couplings_whichever_matrix_is_smaller():
    for model, K in ((Model(P=2), 5), (Model(P=2), 40), (Model(P=2, nu=0.3), 5)):
        net = Network.sample(model, 20, K=K, seed=1)
        J = np.array([net.local_fields(2 * (np.arange(20) == i) - 1) for i in range(20)])
        J = (J + net.local_fields(np.ones(20))) / 2  # h is linear: J e_i
        np.fill_diagonal(J, (net.entries**2).sum(0) / 20)
        np.testing.assert_allclose(eigenvalues(fields_of(net)), np.linalg.eigvalsh(J), atol=1e-12)


def test_the_transform_of_a_spectrum_sums_its_free_cumulants():
    """R = Σ κ_n χ^{n−1}; Φ = ½∫R by quadrature, R′ by differences."""
    from scipy.integrate import quad

    rng = np.random.default_rng(0)
    values = rng.normal(size=50)
    spectrum = Spectrum(values - values.mean())
    second, third = (np.mean(spectrum.eigenvalues**n) for n in (2, 3))

    def R(chi):
        return spectrum.strength(1.0, np.array([1 - chi]))[0]

    assert R(1e-3) == pytest.approx(second * 1e-3 + third * 1e-6, rel=1e-5)
    assert R(0.0) == 0
    area = quad(R, 0, 0.4, epsrel=1e-10)[0]
    assert spectrum.potential(1.0, np.array([0.6]))[0] == pytest.approx(area / 2, rel=1e-9)
    slope = (R(0.4 + 1e-5) - R(0.4 - 1e-5)) / 2e-5
    assert spectrum.rigidity(1.0, np.array([0.6]))[0] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(("P", "T"), [(2, 0.7), (3, 0.5), (4, 0.4)])
@pytest.mark.parametrize("order", [1, 2])
def test_without_load_the_magnetisation_is_that_of_replica_theory_up_to_one_over_N(P, T, order):
    """One pattern: the difference from the RS state is halved when N is doubled, within a tenth."""
    state = solve(Model(P=P), T)
    gaps = []
    for N in (1000, 2000):
        found = plefka(Network.sample(Model(P=P), N, K=1, seed=1), T, order=order)
        assert found.converged
        gaps.append(found.magnetisations[0] - state.m)
        assert found.q == pytest.approx(found.magnetisations[0] ** 2, rel=1e-6)
        assert found.free_energy == pytest.approx(state.free_energy, abs=3 * P / N)
    assert gaps[0] / gaps[1] == pytest.approx(2, abs=0.2)


def scatter(model, T, N, order, samples):
    found = [plefka(Network.sample(model, N, seed=s), T, order=order) for s in range(samples)]
    assert all(f.converged for f in found)
    assert all(f.criterion > 0 for f in found)
    return np.array([[f.magnetisations[0], f.q] for f in found])


@pytest.mark.parametrize(("P", "alpha", "T", "N"), [(2, 0.05, 0.45, 3000), (3, 0.15, 0.55, 200)])
def test_at_second_order_a_large_network_is_in_the_replica_symmetric_state(P, alpha, T, N):
    """Mean m and q of 24 realisations within 5 standard errors. The first order has a larger q in the same ones, by
    more than 5 standard errors of the difference: no approximation of RS at α > 0.
    """
    model = Model(P=P, alpha=alpha)
    state = solve(model, T)
    assert state.stable
    first, second = (scatter(model, T, N, order, 24) for order in (1, 2))
    gap, excess = second - [state.m, state.q], (first - second)[:, 1]
    assert (np.abs(gap.mean(0)) < 5 * gap.std(0, ddof=1) / math.sqrt(24)).all()
    assert excess.mean() > 5 * excess.std(ddof=1) / math.sqrt(24)


def test_where_replica_symmetry_breaks_the_criterion_says_so():
    """A glass of P = 2 well below its temperature: no convergence, or Plefka's condition violated."""
    net = Network.sample(Model(P=2, alpha=0.5), 300, seed=1)
    found = plefka(net, 0.2, start="random")
    assert not found.converged or found.criterion < 0
    warm = plefka(net, 2.5, start="random")
    assert warm.converged
    assert warm.criterion > 0
    assert np.abs(warm.m).max() < 1e-6


def test_many_starts_are_followed_at_once():
    net = Network.sample(Model(P=3, alpha=0.05), 60, seed=1)
    starts = np.array([net.archetypes[0], net.archetypes[1], np.zeros(60)], float)
    many = plefka(net, 0.4, start=starts)
    assert many.m.shape == (3, 60)
    assert many.converged.all()
    for row, one in zip(range(3), starts, strict=True):
        alone = plefka(net, 0.4, start=one)
        np.testing.assert_allclose(alone.m, many.m[row], atol=1e-7)
        assert alone.energy == pytest.approx(many.energy[row], abs=1e-8)
    np.testing.assert_allclose(many.magnetisations, many.m @ net.archetypes.T / 60)
    assert (many.magnetisations[[0, 1], [0, 1]] > 0.9).all()
    assert many.q[2] == 0


def test_damping_changes_the_way_and_not_the_end():
    net = Network.sample(Model(P=3, alpha=0.1), 80, seed=1)
    fast, slow = plefka(net, 0.3), plefka(net, 0.3, damping=0.5)
    assert slow.sweeps > fast.sweeps
    np.testing.assert_allclose(slow.m, fast.m, atol=1e-7)


def test_sweeps_that_end_first_are_reported():
    found = plefka(Network.sample(Model(P=3, alpha=0.1), 80, seed=1), 0.4, sweeps=1, overlap=0.7)
    assert not found.converged
    assert found.sweeps == 1
    assert found.residual > 1e-9


def test_bad_input_is_refused_by_name():
    net = Network.sample(Model(P=3), 12, seed=1)
    power = Network.sample(Model(P=3, interaction="power"), 12, seed=1)
    for name, call in {
        "net": lambda: plefka(power, 0.3),
        "T": lambda: plefka(net, 0.0),
        "order": lambda: plefka(net, 0.3, order=3),
        "start": lambda: plefka(net, 0.3, start=np.full(12, 1.5)),
        "damping": lambda: plefka(net, 0.3, damping=1.0),
        "tolerance": lambda: plefka(net, 0.3, tolerance=0),
        "sweeps": lambda: plefka(net, 0.3, sweeps=0),
        "overlap": lambda: plefka(net, 0.3, overlap=2),
    }.items():
        with pytest.raises(ParameterError, match=rf"^{name} must be"):
            call()
    for start in (np.ones(11), np.ones((1, 2, 12)), np.full(12, np.nan), "example", ["a"] * 12):
        with pytest.raises(ParameterError, match=r"^start must be"):
            plefka(net, 0.3, start=start)


def test_simulate_never_uses_it(monkeypatch):
    """Its modules are not even looked up by a run."""
    from densenet_sm import simulate
    from densenet_sm.montecarlo import mean_field

    for name in ("_iterate", "measured"):
        monkeypatch.setattr(mean_field, name, lambda *_: pytest.fail("an approximation was used"))
    for dynamics, exchange in itertools.product(("heat-bath", "metropolis"), (False, True)):
        settings = {"sweeps": 4, "burn_in": 0, "dynamics": dynamics, "exchange": exchange}
        simulate(Model(P=3), (0.3, 0.5), N=12, samples=1, **settings)
