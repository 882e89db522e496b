"""Modern Hopfield memories: the energy and its update, kinds of fixed points, and what is proved of them."""

import math

import array_api_strict
import numpy as np
import pytest
from scipy.special import softmax

from densenet_sm import ModernHopfield, ParameterError, capacity_bound


def sphere(K, d, radius, seed):
    rows = np.random.default_rng(seed).standard_normal((K, d))
    return radius * rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_energy_is_its_formula_and_the_update_its_descent():
    patterns, x = sphere(5, 7, 2.0, 1), np.random.default_rng(2).standard_normal((3, 7))
    net = ModernHopfield(patterns, beta=0.8)
    lse = np.log(np.exp(0.8 * x @ patterns.T).sum(1)) / 0.8
    plain = -lse + (x**2).sum(1) / 2 + math.log(5) / 0.8 + 4.0 / 2
    np.testing.assert_allclose(net.energy(x), plain, rtol=1e-12)
    np.testing.assert_allclose(net.update(x), softmax(0.8 * x @ patterns.T, axis=1) @ patterns, rtol=1e-12)
    h = 1e-5
    for k in range(7):
        step = h * np.eye(7)[k]
        slope = (net.energy(x + step) - net.energy(x - step)) / (2 * h)
        np.testing.assert_allclose(slope, (x - net.update(x))[:, k], atol=1e-8)  # ∇E = x − update(x)


@pytest.mark.parametrize("beta", [1e-3, 0.1, 1.0, 10.0, 1e3])
def test_the_energy_never_rises_and_stays_in_its_bounds(beta):
    net = ModernHopfield(sphere(40, 12, 3.0, 3), beta)
    x = sphere(100, 12, 3.0, 4)
    before = net.energy(x)
    assert (before >= 0).all()
    assert (before <= 2 * net.radius**2).all()
    fell = False
    for _ in range(20):
        x = net.update(x)
        now = net.energy(x)
        assert (now <= before + 1e-12 * net.radius**2).all()
        fell = fell or (now < before - 1e-6).any()
        before = now
    assert fell


def test_fixed_points_are_one_pattern_some_or_the_average_of_all():
    close = np.array([[4.0, 0.1, 0.0], [4.0, -0.1, 0.0], [0.0, 0.0, 4.0], [0.0, 4.0, 0.0]])
    net = ModernHopfield(close, beta=1.0)
    found = net.retrieve([[3.0, 0.1, 0.2], [0.1, 0.0, 3.0]])
    assert found.kind.tolist() == ["metastable", "pattern"]
    assert found.patterns.tolist() == [2, 1]
    assert found.converged.all()
    np.testing.assert_allclose(net.update(found.x), found.x, atol=1e-7)
    wide = ModernHopfield(close, beta=0.01).retrieve([3.0, 0.1, 0.2])
    assert (wide.kind, wide.patterns) == ("global", 4)
    np.testing.assert_allclose(wide.x, close.mean(0), atol=0.2)
    for beta, kind in ((135.0, "metastable"), (140.0, "pattern")):  # x₂ = 0.1 m, m = tanh(β 0.1² m): 0.8 at 137
        assert ModernHopfield(close, beta).retrieve([4.0, 0.1, 0.0]).kind == kind


def test_a_ferromagnet_of_two_patterns_has_the_mean_field_magnetisation():
    """ξ = ±e: x = tanh(β x), paramagnetic below β = 1."""
    net = ModernHopfield([[1.0], [-1.0]], beta=1.5)
    x = net.retrieve([0.3], tolerance=1e-13).x.item()
    assert x == pytest.approx(math.tanh(1.5 * x), abs=1e-12)
    assert x > 0.5
    assert abs(ModernHopfield([[1.0], [-1.0]], beta=0.5).retrieve([0.3]).x.item()) < 1e-6


