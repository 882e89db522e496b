"""The study of capacities at toy size: theory, simulation and figure, each as its own process."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from densenet_sm import Model, Supervised, constants, critical, solve

ORDERS = (2, 3, 4, 6)


def stored(study, name, P):
    return xr.load_dataset(study[0] / "data" / f"capacity_{name}_P{P}.nc", engine="h5netcdf")


@pytest.mark.parametrize("P", ORDERS)
def test_ends_are_where_critical_finds_them_and_m_is_what_solve_gives(study, P):
    ds = stored(study, "theory", P)
    learned = Model(P, Supervised(r=0.5, M=30))
    assert float(ds.end.sel(place="learned", kind="spinodal")) == pytest.approx(
        critical(learned, "alpha", T=ds.attrs["T"]).value
    )
    alpha = float(ds.alpha[1])
    assert float(ds.m.sel(place="plain")[1]) == pytest.approx(solve(Model(P, alpha=alpha), ds.attrs["T"]).m, abs=1e-10)
    if P > 2:
        assert ds.end.sel(place="nishimori", kind="coexistence") == constants(P)["T_K"] ** 2
        assert float(ds.m.sel(place="nishimori")[1]) == pytest.approx(solve(Model(P, alpha=alpha), alpha).q, abs=1e-9)
    assert set(ds.place.values) == {"plain", "learned"} | ({"nishimori"} if P > 2 else set())


@pytest.mark.parametrize("P", ORDERS)
def test_runs_are_stored_with_errors_theory_at_their_size_and_seed(study, P):
    ds = stored(study, "runs", P)
    assert ds.m.dims == ("place", "alpha", "N")
    assert np.isfinite(ds.m).all()
    assert (ds.m_err >= 0).all()
    assert ds.attrs["seed"] == "1"
    N, alpha = int(ds.N[1]), float(ds.alpha[0])
    place, T = ("plain", ds.attrs["T"]) if P < 6 else ("nishimori", alpha)
    theory = solve(Model(P, alpha=alpha), T, N=N).m
    assert float(ds.theory.sel(place=place, N=N)[0]) == pytest.approx(theory, abs=1e-10)


def test_extrapolations_are_straight_lines_in_one_over_N_on_one_side_of_the_transition():
    """m = theory + b/N is recovered whatever the errors; sizes of the other side are left out, two are too few."""
    script = Path(__file__).parents[2] / "simulations" / "capacity.py"
    to_infinity = runpy.run_path(str(script))["to_infinity"]
    sizes, error = np.array([20, 40, 60, 80]), np.array([[0.1, 0.02, 0.02, 0.01]] * 3)
    theory = np.array([[0.0, 0.75, 0.8, 0.85], [0.0, 0.75, 0.8, 0.85], [0.0, 0.0, 0.0, 0.0]])
    m = theory + np.array([[2.0], [2.0], [4.0]]) / sizes
    m[1, 1] = 0.3  # lost by chance
    value, spread = to_infinity(sizes, m, error, theory, np.array([0.9, 0.9, 0.0]))
    np.testing.assert_allclose(value, [0.9, np.nan, 0.0], atol=1e-12)
    assert np.isnan(spread).tolist() == [False, True, False]


def test_tables_are_printed(study):
    rows = re.findall(
        r"^  P = (\d)  (?:plain|supervised)[^b]*b = (?:—|[\d.-]+ ± [\d.]+)   α = .*theory [\d.]+, [\d.]+",
        study[1],
        re.M,
    )
    assert rows == ["2"] * 2 + ["3"] * 3 + ["4"] * 3 + ["6"]
    points = re.findall(r"^P = (\d), α = T = [\d.]+ ", study[1], re.M)
    assert points == ["3", "3", "4", "4"]


def test_the_figure_is_drawn_in_both_formats_and_not_blank(study):
    image = imread(study[0] / "figures" / "capacity.png")[..., :3]
    for column in np.array_split(image, 4, axis=1):
        assert (column.min(-1) < 0.5).mean() > 0.005
    assert (study[0] / "figures" / "capacity.pdf").read_bytes().startswith(b"%PDF")
