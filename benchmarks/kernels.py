"""Monte Carlo kernels against plainer code for the same task, in one run: ns per attempted flip and ratios, one core.

plain: the thirty-line Numba kernel a reader would write first, int8 rows times a cached float32 V, one site at a time.
on the fly: without V, e_P of every pattern before and after the flip by its recurrence, at every attempt. NumPy:
Metropolis in array operations. All draw their own random numbers, in blocks; ours go through the replica that
`simulate` advances, measurements included. The best of some repetitions counts, in turn.

    python benchmarks/kernels.py [--repeat 7]
"""

import argparse
import functools
import os
import subprocess
import sys
import time
import tracemalloc

import numba as nb
import numpy as np

import densenet_sm as dsm
from densenet_sm.montecarlo import masked, vectors
from densenet_sm.montecarlo.dynamics import Replica, prepare, together
from densenet_sm.polynomials import elementary_polynomial

FAST = {"reassoc", "nsz", "contract"}
KEY = np.array([1, 1], np.uint32)
SECONDS = 0.15  # of one measurement, about
FIELD = 4.0  # along the pattern, so strong that the acceptance is a smooth function of T
CASES = {  # acceptances wanted, in this field; None: deep in the retrieval phase, T = 0.1 and no field
    (3, 500, 5000): (0.1, 0.002, None),
    (4, 200, 40000): (0.1, 0.005, 0.001, None),
    (2, 1000, 140): (0.1, 0.02, 0.002),
}


@nb.njit(fastmath=FAST)
def plain(spins, rows, A, V, v, d, scale, P, bias, thresholds):
    flips = 0
    W = 0.0
    for m in range(len(A)):
        W += polynomial(A[m], d, P % 2)
    for sweep in range(len(thresholds)):
        for i in range(len(spins)):
            row, s = rows[i], spins[i]
            h = np.float32(0)
            for m in range(len(V)):
                h += np.float32(row[m]) * V[m]
            if scale * (s * h - W) + 2.0 * s * bias[i] < thresholds[sweep, i]:
                spins[i] = -s
                W = 0.0
                for m in range(len(A)):
                    A[m] -= np.int32(2 * s) * row[m]
                    V[m] = polynomial(A[m], v, (P - 1) % 2)
                    W += polynomial(A[m], d, P % 2)
                flips += 1
    return flips


@nb.njit(fastmath=FAST)
def polynomial(a, c, odd):
    """c_0 + c_1 a², times a if odd: V and D of P = 2, 3, 4."""
    f = np.float32(a)
    value = np.float32(c[0]) + np.float32(c[1]) * f * f
    return f * value if odd else value


@functools.cache
def on_the_fly(P, N):
    """Without cached V; order and size are constants of the compiler."""

    @nb.njit(fastmath=True)
    def e(a):
        before, now = 1.0, a
        for p in range(1, P):
            before, now = now, (a * now - (N - p + 1) * before) / (p + 1)
        return now

    @nb.njit(fastmath=True)
    def run(spins, rows, A, scale, bias, thresholds):
        flips = 0
        for sweep in range(len(thresholds)):
            for i in range(len(spins)):
                row, s = rows[i], np.float64(spins[i])
                gain = 0.0
                for m in range(len(A)):
                    gain += e(A[m] - 2.0 * s * row[m]) - e(np.float64(A[m]))
                if 2.0 * s * bias[i] - scale * gain < thresholds[sweep, i]:
                    spins[i] = -spins[i]
                    for m in range(len(A)):
                        A[m] += np.int32(2 * spins[i]) * row[m]
                    flips += 1
        return flips

    return run


def with_numpy(net, spins, T, bias, attempts, rng):
    rows, e = net.entries.T, elementary_polynomial(net.P, net.N)
    A = net.entries.astype(float) @ spins
    for _ in range(attempts):
        i = rng.integers(net.N)
        trial = A - 2 * spins[i] * rows[i]
        if 2 * spins[i] * bias[i] - net.scale * (e(trial) - e(A)).sum() < -T * np.log(rng.random()):
            spins[i] *= -1
            A = trial


