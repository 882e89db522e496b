"""The study of the glass of stored patterns at toy size: theory, Monte Carlo and figure, each as its own process."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from densenet_sm import Model, constants, solve


def stored(study, name):
    return xr.load_dataset(study[0] / "data" / f"glass_{name}.nc", engine="h5netcdf")


def test_one_step_is_what_solve_gives_and_scales_with_the_root_of_the_load(study):
    ds = stored(study, "theory_P3")
    assert ds.attrs["T_d"] == pytest.approx(constants(3)["T_d"])
    assert ds.attrs["T_K"] == pytest.approx(constants(3)["T_K"])
    for T in (0.3, 0.6):
        dense = solve(Model(P=3, alpha=4.0), 2 * T, ansatz="1RSB", start="glass")
        one = ds.sel(T=T)
        assert float(one.energy) == pytest.approx(dense.energy / 2, abs=1e-9)
        assert one.weight.values == pytest.approx([dense.theta, 1 - dense.theta], abs=1e-7)
        assert float(one.symmetric) < float(one.energy) < float(one.threshold)
    hot = ds.where(ds["T"] > ds.T_d, drop=True)
    assert hot.energy.values == pytest.approx(-1 / (2 * hot["T"].values))
    assert np.isnan(hot.threshold).all()


def test_weights_are_normalised_and_pairs_break_below_their_glass_transition(study):
    for name in ("theory_P3", "theory_P2"):
        assert stored(study, name).weight.sum("level").values == pytest.approx(1)
    ds = stored(study, "theory_P2")
    assert ds.attrs["T_g"] == pytest.approx(2.0, abs=1e-6)
    cold = ds.sel(T=0.5)
    assert (np.diff(cold.q) > 0.1).all()
    assert float(cold.energy) > float(cold.symmetric)
    assert ds.q.sel(T=2.3).values == pytest.approx(0, abs=1e-6)


def test_hot_energies_are_those_of_the_mean_of_the_partition_function(study):
    for P in (3, 2):
        ds = stored(study, f"simulation_P{P}").isel(T=-1)
        assert np.isfinite(ds.annealed).all()
        assert (np.abs(ds.energy - ds.annealed) < 5 * ds.energy_err).all()
        assert (ds.energy_err < 0.1 * np.abs(ds.energy)).all()
    ds = stored(study, "simulation_P3").isel(T=-1)
    distinct = -(1 - 1 / ds.N) * (1 - 2 / ds.N) / (2 * ds["T"])
    assert ds.annealed.sel(disorder="normal").values == pytest.approx(distinct.values)
    assert (ds.annealed.sel(disorder="1") < ds.annealed.sel(disorder="4")).all()
    assert (ds.annealed.sel(disorder="4") < ds.annealed.sel(disorder="normal")).all()


def test_overlaps_are_a_distribution_and_agree_with_the_energy_of_normal_couplings(study):
    for P in (3, 2):
        ds = stored(study, f"simulation_P{P}")
        assert ds.P_q.sum("bin").values == pytest.approx(1)
        assert ds.attrs["seed"] == "1"
        assert ((ds.high >= 0) & (ds.high <= 1)).all()
        assert (ds.q2.isel(T=0, N=0) > 2 * ds.q2.isel(T=-1, N=0)).all()
    normal = stored(study, "simulation_P3").sel(disorder="normal").isel(T=slice(2, None))
    assert (np.abs(normal.balance) < 5 * normal.balance_err).all()


def test_annealed_spins_keep_more_of_a_pattern_than_random_ones(study):
    ds = stored(study, "simulation_P3")
    assert (ds.overlap.sel(spins="annealed") > ds.overlap.sel(spins="random")).all()


def test_plain_runs_fall_from_random_spins(study):
    ds = stored(study, "plain")
    assert (ds.energy.isel(window=-1) < ds.energy.isel(window=0)).all()
    assert (ds.energy > -1.2).all()


def test_the_figure_is_drawn_and_the_table_printed(study):
    assert imread(study[0] / "figures" / "glass.png").std() > 0.05
    assert (study[0] / "figures" / "glass.pdf").read_bytes().startswith(b"%PDF")
    assert study[1].count("  z ") == 4 * (3 + 1)
    assert study[1].count("N → ∞, theory, z") == 3 + 1
    assert "equilibrium" in study[1]
    assert {path.name for path in study[0].iterdir()} == {"data", "figures"}
