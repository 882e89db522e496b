"""Broken replica symmetry: figures/breaking.*, and the P = 2 glass in parts: breaking_parts.*; reads stored data only.

python figures/breaking.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

COLD = (0.05, 0.12, 0.2)  # temperatures of the table; the curves are at the last


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    parts = ("simulation", "complexity", "parisi", "capacity")
    runs, counted, parisi, capacity = (
        dsm.plot.stored(args.data / f"breaking_{name}.nc", "make breaking") for name in parts
    )
    with plt.style.context(dsm.plot.STYLE):
        figure, axes = plt.subplots(2, 5, figsize=(17, 7))
        for ax, alpha in zip(axes[0], runs.alpha.values, strict=True):
            draw_windows(ax, runs.sel(alpha=alpha, T=COLD[-1]))
        draw_counts(axes[1, 0], counted, "glass", "P = 3, ν = 1, T = 0.3")
        draw_counts(axes[1, 1], counted, "retrieval", "P = 3, α = 0.44, T = 0.2")
        axes[1, 2].plot(counted["T"], counted.at_one, "o-", markersize=3)
        axes[1, 2].set(xlabel="T", ylabel="Σ at θ = 1", title="3-spin glass, T_K to T_d")
        draw_parisi(axes[1, 3], parisi)
        draw_capacity(axes[1, 4], capacity)
        paths = dsm.plot.save(figure, args.out, "breaking", args.data.glob("breaking_*.nc"))
        parts = dsm.plot.stored(args.data / "breaking_parts.nc", "make breaking")
        paths += dsm.plot.save(draw_parts(parts), args.out, "breaking_parts", [args.data / "breaking_parts.nc"])
    print_table(runs)
    print_cold(dsm.plot.stored(args.data / "breaking_cold.nc", "make breaking"))
    print("\nfigures:", *paths, f"\ndata:    {args.data}/breaking_*.nc")


def draw_windows(ax, one):
    """m in doubling windows at one load for every size, with retrieval of one step of breaking where it exists."""
    for n, N in enumerate(one.N.values):
        m = one.sel(N=N)
        ax.errorbar(m.window, m.m_window, m.m_window_err, fmt="osD^v"[n] + "-", markersize=4, label=f"N = {N}")
    for ansatz, dash in (("1RSB", "--"), ("RS", ":")):
        if one[f"{ansatz}_m"].notnull():
            ax.axhline(float(one[f"{ansatz}_m"]), color="0.2", linestyle=dash, label=f"{ansatz}, N → ∞")
    ax.set_xscale("log", base=2)
    ax.set(xlabel="sweeps", ylabel="m", ylim=(0, 1), title=f"α = {float(one.alpha):g}, T = {float(one['T']):g}")
    ax.legend(fontsize="x-small", loc="lower left")


def draw_counts(ax, counted, kind, title):
    """Σ against θ where it is not negative; full circles where the states counted are stable."""
    theta, sigma = counted[f"{kind}_theta"], counted[f"{kind}_complexity"]
    ax.plot(theta, sigma, "-", color="C0")
    stable = counted[f"{kind}_replicon"].values > 0
    if stable.any():
        ax.plot(theta[stable], sigma[stable], "o", color="C0", markersize=3, label="replicon > 0")
        ax.legend(fontsize="small")
    ax.axhline(0, color="0.6", linewidth=1)
    top = float(sigma.max())
    ax.set(xlabel="θ", ylabel="Σ", title=f"sub-states of {kind}\n{title}", ylim=(-top, 1.2 * top))


def draw_parisi(ax, parisi):
    """q against D = βθ at T = 0."""
    for g, glass in enumerate(parisi.glass.values):
        for k in parisi.k.values:
            one = parisi.sel(glass=glass, k=k)
            edges = one.edges.values[: k + 2]
            edges[-1] = 12.0
            style = {"linestyle": ("-", "--")[g], "color": f"C{g}", "alpha": 0.25 + 0.75 * k / 4}
            ax.stairs(one.q.values[: k + 1], edges, baseline=None, **style)
        ax.plot([], [], ("-", "--")[g], color=f"C{g}", label=glass)
    ax.set(xlabel="D = βθ", ylabel="q", xlim=(0, 12), ylim=(0, 1.03), title="Parisi function, T = 0, k = 1 … 4")
    ax.legend()


def draw_capacity(ax, capacity):
    """Capacity against ρ, symmetric and broken."""
    for n, P in enumerate(sorted(set(capacity.P.values.tolist()))):
        one = capacity.isel(place=capacity.P.values == P)
        for ansatz, dash in (("RS", ":"), ("1RSB", "-")):
            ax.plot(one.rho, one[ansatz], "os"[n] + dash, color=f"C{n}", markersize=4, label=f"P = {P}, {ansatz}")
    ax.set(xlabel="ρ", ylabel="α_c", title="capacity, supervised, T = 0", ylim=(0, None))
    ax.legend(fontsize="small")


def draw_parts(ds):
    """Pressure of the P = 2 glass and of its hard and soft parts, their overlaps, and their inverse temperatures."""
    alpha = ds.attrs["alpha"]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11.5, 3.6))
    shares = {"hard (SK)": ds.hard, "α × soft (Gaussian)": alpha * ds.soft, "elementary": ds.elementary}
    for (label, share), dash in zip(shares.items(), ("--", "-.", ":"), strict=True):
        left.plot(ds["T"], share, dash, label=label)
    left.plot(
        ds["T"][::4], sum(shares.values())[::4], "o", color="0.3", fillstyle="none", markersize=4, label="their sum"
    )
    left.plot(ds["T"], ds.pressure, color="0.2", label="network")
    middle.plot(ds["T"], ds.q, color="0.2", label="q, network")
    middle.plot(ds["T"][::4], ds.q_hard[::4], "o", color="C0", fillstyle="none", markersize=4, label="q, hard")
    middle.plot(ds["T"], ds.p_soft, "-.", color="C1", label="p, soft")
    right.plot(ds["T"], ds.beta_hard, "--", label="β₁ = √α β/λ, hard")
    right.plot(ds["T"], ds.beta_soft, "-.", label="β₂ = λ, soft")
    for ax, label in ((left, "ln Z / N"), (middle, "q, p"), (right, "β₁, β₂")):
        ax.axvline(1 + alpha**0.5, color="0.6", linewidth=0.8)
        ax.set(xlabel="T", ylabel=label, title=f"P = 2, α = {alpha:g}, glass below 1 + √α")
        ax.legend(fontsize="small")
    return figure


def print_table(runs):
    """m of the largest size against both theories with f_N, in standard errors, and the share that kept the pattern."""
    N = int(runs.N[-1])
    print(f"Monte Carlo at N = {N} ({runs.attrs['sweeps']} sweeps), theory with f_N:")
    for alpha in runs.alpha.values:
        for T in COLD:
            one = runs.sel(alpha=alpha, T=T, N=N)
            kept = " ".join(f"{v:.2f}" for v in runs.sel(alpha=alpha, T=T).kept.values)
            print(
                f"  α = {alpha:.2f}, T = {T:.2f}: m = {float(one.m):.3f} ± {float(one.m_err):.3f}"
                f"   1RSB {against(one, '1RSB')}   RS {against(one, 'RS')}   kept, by size: {kept}"
            )


def print_cold(runs):
    """m of single low temperatures by size, with the theory of the largest one."""
    print(f"\nEach temperature by itself ({runs.attrs['sweeps']} sweeps), N = {', '.join(map(str, runs.N.values))}:")
    for alpha in runs.alpha.values:
        for T in runs["T"].values:
            one = runs.sel(alpha=alpha, T=T)
            values = "  ".join(f"{m:.3f} ± {e:.3f}" for m, e in zip(one.m.values, one.m_err.values, strict=True))
            last = one.isel(N=-1)
            print(f"  α = {alpha:.2f}, T = {T:.2f}: {values}   1RSB {against(last, '1RSB')}   RS {against(last, 'RS')}")


def against(one, ansatz):
    m = float(one[f"{ansatz}_m_N"])
    return f"{m:.3f} (z {(float(one.m) - m) / max(float(one.m_err), 1e-9):+.1f})" if m == m else "lost"


if __name__ == "__main__":
    main()
