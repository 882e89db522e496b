r"""Compiled Monte Carlo kernels for one replica with sign patterns, P ≤ 8 (real entries: real_kernels.py).

F(A) is what one pattern of integer overlap A = Σ_i ξ_i s_i adds to −H/c, and y = ξ_i s_i = ±1, so

    F(A − 2y) − F(A) = D(A) − y V(A),   V = (F(A+2) − F(A−2))/2,   D = (F(A+2) + F(A−2))/2 − F(A):

an attempt costs one ±1 dot product with the cached V, only an accepted flip touches A, V and W = Σ_μ D(A_μ).

Everything a kernel calls stands in this file: compiled code is cached by file.
"""

from __future__ import annotations

import numba as nb
import numpy as np

ACCEPT, CHOOSE = 0, 1  # purposes of random words
SPECULATION = 4  # fields computed in one pass over V
LONG = 2048  # patterns from which V no longer stays in the first cache and speculation pays
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
def draw_words(out, sweep, replica, stamp, key):  # type: ignore[no-untyped-def]
    """Random words of one sweep: out[w·B + b] is word w of the counter (b, sweep, replica, stamp), B = len(out)/4."""
    B = len(out) // 4
    c1, c2, c3, k0, k1 = np.uint32(sweep), np.uint32(replica), np.uint32(stamp), key[0], key[1]
    first, second, third, fourth = out[:B], out[B : 2 * B], out[2 * B : 3 * B], out[3 * B :]
    for b in range(B):
        w0, w1, w2, w3 = philox(np.uint32(b), c1, c2, c3, k0, k1)
        first[b] = w0
        second[b] = w1
        third[b] = w2
        fourth[b] = w3


@nb.njit(cache=True, nogil=True)
def draw(out, first, replica, temperature, purpose, key):  # type: ignore[no-untyped-def]
    """Random words [sweeps, attempts, padded to 4] of consecutive sweeps for one replica, temperature and purpose."""
    for sweep in range(len(out)):
        draw_words(out[sweep], first + sweep, replica, temperature * 256 + purpose, key)


