"""Teacher and student, theory with Monte Carlo: figures/teacher_student.png and .pdf; reads stored data only.

python figures/teacher_student.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study import table

ORDERS = (3, 4)
MARKERS = ("o", "s")


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(2, 4, figsize=(15, 7.5))
        diagrams = []
        for row, P in enumerate(ORDERS):
            diagrams.append(load(args.data, "theory", P))
            draw_diagram(axes[row, 0], diagrams[-1], dsm.nishimori(P))
            draw_nishimori(axes[row, 1], load(args.data, "nishimori", P))
            draw_scan(axes[row, 2], load(args.data, "simulation", P))
            draw_sizes(axes[row, 3], load(args.data, "compare", P, "_0"))
        figure.legend(handles=dsm.plot.legend_handles(*diagrams), loc="outside lower center", ncols=5)
        paths = dsm.plot.save(figure, args.out, "teacher_student", args.data.glob("teacher_*.nc"))
    print_energies(args.data)
    print_table(args.data)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/teacher_*.nc")


def load(folder, name, P, number=""):
    return dsm.plot.stored(folder / f"teacher_{name}_P{P}{number}.nc", "make teacher-student")


def draw_diagram(ax, theory, ends):
    """Regions and lines of a student, the Nishimori line T = T* and the exact ends of retrieval on it."""
    dsm.plot.phase_diagram(theory, ax=ax, legend=False)
    T = theory.attrs["T_teacher"]
    line = ax.axhline(T, color="0.35", linestyle=(0, (6, 2)), linewidth=1, label="Nishimori line, T = T*")
    (points,) = ax.plot([T**2 / ends.spinodal, T**2 / ends.coexistence], [T, T], "D", color="0.35", markersize=4)
    points.set_label("its ends, exact")
    ax.set_title(f"P = {theory.attrs['P']}, T* = {T:g}")
    ax.legend(handles=[line, points], loc="upper left")


def draw_nishimori(ax, line):
    """Bayes-optimal students: loads at which retrieval begins and becomes the lowest state, searched and exact."""
    for kind, colour in (("spinodal", "C0"), ("coexistence", "C1")):
        ax.plot(line[f"exact_{kind}"], line.T_teacher, color=colour, label=f"{kind}, exact")
        ax.plot(line[f"load_{kind}"], line.T_teacher, "o", color=colour, markersize=3, label=f"{kind}, searched")
    ax.axhline(float(line.T_teacher.min()), color="0.5", linestyle=":", label="teacher condenses")
    ax.set(xlabel="α", ylabel="T = T*", title=f"P = {line.attrs['P']}, Nishimori line", xlim=(0, None))
    ax.legend(loc="upper left")


def draw_scan(ax, scan):
    """m against α at T = T*: theory as N → ∞ and at each size, Monte Carlo from the archetype and from random spins."""
    ax.plot(scan.curve_alpha, scan.curve_m, color="0.2", label="theory, exact")
    for n, N in enumerate(scan.N.values):
        one = scan.sel(N=N)
        ax.plot(one.alpha, one.theory.sel(start="pattern"), ":", color=f"C{n}", linewidth=1, label=f"theory at N = {N}")
        for start, fill in (("pattern", "full"), ("random", "none")):
            m = one.sel(start=start)
            style = {"fmt": MARKERS[n], "color": f"C{n}", "markersize": 4, "capsize": 2, "fillstyle": fill}
            ax.errorbar(m.alpha, m.m, m.m_err, label=f"N = {N}, from {start}", **style)
    ax.set(xlabel="α", ylabel="m", title=f"P = {scan.attrs['P']}, T = T* = {scan.attrs['T']:g}", ylim=(-0.25, 1.1))
    ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.58))


def draw_sizes(ax, comparison):
    """One comparison against 1/N, also with the signal of infinitely many spins."""
    dsm.plot.compare(comparison, ax=ax)
    ax.plot(
        1 / comparison.N,
        comparison.m_plain,
        "^",
        color="C2",
        markersize=4,
        fillstyle="none",
        label="with f_N, signal α/T*",
    )
    ax.set_title(f"P = {comparison.attrs['P']}, " + point(comparison))
    ax.locator_params(axis="x", nbins=5)
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.4 * (high - low), high)
    ax.legend(loc="lower center", ncols=2)


def point(comparison):
    return ", ".join(
        f"{name} = {comparison.attrs[key]:g}" for name, key in (("T*", "T_teacher"), ("α", "alpha"), ("T", "T"))
    )


def print_energies(folder):
    """Mean energy on the Nishimori line, which is exact at every N, from the archetype on."""
    print("\nEnergy per spin at T = T*, from the archetype, against its exact value at that N:")
    for P in ORDERS:
        scan = load(folder, "simulation", P).sel(start="pattern")
        z = ((scan.energy - scan.energy_exact) / scan.energy_err).values
        for n, N in enumerate(scan.N.values):
            print(f"  P = {P}, N = {N:4d}:  z " + " ".join(f"{value:+.1f}" for value in z[n]))


def print_table(folder):
    """Theory against simulation, extrapolated in 1/N."""
    print("\nTheory against Monte Carlo (extrapolated in 1/N):")
    for P in ORDERS:
        for path in sorted(folder.glob(f"teacher_compare_P{P}_*.nc")):
            one = dsm.plot.stored(path, "make teacher-student")
            print(table(one, f"P = {P}, {point(one)}"))


if __name__ == "__main__":
    main()
