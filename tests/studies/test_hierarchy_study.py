"""The hierarchy study at toy size: theory, Monte Carlo and figures, each as its own process."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

PAIRS = [(2, 3), (2, 4), (2, 5), (3, 3), (3, 4), (4, 3)]
FIGURES = ("hierarchy", "hierarchy_examples", "hierarchy_energy")


def stored(study, name):
    return xr.load_dataset(study[0] / "data" / f"hierarchy_{name}.nc", engine="h5netcdf")


@pytest.mark.parametrize(("P", "K"), PAIRS)
def test_lowest_states_go_from_a_hierarchy_to_equal_overlaps(study, P, K):
    ds = stored(study, f"P{P}_K{K}")
    assert ds.m.shape == (5, K)
    middle = ds.isel(d=2)
    held = middle.m.values[middle.m.values > 0.1]
    assert len(held) >= 2
    np.testing.assert_allclose(held, float(middle.d) ** np.arange(len(held)), atol=0.01)
    last = ds.isel(d=-1)
    assert float(last.d) > 0.98
    if P < 4:  # at P = 4 nothing is held there
        assert last.ordering == str(K)
        np.testing.assert_allclose(last.m, float(last.m[0]), atol=1e-6)
    assert middle.ordering != last.ordering


@pytest.mark.parametrize(("P", "K"), PAIRS)
def test_hierarchical_overlaps_last_within_four_standard_errors(study, P, K):
    ds = stored(study, f"simulation_P{P}_K{K}")
    assert ds.attrs["seed"] == "1"
    one = ds.sel(d=0.5)
    for N in ds.N.values:
        at = one.sel(N=N)
        allowed = 4 * at.m_err + 3 / N  # kinds of sites are rounded to whole ones
        assert (abs(at.m - at.own) <= allowed)[:3].all()  # the fourth and fifth are some ten sites, and change places
        assert (abs(at.m - 0.5 ** np.arange(K)) <= allowed)[:2].all()
        assert (at.m_err < 0.05).all()


def test_the_mean_field_of_the_patterns_used_is_near_theory(study):
    ds = stored(study, "simulation_P2_K3").sel(d=0.5)
    assert abs(ds.own - ds.theory).max() < 0.01
    assert (ds.own[1] != ds.theory[1]).any()


@pytest.mark.parametrize("P", [2, 3])
def test_examples_of_full_quality_make_no_difference_and_of_low_quality_do_beyond_pairs(study, P):
    ds = stored(study, f"examples_P{P}")
    full, low = ds.isel(r=0), ds.isel(r=-1)
    assert float(full.r) == 1
    assert float(full.rho) == 0
    np.testing.assert_allclose(*full.m.transpose("data", "pattern"), atol=1e-9)
    supervised, unsupervised = (low.sel(data=kind) for kind in ("supervised", "unsupervised"))
    assert int(unsupervised.example) == (P == 3)
    assert int(supervised.example) == 0
    if P == 2:
        np.testing.assert_allclose(unsupervised.m, supervised.m, atol=1e-9)
    else:  # spins follow one example of each pattern
        np.testing.assert_allclose(unsupervised.m, float(low.r) * ds.attrs["d"] ** np.arange(3), atol=0.01)
        assert float(unsupervised.free_energy) < float(supervised.free_energy) - 0.01


@pytest.mark.parametrize("P", [2, 3])
def test_runs_of_examples_are_stored_beside_theory(study, P):
    ds = stored(study, f"examples_simulation_P{P}")
    assert ds.m.dims == ("data", "r", "pattern")
    assert (ds.m_err >= 0).all()
    perfect = ds.isel(r=0)  # examples of the least noise: supervised or not is the same
    assert float(ds.r[0]) == ds.r.max()
    np.testing.assert_allclose(*perfect.theory.transpose("data", "pattern"), atol=5e-3)  # f_N differ by 1/N
    assert (abs(perfect.m[:, 0] - perfect.theory[:, 0]) < 5 * np.maximum(perfect.m_err[:, 0], 0.01)).all()


@pytest.mark.parametrize("P", [2, 3])
def test_at_zero_load_the_energy_is_that_of_the_losses_on_every_sweep_of_every_run(study, P):
    ds = stored(study, f"energy_P{P}").sel(alpha=0.0)
    N, K = int(ds.N), ds.sizes["pattern"]
    rest = ds.energy + 0.5 * (ds.x**P).sum("pattern")
    assert rest.shape == (3, 11)
    assert np.ptp(ds.energy.values) > 0.1  # the runs move
    assert abs(rest).max() < 1.5 * K / N
    cubes = 2 / ((1 - ds.attrs["d"]) * N**2) if P == 3 else 0.0
    own = 0.5 * ((2 * P - 3) * ds.x ** (P - 2) * ds.entry_square / N - cubes * ds.x).sum("pattern")
    np.testing.assert_allclose(rest, own, atol=1e-12)


@pytest.mark.parametrize("P", [2, 3])
def test_at_positive_load_crosstalk_lowers_the_energy_below_that_of_the_losses(study, P):
    ds = stored(study, f"energy_P{P}").isel(alpha=1)
    rest = (ds.energy + 0.5 * (ds.x**P).sum("pattern")).isel(sweep=slice(5, None))
    assert float(ds.alpha) > 0
    assert rest.max() < -3 * ds.sizes["pattern"] / int(ds.N)  # twice what the losses leave out at zero load
    assert float(ds.theory_crosstalk) < 0


def test_tables_are_printed(study):
    lines = study[1].splitlines()
    for P, K in PAIRS:
        assert len([line for line in lines if line.split()[:2] == [str(P), str(K)]]) == 2
    assert len([line for line in lines if "supervised" in line and line.split()[0] in "23"]) == 4
    assert len([line for line in lines if line.startswith("P=")]) == 4
    assert any("have |z| > 3" in line for line in lines)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn_in_both_formats_and_not_blank(study, name):
    image = imread(study[0] / "figures" / f"{name}.png")[::3, ::3, :3]
    assert min(image.shape[:2]) > 100
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert str(study[0] / "figures" / f"{name}.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
