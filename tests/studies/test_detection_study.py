"""The detection study at toy size: theory, simulation and figures, each as its own process."""

import math
import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from densenet_sm import Model, Unsupervised, solve

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


@pytest.mark.parametrize("P", [2, 3, 4])
def test_runs_under_synaptic_noise_are_stored_with_its_strength_on_one_entry(study, P):
    ds = stored(study, "runs", P)
    assert ds.m.dims == ("nu", "N")
    assert np.isfinite(ds.m).all()
    assert (ds.m_err >= 0).all()
    assert ds.attrs["seed"] == "1"
    np.testing.assert_allclose(ds.Omega, np.sqrt(2 * ds.nu * ds.N ** (P - 1) / math.factorial(P)))
    curve = stored(study, "curve", P)
    state = solve(Model(P, alpha=curve.attrs["alpha"], nu=float(curve.nu[1])), curve.attrs["T"])
    assert float(curve.m[1]) == pytest.approx(state.m, abs=1e-10)


@pytest.mark.parametrize("P", [3, 4])
def test_runs_on_poor_examples_are_stored_beside_theory_at_their_size(study, P):
    ds = stored(study, "faint", P)
    N, M, rho, b = int(ds.N[-1]), int(ds.M[-1]), ds.attrs["rho"], (P - 1) / 2
    assert round(N**0.5) == M
    examples = Unsupervised(r=float(ds.r[-1]), M=M)
    assert examples.entropy == pytest.approx(rho)
    model = Model(P, examples, alpha=ds.attrs["load"] * ((1 + rho) / rho) ** P * N ** (b - (P - 1)))
    assert int(ds.K[-1]) == model.n_patterns(N)
    assert float(ds.theory[-1]) == pytest.approx(solve(model, ds.attrs["T"], N=N).m, abs=1e-9)
    assert ds.attrs["limit"] > 0.9


def test_every_comparison_is_printed(study):
    points = re.findall(r"^P = (\d), K = (N|0\.05 N), ν = [\d.]+, T = [\d.]+ ", study[1], re.M)
    assert points == [("2", "0.05 N")] * 2 + [("3", "N")] * 2 + [("4", "N")] * 2
    assert len(re.findall(r"^ +(?:m|x|energy|q)  .* z [+-]\d+\.\d+$", study[1], re.M)) == 4 * len(points)


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "detection.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert len(np.unique(image[::4, ::4].reshape(-1, 3).round(2), axis=0)) > 20
    for column in np.array_split(image, 4, axis=1):
        assert (column.min(-1) < 0.5).mean() > 0.005  # lines, points and letters
    assert (imread(study[0] / "figures" / "detection_runs.png")[..., :3].min(-1) < 0.5).mean() > 0.005
    for name in ("detection", "detection_runs"):
        assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert str(study[0] / "figures" / "detection.png") in study[1]


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
