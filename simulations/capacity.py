"""How many patterns: m through the transition at growing N, from the pattern -> data/capacity_{runs,compare}_P*.nc

Plain and learned patterns at one temperature, plain ones also on the Nishimori line T = α. At P ≥ 3 both lie above the
glass's dynamic transition where retrieval ends, so that a pattern that is lost leaves no trace; colder runs freeze
(simulations/storage.py). At P = 6 only the line: of the sizes that can be run distinct indices take up to half the
signal, T = 0.5 is too warm for the rest, and corrections of order P(P−1)/2N are no straight line to compare with.

    python simulations/capacity.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.study import falls_below
from densenet_sm.study.comparison import extrapolate

SIZES = {2: (128, 256, 512, 1024), 3: (48, 72, 108, 160), 4: (24, 34, 48, 66), 6: (18, 23, 29, 36)}
COMPARED = {3: (128, 192, 256), 4: (64, 80, 96)}
WARM = 0.5  # T; as in theory/capacity.py
LEARNED = dsm.Supervised(r=0.5, M=30)
POINTS = (0.15, 0.25)  # α = T of the comparisons on the Nishimori line
SPAN = {2: (0.01, 0.12), 3: (0.1, 0.65), 4: (0.1, 0.65), 6: (0.1, 0.75)}  # loads
PRESETS = {  # loads, sweeps, burn-in, samples, samples of the comparisons
    "toy": (3, 20, 10, 2, 2),
    "quick": (12, 300, 150, 10, 24),
    "full": (23, 3000, 1500, 48, 200),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    toy = args.preset == "toy"
    count, sweeps, burn_in, samples, compared = PRESETS[args.preset]
    settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": args.seed}
    with Progress() as bar:
        total = sum(len(places(P)) * count * (2 if toy else len(SIZES[P])) for P in SIZES) + 2 * len(COMPARED)
        task = bar.add_task("Monte Carlo (first use compiles)", total=total)
        step = lambda: bar.advance(task)  # noqa: E731
        for P, own in SIZES.items():
            bar.update(task, description=f"Monte Carlo P={P}")
            ds = through(P, (16, 20) if toy else own, np.linspace(*SPAN[P], count), settings, step)
            ds.to_netcdf(args.out / f"capacity_runs_P{P}.nc", engine="h5netcdf")
            for n, alpha in enumerate(POINTS if P in COMPARED else ()):
                own = settings | {"samples": compared, "seed": args.seed + n}
                sizes = (16, 20) if toy else COMPARED[P]
                found = dsm.compare(dsm.Model(P, alpha=alpha), alpha, sizes=sizes, **own)
                found = found.assign_attrs({"alpha": alpha, "seed": str(args.seed + n)})
                found.to_netcdf(args.out / f"capacity_compare_P{P}_{n}.nc", engine="h5netcdf")
                step()


def places(P):
    """What is varied along the load: model and T(α)."""
    warm = {"plain": (dsm.Model(P), lambda a: WARM), "learned": (dsm.Model(P, LEARNED), lambda a: WARM)}
    line = {"nishimori": (dsm.Model(P), lambda a: a)}
    return warm if P == 2 else line if P == 6 else warm | line


def through(P, sizes, loads, settings, step):
    """m, q over (place, alpha, N), m at 1/N → 0, and the load of each N at which m falls below one half."""
    shape = (len(places(P)), len(loads), len(sizes))
    m, error, q, theory = np.full((4, *shape), np.nan)
    limit, limit_err = np.full((2, *shape[:2]), np.nan)
    border, border_err = np.full((2, shape[0], shape[2]), np.nan)
    for p, (model, T_of) in enumerate(places(P).values()):
        each = np.full((len(loads), len(sizes), settings["samples"]), np.nan)
        for a, n in np.ndindex(shape[1:]):
            own, T = model.replace(alpha=float(loads[a])), T_of(float(loads[a]))
            run = dsm.simulate(own, T, N=sizes[n], **settings)
            each[a, n] = run.m.mean("replica").values[:, 0, 0]
            m[p, a, n], error[p, a, n], q[p, a, n] = each[a, n].mean(), float(run.m_err.squeeze()), float(run.q.mean())
            theory[p, a, n] = dsm.solve(own, T, N=sizes[n]).m
            step()
        infinite = np.array([dsm.solve(model.replace(alpha=float(a)), T_of(float(a))).m for a in loads])
        floor = np.maximum(error[p], 2 / (np.array(sizes) * settings["samples"]))  # one spin of one sample
        limit[p], limit_err[p] = to_infinity(np.array(sizes), m[p], floor, theory[p], infinite)
        for n in range(len(sizes)):
            border[p, n], border_err[p, n] = falls_below(loads, each[:, n], seed=settings["seed"])
    dims = ("place", "alpha", "N")
    data = {"m": (dims, m), "m_err": (dims, error), "q": (dims, q), "theory": (dims, theory)}
    data |= {"limit": (dims[:2], limit), "limit_err": (dims[:2], limit_err)}
    data |= {"border": (("place", "N"), border), "border_err": (("place", "N"), border_err)}
    coordinates = {"place": list(places(P)), "alpha": loads, "N": list(sizes)}
    return xr.Dataset(data, coordinates, {"P": P, "T": WARM, "seed": str(settings["seed"])})


def to_infinity(sizes, m, error, theory, infinite):
    """Straight lines in 1/N through m [load, N] minus theory with f_N, plus theory at N → ∞ [load].

    Of sizes that are on the same side of the transition as N → ∞ by both, at least three; NaN elsewhere.
    """
    value, spread = np.full((2, len(m)), np.nan)
    for n, limit in enumerate(infinite):
        same = ((m[n] > 0.5) == (limit > 0)) & ((theory[n] > 0) == (limit > 0))
        if same.sum() > 2:
            a, b = extrapolate(sizes[same], (m[n] - theory[n])[None, same], error[n][None, same])
            value[n], spread[n] = limit + a[0], b[0]
    return value, spread


if __name__ == "__main__":
    main()
