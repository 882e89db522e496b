"""Detection: figures/detection.*, diagrams; detection_runs.*, Monte Carlo over theory; reads stored data only.

python figures/detection.py [--data data] [--out figures]
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study import table

ORDERS = (2, 3, 4, 6)
STRETCH = {"": ("-", 1.0), "_less": (":", 0.8), "_more": ("--", 1.2)}  # of the exponents of r and M

RUNS, FAINT = (2, 3, 4), (3, 4)  # orders of the runs
MARKERS = "osD"
SMALL = {"markersize": 4, "capsize": 2, "linewidth": 1}
HELD = 0.9  # m of a pattern that counts as retrieved


def main(argv=None):
    args = figure_arguments(__doc__, argv)
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
        paths += dsm.plot.save(draw_runs(args.data), args.out, "detection_runs", args.data.glob("detection_*.nc"))
    print_table(data)
    print_comparisons(args.data)
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
            style = {"color": f"C{n}", "marker": "osD^"[n], "markersize": 3, "label": None if k else f"P = {P}"}
            ax.plot(ds.rho[piece], ds.largest_spinodal[piece], **style)
        ax.plot(ds.rho, ds.largest_coexistence, "--", color=f"C{n}", marker="osD^"[n], markersize=2, linewidth=1)
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
        ax.plot((0, 1), ends, ("-", "--", "-.")[n], color=f"C{n}", label=label)
    ax.set(xlabel="b/(P−1)", ylabel="exponent of N", title="K ~ N^b", xlim=(0, 1))
    ax.legend(loc="upper right")


def draw_runs(folder):
    """m against ν, how far below the noise of a tensor entry that is, and m of examples of vanishing quality."""
    figure, axes = plt.subplots(2, len(RUNS), figsize=(11.5, 6.8))
    for column, P in enumerate(RUNS):
        runs, theory = load(folder, "runs", P), load(folder, "curve", P)
        ax, patterns = axes[0, column], "0.05 N" if P == 2 else "N"
        ax.plot(theory.nu, theory.m, color="0.3", linewidth=1.2, label="theory (RS), N → ∞")
        for n, N in enumerate(runs.N.values):
            one = runs.sel(N=N)
            ax.errorbar(one.nu, one.m, one.m_err, fmt=MARKERS[n], color=f"C{n}", **SMALL, label=f"N = {N}")
        title = f"P = {P}, K = {patterns}, T = {runs.attrs['T']:g}"
        ax.set(xlabel="ν", ylabel="m", ylim=(0, 1.05), xlim=(0, 0.82), title=title)
        ax.legend(loc="lower left")
    draw_below(axes[1, 0], folder)
    for ax, P in zip(axes[1, 1:], FAINT, strict=True):
        draw_faint(ax, load(folder, "faint", P))
    return figure


def draw_below(ax, folder):
    """Ω in units of the ±1 that a pattern writes into a tensor entry: the last at which theory retrieves, and runs."""
    for n, P in enumerate(RUNS):
        runs, theory = load(folder, "runs", P), load(folder, "curve", P)
        end = float(theory.nu[theory.m.values > 0][-1])
        N = np.geomspace(24, 700, 20)
        ax.plot(
            N, np.sqrt(2 * end * N ** (P - 1) / math.factorial(P)), ("-", "--", "-.")[n], color=f"C{n}", linewidth=1.2
        )
        for held, fill in ((True, "full"), (False, "none")):
            kept = (runs.m.values > HELD) == held
            size = np.broadcast_to(runs.N.values, kept.shape)
            label = f"P = {P}: N^{(P - 1) / 2:g}" if held else None
            style = {"color": f"C{n}", "fillstyle": fill, "markersize": 4, "label": label}
            ax.plot(size[kept], runs.Omega.values[kept], MARKERS[n], **style)
    ax.set(xlabel="N", ylabel="Ω", xscale="log", yscale="log", ylim=(1, None), title=f"full: m > {HELD:g}, T = 0.2")
    sizes_axis(ax, (30, 100, 300))
    ax.legend(loc="upper left")


def draw_faint(ax, ds):
    """Monte Carlo, theory at the same N, M and r, and its limit r → 0."""
    ax.errorbar(ds.N, ds.m, ds.m_err, fmt="o", color="C0", **SMALL, label="Monte Carlo")
    ax.plot(ds.N, ds.theory, "s:", color="0.3", fillstyle="none", markersize=5, label="theory at N, M, r")
    ax.axhline(ds.attrs["limit"], color="0.3", linewidth=1, label="limit r → 0")
    r = f"r = {float(ds.r[0]):.2f} … {float(ds.r[-1]):.2f}"
    title = f"P = {ds.attrs['P']}, K ~ N^{ds.attrs['b']:g}, ρ = {ds.attrs['rho']:g}, α c → {ds.attrs['load']:g}, {r}"
    ax.set(xlabel="N", ylabel="m", xscale="log", ylim=(0.5, 1.02))
    sizes_axis(ax, ds.N.values)
    ax.set_title(title, fontsize="small")
    ax.legend(loc="lower right")


def sizes_axis(ax, sizes):
    """A logarithmic axis with a few numbers written out."""
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(sizes, [str(N) for N in sizes])


def print_comparisons(folder):
    """Theory against simulation under synaptic noise, extrapolated in 1/N."""
    print("\nTheory against Monte Carlo (extrapolated in 1/N):")
    for path in sorted(folder.glob("detection_compare_P*.nc")):
        one = dsm.plot.stored(path, "make detection")
        a = one.attrs
        print(table(one, f"P = {a['P']}, K = {a['K']}, ν = {a['nu']:g}, T = {a['T']:g}"))


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
