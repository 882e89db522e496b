"""The multitasking study at toy size: theory, Monte Carlo and figures, each as its own process."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread


def stored(study, name):
    return xr.load_dataset(study[0] / "data" / f"multitasking_{name}.nc", engine="h5netcdf")


@pytest.mark.parametrize("name", ["T_P2_K2", "T_P3_K2", "rho_P3_K2"])
def test_diagrams_are_stored_with_their_regions_and_lines(study, name):
    ds = stored(study, name)
    assert ds.phase.dims == (name[: name.index("_")], "d")
    assert {"pure", "hierarchical"} <= set(ds.phase.values.ravel())
    assert ds.attrs["K"] == 2
    assert ds.attrs["threshold"] == 1
    assert ds.sizes["line"] > 0
    assert ds.attrs["failures"] == ""


def test_overlaps_of_the_lowest_state_fall_with_temperature_to_zero(study):
    ds = stored(study, "T_P2_K2")
    m = ds.curve_m.values
    np.testing.assert_allclose(m[0], [1, ds.attrs["curve_d"]], atol=1e-9)
    assert (np.diff(m, axis=1) <= 0).all()
    assert m[-1].max() < 1e-6
    assert ds.curve_ordering.values[0] == "1+1"


def test_at_zero_temperature_searched_and_exact_thresholds_are_stored_side_by_side(study):
    ds = stored(study, "zero")
    assert ds.K.values.tolist() == list(range(3, 11))
    np.testing.assert_allclose(ds.searched.sel(K=[3, 4]), ds.exact.sel(K=[3, 4]), atol=1e-6)
    one = ds.sel(P=3).isel(d=0)
    np.testing.assert_allclose(one.m, float(one.d) ** np.arange(3), atol=1e-9)


def test_monte_carlo_is_stored_beside_theory(study):
    ds = stored(study, "simulation_P2_K3")
    assert ds.m.dims == ("T", "pattern")
    assert ds.m.shape == ds.m_err.shape == ds.theory.shape == (2, 3)
    assert ds.attrs["seed"] == 1
    assert abs(ds.theory[0] - ds.m[0]).max() < 0.5
    assert (np.diff(ds.m.values, axis=1) <= 0).all()


def test_figures_are_drawn_in_both_formats_and_not_blank(study):
    for name in ("multitasking", "multitasking_rho", "multitasking_zero"):
        image = imread(study[0] / "figures" / f"{name}.png")[::3, ::3, :3]
        assert min(image.shape[:2]) > 100
        assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
        assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert str(study[0] / "figures" / f"{name}.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
