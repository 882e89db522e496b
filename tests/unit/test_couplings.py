"""Coupling tensors of whole-number entries: counted by words where they are signs, by products where they are not."""

import itertools
import platform

import numba as nb
import numpy as np
import pytest

from densenet_sm.montecarlo.couplings import flat_couplings, odd_signs


@pytest.mark.parametrize(("P", "N", "n"), [(2, 9, 70), (3, 10, 70), (3, 3, 1), (4, 9, 64), (5, 8, 65), (6, 9, 200)])
@pytest.mark.parametrize("largest", [1, 3])
def test_couplings_are_the_sums_of_products_in_the_order_of_combinations(P, N, n, largest):
    """Words of 64 signs, full and not; entries up to 3 take the other way."""
    rows = np.random.default_rng(1).choice([-largest, 1], (n, N))
    wanted = [rows[:, list(sites)].prod(1).sum() for sites in itertools.combinations(range(N), P)]
    found = flat_couplings(rows, None, P)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86 assembly")
def test_signs_are_counted_by_instructions_that_count_bits():
    """AVX2 has none for vectors, and looks up half bytes by shuffling."""
    fresh = nb.njit(odd_signs.py_func)  # a cached one has no assembly to show
    fresh(np.ones((4, 2), np.uint64), np.zeros(4, np.int64), 3)
    assembly = "".join(fresh.inspect_asm().values())
    assert "popcnt" in assembly or "vpshufb" in assembly
