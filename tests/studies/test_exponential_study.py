"""The study of exponential networks at toy size: theory, simulation and figures, each as its own process."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

NETWORKS = ["P = 2", "P = 3", "P = 4", "P = 6", "λ = 0.5", "λ = 1"]


def stored(study, name):
    return xr.load_dataset(study[0] / "data" / f"exponential_{name}.nc", engine="h5netcdf")


def test_loads_of_all_kinds_of_patterns_are_ordered(study):
    ds = stored(study, "loads")
    assert ds.patterns.values.tolist() == ["sign", "sphere", "normal"]
    assert (ds.every < ds.typical).all()
    assert (ds.power >= ds.typical - 1e-12).all()
    assert (ds.flips >= ds.typical - 1e-12).sel(patterns="sign").all()


def test_capacities_grow_as_powers_and_as_exponentials(study):
    ds = stored(study, "capacity")
    assert ds.network.values.tolist() == NETWORKS
    N = ds.N.values
    for P in (2, 3, 4, 6):
        slope = np.diff(ds.one_step.sel(network=f"P = {P}")) / np.diff(np.log(N))
        assert slope[-1] == pytest.approx(P - 1, abs=0.35)  # four standard errors of the noise that is drawn
    for name, flips in (("λ = 0.5", 0.5662), ("λ = 1", 0.6750)):
        known = ds.sel(network=name).dropna("N")
        slopes = np.diff(known.one_step) / np.diff(known.N)
        assert slopes[-1] == pytest.approx(flips, rel=0.08)
        np.testing.assert_allclose(known.limit / known.N, flips, atol=1e-4)


def test_retrieval_in_one_step_falls_with_the_number_of_patterns(study):
    theory, one = stored(study, "step"), stored(study, "one")
    assert theory.network.values.tolist() == NETWORKS
    assert one.network.values.tolist() == [*NETWORKS, "continuous"]
    assert (theory.retrieved.isel(log_K=0) == 1).all()
    assert (theory.retrieved.isel(log_K=-1) < 0.1).all()
    assert np.all(np.diff(theory.nearest) <= 0)
    assert one.attrs.items() - {("seed", "1")} <= theory.attrs.items()
    np.testing.assert_allclose(one.log_K, theory.log_K[1 : 1 + one.sizes["log_K"]])


def test_networks_have_loads_with_errors_where_they_were_within_reach(study):
    kept = stored(study, "kept")
    reached = np.isfinite(kept.log_K)
    assert reached.sel(network="P = 2").any()
    assert (kept.log_K_err.values[reached.values] >= 0).all()
    weights = stored(study, "weights")
    assert weights.alpha.dims == ("lam", "N")
    assert {"retrieval", "retrieval_err"} <= set(stored(study, "basins"))
    for name in ("kept", "weights", "one", "basins", "digits"):
        assert stored(study, name).attrs["seed"] == "1"


def test_digits_are_compared_with_the_nearest_image(study):
    ds = stored(study, "digits")
    assert ds.cue.values.tolist() == ["whole", "half"]
    assert ds.attrs["images"] == 1750
    assert (ds.retrieved.sel(cue="whole", network="nearest") == 1).all()
    assert (ds.retrieved.sel(cue="half", network="nearest half") >= ds.retrieved.sel(cue="half", network="P = 2")).all()
    half = ds.sizes["pixel"] // 2
    assert (ds.wanted[:, :half] == ds.given[:, :half]).all()
    assert set(np.unique(ds.ends)) == {-1, 1}


def test_tables_are_printed(study):
    assert re.search(r"^  P = 2 +N = +32: +\d+\.\d+ ± \d+\.\d+   limit +1\.48$", study[1], re.M)
    assert len(re.findall(r"^  (?:P|λ) = [\d.]+ +0\.\d{3}   0\.\d{3}$", study[1], re.M)) == len(NETWORKS)
    assert len(re.findall(r"^  λ = [\d.]+ .*α_1 0\.\d{4}$", study[1], re.M)) == 4
    assert len(re.findall(r"^  (?:whole|half), .*\d$", study[1], re.M)) == 18


@pytest.mark.parametrize("name", ["exponential", "exponential_digits"])
def test_figures_are_drawn_in_both_formats_and_not_blank(study, name):
    image = imread(study[0] / "figures" / f"{name}.png")[..., :3]
    assert min(image.shape[:2]) > 300
    for row in np.array_split(image, 2):
        for part in np.array_split(row, 2, axis=1):
            assert (part.min(-1) < 0.5).mean() > 0.005
    assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_study_writes_nothing_outside_the_folders_it_was_given(study):
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
