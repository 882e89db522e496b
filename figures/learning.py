"""Learning from examples, thresholds and regions: figures/learning.png and .pdf; reads stored data only.

python figures/learning.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

ORDERS = (2, 3, 4)
MARKERS = {"supervised": "o", "unsupervised": "s"}
KINDS = {"spinodal": "C0", "coexistence": "C1"}


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(3, len(ORDERS), figsize=(11.5, 11))
        diagrams = []
        for column, P in enumerate(ORDERS):
            thresholds = load_data(args.data, "thresholds", P)
            quality, load = (drawn(load_data(args.data, name, P)) for name in ("r", "alpha"))
            diagrams += [quality, load]
            handles = draw_thresholds(axes[0, column], thresholds)
            for ax, ds, fixed in ((axes[1, column], quality, "alpha"), (axes[2, column], load, "r")):
                (stability,) = draw_regions(ax, ds, fixed)
        axes[0, 0].legend(handles=handles, loc="lower left")
        shared = [*dsm.plot.legend_handles(*diagrams), stability]
        figure.legend(handles=shared, loc="outside lower center", ncols=4)
        paths = dsm.plot.save(figure, args.out, "learning", args.data.glob("learning_*.nc"))
    print_table(args.data)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/learning_*.nc")


def load_data(folder, name, P):
    return dsm.plot.stored(folder / f"learning_{name}_P{P}.nc", "make learning")


def drawn(ds):
    """A diagram without its AT lines: they would be one line too many."""
    return ds.sel(line=[name for name in ds.line.values if not name.startswith("at")])


def draw_thresholds(ax, ds):
    """r_c(M) exact (symbols) and of the large-M laws (lines), M_c(r) as crosses."""
    handles = []
    for protocol, marker in MARKERS.items():
        for kind, colour in KINDS.items():
            one = ds.sel(protocol=protocol, kind=kind)
            style = {"color": colour, "markersize": 4, "fillstyle": "none" if protocol == "supervised" else "full"}
            label = f"{protocol}, {kind}"
            handles += ax.plot(one.M, one.r_c, marker, label=label, **style)
            ax.plot(
                one.M, one.law.where(one.law < 1), "--" if protocol == "supervised" else "-", color=colour, linewidth=1
            )
            ax.plot(one.M_c, one.r, "x", color=colour, markersize=4)
    handles += ax.plot([], [], "--", color="0.4", linewidth=1, label="large M, supervised: r ~ M^{−1/2}")
    handles += ax.plot([], [], "-", color="0.4", linewidth=1, label="large M, unsupervised: r ~ M^{−1/(2P)}")
    handles += ax.plot([], [], "x", color="0.4", markersize=4, label="M_c(r)")
    title = f"P = {ds.attrs['P']}, α = {ds.attrs['alpha']:g}, T = {ds.attrs['T']:g}"
    ax.set(
        xlabel="M",
        ylabel="r",
        xscale="log",
        yscale="log",
        xlim=(1.5, 1.5 * float(ds.M.max())),
        ylim=(0.025, 1.1),
        title=title,
    )
    return handles


def draw_regions(ax, ds, fixed):
    """A diagram over M, and the line below which one example stands out of the archetype by itself."""
    dsm.plot.phase_diagram(ds, ax=ax, legend=False)
    name = {"alpha": "α", "r": "r"}[fixed]
    ax.set_title(f"P = {ds.attrs['P']}, {name} = {ds.attrs[fixed]:g}, T = {ds.attrs['T']:g}")
    return ax.plot(
        ds.M, ds.saddle, ".:", color="black", markersize=4, linewidth=1, label="archetype unstable to an example"
    )


def print_table(folder):
    """Thresholds of r: exact and from the large-M law."""
    for P in ORDERS:
        ds = load_data(folder, "thresholds", P)
        print(f"\nP = {P}, α = {ds.attrs['alpha']:g}, T = {ds.attrs['T']:g}: r at which retrieval begins (large-M law)")
        for M in ds.M.values:
            row = ds.sel(M=M, kind="spinodal")
            cells = (
                f"{name} {float(row.r_c.sel(protocol=name)):.4f} ({float(row.law.sel(protocol=name)):.4f})"
                for name in MARKERS
            )
            print(f"  M = {M:5d}   " + "   ".join(cells))


if __name__ == "__main__":
    main()
