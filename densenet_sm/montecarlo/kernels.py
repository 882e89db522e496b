r"""Compiled Monte Carlo kernels for one replica: sign patterns at any P ≤ 8, and real entries at any P.

Sign patterns. F(A) is what one pattern of integer overlap A = Σ_i ξ_i s_i adds to −H/c, and y = ξ_i s_i = ±1, so

    F(A − 2y) − F(A) = D(A) − y V(A),   V = (F(A+2) − F(A−2))/2,   D = (F(A+2) + F(A−2))/2 − F(A):

an attempt costs one ±1 dot product with the cached V, only an accepted flip touches A, V and W = Σ_μ D(A_μ).
Real entries. With c_k = e_k (tensor) or a^k (power), F' − F = −2y Σ_k b_k (−y)^k c_{P−1−k}, c_k cached.

Everything a kernel calls stands in this file: compiled code is cached by file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba as nb
import numpy as np

HEAT_BATH, METROPOLIS = 0, 1
ACCEPT, CHOOSE = 0, 1  # purposes of random words
SPECULATION = 4  # fields computed in one pass over V
LONG = 16384  # patterns from which V no longer stays in the first cache and speculation pays
NEVER = 23.0  # above −ln of the smallest u, 2^−33
FAST = {"reassoc", "nsz", "contract"}


@nb.njit(cache=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Philox4x32-10 (salmon2011): four random words of a counter and a key, all uint32."""
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * np.uint64(c0)
        p1 = np.uint64(0xCD9E8D57) * np.uint64(c2)
        h0, l0 = np.uint32(p0 >> np.uint64(32)), np.uint32(p0)
        h1, l1 = np.uint32(p1 >> np.uint64(32)), np.uint32(p1)
        c0, c1, c2, c3 = np.uint32(h1 ^ c1 ^ k0), l1, np.uint32(h0 ^ c3 ^ k1), l0
        k0 = np.uint32(k0 + np.uint32(0x9E3779B9))
        k1 = np.uint32(k1 + np.uint32(0xBB67AE85))
    return c0, c1, c2, c3


