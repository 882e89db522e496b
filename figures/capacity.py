"""How many patterns: figures/capacity.png and .pdf; reads stored data only.

python figures/capacity.py [--data data] [--out figures]
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study import table

ORDERS = (2, 3, 4, 6)
MARKERS = "osD^"
PLACES = {"plain": "plain patterns", "learned": "supervised, ρ = 0.1", "nishimori": "plain patterns, T = α"}
LAWS = {  # of the table of constants: marker, colour, meaning
    "capacity RS": ("v", "C0", "T = 0, RS"),
    "capacity 1RSB": ("^", "C0", "T = 0, 1RSB"),
    "T_d": ("o", "C1", "T = α, retrieval ends: T_d²"),
    "T_K": ("s", "C2", "T = α, coexistence: T_K²"),
}


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    theory, runs = ({P: load(args.data, f"{name}_P{P}") for P in ORDERS} for name in ("theory", "runs"))
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(3, 4, figsize=(15, 11.5))
        draw_diagram(axes[0, 0], args.data, figure, runs)
        draw_orders(axes[0, 1], runs)
        for ax, place in zip(axes[0, 2:], ("nishimori", "learned"), strict=True):
            draw_growth(ax, place, theory, runs)
        for column, P in enumerate(ORDERS):
            draw_curve(axes[2, column], "nishimori" if P > 2 else "learned", theory[P], runs[P])
            if P < 6:
                draw_curve(axes[1, column], "plain", theory[P], runs[P])
        draw_curve(axes[1, 3], "learned", theory[3], runs[3])
        paths = dsm.plot.save(figure, args.out, "capacity", args.data.glob("capacity_*.nc"))
    print_growth(theory, runs)
    print_comparisons(args.data)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/capacity_*.nc")


def load(folder, name):
    return dsm.plot.stored(folder / f"capacity_{name}.nc", "make capacity")


def draw_diagram(ax, folder, figure, runs):
    """(α, T) of the largest order, with the loads T = α at which runs of every size lose the pattern."""
    P = ORDERS[-1]
    ds, exact = load(folder, f"diagram_P{P}"), load(folder, f"exact_P{P}")
    dsm.plot.phase_diagram(ds, ax=ax, legend=False)
    dsm.plot.lines(exact, ax)
    marks = []
    for n, N in enumerate(runs[P].N.values):
        one = runs[P].sel(place="nishimori", N=N)
        style = {"fmt": MARKERS[n], "color": "black", "markersize": 4, "capsize": 2, "linewidth": 0.8}
        x, error, fill = float(one.border), float(one.border_err), "full" if runs[P].N[-1] == N else "none"
        marks.append(ax.errorbar(x, x, error, error, fillstyle=fill, label=f"Monte Carlo, m = ½, N = {N}", **style))
    ax.legend(handles=marks, loc="upper right", fontsize="x-small")
    figure.legend(handles=dsm.plot.legend_handles(ds, exact), loc="outside lower center", ncols=8, fontsize="small")


def draw_orders(ax, runs):
    """Loads against P: constants of theory, and where runs on the Nishimori line lose the pattern, every size."""
    for name, (marker, colour, label) in LAWS.items():
        orders = [P for P in range(2, 11) if name in dsm.constants(P)]
        value = np.array([dsm.constants(P)[name] for P in orders])
        value = value**2 if name.startswith("T_") else value
        ax.plot(orders, value, f"{marker}-", color=colour, markersize=4, linewidth=0.8, label=label)
    for P in ORDERS[1:]:
        one = runs[P].sel(place="nishimori")
        for n, N in enumerate(one.N.values):
            x = P + 0.12 * (n + 1)
            style = {"fmt": "D", "color": "0.3", "markersize": 2 + n, "fillstyle": "none", "linewidth": 0.8}
            ax.errorbar(x, one.border.sel(N=N), one.border_err.sel(N=N), **style)
    label = "T = α, Monte Carlo, m = ½, N growing"
    ax.plot([], [], "D", color="0.3", markersize=4, fillstyle="none", label=label)
    ax.axhline(1 / (4 * math.log(2)), color="0.6", linestyle=":", linewidth=1, label="P → ∞: 1/(4 ln 2)")
    ax.set(xlabel="P", ylabel="α", ylim=(0, None), title="largest load, K = 2αN^(P−1)/P!")
    ax.legend(fontsize="xx-small", loc="lower right")


def draw_growth(ax, place, theory, runs):
    """Numbers of patterns at which m falls to ½ against N, on the powers N^{P−1} of theory's ends."""
    for n, P in enumerate(ORDERS):
        own = "plain" if P == 2 and place == "nishimori" else place  # P = 2 has no such line
        if own not in runs[P].place:
            continue
        one, ends = runs[P].sel(place=own), theory[P].end.sel(place=own)
        factor = patterns(P, one.N.values)
        style = {"fmt": MARKERS[n], "color": f"C{n}", "markersize": 4, "capsize": 2}
        ax.errorbar(one.N, factor * one.border, factor * one.border_err, label=f"P = {P}", **style)
        for kind, dash in (("spinodal", "-"), ("coexistence", "--")):
            N = np.array([one.N.values[0] / 1.2, one.N.values[-1] * 1.2])
            ax.plot(N, patterns(P, N) * float(ends.sel(kind=kind)), dash, color=f"C{n}", linewidth=1)
    ax.plot([], [], "-", color="0.3", label="spinodal, ~ N^(P−1)")
    ax.plot([], [], "--", color="0.3", label="coexistence")
    T = f"T = {theory[2].attrs['T']:g}"
    ax.set(
        xlabel="N",
        ylabel="K at m = ½",
        xscale="log",
        yscale="log",
        title=PLACES[place] + (f" (P = 2: {T})" if place == "nishimori" else f", {T}"),
    )
    ax.legend(fontsize="x-small", loc="upper right")