@nb.njit(cache=True, nogil=True)
def contract(part, spins, times):  # type: ignore[no-untyped-def]
    """Σ part_{… j k} s_j s_k …/times! over the last `times` indices of a flattened tensor."""
    N = len(spins)
    for k in range(times):
        shorter = np.zeros(len(part) // N)
        for r in range(len(shorter)):
            total = 0.0
            for j in range(N):
                total += part[r * N + j] * spins[j]
            shorter[r] = total / (k + 1)
        part = shorter
    return part


@nb.njit(cache=True, nogil=True)
def tensor_fields(fields, coupling, spins, i, order):  # type: ignore[no-untyped-def]
    """After spin i flipped: add its change to the fields of the tensor noise, −2 s_i^{old} Σ J_{i j k…} s_k… / (P−2)!.

    `coupling` [N, N^{P−1}] is the symmetric tensor with zeros at repeated indices; `spins` already hold the new s_i.
    """
    part = contract(coupling[i], spins, order - 2)
    for j in range(len(spins)):
        fields[j] += 2.0 * spins[i] * part[j]


@nb.njit(cache=True, nogil=True)
def tensor_all_fields(fields, coupling, spins, order):  # type: ignore[no-untyped-def]
    """Fields of the tensor noise from scratch, Σ J_{i j k…} s_j s_k… / (P−1)!."""
    for i in range(len(spins)):
        fields[i] = contract(coupling[i], spins, order - 1)[0]


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def project(rows, spins, out):  # type: ignore[no-untyped-def]
    """Overlaps (1/N) rows @ spins of a few rows."""
    N = len(spins)
    for c in range(len(rows)):
        total = 0.0
        for i in range(N):
            total += rows[c, i] * spins[i]
        out[c] = total / N


@nb.njit(cache=True, nogil=True)
def sign_overlaps(rows, spins):  # type: ignore[no-untyped-def]
    """Integer overlaps A_μ = Σ_i ξ_i^μ s_i [K], without a wider copy of the rows."""
    A = np.zeros(rows.shape[1], np.int32)
    for i in range(len(spins)):
        for m in range(len(A)):
            A[m] += np.int32(spins[i]) * np.int32(rows[i, m])
    return A


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def measure(sweep, interaction, spins, bias, fields, P, records):  # type: ignore[no-untyped-def]
    """Record H, x, m and, when due, the spins; the noise is homogeneous of degree P, so Σ s_i h_i = −P H."""
    probes, archetypes, energy, x, m, snapshots, first, stride = records
    external = noise = 0.0
    for i in range(len(spins)):
        external += spins[i] * bias[i]
        noise += spins[i] * fields[i]
    energy[sweep] = interaction - external - noise / P
    project(probes, spins, x[sweep])
    project(archetypes, spins, m[sweep])
    if (first + sweep) % stride == 0:
        snapshots[sweep // stride] = spins


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_field(rows, i, V):  # type: ignore[no-untyped-def]
    """Σ_μ ξ_i^μ V_μ of one site; `rows` [N, K] int8, V float32."""
    total = np.float32(0)
    for m in range(len(V)):
        total += np.float32(rows[i, m]) * V[m]
    return total


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_fields(rows, sites, n, V, out):  # type: ignore[no-untyped-def]
    """The same for the SPECULATION sites from sites[n] on, in one pass over V."""
    a, b, c, d = rows[sites[n]], rows[sites[n + 1]], rows[sites[n + 2]], rows[sites[n + 3]]
    ta = tb = tc = td = np.float32(0)
    for m in range(len(V)):
        ta += np.float32(a[m]) * V[m]
        tb += np.float32(b[m]) * V[m]
        tc += np.float32(c[m]) * V[m]
        td += np.float32(d[m]) * V[m]
    out[0], out[1], out[2], out[3] = ta, tb, tc, td


@nb.njit(cache=True, nogil=True, fastmath=FAST, inline="always")
def sign_update(rows, i, spin, A, V, v, d, P):  # type: ignore[no-untyped-def]
    """Flip: A −= 2 s ξ, V = V(A); returns W = Σ D(A). `v`, `d`: coefficients in A², times A where the parity is odd."""
    step = np.int32(2 * spin)
    v0, v1 = np.float32(v[0]), np.float32(v[1])
    if P == 2:
        for m in range(len(A)):
            a = np.int32(A[m] - step * rows[i, m])  # numba would carry int64
            A[m] = a
            V[m] = v0 * np.float32(a)
        return d[0] * len(A)
    if P == 3:
        S = np.int32(0)
        for m in range(len(A)):
            a = np.int32(A[m] - step * rows[i, m])  # numba would carry int64
            A[m] = a
            f = np.float32(a)
            V[m] = v0 + v1 * (f * f)
            S += a
        return d[0] * S
    if P == 4:
        Q = 0.0
        for m in range(len(A)):
            a = np.int32(A[m] - step * rows[i, m])  # numba would carry int64
            A[m] = a
            f = np.float32(a)
            g = f * f
            V[m] = f * (v0 + v1 * g)
            Q += np.float64(g)
        return d[0] * len(A) + d[1] * Q
    W = 0.0
    for m in range(len(A)):
        a = np.int32(A[m] - step * rows[i, m])  # numba would carry int64
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


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def sign_energy(A, F, P):  # type: ignore[no-untyped-def]
    """Σ_μ F(A_μ), coefficients in A², times A when P is odd."""
    total = 0.0
    f0, f1, f2, f3, f4 = F[0], F[1], F[2], F[3], F[4]
    odd = P % 2 == 1
    for m in range(len(A)):
        a = np.float64(A[m])
        g = a * a
        value = f0 + g * (f1 + g * (f2 + g * (f3 + g * f4)))
        total += value * a if odd else value
    return total


@nb.njit(cache=True, nogil=True, fastmath=FAST)
def run_signs(spins, rows, A, V, v, d, F, scale, P, bias, coupling, plan, records):  # type: ignore[no-untyped-def]
    """Sweeps of one replica with sign patterns; returns the number of flips. Arguments as in `dynamics.Replica`."""
    order, threshold = plan
    N = len(spins)
    fields = np.zeros(N)
    if len(coupling):
        tensor_all_fields(fields, coupling, spins, P)
    W = sign_update(rows, 0, 0, A, V, v, d, P)
    h = np.empty(SPECULATION, np.float32)
    flips = 0
    for sweep in range(len(order)):
        sites = order[sweep]
        n = 0
        while n < N:
            count = SPECULATION if len(V) >= LONG and n + SPECULATION <= N else 1
            if count == 1:
                h[0] = sign_field(rows, sites[n], V)
            else:
                sign_fields(rows, sites, n, V, h)
            for j in range(count):
                i = sites[n]
                s = spins[i]
                cost = scale * (s * h[j] - W) + 2.0 * s * (bias[i] + fields[i])
                n += 1
                if cost < threshold[sweep, n - 1]:
                    spins[i] = -s
                    W = sign_update(rows, i, s, A, V, v, d, P)
                    if len(coupling):
                        tensor_fields(fields, coupling, spins, i, P)
                    flips += 1
                    break
        measure(sweep, -scale * sign_energy(A, F, P), spins, bias, fields, P, records)
    return flips
