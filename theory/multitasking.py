"""Multitasking diagrams (d, T) and (d, rho) of diluted patterns at zero load -> data/multitasking_*.nc

python theory/multitasking.py [--preset quick|full|toy] [--out data]
"""

import argparse
from pathlib import Path

import numpy as np
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.theory.multitasking import hierarchy_threshold, states

DILUTION = ("d", 0.0, 0.96)
T_TOP = {2: 1.08, 3: 0.8, 4: 0.8}
RHO_T = {2: 0.2, 3: 0.08}  # temperature of the (d, rho) diagrams
CURVE_D = {(2, 2): 0.62, (2, 3): 0.6, (2, 5): 0.7}  # dilution of the m(T) curves, by P and K
CURVE_D |= {(3, 2): 0.85, (3, 3): 0.9, (3, 5): 0.9, (4, 2): 0.9, (4, 3): 0.93, (4, 5): 0.93}
PRESETS = {  # rows of (d, T) by P and K, rows of (d, rho) by P and K, columns, temperatures of the curves
    "toy": ({2: {2: 3}, 3: {2: 3}}, {3: {2: 2}}, 9, 5),
    "quick": (
        {2: {2: 19, 3: 17, 5: 9}, 3: {2: 21, 3: 21, 5: 13}, 4: {2: 17, 3: 17, 5: 11}},
        {2: {3: 6}, 3: {3: 5}},
        97,
        61,
    ),
    "full": (
        {2: {2: 109, 3: 109, 5: 65}, 3: {2: 121, 3: 121, 5: 81}, 4: {2: 121, 3: 121, 5: 81}},
        {2: {2: 31, 3: 31}, 3: {2: 31, 3: 31}},
        241,
        241,
    ),
}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--out", type=Path, default=Path("data"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    thermal, noisy, columns, temperatures = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("multitasking", total=sum(rows for _, _, rows in [*each(thermal), *each(noisy)]))
        for P, K, rows in each(thermal):
            bar.update(task, description=f"multitasking (d, T), P={P}, K={K}")
            model = dsm.Model(P, protocol=dsm.Multitasking(K, CURVE_D[P, K]))
            axes = {"x": (*DILUTION, columns), "y": ("T", 0.0, T_TOP[P], rows)}
            ds = dsm.phase_diagram(model, **axes, progress=lambda: bar.advance(task))
            ds = overlaps(ds, model, np.linspace(0.0, T_TOP[P], temperatures))
            ds.attrs |= {"K": K, "threshold": hierarchy_threshold(P, K), "curve_d": CURVE_D[P, K]}
            ds.to_netcdf(args.out / f"multitasking_T_P{P}_K{K}.nc", engine="h5netcdf")
        for P, K, rows in each(noisy):
            bar.update(task, description=f"multitasking (d, rho), P={P}, K={K}")
            model = dsm.Model(P, protocol=dsm.Multitasking(K, 0.5, dsm.Supervised(rho=0.0)))
            axes = {"x": (*DILUTION, columns), "y": ("rho", 0.0, 1.5, rows)}
            ds = dsm.phase_diagram(model, **axes, T=RHO_T[P], progress=lambda: bar.advance(task))
            ds.attrs["K"] = K
            ds.to_netcdf(args.out / f"multitasking_rho_P{P}_K{K}.nc", engine="h5netcdf")


def each(sets):
    """(P, K, rows) of every diagram."""
    return [(P, K, rows) for P, numbers in sets.items() for K, rows in numbers.items()]


def overlaps(ds, model, temperatures):
    """With the overlaps per non-blank site of the lowest stable state against T, largest first, and its ordering."""
    lowest = [next(iter(states(model, float(T), groups=2)), None) for T in temperatures]
    m = [np.zeros(model.protocol.K) if s is None else np.sort(np.abs(s.m_active))[::-1] for s in lowest]
    curves = {
        "curve_m": (("curve_T", "pattern"), m),
        "curve_ordering": ("curve_T", [s.ordering if s else "" for s in lowest]),
    }
    return ds.assign(curves).assign_coords(curve_T=temperatures)


if __name__ == "__main__":
    main()
