"""Broken symmetry: complexity, Parisi function, capacity against ρ, parts of the P = 2 glass -> data/breaking_*.nc

python theory/breaking.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import track

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

GLASSES = {"SK": dsm.Model(P=2, nu=1.0), "3-spin": dsm.Model(P=3, nu=1.0)}
DYNAMIC, STATIC = 0.68159, 0.65139  # of the 3-spin glass, `constants`: temperatures of Σ(T) lie between
COUNTED = {"glass": (dsm.Model(P=3, nu=1.0), 0.3), "retrieval": (dsm.Model(P=3, alpha=0.44), 0.2)}
GLASS_LOAD = 0.5  # α of the hard and the soft glass
PRESETS = {  # values of θ, of T, largest k, (P, ρ) of the capacities
    "toy": (9, 2, 2, ((3, 0.0),)),
    "quick": (65, 9, 4, ((3, 0.0), (3, 0.1), (3, 0.2), (4, 0.0), (4, 0.1), (4, 0.2))),
    "full": (129, 33, 4, tuple((P, rho / 20) for P in (3, 4) for rho in range(9))),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    points, temperatures, steps, places = PRESETS[args.preset]
    made = {
        "complexity": lambda: counted(points, temperatures),
        "parisi": lambda: ground_states(steps),
        "capacity": lambda: capacities(places),
        "parts": lambda: parts(2 * points // 3),
    }
    for name, make in track(made.items(), description="breaking"):
        make().to_netcdf(args.out / f"breaking_{name}.nc", engine="h5netcdf")


def counted(points, temperatures):
    """Σ, free energy and replicon against θ for sub-states of glass and retrieval; Σ(T) of the glass at θ = 1."""
    data = {}
    for start, (model, T) in COUNTED.items():
        ds = dsm.complexity(model, T, start=start, points=points)[["complexity", "free_energy", "replicon"]]
        data |= {f"{start}_{name}": (f"{start}_theta", v.values) for name, v in ds.items()}
        data[f"{start}_theta"] = ds.theta.values
    heats = np.linspace(STATIC, DYNAMIC, temperatures + 1)[:-1]
    data["T"] = heats
    last = [dsm.complexity(GLASSES["3-spin"], float(T), points=65).complexity.values[-1] for T in heats]
    data["at_one"] = ("T", last)
    return xr.Dataset(data)


def ground_states(steps):
    """Ground states, and Parisi's function q(D) at T = 0 as edges and values, of k = 1 … steps."""
    shape = (len(GLASSES), steps)
    energy, edges, q = (
        np.full(shape, np.nan),
        np.full((*shape, steps + 2), np.nan),
        np.full((*shape, steps + 1), np.nan),
    )
    for g, k in np.ndindex(shape):
        state = dsm.solve(list(GLASSES.values())[g], 0.0, ansatz="kRSB", k=k + 1, start="glass")
        energy[g, k] = state.free_energy
        edges[g, k, : k + 3], q[g, k, : k + 2] = state.parisi
    dims = ("glass", "k")
    data = {"energy": (dims, energy), "edges": ((*dims, "edge"), edges), "q": ((*dims, "level"), q)}
    return xr.Dataset(data, {"glass": list(GLASSES), "k": np.arange(1, steps + 1)})


def parts(points):
    """The P = 2 glass as a hard and a soft one, against T through its transition 1 + √α: pressures and overlaps."""
    T = np.linspace(0.3, 1.6, points) * (1 + np.sqrt(GLASS_LOAD))
    found = [dsm.hard_and_soft(GLASS_LOAD, float(one)) for one in T]
    names = ("pressure", "hard", "soft", "elementary", "residual", "q", "q_hard", "p_soft", "beta_hard", "beta_soft")
    return xr.Dataset(
        {name: ("T", [getattr(d, name) for d in found]) for name in names}, {"T": T}, {"alpha": GLASS_LOAD}
    )


def capacities(places):
    """α_c at T = 0 of supervised patterns of entropy ρ, symmetric and with one step of breaking."""
    models = [dsm.Model(P=P, protocol=dsm.Supervised(rho=rho)) for P, rho in places]
    found = {
        ansatz: ("place", [dsm.critical(m, "alpha", T=0.0, ansatz=ansatz).value for m in models])
        for ansatz in ("RS", "1RSB")
    }
    orders, entropies = zip(*places, strict=True)
    return xr.Dataset(found, {"P": ("place", list(orders)), "rho": ("place", list(entropies))})


if __name__ == "__main__":
    main()
