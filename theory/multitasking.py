"""Multitasking diagrams of diluted patterns at zero load: (d, T), (d, rho) and T = 0 -> data/multitasking_*.nc

python theory/multitasking.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

ORDERS = (2, 3, 4)
DILUTION = {2: (0.0, 0.98), 3: (0.1, 0.98), 4: (0.4, 0.985)}  # of the (d, T) diagrams: where several patterns are held
WARMTH = {2: (0.02, 1.06), 3: (0.01, 0.36), 4: (0.004, 0.12)}
RHO = {2: (0.2, (0.0, 0.6)), 3: (0.08, (0.0, 0.6))}  # T and range of the (d, rho) diagrams
CURVE_D = {(2, 2): 0.62, (2, 3): 0.6, (2, 5): 0.7}  # dilution of the m(T) curves, by P and K
CURVE_D |= {(3, 2): 0.85, (3, 3): 0.9, (3, 5): 0.9, (4, 2): 0.9, (4, 3): 0.93, (4, 5): 0.93}
HELD = 3  # patterns of the overlaps at T = 0
PRESETS = {  # lines followed in (d, T) and (d, rho) by P and K, points of each, points of curves, largest K searched
    "toy": ({2: {2: 3}, 3: {2: 3}}, {3: {2: 2}}, 9, 5, 4),
    "quick": (
        {2: {2: 27, 3: 27, 5: 9}, 3: {2: 27, 3: 27, 5: 12}, 4: {2: 25, 3: 25, 5: 10}},
        {2: {3: 9}, 3: {3: 9}},
        99,
        73,
        8,
    ),
    "full": (
        {2: {2: 105, 3: 105, 5: 53}, 3: {2: 113, 3: 113, 5: 57}, 4: {2: 97, 3: 97, 5: 49}},
        {2: {2: 61, 3: 61, 5: 31}, 3: {2: 61, 3: 61, 5: 31}},
        241,
        241,
        10,
    ),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    thermal, noisy, fine, points, most = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("multitasking", total=sum(rows for _, _, rows in [*each(thermal), *each(noisy)]))
        for P, K, rows in each(thermal):
            bar.update(task, description=f"multitasking (d, T), P={P}, K={K}")
            model = dsm.Model(P, protocol=dsm.Multitasking(K, CURVE_D[P, K]))
            ds = temperature_diagram(model, fine, rows, lambda: bar.advance(task))
            ds = overlaps(ds, model, np.linspace(0.0, WARMTH[P][1], points))
            ds.attrs |= {"K": K, "threshold": dsm.hierarchy_threshold(P, K), "curve_d": CURVE_D[P, K]}
            ds.to_netcdf(args.out / f"multitasking_T_P{P}_K{K}.nc", engine="h5netcdf")
        for P, K, rows in each(noisy):
            bar.update(task, description=f"multitasking (d, rho), P={P}, K={K}")
            model = dsm.Model(P, protocol=dsm.Multitasking(K, 0.5, dsm.Supervised(rho=0.0)))
            T, entropies = RHO[P]
            axes = {"x": ("d", 0.0, 0.98, fine), "y": ("rho", *entropies, rows)}
            ds = dsm.phase_diagram(model, **axes, T=T, progress=lambda: bar.advance(task))
            ds.attrs |= {"K": K, "threshold": dsm.hierarchy_threshold(P, K)}
            ds.to_netcdf(args.out / f"multitasking_rho_P{P}_K{K}.nc", engine="h5netcdf")
    at_zero(most, np.linspace(0.1, 0.98, points)).to_netcdf(args.out / "multitasking_zero.nc", engine="h5netcdf")


def each(sets):
    """(P, K, lines followed) of every diagram."""
    return [(P, K, rows) for P, numbers in sets.items() for K, rows in numbers.items()]


def temperature_diagram(model, fine, coarse, step):
    """(d, T): followed along d at P = 2 and along T beyond, where the lines between one and two patterns are humps."""
    d, T = ("d", *DILUTION[model.P]), ("T", *WARMTH[model.P])
    if model.P == 2:
        return dsm.phase_diagram(model, x=(*d, fine), y=(*T, coarse), progress=step)
    ds = dsm.phase_diagram(model, x=(*T, fine), y=(*d, coarse), progress=step)
    ds = ds.rename(line_x="line_y", line_y="line_x").assign(phase=ds.phase.transpose("T", "d"))
    return ds.assign_attrs(x="d", y="T")


def overlaps(ds, model, temperatures):
    """With the overlaps per non-blank site of the lowest stable state against T, and the ordering of that state."""
    lowest = [next(iter(dsm.stable_states(model, float(T), groups=2)), None) for T in temperatures]
    m = [np.zeros(model.protocol.K) if s is None else largest_first(s) for s in lowest]
    curves = {
        "curve_m": (("curve_T", "pattern"), m),
        "curve_ordering": ("curve_T", [s.ordering if s else "" for s in lowest]),
    }
    return ds.assign(curves).assign_coords(curve_T=temperatures)


def at_zero(most, dilutions):
    """T = 0: where the hierarchy of K patterns stops being consistent, searched and exact; overlaps against d."""
    numbers, dims = range(3, 11), ("P", "K")
    exact = [[dsm.hierarchy_threshold(P, K) for K in numbers] for P in ORDERS]
    searched = [[last_geometric(P, K) if most >= K else np.nan for K in numbers] for P in ORDERS]
    m = np.full((len(ORDERS), len(dilutions), HELD), np.nan)
    for p, n in np.ndindex(m.shape[:2]):
        model = dsm.Model(ORDERS[p], protocol=dsm.Multitasking(HELD, float(dilutions[n])))
        found = dsm.stable_states(model, 0.0)
        m[p, n] = largest_first(found[0]) if found else np.nan
    data = {"exact": (dims, exact), "searched": (dims, searched), "m": (("P", "d", "pattern"), m)}
    return xr.Dataset(data, {"P": list(ORDERS), "K": list(numbers), "d": dilutions})


def last_geometric(P, K):
    """Largest d at which the hierarchy solved for at T = 0 has overlaps (1−d) d^{k−1}, by bisection."""
    low, high = 0.3, 0.999
    while high - low > 1e-7:
        d = (low + high) / 2
        low, high = (d, high) if is_geometric(P, K, d) else (low, d)
    return low


def is_geometric(P, K, d):
    try:
        state = dsm.solve(dsm.Model(P, protocol=dsm.Multitasking(K, d)), 0.0, start="hierarchical")
    except dsm.ConvergenceError:
        return False
    return np.abs(state.m_active - d ** np.arange(K)).max() < 1e-12


def largest_first(state):
    """Overlaps per non-blank site, the largest first, signs left out."""
    return np.sort(np.abs(state.m_active))[::-1]


if __name__ == "__main__":
    main()
