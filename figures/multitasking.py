"""Multitasking diagrams of diluted patterns: figures/multitasking.png and .pdf, multitasking_rho.*; stored data only.

python figures/multitasking.py [--data data] [--out figures]
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

import densenet_sm as dsm

LINES = {  # beginning of a line's name: colour, dashes, meaning
    "coexistence": ("#D55E00", "--", "coexistence: equal free energies"),
    "saddle": ("0.15", "-", "overlaps become equal, or zero"),
    "spinodal": ("#0072B2", (0, (1, 1.2)), "spinodal: an ordering ends"),
}
SHADES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("figures"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    plt.switch_backend("Agg")
    thermal, noisy = (stored(args.data, axis) for axis in ("T", "rho"))
    with plt.style.context(dsm.plot.STYLE):
        paths = save(draw(thermal, curves=True), args.out / "multitasking")
        paths += save(draw(noisy, curves=False), args.out / "multitasking_rho")
    print("figures:", *paths, f"\ndata:    {args.data}/multitasking_*.nc")


def stored(folder, axis):
    """Diagrams by (P, K)."""
    found = [xr.load_dataset(path, engine="h5netcdf") for path in sorted(folder.glob(f"multitasking_{axis}_P*.nc"))]
    return {(int(ds.attrs["P"]), int(ds.attrs["K"])): ds for ds in found}


def draw(diagrams, curves):
    """One row of panels for each P, a column for each K; below each diagram the overlaps against T."""
    orders, numbers = (sorted({pair[n] for pair in diagrams}) for n in (0, 1))
    heights = [1.6, 1.0] * len(orders) if curves else [1.0] * len(orders)
    size = (3.9 * len(numbers), (4.7 if curves else 3.3) * len(orders) + 0.9)
    figure, axes = plt.subplots(len(heights), len(numbers), figsize=size, height_ratios=heights, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    for (P, K), ds in diagrams.items():
        row, column = orders.index(P) * (1 + curves), numbers.index(K)
        diagram(axes[row, column], ds)
        if curves:
            overlaps(axes[row + 1, column], ds)
    handles = dsm.plot.legend_handles(*(ds.isel(line=[]) for ds in diagrams.values()))
    handles += [Line2D([], [], color=c, linestyle=dash, label=label) for c, dash, label in LINES.values()]
    if curves:
        handles.append(threshold_mark([], [], None))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def diagram(ax, ds):
    """Regions, lines of this dataset by kind, and where the hierarchy at T = 0 stops being consistent."""
    ax.set_visible(True)
    dsm.plot.phase_diagram(ds.isel(line=[]), ax=ax, legend=False)
    for name in ds.line.values:
        colour, dash, _ = next((style for kind, style in LINES.items() if name.startswith(kind)), ("red", "-", ""))
        one = ds.sel(line=name)
        ax.plot(one.line_x, one.line_y, color=colour, linestyle=dash, linewidth=1)
    title = f"P = {ds.attrs['P']}, K = {ds.attrs['K']}"
    ax.set_title(title if ds.attrs["y"] == "T" else f"{title}, T = {ds.attrs['T']:g}")
    if "threshold" in ds.attrs and ds.attrs["threshold"] < 1:
        threshold_mark([ds.attrs["threshold"]], [0.0], ax)


def threshold_mark(x, y, ax):
    """Marker of the consistency point at T = 0."""
    style = {"marker": "v", "color": "black", "markersize": 7, "linestyle": "", "clip_on": False, "zorder": 5}
    mark = Line2D(x, y, label="hierarchy consistent at T = 0 up to here", **style)
    return mark if ax is None else ax.add_line(mark)


def overlaps(ax, ds):
    """Overlaps of the lowest state against T at one dilution."""
    ax.set_visible(True)
    T, m = ds.curve_T.values, ds.curve_m.values
    for k in range(m.shape[1])[::-1]:
        ax.plot(T, m[:, k], ".-", color=SHADES[k % len(SHADES)], markersize=3, linewidth=1)
    ax.set(xlabel="T", ylabel="m / (1−d)", xlim=(0, T[np.flatnonzero(m[:, 0] > 0)[-1] + 1 :].min(initial=T[-1])))
    ax.set_ylim(-0.03, 1.03)
    ax.set_title(f"lowest state, d = {ds.attrs['curve_d']:g}", fontsize="small")


def save(figure, stem):
    paths = [stem.with_suffix(f".{kind}") for kind in ("png", "pdf")]
    for path in paths:
        figure.savefig(path)
    plt.close(figure)
    return paths


if __name__ == "__main__":
    main()
