"""The two readings of one model, laid over each other: several points per protocol, in standard errors.

Every z has a two-sided false-alarm rate of 2e-5 under a normal law (|z| < 4.3). Points lie well inside the retrieval
phase, where a replica does not leave its state: in a hierarchy close to its melting (P = 2, K = 2, d = 0.2, T = 0.1)
the second overlap of a few hundred spins still changes sign within a run, and only N > 2000 follows the theory.
"""

import numpy as np
import pytest

from densenet_sm import Model, Multitasking, Storing, Supervised, Unsupervised, compare, simulate, solve

LIMIT = 4.3

POINTS = [
    (Model(P=2, alpha=0.02), 0.3, (192, 256, 384)),
    (Model(P=2, alpha=0.04), 0.2, (192, 256, 384)),
    (Model(P=2, alpha=0.01, nu=0.05), 0.3, (96, 128, 192)),
    (Model(P=3, alpha=0.1), 0.25, (96, 128, 192)),
    (Model(P=3, alpha=0.04), 0.4, (96, 128, 192)),
    (Model(P=3, alpha=0.04, interaction="power"), 0.3, (96, 128, 192)),
    (Model(P=4, alpha=0.1), 0.25, (64, 80, 112)),
    (Model(P=4, alpha=0.02, interaction="power"), 0.3, (64, 80, 112)),
    (Model(P=2, alpha=0.02, protocol=Supervised(r=0.7, M=10)), 0.2, (128, 192, 256)),
    (Model(P=3, alpha=0.02, protocol=Supervised(r=0.7, M=10)), 0.2, (64, 96, 128)),
    (Model(P=3, alpha=0.03, protocol=Supervised(r=0.9, M=4)), 0.3, (64, 96, 128)),
    (Model(P=2, alpha=0.01, protocol=Unsupervised(r=0.8, M=6)), 0.2, (128, 192, 256)),
    (Model(P=3, alpha=0.02, protocol=Unsupervised(r=0.85, M=6)), 0.25, (64, 96, 128)),
    (Model(P=3, alpha=0.01, protocol=Unsupervised(r=0.9, M=4)), 0.35, (64, 96, 128)),
    (Model(P=2, protocol=Multitasking(2, 0.3)), 0.05, (256, 384, 512)),
    (Model(P=2, protocol=Multitasking(3, 0.3)), 0.05, (512, 768, 1024)),
    (Model(P=3, protocol=Multitasking(2, 0.2, Supervised(r=0.9, M=5))), 0.15, (256, 384, 512)),
    (Model(P=3, alpha=0.03, protocol=Multitasking(2, 0.2)), 0.15, (96, 128, 192)),
    (Model(P=2, alpha=0.01, protocol=Multitasking(2, 0.1)), 0.03, (384, 512, 768)),
]


@pytest.mark.parametrize(("model", "T", "sizes"), POINTS)
def test_simulation_extrapolates_to_theory(model, T, sizes):
    found = compare(model, T, sizes=sizes, sweeps=150, burn_in=100, samples=32, seed=2)
    assert (found.status != "unusable").any()
    assert (np.abs(found.z) < LIMIT).all(), found.z.values


@pytest.mark.parametrize(("P", "N"), [(3, 192), (4, 96)])
def test_monte_carlo_sees_q_equal_m_on_the_nishimori_line(P, N):
    """On T = α, q = m for Gaussian disorder of any N; Hebbian disorder is Gaussian up to terms that vanish with 1/N."""
    ds = simulate(Model(P=P, alpha=0.15), T=0.15, N=N, sweeps=200, burn_in=100, samples=32, replicas=2, seed=3)
    difference = (ds.q - ds.m.mean("replica").isel(pattern=0)).isel(T=0).values
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert abs(difference.mean()) < LIMIT * error + 1e-12
    assert ds.m.mean() == pytest.approx(solve(Model(P=P, alpha=0.15), 0.15).m, abs=0.02)


def test_a_wrong_theory_is_refused():
    """Negative control: the same data against another temperature's state."""
    found = compare(Model(P=3, alpha=0.04), 0.45, sizes=(96, 128, 192), sweeps=150, burn_in=100, samples=32, seed=2)
    other = solve(Model(P=3, alpha=0.04), 0.42)
    assert abs(found.sel(observable="m").value - other.m) > LIMIT * found.sel(observable="m").error


def test_heat_bath_metropolis_and_replicas_agree():
    model, settings = Model(P=2, alpha=0.03, protocol=Storing()), {"N": 200, "samples": 16, "sweeps": 300}
    runs = [simulate(model, T=0.35, dynamics=d, seed=1, **settings) for d in ("heat-bath", "metropolis")]
    difference = (runs[0].energy - runs[1].energy).mean(("T", "replica")).values  # the same disorder: paired
    assert abs(difference.mean()) < LIMIT * difference.std(ddof=1) / 4
