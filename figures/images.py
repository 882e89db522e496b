"""Classes of real images, learned and retrieved: figures/images.png, images_pictures.png (and .pdf); stored data only.

python figures/images.py [--data data] [--out figures]
"""

import matplotlib.pyplot as plt
import numpy as np

import densenet_sm as dsm
from densenet_sm.scripts import figure_arguments


def main(argv=None):
    args = figure_arguments(__doc__, argv)
    ds = dsm.plot.stored(args.data / "images.nc", "make images")
    plt.switch_backend("Agg")
    with plt.style.context(dsm.plot.STYLE):
        overview, axes = plt.subplots(2, 3, figsize=(14, 8.5))
        for ax, (name, cue) in zip(axes.flat, (("accuracy", 0), ("m", 0), ("accuracy", 1), ("m", 1)), strict=False):
            draw_learning(ax, ds.isel(cue=cue), name)
        for ax, last in zip(axes.flat[4:], ds["last"].values, strict=True):
            draw_confusion(ax, ds.confusion.sel(last=last), ds["class"].values)
        for name, figure in (("images", overview), ("images_pictures", pictures(ds))):
            dsm.plot.save(figure, args.out, name, args.data.glob("images.nc"))
    print_tables(ds)
    print("\nfigures:", *(args.out / f"{name}.png" for name in ("images", "images_pictures")), "and .pdf")


def draw_learning(ax, ds, name):
    """Accuracy, or m with the archetype, against M for every P, with and without a supervisor."""
    for n, P in enumerate(ds.P.values):
        for teacher, fill, line in zip(ds.teacher.values, ("none", "left", "full"), (":", "--", "-"), strict=True):
            one = ds.sel(P=P, teacher=teacher)
            style = {"color": f"C{n}", "fillstyle": fill, "capsize": 2, "markersize": 5}
            ax.errorbar(one.M, one[name], one[f"{name}_err"], fmt="os^"[n] + line, label=f"P = {P}, {teacher}", **style)
    if name == "accuracy":
        for way, line in zip(ds.way.values, ("x:", "+-"), strict=True):
            base = ds.sel(way=way)
            ax.errorbar(base.M, base.baseline, base.baseline_err, fmt=line, color="k", label=way)
    label = {"accuracy": "class found", "m": "m with the archetype of the class"}[name]
    ax.set(xscale="log", xlabel="M, images per class", ylabel=label, ylim=(-0.1, 1.05), title=str(ds.cue.values))
    if name == "accuracy" and ds.cue.item() == "held out":
        ax.legend(fontsize="x-small", loc="lower right")


def draw_confusion(ax, confusion, classes):
    """Counts of held-out images, the true class in rows."""
    ax.imshow(confusion.values, cmap="gray_r")
    for (i, j), value in np.ndenumerate(confusion.values):
        if value:
            ax.text(
                j, i, value, ha="center", va="center", fontsize=7, color="w" if value > confusion.max() / 2 else "k"
            )
    ax.set(xlabel="class found", ylabel="true class", title=str(confusion["last"].values))
    ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(classes)), classes)


def pictures(ds):
    """Held-out images, the trajectory of the spins, and the archetype of the class; unused pixels are grey."""
    side = round(ds.attrs["pixels"] ** 0.5)
    names = ["end" if s == ds.stage.max() else f"sweeps: {s}" for s in ds.stage.values]
    columns = ["cue", *names, "archetype"]
    figure, axes = plt.subplots(ds.sizes["shown"], len(columns), figsize=(1.3 * len(columns), 1.25 * ds.sizes["shown"]))
    for n, row in enumerate(axes):
        one = ds.isel(shown=n)
        for ax, image in zip(row, [one.cues.values, *one.pictures.values, one.own.values], strict=True):
            full = np.zeros(ds.attrs["pixels"])
            full[ds.pixel.values] = image
            ax.imshow(full.reshape(side, side), cmap="gray_r", vmin=-1, vmax=1)
            ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[0], columns, strict=True):
        ax.set_title(title)
    return figure


def print_tables(ds):
    a = ds.attrs
    print(f"\n{a['images']}: overlap of an image with its archetype r = {a['quality']:.2f}; mean overlap of archetypes")
    median, half = a["overlap_of_archetypes"], a["overlap_of_archetypes_at_half_intensity"]
    print(f"  {median:+.2f} of pixels above their median, {half:+.2f} of pixels above half intensity")
    for cue in ds.cue.values:
        print(f"\nClass found / m with its archetype, {cue}, M =" + "".join(f"{M:>14d}" for M in ds.M.values))
        for teacher in ds.teacher.values:
            for P in ds.P.values:
                one = ds.sel(cue=cue, teacher=teacher, P=P)
                cells = zip(one.accuracy.values, one.accuracy_err.values, one.m.values, strict=True)
                print(f"  {teacher:13s} P = {P} " + "".join(f"   {x:.2f}±{e:.2f}/{m:+.2f}" for x, e, m in cells))
        for way in ds.way.values:
            base = ds.sel(cue=cue, way=way)
            cells = zip(base.baseline.values, base.baseline_err.values, strict=True)
            print(f"  {way:20s}" + "".join(f"   {x:.2f}±{e:.2f}/  -  " for x, e in cells))


if __name__ == "__main__":
    main()
