"""The teacher and student study at toy size: theory, simulation and figure, each as its own process."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

NUMBER = r"[+-]\d+\.\d+"
ROW = re.compile(rf"^ +(m|x|energy|q)  ({NUMBER}) ± (\d+\.\d+)   theory ({NUMBER})   z ({NUMBER})$", re.M)
ORDERS, COMPARED = (3, 4), 5  # interaction orders, points compared


def stored(study, name, P):
    return xr.load_dataset(study[0] / "data" / f"teacher_{name}_P{P}.nc", engine="h5netcdf")


@pytest.mark.parametrize("P", ORDERS)
def test_the_diagram_is_stored_with_the_lines_of_student_and_examples(study, P):
    ds = stored(study, "theory", P)
    assert {"spinodal/RS", "coexistence/RS", "spinodal example/RS", "coexistence example/RS"} <= set(ds.line.values)
    assert {"retrieval", "paramagnet"} <= set(np.unique(ds.phase))
    assert (ds.attrs["P"], ds.attrs["T_teacher"]) == (P, 1.0)


@pytest.mark.parametrize("P", ORDERS)
def test_loads_searched_on_the_nishimori_line_are_the_exact_ones(study, P):
    ds = stored(study, "nishimori", P)
    for kind in ("spinodal", "coexistence"):
        np.testing.assert_allclose(ds[f"load_{kind}"], ds[f"exact_{kind}"], rtol=1e-7)
    assert (ds.signal > 1).all()


@pytest.mark.parametrize("P", ORDERS)
def test_the_scan_is_stored_with_errors_theory_exact_energy_and_its_seed(study, P):
    ds = stored(study, "simulation", P)
    assert ds.start.values.tolist() == ["pattern", "random"]
    for name in ("m", "m_err", "q", "energy", "energy_err", "theory", "energy_exact", "curve_m"):
        assert np.isfinite(ds[name]).all()
    assert ds.attrs["seed"] == "1"


def compared(study):
    return sorted((study[0] / "data").glob("teacher_compare_P*_*.nc"))


def test_every_comparison_is_stored_with_value_error_theory_and_z(study):
    assert len(compared(study)) == COMPARED
    for path in compared(study):
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            np.testing.assert_allclose(ds.z, (ds.value - ds.theory) / ds.error, rtol=1e-6, atol=1e-9)
            assert {"alpha", "T_teacher", "T"} <= set(ds.attrs)
            assert np.isfinite(ds.m_plain).all()


def test_the_printed_tables_have_energies_of_every_size_and_z_of_every_point(study):
    assert len(re.findall(r"^  P = \d, N = +\d+:  z( [+-][\d.]+){3}$", study[1], re.M)) == 2 * len(ORDERS)
    points = re.findall(r"^P = (\d), T\* = 2, α = [\d.]+, T = [\d.]+ ", study[1], re.M)
    assert len(points) == COMPARED
    assert len(ROW.findall(study[1])) == 4 * COMPARED


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "teacher_student.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    for column in np.array_split(image, 4, axis=1):
        assert (column.min(-1) < 0.5).mean() > 0.005  # lines, points and letters
    assert (study[0] / "figures" / "teacher_student.pdf").read_bytes().startswith(b"%PDF")
    assert str(study[0] / "figures" / "teacher_student.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
