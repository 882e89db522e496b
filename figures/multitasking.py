"""Diluted patterns, figures/multitasking.png and .pdf, (d, rho): multitasking_rho.*, T = 0: multitasking_zero.*

Reads stored data only; Monte Carlo is drawn where simulations/multitasking.py has run.

python figures/multitasking.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

LINES = {  # beginning of a line's name: colour, dashes, meaning
    "coexistence": ("#D55E00", "--", "coexistence: equal free energies"),
    "saddle": ("0.15", "-", "overlaps become equal, or zero"),
    "spinodal": ("#0072B2", (0, (1, 1.2)), "spinodal: an ordering ends"),
}
SHADES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    thermal, noisy, runs = (stored(args.data, name) for name in ("T", "rho", "simulation"))
    with plt.style.context(dsm.plot.STYLE):
        zero = dsm.plot.stored(args.data / "multitasking_zero.nc", "make multitasking")
        figures = {
            "multitasking": draw(thermal, runs),
            "multitasking_rho": draw(noisy),
            "multitasking_zero": draw_zero(zero),
        }
        for name, figure in figures.items():
            dsm.plot.save(figure, args.out, name, args.data.glob("multitasking_*.nc"))
    print(
        "figures:", *(args.out / f"{name}.png" for name in figures), f"and .pdf\ndata:    {args.data}/multitasking_*.nc"
    )


def stored(folder, name):
    """Datasets by (P, K)."""
    found = [dsm.plot.stored(path, "make multitasking") for path in sorted(folder.glob(f"multitasking_{name}_P*.nc"))]
    return {(int(ds.attrs["P"]), int(ds.attrs["K"])): ds for ds in found}


def draw(diagrams, runs=None):
    """One row of panels for each P, a column for each K; with `runs` the overlaps against T below each diagram."""
    curves = runs is not None
    orders, numbers = (sorted({pair[n] for pair in diagrams}) for n in (0, 1))
    if not curves:  # one row
        orders, numbers = [0], list(diagrams)
    heights = [1.6, 1.0] * len(orders) if curves else [1.0]
    size = (3.9 * len(numbers), (4.7 if curves else 3.3) * len(orders) + 0.9)
    figure, axes = plt.subplots(len(heights), len(numbers), figsize=size, height_ratios=heights, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    for (P, K), ds in diagrams.items():
        row, column = (2 * orders.index(P), numbers.index(K)) if curves else (0, numbers.index((P, K)))
        diagram(axes[row, column], ds)
        if curves:
            overlaps(axes[row + 1, column], ds, runs.get((P, K)))
    handles = dsm.plot.legend_handles(*(ds.isel(line=[]) for ds in diagrams.values()))
    handles += [Line2D([], [], color=c, linestyle=dash, label=label) for c, dash, label in LINES.values()]
    handles.append(threshold_mark([], [], None))
    if curves and runs:
        handles.append(Line2D([], [], color="0.3", marker="o", linestyle="", fillstyle="none", label="Monte Carlo"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4 if curves else 3)
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
    if ds.attrs["P"] == 2 and ds.attrs["y"] == "T":  # no line of the dataset: it is the same T at every d
        ax.axhline(1.0, color="0.15", linewidth=1)
    ax.set_ylim(0, None)
    if ds.attrs["threshold"] < 1:
        threshold_mark([ds.attrs["threshold"]], [0.0], ax)


def threshold_mark(x, y, ax):
    """Marker of the consistency point at T = 0."""
    style = {"marker": "v", "color": "black", "markersize": 7, "linestyle": "", "clip_on": False, "zorder": 5}
    mark = Line2D(x, y, label="T = 0, ρ = 0: hierarchy consistent up to here", **style)
    return mark if ax is None else ax.add_line(mark)


def overlaps(ax, ds, run):
    """Overlaps of the lowest state against T at one dilution, with Monte Carlo where there is any."""
    ax.set_visible(True)
    T, m = ds.curve_T.values, ds.curve_m.values
    end = T[np.flatnonzero(m[:, 0] > 0)[-1] + 1 :].min(initial=T[-1])
    for k in range(m.shape[1])[::-1]:
        ax.plot(T, m[:, k], "-", color=SHADES[k], linewidth=1)
        if run is not None:
            style = {"fmt": "o", "color": SHADES[k], "markersize": 3.5, "fillstyle": "none", "elinewidth": 0.8}
            ax.errorbar(run["T"], run.m[:, k], run.m_err[:, k], **style)
    ax.set(xlabel="T", ylabel="m / (1−d)", xlim=(0, end), ylim=(-0.03, 1.03))
    ax.set_title(f"lowest state, d = {ds.attrs['curve_d']:g}", fontsize="small")


def draw_zero(ds):
    """T = 0: up to which d the hierarchy of K patterns is consistent; overlaps of the lowest state against d."""
    figure, axes = plt.subplots(1, 1 + len(ds.P), figsize=(3.7 * (1 + len(ds.P)), 3.4))
    lines = [Line2D([], [], color="0.3", marker="o", markersize=4, fillstyle="none", linestyle="", label="searched")]
    for n, P in enumerate(ds.P.values):
        one = ds.sel(P=P)
        lines += axes[0].plot(one.K, one.exact, color=SHADES[n], linewidth=1, label=f"P = {P}: D + … + D^(K−1) = 1")
        axes[0].plot(one.K, one.searched, "o", color=SHADES[n], markersize=4, fillstyle="none")
        ax, K = axes[n + 1], ds.sizes["pattern"]
        for k in range(K):
            ax.plot(ds.d, one.m[:, k], color=SHADES[k], linewidth=1, label=f"k = {k + 1}")
            ax.plot(ds.d, ds.d**k, ":", color=SHADES[k], linewidth=1)
        if K in ds.K:
            threshold_mark([float(one.exact.sel(K=K))], [0.0], ax)
        ax.set(xlabel="d", ylabel="m / (1−d)", ylim=(0, 1.03), title=f"P = {P}, K = {K}, lowest state, T = 0")
    axes[0].set(xlabel="K", ylabel="d", ylim=(0.45, 1.05), title="hierarchy consistent below, T = 0")
    axes[0].legend(handles=lines, loc="upper right")
    shared = [*axes[1].get_lines()[: 2 * K : 2], Line2D([], [], color="0.3", linestyle=":", label="d^(k−1)")]
    figure.legend(handles=[*shared, threshold_mark([], [], None)], loc="outside lower center", ncols=6)
    return figure


if __name__ == "__main__":
    main()
