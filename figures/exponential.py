"""Exponential networks beside those of finite order: figures/exponential.png, exponential_digits.png (and .pdf)

Reads stored data only.

    python figures/exponential.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

STYLES = {  # colour, marker, line
    "P = 2": ("C0", "o", "-"),
    "P = 3": ("C1", "s", "-"),
    "P = 4": ("C2", "^", "-"),
    "P = 6": ("C3", "v", "-"),
    "λ = 0.5": ("C4", "D", "--"),
    "λ = 1": ("C5", "P", "--"),
    "continuous": ("0.3", "x", ":"),
    "continuous, blank": ("0.3", "+", ":"),
    "nearest": ("0.6", "<", "-."),
    "nearest half": ("0.6", ">", "-."),
}
POINTS = {"capsize": 2, "markersize": 4, "linestyle": "none"}


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    names = ("loads", "capacity", "step", "kept", "weights", "one", "basins", "digits")
    found = {name: dsm.plot.stored(args.data / f"exponential_{name}.nc", "make exponential") for name in names}
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        overview, axes = plt.subplots(2, 3, figsize=(14, 8.5))
        draw_capacity(axes[0, 0], found["capacity"], found["kept"])
        draw_loads(axes[0, 1], found["loads"], found["weights"])
        draw_step(axes[0, 2], found["step"], found["one"])
        draw_basins(axes[1, 0], found["basins"])
        for ax, cue in zip(axes[1, 1:], found["digits"].cue.values, strict=True):
            draw_digits(ax, found["digits"].sel(cue=cue))
        for name, figure in (("exponential", overview), ("exponential_digits", pictures(found["digits"]))):
            dsm.plot.save(figure, args.out, name, args.data.glob("exponential_*.nc"))
    print_capacity(found["capacity"], found["kept"])
    print_step(found["step"], found["one"])
    print_weights(found["weights"])
    print_digits(found["digits"])
    print("\nfigures:", *(args.out / f"{name}.png" for name in ("exponential", "exponential_digits")), "and .pdf")


def draw_capacity(ax, theory, kept):
    """K against N at m = 0.9: Monte Carlo, one step exactly, and N → ∞."""
    for name in kept.network.values:
        colour, marker, _ = STYLES[name]
        one, points = theory.sel(network=name), kept.sel(network=name)
        ax.plot(one.N, np.exp(one.one_step), color=colour)
        ax.plot(one.N, np.exp(one.limit), color=colour, linestyle=":")
        K = np.exp(points.log_K.values)
        errors = [
            K - np.exp((points.log_K - points.log_K_err).values),
            np.exp((points.log_K + points.log_K_err).values) - K,
        ]
        ax.errorbar(points.N, K, errors, fmt=marker, color=colour, label=name, **POINTS)
    ax.plot([], [], color="0.4", label="one step, exact")
    ax.plot([], [], color="0.4", linestyle=":", label="N → ∞")
    title = f"patterns kept with m = {theory.attrs['quality']:g}"
    ax.set(xscale="log", yscale="log", xlabel="N", ylabel="K", ylim=(1, 1e12), title=title)
    ax.set_xticks([20, 50, 100, 200, 400], ["20", "50", "100", "200", "400"])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(ncols=2)


def draw_loads(ax, loads, weights):
    """ln K/N against λ: typical patterns of three kinds, all patterns, flips, powers of order λN, Monte Carlo."""
    for n, kind in enumerate(loads.patterns.values):
        one = loads.sel(patterns=kind)
        ax.plot(one.lam, one.typical, color=f"C{n}", label=f"typical, {kind}")
        ax.plot(one.lam, one.every, ":", color=f"C{n}", label=f"all, bound, {kind}")
    signs = loads.sel(patterns="sign")
    ax.plot(signs.lam, signs.flips, "--", color="C0", label="flips, sign")
    ax.plot(signs.lam, signs.power, "-.", color="0.5", label="typical, power P = λN, sign")
    for n, N in enumerate(weights.N.values):
        points = weights.sel(N=N)
        style = {"color": "k", "fillstyle": "none", "label": f"N = {N}, sign"}
        ax.errorbar(points.lam, points.alpha, points.alpha_err, fmt="os^"[n % 3], **style, **POINTS)
    ax.axhline(np.log(2), color="0.7", linewidth=0.8)
    ax.set(xscale="log", xlabel="λ", ylabel="α = ln K / N", ylim=(0, 1.2), title="loads kept; thin line ln 2")
    ax.legend(loc="upper left", fontsize="x-small")


def draw_step(ax, theory, one):
    """Retrieval in one step against K: exact noise with independent bits, and networks."""
    for name in one.network.values:
        colour, marker, line = STYLES[name]
        if name in theory.network.values:
            ax.plot(np.exp(theory.log_K), theory.retrieved.sel(network=name), line, color=colour)
        points = one.sel(network=name)
        label = f"{name}, β = 0.5" if name == "continuous" else name
        ax.errorbar(
            np.exp(points.log_K),
            points.retrieved,
            points.retrieved_err,
            fmt=marker,
            color=colour,
            label=label,
            **POINTS,
        )
    ax.plot(np.exp(theory.log_K), theory.nearest, "-.", color="0.6", label="nearest pattern itself")
    title = f"one step from overlap {theory.attrs['overlap']:g}, N = {theory.attrs['N']}"
    ax.set(xscale="log", xlabel="K", ylabel="probability of m ≥ 0.9", title=title)
    ax.legend(loc="upper right", fontsize="x-small")


def draw_basins(ax, basins):
    """Retrieval by the dynamics against the overlap of cues; edges for flips and for weights as N → ∞."""
    for n, alpha in enumerate(basins.alpha.values):
        one, marker = basins.sel(alpha=alpha), "os^"[n % 3]
        label = f"α = {alpha:g}"
        ax.errorbar(
            one.overlap, one.retrieval, one.retrieval_err, fmt=f"{marker}-", color=f"C{n}", label=label, capsize=2
        )
        for factor, line in ((2, "--"), (1, ":")):
            found = dsm.exponential_capacity(factor * basins.attrs["lam"])
            ax.axvline(found.basin(float(alpha)), color=f"C{n}", linestyle=line, linewidth=1)
    ax.plot([], [], "--", color="0.4", label="edge of flips, N → ∞")
    ax.plot([], [], ":", color="0.4", label="edge of weights, N → ∞")
    title = f"basins, λ = {basins.attrs['lam']:g}, N = {basins.attrs['N']}"
    ax.set(xlabel="overlap of the cue", ylabel="retrieved", title=title)
    ax.legend(loc="upper left")


def draw_digits(ax, digits):
    """Share of images retrieved against their number."""
    for name in digits.network.values:
        colour, marker, line = STYLES[name]
        one = digits.sel(network=name)
        ax.errorbar(
            one.K,
            one.retrieved,
            one.retrieved_err,
            fmt=marker + line,
            color=colour,
            label=name,
            capsize=2,
            markersize=4,
        )
    cue = {"whole": "from the whole image", "half": "lower half unknown"}[str(digits.cue.values)]
    ax.set(xscale="log", xlabel="K", ylabel="retrieved, m ≥ 0.9", ylim=(-0.05, 1.05), title=f"digits, {cue}")
    if cue.startswith("lower"):
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def pictures(digits):
    """Images, cues and ends at the largest K: one row each."""
    rows = {"stored": digits.wanted, "cue": digits.given} | {
        str(name): digits.ends.sel(network=name) for name in digits.network.values
    }
    side = round(digits.sizes["pixel"] ** 0.5)
    count = digits.sizes["image"]
    figure, axes = plt.subplots(len(rows), count, figsize=(0.8 * count + 1.6, 0.8 * len(rows)))
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, images.values, strict=True):
            ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=-1, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    figure.suptitle(f"{digits.K.values[-1]} digits stored")
    return figure


def print_capacity(theory, kept):
    print("\nln K kept with m = 0.9: Monte Carlo at T = 0 and the limit N → ∞ at that N")
    for name in kept.network.values:
        points, limit = kept.sel(network=name), theory.limit.sel(network=name)
        for N, value, error in zip(points.N.values, points.log_K.values, points.log_K_err.values, strict=True):
            if np.isfinite(value):
                scale = np.log if name.startswith("P") else np.asarray
                at = np.interp(scale(N), scale(limit.N), limit)
                print(f"  {name:8s} N = {N:4d}:  {value:6.2f} ± {error:.2f}   limit {at:6.2f}")


def print_step(theory, one):
    print(
        "\nRetrieval in one step, networks minus exact noise with independent bits: root mean square over K, and errors"
    )
    for name in theory.network.values:
        points = one.sel(network=name)
        expected = np.interp(points.log_K, theory.log_K, theory.retrieved.sel(network=name))
        miss = points.retrieved.values - expected
        print(f"  {name:8s} {np.sqrt((miss**2).mean()):.3f}   {np.sqrt((points.retrieved_err.values**2).mean()):.3f}")


def print_weights(weights):
    print("\nln K/N at which a pattern has half of the weight, signs: Monte Carlo and α_1")
    for lam in weights.lam.values:
        values = [
            f"{a:.4f} ± {e:.4f}"
            for a, e in zip(*(weights[n].sel(lam=lam).values for n in ("alpha", "alpha_err")), strict=True)
        ]
        print(f"  λ = {lam:<5g} " + "   ".join(values) + f"   α_1 {dsm.exponential_capacity(float(lam)).typical:.4f}")


def print_digits(digits):
    print(
        f"\n{digits.attrs['images']} different digits, mean overlap {digits.attrs['mean_overlap']:.2f}: share retrieved"
    )
    print("  K".ljust(28) + "".join(f"{K:>8d}" for K in digits.K.values))
    for cue in digits.cue.values:
        for name in digits.network.values:
            values = digits.retrieved.sel(cue=cue, network=name).values
            print(f"  {cue}, {name}".ljust(28) + "".join(f"{value:8.2f}" for value in values))


if __name__ == "__main__":
    main()
