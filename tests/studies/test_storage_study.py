"""The storage study at toy size: theory, simulation and figure, each as its own process."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

NUMBER = r"[+-]\d+\.\d+"
ROW = re.compile(rf"^ +(m|x|energy|q)  ({NUMBER}) ± (\d+\.\d+)   theory ({NUMBER})   z ({NUMBER})$", re.M)
ORDERS, COMPARED = (2, 3, 4), 3  # interaction orders, points compared at each


@pytest.mark.parametrize("P", ORDERS)
def test_the_diagram_is_stored_with_its_lines_and_regions(study, P):
    with xr.open_dataset(study[0] / "data" / f"storage_theory_P{P}.nc", engine="h5netcdf") as ds:
        assert "spinodal/RS" in ds.line.values
        assert "retrieval" in ds.phase.values
        assert ds.attrs["P"] == P
        assert np.isfinite(ds.curve_m).all()


@pytest.mark.parametrize("P", ORDERS)
def test_the_simulation_is_stored_with_errors_and_its_seed(study, P):
    with xr.open_dataset(study[0] / "data" / f"storage_simulation_P{P}.nc", engine="h5netcdf") as ds:
        assert np.isfinite(ds.m).all()
        assert (ds.m_err >= 0).all()
        assert {"border", "border_err"} <= set(ds)
        assert ds.attrs["seed"] == "1"


@pytest.mark.parametrize("P", ORDERS)
def test_every_comparison_is_stored_with_value_error_theory_and_z(study, P):
    for n in range(COMPARED):
        with xr.open_dataset(study[0] / "data" / f"storage_compare_P{P}_{n}.nc", engine="h5netcdf") as ds:
            assert ds.attrs["P"] == P
            np.testing.assert_allclose(ds.z, (ds.value - ds.theory) / ds.error, rtol=1e-6, atol=1e-9)


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "storage.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    for third in np.array_split(image, 3, axis=1):  # one column for each order
        assert (third.min(-1) < 0.5).mean() > 0.005  # lines, points and letters
    assert (study[0] / "figures" / "storage.pdf").read_bytes().startswith(b"%PDF")


def test_the_printed_table_has_value_theory_and_z_for_every_point(study):
    rows = ROW.findall(study[1])
    assert [name for name, *_ in rows] == ["m", "x", "energy", "q"] * (len(ORDERS) * COMPARED)
    for _, value, error, theory, z in rows:
        value, error, theory, z = map(float, (value, error, theory, z))
        assert z == pytest.approx((value - theory) / error, abs=0.01 + 1e-6 * (1 + abs(z)) / error)
    for P in ORDERS:
        assert len(re.findall(rf"^P = {P}, α = [\d.]+, T = [\d.]+ ", study[1], re.M)) == COMPARED
    assert str(study[0] / "figures" / "storage.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
