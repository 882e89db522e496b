"""Networks that learned from examples: (α, T) of averaged ones, m against M and r -> data/examples_*_P*.nc

python theory/examples.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

LOADS = {2: 0.16, 3: 0.6, 4: 0.7}  # largest α and T of the diagrams
HEAT = {2: 1.3, 3: 1.0, 4: 1.2}
CURVE = {2: 0.03, 3: 0.1, 4: 0.1}  # α of m against M
LIGHT = {2: 0.01, 3: 0.02, 4: 0.02}  # and against r
COLD = 0.2  # T of both
QUALITIES = (0.3, 0.6)
PROTOCOLS = {"supervised": dsm.Supervised, "unsupervised": dsm.Unsupervised}
EXAMPLES = 5  # M of m against r
ENTROPIES = (0.1, 0.3)  # ρ of the diagrams
PRESETS = {  # orders with broken lines (next to the same at P = 2), rows of the diagrams, largest M, number of r
    "toy": ((), 2, 3, 4),
    "quick": ((3, 4), 33, 151, 33),
    "full": ((3, 4), 81, 501, 129),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    broken, rows, most, qualities = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("examples", total=len(LOADS) * (rows * len(ENTROPIES) + 2))
        step = lambda: bar.advance(task)  # noqa: E731
        for P in LOADS:
            bar.update(task, description=f"examples P={P}")
            for n, rho in enumerate(ENTROPIES):
                save(diagram(P, rho, rows, P in broken, step), args.out, f"diagram{n}", P)
            save(against_number(P, np.arange(1, most + 1, 2)), args.out, "number", P)
            step()
            save(against_quality(P, np.linspace(0.1, 0.98, qualities)), args.out, "quality", P)
            step()


def save(ds, folder, name, P):
    ds.to_netcdf(folder / f"examples_{name}_P{P}.nc", engine="h5netcdf")


def diagram(P, rho, rows, broken, step):
    """(α, T) of averaged examples of entropy ρ, their number large."""
    model = dsm.Model(P=P, protocol=dsm.Supervised(rho=rho))
    axes = {"x": ("alpha", 0.0, LOADS[P], 4 * rows + 1), "y": ("T", 0.0, HEAT[P], rows)}
    ds = dsm.phase_diagram(model, **axes, ansatz=("RS", "1RSB") if broken else "RS", progress=step)
    return ds.assign_attrs(rho=rho)


def against_number(P, numbers):
    """m of the archetype against the number of examples, odd so that their majority has no ties; 0 where it is lost."""
    m = [
        [[archetype(dsm.Model(P, kind(r=r, M=int(M)), CURVE[P])) for M in numbers] for r in QUALITIES]
        for kind in PROTOCOLS.values()
    ]
    coordinates = {"protocol": list(PROTOCOLS), "r": list(QUALITIES), "M": numbers}
    return xr.Dataset(
        {"m": (("protocol", "r", "M"), m)}, coordinates, {"P": P, "alpha": CURVE[P], "T": COLD, "start": "retrieval"}
    )


def against_quality(P, qualities):
    """m against r of unsupervised examples in either state, and which of them has the lower free energy."""
    m, f = np.full((2, 2, len(qualities)), np.nan)
    for n, r in enumerate(qualities):
        model = dsm.Model(P, dsm.Unsupervised(r=float(r), M=EXAMPLES), LIGHT[P])
        for s, start in enumerate(("retrieval", "example")):
            state = dsm.solve(model, COLD, start=start)
            if state.phase == start and state.longitudinal > 0:
                m[s, n], f[s, n] = state.m, state.free_energy
    data = {"m": (("state", "r"), m), "free_energy": (("state", "r"), f)}
    attributes = {"P": P, "alpha": LIGHT[P], "T": COLD, "M": EXAMPLES}
    return xr.Dataset(data, {"state": ["archetype", "example"], "r": qualities}, attributes)


def archetype(model):
    return dsm.solve(model, COLD).m


if __name__ == "__main__":
    main()
