"""Named random streams: one seed, independent numbers for every purpose and every disorder sample."""

from __future__ import annotations

import numpy as np

from .errors import check_integer, check_name

# the order is part of every seed's meaning: append, never reorder
STREAMS = ("patterns", "examples", "tensor noise", "initial state", "dynamics", "exchange", "one step")


def seed_sequence(seed: int, stream: str, sample: int = 0) -> np.random.SeedSequence:
    """Seed sequence of one named stream of one disorder sample.

    `SeedSequence(seed, spawn_key=(k, sample))` with k the place of `stream` in STREAMS: what the dynamics draws never
    depends on how many numbers the patterns needed.

    Raises ParameterError for an unknown stream, a negative seed or sample.

    >>> int(seed_sequence(1, "patterns").generate_state(1)[0]) != int(seed_sequence(1, "examples").generate_state(1)[0])
    True
    """
    check_name("stream", stream, STREAMS)
    seed = check_integer("seed", seed, low=0, remedy="Use a non-negative integer seed.")
    sample = check_integer("sample", sample, low=0)
    return np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream), sample))


def generator(seed: int, stream: str, sample: int = 0) -> np.random.Generator:
    """NumPy generator of a named stream (see `seed_sequence`).

    >>> bool(generator(1, "patterns").integers(10) == generator(1, "patterns").integers(10))
    True
    """
    return np.random.default_rng(seed_sequence(seed, stream, sample))
