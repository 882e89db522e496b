"""The shipped table of critical constants; the script `theory/constants.py` makes it."""

from __future__ import annotations

import csv
from importlib.resources import files

from ..errors import check_integer


def constants(P: int) -> dict[str, float]:
    """Critical constants of plain patterns at order P, and of the pure P-spin glass ξ(q) = q^P/2, to ten digits.

    "capacity RS" and "capacity 1RSB" (α at T = 0, K = 2αN^{P−1}/P!); and for P ≥ 3, in units of T: "T_d", "T_K" and
    "T_Gardner" of the glass; "Nishimori spinodal" and "Nishimori coexistence" (α = T); "ground state 1RSB" (energy per
    spin of the glass); "zero-load spinodal" and "zero-load coexistence" (α = 0). Each was found by two methods, which
    the table `densenet_sm/theory/constants.csv` has side by side (theory/BREAKING.md).

    Raises ParameterError for a P that is not in the table. References: amit1987, gardner1985, gardner1987.

    >>> constants(3)["T_K"]
    0.65138522694
    """
    check_integer("P", P, low=2, high=10, remedy="The script theory/constants.py solves for others.")
    table = csv.DictReader(files(__package__).joinpath("constants.csv").read_text(encoding="utf-8").splitlines())
    found = [(row["constant"], float(row["value"])) for row in table if row["P"] == str(P)]
    return dict(found)
