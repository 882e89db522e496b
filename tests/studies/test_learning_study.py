"""The learning study at toy size: theory and figure, each as its own process."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

ORDERS = (2, 3, 4)


def stored(study, name, P):
    return xr.load_dataset(study[0] / "data" / f"learning_{name}_P{P}.nc", engine="h5netcdf")


@pytest.mark.parametrize("P", ORDERS)
def test_thresholds_are_stored_for_both_protocols_beside_their_laws(study, P):
    ds = stored(study, "thresholds", P)
    assert ds.protocol.values.tolist() == ["supervised", "unsupervised"]
    assert ds.kind.values.tolist() == ["spinodal", "coexistence"]
    assert np.isfinite(ds.r_c).all()
    assert (ds.law > 0).all()
    assert set(ds) == {"r_c", "law", "M_c", "rho_c", "nu_c"}
    assert ds.attrs["P"] == P


@pytest.mark.parametrize("name", ["r", "alpha"])
@pytest.mark.parametrize("P", ORDERS)
def test_regions_are_stored_over_every_number_of_examples(study, P, name):
    ds = stored(study, name, P)
    assert ds.phase.dims == (name, "M")
    assert ds.M.values.tolist() == [2, 3]
    assert "example" in ds.phase.values
    assert ds.saddle.dims == ("M",)
    assert ds.attrs["failures"] == ""


def test_the_printed_table_has_every_threshold_and_its_law(study):
    rows = re.findall(r"^  M = +(\d+)   supervised ([\d.]+) \(([\d.]+)\)   unsupervised ([\d.]+) \(", study[1], re.M)
    assert len(rows) == len(ORDERS)
    for n, P in enumerate(ORDERS):
        ds = stored(study, "thresholds", P).sel(kind="spinodal", protocol="supervised")
        for row, M in zip(rows[n : n + 1], ds.M.values, strict=True):
            assert int(row[0]) == M
            assert float(row[1]) == pytest.approx(float(ds.r_c.sel(M=M)), abs=1e-4)
            assert float(row[2]) == pytest.approx(float(ds.law.sel(M=M)), abs=1e-4)


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "learning.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    for column in np.array_split(image, 3, axis=1):
        assert (column.min(-1) < 0.5).mean() > 0.005  # lines, points and letters
    assert (study[0] / "figures" / "learning.pdf").read_bytes().startswith(b"%PDF")
    assert str(study[0] / "figures" / "learning.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
