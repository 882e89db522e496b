"""What `compare` found in every study: figures/agreement.png and .pdf, and a table for each; reads stored data only.

python figures/agreement.py [--data data] [--out figures]
"""

import re

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments

ZERO = r"(?:alpha|nu|field)=0\.0"
DEFAULTS = rf"(, )?({ZERO}|protocol=Storing\(\)|interaction='tensor'|lam=None|covariance=None|rho=None)(?=[,)])"
LIMIT = 3.0  # |z| beyond it is called a disagreement: expected once in 370


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    plt.switch_backend("Agg")
    paths = sorted(args.data.glob("*_compare_*.nc"))
    if not paths:
        raise FileNotFoundError(f"no comparison is in {args.data}: run make figures")
    studies = {}
    for path in paths:
        studies.setdefault(path.name.partition("_compare_")[0], []).append(dsm.plot.stored(path, "make figures"))
    with plt.style.context(dsm.plot.STYLE):
        made = dsm.plot.save(draw(studies), args.out, "agreement", paths)
    for study, found in studies.items():
        print_study(study, found)
    print("\nfigures:", *made, f"\ndata:    {args.data}/*_compare_*.nc")


def sizes_z(ds):
    """(Monte Carlo − theory with f_N)/error of every observable [observable, N]."""
    return ((ds.value_N - ds.theory_N) / ds.error_N).values


def draw(studies):
    """z of the extrapolations beside a normal law, one row for each study; and of the sizes, smallest to largest."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 1.6 + 0.55 * len(studies)), sharey=True)
    for row, found in enumerate(studies.values()):
        z = np.concatenate([ds.z.values for ds in found])
        usable = np.concatenate([np.full(len(ds.z), (ds.status != "unusable").sum().item() > 1) for ds in found])
        offset = np.linspace(-0.25, 0.25, len(z))
        for kept, fill in ((usable, "full"), (~usable, "none")):
            left.plot(z[kept].clip(-8, 8), row + offset[kept], "o", color="C0", fillstyle=fill, markersize=3.5)
        for n, marker in ((0, "o"), (-1, "D")):
            values = np.concatenate([sizes_z(ds)[:, n] for ds in found])
            right.plot(values.clip(-8, 8), row + offset, marker, color="C0" if n else "0.6", markersize=3)
    left.plot([], [], "o", color="C0", label="two sizes or more usable")
    left.plot([], [], "o", color="C0", fillstyle="none", label="fewer")
    right.plot([], [], "o", color="0.6", label="smallest N")
    right.plot([], [], "D", color="C0", label="largest N")
    for ax, title in ((left, "z, extrapolated in 1/N"), (right, "z at one N, theory with f_N")):
        ax.axvspan(-2, 2, color="0.92")
        ax.axvline(0, color="0.5", linewidth=0.8)
        ax.set(xlabel="z (beyond ±8 drawn there)", xlim=(-8.4, 8.4), title=title)
        ax.legend(fontsize="small", loc="upper right")
    left.set_yticks(range(len(studies)), studies)
    left.set_ylim(-0.6, len(studies) + 0.4)
    return figure


def print_study(study, found):
    """Every point: z of each observable at growing N and extrapolated; then how many agree."""
    print(f"\n{study}: z of Monte Carlo against theory with f_N at each N, → 1/N → 0")
    every = []
    for ds in found:
        status = ", ".join(f"{N} {s}" for N, s in zip(ds.N.values, ds.status.values, strict=True))
        print(f"  {short(ds.attrs['model'])}, T = {ds.attrs['T']:g}; N = {status}")
        for name, trend, z in zip(ds.observable.values, sizes_z(ds), ds.z.values, strict=True):
            mark = "  *" if abs(z) > LIMIT else ""
            print(f"    {name!s:>7}  {'  '.join(f'{value:+6.2f}' for value in trend)}  →  {z:+6.2f}{mark}")
        every.append(ds.z.values)
    z = np.abs(np.concatenate(every))
    shares = f"{(z < 1).mean():.0%} within 1 (68% expected), {(z < 2).mean():.0%} within 2 (95%)"
    print(f"  {len(z)} numbers: {shares}, {(z > LIMIT).sum()} beyond {LIMIT:g}, largest {z.max():.1f}")


def short(model):
    """A model without what is at its default."""
    return re.sub(r"\(, ", "(", re.sub(DEFAULTS, "", model))


if __name__ == "__main__":
    main()
