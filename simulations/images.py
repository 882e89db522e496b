"""Classes of real images learned from examples, and retrieved from held-out ones -> data/images.nc

Binary pixels: above their median over the training images, which takes the mean image out; pixels that are so in less
than 15 % of them, or more than 85 %, are dropped. The archetype of a class is the majority of its binary training
images. Networks learn M of them per class, one by one (unsupervised), averaged by a teacher (supervised), or averaged
and made orthogonal by G^{−1/2}, G_{μν} = t^μ·t^ν/N (decorrelated). At T = 0 they fall from images they never saw and
from archetypes with a share of pixels flipped. Baselines: the nearest of the averages, and of the orthogonal ones.

    python simulations/images.py [--preset quick|full|toy] [--out data] [--seed 1] [--idx FOLDER]

`--idx`: a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte (or .gz), Fashion-MNIST for example; without it
the digits of scikit-learn.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import xarray as xr
from rich.progress import Progress
from sklearn.datasets import load_digits

import densenet_sm as dsm

ORDERS, TEACHERS = (2, 3, 4), ("unsupervised", "supervised", "decorrelated")
RARE = 0.15  # share of images below which a pixel is dropped
CUES = ("held out", "noisy archetype")
NOISE = 0.2  # share of the pixels of an archetype that are flipped
STAGES = (1, 2, 100)  # sweeps after which pictures are kept
SHOWN = 6
PRESETS = {"toy": ((1, 4), 20), "quick": ((1, 3, 10, 30, 100), 300), "full": ((1, 2, 5, 10, 20, 50, 100), 1000)}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--idx", type=Path)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    counts, cues = PRESETS[args.preset]
    rng = np.random.default_rng(args.seed)
    data = prepared(*(read_idx(args.idx) if args.idx else load_digits(return_X_y=True)), rng)
    given = draw_cues(data, cues, rng)
    with Progress() as bar:
        task = bar.add_task("images", total=len(TEACHERS) * len(ORDERS) * len(counts))
        found = learn(data, given, counts, lambda: bar.advance(task))
    name = args.idx.name if args.idx else "digits"
    found.attrs |= {"images": name, "seed": str(args.seed)} | data.attrs
    found.to_netcdf(args.out / "images.nc", engine="h5netcdf")


def read_idx(folder):
    """Images [n, pixels] and labels [n] of the IDX format: big-endian sizes after a magic number, then bytes."""
    arrays = []
    for name, header in (("train-images-idx3-ubyte", 16), ("train-labels-idx1-ubyte", 8)):
        path = next((p for p in (folder / name, folder / f"{name}.gz") if p.exists()), None)
        if path is None:
            raise SystemExit(f"--idx must be a folder with {name} or {name}.gz; {folder} has none")
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        arrays.append(np.frombuffer(raw, np.uint8, offset=header))
    images, labels = arrays
    return images.reshape(len(labels), -1), labels


def prepared(images, labels, rng):
    """Binary images of training (two thirds) and test, archetypes of the classes, and how correlated they are."""
    order = rng.permutation(len(images))
    train, test = np.split(order, [2 * len(order) // 3])
    median = np.median(images[train], axis=0)
    often = (images[train] > median).mean(0)
    seen = (often > RARE) & (often < 1 - RARE)
    binary = np.where(images[:, seen] > median[seen], 1, -1).astype(np.int8)
    classes = np.unique(labels)
    mean = np.array([binary[train][labels[train] == c].mean(0) for c in classes])
    archetypes = np.where(mean >= 0, 1, -1).astype(np.int8)
    off = ~np.eye(len(classes), dtype=bool)
    overlap = lambda rows: float((rows @ rows.T.astype(float) / rows.shape[1])[off].mean())  # noqa: E731
    plain = np.where(images[train][:, seen] > images.max() / 2, 1, -1)
    raw = np.where(np.array([plain[labels[train] == c].mean(0) for c in classes]) >= 0, 1, -1)
    return xr.Dataset(
        {
            "train": (("train_image", "pixel"), binary[train]),
            "train_label": ("train_image", labels[train]),
            "test": (("test_image", "pixel"), binary[test]),
            "test_label": ("test_image", labels[test]),
            "archetypes": (("class", "pixel"), archetypes),
            "pixel": np.flatnonzero(seen),
        },
        {"class": classes},
        {
            "pixels": images.shape[1],
            "quality": float((mean * archetypes).mean()),  # r: overlap of an image with its archetype
            "overlap_of_archetypes": overlap(archetypes),
            "overlap_of_archetypes_at_half_intensity": overlap(raw),
        },
    )


def draw_cues(data, count, rng):
    """Cues [cue, image, pixel] and the index of the class they belong to [cue, image]."""
    classes = data["class"].values
    chosen = rng.integers(0, data.sizes["test_image"], count)
    held = data.test.values[chosen]
    owner = rng.integers(0, len(classes), count)
    noisy = data.archetypes.values[owner].copy()
    noisy[rng.random(noisy.shape) < NOISE] *= -1
    wanted = np.array([np.searchsorted(classes, data.test_label.values[chosen]), owner])
    return np.array([held, noisy]), wanted


def learn(data, given, counts, advance):
    """Ends of the dynamics: m with the archetype of the own class, the class of the nearest archetype, confusion."""
    cues, wanted = given
    archetypes = data.archetypes.values.astype(np.int8)
    n, N = archetypes.shape
    shape = (len(TEACHERS), len(ORDERS), len(counts), len(CUES), cues.shape[1])
    m, right, steps = np.zeros(shape), np.zeros(shape, bool), np.zeros(shape)
    confusion = np.zeros((2, n, n), int)  # of held-out cues at the largest M: the last network, the last baseline
    baseline = np.zeros((2, len(counts), *shape[3:]), bool)
    examples = [np.flatnonzero(data.train_label.values == c) for c in data["class"].values]
    counts = [min(M, min(map(len, examples))) for M in counts]
    pictures = np.zeros((SHOWN, len(STAGES), N), np.int8)
    for k, M in enumerate(counts):
        rows = np.array([data.train.values[own[:M]] for own in examples])  # [class, M, pixel]
        for b, entries in enumerate((rows.mean(1), orthogonal(rows.mean(1)))):
            nearest = (cues @ entries.T).argmax(-1)
            baseline[b, k] = nearest == wanted
        for t, P in np.ndindex(len(TEACHERS), len(ORDERS)):
            net = network(rows, ORDERS[P], TEACHERS[t], archetypes)
            for c, cue in enumerate(cues):
                found = dsm.retrieve(net, cue, sweeps=100)
                m[t, P, k, c] = found.magnetisations[np.arange(len(cue)), wanted[c]]
                ended = found.magnetisations.argmax(1)
                right[t, P, k, c], steps[t, P, k, c] = ended == wanted[c], found.sweeps
                if (t, P, k, c) == (len(TEACHERS) - 1, len(ORDERS) - 1, len(counts) - 1, 0):
                    np.add.at(confusion[0], (wanted[0], ended), 1)
                    np.add.at(confusion[1], (wanted[0], nearest[0]), 1)
                    for stage, sweeps in enumerate(STAGES):
                        pictures[:, stage] = dsm.retrieve(net, cue[:SHOWN], sweeps=sweeps).spins
            advance()
    dims, count = ("teacher", "P", "M", "cue"), cues.shape[1]
    mean_and_error = lambda a: (a.mean(-1), a.std(-1) / np.sqrt(count))  # noqa: E731
    values = {"m": m, "accuracy": right.astype(float), "sweeps": steps}
    variables = {}
    for name, array in values.items():
        variables[name], variables[f"{name}_err"] = ((dims, part) for part in mean_and_error(array))
    variables["retrieved"], variables["retrieved_err"] = ((dims, part) for part in mean_and_error((m >= 0.9) * 1.0))
    variables["baseline"], variables["baseline_err"] = (
        (("way", "M", "cue"), part) for part in mean_and_error(baseline.astype(float))
    )
    variables["confusion"] = (("last", "true", "found"), confusion)
    variables["pictures"] = (("shown", "stage", "pixel"), pictures)
    variables["cues"] = (("shown", "pixel"), cues[0, :SHOWN])
    variables["own"] = (("shown", "pixel"), archetypes[wanted[0, :SHOWN]])
    variables["archetypes"] = (("class", "pixel"), archetypes)
    coordinates = {"teacher": list(TEACHERS), "P": list(ORDERS), "M": counts, "cue": list(CUES)}
    coordinates |= {"way": ["nearest average", "nearest decorrelated"], "stage": list(STAGES)}
    coordinates["last"] = [f"P = {ORDERS[-1]}, {TEACHERS[-1]}", "nearest decorrelated"]
    coordinates |= {"class": data["class"].values, "pixel": data.pixel.values}
    return xr.Dataset(variables, coordinates, {"noise": NOISE, "count": count})


def network(rows, P, teacher, archetypes):
    """Entries: every image by itself with weight 1/M, the average of M images per class, or that made orthogonal."""
    n, M, N = rows.shape
    if teacher == "unsupervised":
        return dsm.Network(rows.reshape(n * M, N), P, weights=np.full(n * M, 1 / M), archetypes=archetypes)
    entries = rows.mean(1) if teacher == "supervised" else orthogonal(rows.mean(1))
    return dsm.Network(entries, P, archetypes=archetypes)


def orthogonal(entries):
    """G^{−1/2} t with G = t tᵀ/N: the orthogonal entries that are closest to t, of t^μ·t^ν = N δ_{μν}."""
    values, vectors = np.linalg.eigh(entries @ entries.T / entries.shape[1])
    return (vectors / np.sqrt(values)) @ vectors.T @ entries


if __name__ == "__main__":
    main()
