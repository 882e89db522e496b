"""Replica-symmetric solver: milliseconds a state, and the cost of many condensed patterns relative to one.

The averages are products over patterns, so one evaluation should grow linearly in their number; the sum over the
product law, which they replace, grows as (2M+3)^K.

    python benchmarks/solver.py
"""

import time

import numpy as np

import densenet_sm as dsm
from densenet_sm.theory.atoms import AtomAverages
from densenet_sm.theory.averages import averages
from densenet_sm.theory.rs import Equations


def best(function, repeats=7, inner=20):
    """Shortest mean time of a call, in seconds."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(inner):
            function()
        times.append((time.perf_counter() - begin) / inner)
    return min(times)


def main():
    print("one state, from its start:")
    for model, T in (
        (dsm.Model(P=2, alpha=0.05), 0.3),
        (dsm.Model(P=3, alpha=0.2), 0.0),
        (dsm.Model(P=4, alpha=0.2, protocol=dsm.Supervised(r=0.6, M=20)), 0.1),
        (dsm.Model(P=3, protocol=dsm.Multitasking(5, 0.2)), 0.1),
    ):
        print(f"  {best(lambda m=model, t=T: dsm.solve(m, t), 3, 5) * 1e3:7.2f} ms  {model}, T = {T}")
    print("\naverages at T = 0.2, learned diluted patterns (M = 5), relative to K = 1; and the sum over atoms:")
    first = None
    for K in (1, 2, 4, 8, 16):
        model = dsm.Model(P=3, alpha=0.05, protocol=dsm.Multitasking(K, 0.3, dsm.Supervised(r=0.6, M=5)))
        eq = Equations(model, 0.2)
        psi = np.full((K, 1), 0.5)
        seconds = best(lambda e=eq, p=psi: averages(e.site, p, 0.1, 0.2))
        first = first or seconds
        atoms = best(lambda e=eq, p=psi: AtomAverages(e.site, p, 0.1), 3, 1) / first if K <= 4 else float("nan")
        print(f"  K = {K:2d}: {seconds / first:6.2f}   atoms {atoms:10.2f}")


if __name__ == "__main__":
    main()
