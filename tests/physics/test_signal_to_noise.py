"""One step from an archetype against closed forms and real networks; the energy of a network as a sum of losses.

The statistical test has a two-sided false-alarm rate of 2e-5 a model under a normal law (|z| < 4.3).
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from densenet_sm import Model, Multitasking, Network, ParameterError, Storing, Supervised, TeacherStudent, Unsupervised
from densenet_sm.theory.signal_to_noise import energy_of_losses, losses, one_step

LIMIT = 4.3
TWO, THREE, FOUR = (100, 200, 400), (40, 56, 80), (20, 28, 36)
NETWORKS = [
    (Model(P=2, alpha=0.3), TWO),
    (Model(P=2, alpha=0.3, interaction="power"), TWO),
    (Model(P=3, alpha=0.6), THREE),
    (Model(P=4, alpha=0.8), FOUR),
    (Model(P=3, alpha=0.3, nu=0.2), FOUR),
    (Model(P=3, alpha=0.3, interaction="power"), THREE),
    (Model(P=4, alpha=0.3, interaction="power"), FOUR),
    (Model(P=2, alpha=0.2, protocol=Supervised(r=0.7, M=5)), TWO),
    (Model(P=3, alpha=0.2, protocol=Supervised(r=0.7, M=5)), THREE),
    (Model(P=2, alpha=0.1, protocol=Unsupervised(r=0.7, M=5)), TWO),
    (Model(P=3, alpha=0.1, protocol=Unsupervised(r=0.8, M=4)), THREE),
    (Model(P=4, alpha=0.05, protocol=Unsupervised(r=0.85, M=3), interaction="power"), FOUR),
    (Model(P=2, alpha=0.2, protocol=Multitasking(2, 0.3)), TWO),
    (Model(P=3, alpha=0.1, protocol=Multitasking(2, 0.3, Supervised(r=0.8, M=5))), THREE),
    (Model(P=3, alpha=0.1, field=0.1, protocol=Multitasking(2, 0.2, Unsupervised(r=0.8, M=4))), THREE),
    (Model(P=3, alpha=2.0, protocol=TeacherStudent(T_teacher=2.0)), (32, 40, 56)),
]


def stepped(model, N, samples, seed):
    """Mean of ξ sign h over samples, and its standard error; without field every archetype may be the start."""
    found = []
    for sample in range(samples):
        net = Network.sample(model, N, seed=seed, sample=sample)
        xi = net.archetypes[: 1 if model.field else 4]
        blank = np.random.default_rng([seed, sample]).choice([-1, 1], xi.shape)
        h = net.local_fields(np.where(xi == 0, blank, xi))
        found.append((xi * np.sign(h)).mean())
    return np.mean(found), np.std(found, ddof=1) / math.sqrt(samples)


def extrapolated(model, sizes, samples=40, seed=11):
    """Value and standard error at 1/N → 0, of a weighted straight line."""
    value, error = np.array([stepped(model, N, samples, seed) for N in sizes]).T
    design = np.stack([np.ones(len(sizes)), 1 / np.array(sizes)], 1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    return (covariance @ design.T @ (value / error))[0], math.sqrt(covariance[0, 0])


@pytest.mark.parametrize(("model", "sizes"), NETWORKS)
def test_networks_step_as_predicted(model, sizes):
    value, error = extrapolated(model, sizes)
    assert abs(value - one_step(model)) < LIMIT * error


def test_networks_refuse_the_noise_of_the_other_interaction():
    """Negative control: at P = 3 the repeated indices of the power form add a random field to the noise."""
    value, error = extrapolated(Model(P=3, alpha=0.5, interaction="power"), THREE)
    assert abs(value - one_step(Model(P=3, alpha=0.5))) > LIMIT * error


@pytest.mark.parametrize("P", [2, 3, 4, 7])
@pytest.mark.parametrize(("alpha", "nu"), [(0.3, 0.0), (0.0, 0.2), (0.1, 0.7)])
def test_plain_patterns_follow_the_error_function(P, alpha, nu):
    expected = math.erf(math.sqrt(P / (alpha + nu)) / 2)
    assert one_step(Model(P=P, alpha=alpha, nu=nu)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("P", "factor"), [(3, 3 / 2), (4, 5 / 2)])
def test_repeated_indices_raise_the_noise(P, factor):
    """P = 3: ξ = (α/2)q³ + (3α/4)q; P = 4: (α/2)(q⁴ + 3q²). The ratio of ξ′(1) to that of the tensor form."""
    power = one_step(Model(P=P, alpha=0.3, interaction="power"))
    assert power == pytest.approx(one_step(Model(P=P, alpha=0.3 * factor)), abs=1e-15)


@pytest.mark.parametrize("P", [2, 3])
@pytest.mark.parametrize("protocol", [Supervised(r=0.6, M=7), Unsupervised(r=0.6, M=7)])
def test_examples_average_over_their_number(P, protocol):
    """Direct sum over the number of faithful examples at a site, with the noise of NOISE.md written out."""
    alpha, r, M, R = 0.2, 0.6, 7, protocol.R
    c = 1 if isinstance(protocol, Supervised) else (r ** (2 * P) + (1 - r ** (2 * P)) / M) / R**P
    psi, sigma = P / 2 * (r / math.sqrt(R)) ** (P - 1), math.sqrt(alpha * c * P / 2)
    k = np.arange(M + 1)
    u = (2 * k - M) / (M * math.sqrt(R))
    expected = binom.pmf(k, M, (1 + r) / 2) @ (2 * norm.cdf(psi * u / sigma) - 1)
    assert one_step(Model(P=P, alpha=alpha, protocol=protocol)) == pytest.approx(expected, abs=1e-14)
    diluted = Model(P=P, alpha=alpha, protocol=Multitasking(2, 0.3, protocol))
    psi *= 0.7 ** (P / 2 - 1)  # x gains √0.7, and the entries are larger by 1/√0.7
    expected = 0.7 * binom.pmf(k, M, (1 + r) / 2) @ (2 * norm.cdf(psi * u / sigma) - 1)
    assert one_step(diluted) == pytest.approx(expected, abs=1e-14)


def test_many_examples_have_the_normal_law():
    rho, P, alpha = 0.4, 3, 0.1
    model = Model(P=P, alpha=alpha, protocol=Supervised(rho=rho))
    psi = P / 2 * (1 + rho) ** (-(P - 1) / 2)
    spread = lambda g: psi * (1 + math.sqrt(rho) * g) / math.sqrt(1 + rho)  # noqa: E731
    integrand = lambda g: norm.pdf(g) * math.erf(spread(g) / math.sqrt(alpha * P))  # noqa: E731
    assert one_step(model) == pytest.approx(quad(integrand, -12, 12, epsabs=1e-13, points=[-1.58, 0])[0], abs=1e-12)
    M = 40000
    near = Supervised(r=1 / math.sqrt(1 + M * rho), M=M)  # that ρ at many examples
    assert one_step(model.replace(protocol=near)) == pytest.approx(one_step(model), abs=1e-4)


def test_a_step_without_noise_arrives():
    assert one_step(Model(P=3)) == one_step(Model(P=2, protocol=Storing())) == 1
    assert one_step(Model(P=3, protocol=Multitasking(2, 0.25))) == 0.75
    assert one_step(Model(P=2, protocol=Unsupervised(r=0.5, M=1))) == 0.5  # it copies the only example


def test_a_field_adds_to_the_signal():
    model = Model(P=2, alpha=0.5, field=0.3)
    assert one_step(model) == pytest.approx(math.erf(1.3), abs=1e-15)


@pytest.mark.parametrize("T", [1.5, 3.0])
def test_a_step_towards_the_teacher_uses_all_examples(T):
    model = Model(P=3, alpha=0.8, protocol=TeacherStudent(T_teacher=T))
    assert one_step(model) == pytest.approx(math.erf(math.sqrt(3 * 0.8) / (2 * T)), abs=1e-15)


@pytest.fixture
def network():
    net = Network.sample(Model(P=3, alpha=0.2), N=30, seed=4)
    return net, np.random.default_rng(4).choice([-1, 1], 30)


def test_losses_are_squared_distances(network):
    net, s = network
    plus, minus = losses(net.magnetisations(s))
    assert plus == pytest.approx(((net.archetypes + s) ** 2).sum(1) / (2 * net.N), abs=1e-15)
    assert minus == pytest.approx(((net.archetypes - s) ** 2).sum(1) / (2 * net.N), abs=1e-15)
    assert 1 - plus * minus == pytest.approx(net.magnetisations(s) ** 2, abs=1e-15)


@pytest.mark.parametrize("P", [2, 3, 4, 5])
def test_losses_add_up_to_the_energy_of_the_power_form(P, network):
    net, s = network
    power = Network(net.entries, P=P, interaction="power")
    total = energy_of_losses(P, *losses(power.magnetisations(s))).sum()
    assert float(power.energy(s)) / net.N == pytest.approx(total, abs=1e-13)


@pytest.mark.parametrize("P", [2, 3, 4, 5])
def test_distinct_indices_change_the_energy_of_losses_by_order_one_over_n(P, network):
    """Tensor form: a pattern has −f_N(m). With m^k a product of losses, f_N is a sum of lower energies."""
    net, s = network
    N, plus, minus = net.N, *losses(net.magnetisations(s))
    e = {k: energy_of_losses(k, plus, minus).sum() for k in range(2, 6)}
    e |= {0: -net.n / 2, 1: -(plus - minus).sum() / 4}
    exact = {
        2: e[2] - e[0] / N,
        3: e[3] - (3 / N - 2 / N**2) * e[1],
        4: e[4] - (6 / N - 8 / N**2) * e[2] + (3 / N**2 - 6 / N**3) * e[0],
        5: e[5] - (10 / N - 20 / N**2) * e[3] + (15 / N**2 - 50 / N**3 + 24 / N**4) * e[1],
    }
    assert float(Network(net.entries, P=P).energy(s)) / N == pytest.approx(exact[P], abs=1e-13)


@pytest.mark.parametrize("P", [2, 3, 4, 5, 6])
def test_even_energies_depend_on_the_product_of_the_losses_alone(P):
    m = np.linspace(-1, 1, 9)
    plus, minus = losses(m)
    energy = energy_of_losses(P, plus, minus)
    assert energy == pytest.approx(-(m**P) / 2, abs=1e-15)
    assert energy_of_losses(P, minus, plus) == pytest.approx((-1) ** P * energy, abs=1e-15)
    if P % 2 == 0:
        assert energy == pytest.approx(-((1 - plus * minus) ** (P / 2)) / 2, abs=1e-15)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: one_step(0.3), "model"),
        (lambda: losses([0.2, 1.1]), "m"),
        (lambda: losses(math.nan), "m"),
        (lambda: losses("all"), "m"),
        (lambda: losses([[1], [1, 0]]), "m"),
        (lambda: energy_of_losses(1, 1, 1), "P"),
        (lambda: energy_of_losses(2, 1.0, 0.5), "L_minus"),
        (lambda: energy_of_losses(2, [1.0, 1.0], 1.0), "L_minus"),
        (lambda: energy_of_losses(2, 2.5, -0.5), "L_plus"),
        (lambda: energy_of_losses(2, None, 1.0), "L_plus"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ParameterError) as caught:
        call()
    assert caught.value.name == name
