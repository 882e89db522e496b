"""Monte Carlo of networks that learned from examples: m against M and r, points against theory -> data/examples_*_P*.nc

Runs start from the archetype, against r also from an example: they ask which state lasts. Networks are drawn with
finite M, not with the law of large M.

    python simulations/examples.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.study import falls_below

SIZES = {2: (256, 512), 3: (96, 192), 4: (48, 64)}
CURVE = {2: 0.03, 3: 0.1, 4: 0.1}  # α of m against M, as the theory's
LIGHT = {2: 0.01, 3: 0.02, 4: 0.02}  # and against r
COLD = 0.2
QUALITIES = (0.3, 0.6)
PROTOCOLS = {"supervised": dsm.Supervised, "unsupervised": dsm.Unsupervised}
EXAMPLES = 5
POINTS = {  # (protocol, α, T) inside the retrieval phase of both theories, and the sizes to extrapolate from
    2: (
        [
            (dsm.Supervised(r=0.5, M=30), 0.02, 0.2),
            (dsm.Supervised(r=0.5, M=10), 0.008, 0.3),
            (dsm.Unsupervised(r=0.6, M=51), 0.02, 0.2),
        ],
        (256, 384, 512),
    ),
    3: (
        [
            (dsm.Supervised(r=0.5, M=30), 0.1, 0.2),
            (dsm.Supervised(r=0.5, M=10), 0.05, 0.3),
            (dsm.Unsupervised(r=0.7, M=25), 0.05, 0.3),
        ],
        (96, 128, 192),
    ),
    4: (
        [
            (dsm.Supervised(r=0.5, M=30), 0.05, 0.3),
            (dsm.Supervised(r=0.5, M=10), 0.02, 0.25),
            (dsm.Unsupervised(r=0.8, M=25), 0.05, 0.3),
        ],
        (64, 80, 96),
    ),
}
ENTROPIES = {0.1: dsm.Supervised(r=0.5, M=30), 0.3: dsm.Supervised(r=0.5, M=10)}  # ρ of the diagrams
WARMTH = {2: (0.2, 0.4), 3: (0.4, 0.5), 4: (0.35, 0.45)}  # T of the loads at which the archetype is lost
LOADS = {2: (0.005, 0.1), 3: (0.05, 0.6), 4: (0.05, 0.5)}
PRESETS = {  # numbers of examples, number of r, sweeps, burn-in, samples, samples of the comparisons
    "toy": ((1, 3), 2, 20, 10, 2, 2),
    "quick": ((1, 3, 7, 15, 31, 71, 151), 9, 100, 50, 6, 16),
    "full": ((1, 3, 5, 7, 11, 15, 23, 31, 51, 71, 101, 151, 251, 501), 33, 1000, 500, 32, 128),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    toy = args.preset == "toy"
    numbers, qualities, sweeps, burn_in, samples, compared = PRESETS[args.preset]
    settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": args.seed}
    runs = 2 * (len(QUALITIES) * len(numbers) + 3 * qualities)
    with Progress() as bar:
        task = bar.add_task("Monte Carlo (first use compiles)", total=len(SIZES) * (2 * runs + 3))
        step = lambda: bar.advance(task)  # noqa: E731
        for P, own in SIZES.items():
            bar.update(task, description=f"Monte Carlo P={P}")
            sizes = (16, 24) if toy else own
            save(against_number(P, sizes, numbers, settings, step), args.out, f"examples_number_runs_P{P}")
            save(against_quality(P, sizes, qualities, settings, step), args.out, f"examples_quality_runs_P{P}")
            save(borders(P, sizes, qualities, settings, step), args.out, f"examples_borders_P{P}")
            points, sizes = POINTS[P]
            for n, (protocol, alpha, T) in enumerate(points):
                own = settings | {"samples": compared, "seed": args.seed + n}  # disorder of its own for every point
                model = dsm.Model(P, protocol, alpha)
                found = dsm.compare(model, T, sizes=(16, 24) if toy else sizes, **own)
                attributes = {"alpha": alpha, "protocol": str(protocol), "seed": str(args.seed + n)}
                save(found.assign_attrs(attributes), args.out, f"examples_compare_P{P}_{n}")
                step()


def save(ds, folder, name):
    ds.to_netcdf(folder / f"{name}.nc", engine="h5netcdf")


def against_number(P, sizes, numbers, settings, step):
    """m over (protocol, r, M, N) from the archetype."""
    m, error = np.full((2, len(PROTOCOLS), len(QUALITIES), len(numbers), len(sizes)), np.nan)
    for p, kind in enumerate(PROTOCOLS.values()):
        for index in np.ndindex(m.shape[1:]):
            r, M, N = QUALITIES[index[0]], numbers[index[1]], sizes[index[2]]
            m[(p, *index)], error[(p, *index)] = magnetisation(
                dsm.Model(P, kind(r=r, M=M), CURVE[P]), N, "pattern", settings
            )
            step()
    dims = ("protocol", "r", "M", "N")
    coordinates = {"protocol": list(PROTOCOLS), "r": list(QUALITIES), "M": list(numbers), "N": list(sizes)}
    return xr.Dataset(
        {"m": (dims, m), "m_err": (dims, error)},
        coordinates,
        {"P": P, "alpha": CURVE[P], "seed": str(settings["seed"])},
    )


def against_quality(P, sizes, count, settings, step):
    """m over (start, r, N) of unsupervised examples, from the archetype and from an example."""
    starts, qualities = {"archetype": "pattern", "example": "example"}, np.linspace(0.2, 0.9, count)
    m, error = np.full((2, len(starts), count, len(sizes)), np.nan)
    for index in np.ndindex(m.shape):
        start, r, N = list(starts.values())[index[0]], float(qualities[index[1]]), sizes[index[2]]
        model = dsm.Model(P, dsm.Unsupervised(r=r, M=EXAMPLES), LIGHT[P])
        m[index], error[index] = magnetisation(model, N, start, settings)
        step()
    dims = ("start", "r", "N")
    coordinates = {"start": list(starts), "r": qualities, "N": list(sizes)}
    attributes = {"P": P, "alpha": LIGHT[P], "M": EXAMPLES, "seed": str(settings["seed"])}
    return xr.Dataset({"m": (dims, m), "m_err": (dims, error)}, coordinates, attributes)


def borders(P, sizes, count, settings, step):
    """Loads at which m of averaged examples, from the archetype, falls below ½, over (ρ, T, N), with errors."""
    loads = np.linspace(*LOADS[P], count)
    value, error = np.full((2, len(ENTROPIES), len(WARMTH[P]), len(sizes)), np.nan)
    for index in np.ndindex(value.shape):
        protocol, T, N = list(ENTROPIES.values())[index[0]], WARMTH[P][index[1]], sizes[index[2]]
        runs = []
        for alpha in loads:
            run = dsm.simulate(dsm.Model(P, protocol, float(alpha)), T, N=N, **settings)
            runs.append(run.m.mean("replica").values[:, 0, 0])
            step()
        value[index], error[index] = falls_below(loads, runs, seed=settings["seed"])
    coordinates = {"rho": list(ENTROPIES), "T": list(WARMTH[P]), "N": list(sizes)}
    data = {name: (tuple(coordinates), v) for name, v in (("border", value), ("border_err", error))}
    return xr.Dataset(data, coordinates, {"P": P, "seed": str(settings["seed"])})


def magnetisation(model, N, start, settings):
    """Mean over samples, replicas and sweeps, and its standard error over samples."""
    run = dsm.simulate(model, COLD, N=N, start=start, **settings)
    return float(run.m.mean()), float(run.m_err.squeeze())


if __name__ == "__main__":
    main()
