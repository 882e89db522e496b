"""Random words of a counter and a key, and the decisions they make: the same for every kernel, in any order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

Array = NDArray[Any]
ACCEPT, CHOOSE = 0, 1  # purposes of random words
BUCKETS = 256  # of the upper bits of a word: a threshold is computed only if its bucket does not decide


@compiled(inline="always")
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


@compiled()
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


@compiled()
def draw(out, first, replica, temperature, purpose, key):  # type: ignore[no-untyped-def]
    """Random words [sweeps, attempts, padded to 4] of consecutive sweeps for one replica, temperature and purpose."""
    for sweep in range(len(out)):
        draw_words(out[sweep], first + sweep, replica, temperature * 256 + purpose, key)


@compiled(inline="always")
def threshold(word, T, metropolis):  # type: ignore[no-untyped-def]
    """Costs ΔH below it are accepted: T ln((1−u)/u) (heat bath) or −T ln u, u = (word + ½)/2^32; 0 at T = 0."""
    if T == 0.0:
        return 0.0
    u = (np.float64(word) + 0.5) / 4294967296.0
    return -T * math.log(u) if metropolis else T * math.log((1.0 - u) / u)


@compiled()
def edges(T, metropolis):  # type: ignore[no-untyped-def]
    """Thresholds [BUCKETS + 1] of the first word of each bucket and of the last word of all, falling."""
    table = np.empty(BUCKETS + 1)
    for bucket in range(BUCKETS):
        table[bucket] = threshold(np.uint32(bucket << 24), T, metropolis)
    table[BUCKETS] = threshold(np.uint32(0xFFFFFFFF), T, metropolis)
    return table


@compiled(inline="always")
def accepted(cost, word, table, T, metropolis):  # type: ignore[no-untyped-def]
    """Whether a flip of this cost is accepted; a logarithm is taken once in BUCKETS attempts."""
    bucket = word >> np.uint32(24)
    if cost >= table[bucket]:
        return False
    return cost < table[bucket + 1] or cost < threshold(word, T, metropolis)
