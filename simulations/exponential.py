"""Networks of exponentials and of finite order at finite N, and digits retrieved from halves -> data/exponential_*.nc

`kept`: K at which patterns are kept with m = 0.9 by the dynamics at T = 0, against N; `weights`: K at which a pattern
loses half of its weight, against λ; `one`: retrieval in one step against K, also by `ModernHopfield`; `basins`:
retrieval against the overlap of the cue; `digits`: binary images of digits from cues with one half unknown.

    python simulations/exponential.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress
from sklearn.datasets import load_digits

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

NETWORKS = {f"P = {P}": {"P": P} for P in (2, 3, 4, 6)} | {
    f"λ = {lam:g}": {"lam": lam, "interaction": "log-sum-exp"} for lam in (0.5, 1.0)
}
QUALITY = 0.9  # m of a pattern that is retrieved
TESTED = 30  # patterns of a network that are tried
STEP = {"N": 20, "overlap": 0.8}
BASINS = {"lam": 1.0, "loads": (0.2, 0.35, 0.5)}
EXPONENTS = (0.25, 0.5, 1.0, 2.0)
IMAGES = {name: NETWORKS[name] for name in ("P = 2", "P = 3", "P = 4", "P = 6", "λ = 1")} | {
    "continuous": {"beta": 1.0},
    "continuous, blank": {"beta": 1.0},
    "nearest": {},
    "nearest half": {},
}
HALF = 32  # pixels of a digit that a cue knows, the upper ones
SHOWN = 5  # images whose ends are kept whole
PRESETS = {  # largest K × N of networks, samples, points of K (digits: and cues)
    "toy": (1_000, 2, (10, 30), 8),
    "quick": (6_000_000, 6, (10, 30, 100, 300, 1000, 1797), 200),
    "full": (100_000_000, 24, (10, 20, 40, 80, 150, 300, 600, 1200, 1797), 1000),
}
SIZES = {"P = 2": (32, 64, 128, 256, 384), "P = 3": (24, 48, 96, 192), "P = 4": (16, 24, 32, 48, 64)}
SIZES |= {"P = 6": (12, 16, 20, 24, 28), "λ = 0.5": (12, 16, 20, 24, 28), "λ = 1": (12, 16, 20, 24)}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    largest, samples, counts, cues = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("exponential networks (first use compiles)", total=5)
        for name, run in (
            ("kept", lambda: keeping(largest, samples, args.seed)),
            ("weights", lambda: weighing(largest, samples, args.seed)),
            ("one", lambda: stepping(largest, samples, args.seed)),
            ("basins", lambda: falling(largest, samples, args.seed)),
            ("digits", lambda: digits(counts, cues, args.seed)),
        ):
            bar.update(task, description=f"exponential networks: {name}")
            run().assign_attrs(seed=str(args.seed)).to_netcdf(args.out / f"exponential_{name}.nc", engine="h5netcdf")
            bar.advance(task)


def ladder(measure, largest, level):
    """ln K at which a falling measure(K) crosses the level, K growing by factors of √2; NaN if too many are needed."""
    before, log_K = (0.0, measure(1)), 0.0
    while math.exp(log_K) <= largest:
        log_K += math.log(2) / 2
        now = (log_K, measure(round(math.exp(log_K))))
        if now[1] < level <= before[1]:
            share = (before[1] - level) / (before[1] - now[1])
            return before[0] + share * (now[0] - before[0])
        before = now
    return math.nan


def mean_and_error(values):
    """Over samples (last axis); NaN where one of them has no value."""
    return values.mean(-1), values.std(-1, ddof=1) / math.sqrt(values.shape[-1])


def keeping(largest, samples, seed):
    """K against N: mean m of the patterns after the dynamics from each of them."""
    width = max(map(len, SIZES.values()))
    shape = (len(NETWORKS), width)
    sizes, loads = np.zeros(shape, int), np.full((*shape, samples), np.nan)
    for n, (name, parameters) in enumerate(NETWORKS.items()):
        model = dsm.Model(**parameters)
        for k, N in enumerate(SIZES[name]):
            sizes[n, k] = N
            for sample in range(samples):
                measure = lambda K, model=model, N=N, sample=sample: final_m(model, N, K, seed, sample)  # noqa: E731
                loads[n, k, sample] = ladder(measure, largest / N, QUALITY)
    value, error = mean_and_error(loads)
    data = {"N": sizes, "log_K": value, "log_K_err": error}
    return xr.Dataset({key: (("network", "size"), v) for key, v in data.items()}, {"network": list(NETWORKS)})


def final_m(model, N, K, seed, sample):
    net = dsm.Network.sample(model, N, K, seed, sample)
    cues = net.archetypes[:TESTED]
    ends = dsm.retrieve(net, cues, seed=seed)
    return float((ends.spins * cues).mean())


def weighing(largest, samples, seed):
    """ln K/N at which the mean weight of a pattern at itself is ½, against λ at three sizes: the typical capacity."""
    sizes, shape = (12, 16, 20), (len(EXPONENTS), 3, samples)
    loads = np.full(shape, np.nan)
    for i, j, sample in np.ndindex(shape):
        rng, lam, N = np.random.default_rng((seed, sample)), EXPONENTS[i], sizes[j]
        rows = rng.choice(np.array([-1, 1], np.int8), (max(TESTED, math.floor(largest / N)), N))
        loads[i, j, sample] = ladder(lambda K, rows=rows, lam=lam: weight(rows[:K], lam), largest / N, 0.5) / N
    value, error = mean_and_error(loads)
    data = {"alpha": (("lam", "N"), value), "alpha_err": (("lam", "N"), error)}
    return xr.Dataset(data, {"lam": list(EXPONENTS), "N": list(sizes)})


def weight(rows, lam):
    """Mean weight e^{λN}/Σ_ν e^{λNx_ν} of the first patterns at themselves."""
    first = rows[:TESTED].astype(np.float32)
    distance = (rows.shape[1] - first @ rows.T.astype(np.float32)) / 2
    return float((1 / np.exp(-2 * lam * distance).sum(1)).mean())


def stepping(largest, samples, seed):
    """Share of cues with m ≥ QUALITY after one parallel step, and after one update of the continuous memories."""
    N, flips = STEP["N"], round(STEP["N"] * (1 - STEP["overlap"]) / 2)
    log_K = np.arange(1, min(13, math.floor(math.log2(largest / N))) + 1) * math.log(2)
    networks = [*NETWORKS, "continuous"]
    right = np.zeros((len(networks), len(log_K), samples))
    for k, sample in np.ndindex(right.shape[1:]):
        for n, name in enumerate(networks):
            net = dsm.Network.sample(
                dsm.Model(**NETWORKS.get(name, {"P": 2})), N, round(math.exp(log_K[k])), seed, sample
            )
            patterns = net.archetypes[:10]
            cues = patterns.copy()
            cues[:, :flips] *= -1  # patterns are independent of the place
            if name == "continuous":
                pull = dsm.ModernHopfield(net.archetypes, beta=0.5).update(cues)
            else:
                pull = net.local_fields(cues)
            right[n, k, sample] = ((np.sign(pull) * patterns).mean(1) >= QUALITY - 1e-9).mean()
    value, error = mean_and_error(right)
    data = {"retrieved": (("network", "log_K"), value), "retrieved_err": (("network", "log_K"), error)}
    return xr.Dataset(data, {"network": networks, "log_K": log_K}, STEP)


def falling(largest, samples, seed):
    """`basins` of an exponential network at three loads."""
    lam, N = BASINS["lam"], 2 * math.floor(min(20, math.log(largest / 20) / max(BASINS["loads"])) / 2)
    overlaps = 1 - 2 * np.arange(0, N // 2 + 1) / N
    parts = []
    for alpha in BASINS["loads"]:
        model = dsm.Model(interaction="log-sum-exp", lam=lam, alpha=alpha)
        found = dsm.basins(model, overlaps.tolist(), N=N, cues=10, samples=samples, threshold=QUALITY, seed=seed)
        parts.append(found[["retrieval", "retrieval_err"]])
    loads = xr.DataArray(list(BASINS["loads"]), dims="alpha", name="alpha")
    return xr.concat(parts, loads).assign_attrs(lam=lam, N=N)


def digits(counts, cues, seed):
    """Share of images retrieved, and mean m, from whole images and from cues of a half: K of them are stored."""
    images = np.unique(np.where(load_digits().data >= 8, 1, -1).astype(np.int8), axis=0)
    rng = np.random.default_rng(seed)
    images = images[rng.permutation(len(images))]
    counts = [min(count, len(images)) for count in counts]
    m = np.full((2, len(IMAGES), len(counts), cues), np.nan)
    for k, K in enumerate(counts):
        stored = images[:K]
        wanted = stored[rng.integers(0, K, cues)]
        half = wanted.copy()
        half[:, HALF:] = rng.choice([-1, 1], half[:, HALF:].shape)
        cases = ((wanted, images.shape[1]), (half, HALF))
        ends = np.array([[recalled(name, stored, *case) for name in IMAGES] for case in cases])
        m[:, :, k] = (ends * wanted).mean(-1)
    dims = ("cue", "network", "K")
    right = (m >= QUALITY).mean(-1)
    data = {"retrieved": (dims, right), "retrieved_err": (dims, np.sqrt(right * (1 - right) / cues))}
    data |= {"m": (dims, m.mean(-1)), "m_err": (dims, m.std(-1, ddof=1) / math.sqrt(cues))}
    data["ends"] = (("network", "image", "pixel"), ends[1, :, :SHOWN])
    data |= {"wanted": (("image", "pixel"), wanted[:SHOWN]), "given": (("image", "pixel"), half[:SHOWN])}
    x = images @ images.T.astype(float) / images.shape[1]
    attributes = {"cues": cues, "images": len(images), "mean_overlap": float(x[~np.eye(len(x), dtype=bool)].mean())}
    return xr.Dataset(data, {"cue": ["whole", "half"], "network": list(IMAGES), "K": counts}, attributes)


def recalled(name, stored, cue, known):
    """Ends from cues of which so many pixels are known: spins take the others as they are, some take zeros for them."""
    given = cue.astype(float)
    if name.endswith(("blank", "half")):
        given[:, known:] = 0.0
    if name.startswith("nearest"):
        return stored[(given @ stored.T).argmax(1)]
    if name.startswith("continuous"):
        ends = dsm.ModernHopfield(stored, IMAGES[name]["beta"]).retrieve(given, tolerance=1e-6, updates=1000).x
        return np.where(ends >= 0, 1, -1).astype(np.int8)
    return dsm.retrieve(dsm.Network(stored, **IMAGES[name]), cue).spins


if __name__ == "__main__":
    main()