class Peers:
    """The plain kernels and their arrays for one network and temperature, from given spins."""

    def __init__(self, net, T, spins):
        self.net, self.T, self.spins, self.rng = net, T, spins.copy(), np.random.default_rng(0)
        self.bias = net.field * net.archetypes[0].astype(float)
        self.rows = np.ascontiguousarray(net.entries.T, dtype=np.int8)
        e = elementary_polynomial(net.P, net.N)
        F = lambda A: np.asarray(e(np.asarray(A, float)))  # noqa: E731
        square = np.vander([1.0, 4.0], increasing=True)
        V, D = (lambda a: (F(a + 2) - F(a - 2)) / 2), (lambda a: (F(a + 2) + F(a - 2)) / 2 - F(a))
        a = np.array([1.0, 2.0])
        self.v = np.linalg.solve(square, V(a) / a ** ((net.P - 1) % 2))
        self.d = np.linalg.solve(square, D(a) / a ** (net.P % 2))
        self.A = self.rows.T.astype(np.int32) @ spins.astype(np.int32)
        self.V = np.array([polynomial(a, self.v, (net.P - 1) % 2) for a in self.A], np.float32)

    def _thresholds(self, sweeps):
        u = self.rng.random((sweeps, self.net.N))
        return self.T * np.log((1 - u) / u)

    def plain(self, sweeps):
        last = self.spins, self.rows, self.A, self.V, self.v, self.d, self.net.scale, self.net.P, self.bias
        return plain(*last, self._thresholds(sweeps))

    def on_the_fly(self, sweeps):
        run = on_the_fly(self.net.P, self.net.N)
        return run(self.spins, self.rows, self.A, self.net.scale, self.bias, self._thresholds(sweeps))

    def with_numpy(self, sweeps):
        with_numpy(self.net, self.spins.astype(float), self.T, self.bias, sweeps * self.net.N, self.rng)


def replica(net, T, spins, kernel=None, portable=False):
    return Replica(prepare(net, kernel, portable), spins.copy(), T, "heat-bath", KEY)


def acceptance(one, sweeps=30):
    one.run(sweeps)
    return one.run(sweeps).flips / (sweeps * one.shared.net.N)


def at_acceptance(net, wanted):
    """(T, spins) of short runs from the pattern with this acceptance, by bisection of T."""
    low, high, start = 0.0, 20.0, np.where(net.probes[0] < 0, np.int8(-1), np.int8(1))
    for _ in range(14):
        T = (low + high) / 2
        one = replica(net, T, start)
        low, high = (T, high) if acceptance(one) < wanted else (low, T)
    return T, one.spins.copy()


def timed(runs, repeat):
    """Best ns per attempted flip of some functions of a number of sweeps, {name: (function, N)}, taken in turn."""
    sweeps, best = {}, dict.fromkeys(runs, np.inf)
    for name, (run, _) in runs.items():
        run(1)
        begin = time.perf_counter()
        run(1)
        sweeps[name] = max(1, int(SECONDS / (time.perf_counter() - begin)))
    for _ in range(repeat):
        for name, (run, N) in runs.items():
            begin = time.perf_counter()
            run(sweeps[name])
            best[name] = min(best[name], (time.perf_counter() - begin) / sweeps[name] / N * 1e9)
    return best


def sampled(model, size, target):
    """A network of `size`, and (T, spins) of one target of CASES."""
    P, N, K = size
    net = dsm.Network.sample(model.replace(P=P, field=0.0 if target is None else FIELD), N=N, K=K, seed=1)
    return net, *((0.1, net.archetypes[0].astype(np.int8)) if target is None else at_acceptance(net, target))


def binary(repeat):
    print("stored patterns: ns per attempted flip, and how many times longer the others take")
    print(f"{'case':22}   alpha      T  accept |    kernel     ns portable | plain   fly  NumPy | plain/portable")
    for (P, N, K), targets in CASES.items():
        for target in targets:
            net, T, spins = sampled(dsm.Model(P=P), (P, N, K), target)
            ours, portable, peers = replica(net, T, spins), replica(net, T, spins, "bits", True), Peers(net, T, spins)
            names = "ours", "portable", "plain", "fly", "NumPy"
            runs = ours.run, portable.run, peers.plain, peers.on_the_fly, peers.with_numpy
            ns = timed({name: (run, N) for name, run in zip(names, runs, strict=True)}, repeat)
            print(
                f"P={P} N={N} K={K}".ljust(22)
                + f"{K * net.scale:8.4f} {T:6.3f} {acceptance(ours):7.4f} | {ours.shared.kernel:>9} "
                f"{ns['ours']:6.1f} {ns['portable']:8.1f} | {ns['plain'] / ns['ours']:5.2f} "
                f"{ns['fly'] / ns['ours']:5.1f} {ns['NumPy'] / ns['ours']:6.0f} | {ns['plain'] / ns['portable']:5.2f}"
            )
        peak, field = ceiling(repeat), K / dot(net, repeat)
        share = f"{field:.1f} G patterns/s, {100 * field / peak:.0f} % of the ceiling {peak:.1f}"
        print(f"{'':22} local fields of bits: {share}; plain sweeps {K / ns['plain']:.1f}")


@nb.njit
def sums(rows, planes, avx2, sweeps):
    total = 0
    for _ in range(sweeps):
        for i in range(len(rows)):
            total += masked.masked_sum(rows[i], planes, avx2)
    return total


