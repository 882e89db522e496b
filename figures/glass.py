"""The glass of stored patterns: figures/glass.png and .pdf, and a table; reads stored data only.

python figures/glass.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments
from densenet_sm.study.comparison import extrapolate

MAKE = "make glass"
AGREED, BALANCED = 1.05, 3  # R-hat (median over samples) and balance / error up to which a size is fitted, P(q) drawn
SHOWN = (0.3, 0.6, 0.95)  # T/√α of P(q): two below T_K, one above T_d
PAIRS_T = 0.5  # T of P(q) at P = 2
NAMES = {"1": "α = 1", "4": "α = 4", "normal": "normal couplings"}
MARKS, DASHES = "osD^v<", ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    parts = ("theory_P3", "theory_P2", "simulation_P3", "simulation_P2", "plain")
    three, two, runs, pairs, plain = (dsm.plot.stored(args.data / f"glass_{name}.nc", MAKE) for name in parts)
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(2, 4, figsize=(17, 8))
        draw_energy(axes[0, 0], three, runs.sel(disorder=["1"]), "P = 3, α = 1")
        draw_energy(axes[0, 1], three, runs.sel(disorder=["4", "normal"]), "P = 3, α = 4 and normal couplings")
        draw_sizes(axes[0, 2], three, runs, SHOWN[1])
        draw_plain(axes[0, 3], three, plain, runs, SHOWN[0])
        for ax, T in zip(axes[1], SHOWN, strict=False):
            draw_overlaps(ax, three.sel(T=T), runs.sel(disorder="4", T=T), f"P = 3, α = 4, T/√α = {T:g}")
        pair = pairs.sel(disorder="1", T=PAIRS_T)
        draw_overlaps(axes[1, 3], two.sel(T=PAIRS_T), pair, f"P = 2, α = 1, T = {PAIRS_T:g}", both=True)
        paths = dsm.plot.save(figure, args.out, "glass", args.data.glob("glass_*.nc"))
    print_energies(three, runs)
    print_energies(two, pairs)
    print_hot(runs)
    print_hot(pairs)
    print_balance(runs)
    print_overlaps(runs)
    print("\nfigures:", *paths, f"\ndata:    {args.data}/glass_*.nc")


def draw_energy(ax, theory, runs, title):
    """Energy against T: paramagnet, symmetric glass, one step, Monte Carlo of every size; T_K and T_d."""
    ax.plot(theory["T"], theory.paramagnet, ":", color="0.4", label="paramagnet")
    cold = theory.where(theory["T"] < theory.T_K)
    ax.plot(cold["T"], cold.symmetric, "-.", color="0.4", linewidth=1, label="RS")
    ax.plot(theory["T"], theory.energy, "-", color="black", label="one step")
    ax.plot(theory["T"], theory.threshold, "--", color="0.2", linewidth=1, label="threshold")
    for d, disorder in enumerate(runs.disorder.values):
        one = runs.sel(disorder=disorder).dropna("N", how="all", subset=["energy"])
        for N in one.N.values:
            n, e = runs.N.values.tolist().index(N), one.sel(N=N)
            fill = {"markerfacecolor": "white"} if d else {}
            label = f"{NAMES[str(disorder)]}, N = {N}"
            style = {"fmt": MARKS[n], "color": f"C{n}", "markersize": 4} | fill
            ax.errorbar(e["T"], e.energy, e.energy_err, label=label, **style)
    transitions(ax, theory)
    ax.set(xlabel="T/√α", ylabel="e/√α", title=title, xlim=(0.25, 1.7), ylim=(-1.05, -0.25))
    ax.legend(fontsize="xx-small", loc="lower right")


def transitions(ax, theory):
    """T_K and T_d as vertical lines."""
    for name, style in (("T_K", "--"), ("T_d", ":")):
        ax.axvline(theory.attrs[name], color="0.7", linestyle=style, linewidth=1, zorder=0)
    ax.text(theory.attrs["T_K"] - 0.01, 0.98, "T_K", transform=ax.get_xaxis_transform(), ha="right", va="top")
    ax.text(theory.attrs["T_d"] + 0.01, 0.98, "T_d", transform=ax.get_xaxis_transform(), ha="left", va="top")


def draw_sizes(ax, theory, runs, T):
    """Energy against 1/N at one temperature with the fitted straight lines and one step."""
    for d, disorder in enumerate(runs.disorder.values):
        one = runs.sel(disorder=disorder, T=T).dropna("N", subset=["energy"])
        used = usable(one)
        style = {"fmt": MARKS[d], "color": f"C{d}", "markersize": 5}
        ax.errorbar(1 / one.N[used], one.energy[used], one.energy_err[used], label=NAMES[str(disorder)], **style)
        ax.errorbar(1 / one.N[~used], one.energy[~used], one.energy_err[~used], mfc="white", **style)
        value, error = fitted(one)
        if np.isfinite(value):
            ax.errorbar([0], [value], [error], **style)
            mean = np.average(one.energy[used], weights=1 / one.energy_err[used] ** 2)
            centre = np.average(1 / one.N[used], weights=1 / one.energy_err[used] ** 2)
            x = np.array([0, 1 / one.N.values[used].min()])
            ax.plot(x, value + (mean - value) / centre * x, linestyle=DASHES[d], color=f"C{d}", linewidth=1)
    ax.axhline(float(theory.energy.sel(T=T)), color="black", linewidth=1, label="one step")
    ax.set(xlabel="1/N", ylabel="e/√α", title=f"P = 3, T/√α = {T:g}")
    ax.legend(fontsize="x-small")


def draw_plain(ax, theory, plain, runs, T):
    """Energy in doubling windows of runs without exchange, against sweeps; with exchange at sizes that have both."""
    for n, N in enumerate(plain.N.values):
        one = plain.sel(N=N, T=T)
        style = {"fmt": MARKS[n], "linestyle": DASHES[n], "color": f"C{n}", "markersize": 4}
        ax.errorbar(one.window, one.energy, one.energy_err, label=f"N = {N}", **style)
        if N in runs.N and np.isfinite(runs.energy.sel(N=N, T=T, disorder="1")):
            level = float(runs.energy.sel(N=N, T=T, disorder="1"))
            ax.axhline(level, color=f"C{n}", linestyle=":", label=f"N = {N}, exchange")
    at = theory.sel(T=T)
    ax.axhline(float(at.threshold), color="0.2", linestyle="--", linewidth=1, label="threshold")
    ax.axhline(float(at.energy), color="black", linewidth=1, label="one step")
    ax.set_xscale("log", base=2)
    ax.set(xlabel="sweeps", ylabel="e", title=f"P = 3, α = 1, T = {T:g}, no exchange")
    ax.legend(fontsize="x-small")


def draw_overlaps(ax, theory, runs, title, both=False):
    """Density of the overlap of two replicas at every size; theory as lines at its overlaps, with their weights."""
    one = runs.dropna("N", subset=["r_hat"])
    for N in one.N.values:
        n, at = runs.N.values.tolist().index(N), one.sel(N=N)
        if not usable(at):
            continue
        kept = np.isfinite(at.q_value.values)
        q, p, error = (at[name].values[kept] for name in ("q_value", "P_q", "P_q_err"))
        width = np.gradient(q)
        ax.plot(q, p / width, linestyle=DASHES[n], color=f"C{n}", label=f"N = {N}")
        ax.fill_between(q, (p - error) / width, (p + error) / width, color=f"C{n}", alpha=0.15, linewidth=0)
    for q, weight in zip(theory.q.values, theory.weight.values, strict=True):
        if weight < 1e-9:
            continue
        for sign in (1, -1) if both else (1,):
            ax.axvline(sign * q, color="0.5", linewidth=0.5 + 3 * weight, alpha=0.5, zorder=0)
        mark = {"rotation": 90, "fontsize": "small", "va": "top", "ha": "right"}
        ax.text(q, 0.97, f"{weight / (2 if both else 1):.2f}", transform=ax.get_xaxis_transform(), **mark)
    ax.set(xlabel="q", ylabel="P(q)", title=title, xlim=(-1 if both else -0.7, 1.02))
    ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize="x-small", loc="center" if both else "upper left")


def usable(one):
    """Sizes whose replicas agree and, for normal couplings, whose energy is the one that P(q) asks for."""
    agreed = (one.r_hat < AGREED).values
    return agreed & ~(one.balance > BALANCED * one.balance_err).values if "balance" in one else agreed


def fitted(one):
    """Energy at 1/N = 0 and its error from the sizes whose replicas agree; NaN for fewer than two."""
    used = usable(one)
    if used.sum() < 2:
        return np.nan, np.nan
    rows = (one.energy.values[None, used], one.energy_err.values[None, used])
    value, error = extrapolate(one.N.values[used], *rows)
    return value[0], error[0]


def print_energies(theory, runs):
    """Energies and P(q) of every disorder and temperature: Monte Carlo by size, its limit, theory and z."""
    P = int(theory.P)
    print(f"\nP = {P}, {runs.attrs['sweeps']} sweeps; energies" + (" and T over √α" if P == 3 else ""))
    print("(a star: replicas disagree, not fitted); last: q² and the weight of q > ½ at the largest size fitted")
    for disorder in runs.disorder.values:
        whole = runs.sel(disorder=disorder).dropna("N", how="all", subset=["energy"])
        print(f" {NAMES[str(disorder)]}: T, energy at N = {', '.join(map(str, whole.N.values))}, N → ∞, theory, z")
        for T in whole["T"].values:
            one, exact = whole.sel(T=T), theory.sel(T=T)
            star = np.where(usable(one), " ", "*")
            triples = zip(one.energy.values, one.energy_err.values, star, strict=True)
            values = " ".join(f"{brief(e, s)}{mark}" for e, s, mark in triples)
            value, error = fitted(one)
            target = float(exact.energy)
            print(
                f"  {T:4.2f}: {values} {brief(value, error)}  {target:+.4f}  z {(value - target) / error:+6.1f}   "
                + moments(one, exact)
            )


def moments(one, exact):
    """⟨q²⟩ and the weight of q > ½, theory in brackets."""
    used = np.flatnonzero(usable(one))
    if not len(used):
        return "no size agrees"
    at = one.isel(N=used[-1])
    q, weight = exact.q.values, exact.weight.values
    square, high = float(weight @ q**2), float(weight[q > float(one.attrs.get("high", 0.5))].sum())
    high = high / 2 if int(exact.P) == 2 else high
    return (
        f"N = {int(at.N)}: q² {brief(float(at.q2), float(at.q2_err))} [{square:.3f}]"
        f" q > ½ {brief(float(at.high), float(at.high_err))} [{high:.3f}]"
    )


def print_hot(runs):
    """Energies of high temperatures against those of the mean of Z at each N; ln Z fluctuates little there."""
    print(f"\nP = {int(runs.P)}: energy against that of the mean of Z at the same N, in standard errors")
    for disorder in runs.disorder.values:
        whole = runs.sel(disorder=disorder).dropna("N", how="all", subset=["energy"])
        for T in whole["T"].values[-2:]:
            one = whole.sel(T=T)
            z = (one.energy - one.annealed) / one.energy_err
            cells = "  ".join(
                f"N = {N}: {e:+.4f} [{a:+.4f}] {d:+.1f}"
                for N, e, a, d in zip(one.N.values, one.energy.values, one.annealed.values, z.values, strict=True)
            )
            print(f"  {NAMES[str(disorder)]}, T = {T:.2f}: {cells}")


def print_balance(runs):
    """What the energy of normal couplings exceeds by, of that which P(q) asks for: zero in equilibrium."""
    whole = runs.sel(disorder="normal").dropna("N", how="all", subset=["energy"])
    print("\nnormal couplings, equilibrium: e minus that of P(q), exact at each N")
    for N in whole.N.values:
        one = whole.sel(N=N)
        rows = zip(one["T"].values, one.balance.values, one.balance_err.values, strict=True)
        print(f"  N = {N}: " + "  ".join(f"{T:.2f}: {brief(b, e)}" for T, b, e in rows))


def print_overlaps(runs):
    """The largest overlap with any pattern, of annealed and of random spins."""
    known = runs.dropna("N", subset=["overlap"])
    print("\nlargest x_μ, α = 1 (annealed, random)")
    for N in known.N.values:
        one = known.sel(N=N)
        cells = [brief(float(o), float(s)) for o, s in zip(one.overlap.values, one.overlap_err.values, strict=True)]
        print(f"  N = {N}: {cells[0]}, {cells[1]}")


def brief(value, error):
    """A value with its error in units of the third decimal."""
    return f"{value:+.3f}({round(1000 * error):d})" if np.isfinite(value) else "   none   "


if __name__ == "__main__":
    main()