def test_one_update_stays_within_its_bound():
    net = ModernHopfield(sphere(20, 30, 4.0, 5), beta=1.0)
    rng = np.random.default_rng(6)
    for distance in (0.0, 0.05, 0.2):
        away = rng.standard_normal((50, 20, 30))
        away *= distance / np.linalg.norm(away, axis=-1, keepdims=True)
        error = np.linalg.norm(net.update(net.patterns + away) - net.patterns, axis=-1)
        assert (error <= net.error_bound(distance)).all()
    assert (net.error_bound() < 0.05 * net.radius).all()
    two = ModernHopfield([[2.0, 0.0], [0.0, 2.0]], beta=1.5)  # the exact error: |ξ¹ − ξ²| p_2
    exact = math.sqrt(8) / (1 + math.exp(1.5 * 4))
    assert np.linalg.norm(two.update([2.0, 0.0]) - [2.0, 0.0]) == pytest.approx(exact)
    assert exact < two.error_bound()[0] < 2 * exact


def test_well_separated_patterns_have_a_fixed_point_beside_them():
    net = ModernHopfield(sphere(10, 20, 3.5, 7), beta=1.5)
    assert net.well_separated().all()
    reach = 1 / (net.beta * net.K * net.radius)
    assert (net.error_bound(reach) <= reach * (1 + 1e-12)).all()
    found = net.retrieve(net.patterns, tolerance=1e-12)
    assert (np.linalg.norm(found.x - net.patterns, axis=1) <= reach).all()
    assert (found.kind == "pattern").all()
    crowded = ModernHopfield(sphere(10, 20, 3.5, 7), beta=0.05)
    assert not crowded.well_separated().any()
    assert np.linalg.norm(crowded.retrieve(net.patterns).x - net.patterns, axis=1).min() > reach


def test_separations_are_those_of_every_pair():
    patterns = np.random.default_rng(8).standard_normal((6, 4))
    products = patterns @ patterns.T
    expected = [products[k, k] - max(products[k, j] for j in range(6) if j != k) for k in range(6)]
    np.testing.assert_allclose(ModernHopfield(patterns, 1.0).separations(), expected)
    assert np.isinf(ModernHopfield(patterns[:1], 1.0).separations()).all()
    assert ModernHopfield(patterns[:1], 1.0).well_separated().all()


def test_the_capacity_bound_has_its_published_constants_and_holds():
    """ramsauer2021, theorem 3: c = 3.1546 at β = 1, κ = 3, d = 20 and 1.3718 at κ = 1, d = 75, failure 0.001."""
    for d, kappa, c in ((20, 3.0, 3.1546), (75, 1.0, 1.3718)):
        bound = capacity_bound(d, 1.0, kappa * math.sqrt(d - 1), 0.001)
        assert (bound / math.sqrt(0.001)) ** (4 / (d - 1)) == pytest.approx(c, abs=1e-4)
        K = int(bound)
        nets = [ModernHopfield(sphere(K, d, kappa * math.sqrt(d - 1), seed), 1.0) for seed in range(100)]
        assert all(net.well_separated().all() for net in nets)
    assert capacity_bound(10**6, 1.0) == math.inf
    with pytest.raises(ParameterError, match="proved"):
        capacity_bound(5, 1.0)


def test_nothing_overflows():
    net = ModernHopfield(1e3 * sphere(4, 3, 1.0, 9), beta=1e6)
    x = 1e3 * sphere(5, 3, 1.0, 10)
    assert np.isfinite(net.energy(x)).all()
    best = (x @ net.patterns.T).argmax(1)
    np.testing.assert_allclose(net.update(x), net.patterns[best], rtol=1e-12)
    assert (net.error_bound(1e3) == 2 * net.radius).all()
    assert ModernHopfield(np.float32([[1, 0], [0, 1]]), 2.0).update(np.float32([1, 0])).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ModernHopfield([[1.0, math.nan]], 1.0), "patterns"),
        (lambda: ModernHopfield([1.0, 2.0], 1.0), "patterns"),
        (lambda: ModernHopfield([[1.0], [1.0, 2.0]], 1.0), "patterns"),
        (lambda: ModernHopfield([["a", "b"]], 1.0), "patterns"),
        (lambda: ModernHopfield(np.zeros((0, 3)), 1.0), "patterns"),
        (lambda: ModernHopfield([[1e200, 0.0]], 1.0), "patterns"),
        (lambda: ModernHopfield([[1.0, 0.0]], 0.0), "beta"),
        (lambda: ModernHopfield([[1.0, 0.0]], math.inf), "beta"),
        (lambda: ModernHopfield([[1.0, 0.0]], 1.0).energy([1.0]), "x"),
        (lambda: ModernHopfield([[1.0, 0.0]], 1.0).energy([1.0, math.inf]), "x"),
        (lambda: ModernHopfield([[1.0, 0.0]], 1.0).energy([1e200, 0.0]), "x"),
        (lambda: ModernHopfield([[1.0, 0.0]], 1.0).retrieve([1.0, 0.0], updates=0), "updates"),
        (lambda: capacity_bound(1), "d"),
        (lambda: capacity_bound(75, failure=0.0), "failure"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ParameterError, match=f"^{name}"):
        call()


