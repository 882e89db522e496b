"""Single-spin dynamics of any kernel: a kernel is what flipping a spin costs, and what a flip does to its caches.

A kernel's state is a named tuple of arrays, with `scale`, `total` and `memory` among them: the interaction energy is
−scale · total[0]. Its file registers two functions for the type of its state:

    gain(state, spins, i)   what flipping spin i adds to the total, caches up to date
    flip(state, spins, i)   the caches after spin i was flipped; `spins` hold the new one

Until the next flip no gain is computed twice: an attempt in a frozen state costs no more than its random word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from .compiling import compiled
from .words import accepted

Array = NDArray[Any]
FAST = {"reassoc", "nsz", "contract"}
_GAINS: dict[type, Callable[..., Any]] = {}
_FLIPS: dict[type, Callable[..., Any]] = {}


class Memory(NamedTuple):
    """Gains [N], how many flips had been made when each was computed [N], and how many there are now [1]."""

    gains: Array
    when: Array
    flips: Array


def remember(N: int, kind: Any = np.int64) -> Memory:
    """No gain is known yet."""
    return Memory(np.zeros(N, kind), np.full(N, -1, np.int64), np.zeros(1, np.int64))


def kernel(state: type, gain: Callable[..., Any], flip: Callable[..., Any]) -> None:
    """Register the two functions of a kernel for the type of its state."""
    _GAINS[state], _FLIPS[state] = gain, flip


def gain(state: Any, spins: Any, i: Any) -> Any:
    """What flipping spin i adds to the total."""
    return _GAINS[type(state)](state, spins, i)


def flip(state: Any, spins: Any, i: Any) -> Any:
    """Bring the caches up to date after spin i was flipped."""
    return _FLIPS[type(state)](state, spins, i)


@overload(gain, jit_options={"forceinline": True})
def _gain(state, spins, i):  # type: ignore[no-untyped-def]
    return _chosen(_GAINS, state)


@overload(flip, jit_options={"forceinline": True})
def _flip(state, spins, i):  # type: ignore[no-untyped-def]
    return _chosen(_FLIPS, state)


def _chosen(table: dict[type, Callable[..., Any]], state: Any) -> Any:
    function = table.get(getattr(state, "instance_class", type(None)))
    return None if function is None else getattr(function, "py_func", function)


@compiled()
def sweep(state, spins, bias, draws, configurations, totals):  # type: ignore[no-untyped-def]
    """Sweeps of one replica; keeps configurations [sweeps, N] and totals [sweeps], returns the number of flips.

    `draws`: words [sweeps, N or more] that accept, words that choose the site ([0, 0]: sites in order), and `edges`, T
    and the rule of `words.accepted`.
    """
    words, sites, table, T, metropolis = draws
    scale, total, (gains, when, clock) = state.scale, state.total, state.memory
    N, begin = len(spins), clock[0]
    flips = begin
    for n in range(len(words)):
        for t in range(N):
            i = t
            if len(sites):
                i = np.int64((np.uint64(sites[n, t]) * np.uint64(N)) >> np.uint64(32))
            if when[i] != flips:
                gains[i] = gain(state, spins, i)
                when[i] = flips
            cost = 2.0 * spins[i] * bias[i] - scale * gains[i]
            if accepted(cost, words[n, t], table, T, metropolis):
                spins[i] = -spins[i]
                total[0] += gains[i]
                flip(state, spins, i)
                flips += 1
        configurations[n] = spins
        totals[n] = total[0]
    clock[0] = flips
    return flips - begin
