"""Errors of one step at any N and K against N → ∞, real networks and the basins of exponentials."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from densenet_sm import Model, Network, ParameterError, Supervised, bit_errors, exponential_capacity, one_step


@pytest.mark.parametrize("P", [2, 3, 4])
def test_bit_errors_of_many_spins_are_those_of_one_step(P):
    model, N, draws = Model(P=P, alpha=0.7), 400, 20_000
    wrong = (1 - one_step(model)) / 2
    assert bit_errors(model, N, draws=draws)[0] == pytest.approx(wrong, abs=4 * math.sqrt(wrong / draws) + 2 / N)


PLAIN = [
    *({"P": P, "interaction": form} for P in (2, 3, 4) for form in ("tensor", "power")),
    *({"lam": lam, "interaction": form} for lam in (0.3, 1.0) for form in ("log-sum-exp", "sum-exp")),
]


@pytest.mark.parametrize("parameters", PLAIN, ids=str)
@pytest.mark.parametrize("overlap", [1.0, 0.5])
def test_bit_errors_are_those_of_networks(parameters, overlap):
    """Independent networks of 12 spins, one cue each: fields of right and of wrong spins, ties counted half."""
    N, K, networks, flips = 12, 40, 400, round(12 * (1 - overlap) / 2)
    rates = []
    for sample in range(networks):
        net = Network.sample(Model(**parameters), N, K, seed=8, sample=sample)
        cue = net.archetypes[0].copy()
        cue[:flips] *= -1
        y = np.round(net.local_fields(cue) * net.archetypes[0], 9)
        wrong = (y < 0) + 0.5 * (y == 0)
        rates.append([wrong[flips:].mean(), wrong[:flips].mean() if flips else np.nan])
    draws = 40_000
    expected = bit_errors(Model(**parameters), N, K, overlap, draws=draws)
    for column, value in zip(np.transpose(rates), expected, strict=True):
        if np.isfinite(column).all():
            error = math.hypot(column.std() / math.sqrt(networks), 0.5 / math.sqrt(draws))
            assert abs(column.mean() - value) < 4 * error


def test_steep_exponentials_follow_the_nearest_pattern():
    """Errors stop changing with λ, where a right spin is wrong if a nearer pattern is the nearest, half the time."""
    N, K, flips = 20, 300, 2
    steep = [
        bit_errors(Model(interaction="log-sum-exp", lam=lam), N, K, overlap=0.8, draws=20_000) for lam in (20, 1e3, 1e8)
    ]
    assert (steep[0] == steep[1]).all()
    assert (steep[1] == steep[2]).all()
    nearer = 1 - binom.sf(flips - 1, N - 1, 0.5) ** (K - 1)  # some pattern is nearer than the own one to a right spin
    level = (K - 1) * binom.pmf(flips, N - 1, 0.5) / 2  # as near and against it: a tie
    assert steep[0][0] == pytest.approx(nearer / 2 + level / 2, abs=0.005)


def test_bit_errors_step_at_the_basin_of_exponential_networks():
    """Per spin at N = 300: the exponents are right, and nothing but them matters far from the step."""
    lam, alpha, N = 0.5, 0.3, 300
    model, edge = Model(interaction="log-sum-exp", lam=lam, alpha=0.1), exponential_capacity(2 * lam).basin(0.1)
    assert bit_errors(model, N, overlap=edge + 0.1, draws=1000).max() < 0.01
    assert (abs(bit_errors(model, N, overlap=edge - 0.1, draws=1000) - 0.5) < 0.08).all()
    with pytest.raises(ParameterError, match=r"^K"):
        bit_errors(model.replace(alpha=alpha), N)  # e^90 patterns


@pytest.mark.parametrize(
    ("model", "arguments", "name"),
    [
        (Model(P=3, nu=0.1), {"N": 20}, "nu"),
        (Model(P=3, protocol=Supervised(r=0.5, M=3)), {"N": 20}, "protocol"),
        (Model(P=3), {"N": 2}, "N"),
        (Model(P=3), {"N": 20, "K": 0}, "K"),
        (Model(P=3), {"N": 20, "overlap": 1.5}, "overlap"),
        (Model(P=3), {"N": 20, "draws": 0}, "draws"),
        ("P=3", {"N": 20}, "model"),
    ],
)
def test_bit_errors_refuse_what_they_do_not_describe(model, arguments, name):
    with pytest.raises(ParameterError, match=f"^{name}"):
        bit_errors(model, **arguments)