def devices():
    """Libraries whose arrays are taken: one that knows nothing but the standard, and CuPy where there is a device."""
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
        return [array_api_strict, cupy]
    except Exception:  # no CuPy, no driver, no device: each has a class of its own
        return [array_api_strict]


@pytest.mark.parametrize("xp", devices(), ids=lambda xp: xp.__name__)
def test_arrays_of_another_library_give_its_arrays_and_the_same_numbers(xp):
    patterns, states = sphere(30, 9, 2.5, 5), sphere(8, 9, 2.0, 6).reshape(2, 4, 9)
    host, other = ModernHopfield(patterns, beta=1.3), ModernHopfield(xp.asarray(patterns), beta=1.3)
    numbers = lambda a: np.asarray(a.get() if hasattr(a, "get") else a)  # noqa: E731
    for name, arguments in {"energy": 1, "update": 1, "weights": 1, "separations": 0, "error_bound": 0}.items():
        mine = getattr(host, name)(*[states][:arguments])
        theirs = getattr(other, name)(*[xp.asarray(states)][:arguments])
        assert isinstance(theirs, type(xp.zeros(1)))
        np.testing.assert_allclose(numbers(theirs), mine, rtol=1e-12)
    assert (numbers(other.well_separated()) == host.well_separated()).all()
    mine, theirs = host.retrieve(states), other.retrieve(xp.asarray(states))
    np.testing.assert_allclose(numbers(theirs.x), mine.x, rtol=1e-8)
    assert theirs.kind.tolist() == mine.kind.tolist()
    assert theirs.patterns.tolist() == mine.patterns.tolist()
    assert theirs.converged.all() == mine.converged.all()
    assert isinstance(other.retrieve(xp.asarray(states[0, 0])).kind, str)
    with pytest.raises(ParameterError, match=r"^patterns"):
        ModernHopfield(xp.asarray(np.full((2, 2), np.nan)), beta=1.0)


def test_nothing_is_proved_where_one_ball_holds_all_patterns():
    patterns = sphere(10, 20, 3.5, 8)
    faint = ModernHopfield(patterns, beta=1e-6)
    assert set(faint.retrieve(patterns).kind) == {"global"}
    assert not faint.well_separated().any()
    for beta in (1e-300, 1e-12, 1e-6, 1e-4):
        with pytest.raises(ParameterError, match=r"^d must be such that the bound is proved"):
            capacity_bound(75, beta=beta)


@pytest.mark.parametrize("patterns", [[[1 + 5j, 0], [0, 1]], [["1", "2"]]])
def test_what_is_no_real_number_is_refused(patterns):
    with pytest.raises(ParameterError, match=r"^patterns must be a full array of real numbers"):
        ModernHopfield(patterns, 1.0)


def test_what_could_overflow_is_refused_in_the_arithmetic_of_the_patterns():
    with pytest.raises(ParameterError, match=r"^x must be such that"):
        ModernHopfield([[1.0, 0.0], [0.0, 1.0]], 1e200).update([1e120, 0.0])
    with pytest.raises(ParameterError, match=r"^patterns must be such that"):
        ModernHopfield(np.float32([[1e25, 0], [0, 1e25]]), 1.0)
    for arguments in ({"d": 75, "radius": 1e200}, {"d": 10**400}):
        with pytest.raises(ParameterError):
            capacity_bound(**arguments)


def test_single_precision_converges():
    patterns = (2 * np.random.default_rng(9).standard_normal((30, 9))).astype(np.float32)
    found = ModernHopfield(patterns, 0.3).retrieve(patterns)
    assert found.converged.all()
    assert found.updates < 1000
    assert found.x.dtype == np.float32
