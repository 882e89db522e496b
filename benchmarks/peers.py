"""Kernels that a reader would write first, to measure the package's against."""

import functools

import numba as nb
import numpy as np

from densenet_sm.polynomials import elementary_polynomial

FAST = {"reassoc", "nsz", "contract"}


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
