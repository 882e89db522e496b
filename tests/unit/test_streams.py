"""Named random streams: one seed, independent and reproducible numbers for every purpose."""

import itertools
import math

import numpy as np
import pytest

from densenet_sm import Model, Network, ParameterError
from densenet_sm.streams import STREAMS, generator, seed_sequence

PLACES = list(itertools.product((0, 1, 2**70), STREAMS, (0, 1, 2)))


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_is_reproducible(stream):
    first, again = (generator(5, stream, 3).integers(0, 2**63, 100) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_every_seed_stream_and_sample_has_numbers_of_its_own():
    words = {tuple(seed_sequence(*place).generate_state(4)) for place in PLACES}
    assert len(words) == len(PLACES)


def test_streams_are_uncorrelated():
    """Pairwise correlations of 20000 normals within 5 standard errors, 1/√n each."""
    n = 20_000
    draws = np.array([generator(*place).standard_normal(n) for place in PLACES])
    correlation = np.corrcoef(draws) - np.eye(len(PLACES))
    assert np.abs(correlation).max() < 5 / math.sqrt(n)


def test_what_one_stream_draws_does_not_depend_on_how_much_another_drew():
    small, large = (Network.sample(Model(P=3, nu=0.1), N=10, K=K, seed=2) for K in (1, 50))
    np.testing.assert_array_equal(small.noise, large.noise)


def test_the_place_of_a_stream_is_frozen():
    """Stored results name seeds: streams are appended, never reordered or renamed."""
    assert STREAMS[:6] == ("patterns", "examples", "tensor noise", "initial state", "dynamics", "exchange")
    expected = np.random.SeedSequence(9, spawn_key=(4, 2)).generate_state(4)
    np.testing.assert_array_equal(seed_sequence(9, "dynamics", 2).generate_state(4), expected)


def test_a_stream_is_not_the_bare_seed():
    bare = np.random.default_rng(1).integers(0, 2**63, 10)
    assert all((generator(1, stream).integers(0, 2**63, 10) != bare).any() for stream in STREAMS)


@pytest.mark.parametrize(
    ("arguments", "name"), [((1, "spins"), "stream"), ((-1, "patterns"), "seed"), ((1, "patterns", -1), "sample")]
)
def test_bad_places_are_refused_by_name(arguments, name):
    with pytest.raises(ParameterError, match=f"^{name} must be"):
        generator(*arguments)