@nb.njit(cache=True, nogil=True)
def plan_sweep(order, uniform, dynamics, sweep, replica, temperature, key):  # type: ignore[no-untyped-def]
    """Sites of one sweep (heat bath: in order; Metropolis: random) and a number in (0, 1) for each attempt.

    Words: counter = (block of four attempts, sweep, replica, temperature·256 + purpose), key = (seed, sample).
    """
    N = len(order)
    stamp = np.uint32(temperature * 256)
    words = np.empty(4, np.uint32)
    for block in range((N + 3) // 4):
        words[0], words[1], words[2], words[3] = philox(
            np.uint32(block), np.uint32(sweep), np.uint32(replica), np.uint32(stamp + ACCEPT), key[0], key[1]
        )
        for j in range(min(4, N - 4 * block)):
            uniform[4 * block + j] = (np.float64(words[j]) + 0.5) / 4294967296.0
        if dynamics == METROPOLIS:
            words[0], words[1], words[2], words[3] = philox(
                np.uint32(block), np.uint32(sweep), np.uint32(replica), np.uint32(stamp + CHOOSE), key[0], key[1]
            )
            for j in range(min(4, N - 4 * block)):
                order[4 * block + j] = (np.uint64(words[j]) * np.uint64(N)) >> np.uint64(32)
        else:
            for j in range(min(4, N - 4 * block)):
                order[4 * block + j] = 4 * block + j


@nb.njit(cache=True, inline="always")
def accepts(cost, u, T, dynamics):  # type: ignore[no-untyped-def]
    """Heat bath: ΔH < T ln((1−u)/u), at T = 0 only ΔH < 0 (ties keep the spin). Metropolis: ΔH < −T ln u."""
    if cost >= NEVER * T:
        return False
    return cost < T * (math.log((1 - u) / u) if dynamics == HEAT_BATH else -math.log(u))


@nb.njit(cache=True, nogil=True)
def tensor_fields(fields, coupling, spins, i, order):  # type: ignore[no-untyped-def]
    """After spin i flipped: add its change to the fields of the tensor noise, −2 s_i^{old} Σ J_{i j k…} s_k… / (P−2)!.

    `coupling` [N, N^{P−1}] is the symmetric tensor with zeros at repeated indices; `spins` already hold the new s_i.
    """
    N = len(spins)
    part = coupling[i].copy()
    for k in range(order - 2):
        rows = len(part) // N
        shorter = np.zeros(rows, part.dtype)
        for r in range(rows):
            total = 0.0
            for j in range(N):
                total += part[r * N + j] * spins[j]
            shorter[r] = total / (k + 1)
        part = shorter
    for j in range(N):
        fields[j] += 2.0 * spins[i] * part[j]


@nb.njit(cache=True, nogil=True)
def tensor_all_fields(fields, coupling, spins, order):  # type: ignore[no-untyped-def]
    """Fields of the tensor noise from scratch, Σ J_{i j k…} s_j s_k… / (P−1)!."""
    N = len(spins)
    for i in range(N):
        part = coupling[i].copy()
        for k in range(order - 1):
            rows = len(part) // N
            shorter = np.zeros(rows, part.dtype)
            for r in range(rows):
                total = 0.0
                for j in range(N):
                    total += part[r * N + j] * spins[j]
                shorter[r] = total / (k + 1)
            part = shorter
        fields[i] = part[0]


@nb.njit(cache=True, nogil=True)
def project(rows, spins, out):  # type: ignore[no-untyped-def]
    """Overlaps (1/N) rows @ spins of a few rows."""
    N = len(spins)
    for c in range(len(rows)):
        total = 0.0
        for i in range(N):
            total += rows[c, i] * spins[i]
        out[c] = total / N


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_field(row, V):  # type: ignore[no-untyped-def]
    """Σ_μ ξ_i^μ V_μ of one site; `row` [K] int8, V float32."""
    total = np.float32(0)
    for m in range(len(V)):
        total += np.float32(row[m]) * V[m]
    return total


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_fields(a, b, c, d, V, out):  # type: ignore[no-untyped-def]
    """The same for SPECULATION sites in one pass over V."""
    ta = tb = tc = td = np.float32(0)
    for m in range(len(V)):
        ta += np.float32(a[m]) * V[m]
        tb += np.float32(b[m]) * V[m]
        tc += np.float32(c[m]) * V[m]
        td += np.float32(d[m]) * V[m]
    out[0], out[1], out[2], out[3] = ta, tb, tc, td


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_update(row, spin, A, V, v, d, P):  # type: ignore[no-untyped-def]
    """Flip: A −= 2 s ξ, V = V(A); returns W = Σ D(A). `v`, `d`: coefficients in A², times A where the parity is odd."""
    step = np.int32(2 * spin)
    if P <= 4:
        v0, v1 = np.float32(v[0]), np.float32(v[1])
        d0, d1 = np.float64(d[0]), np.float64(d[1])
        W = 0.0
        if P % 2:
            S = np.int32(0)
            for m in range(len(A)):
                a = A[m] - step * row[m]
                A[m] = a
                f = np.float32(a)
                V[m] = v0 + v1 * (f * f)
                S += a
            W = d0 * S
        else:
            Q = 0.0
            for m in range(len(A)):
                a = A[m] - step * row[m]
                A[m] = a
                f = np.float32(a)
                g = f * f
                V[m] = f * (v0 + v1 * g)
                Q += np.float64(g)
            W = d0 * len(A) + d1 * Q
        return W
    W = 0.0
    for m in range(len(A)):
        a = A[m] - step * row[m]
        A[m] = a
        f = np.float64(a)
        g = f * f
        value = v[0] + g * (v[1] + g * (v[2] + g * v[3]))
        bend = d[0] + g * (d[1] + g * (d[2] + g * d[3]))
        if P % 2:
            bend = bend * f
        else:
            value = value * f
        V[m] = value
        W += bend
    return W


@nb.njit(cache=True, nogil=True)
def sign_energy(A, F):  # type: ignore[no-untyped-def]
    """Σ_μ F(A_μ), coefficients of A^k in F."""
    total = 0.0
    for a in A:
        value = 0.0
        for k in range(len(F) - 1, -1, -1):
            value = value * a + F[k]
        total += value
    return total


@nb.njit(cache=True, nogil=True)
def run_signs(spins, rows, A, V, v, d, F, scale, P, bias, coupling, plan, records):  # type: ignore[no-untyped-def]
    """Sweeps of one replica with sign patterns; returns the number of flips. Arguments as in `dynamics.Replica`."""
    T, dynamics, first, replica, temperature, key = plan
    probes, archetypes, energy, x, m, snapshots, stride = records
    N = len(spins)
    fields = np.zeros(N)
    if len(coupling):
        tensor_all_fields(fields, coupling, spins, P)
    W = sign_update(rows[0], 0, A, V, v, d, P)
    order, uniform = np.empty(N, np.int64), np.empty(N)
    h = np.empty(SPECULATION, np.float32)
    flips = 0
    for sweep in range(len(energy)):
        plan_sweep(order, uniform, dynamics, first + sweep, replica, temperature, key)
        n = 0
        while n < N:
            count = SPECULATION if len(V) >= LONG and n + SPECULATION <= N else 1
            if count == 1:
                h[0] = sign_field(rows[order[n]], V)
            else:
                sign_fields(rows[order[n]], rows[order[n + 1]], rows[order[n + 2]], rows[order[n + 3]], V, h)
            for j in range(count):
                i = order[n]
                s = spins[i]
                cost = scale * (s * h[j] - W) + 2.0 * s * (bias[i] + fields[i])
                n += 1
                if accepts(cost, uniform[n - 1], T, dynamics):
                    spins[i] = -s
                    W = sign_update(rows[i], s, A, V, v, d, P)
                    if len(coupling):
                        tensor_fields(fields, coupling, spins, i, P)
                    flips += 1
                    break
        total = -scale * sign_energy(A, F)
        for i in range(N):
            total -= spins[i] * (bias[i] + fields[i] / P)
        energy[sweep] = total
        project(probes, spins, x[sweep])
        project(archetypes, spins, m[sweep])
        if (first + sweep) % stride == 0:
            snapshots[sweep // stride] = spins
    return flips


@lru_cache
def real_kernel(P: int, power: bool) -> Callable[..., Any]:
    """Kernel for real entries [N, n] at order P, the order and the interaction compiled in."""
    b = tuple(float(math.comb(P, k + 1) * 2**k) if power else 1.0 for k in range(P))

    @nb.njit(nogil=True, fastmath=FAST)
    def field(row, weights, c, s):  # type: ignore[no-untyped-def]
        total = 0.0
        for mu in range(len(row)):
            y = row[mu] * s
            value = b[P - 1]
            for k in range(P - 1):
                value = b[P - 2 - k] * c[k, mu] - y * value
            total += weights[mu] * y * value
        return total

    @nb.njit(nogil=True, fastmath=FAST)
    def flip(row, s, c):  # type: ignore[no-untyped-def]
        for mu in range(len(row)):
            y = row[mu] * s
            if power:
                a = c[0, mu] - 2 * y
                value = 1.0
                for k in range(P - 1):
                    value *= a
                    c[k, mu] = value
            else:
                before = 1.0
                for k in range(P - 1):
                    without = c[k, mu] - y * before
                    c[k, mu] = without - y * before
                    before = without

    @nb.njit(nogil=True)
    def start(rows, spins, c):  # type: ignore[no-untyped-def]
        c[:] = 0.0
        for i in range(len(spins)):
            for mu in range(c.shape[1]):
                y = rows[i, mu] * spins[i]
                if power:
                    c[0, mu] += y
                else:
                    for k in range(P - 2, 0, -1):
                        c[k, mu] += y * c[k - 1, mu]
                    c[0, mu] += y
        if power:
            for k in range(1, P - 1):
                for mu in range(c.shape[1]):
                    c[k, mu] = c[k - 1, mu] * c[0, mu]

    @nb.njit(nogil=True)
    def total_energy(rows, spins, weights, c):  # type: ignore[no-untyped-def]
        """Σ w F: by Euler, P e_P = Σ_i y_i e_{P−1}^{without i} (tensor), or a^P (power)."""
        total = 0.0
        if power:
            for mu in range(c.shape[1]):
                total += weights[mu] * c[P - 2, mu] * c[0, mu]
            return total
        for i in range(len(spins)):
            total += field(rows[i], weights, c, spins[i])
        return total / P

    @nb.njit(nogil=True)
    def run(spins, rows, weights, c, scale, bias, coupling, plan, records):  # type: ignore[no-untyped-def]
        T, dynamics, first, replica, temperature, key = plan
        probes, archetypes, energy, x, m, snapshots, stride = records
        N = len(spins)
        fields = np.zeros(N)
        if len(coupling):
            tensor_all_fields(fields, coupling, spins, P)
        start(rows, spins, c)
        order, uniform = np.empty(N, np.int64), np.empty(N)
        flips = 0
        for sweep in range(len(energy)):
            plan_sweep(order, uniform, dynamics, first + sweep, replica, temperature, key)
            for n in range(N):
                i = order[n]
                s = spins[i]
                cost = 2.0 * scale * field(rows[i], weights, c, s) + 2.0 * s * (bias[i] + fields[i])
                if accepts(cost, uniform[n], T, dynamics):
                    spins[i] = -s
                    flip(rows[i], s, c)
                    if len(coupling):
                        tensor_fields(fields, coupling, spins, i, P)
                    flips += 1
            total = -scale * total_energy(rows, spins, weights, c)
            for i in range(N):
                total -= spins[i] * (bias[i] + fields[i] / P)
            energy[sweep] = total
            project(probes, spins, x[sweep])
            project(archetypes, spins, m[sweep])
            if (first + sweep) % stride == 0:
                snapshots[sweep // stride] = spins
        return flips

    return run
