"""The study of networks that learned from examples at toy size: theory, simulation and figures, as processes."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from densenet_sm import Model, Supervised, Unsupervised, solve

ORDERS, COMPARED = (2, 3, 4), 3


def stored(study, name, P):
    return xr.load_dataset(study[0] / "data" / f"examples_{name}_P{P}.nc", engine="h5netcdf")


@pytest.mark.parametrize("P", ORDERS)
def test_diagrams_have_their_lines_and_entropy(study, P):
    for n, rho in enumerate((0.1, 0.3)):
        ds = stored(study, f"diagram{n}", P)
        assert "spinodal/RS" in ds.line.values
        assert (ds.attrs["rho"], ds.phase.dims) == (rho, ("T", "alpha"))


@pytest.mark.parametrize("P", ORDERS)
def test_loads_where_the_archetype_is_lost_are_stored_with_errors(study, P):
    ds = stored(study, "borders", P)
    assert ds.border.dims == ("rho", "T", "N")
    known = np.isfinite(ds.border_err.values)
    assert (ds.border_err.values[known] >= 0).all()
    assert np.isfinite(ds.border.values[known]).all()


@pytest.mark.parametrize("P", ORDERS)
def test_m_against_the_number_of_examples_is_what_solve_gives_and_one_example_teaches_r(study, P):
    ds = stored(study, "number", P)
    alpha, T = ds.attrs["alpha"], ds.attrs["T"]
    for protocol, kind in (("supervised", Supervised), ("unsupervised", Unsupervised)):
        wanted = solve(Model(P, kind(r=0.6, M=3), alpha), T).m
        assert float(ds.m.sel(protocol=protocol, r=0.6, M=3)) == pytest.approx(wanted, abs=1e-10)
    first = ds.m.sel(M=1)
    np.testing.assert_allclose(first, np.broadcast_to(ds.r, first.shape), rtol=5e-3)  # a pattern retrieved almost whole


@pytest.mark.parametrize("P", ORDERS)
def test_the_archetype_of_good_examples_and_the_example_of_poor_ones_are_stable(study, P):
    ds = stored(study, "quality", P)
    assert ds.m.sel(state="archetype").values[-1] > 0.99
    assert np.isnan(ds.m.sel(state="archetype").values[0])
    assert ds.m.sel(state="example").values[0] == pytest.approx(float(ds.r[0]), rel=0.01)
    assert np.isnan(ds.m.sel(state="example").values[-1])


@pytest.mark.parametrize("P", ORDERS)
def test_runs_are_stored_with_errors_and_seed(study, P):
    for name, dims in (("number_runs", ("protocol", "r", "M", "N")), ("quality_runs", ("start", "r", "N"))):
        ds = stored(study, name, P)
        assert ds.m.dims == dims
        assert np.isfinite(ds.m).all()
        assert (ds.m_err >= 0).all()
        assert ds.attrs["seed"] == "1"
    run = stored(study, "number_runs", P)
    np.testing.assert_array_equal(run.m.sel(protocol="supervised", M=1), run.m.sel(protocol="unsupervised", M=1))


def test_the_printed_table_has_every_point(study):
    points = re.findall(r"^P = (\d), (?:Uns|S)upervised\(.*\), α = [\d.]+, T = [\d.]+ ", study[1], re.M)
    assert points == [str(P) for P in ORDERS for _ in range(COMPARED)]
    assert len(re.findall(r"^ +(?:m|x|energy|q)  .* z [+-]\d+\.\d+$", study[1], re.M)) == 4 * len(points)


@pytest.mark.parametrize("name", ["examples", "examples_curves"])
def test_figures_are_drawn_in_both_formats_and_not_blank(study, name):
    image = imread(study[0] / "figures" / f"{name}.png")[..., :3]
    assert min(image.shape[:2]) > 300
    assert (image.min(-1) < 0.5).mean() > 0.005
    assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
