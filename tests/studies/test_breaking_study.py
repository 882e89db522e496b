"""The study of broken symmetry at toy size: theory, Monte Carlo and figure, each as its own process."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from densenet_sm import Model, constants, critical


def stored(study, name):
    return xr.load_dataset(study[0] / "data" / f"breaking_{name}.nc", engine="h5netcdf")


def test_complexities_of_glass_and_retrieval_are_stored(study):
    ds = stored(study, "complexity")
    assert float(ds.glass_complexity.max()) > 0.01
    assert 0 < float(ds.retrieval_complexity.max()) < 0.1 * float(ds.glass_complexity.max())
    assert ds["T"].values[0] == pytest.approx(constants(3)["T_K"], abs=1e-5)
    assert ds.at_one.values[0] == pytest.approx(0, abs=1e-4)
    assert (np.diff(ds.at_one) > 0).all()


def test_ground_states_rise_with_every_step(study):
    ds = stored(study, "parisi")
    assert (np.diff(ds.energy, axis=1) > 0).all()
    assert ds.energy.sel(glass="SK", k=1).item() == pytest.approx(-0.7652594, abs=1e-6)


def test_capacities_are_those_of_critical(study):
    ds = stored(study, "capacity")
    for ansatz in ("RS", "1RSB"):
        wanted = critical(Model(P=3), "alpha", T=0.0, ansatz=ansatz).value
        assert ds[ansatz].values[0] == pytest.approx(wanted, rel=1e-9)


def test_parts_of_the_two_body_glass_sum_to_it(study):
    ds = stored(study, "parts")
    np.testing.assert_allclose(ds.pressure, ds.hard + ds.attrs["alpha"] * ds.soft + ds.elementary, atol=1e-10)
    assert float(ds.q[0]) > 0.1
    assert float(ds.q[-1]) == pytest.approx(0, abs=1e-8)  # above 1 + √α


def test_runs_are_stored_with_both_theories_of_every_size(study):
    ds = stored(study, "simulation")
    assert set(ds.dims) >= {"alpha", "T", "N", "window"}
    assert np.isfinite(ds.m).all()
    assert np.isfinite(ds["1RSB_m"].sel(alpha=0.44)).any()
    assert np.isnan(ds["RS_m"].sel(alpha=0.44, T=0.12))
    assert np.isnan(ds["1RSB_m"].sel(alpha=0.6)).all()


def test_the_figure_is_drawn_and_the_table_printed(study):
    for name in ("breaking", "breaking_parts"):
        assert imread(study[0] / "figures" / f"{name}.png").std() > 0.05
    assert (study[0] / "figures" / "breaking.pdf").read_bytes().startswith(b"%PDF")
    exchanged, alone = study[1].split("Each temperature by itself")
    assert exchanged.count("1RSB") == 15
    assert alone.count("1RSB") == 12
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
