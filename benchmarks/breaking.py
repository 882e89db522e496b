"""Broken symmetry: medians of solves, a diagram beside its symmetric part, and a glass transition two ways, one core.

Plain: natural iteration of the equations of one step, their averages by Gauss–Legendre quadrature as a reader would
write them, to a residual of 1e-8.

    python benchmarks/breaking.py [--repeat 15]
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import densenet_sm as dsm
from densenet_sm.theory.frozen import glass_temperatures
from densenet_sm.theory.threads import one_thread

STATES = {  # model, T, start
    "retrieval, P = 3, α = 0.45, T = 0.2": (dsm.Model(P=3, alpha=0.45), 0.2, "retrieval"),
    "retrieval, P = 3, α = 0.45, T = 0": (dsm.Model(P=3, alpha=0.45), 0.0, "retrieval"),
    "retrieval, P = 2, α = 0.137, T = 0": (dsm.Model(P=2, alpha=0.137), 0.0, "retrieval"),
    "retrieval, P = 4, α = 0.45, T = 0.1": (dsm.Model(P=4, alpha=0.45), 0.1, "retrieval"),
    "glass, P = 3, ν = 1, T = 0.5": (dsm.Model(P=3, nu=1.0), 0.5, "glass"),
    "glass, P = 3, ν = 1, T = 0": (dsm.Model(P=3, nu=1.0), 0.0, "glass"),
    "glass, P = 2, α = 0.2, T = 0.3": (dsm.Model(P=2, alpha=0.2), 0.3, "glass"),
}


def median(run, repeat):
    run()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def plain(alpha, T, tolerance=1e-8):
    """m of retrieval of one step at P = 3 and θ = 0.4 by natural iteration."""
    beta, theta = 1 / T, 0.4
    z, w = np.polynomial.legendre.leggauss(240)
    z, w = 8 * z, 8 * w * np.exp(-((8 * z) ** 2) / 2) / np.sqrt(2 * np.pi)
    m, q1, q2 = 0.8, 0.8, 0.94
    for _ in range(20_000):
        outer, inner = np.sqrt(1.5 * alpha) * q1, np.sqrt(1.5 * alpha * max(q2**2 - q1**2, 0.0))
        h = 1.5 * m**2 + outer * z[:, None] + inner * z
        log = theta * np.logaddexp(beta * h, -beta * h)
        weight = w * np.exp(log - log.max(1, keepdims=True))
        weight /= weight.sum(1, keepdims=True)
        t = np.tanh(beta * h)
        first, second = (weight * t).sum(1), (weight * t**2).sum(1)
        new = float(w @ first), float(w @ first**2), float(w @ second)
        change = max(abs(a - b) for a, b in zip(new, (m, q1, q2), strict=True))
        m, q1, q2 = new
        if change < tolerance:
            break
    return m


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat
    with one_thread():
        symmetric = median(lambda: dsm.solve(dsm.Model(P=3, alpha=0.1), 0.2), 10 * repeat)
        print(f"a symmetric state, P = 3, for scale: {1e3 * symmetric:.2f} ms")
        for name, (model, T, start) in STATES.items():
            took = median(lambda m=model, T=T, s=start: dsm.solve(m, T, ansatz="1RSB", start=s), repeat)
            print(f"one step, {name:38} {1e3 * took:7.2f} ms")
        given = median(lambda: dsm.solve(dsm.Model(P=3, alpha=0.45), 0.2, ansatz="1RSB", theta=0.4), repeat)
        slow = median(lambda: plain(0.45, 0.2), 3)
        print(f"one step at a given θ: {1e3 * given:.1f} ms; natural iteration on a grid: {slow / given:.0f} times")
        for name, model in (("SK", dsm.Model(P=2, nu=1.0)), ("3-spin", dsm.Model(P=3, nu=1.0))):
            took = median(lambda m=model: dsm.solve(m, 0.0, ansatz="kRSB", k=4, start="glass"), 3)
            print(f"four steps, T = 0, {name}: {took:.2f} s")
        took = median(lambda: dsm.critical(dsm.Model(P=3, nu=1.0), "T", kind="glass_static"), 1)
        glass_temperatures.cache_clear()
        quick = median(lambda: (glass_temperatures.cache_clear(), glass_temperatures((0, 0, 0, 0.5)))[1], repeat)
        print(f"T_K by continuation: {took:.2f} s; in one variable, with T_d: {1e3 * quick:.1f} ms")
        axes = ("alpha", 0.0, 0.6, 61), ("T", 0.0, 1.0, 61)
        both = {
            ansatz: median(lambda a=ansatz: dsm.phase_diagram(dsm.Model(P=3), *axes, ansatz=a), 1)
            for ansatz in (("RS",), ("RS", "1RSB"))
        }
        once, twice = both.values()
        print(
            f"diagram, P = 3, 61 x 61: symmetric {once:.1f} s, with one step {twice:.1f} s ({twice / once:.1f} times)"
        )


if __name__ == "__main__":
    main()
