"""What campaigns say: labels by their rules, ends of phases, differences from theory in errors; and their figure."""

from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy.special import gamma, gammaln

from densenet_sm import Model, ParameterError, load, plot, run_grid
from densenet_sm.study import bisect, border, crossings, labels, scores


def run(folder, spec):
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(spec, executor, folder)["failed"] == 0
    return load(folder)


@pytest.fixture(scope="module")
def hopfield(tmp_path_factory):
    spec = {
        "model": {"P": 2},
        "grid": {"alpha": [0.02, 0.05, 0.3], "T": [0.2, 1.6]},
        "simulate": {"N": [128, 192], "sweeps": 200, "burn_in": 100, "samples": 6},
        "solve": {"ansatz": ["RS", "1RSB"]},
    }
    return run(tmp_path_factory.mktemp("hopfield"), spec)


def made(m, q2, error=0.01, N=100, state="done", status="reliable"):
    """A dataset of one cell with given measurements."""
    m = np.atleast_1d(np.asarray(m, float))[None]
    data = {"abs_m": (("T", "pattern"), m), "abs_m_err": (("T", "pattern"), np.full(m.shape, error))}
    data |= {"q2": ("T", [q2]), "q2_err": ("T", [error]), "state": ("T", [state]), "status": ("T", [status])}
    return xr.Dataset(data, {"T": [0.3]}).expand_dims(N=[N])


@pytest.mark.parametrize(
    ("m", "q2", "label"),
    [
        (0.9, 0.8, "retrieval"),
        (0.51, 0.8, "uncertain"),
        (0.3, 0.8, "glass"),
        (0.1, 0.01, "paramagnet"),
        (0.1, 0.1, "glass or paramagnet"),
        ([0.9, 0.05], 0.8, "pure"),
        ([0.7, 0.2], 0.8, "pure"),
        ([0.7, 0.31], 0.8, "uncertain"),
        ([0.7, 0.4], 0.8, "hierarchical"),
        ([0.5, 0.51], 0.8, "parallel"),
        ([0.1, 0.1], 0.8, "glass"),
    ],
)
def test_a_label_follows_from_overlaps_and_their_errors(m, q2, label):
    assert labels(made(m, q2)).item() == label


def test_without_a_certain_error_a_label_is_less_certain():
    assert labels(made(0.6, 0.5, error=0.01)).item() == "retrieval"
    assert labels(made(0.6, 0.5, error=0.06)).item() == "uncertain"
    assert labels(made(0.9, 0.5, error=np.nan)).item() == "uncertain"  # of one sample


def test_labels_agree_with_theory_where_runs_are_usable(hopfield):
    assert (hopfield.label.sel(alpha=[0.02, 0.05], T=0.2) == "retrieval").all()
    assert (hopfield.label.sel(T=1.6) == "paramagnet").all()
    assert set(hopfield.theory_phase.sel(T=1.6).values.ravel()) == {"paramagnet"}
    assert (hopfield.theory_phase.sel(alpha=[0.02, 0.05], T=0.2) == "retrieval").all()
    assert (labels(hopfield, unusable=True).sel(alpha=0.3, T=0.2) != "retrieval").all()


def test_a_phase_ends_between_its_last_cell_and_the_first_beyond():
    ds = xr.concat([made(m, q2, N=N) for m, q2, N in ((0.9, 0.8, 64), (0.9, 0.8, 128))], "N")
    gone = xr.concat([made(0.1, 0.01, N=N) for N in (64, 128)], "N")
    row = xr.concat([ds, ds, gone, gone], xr.IndexVariable("alpha", [0.1, 0.2, 0.3, 0.4]))
    found = border(row, "alpha")
    np.testing.assert_allclose(found.value_N.values, 0.25)
    np.testing.assert_allclose(found.error_N.values, 0.1 / np.sqrt(12))
    assert found.value.item() == pytest.approx(0.25)
    assert np.isnan(border(row.isel(alpha=[0, 1]), "alpha").value.item())
    with pytest.raises(ParameterError, match="along"):
        border(row, "nu")


