"""Replica-symmetric theory: medians on one core, each beside a plain way to the same numbers in the same run.

A state's plain way is natural iteration with adaptive quadrature, to the same residual; a diagram's is to solve
for every state at every point of its grid, which gives the regions but no line; many condensed patterns' is the sum
over the product law, which grows as (2M+3)^K where the transforms are linear in K.

    python benchmarks/solver.py
"""

import time

import numpy as np
from scipy.integrate import quad_vec

import densenet_sm as dsm
from densenet_sm.theory.atoms import AtomAverages
from densenet_sm.theory.averages import averages
from densenet_sm.theory.rs import Equations

RESIDUAL = 1e-12
DIAGRAMS = {2: (0.2, 1.2), 3: (0.6, 1.0), 4: (0.7, 1.2)}  # largest α and T


def median(function, repeats=101):
    """Median time of a call in milliseconds, after one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(times))


def iterated(P, alpha, T):
    """m of the retrieval state of P ≥ 3 stored patterns by natural iteration."""
    m, q, off = 1.0, 1.0, 1.0
    while off > RESIDUAL:
        psi, sigma = P / 2 * m ** (P - 1), np.sqrt(alpha * P / 2 * q ** (P - 1))

        def integrand(z, psi=psi, sigma=sigma):
            tanh = np.tanh((psi + sigma * z) / T)
            return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * np.array([tanh, tanh**2])

        new_m, new_q = quad_vec(integrand, -8.5, 8.5, epsabs=1e-13, epsrel=0, norm="max")[0]
        off, m, q = max(abs(new_m - m), abs(new_q - q)), new_m, new_q
    return m


def states():
    print("one state from its start, ms           solve    iterated   ratio")
    for P, alpha, T in ((3, 0.1, 0.2), (3, 0.42, 0.2), (4, 0.1, 0.4)):
        model = dsm.Model(P=P, alpha=alpha)
        ours = median(lambda m=model, t=T: dsm.solve(m, t))
        plain = median(lambda p=P, a=alpha, t=T: iterated(p, a, t), 3)
        print(f"  P = {P}, alpha = {alpha:4}, T = {T:3}      {ours:10.3f} {plain:10.3f} {plain / ours:8.1f}")
    for model, T in (
        (dsm.Model(P=2, alpha=0.05), 0.2),
        (dsm.Model(P=2, alpha=0.05), 0.0),
        (dsm.Model(P=3, alpha=0.1), 0.0),
        (dsm.Model(P=4, alpha=0.1), 0.0),
        (dsm.Model(P=4, alpha=0.2, protocol=dsm.Supervised(r=0.6, M=20)), 0.1),
        (dsm.Model(P=3, alpha=0.01, protocol=dsm.Unsupervised(r=0.5, M=10)), 0.0),
        (dsm.Model(P=3, alpha=0.05, protocol=dsm.Multitasking(8, 0.3, dsm.Supervised(r=0.6, M=20))), 0.1),
    ):
        print(f"  {median(lambda m=model, t=T: dsm.solve(m, t)):34.3f}    {model.protocol}, P = {model.P}, T = {T}")


def diagrams(points=61):
    print(f"\nstorage diagram, {points} x {points}, s   phase_diagram    grid   ratio   lines")
    for P, (load, heat) in DIAGRAMS.items():
        model, axes = dsm.Model(P=P), (("alpha", 0.0, load, points), ("T", 0.0, heat, points))
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            ds = dsm.phase_diagram(model, *axes)
            seconds.append(time.perf_counter() - begin)
        ours = float(np.median(seconds))
        begin = time.perf_counter()
        for T in ds.T.values:
            for alpha in ds.alpha.values:
                for start in ("retrieval", "glass"):
                    dsm.solve(model.replace(alpha=float(alpha)), float(T), start=start)
        plain = time.perf_counter() - begin
        print(f"  P = {P} {ours:30.2f} {plain:10.2f} {plain / ours:7.1f}   {', '.join(ds.line.values)}")


def patterns():
    print("\naverages of K learned diluted patterns (M = 5), relative to K = 1; and the sum over their product law")
    first = None
    for K in (1, 2, 4, 8, 16):
        model = dsm.Model(P=3, alpha=0.05, protocol=dsm.Multitasking(K, 0.3, dsm.Supervised(r=0.6, M=5)))
        eq, psi = Equations(model, 0.2), np.full((K, 1), 0.5)
        ours = median(lambda e=eq, p=psi: averages(e.site, p, 0.1, 0.2))
        first = first or ours
        atoms = median(lambda e=eq, p=psi: AtomAverages(e.site, p, 0.1), 3) / first if K <= 4 else float("nan")
        print(f"  K = {K:2d}: {ours / first:6.2f}   {atoms:10.2f}")


if __name__ == "__main__":
    states()
    diagrams()
    patterns()