def ceiling(repeat):
    """10^9 patterns per second of masked sums over two byte planes in the nearest cache: what instructions allow."""
    rng = np.random.default_rng(0)
    n = 8192
    rows = rng.integers(0, 256, (4, n // 8)).astype(np.uint8)
    planes = tuple(rng.integers(0, 256, n).astype(np.uint8) for _ in range(2))
    best = timed({"sums": (lambda sweeps: sums(rows, planes, vectors.AVX2, 100 * sweeps), 400)}, repeat)
    return n / best["sums"]


def dot(net, repeat):
    """ns of one local field of the bit kernel, as a sweep computes it."""
    state = prepare(net, "bits").rows.state(net.archetypes[0].astype(np.int8))
    run = lambda sweeps: sums(state.rows, state.planes, state.avx2, sweeps)  # noqa: E731
    return timed({"dot": (run, net.N)}, repeat)["dot"]


def others(repeat):
    print("\nother entries at the same size: ns per attempted flip at about equal acceptance")
    models = {
        "bits": dsm.Model(P=3),
        "diluted": dsm.Model(P=3, protocol=dsm.Multitasking(2, 0.5)),
        "supervised": dsm.Model(P=3, protocol=dsm.Supervised(r=0.7, M=9)),
    }
    for size in list(CASES)[:2]:
        for target in (0.1, 0.01):
            rates, runs = [], {}
            for name, model in models.items():
                net, T, spins = sampled(model, size, target)
                one = replica(net, T, spins)
                rates.append(acceptance(one))
                runs[name] = one.run, size[1]
                if name == "bits":
                    runs["plain"] = Peers(net, T, spins).plain, size[1]
            ns = timed(runs, repeat)
            print(
                "P={} N={} K={}".format(*size)
                + f", accept {', '.join(f'{a:.3f}' for a in rates)}: "
                + "  ".join(f"{name} {value:.0f}" for name, value in ns.items())
            )
            diluted, supervised = ns["diluted"] / ns["bits"], ns["supervised"] / ns["plain"]
            print(f"    diluted/bits {diluted:.2f}, supervised (M = 9)/plain int8 {supervised:.2f}")


def lanes(repeat):
    print("\nfew patterns, eight replicas: ns per attempted flip")
    for P, N, K in ((2, 1000, 20), (3, 200, 20), (3, 500, 60), (4, 100, 60)):
        net = dsm.Network.sample(dsm.Model(P=P), N=N, K=K, seed=1)
        spins = net.archetypes[0].astype(np.int8)
        for T in (0.3, 2.0):
            kernels = {name: prepare(net, name, together=8) for name in ("lanes", "bits")}
            groups = {
                name: [Replica(shared, spins.copy(), T, "heat-bath", KEY, k) for k in range(8)]
                for name, shared in kernels.items()
            }
            runs = {
                name: (lambda sweeps, group=group: together(group, sweeps, 1 << 30), 8 * N)
                for name, group in groups.items()
            }
            ns = timed(runs | {"plain": (Peers(net, T, spins).plain, N)}, repeat)
            print(
                f"P={P} N={N} K={K} T={T}, accept {acceptance(groups['bits'][0]):.3f}: "
                + "  ".join(f"{name} {value:.1f}" for name, value in ns.items())
                + f"   bits/lanes {ns['bits'] / ns['lanes']:.1f}, plain/lanes {ns['plain'] / ns['lanes']:.1f}"
            )


def cores(repeat):
    """One call of `simulate` confined to one core, and on all."""
    if not hasattr(os, "sched_setaffinity"):
        return
    every, best = os.sched_getaffinity(0), {}
    size = {"N": 500, "K": 5000, "sweeps": 400, "burn_in": 4, "samples": 1, "replicas": 4}
    for _ in range(repeat):
        for name, cpus in (("one", {min(every)}), ("all", every)):
            os.sched_setaffinity(0, cpus)
            begin = time.perf_counter()
            dsm.simulate(dsm.Model(P=3), T=0.9, seed=1, progress=False, **size)
            best[name] = min(best.get(name, np.inf), time.perf_counter() - begin)
    os.sched_setaffinity(0, every)
    print(
        f"\n{len(every)} cores: {best['one'] / best['all']:.2f} times as fast as one (P=3 N=500 K=5000, four replicas)"
    )


def memory():
    """What `simulate` allocates for P = 4, N = 128, K = 35000, and what its process takes once kernels are cached."""
    settings = "T=0.3, sweeps=8, burn_in=0, samples=1, replicas=2, seed=1"
    call = f"d.simulate(d.Model(P=4), N=128, K=35000, {settings})"
    code = f"import densenet_sm as d, resource; {call}; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    for _ in range(2):  # the first compiles
        whole = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) / 1024
    tracemalloc.start()
    net = dsm.Network.sample(dsm.Model(P=4), N=128, K=35000, seed=1)
    rows = prepare(net, "bits").rows.rows.nbytes / 2**20
    dsm.simulate(net, T=0.3, sweeps=8, burn_in=0, samples=1, replicas=2, seed=1)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    print(f"P=4 N=128 K=35000: arrays {peak:.0f} MB at their peak, bit rows {rows:.2f} MB; process {whole:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    repeat = parser.parse_args().repeat
    binary(repeat)
    others(repeat)
    lanes(repeat)
    cores(repeat)
    memory()


if __name__ == "__main__":
    main()
