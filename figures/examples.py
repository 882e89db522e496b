"""Networks that learned from examples: figures/examples.*, (α, T); examples_curves.*, m; reads stored data only.

python figures/examples.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study import table

ORDERS = (2, 3, 4)
ENTROPIES = (0.1, 0.3)  # ρ
MARKERS = {0.3: "o", 0.6: "s"}  # of r
STATES = {"archetype": ("-", "o", "C0"), "example": ("--", "s", "C1")}


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        made = {"examples": draw_diagrams(args.data), "examples_curves": draw_curves(args.data)}
        for name, figure in made.items():
            dsm.plot.save(figure, args.out, name, args.data.glob("examples_*.nc"))
    print_table(args.data)
    print("\nfigures:", *(args.out / f"{name}.png" for name in made), f"and .pdf\ndata:    {args.data}/examples_*.nc")


def load(folder, name, P):
    return dsm.plot.stored(folder / f"examples_{name}_P{P}.nc", "make examples")


def draw_diagrams(folder):
    """One column for each order, one row for each entropy ρ; loads at which Monte Carlo loses the archetype."""
    figure, axes = plt.subplots(len(ENTROPIES), len(ORDERS), figsize=(11.5, 8.2))
    diagrams = []
    for column, P in enumerate(ORDERS):
        runs = load(folder, "borders", P)
        for row, rho in enumerate(ENTROPIES):
            ax, ds = axes[row, column], load(folder, f"diagram{row}", P)
            diagrams.append(ds)
            dsm.plot.phase_diagram(ds, ax=ax, legend=False)
            ax.set_title(f"P = {P}, supervised, ρ = {rho:g}")
            handles = []
            for n, N in enumerate(runs.N.values):
                one, fill = runs.sel(rho=rho, N=N), "full" if n == len(runs.N) - 1 else "none"
                style = {"fmt": "os"[n], "color": "black", "markersize": 4, "capsize": 2, "linewidth": 0.8}
                label = f"Monte Carlo, m = ½, N = {N}"
                mark = ax.errorbar(one.border, one["T"], xerr=one.border_err, fillstyle=fill, label=label, **style)
                handles.append(mark)
            ax.legend(handles=handles, fontsize="x-small", loc="upper right")
    figure.legend(handles=dsm.plot.legend_handles(*diagrams), loc="outside lower center", ncols=5)
    return figure


def draw_curves(folder):
    """m against M with and without a supervisor, and m against r in the states of archetype and example."""
    figure, axes = plt.subplots(3, len(ORDERS), figsize=(11.5, 9.5))
    for column, P in enumerate(ORDERS):
        theory, runs = load(folder, "number", P), load(folder, "number_runs", P)
        for ax, protocol in zip(axes[:2, column], theory.protocol.values, strict=True):
            draw_number(ax, theory.sel(protocol=protocol), runs.sel(protocol=protocol))
        draw_quality(axes[2, column], load(folder, "quality", P), load(folder, "quality_runs", P))
        axes[1, column].legend(loc="upper left", fontsize="x-small", ncols=2)
    handles = [Line2D([], [], color="0.3", linestyle=dash, label=f"{s}, theory") for s, (dash, _, _) in STATES.items()]
    handles += [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=f"Monte Carlo from the {state}")
        for state, (_, marker, colour) in STATES.items()
    ]
    handles.append(Line2D([], [], color="0.3", linestyle=":", label="m = r"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    return figure


def points(ax, x, ds, marker, colour, label=""):
    """Monte Carlo of every size: open symbols for the smaller, full ones for the larger."""
    for n, N in enumerate(ds.N.values):
        one = ds.sel(N=N)
        style = {"fmt": marker, "color": colour, "markersize": 4, "capsize": 2, "linewidth": 0.8}
        fill = "full" if n == len(ds.N) - 1 else "none"
        ax.errorbar(one[x], one.m, one.m_err, fillstyle=fill, label=f"{label}N = {N}" if label else None, **style)


def draw_number(ax, theory, runs):
    for n, r in enumerate(theory.r.values):
        one = theory.sel(r=r)
        ax.plot(one.M, one.m, color=f"C{n}", linewidth=1.2)
        points(ax, "M", runs.sel(r=r), MARKERS[r], f"C{n}", f"r = {r:g}, ")
    title = (
        f"P = {theory.attrs['P']}, {theory.protocol.item()}, α = {theory.attrs['alpha']:g}, T = {theory.attrs['T']:g}"
    )
    ax.set(xlabel="M", ylabel="m", xscale="log", ylim=(-0.03, 1.3 if theory.protocol == "unsupervised" else 1.05))
    ax.set_title(title, fontsize="small")


def draw_quality(ax, theory, runs):
    """Both states of theory where they are stable, and where their free energies cross."""
    for state, (dash, marker, colour) in STATES.items():
        one = theory.sel(state=state)
        ax.plot(one.r, one.m, dash, color="0.3", linewidth=1.2)
        points(ax, "r", runs.sel(start=state), marker, colour)
    ax.plot((0, 1), (0, 1), ":", color="0.3", linewidth=0.8)
    a = theory.attrs
    ax.set(xlabel="r", ylabel="m", xlim=(0.1, 1), ylim=(0, 1.05))
    sizes = ", ".join(str(N) for N in runs.N.values)
    title = f"P = {a['P']}, unsupervised, M = {a['M']}, α = {a['alpha']:g}, T = {a['T']:g}\nN = {sizes} (full)"
    ax.set_title(title, fontsize="small")


def print_table(folder):
    """Theory against simulation, extrapolated in 1/N."""
    print("Theory against Monte Carlo (extrapolated in 1/N):")
    for path in sorted(folder.glob("examples_compare_P*.nc")):
        one = dsm.plot.stored(path, "make examples")
        a = one.attrs
        print(table(one, f"P = {a['P']}, {a['protocol']}, α = {a['alpha']:g}, T = {a['T']:g}"))


if __name__ == "__main__":
    main()