def patterns(P, N):
    """K at α = 1."""
    return 2 * N ** (P - 1.0) / math.factorial(P)


def draw_curve(ax, place, theory, runs):
    """m through the transition: every size, the extrapolation in 1/N, theory."""
    one, run = theory.sel(place=place), runs.sel(place=place)
    ax.plot(one.alpha, one.m, color="0.2", linewidth=1.2, label="theory (RS), N → ∞")
    for n, N in enumerate(run.N.values):
        style = {"fmt": MARKERS[n], "color": f"C{n}", "markersize": 3.5, "fillstyle": "none", "linewidth": 0.8}
        ax.errorbar(run.alpha, run.m.sel(N=N), run.m_err.sel(N=N), label=f"N = {N}", **style)
    style = {"fmt": "*", "color": "black", "markersize": 6, "capsize": 2, "linewidth": 1}
    ax.errorbar(run.alpha, run.limit, run.limit_err, label="1/N → 0", **style)
    for end, dash in zip(one.end.values, ("-", "--"), strict=True):
        ax.axvline(end, color="0.6", linestyle=dash, linewidth=0.8)
    T = "α" if place == "nishimori" else f"{theory.attrs['T']:g}"
    ax.set(xlabel="α", ylabel="m", xlim=(0, float(one.alpha[-1])), ylim=(-0.05, 1.1))
    ax.set_title(f"P = {theory.attrs['P']}, {PLACES[place].split(', T')[0]}, T = {T}", fontsize="small")
    ax.legend(fontsize="xx-small", loc="lower left" if place == "nishimori" else "upper right")


def print_growth(theory, runs):
    """Powers of N of the numbers of patterns at m = ½, loads at the largest N, theory's ends, z of extrapolations."""
    print("K at m = ½ ~ N^b; α at the largest N, and where theory ends and coexists; z of m at 1/N → 0, by α:")
    for P in ORDERS:
        for place in runs[P].place.values:
            one = runs[P].sel(place=place)
            ends = theory[P].end.sel(place=place).values
            last = f"{float(one.border[-1]):.4f} ± {float(one.border_err[-1]):.4f}"
            print(
                f"  P = {P}  {PLACES[place]:22}  b = {power(one, P)}   α = {last}   theory {ends[0]:.4f}, {ends[1]:.4f}"
            )
            exact = np.interp(one.alpha, theory[P].alpha, theory[P].m.sel(place=place))
            z = ((one.limit - exact) / one.limit_err).values
            shown = "  ".join(f"{a:g}: {v:+.1f}" for a, v in zip(one.alpha.values, z, strict=True) if np.isfinite(v))
            print(f"      z  {shown}")


def power(one, P):
    """b of K ~ N^b through the loads of m = ½, weighted by their errors, and its standard error."""
    known = np.isfinite(one.border.values) & (one.border_err.values > 0)
    if known.sum() < 2:
        return "—"
    y, error = np.log(one.border.values[known]), (one.border_err / one.border).values[known]
    slope, covariance = np.polyfit(np.log(one.N.values[known]), y, 1, w=1 / error, cov="unscaled")
    return f"{P - 1 + slope[0]:.2f} ± {covariance[0, 0] ** 0.5:.2f}"


def print_comparisons(folder):
    """Theory against simulation on the Nishimori line, extrapolated in 1/N."""
    print("\nTheory against Monte Carlo on the Nishimori line (extrapolated in 1/N):")
    for path in sorted(folder.glob("capacity_compare_P*.nc")):
        one = dsm.plot.stored(path, "make capacity")
        print(table(one, f"P = {one.attrs['P']}, α = T = {one.attrs['T']:g}"))


if __name__ == "__main__":
    main()
