"""Storage phase diagrams (α, T), symmetric and with one step of breaking, and exact lines -> data/storage_*_P*.nc

python theory/storage.py [--preset quick|full|toy] [--orders 2 3 4] [--out data]
"""

import argparse
from pathlib import Path

import numpy as np
from rich.progress import Progress

import densenet_sm as dsm

AXES = {
    2: ((0.0, 0.16), (0.0, 1.3)),
    3: ((0.0, 0.6), (0.0, 1.0)),
    4: ((0.0, 0.7), (0.0, 1.2)),
    5: ((0.0, 0.8), (0.0, 1.3)),
    6: ((0.0, 0.9), (0.0, 1.4)),
}
POINTS = {"toy": 3, "quick": 61, "full": 161}
CURVE = {2: 0.4, 3: 0.4, 4: 0.5, 5: 0.5, 6: 0.5}  # temperature of the m(α) curves


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=POINTS, default="quick")
    parser.add_argument("--orders", type=int, nargs="+", choices=AXES, default=[2, 3, 4])
    parser.add_argument("--out", type=Path, default=Path("data"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    points = POINTS[args.preset]
    with Progress() as bar:
        task = bar.add_task("theory", total=len(args.orders) * points)
        for P in args.orders:
            alpha, T = AXES[P]
            bar.update(task, description=f"theory P={P}")
            model = dsm.Model(P=P)
            axes = {"x": ("alpha", *alpha, 4 * points + 1), "y": ("T", *T, points)}
            ds = dsm.phase_diagram(model, **axes, ansatz=("RS", "1RSB"), progress=lambda: bar.advance(task))
            load, m = curve(model, CURVE[P], alpha, 4 * points)
            ds = ds.assign(curve_m=("curve_alpha", m)).assign_coords(curve_alpha=load)
            ds.attrs["curve_T"] = CURVE[P]
            ds.to_netcdf(args.out / f"storage_theory_P{P}.nc", engine="h5netcdf")
            dsm.exact_lines(model).to_netcdf(args.out / f"storage_exact_P{P}.nc", engine="h5netcdf")


def curve(model, T, alpha, points):
    """Retrieval magnetisation against load, up to where the branch ends (0 beyond)."""
    load = np.linspace(*alpha, points)
    return load, [dsm.solve(model.replace(alpha=float(a)), T).m for a in load]


if __name__ == "__main__":
    main()