def curie_weiss(N, T):
    """Binder cumulant of N spins with H = −N m²/2, summed over their magnetisations."""
    up = np.arange(N + 1)
    m = 2 * up / N - 1
    weight = -gammaln(up + 1) - gammaln(N - up + 1) + N * m**2 / (2 * T)
    p = np.exp(weight - weight.max())
    p /= p.sum()
    return 1 - p @ m**4 / (3 * (p @ m**2) ** 2)


def cumulants(sizes, temperatures, error=1e-3):
    """A dataset of exact cumulants."""
    values = [[curie_weiss(N, T) for T in temperatures] for N in sizes]
    data = {"binder_m": (("N", "T"), values), "binder_m_err": (("N", "T"), np.full(np.shape(values), error))}
    data |= {
        name: (("N", "T"), np.full(np.shape(values), word)) for name, word in (("state", "done"), ("status", "ok"))
    }
    return xr.Dataset(data, {"N": list(sizes), "T": list(temperatures)})


def test_cumulants_of_a_ferromagnet_cross_at_its_critical_temperature():
    temperatures = np.linspace(0.8, 1.2, 41)
    found = crossings(cumulants((64, 128, 256, 512), temperatures), "T")
    assert found.N.values.tolist() == [128, 256, 512]
    distance = abs(found.value_N - 1).values
    assert (np.diff(distance) < 0).all()
    assert abs(found.value.item() - 1) < distance[-1]
    at = curie_weiss(2**20, 1.0)
    assert at == pytest.approx(1 - gamma(1.25) * gamma(0.25) / (3 * gamma(0.75) ** 2), abs=1e-3)


def test_the_error_of_a_crossing_is_what_noise_does_to_it():
    temperatures, error = np.linspace(0.7, 1.3, 4), 0.01
    exact = cumulants((64, 256), temperatures, error)
    stated = crossings(exact, "T").error_N.item()
    rng = np.random.default_rng(1)
    noisy = [
        exact.assign(binder_m=exact.binder_m + error * rng.standard_normal(exact.binder_m.shape)) for _ in range(200)
    ]
    assert np.std([crossings(ds, "T").value_N.item() for ds in noisy]) == pytest.approx(stated, rel=0.2)


def test_crossings_of_simulations_and_of_bad_input(tmp_path):
    simulated = {"N": [40, 160], "sweeps": 1000, "burn_in": 200, "samples": 4, "start": "random"}
    spec = {"model": {"P": 2}, "grid": {"T": [0.8, 0.9, 1.0, 1.1]}, "simulate": simulated}
    ds = run(tmp_path, spec)
    found = crossings(ds, "T", unusable=True)  # replicas that chose different signs disagree on m, not on its moments
    exact = crossings(cumulants((40, 160), [0.8, 0.9, 1.0, 1.1]), "T").value_N.item()
    assert abs(found.value_N.item() - exact) < 5 * found.error_N.item()
    assert found.error_N.item() < 0.05
    for given, word in (((ds, "nu"), "along"), ((ds, "T", "tau"), "name"), ((ds.isel(N=[0]), "T"), "two sizes")):
        with pytest.raises(ParameterError, match=word):
            crossings(*given)
    none = crossings(ds.isel(T=[0, 1]), "T")
    assert np.isnan(none.value.item())


def test_an_exponential_network_is_a_campaign(tmp_path):
    """T = 0 from the pattern: of e^{αN} patterns it is kept at small α, and lost far beyond the capacity for flips."""
    spec = {
        "model": {"interaction": "sum-exp", "lam": 0.25},
        "grid": {"alpha": [0.1, 0.2, 0.6], "T": [0.0]},
        "simulate": {"N": 18, "sweeps": 20, "burn_in": 20, "samples": 6},
    }
    ds = run(tmp_path, spec)
    m = ds.m.isel(N=0, T=0, pattern=0).values
    assert m[0] > 0.9
    assert m[2] < 0.5
    with ThreadPoolExecutor(1) as executor:  # no theory of finite order has it: a failure with its reason
        assert (
            run_grid(spec | {"simulate": {"N": 8, "sweeps": 2}, "solve": {}}, executor, tmp_path / "b")["failed"] == 3
        )
    assert "finite order" in str(load(tmp_path / "b").theory_failure.values[0, 0, 0])


