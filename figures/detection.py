"""Detection, diagrams under synaptic noise and noise in the data: figures/detection.png and .pdf; reads stored data.

python figures/detection.py [--data data] [--out figures]
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm

ORDERS = (2, 3, 4, 6)
STRETCH = {"": ("-", 1.0), "_less": (":", 0.8), "_more": ("--", 1.2)}  # of the exponents of r and M


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("figures"))
    args = parser.parse_args(argv)
    plt.switch_backend("Agg")
    data = {P: load(args.data, "data", P) for P in ORDERS}
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(3, len(ORDERS), figsize=(13, 10))
        diagrams = []
        for column, P in enumerate(ORDERS):
            temperature, trade = (curves(load(args.data, name, P)) for name in ("T", "alpha"))
            exact = load(args.data, "exact", P)
            diagrams += [temperature, trade, exact]
            dsm.plot.phase_diagram(temperature, ax=axes[0, column], legend=False)
            dsm.plot.lines(exact, axes[0, column])
            dsm.plot.phase_diagram(trade, ax=axes[1, column], legend=False)
            axes[0, column].set_title(f"P = {P}, α = 0")
            axes[1, column].set_title(f"P = {P}, T = {trade.attrs['T']:g}")
        draw_largest_load(axes[2, 0], data)
        draw_sizes(axes[2, 1:3], data)
        draw_exponents(axes[2, 3])
        figure.legend(handles=dsm.plot.legend_handles(*diagrams), loc="outside lower center", ncols=6)
        paths = dsm.plot.save(figure, args.out, "detection", args.data.glob("detection_*.nc"))
    print_table(data)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/detection_*.nc")


def load(folder, name, P):
    return dsm.plot.stored(folder / f"detection_{name}_P{P}.nc", "make detection")


def curves(ds):
    """A diagram without lines of a single point."""
    return ds.sel(line=np.isfinite(ds.line_x).sum("point") > 1)


def draw_largest_load(ax, data):
    """Load α c at which the archetype ends, against the entropy of the examples, as r → 0; broken where it jumps."""
    for n, (P, ds) in enumerate(data.items()):
        jumps = np.flatnonzero(np.diff(ds.largest_spinodal) > 0) + 1
        for k, piece in enumerate(np.split(np.arange(len(ds.rho)), jumps)):
            ax.plot(ds.rho[piece], ds.largest_spinodal[piece], color=f"C{n}", label=None if k else f"P = {P}")
        ax.plot(ds.rho, ds.largest_coexistence, "--", color=f"C{n}", linewidth=1)
    ax.plot([], [], color="0.4", label="spinodal")
    ax.plot([], [], "--", color="0.4", linewidth=1, label="coexistence")
    title = f"largest data noise, r → 0, T = {ds.attrs['T']:g}"
    ax.set(xlabel="ρ", ylabel="α c", title=title, xlim=(0, 3), ylim=(0, None))
    ax.legend(loc="upper right")


def draw_sizes(axes, data):
    """m along N with r and M as the exponents say, and with other exponents."""
    for ax, P in zip(axes, (2, 4), strict=True):
        ds = data[P]
        for n, (name, (dash, stretch)) in enumerate(STRETCH.items()):
            label = f"M ~ N^{stretch * ds.attrs['exponent_M']:.2g}, r ~ N^{stretch * ds.attrs['exponent_r']:.2g}"
            ax.plot(ds.N, ds[f"m{name}"], dash, color=f"C{n}", marker="o", markersize=3, label=label)
        ax.axhline(ds.attrs["m"], color="0.4", linewidth=1, label="limit r → 0")
        title = f"P = {P}, K ~ N^{ds.attrs['b']:g}, ρ = {ds.attrs['rho_N']:g}, T = {ds.attrs['T']:g}"
        ax.set(xlabel="N", ylabel="m", xscale="log", ylim=(-0.05, 1.05), title=title)
        ax.legend(loc="center right")


def draw_exponents(ax):
    """Exponents of r, M and Ω against b, the same for every P in units of P − 1."""
    for n, (label, ends) in enumerate({"M": (1, 0), "Ω^{1/(P−1)}": (0.5, 0.5), "r": (-0.5, 0)}.items()):
        ax.plot((0, 1), ends, color=f"C{n}", label=label)
    ax.set(xlabel="b/(P−1)", ylabel="exponent of N", title="K ~ N^b", xlim=(0, 1))
    ax.legend(loc="upper right")


def print_table(data):
    """Exponents, and how far the state at the largest N is from the limit."""
    print("\nK ~ N^b patterns: Ω ~ N^.. on synapses; or examples of quality r ~ N^.., M ~ N^.. of them, one by one")
    for P, ds in data.items():
        e = {name: ds.attrs[f"exponent_{name}"] for name in ("Omega", "r", "M")}
        print(
            f"  P = {P}  b = {ds.attrs['b']:g}:  Ω {e['Omega']:+.3f}  r {e['r']:+.3f}  M {e['M']:+.3f}   "
            f"m at N = {float(ds.N[-1]):.0e} {float(ds.m[-1]):.6f}, limit {ds.attrs['m']:.6f}"
        )


if __name__ == "__main__":
    main()
