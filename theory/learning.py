"""Learning from examples: thresholds in r and M, regions of archetype and example -> data/learning_*_P*.nc

python theory/learning.py [--preset quick|full|toy] [--out data]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

ORDERS = (2, 3, 4)
LOAD = {2: 0.05, 3: 0.3, 4: 0.25}  # α of the thresholds
COLD = 0.2  # and their T
PROTOCOLS = {"supervised": dsm.Supervised, "unsupervised": dsm.Unsupervised}
KINDS = ("spinodal", "coexistence")
LIGHT = {2: (0.005, 0.2), 3: (0.02, 0.2), 4: (0.02, 0.2)}  # α and T of the regions in (M, r)
QUALITY = {2: (0.35, 0.03), 3: (0.5, 0.1), 4: (0.6, 0.1)}  # r and the largest α of the regions in (M, α)
PRESETS = {  # numbers of examples of the thresholds, qualities for M_c, largest M and columns of the regions
    "toy": ((4,), (0.7,), 3, 5),
    "quick": ((2, 3, 4, 6, 10, 20, 50, 100, 300, 1000), (0.3, 0.45, 0.6, 0.75), 24, 77),
    "full": (
        (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 3000),
        (0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        60,
        191,
    ),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    numbers, qualities, most, columns = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("learning", total=len(ORDERS) * (len(numbers) + len(qualities) + 2 * (most - 1)))
        step = lambda: bar.advance(task)  # noqa: E731
        for P in ORDERS:
            bar.update(task, description=f"learning P={P}")
            r, largest = QUALITY[P]
            alpha, T = LIGHT[P]
            found = {
                "thresholds": thresholds(P, numbers, qualities, step),
                "r": regions(
                    dsm.Model(P=P, alpha=alpha, protocol=examples(0.5)), T, ("r", 0.05, 1.0), most, columns, step
                ),
                "alpha": regions(
                    dsm.Model(P=P, protocol=examples(r)), T, ("alpha", largest / 1000, largest), most, columns, step
                ),
            }
            for name, ds in found.items():
                ds.to_netcdf(args.out / f"learning_{name}_P{P}.nc", engine="h5netcdf")


def examples(r):
    """Two unsupervised examples: the model that the M axis starts from."""
    return dsm.Unsupervised(r=r, M=2)


def thresholds(P, numbers, qualities, step):
    """Poorest examples that M of them teach with, r_c(M), fewest of quality r, M_c(r), and the large-M laws of both."""
    r_c = np.full((len(PROTOCOLS), len(KINDS), len(numbers)), np.nan)
    M_c = np.full((len(PROTOCOLS), len(KINDS), len(qualities)), np.nan)
    laws = np.full((len(PROTOCOLS), len(KINDS), len(numbers)), np.nan)
    M = np.array(numbers)
    for n, M_n in enumerate(numbers):
        for p, protocol in enumerate(PROTOCOLS.values()):
            model = dsm.Model(P=P, alpha=LOAD[P], protocol=protocol(r=0.5, M=M_n))
            r_c[p, :, n] = [found(model, "r", kind) for kind in KINDS]
        step()
    for n, r in enumerate(qualities):
        for p, protocol in enumerate(PROTOCOLS.values()):
            model = dsm.Model(P=P, alpha=LOAD[P], protocol=protocol(r=r, M=2))
            M_c[p, :, n] = [found(model, "M", kind) for kind in KINDS]
        step()
    entropy, noise = np.empty((2, len(KINDS)))
    for k, kind in enumerate(KINDS):
        entropy[k] = found(dsm.Model(P=P, alpha=LOAD[P], protocol=dsm.Supervised(rho=0.1)), "rho", kind)
        noise[k] = found(dsm.Model(P=P, alpha=LOAD[P]), "nu", kind)
        laws[0, k] = 1 / np.sqrt(1 + M * entropy[k])
        laws[1, k] = (LOAD[P] / (M * noise[k])) ** (1 / (2 * P))
    dims = ("protocol", "kind")
    data = {"r_c": ((*dims, "M"), r_c), "law": ((*dims, "M"), laws), "M_c": ((*dims, "r"), M_c)}
    data |= {"rho_c": ("kind", entropy), "nu_c": ("kind", noise)}
    coordinates = {"protocol": list(PROTOCOLS), "kind": list(KINDS), "M": list(numbers), "r": list(qualities)}
    return xr.Dataset(data, coordinates, {"P": P, "alpha": LOAD[P], "T": COLD})


def found(model, parameter, kind, T=COLD, bounds=None):
    """Critical value of the archetype state, NaN where there is none; of r and M the last one that it begins at."""
    try:
        transition = dsm.critical(model, parameter, T=T, kind=kind, bounds=bounds)
    except dsm.NoTransitionError:
        return math.nan
    begins = parameter not in ("r", "M") or transition.main.direction < 0
    return transition.value if begins else math.nan


def regions(model, T, axis, most, columns, step):
    """Diagram over M and another parameter, and where the archetype turns unstable to one example standing out."""
    ds = dsm.phase_diagram(model, x=("M", 2, most, most - 1), y=(*axis, columns), T=T, progress=step)
    saddle = [found(model.replace(M=int(M)), axis[0], "saddle", T, axis[1:]) for M in ds.M]
    return ds.assign(saddle=("M", saddle)).assign_attrs({name: float(model.get(name)) for name in ("alpha", "r")})


if __name__ == "__main__":
    main()
