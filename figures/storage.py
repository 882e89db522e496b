"""Storage phase diagrams, theory with Monte Carlo on top: figures/storage.png and .pdf; reads stored data only.

python figures/storage.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study import table

ORDERS = (2, 3, 4)
MARKERS = ("o", "s")


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(2, len(ORDERS), figsize=(11.5, 7), height_ratios=(1.5, 1))
        diagrams = []
        for column, P in enumerate(ORDERS):
            theory = dsm.plot.stored(args.data / f"storage_theory_P{P}.nc", "make phase-diagram")
            simulation = dsm.plot.stored(args.data / f"storage_simulation_P{P}.nc", "make phase-diagram")
            exact = dsm.plot.stored(args.data / f"storage_exact_P{P}.nc", "make phase-diagram")
            diagrams += [theory, exact]
            draw_diagram(axes[0, column], theory, exact, simulation)
            draw_curve(axes[1, column], theory, simulation)
        figure.legend(handles=dsm.plot.legend_handles(*diagrams), loc="outside lower center", ncols=5)
        paths = dsm.plot.save(figure, args.out, "storage", args.data.glob("storage_*.nc"))
    print_table(args.data)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/storage_*.nc")


def draw_diagram(ax, theory, exact, simulation):
    """Regions and lines, with the loads where Monte Carlo loses the pattern."""
    dsm.plot.phase_diagram(theory, ax=ax, legend=False)
    dsm.plot.lines(exact, ax)
    points = []
    for marker, N in zip(MARKERS, simulation.N.values, strict=True):
        one = simulation.sel(N=N)
        style = {"fmt": marker, "color": "black", "markersize": 5, "capsize": 2.5, "linewidth": 1}
        fill = "none" if simulation.N.values[0] == N else "full"
        label = f"Monte Carlo, m = 1/2, N = {N}"
        points.append(ax.errorbar(one.border, one["T"], xerr=one.border_err, fillstyle=fill, label=label, **style))
    ax.legend(handles=points, loc="upper right")


def draw_curve(ax, theory, simulation):
    """m against α at one temperature."""
    T = theory.attrs["curve_T"]
    near = float(abs(simulation["T"] - T).idxmin("T"))
    ax.plot(theory.curve_alpha, theory.curve_m, color="0.2", label=f"theory (RS), T = {T:g}")
    for marker, N in zip(MARKERS, simulation.N.values, strict=True):
        one = simulation.sel(N=N, T=near)
        ax.errorbar(one.alpha, one.m, one.m_err, fmt=marker, markersize=4, capsize=2, label=f"N = {N}, T = {near:g}")
    ax.set(xlabel="α", ylabel="m", xlim=(0, float(theory.alpha.max())), ylim=(-0.05, 1.05))
    ax.legend(loc="lower left")


def print_table(data):
    """Theory against simulation, extrapolated in 1/N."""
    print("\nTheory against Monte Carlo (extrapolated in 1/N):")
    for path in sorted(data.glob("storage_compare_P*.nc")):
        one = dsm.plot.stored(path, "make phase-diagram")
        print(table(one, f"P = {one.attrs['P']}, α = {one.attrs['alpha']:g}, T = {one.attrs['T']:g}"))


if __name__ == "__main__":
    main()
