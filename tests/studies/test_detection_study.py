"""The detection study at toy size: theory and figure, each as its own process."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

ORDERS = (2, 3, 4, 6)


def stored(study, name, P):
    return xr.load_dataset(study[0] / "data" / f"detection_{name}_P{P}.nc", engine="h5netcdf")


@pytest.mark.parametrize(("name", "axes"), [("T", ("T", "nu")), ("alpha", ("nu", "alpha"))])
@pytest.mark.parametrize("P", ORDERS)
def test_both_diagrams_are_stored_with_their_lines_and_regions(study, P, name, axes):
    ds = stored(study, name, P)
    assert ds.phase.dims == axes
    assert "spinodal/RS" in ds.line.values
    assert "retrieval" in ds.phase.values
    assert (ds.attrs["P"], ds.attrs["x"], ds.attrs["y"]) == (P, *axes[::-1])


@pytest.mark.parametrize("P", ORDERS)
def test_exact_lines_are_stored_over_the_same_axes(study, P):
    ds = stored(study, "exact", P)
    assert "nishimori" in ds.line.values
    line = ds.sel(line="nishimori").dropna("point")
    np.testing.assert_allclose(line.line_x, line.line_y)  # T = ν
    assert (ds.attrs["x"], ds.attrs["y"]) == ("nu", "T")


@pytest.mark.parametrize("P", ORDERS)
def test_noise_in_the_data_is_stored_with_its_limit_and_exponents(study, P):
    ds = stored(study, "data", P)
    assert np.isfinite(ds.largest_spinodal).all()
    assert float(ds.m[-1]) == pytest.approx(ds.attrs["m"], abs=1e-3)
    assert abs(float(ds.m_more[-1]) - ds.attrs["m"]) > 0.1
    assert ds.attrs["exponent_Omega"] == (P - 1) / 2
    assert ds.attrs["exponent_M"] == -2 * ds.attrs["exponent_r"] == 1 - ds.attrs["b"] / (P - 1)


def test_the_printed_table_has_the_exponents_of_every_order(study):
    row = re.compile(
        r"P = (\d)  b = [\d.]+:  Ω ([+-][\d.]+)  r ([+-][\d.]+)  M ([+-][\d.]+)   m at N = .* limit ([\d.]+)"
    )
    rows = row.findall(study[1])
    assert [int(P) for P, *_ in rows] == list(ORDERS)
    for P, Omega, r, M, m in rows:
        attributes = stored(study, "data", P).attrs
        printed = {"exponent_Omega": Omega, "exponent_r": r, "exponent_M": M, "m": m}
        for name, value in printed.items():
            assert float(value) == pytest.approx(attributes[name], abs=1e-3)


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "detection.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    for column in np.array_split(image, 4, axis=1):
        assert (column.min(-1) < 0.5).mean() > 0.005  # lines, points and letters
    assert (study[0] / "figures" / "detection.pdf").read_bytes().startswith(b"%PDF")
    assert str(study[0] / "figures" / "detection.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
