"""Monte Carlo of a student, P = 3, 4, from the archetype and from random spins -> data/teacher_simulation_P*.nc

At T = T* the load runs through the end of retrieval at two sizes, with the exact mean energy beside the measured one.
Points inside retrieval, on and off that line, are compared with theory (1/N extrapolation, z).

    python simulations/teacher_student.py [--preset quick|full|toy] [--out data]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.theory.limits import nishimori_magnetisation

TEACHER = 2.0  # T*: warm enough for corrections of order 1/(T*²N) to be small at these sizes
LOADS, STARTS = (4.0, 20.0), ("pattern", "random")  # of the scans, at T = T*
POINTS = {3: ((18.0, 2.0), (18.0, 1.0), (24.0, 3.0)), 4: ((16.0, 2.0), (16.0, 1.0))}  # (α, T) of the comparisons
SIZES = {  # of the scans and of the comparisons
    "toy": {3: ((12, 16), (12, 16)), 4: ((12, 16), (12, 16))},
    "quick": {3: ((48, 96), (64, 80, 96)), 4: ((32, 48), (40, 52, 64))},
    "full": {3: ((96, 192), (96, 128, 192)), 4: ((48, 80), (64, 80, 96))},
}
PRESETS = {"toy": (3, 20, 2, 2), "quick": (9, 100, 8, 24), "full": (17, 600, 48, 200)}  # loads, sweeps, samples of both


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    count, sweeps, samples, compared = PRESETS[args.preset]
    sizes = SIZES[args.preset]
    with Progress() as bar:
        runs = sum(2 * len(STARTS) * count + len(points) for points in POINTS.values())
        task = bar.add_task("Monte Carlo (first use compiles)", total=runs)
        for P, points in POINTS.items():
            bar.update(task, description=f"Monte Carlo P={P}")
            settings = {"sweeps": sweeps, "burn_in": sweeps // 2, "seed": args.seed}
            scan = scan_loads(P, sizes[P][0], count, {**settings, "samples": samples}, lambda: bar.advance(task))
            scan.to_netcdf(args.out / f"teacher_simulation_P{P}.nc", engine="h5netcdf")
            for n, (alpha, T) in enumerate(points):
                settings |= {"samples": compared, "seed": args.seed + n}  # disorder of its own for every point
                model = dsm.Model(P=P, alpha=alpha, protocol=dsm.TeacherStudent(T_teacher=TEACHER))
                comparison = dsm.compare(model, T, sizes=sizes[P][1], **settings)
                comparison.attrs |= {"alpha": alpha, "T_teacher": TEACHER}
                comparison["m_plain"] = ("N", [without_signal(model, T, N) for N in comparison.N.values.tolist()])
                comparison.to_netcdf(args.out / f"teacher_compare_P{P}_{n}.nc", engine="h5netcdf")
                bar.advance(task)


def scan_loads(P, sizes, count, settings, advance):
    """m, q and energy against load at T = T*, from every start, at every size; theory and exact energy at that size."""
    dims, loads = ("start", "N", "alpha"), np.linspace(*LOADS, count)
    names = ("m", "m_err", "q", "q_err", "energy", "energy_err", "theory", "energy_exact")
    values = {name: np.full((len(STARTS), len(sizes), count), np.nan) for name in names}
    for place in np.ndindex(len(STARTS), len(sizes), count):
        start, N, alpha = STARTS[place[0]], sizes[place[1]], float(loads[place[2]])
        model = dsm.Model(P=P, alpha=alpha, protocol=dsm.TeacherStudent(T_teacher=TEACHER))
        ds = dsm.simulate(model, T=TEACHER, N=N, start=start, **settings).isel(T=0)
        for name in ("m", "q", "energy"):
            values[name][place], values[f"{name}_err"][place] = float(ds[name].mean()), float(ds[f"{name}_err"].mean())
        values["theory"][place] = dsm.solve(model, TEACHER, N=N).m
        values["energy_exact"][place] = nishimori_energy(model, N)
        advance()
    data = {name: (dims, value) for name, value in values.items()}
    curve = np.linspace(0.0, LOADS[1], 401)[1:]
    data["curve_m"] = ("curve_alpha", [nishimori_magnetisation(P, TEACHER**2 / alpha) for alpha in curve.tolist()])
    attributes = {"P": P, "T": TEACHER, "seed": str(settings["seed"])}
    return xr.Dataset(data, {"start": list(STARTS), "N": list(sizes), "alpha": loads, "curve_alpha": curve}, attributes)


def nishimori_energy(model, N):
    """Mean energy per spin at T = T*, at any N: that of ξ* itself, −(K c/N) ⟨e_P⟩ over the law of the examples."""
    load = model.n_patterns(N) * math.factorial(model.P) / (2 * N ** (model.P - 1))
    return -model.protocol.amplitude(load, N, model.P) * math.prod(1 - k / N for k in range(model.P)) / 2


def without_signal(model, T, N):
    """m with f_N but the signal of infinitely many spins, α/T*: what the exact signal at N corrects.

    It is the storage model of T*²/α and T T*/α at that N.
    """
    alpha, T_teacher = model.alpha, model.protocol.T_teacher
    return dsm.solve(dsm.Model(P=model.P, alpha=T_teacher**2 / alpha), T * T_teacher / alpha, N=N).m


if __name__ == "__main__":
    main()
