"""Hierarchies of diluted patterns: figures/hierarchy.*, hierarchy_examples.*, hierarchy_energy.* (png, pdf), and tables

Reads stored data only.

    python figures/hierarchy.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

PATTERNS = (("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", "-."), ("#CC79A7", "D", ":"))
PATTERNS += (("0.25", "v", (0, (5, 1, 1, 1, 1, 1))),)  # colour, marker, dashes of the k-th largest overlap
KINDS = {"supervised": ("-", "full"), "unsupervised": ((0, (4, 2)), "none")}  # dashes of the theory, fill of the points
RUNS = ("0.0", "#0072B2", "#D55E00")
NAMES = ("hierarchy", "hierarchy_examples", "hierarchy_energy")
ERROR = {"linestyle": "none", "markersize": 4.5, "elinewidth": 0.8, "markeredgewidth": 0.9}


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    curves, points = stored(args.data, "P*_K"), stored(args.data, "simulation_P*_K")
    examples, networks, energies = (stored(args.data, f"{n}_P") for n in ("examples", "examples_simulation", "energy"))
    with plt.style.context(dsm.plot.STYLE):
        figures = (draw_dilution(curves, points), draw_entropy(examples, networks), draw_energy(energies))
        for name, figure in zip(NAMES, figures, strict=True):
            dsm.plot.save(figure, args.out, name, args.data.glob("hierarchy_*.nc"))
    print_dilution(points)
    print_entropy(networks)
    print_energy(energies)
    print("\nfigures:", *(args.out / f"{name}.png" for name in NAMES), f"and .pdf\ndata:    {args.data}/hierarchy_*.nc")


def stored(folder, name):
    """Datasets of one kind, by P and K."""
    paths = sorted(folder.glob(f"hierarchy_{name}*.nc"))
    paths = [path for path in paths if path.stem.count("_") == name.count("_") + 1]
    found = [dsm.plot.stored(path, "make hierarchy") for path in paths or [folder / "hierarchy_*.nc"]]
    return {(int(ds.attrs["P"]), int(ds.attrs["K"])): ds for ds in found}


def draw_dilution(curves, points):
    """Overlaps of the lowest stable state against d, with Monte Carlo at two sizes (open: the smaller)."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 7.4))
    for ax, (pair, ds) in zip(axes.flat, curves.items(), strict=True):
        run = points[pair]
        for k, (colour, marker, dash) in enumerate(PATTERNS[: pair[1]]):
            ax.plot(ds.d, ds.m[:, k], color=colour, linestyle=dash, linewidth=1.2)
            for N, fill in zip(run.N.values, ("none", "full"), strict=True):
                one = run.sel(N=N).isel(pattern=k)
                style = {"marker": marker, "color": colour, "fillstyle": fill}
                ax.errorbar(one.d, one.m, one.m_err, **style, **ERROR | {"markersize": 6 if fill == "none" else 3.5})
        ax.axvline(ds.attrs["threshold"], color="0.6", linewidth=0.8)
        title = (
            f"P = {pair[0]}, K = {pair[1]}, α = 0, T = {ds.attrs['T']:g}, N = {' and '.join(map(str, run.N.values))}"
        )
        ax.set(xlabel="dilution d", ylabel="m / (1−d)", xlim=(0, 1), ylim=(-0.04, 1.08), title=title)
    handles = [
        Line2D([], [], color=c, marker=m, linestyle=dash, label=f"k = {k + 1}")
        for k, (c, m, dash) in enumerate(PATTERNS)
    ]
    for fill, label in (("none", "Monte Carlo, smaller N"), ("full", "Monte Carlo, larger N")):
        handles.append(Line2D([], [], color="0.2", marker="o", fillstyle=fill, linestyle="", label=label))
    handles.append(Line2D([], [], color="0.6", label="T = 0: hierarchy consistent up to here"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def draw_entropy(curves, points):
    """Overlaps of the lowest stable state against ρ, supervised and unsupervised, and what single examples gain."""
    figure, axes = plt.subplots(1, 1 + len(curves), figsize=(4.1 * (1 + len(curves)), 4.2))
    for ax, (pair, ds) in zip(axes, curves.items(), strict=False):
        run = points[pair]
        for kind, (dash, fill) in KINDS.items():
            for k, (colour, marker, _) in enumerate(PATTERNS[: pair[1]]):
                width = 1.0 if kind == "supervised" else 2.2
                ax.plot(ds.rho, ds.m.sel(data=kind)[:, k], color=colour, linestyle=dash, linewidth=width)
                one, style = run.sel(data=kind).isel(pattern=k), {"marker": marker, "color": colour, "fillstyle": fill}
                ax.errorbar(one.rho, one.m, one.m_err, **style, **ERROR | {"markersize": 4 if fill == "full" else 7})
        title = f"P = {pair[0]}, K = {pair[1]}, α = 0, d = {ds.attrs['d']:g}, T = {ds.attrs['T']:g}"
        title = f"{title}\nM = {ds.attrs['M']}, N = {run.attrs['N']}"
        ax.set(xlabel="entropy of the examples ρ", ylabel="m / (1−d)", ylim=(-0.04, 1.06), title=title)
    for (pair, ds), dash in zip(curves.items(), ("-", "--"), strict=True):
        gain = ds.free_energy.sel(data="unsupervised") - ds.free_energy.sel(data="supervised")
        axes[-1].plot(ds.rho, gain, color="0.2", linestyle=dash, label=f"P = {pair[0]}")
    title = "free energies of the lowest states:\nunsupervised minus supervised"
    axes[-1].set(xlabel="entropy of the examples ρ", ylabel="difference of f", title=title)
    axes[-1].legend()
    handles = [Line2D([], [], color=c, marker=m, label=f"k = {k + 1}") for k, (c, m, _) in enumerate(PATTERNS[:3])]
    for kind, (dash, fill) in KINDS.items():
        handles.append(Line2D([], [], color="0.2", marker="o", fillstyle=fill, linestyle=dash, label=kind))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def draw_energy(energies):
    """Losses and energies along the sweeps of the same runs, and one against the other."""
    figure, axes = plt.subplots(len(energies), 4, figsize=(15, 3.5 * len(energies) + 0.4), squeeze=False)
    for row, ((P, _), ds) in zip(axes, energies.items(), strict=True):
        for k, (colour, marker, dash) in enumerate(PATTERNS[: ds.sizes["pattern"]]):
            plus, minus = dsm.losses(ds.x.isel(alpha=0, run=0, pattern=k))
            style = {"color": colour, "linestyle": dash, "marker": marker, "markersize": 3}
            row[0].plot(ds.sweep, plus * minus, label=f"pattern {k + 1}", **style)
        row[0].set(ylabel="L₊L₋", ylim=(-0.03, 1.03), title=f"{title_of(P, ds, 0)}\nlosses of one run")
        row[0].legend()
        for n, ax in enumerate(row[1:3]):
            for run, colour in enumerate(RUNS):
                one = ds.isel(alpha=n, run=run)
                ax.plot(ds.sweep, one.energy, color=colour)
                ax.plot(ds.sweep, of_losses(P, one.x), "o", color=colour, fillstyle="none", markersize=3.5)
            ax.plot([], [], color="0.4", label="E")
            ax.plot([], [], "o", color="0.4", fillstyle="none", label="energy of losses")
            ax.set(ylabel="energy per spin", title=f"{title_of(P, ds, n)}\nthree runs")
            ax.legend()
        for ax in row[:3]:
            ax.set_xscale("symlog", linthresh=1)
            ax.set(xlabel="sweeps", xlim=(0, ds.sizes["sweep"] - 1))
        scatter(row[3], P, ds)
    return figure


def title_of(P, ds, n):
    load = float(ds.alpha[n])
    return f"P = {P}, α = {load:g}, d = {ds.attrs['d']:g}, T = {ds.attrs['T']:g}, N = {int(ds.N[n])}"


def scatter(ax, P, ds):
    """E against the energy of losses: on the diagonal at zero load, below it by the crosstalk otherwise."""
    for n, (marker, colour) in enumerate((("o", "#0072B2"), ("x", "#D55E00"))):
        one = ds.isel(alpha=n)
        sizes = {"linestyle": "", "markersize": 4, "fillstyle": "none", "markeredgewidth": 0.8}
        x, y = of_losses(P, one.x).ravel(), one.energy.values.ravel()
        ax.plot(x, y, marker=marker, color=colour, label=f"α = {float(one.alpha):g}", **sizes)
    ends = np.array([min(ax.get_xlim()[0], ax.get_ylim()[0]), 0.01])
    ax.plot(ends, ends, color="0.2", linewidth=0.9, label="E = energy of losses")
    rest = float(ds.theory_crosstalk[1])
    if np.isfinite(rest):
        ax.plot(ends, ends + rest, "--", color="0.2", linewidth=0.9, label="… + crosstalk, theory")
    ax.set(
        xlabel="energy of losses, −½ Σ x^P", ylabel="E", title=f"P = {P}, K = {ds.attrs['K']}\nevery sweep of every run"
    )
    ax.legend()


def of_losses(P, x):
    """Energy of the losses L± = |t ± s|²/(2N) = 1 ± x of the K patterns, summed: −½ Σ x^P."""
    return dsm.energy_of_losses(P, *dsm.losses(x)).sum(x.dims.index("pattern"))


def distinct(P, ds):
    """Energy at zero load from the same losses with distinct indices, f_N written out for entries 0, ±1/√(1−d)."""
    x, N, square = ds.x, ds.N, ds.entry_square
    exact = x**2 - square / N if P == 2 else x**3 - 3 * x * square / N + 2 * x / ((1 - ds.attrs["d"]) * N**2)
    return -0.5 * exact.sum("pattern")


def print_dilution(points):
    """At the larger size: theory with f_N, mean field of the same patterns, Monte Carlo; z at 1/N = 0."""
    print("overlaps per non-blank site against d, zero load; theory: f_N; own: mean field of the same patterns")
    print(
        "z: (Monte Carlo − own, linear in 1/N to 1/N = 0)/error; – where a run shows no scatter or own did not settle"
    )
    print(f"{'P':>2}{'K':>3}{'d':>6}  {'ordering':10} {'theory':31}{'own':31}{'Monte Carlo':31}{'error':>8}   z")
    for (P, K), ds in points.items():
        z, last = extrapolated(ds), ds.isel(N=-1)
        for n, d in enumerate(ds.d.values):
            columns = (f"{row(last[name][n]):31}" for name in ("theory", "own", "m"))
            name, error = str(ds.ordering.values[n]), float(last.m_err[n].max())
            print(f"{P:>2}{K:>3}{d:6.2f}  {name:10} {''.join(columns)}{error:8.4f}  {row(z[n], '5.1f')}")
    every = np.concatenate([extrapolated(ds).ravel() for ds in points.values()])
    every = every[np.isfinite(every)]
    print(f"{(np.abs(every) > 3).sum()} of {every.size} have |z| > 3, {(np.abs(every) > 2).sum()} have |z| > 2")


def extrapolated(ds):
    """z [d, pattern] of Monte Carlo minus mean field of the same patterns, extrapolated from the two sizes."""
    (small, large), difference = ds.N.values.astype(float), (ds.m - ds.own).values
    value = (large * difference[1] - small * difference[0]) / (large - small)
    error = np.hypot(large * ds.m_err.values[1], small * ds.m_err.values[0]) / (large - small)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 1e-9, value / error, np.nan)


def print_entropy(points):
    print("\noverlaps per non-blank site against the entropy of examples; theory: f_N; error over networks")
    print(f"{'P':>2}  {'data':13}{'r':>5}{'ρ':>7}  {'theory':19}{'Monte Carlo':19}{'error':19}z")
    for (P, _), ds in points.items():
        for kind, r in ((kind, r) for kind in ds.data.values for r in ds.r.values):
            one = ds.sel(data=kind, r=r)
            z = ((one.m - one.theory) / one.m_err.where(one.m_err > 1e-9)).values
            columns = "".join(f"{row(one[name]):19}" for name in ("theory", "m", "m_err"))
            print(f"{P:>2}  {kind:13}{r:5.2f}{float(one.rho):7.3f}  {columns}{row(z, '5.1f')}")


def print_energy(energies):
    print("\nenergy per spin against the energy of losses −½ Σ x^P, over all sweeps of all runs")
    for (P, _), ds in energies.items():
        for n in range(ds.sizes["alpha"]):
            one = ds.isel(alpha=n)
            rest = one.energy.values - of_losses(P, one.x)
            half = rest[:, rest.shape[1] // 2 :].mean(1)
            text = f"largest |rest| {np.abs(rest).max():.5f}, × N {np.abs(rest).max() * float(one.N):.2f}"
            if float(one.alpha) == 0:
                text += f", with distinct indices {np.abs(one.energy - distinct(P, one)).values.max():.1e}"
            text += f"; second half: {half.mean():.4f} ± {half.std(ddof=1) / np.sqrt(half.size):.4f}"
            theory = float(one.theory_crosstalk)
            print(f"P={P} α={float(one.alpha):g} N={int(one.N)}: {text}, theory of N → ∞ {theory:.4f}")
            held = np.abs(one.x.values[..., rest.shape[1] // 2 :].mean(2)).max(1) > 0.5
            if held.any() and float(one.alpha) > 0:
                mean, spread = half[held].mean(), half[held].std()
                print(
                    f"    the {held.sum()} of {half.size} runs with some x > ½ alone: {mean:.4f}, scatter {spread:.4f}"
                )


def row(values, form=".3f"):
    return " ".join(format(v, form) if np.isfinite(v) else "    –" for v in np.asarray(values, dtype=float))


if __name__ == "__main__":
    main()
