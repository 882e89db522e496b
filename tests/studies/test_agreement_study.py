"""The table of all comparisons, drawn and printed from comparisons whose z are known."""

import re
import runpy
from pathlib import Path

import pytest
import xarray as xr
from matplotlib.image import imread

SCRIPT = Path(__file__).parents[2] / "figures" / "agreement.py"
MODEL = "Model(P=3, protocol=Storing(), alpha=0.02, nu=0.0, field=0.0, interaction='tensor', lam=None, covariance=None)"


def comparison(m, error):
    """Two sizes of one observable whose theory is 0.9 at N → ∞ and 0.8 at the sizes."""
    data = {"value": ("observable", [m]), "error": ("observable", [error]), "theory": ("observable", [0.9])}
    data |= {"z": ("observable", [(m - 0.9) / error]), "status": ("N", ["reliable", "unusable"])}
    data |= {"value_N": (("observable", "N"), [[0.7, 0.81]]), "error_N": (("observable", "N"), [[0.05, 0.02]])}
    data["theory_N"] = (("observable", "N"), [[0.8, 0.8]])
    return xr.Dataset(data, {"observable": ["m"], "N": [32, 64]}, {"model": MODEL, "P": 3, "T": 0.2, "seed": "1"})


def run(folder):
    runpy.run_path(str(SCRIPT))["main"](["--data", str(folder), "--out", str(folder)])


def test_the_table_marks_disagreements_and_counts_them(tmp_path, capsys):
    comparison(0.91, 0.01).to_netcdf(tmp_path / "storage_compare_P3_0.nc", engine="h5netcdf")
    comparison(0.95, 0.01).to_netcdf(tmp_path / "storage_compare_P3_1.nc", engine="h5netcdf")
    comparison(0.885, 0.01).to_netcdf(tmp_path / "examples_compare_P3_0.nc", engine="h5netcdf")
    run(tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("Model(P=3, alpha=0.02), T = 0.2; N = 32 reliable, 64 unusable") == 3
    assert re.search(r"^ +m   -2\.00   \+0\.50  →   \+1\.00$", printed, re.M)
    assert re.search(r"^ +m   -2\.00   \+0\.50  →   \+5\.00  \*$", printed, re.M)
    assert "2 numbers: 0% within 1 (68% expected), 50% within 2 (95%), 1 beyond 3, largest 5.0" in printed
    assert "1 numbers: 0% within 1 (68% expected), 100% within 2 (95%), 0 beyond 3, largest 1.5" in printed
    image = imread(tmp_path / "agreement.png")[..., :3]
    assert (image.min(-1) < 0.5).mean() > 0.005


def test_without_comparisons_it_says_what_to_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="run make figures"):
        run(tmp_path)
