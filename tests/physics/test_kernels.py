"""Compiled kernels: random numbers, energies, equality of kernels, and averages against enumeration."""

import platform
from itertools import combinations
from math import comb

import numba as nb
import numpy as np
import pytest
from scipy.stats import chi2

from densenet_sm import (
    Model,
    Multitasking,
    Network,
    ParameterError,
    Storing,
    Supervised,
    TeacherStudent,
    Unsupervised,
    exact,
    retrieve,
    simulate,
)
from densenet_sm.montecarlo import couplings, entries, lanes, masked, multiples, shifts, signs, vectors, words
from densenet_sm.montecarlo.dynamics import KERNELS, Replica, prepare, together
from densenet_sm.montecarlo.integers import fits, halves, horner, modular, rounded, table

KEY = np.array([7, 11], np.uint32)
PORTABLE = 3, 6  # orders at which kernels also run without the instructions of one processor
FALSE_ALARM = 1e-5  # of each statistical test


def spins_of(net, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), net.N)


def test_random_words_are_the_published_philox_vectors():
    zero, ones = np.uint32(0), np.uint32(0xFFFFFFFF)
    pi = [np.uint32(w) for w in (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)]
    expected = {
        (zero,) * 6: (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        (ones,) * 6: (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        tuple(pi): (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    }
    for arguments, wanted in expected.items():
        assert tuple(int(w) for w in words.philox(*arguments)) == wanted


NETWORKS = {
    "P2 noise field": Model(P=2, alpha=0.3, nu=0.2, field=0.1),
    "P3 noise field": Model(P=3, alpha=0.3, nu=0.2, field=0.1),
    "P4 noise": Model(P=4, alpha=0.2, nu=0.1),
    "P5": Model(P=5, alpha=0.1),
    "P8": Model(P=8, alpha=0.01),
    "P3 power": Model(P=3, alpha=0.3, interaction="power"),
    "P6 power": Model(P=6, alpha=0.05, interaction="power"),
    "unsupervised": Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=3)),
    "supervised": Model(P=3, alpha=0.3, nu=0.1, protocol=Supervised(r=0.6, M=3), field=0.1),
    "multitasking": Model(P=4, alpha=0.1, protocol=Multitasking(2, 0.3)),
    "teacher and student": Model(P=3, alpha=0.3, nu=0.1, protocol=TeacherStudent(1.2), field=0.1),
    "P2 multitasking power": Model(P=2, alpha=0.1, protocol=Multitasking(2, 0.3), interaction="power"),
}


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("name", NETWORKS)
def test_tracked_observables_are_those_of_the_reference(name, dynamics):
    net = Network.sample(NETWORKS[name], 12, seed=3)
    record = Replica(prepare(net), spins_of(net), 0.7, dynamics, KEY).run(150, stride=1)
    C = len(net.probes)
    assert record.snapshots.shape == (150, 12)
    np.testing.assert_allclose(record.energy, net.energy(record.snapshots), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(record.m, net.magnetisations(record.snapshots)[:, :C], atol=1e-14)
    np.testing.assert_allclose(record.x, record.snapshots @ net.probes.T / net.N, atol=1e-14)
    assert record.flips > 0


def all_kernels(net, dynamics="heat-bath"):
    """Everything a network can run on, by name; some once more without the instructions of one processor."""
    for name in KERNELS:
        if name == "lanes" and dynamics == "metropolis":
            continue
        try:
            yield name, prepare(net, name)
        except ParameterError:
            continue
        if name in ("bits", "integers") and net.P in PORTABLE:
            yield f"portable {name}", prepare(net, name, portable=True)


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis", "zero"])
@pytest.mark.parametrize(
    ("P", "interaction"), [*((P, "tensor") for P in (2, 3, 4, 6, 8)), (2, "power"), (3, "power"), (8, "power")]
)
def test_kernels_agree_flip_for_flip(P, interaction, dynamics):
    net = Network.sample(Model(P=P, interaction=interaction), 13, K=40, seed=5)
    T = 0.0 if dynamics == "zero" else 2 * float(np.abs(net.local_fields(net.archetypes[0])).mean())
    runs = {
        name: Replica(p, spins_of(net), T, dynamics, KEY).run(60, stride=1) for name, p in all_kernels(net, dynamics)
    }
    wanted = {"bits", "integers", "reals"} | ({"couplings"} if interaction == "tensor" else set())
    wanted |= {"lanes"} if dynamics != "metropolis" else set()
    wanted |= {"portable bits", "portable integers"} if P in PORTABLE else set()
    assert set(runs) == wanted
    first = runs["bits"]
    assert first.flips >= (1 if dynamics == "zero" else 50)
    for run in runs.values():
        np.testing.assert_array_equal(run.snapshots, first.snapshots)
        np.testing.assert_allclose(run.energy, first.energy, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize("P", [2, 3, 4, 8])
def test_kernels_of_diluted_patterns_agree_flip_for_flip(P, interaction):
    net = Network.sample(Model(P=P, interaction=interaction, protocol=Multitasking(2, 0.3)), 13, K=40, seed=5)
    spins = spins_of(net)
    T = 2 * float(np.abs(net.local_fields(spins)).mean())
    runs = {name: Replica(p, spins.copy(), T, "heat-bath", KEY).run(60, stride=1) for name, p in all_kernels(net)}
    assert {"bits", "integers", "reals"} <= set(runs)
    assert runs["bits"].flips > 20
    for run in runs.values():
        np.testing.assert_array_equal(run.snapshots, runs["bits"].snapshots)
        np.testing.assert_allclose(run.energy, runs["bits"].energy, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("P", "N", "K", "d"), [(3, 60, 700, 0.5), (4, 200, 300, 0.2), (5, 60, 300, 0.3)])
@pytest.mark.parametrize("portable", [False, True])
def test_caches_of_diluted_patterns_never_drift(P, N, K, d, portable):
    """Half overlaps, planes and lists of patterns beyond 16 bits are those from scratch, arrivals and all."""
    net = Network.sample(Model(P=P, protocol=Multitasking(2, d)), N, K=K, seed=2)
    for start in (net.archetypes[0], net.archetypes[1]):
        spins = np.where(start != 0, start, spins_of(net)).astype(np.int8)
        T = float(np.abs(net.local_fields(spins)).mean())
        replica = Replica(prepare(net, "bits", portable), spins, T, "heat-bath", KEY)
        record = replica.run(20)
        kept, fresh = replica.caches, replica.shared.rows.state(replica.spins)
        assert record.flips > 20
        assert kept.total[0] == fresh.total[0]
        np.testing.assert_array_equal(kept.A, fresh.A)
        np.testing.assert_array_equal(kept.planes, fresh.planes)
        np.testing.assert_array_equal(*(np.sort(c.far[0, : c.listed[0]]) for c in (kept, fresh)))
        assert record.energy[-1] == pytest.approx(float(net.energy(replica.spins)), rel=1e-12)


def test_a_diluted_pattern_crosses_the_edge_of_16_bits_both_ways():
    net = Network.sample(Model(P=4, protocol=Multitasking(2, 0.2)), 200, K=300, seed=3)
    spins = np.where(net.archetypes[0] != 0, net.archetypes[0], 1).astype(np.int8)
    replica = Replica(prepare(net, "bits"), spins, 1e4, "heat-bath", KEY)
    assert replica.caches.listed[0] == 1
    replica.run(5)
    assert replica.caches.listed[0] == 0
    net = Network.sample(Model(P=4, protocol=Multitasking(2, 0.2)), 200, K=300, seed=4)
    pattern = np.flatnonzero(net.archetypes[1])
    spins = np.where(net.archetypes[1] != 0, net.archetypes[1], 1).astype(np.int8)
    spins[pattern[:56]] *= -1
    cold = Replica(prepare(net, "bits"), spins, 0.0, "zero", KEY)
    assert cold.caches.listed[0] == 0
    cold.run(20)
    assert cold.caches.listed[0] == 1
    assert cold.caches.total[0] == cold.shared.rows.state(cold.spins).total[0]


@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize(("P", "N", "K"), [(2, 50, 7), (3, 60, 64), (4, 100, 30), (6, 40, 9)])
def test_replicas_in_lanes_are_the_single_ones(P, N, K, interaction):
    """Eleven replicas at as many temperatures, so that lanes of the second group stay empty; across chunks."""
    net = Network.sample(Model(P=P, interaction=interaction, field=0.1), N, K=K, seed=1)
    scale = float(np.abs(net.local_fields(spins_of(net))).mean())
    T = [0.0, *(scale * np.linspace(0.3, 3, 10))]

    def replicas(name):
        shared = prepare(net, name)
        return [Replica(shared, spins_of(net, k), t, "heat-bath", KEY, k, 0, 5) for k, t in enumerate(T)]

    rows = together(replicas("bits"), 100, 7)
    group = replicas("lanes")
    for single, lane in zip(rows, together(group, 100, 7), strict=True):
        assert lane.flips == single.flips > 0
        np.testing.assert_array_equal(lane.snapshots, single.snapshots)
        np.testing.assert_array_equal(lane.m, single.m)
        np.testing.assert_allclose(lane.energy, single.energy, rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose([net.energy(r.spins) for r in group], [r.energy[-1] for r in rows], rtol=1e-12)


@pytest.mark.parametrize("exchange", [False, True])
def test_simulate_puts_replicas_of_few_patterns_into_lanes(exchange):
    settings = {"N": 30, "K": 5, "T": [0.6, 0.7, 0.8, 0.9], "sweeps": 150, "burn_in": 8, "samples": 2, "seed": 3}
    settings |= {"replicas": 2 if exchange else 9, "exchange": exchange}
    one, other = (simulate(Model(P=3), kernel=name, **settings) for name in (None, "bits"))
    assert all(one[name].equals(other[name]) for name in ("m", "acceptance", "q_histogram"))
    np.testing.assert_allclose(one.energy, other.energy, rtol=1e-13)
    net = Network.sample(Model(P=3), 30, K=5, seed=1)
    assert [prepare(net, together=n).kernel for n in (1, 4)] == ["bits", "lanes"]


@pytest.mark.parametrize("name", ["unsupervised", "supervised", "multitasking"])
def test_kernels_of_other_entries_agree_flip_for_flip(name):
    model = NETWORKS[name].replace(nu=0.0, field=0.2)
    net = Network.sample(model, 16, seed=2)
    runs = [Replica(p, spins_of(net), 0.9, "heat-bath", KEY).run(60, stride=1) for _, p in all_kernels(net)]
    assert len(runs) >= 3
    assert runs[0].flips > 50
    for run in runs:
        np.testing.assert_array_equal(run.snapshots, runs[0].snapshots)


@pytest.mark.parametrize(
    ("P", "N", "K", "T"), [(3, 30, 2100, 5.0), (4, 90, 700, 0.8), (5, 60, 300, 0.9), (4, 500, 300, 0.9)]
)
def test_whole_number_caches_never_drift(P, N, K, T):
    """Many blocks of patterns, patterns beyond 16 bits, arrivals and departures, and the floating-point forms."""
    net = Network.sample(Model(P=P), N, K=K, seed=2)
    for portable in (False, True):
        replica = Replica(prepare(net, "bits", portable), net.archetypes[0].astype(np.int8), T, "heat-bath", KEY)
        record = replica.run(30)
        kept, fresh = replica.caches, replica.shared.rows.state(replica.spins)
        assert record.flips > 20
        assert kept.total[0] == fresh.total[0]
        np.testing.assert_array_equal(kept.numbers, fresh.numbers)
        np.testing.assert_array_equal(kept.A, fresh.A)
        np.testing.assert_array_equal(kept.planes, fresh.planes)
        assert set(kept.far[0, : kept.numbers[signs.FAR]]) == set(fresh.far[0, : fresh.numbers[signs.FAR]])
        assert record.energy[-1] == pytest.approx(float(net.energy(replica.spins)), rel=1e-12)


def test_patterns_cross_the_edge_of_16_bits_both_ways():
    net = Network.sample(Model(P=4), 200, K=300, seed=3)
    rows = prepare(net, "bits").rows
    assert not rows.near
    replica = Replica(prepare(net, "bits"), net.archetypes[0].astype(np.int8), 100.0, "heat-bath", KEY)
    assert replica.caches.numbers[signs.FAR] == 1
    replica.run(5)
    assert replica.caches.numbers[signs.FAR] == 0
    cold = Replica(prepare(net, "bits"), spins_of(net), 0.0, "zero", KEY)
    cold.spins[:] = net.archetypes[1]
    cold.spins[:70] *= -1
    cold = Replica(cold.shared, cold.spins, 0.0, "zero", KEY)
    assert cold.caches.numbers[signs.FAR] == 0
    cold.run(20)
    assert cold.caches.numbers[signs.FAR] == 1
    assert cold.caches.total[0] == cold.shared.rows.state(cold.spins).total[0]


@pytest.mark.parametrize(("P", "N", "M", "digits"), [(2, 40, 31, 1), (3, 300, 9, 2), (4, 60, 9, 2), (5, 120, 5, 3)])
@pytest.mark.parametrize("interaction", ["tensor", "power"])
def test_digits_of_multiples_never_drift(P, N, M, digits, interaction):
    """One, two and three digits of 16 bits: caches are those from scratch, and energies those of the network."""
    net = Network.sample(Model(P=P, protocol=Supervised(r=0.8, M=M), interaction=interaction), N, K=37, seed=2)
    shared = prepare(net, "integers")
    assert isinstance(shared.rows, multiples.MultipleRows)
    assert max(map(len, shared.rows.places)) >= digits
    spins = np.where(net.probes[0] < 0, np.int8(-1), np.int8(1))
    T = float(np.abs(net.local_fields(spins)).mean())
    replica = Replica(shared, spins, T, "heat-bath", KEY)
    record = replica.run(10)
    kept, fresh = replica.caches, shared.rows.state(replica.spins)
    assert record.flips > 10
    assert kept.total[0] == fresh.total[0]
    np.testing.assert_array_equal(kept.c, fresh.c)
    whole = (kept.digits.astype(np.int64) << (16 * np.arange(kept.digits.shape[1]))[:, None]).sum(1)
    np.testing.assert_array_equal(whole, kept.c)
    for c, own in zip(kept.c, shared.rows.places, strict=True):
        assert (np.abs(c) < 2 ** (16 * len(own) - 1)).all()
    assert record.energy[-1] == pytest.approx(float(net.energy(replica.spins)), rel=1e-12)


@nb.njit
def total(row, planes, avx2):
    return masked.masked_sum(row, planes, avx2)


@pytest.mark.parametrize("avx2", [vectors.AVX2, None])
@pytest.mark.parametrize("n", [1, 31, 256, 257, 70_000])
def test_masked_sums_are_sums(n, avx2):
    rng = np.random.default_rng(n)
    bits = rng.integers(0, 2, (2, n))
    U = rng.integers(0, 2**24, n)
    U[: n // 2] = 2**24 - 1
    row = masked.pack(bits)
    padded = np.full(row.shape[1] * 8, 7)  # what stands behind the end does not count
    padded[:n] = U
    planes = tuple((padded >> 8 * j & 255).astype(np.uint8) for j in range(3))

    assert [total(r, planes, avx2) for r in row] == (bits @ U).tolist()
    largest = tuple(np.full(len(padded), 255, np.uint8) for _ in range(3))  # sums of a group come closest to 16 bits
    every = masked.pack(np.ones((1, len(padded)), int))[0]
    assert total(every, largest, avx2) == len(padded) * (2**24 - 1)


@pytest.mark.parametrize("interaction", ["tensor", "power"])
@pytest.mark.parametrize("P", range(2, 9))
def test_polynomials_give_the_tables(P, interaction):
    for N in (9, 20, 200, 501):
        if not fits(P, N, 1):
            continue
        F = table(P, N, interaction)
        a = halves(N)
        for values, degree in (((F[2:] - F[:-2]) // 2, P - 1), ((F[2:] + F[:-2]) // 2 - F[1:-1], P - 2)):
            form, edge = modular([values], degree, N)
            low = horner(form.coefficients[:, 0], a.astype(np.int16)).astype(np.int64)
            np.testing.assert_array_equal(form.offset + form.unit * form.U[0], values)
            assert ((low - form.U[0]) % 2**16 == 0).all()
            assert (low == form.U[0])[np.abs(a) < edge].all()
            exact = rounded([values], degree)
            if exact is not None:
                c = exact.coefficients[:, 0]
                np.testing.assert_array_equal(np.rint(horner(c, a.astype(c.dtype))), exact.U[0])


def test_tables_are_elementary_polynomials():
    for P in range(2, 9):
        s = np.where(np.arange(11) < 4, -1, 1)
        e = np.poly(-s.astype(float))  # Π (1 + s_i z), from the constant on
        assert table(P, 11, "tensor")[np.flatnonzero(np.arange(-13, 14, 2) == s.sum())[0]] == round(e[P])


@nb.njit
def both(cost, word, table_of, T, metropolis):
    return words.accepted(cost, word, table_of, T, metropolis), cost < words.threshold(word, T, metropolis)


@pytest.mark.parametrize("metropolis", [False, True])
@pytest.mark.parametrize("T", [0.0, 0.3, 2.0])
def test_buckets_decide_as_the_threshold_does(T, metropolis):
    rng = np.random.default_rng(4)
    table_of = words.edges(T, metropolis)
    assert (np.diff(table_of) <= 0).all()
    drawn = np.concatenate([rng.integers(0, 2**32, 4000), [0, 1, 2**24 - 1, 2**24, 2**32 - 1]]).astype(np.uint32)

    for word in drawn:
        for cost in (*rng.normal(0, 2, 3), words.threshold.py_func(word, T, metropolis)):
            quick, plain = both(cost, word, table_of, T, metropolis)
            assert quick == plain


def test_kernels_that_do_not_suit_are_refused():
    real = Network(np.array([[0.3, 1.0, np.sqrt(0.5)]]), P=2)
    for name in ("bits", "integers"):
        with pytest.raises(ParameterError, match="kernel must be"):
            prepare(real, name)
    for net in (real, Network.sample(Model(P=3), 20, K=65, seed=1)):
        with pytest.raises(ParameterError, match="kernel must be 'lanes' only for up to 64"):
            prepare(net, "lanes")
    with pytest.raises(ParameterError, match="Metropolis"):
        simulate(Model(P=3), T=1.0, N=20, K=4, kernel="lanes", dynamics="metropolis")
    noisy = Network.sample(Model(P=3, nu=0.1), 8, seed=1)
    with pytest.raises(ParameterError, match="couplings"):
        prepare(noisy, "bits")
    with pytest.raises(ParameterError, match="power"):
        prepare(Network.sample(Model(P=3, interaction="power"), 8, seed=1), "couplings")


def test_simulate_runs_on_the_kernel_asked_for():
    settings = {"T": 0.5, "N": 20, "sweeps": 20, "burn_in": 4, "samples": 1, "seed": 3}
    runs = [simulate(Model(P=3, alpha=0.2), kernel=name, **settings) for name in (None, *KERNELS)]
    for run in runs:
        assert run.m.equals(runs[0].m)


def test_a_run_in_pieces_is_the_run_in_one():
    net = Network.sample(Model(P=3, alpha=0.2), 20, seed=1)
    one = Replica(prepare(net), spins_of(net), 0.5, "heat-bath", KEY)
    whole = one.run(200, stride=3)
    two = Replica(prepare(net), spins_of(net), 0.5, "heat-bath", KEY)
    pieces = [two.run(n, stride=3) for n in (1, 70, 64, 65)]
    np.testing.assert_array_equal(whole.energy, np.concatenate([p.energy for p in pieces]))
    np.testing.assert_array_equal(whole.snapshots, np.concatenate([p.snapshots for p in pieces]))


def state_counts(net, T, dynamics, replicas=24, sweeps=3000, thinning=6):
    """Histogram of the 2^N states over independent replicas, thinned."""
    shared = prepare(net)
    counts = np.zeros(2**net.N)
    for replica in range(replicas):
        copy = Replica(shared, spins_of(net, replica), T, dynamics, KEY, replica=replica)
        copy.run(100)
        seen = copy.run(sweeps, stride=thinning).snapshots
        np.add.at(counts, ((seen < 0) << np.arange(net.N)).sum(1), 1)
    return counts


def chi_square(counts, probabilities):
    """p-value of a histogram, states expected fewer than 10 times pooled."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    observed = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    statistic = ((observed - wanted)[keep] ** 2 / wanted[keep]).sum()
    return chi2.sf(statistic, keep.sum() - 1)


PROTOCOLS = {
    "storing": Storing(),
    "supervised": Supervised(r=0.6, M=3),
    "unsupervised": Unsupervised(r=0.6, M=3),
    "multitasking": Multitasking(2, 0.3),
}


@pytest.mark.parametrize("dynamics", ["heat-bath", "metropolis"])
@pytest.mark.parametrize("P", [2, 3, 4])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_states_are_visited_with_their_boltzmann_weights(name, P, dynamics):
    model = Model(P=P, alpha=0.3, nu=0.1, field=0.05, protocol=PROTOCOLS[name])
    net = Network.sample(model, 6, seed=P)
    assert chi_square(state_counts(net, 0.8, dynamics), exact(net, 0.8)["probabilities"]) > FALSE_ALARM


@pytest.mark.parametrize("P", [2, 3, 4])
def test_power_interactions_are_visited_with_their_boltzmann_weights(P):
    net = Network.sample(Model(P=P, alpha=0.3, interaction="power"), 6, seed=P)
    assert chi_square(state_counts(net, 0.8, "heat-bath"), exact(net, 0.8)["probabilities"]) > FALSE_ALARM


def test_the_same_test_refuses_a_wrong_temperature():
    net = Network.sample(Model(P=3, alpha=0.3), 6, seed=1)
    assert chi_square(state_counts(net, 0.8, "heat-bath"), exact(net, 0.72)["probabilities"]) < FALSE_ALARM


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("P", [2, 3, 4])
def test_averages_of_simulate_are_those_of_enumeration(name, P):
    net = Network.sample(Model(P=P, alpha=0.2, protocol=PROTOCOLS[name]), 12, seed=4)
    truth = exact(net, 1.0)
    replicas = 32
    ds = simulate(net, T=1.0, sweeps=1500, burn_in=100, replicas=replicas, start="random", seed=8)
    C = len(net.probes)
    for values, wanted in (
        (ds.energy.values[0, 0], truth["energy"]),
        (ds.m.values[0, 0, :, 0], truth["m"][0]),
        (ds.abs_m.values[0, 0, :, C - 1], truth["abs_m"][C - 1]),
    ):
        error = values.std(ddof=1) / np.sqrt(replicas)
        assert abs(values.mean() - wanted) < 5 * error  # about 1e-5 for 31 degrees of freedom
    assert ds.q.item() == pytest.approx(truth["q"], abs=0.02)


@pytest.mark.parametrize("name", NETWORKS)
def test_zero_temperature_descends_to_a_local_minimum(name):
    net = Network.sample(NETWORKS[name], 12, seed=6)
    for seed in range(5):
        record = Replica(prepare(net), spins_of(net, seed), 0.0, "zero", KEY).run(60, stride=1)
        assert (np.diff(record.energy) <= 1e-12).all()
        end = record.snapshots[-1]
        assert (end * net.local_fields(end) > -1e-12).all()


def test_ties_keep_the_spin():
    net = Network([[1.0, 1.0, 0.0, 0.0]], P=2)
    for cue in ([1, 1, 1, -1], [-1, -1, -1, 1]):
        end = retrieve(net, cue)
        assert end.spins.tolist() == cue
        assert (end.sweeps, end.converged) == (1, True)


def test_retrieval_from_half_of_a_pattern():
    net = Network.sample(Model(P=3, alpha=0.05), 96, seed=2)
    cues = np.repeat(net.archetypes[:4], 2, 0).copy()
    cues[:, :19] *= -1  # overlap 0.6
    end = retrieve(net, cues)
    assert end.converged.all()
    assert end.magnetisations.shape == (8, net.n)
    assert (end.magnetisations[np.arange(8), np.arange(8) // 2] > 0.97).all()


def test_results_depend_on_the_seed_alone(monkeypatch):
    arguments = {"T": [0.3, 0.5], "N": 30, "sweeps": 30, "burn_in": 5, "samples": 2}
    model = Model(P=3, alpha=0.1)
    first = simulate(model, seed=4, **arguments)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert first.identical(simulate(model, seed=4, **arguments))
    assert not first.m.equals(simulate(model, seed=5, **arguments).m)
    alone = simulate(model, seed=4, **arguments | {"samples": 1})
    assert alone.m.isel(sample=0).equals(first.m.isel(sample=0))
    assert np.isnan(alone.m_err).all()


def test_gauging_the_patterns_gauges_the_run():
    net = Network.sample(Model(P=3, alpha=0.3), 16, seed=9)
    gauge = spins_of(net, 3)
    turned = Network(net.entries * gauge, P=3)
    runs = [
        Replica(prepare(n), s, 0.0, "zero", KEY).run(20, stride=1).snapshots
        for n, s in ((net, spins_of(net)), (turned, spins_of(net) * gauge))
    ]
    np.testing.assert_array_equal(runs[0] * gauge, runs[1])


@pytest.mark.skipif(vectors.AVX2 is None, reason="reads assembly of AVX2")
def test_passes_over_patterns_are_vectorised():
    @nb.njit
    def dot(row, planes, avx2):
        return masked.masked_sum(row, planes, avx2)

    @nb.njit
    def update(row, A, polynomials, planes, flags, avx2):
        return shifts.shift(row, None, np.int16(1), A, polynomials, (planes, ()), np.int16(9), flags, avx2)

    row, A, flags = np.zeros(32, np.uint8), np.zeros(256, np.int16), np.zeros(1, np.uint8)
    planes = (np.zeros(256, np.uint8), np.zeros(256, np.uint8))
    one = np.int16(1)
    for avx2, instruction in ((True, "vpmaddubsw"), (None, "vpaddw")):
        dot(row, planes, avx2)
        assert "".join(dot.inspect_asm().values()).count(instruction) >= 8
    update(row, A, ((one, one, one), (one, one)), planes, flags, True)
    assembly = "".join(update.inspect_asm().values())
    assert assembly.count("vpmullw") >= 4
    assert "zmm" in assembly or "ymm" in assembly


@pytest.mark.skipif(vectors.AVX2 is None, reason="reads assembly of AVX2")
def test_products_of_multiples_are_vectorised():
    @nb.njit
    def sums(row, digits, places, avx2):
        return multiples.products(row, digits, places, avx2)

    rng = np.random.default_rng(3)
    row, digits = (
        rng.integers(-9, 10, 1600).astype(np.int8),
        rng.integers(-(2**15), 2**15, (3, 2, 1600)).astype(np.int16),
    )
    c = digits[:, 0].astype(np.int64) + (digits[:, 1].astype(np.int64) << 16)
    c[0] = digits[0, 0]
    t = row.astype(np.int64)
    for avx2 in (True, None):
        found = sums(row, digits, ((0,), (0, 0), (0, 0)), avx2)
        assert found == ((t * c[2]).sum(), (t**2 * c[1]).sum(), (t**3 * c[0]).sum())
    assert "".join(sums.inspect_asm().values()).count("vpmaddwd") >= 5


@pytest.mark.skipif(vectors.AVX2 is None, reason="needs AVX2")
@pytest.mark.parametrize(("P", "N", "suffix"), [(3, 40, "ps"), (6, 200, "pd")])
def test_lanes_are_vectors(P, N, suffix):
    net = Network.sample(Model(P=P), N, K=8, seed=1)
    rows = prepare(net, "lanes").rows
    fresh = nb.njit(lanes.sweep_lanes.py_func)
    state = rows.state(np.ones((8, N), np.int8))
    arguments = np.zeros((1, N, 8), np.uint32), np.zeros((8, 257)), np.zeros(8)
    fresh(state, np.zeros(N), *arguments, np.empty((1, N, 8), np.int8), np.empty((1, 8), np.int64))
    found = "".join(fresh.inspect_asm().values()).splitlines()
    assert sum("vfmadd" in line and suffix in line and ("ymm" in line or "zmm" in line) for line in found) >= 8


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86 assembly")
@pytest.mark.parametrize("kind", [np.int8, np.float64])
def test_sums_over_entries_are_vectorised(kind):
    fresh = nb.njit(fastmath=entries.FAST)(entries.change.py_func)  # a cached one has no assembly to show
    c, b = np.ones((2, 99)), np.ones(3)
    assert fresh(np.ones(99, kind), 1.0, np.ones(99), c, b, (0, 0, 0)) == 99
    assembly = "".join(fresh.inspect_asm().values())
    assert sum(assembly.count(register) for register in ("zmm", "ymm")) > 10


def test_couplings_are_products_of_entries_at_every_site():
    t = np.random.default_rng(1).normal(size=(3, 6))
    noise = np.arange(1.0, comb(6, 3) + 1)
    net = Network(t, P=3, noise=noise)
    rows = prepare(net).rows
    c = 6 / (2 * 6**2)
    tuples = list(combinations(range(6), 3))
    wanted = {x: c * ((t[:, x[0]] * t[:, x[1]] * t[:, x[2]]).sum() + g) for x, g in zip(tuples, noise, strict=True)}
    for i in range(6):
        others = [tuple(sorted((i, *pair))) for pair in combinations([j for j in range(6) if j != i], 2)]
        np.testing.assert_allclose(rows.J[i, :10], [wanted[x] for x in others])


@pytest.mark.parametrize("P", [2, 3, 4, 5, 6])
def test_fields_of_the_tensor_follow_flips(P):
    net = Network.sample(Model(P=P, alpha=0.1, nu=0.2), 9, seed=P)
    rows, spins = prepare(net).rows, spins_of(net)
    assert isinstance(rows, couplings.CouplingTensor)
    replica = Replica(prepare(net), spins, 1.5, "heat-bath", KEY)
    replica.run(40)
    np.testing.assert_allclose(replica.caches.h, rows.state(replica.spins).h, atol=1e-12)
    np.testing.assert_allclose(replica.caches.h, net.local_fields(replica.spins), atol=1e-12)
