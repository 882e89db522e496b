"""How many patterns: six-body diagram, m against load at one temperature and on the Nishimori line -> data/capacity_*

python theory/capacity.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

ORDERS = (2, 3, 4, 6)
WARM = 0.5  # T above the dynamic glass transition wherever retrieval ends, P ≥ 3: what is lost there leaves no trace
LARGEST = {2: 0.15, 3: 0.7, 4: 0.7, 6: 0.8}  # α
LEARNED = dsm.Supervised(r=0.5, M=30)  # ρ = 0.1
PRESETS = {"toy": (3, 8), "quick": (41, 141), "full": (121, 561)}  # rows of the diagram, loads


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    rows, loads = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("capacity", total=rows + len(ORDERS))
        model = dsm.Model(ORDERS[-1])
        axes = {"x": ("alpha", 0.0, 0.9, 4 * rows + 1), "y": ("T", 0.0, 1.4, rows)}
        ds = dsm.phase_diagram(model, **axes, ansatz=("RS", "1RSB"), progress=lambda: bar.advance(task))
        ds.to_netcdf(args.out / f"capacity_diagram_P{model.P}.nc", engine="h5netcdf")
        dsm.exact_lines(model).to_netcdf(args.out / f"capacity_exact_P{model.P}.nc", engine="h5netcdf")
        for P in ORDERS:
            curves(P, loads).to_netcdf(args.out / f"capacity_theory_P{P}.nc", engine="h5netcdf")
            bar.advance(task)


def curves(P, count):
    """m of retrieval (0 where it is lost) over alpha: plain and learned at T = WARM, plain at T = α; and their ends."""
    alpha = np.linspace(0.0, LARGEST[P], count + 1)[1:]
    plain, learned = dsm.Model(P), dsm.Model(P, LEARNED)
    places = {"plain": (plain, lambda a: WARM), "learned": (learned, lambda a: WARM)}
    if P > 2:
        places["nishimori"] = (plain, lambda a: a)
    m = [[dsm.solve(model.replace(alpha=float(a)), T(float(a))).m for a in alpha] for model, T in places.values()]
    ends = np.full((len(places), 2), np.nan)
    for n, (model, _) in enumerate(list(places.values())[:2]):
        for k, kind in enumerate(("spinodal", "coexistence")):
            try:
                ends[n, k] = dsm.critical(model, "alpha", T=WARM, kind=kind).value
            except dsm.NoTransitionError:
                continue
    if P > 2:
        constants = dsm.constants(P)
        ends[2] = constants["T_d"] ** 2, constants["T_K"] ** 2
    coordinates = {"place": list(places), "alpha": alpha, "kind": ["spinodal", "coexistence"]}
    return xr.Dataset(
        {"m": (("place", "alpha"), m), "end": (("place", "kind"), ends)}, coordinates, {"P": P, "T": WARM}
    )


if __name__ == "__main__":
    main()
