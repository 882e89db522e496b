"""Sign-pattern kernel against a plain Numba kernel and naive NumPy, in one run: ns per attempted flip and ratios.

The plain kernel is the thirty-line one a reader would write first: int8 rows times a cached float32 V, one site at a
time, acceptance thresholds drawn in one block by NumPy's generator. Random numbers are timed in both. One core.

    python benchmarks/kernels.py
"""

import time

import numba as nb
import numpy as np

import densenet_sm as dsm
from densenet_sm.montecarlo.dynamics import Replica, prepare, sign_coefficients
from densenet_sm.polynomials import elementary_polynomial

CASES = [(3, 500, 5000), (4, 200, 40000), (2, 1000, 140)]
FAST = {"reassoc", "nsz", "contract"}


@nb.njit(fastmath=FAST)
def plain(spins, rows, A, V, v, d, scale, P, thresholds):
    flips = 0
    W = 0.0
    for m in range(len(A)):
        W += value_of(A[m], d, P % 2)
    for sweep in range(len(thresholds)):
        for i in range(len(spins)):
            row, s = rows[i], spins[i]
            h = np.float32(0)
            for m in range(len(V)):
                h += np.float32(row[m]) * V[m]
            if scale * (s * h - W) < thresholds[sweep, i]:
                spins[i] = -s
                W = 0.0
                for m in range(len(A)):
                    A[m] -= np.int32(2 * s) * row[m]
                    V[m] = value_of(A[m], v, (P - 1) % 2)
                    W += value_of(A[m], d, P % 2)
                flips += 1
    return flips


@nb.njit(fastmath=FAST)
def value_of(a, c, odd):
    f = np.float32(a)
    value = np.float32(c[0]) + np.float32(c[1]) * f * f
    return f * value if odd else value


def naive(net, spins, T, attempts, rng):
    """Metropolis in NumPy: overlaps kept, the cost of an attempt summed over patterns."""
    rows = net.entries.T
    e = elementary_polynomial(net.P, net.N)
    A = net.entries.astype(float) @ spins
    for _ in range(attempts):
        i = rng.integers(net.N)
        trial = A - 2 * spins[i] * rows[i]
        if -net.scale * (e(trial) - e(A)).sum() < -T * np.log(rng.random()):
            spins[i] *= -1
            A = trial


def draw(rng, sweeps, N, T):
    u = rng.random((sweeps, N))
    return T * np.log((1 - u) / u)


def timed(function, *args):
    begin = time.perf_counter()
    out = function(*args)
    return time.perf_counter() - begin, out


def main():
    titles = ("ours", "plain", "naive", "plain/ours", "naive/ours")
    print(f"{'case':>20} {'T':>6} {'accept':>7} " + "{:>9} {:>9} {:>9} {:>11} {:>11}".format(*titles))
    for P, N, K in CASES:
        net = dsm.Network.sample(dsm.Model(P=P), N=N, K=K, seed=1)
        shared = prepare(net)
        v, d, _ = sign_coefficients(P, N, "tensor")
        sweeps = max(4, int(1.5e9 / (N * K * 20)))
        for T in (0.05, 0.6, 1.2):
            rng = np.random.default_rng(0)
            spins = net.archetypes[0].astype(np.int8)
            replica = Replica(shared, spins.copy(), T, "heat-bath", np.array([1, 1], np.uint32))
            replica.run(20)
            spins = replica.spins.copy()
            best_ours, best_plain = np.inf, np.inf
            for _ in range(5):
                seconds, record = timed(replica.run, sweeps)
                best_ours = min(best_ours, seconds)
                A = shared.rows.T.astype(np.int32) @ spins.astype(np.int32)
                V = np.array([value_of(a, v, (P - 1) % 2) for a in A], np.float32)
                plain(spins.copy(), shared.rows, A.copy(), V.copy(), v, d, shared.scale, P, np.empty((0, N)))
                drawing, thresholds = timed(draw, rng, sweeps, N, T)
                seconds, _ = timed(plain, spins, shared.rows, A, V, v, d, shared.scale, P, thresholds)
                best_plain = min(best_plain, drawing + seconds)
            naive(net, spins.astype(float), T, 2, rng)
            slow, _ = timed(naive, net, spins.astype(float), T, 20, rng)
            ns = 1e9 / (sweeps * N)
            ours, theirs, slowest = best_ours * ns, best_plain * ns, slow * 1e9 / 20
            acceptance = record.flips / (sweeps * N)
            print(
                f"{f'P{P} N{N} K{K}':>20} {T:6.2f} {acceptance:7.3f} {ours:9.1f} {theirs:9.1f} {slowest:9.0f} "
                f"{theirs / ours:11.2f} {slowest / ours:11.0f}"
            )


if __name__ == "__main__":
    main()
