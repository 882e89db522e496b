"""Monte Carlo under noise: m against synaptic noise at K ~ N, and of examples of vanishing quality -> data/detection_*

Synapses carry Ω ~ N^((P−1)/2) beside entries ±1 of each pattern, P = 2, 3, 4 (six-body tensors of sizes that say
something do not fit memory). Every run starts from the pattern.

    python simulations/detection.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.theory.detection import data_noise_limit, detection_exponents

SIZES = {2: (128, 256, 512), 3: (64, 128, 192), 4: (32, 48, 72)}
STRONGEST = {2: 0.8, 3: 0.7, 4: 0.7}  # ν
ALPHA = 0.05  # load at P = 2; at P ≥ 3 there are N patterns
COLD = 0.2
RHO, CROSSTALK = 0.2, 0.02  # entropy of the poor examples, and their load α c
FAINT = {3: (64, 128, 256, 512), 4: (64, 96, 128, 192)}  # sizes of the runs on them
POINTS = {2: ((0.05, 0.2), (0.1, 0.3)), 3: ((0.1, 0.2), (0.2, 0.3)), 4: ((0.1, 0.2), (0.2, 0.35))}  # (ν, T)
COMPARED = {2: (256, 384, 512), 3: (128, 192, 256), 4: (48, 60, 72)}
PRESETS = {  # values of ν, sweeps, burn-in, samples, samples of the comparisons
    "toy": (2, 20, 10, 2, 2),
    "quick": (9, 100, 50, 8, 32),
    "full": (25, 2000, 1000, 32, 128),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    toy = args.preset == "toy"
    count, sweeps, burn_in, samples, compared = PRESETS[args.preset]
    settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": args.seed}
    with Progress() as bar:
        total = (
            sum(len((16, 24) if toy else own) for own in SIZES.values()) * count
            + sum(map(len, FAINT.values()))
            + sum(map(len, POINTS.values()))
        )
        task = bar.add_task("Monte Carlo (first use compiles)", total=total)
        step = lambda: bar.advance(task)  # noqa: E731
        for P in SIZES:
            bar.update(task, description=f"Monte Carlo P={P}")
            noise = np.linspace(0.0, STRONGEST[P], count)
            save(against_noise(P, (16, 24) if toy else SIZES[P], noise, settings, step), args.out, f"runs_P{P}")
            if P in FAINT:
                save(poor_examples(P, (16, 24) if toy else FAINT[P], settings, step), args.out, f"faint_P{P}")
            for n, (nu, T) in enumerate(POINTS[P]):
                own = settings | {"samples": compared, "seed": args.seed + n}
                sizes = (16, 24) if toy else COMPARED[P]
                found = dsm.compare(dsm.Model(P, nu=nu, alpha=load(P)), T, sizes=sizes, K=patterns(P), **own)
                attributes = {"nu": nu, "K": "0.05 N" if P == 2 else "N", "seed": str(args.seed + n)}
                save(found.assign_attrs(attributes), args.out, f"compare_P{P}_{n}")
                step()


def save(ds, folder, name):
    ds.to_netcdf(folder / f"detection_{name}.nc", engine="h5netcdf")


def load(P):
    """α as N → ∞."""
    return ALPHA if P == 2 else 0.0


def patterns(P):
    """K as a function of N."""
    return (lambda N: round(ALPHA * N)) if P == 2 else (lambda N: N)


def against_noise(P, sizes, noise, settings, step):
    """m over (ν, N), with the noise Ω of one tensor entry, where a pattern writes ±1."""
    m, error, omega = np.full((3, len(noise), len(sizes)), np.nan)
    for index in np.ndindex(m.shape):
        model, N = dsm.Model(P, nu=float(noise[index[0]]), alpha=load(P)), sizes[index[1]]
        run = dsm.simulate(model, COLD, N=N, K=patterns(P), **settings)
        m[index], error[index], omega[index] = float(run.m.mean()), float(run.m_err.squeeze()), model.Omega(N)
        step()
    data = {name: (("nu", "N"), v) for name, v in (("m", m), ("m_err", error), ("Omega", omega))}
    attributes = {"P": P, "T": COLD, "alpha": load(P), "seed": str(settings["seed"])}
    return xr.Dataset(data, {"nu": noise, "N": list(sizes)}, attributes)


def poor_examples(P, sizes, settings, step):
    """m of K ~ N^b archetypes, b = (P−1)/2, from M = N^((P−1−b)/(P−1)) examples of entropy RHO each, and theory there.

    α c → CROSSTALK as N → ∞: α N^(P−1−b) = CROSSTALK/κ^P, κ = ρ/(1+ρ).
    """
    b = (P - 1) / 2
    names = ("m", "m_err", "theory", "r", "M", "K")
    rows = []
    for N in sizes:
        M = round(N ** detection_exponents(P, b).M)
        protocol = dsm.Unsupervised(r=1 / math.sqrt(1 + RHO * M), M=M)
        model = dsm.Model(P, protocol, alpha=CROSSTALK * ((1 + RHO) / RHO) ** P * N ** (b - (P - 1)))
        run = dsm.simulate(model, COLD, N=N, **settings)
        theory = dsm.solve(model, COLD, N=N).m
        rows.append((float(run.m.mean()), float(run.m_err.squeeze()), theory, protocol.r, M, model.n_patterns(N)))
        step()
    attributes = {"P": P, "T": COLD, "b": b, "rho": RHO, "load": CROSSTALK, "seed": str(settings["seed"])}
    attributes["limit"] = dsm.solve(data_noise_limit(P, RHO, CROSSTALK), COLD).m
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return xr.Dataset({name: ("N", list(v)) for name, v in columns}, {"N": list(sizes)}, attributes)


if __name__ == "__main__":
    main()
