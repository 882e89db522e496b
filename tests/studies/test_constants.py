"""The shipped table of critical constants: complete, its two methods in agreement, and what the script makes today."""

import csv
import math
import runpy
from pathlib import Path

import pytest
from matplotlib.image import imread

import densenet_sm

SCRIPT = Path(__file__).parents[2] / "theory" / "constants.py"
SHIPPED = Path(densenet_sm.__file__).parent / "theory" / "constants.csv"


def table(path):
    with path.open() as file:
        return {
            (int(row["P"]), row["constant"]): (float(row["value"]), float(row["check"])) for row in csv.DictReader(file)
        }


def test_every_constant_is_the_same_by_both_methods():
    shipped = table(SHIPPED)
    assert {P for P, _ in shipped} == set(range(2, 11))
    assert len(shipped) == 2 + 8 * 10
    for key, (value, check) in shipped.items():
        assert value == pytest.approx(check, rel=1e-10), key


def test_the_library_reads_the_table():
    assert densenet_sm.constants(3)["T_K"] == table(SHIPPED)[3, "T_K"][0]
    assert set(densenet_sm.constants(2)) == {"capacity RS", "capacity 1RSB"}
    with pytest.raises(densenet_sm.ParameterError, match="P must be an integer >= 2 and <= 10; got 11"):
        densenet_sm.constants(11)


def test_the_script_makes_the_shipped_table(tmp_path):
    out = tmp_path / "constants.csv"
    runpy.run_path(str(SCRIPT))["main"](["--orders", "3", "--out", str(out)])
    shipped = table(SHIPPED)
    for key, (value, _) in table(out).items():
        assert value == pytest.approx(shipped[key][0], rel=1e-9), key


def test_the_figure_is_drawn_from_the_table(tmp_path):
    figure = runpy.run_path(str(SCRIPT.parents[1] / "figures" / "constants.py"))
    figure["main"](["--out", str(tmp_path)])
    assert imread(tmp_path / "constants.png").std() > 0.05
    assert (tmp_path / "constants.pdf").stat().st_size > 5000


def test_at_large_order_the_glass_is_the_random_energy_model():
    """T_K → 1/(2√ln 2), ground state → −√ln 2 (derrida1981); at P = 10 to 2e-4."""
    shipped = table(SHIPPED)
    assert shipped[10, "T_K"][0] == pytest.approx(1 / (2 * math.sqrt(math.log(2))), abs=2e-4)
    assert shipped[10, "ground state 1RSB"][0] == pytest.approx(-math.sqrt(math.log(2)), abs=2e-4)
