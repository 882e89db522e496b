"""Bias and speed of Plefka's approximation beside exact Monte Carlo, realisation by realisation, in one run.

bias: m of `plefka` less the time mean of `simulate` on the same network from the pattern, mean over realisations, with
its standard error. time: seconds of `plefka` per realisation, and what the kernel needs to know m to an error as large
as that bias, from its blocking error in a run of known length (errors fall with the square root of the time).

    python benchmarks/plefka.py [--samples 8]
"""

import argparse
import time

import numpy as np

import densenet_sm as dsm

POINTS = (  # P, alpha, N, temperatures: inside the retrieval phase, towards its edge
    (2, 0.05, 1000, (0.2, 0.4, 0.5)),
    (3, 0.0, 1000, (0.4, 0.6, 0.7)),
    (3, 0.1, 300, (0.3, 0.5, 0.65)),
    (3, 0.2, 300, (0.2, 0.4)),
    (4, 0.1, 100, (0.3, 0.5)),
)
SWEEPS = 4000


def compared(net, T, order):
    """m of the approximation, its seconds, the exact m, its error, its seconds, and whether the former converged."""
    began = time.perf_counter()
    found = dsm.plefka(net, T, order=order)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    run = dsm.simulate(net, T, sweeps=SWEEPS, burn_in=200, replicas=1, seed=1)
    exact = time.perf_counter() - began
    return found.magnetisations[0], seconds, run.m.item(), run.m_time_err.item(), exact, bool(found.converged)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=8)
    samples = parser.parse_args().samples
    print(" P  alpha     N     T  order   exact m       bias   error  converged   plefka ms   kernel ms to that error")
    for P, alpha, N, temperatures in POINTS:
        model = dsm.Model(P=P, alpha=alpha)
        nets = [dsm.Network.sample(model, N, K=None if alpha else 1, seed=s) for s in range(samples)]
        compared(nets[0], temperatures[0], 2)  # compiles
        for T in temperatures:
            for order in (1, 2):
                m, seconds, exact, error, length, converged = np.array([compared(net, T, order) for net in nets]).T
                bias = m - exact
                spread = bias.std(ddof=1) / np.sqrt(samples)
                needed = np.mean(length * (error / max(abs(bias.mean()), 1e-9)) ** 2)
                print(
                    f"{P:2} {alpha:6.2f} {N:5} {T:5.2f} {order:6} {exact.mean():9.5f} {bias.mean():10.5f} "
                    f"{spread:7.5f} {int(converged.sum()):6}/{samples} {1e3 * np.median(seconds):10.1f} "
                    f"{1e3 * needed:12.1f}"
                )


if __name__ == "__main__":
    main()
