"""Critical constants against P: figures/constants.png and .pdf; reads the shipped table.

python figures/constants.py [--table densenet_sm/theory/constants.csv] [--out figures]
"""

import argparse
import csv
import math
from pathlib import Path

import matplotlib.pyplot as plt

import densenet_sm as dsm

TABLE = Path(dsm.__file__).parent / "theory" / "constants.csv"
LOADS = {"capacity RS": ("o-", "replica-symmetric"), "capacity 1RSB": ("s--", "one step of breaking")}
HEATS = {
    "zero-load spinodal": ("^:", "retrieval ends, α = 0"),
    "zero-load coexistence": ("v:", "retrieval meets the paramagnet, α = 0"),
    "T_d": ("o-", "glass, dynamic T_d"),
    "T_K": ("s-", "glass, static T_K"),
    "T_Gardner": ("D--", "glass, Gardner"),
}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--out", type=Path, default=Path("figures"))
    args = parser.parse_args(argv)
    plt.switch_backend("Agg")
    with args.table.open() as file:
        rows = [(int(row["P"]), row["constant"], float(row["value"])) for row in csv.DictReader(file)]
    with plt.style.context(dsm.plot.STYLE):
        figure, (loads, heats) = plt.subplots(1, 2, figsize=(10, 4))
        draw(loads, rows, LOADS)
        loads.set(xlabel="P", ylabel="α_c", title="capacity at T = 0, K = 2αN^{P−1}/P!")
        draw(heats, rows, HEATS)
        limit = 1 / (2 * math.sqrt(math.log(2)))
        heats.axhline(limit, color="0.6", linewidth=1, label="T_K of the random-energy model")
        heats.set(xlabel="P", ylabel="T", title="temperatures; glass: ξ = q^P/2", ylim=(0, 2.4))
        for ax in (loads, heats):
            ax.legend(fontsize="small")
        paths = dsm.plot.save(figure, args.out, "constants")
    print("figures:", *paths)


def draw(ax, rows, styles):
    """One curve against P for every constant named."""
    for name, (style, label) in styles.items():
        found = [(P, value) for P, constant, value in rows if constant == name]
        ax.plot(*zip(*found, strict=True), style, markersize=5, linewidth=1, label=label)


if __name__ == "__main__":
    main()