def test_unusable_and_missing_cells_are_marked():
    assert labels(made(0.9, 0.8, status="unusable")).item() == "unusable"
    assert labels(made(0.9, 0.8, status="unusable"), unusable=True).item() == "retrieval"
    assert labels(made(0.9, 0.8, state="failed")).item() == ""


def test_scores_are_differences_from_every_ansatz_in_errors(hopfield):
    found = scores(hopfield)
    assert found.z.dims == ("ansatz", "observable", "alpha", "T")
    expected = (found.value - found.theory) / found.error
    np.testing.assert_allclose(found.z, expected.transpose(*found.z.dims))
    there = found.z.sel(alpha=[0.02, 0.05], T=0.2, ansatz="RS")
    assert np.isfinite(there).all()
    assert (abs(there) < 5).all()
    control = (found.value - found.theory - 0.02) / found.error  # a theory that is wrong by two per cent
    assert (abs(control.sel(alpha=0.02, T=0.2, observable="m")) > 5).all()
    with pytest.raises(ParameterError, match="theory"):
        scores(hopfield.drop_vars([name for name in hopfield if str(name).startswith("theory_")]))


def test_datasets_without_simulations_are_refused(hopfield):
    theory = hopfield[["theory_m"]]
    for function in (labels, scores):
        with pytest.raises(ParameterError, match="ds must be"):
            function(theory)
    with pytest.raises(ParameterError, match="ds must be"):
        plot.campaign(theory, "alpha", "T")


def test_a_campaign_is_drawn_over_its_theory(hopfield):
    ax = plot.campaign(hopfield, "alpha", "T")
    assert ax.get_xlabel() == "α"
    assert len(ax.lines) == 6
    colours = {line.get_markerfacecolor() for line in ax.lines}
    assert plot.diagrams.REGION_COLOURS["retrieval"] in colours
    plt.close(ax.figure)
    with pytest.raises(ParameterError, match="y must be one of"):
        plot.campaign(hopfield, "alpha", "N")


def test_bisection_finds_where_a_ferromagnet_has_half_its_magnetisation():
    found = bisect(Model(P=2), "T", (0.6, 1.2), N=1000, steps=5, sweeps=400, burn_in=100, most=16)
    exact = 0.5 / np.arctanh(0.5)  # of m = tanh(m/T)
    assert found.low < found.value < found.high
    assert abs(found.value - exact) < 3 * found.error + 0.01  # 1/N
    assert (found.at[:2] == [0.6, 1.2]).all()
    assert (found.spent <= 16).all()
    assert found.spent.values[-1] >= found.spent.values[0]


def test_samples_are_spent_where_it_is_hard_to_say():
    found = bisect(Model(P=2), "T", (0.6, 1.2), N=100, steps=6, sweeps=100, burn_in=50, most=32)
    assert found.spent.values[0] == 4
    assert found.spent.max() > 4


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"parameter": "M"}, "parameter"),
        ({"T": 0.3}, "T"),
        ({"bounds": (1.2, 0.6)}, "bounds"),
        ({"bounds": (0.2, 0.3)}, "bounds"),
        ({"samples": 1}, "samples"),
        ({"most": 2}, "most"),
        ({"level": 2}, "level"),
    ],
)
def test_bad_bisections_are_refused(given, name):
    call = {"parameter": "T", "bounds": (0.6, 1.2), "N": 50, "sweeps": 20} | given
    with pytest.raises(ParameterError, match=name):
        bisect(Model(P=2), **call)
