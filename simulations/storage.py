"""Monte Carlo of the storage diagrams, P = 2, 3, 4, from the stored pattern -> data/storage_simulation_P*.nc

For a few temperatures the load runs through the replica-symmetric spinodal at two sizes; the load at which the
magnetisation falls below half is interpolated, its error bootstrapped over disorder samples. Three points inside the
retrieval phase are compared with theory (1/N extrapolation, z).

    python simulations/storage.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.study import falls_below

SIZES = {2: (192, 384), 3: (96, 192), 4: (48, 96)}
TEMPERATURES = {2: (0.2, 0.4, 0.6), 3: (0.2, 0.4, 0.6), 4: (0.25, 0.5, 0.75)}
POINTS = {  # (α, T) inside the retrieval phase, and the sizes to extrapolate from
    2: ([(0.02, 0.2), (0.04, 0.3), (0.02, 0.5)], (256, 384, 512)),
    3: ([(0.1, 0.2), (0.15, 0.3), (0.05, 0.45)], (128, 192, 256)),
    4: ([(0.1, 0.2), (0.15, 0.35), (0.05, 0.55)], (80, 112, 144)),
}
PRESETS = {  # loads around the spinodal, sweeps, burn-in, samples, samples of the comparison
    "toy": (3, 20, 10, 2, 2),
    "quick": (11, 300, 150, 10, 24),
    "full": (17, 4000, 2000, 48, 200),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    toy = args.preset == "toy"
    total = sum(len(TEMPERATURES[P]) * len(SIZES[P]) * (1 if toy else PRESETS[args.preset][0]) for P in SIZES)
    with Progress() as bar:
        task = bar.add_task("Monte Carlo (first use compiles)", total=total + sum(len(POINTS[P][0]) for P in POINTS))
        for P in SIZES:
            bar.update(task, description=f"Monte Carlo P={P}")
            sizes = (16, 24) if toy else SIZES[P]
            scan = scan_loads(P, sizes, PRESETS[args.preset], args.seed, lambda: bar.advance(task))
            scan.to_netcdf(args.out / f"storage_simulation_P{P}.nc", engine="h5netcdf")
            points, sizes = POINTS[P]
            for n, (alpha, T) in enumerate(points):
                _, sweeps, burn_in, _, samples = PRESETS[args.preset]
                settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples}
                settings["seed"] = args.seed + n  # disorder of its own for every point
                model = dsm.Model(P=P, alpha=alpha)
                comparison = dsm.compare(model, T, sizes=(16, 24) if toy else sizes, **settings)
                comparison.attrs["alpha"] = alpha
                comparison.to_netcdf(args.out / f"storage_compare_P{P}_{n}.nc", engine="h5netcdf")
                bar.advance(task)


def scan_loads(P, sizes, preset, seed, advance):
    """m(α) at each temperature and size, and the load where it falls below one half."""
    count, sweeps, burn_in, samples, _ = preset
    shape = (len(TEMPERATURES[P]), len(sizes), count)
    alpha, m, error = np.full((3, *shape), np.nan)
    border, border_error = np.full((2, *shape[:2]), np.nan)
    for t, T in enumerate(TEMPERATURES[P]):
        centre = float(dsm.critical(dsm.Model(P=P), "alpha", T=T))
        for n, N in enumerate(sizes):
            loads = centre * np.linspace(0.25, 2.0, count)
            per_sample = []
            for load in loads:
                settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": seed}
                ds = dsm.simulate(dsm.Model(P=P, alpha=float(load)), T=T, N=N, **settings)
                per_sample.append(ds.m.mean("replica").values[:, 0, 0])
                error[t, n, len(per_sample) - 1] = float(ds.m_err.values[0, 0])
                advance()
            values = np.array(per_sample)
            alpha[t, n], m[t, n] = loads, values.mean(1)
            border[t, n], border_error[t, n] = falls_below(loads, values, seed=seed)
    dims = ("T", "N", "load")
    data = {"alpha": (dims, alpha), "m": (dims, m), "m_err": (dims, error)}
    data |= {"border": (dims[:2], border), "border_err": (dims[:2], border_error)}
    return xr.Dataset(data, {"T": list(TEMPERATURES[P]), "N": list(sizes)}, {"P": P, "seed": str(seed)})


if __name__ == "__main__":
    main()
