"""Detection: the synaptic noise a network bears, what load costs of it, noise in the data -> data/detection_*_P*.nc

python theory/detection.py [--preset quick|full|toy] [--out data]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments
from densenet_sm.theory.detection import data_noise_limit, detection_exponents

ORDERS = (2, 3, 4, 6)
NOISE = {2: (0.0, 1.2), 3: (0.0, 0.6), 4: (0.0, 0.6), 6: (0.0, 0.6)}  # ν
HEAT = {2: (0.01, 1.3), 3: (0.01, 1.0), 4: (0.01, 1.1), 6: (0.08, 1.4)}  # T of the (ν, T) diagrams
LOAD = {2: (0.0, 0.16), 3: (0.0, 0.6), 4: (0.0, 0.6), 6: (0.0, 0.6)}  # α of the (α, ν) diagrams
ALPHA = 0.05  # load at P = 2 of m against ν
COLD = 0.2  # T of all that has no temperature axis
RHO, SHARE = 0.2, 0.25  # data noise at finite N: entropy of the examples, load α c relative to the largest
STRETCH = {"": 1.0, "_less": 0.8, "_more": 1.2}  # of the exponents: right, too small, too large
PRESETS = {  # orders with broken lines over (ν, T); numbers of T, α, ρ, N
    "toy": ((), 3, 3, 3, 2),
    "quick": (ORDERS[1:], 33, 17, 13, 9),
    "full": (ORDERS[1:], 121, 61, 49, 17),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    broken, temperatures, loads, entropies, sizes = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("detection", total=len(ORDERS) * (temperatures + loads + entropies))
        step = lambda count=1: bar.advance(task, count)  # noqa: E731
        for P in ORDERS:
            bar.update(task, description=f"detection P={P}")
            ansatz = ("RS", "1RSB") if P in broken else "RS"
            found = {
                "T": temperature_diagram(P, temperatures, ansatz, step),
                "alpha": dsm.phase_diagram(
                    dsm.Model(P=P),
                    x=("alpha", *LOAD[P], 4 * loads + 1),
                    y=("nu", *NOISE[P], loads),
                    T=COLD,
                    progress=step,
                ),
                "exact": exact_lines(P),
                "data": data_noise(P, entropies, sizes, step),
                "curve": curve(P, 4 * loads),
            }
            for name, ds in found.items():
                ds.to_netcdf(args.out / f"detection_{name}_P{P}.nc", engine="h5netcdf")


def temperature_diagram(P, rows, ansatz, step):
    """(ν, T) at α = 0. At P = 2 retrieval melts at T = 1, along the rows: that line is among the exact ones."""
    nu, T = ("nu", *NOISE[P], 4 * rows + 1), ("T", *HEAT[P], rows)
    ds = dsm.phase_diagram(dsm.Model(P=P), x=nu, y=T, ansatz=ansatz, progress=step)
    return ds if P > 2 else ds.assign(line_x=ds.line_x.where(ds.line_x > 0))


def exact_lines(P):
    """Exact lines at α = 0 over (ν, T): those of storage for P ≥ 3, where α + ν is one parameter; T = 1, ν at P = 2."""
    if P > 2:
        return dsm.exact_lines(dsm.Model(P=P)).assign_attrs(x="nu")
    data = {"line_x": (("line", "point"), [[0.0, 1.0]] * 2), "line_y": (("line", "point"), [[0.0, 1.0], [1.0, 1.0]])}
    return xr.Dataset(data, {"line": ["nishimori", "spinodal/RS"]}, {"P": P, "x": "nu", "y": "T"})


def curve(P, points):
    """m against ν of K ~ N patterns: load ALPHA at P = 2, none at P ≥ 3; 0 beyond the end."""
    alpha, noise = ALPHA if P == 2 else 0.0, np.linspace(0.0, 0.8, points)
    m = [dsm.solve(dsm.Model(P, alpha=alpha, nu=float(nu)), COLD).m for nu in noise]
    return xr.Dataset({"m": ("nu", m)}, {"nu": noise}, {"P": P, "T": COLD, "alpha": alpha})


def data_noise(P, entropies, sizes, step):
    """Limit r → 0: the largest load α c at every ρ. Finite N: m of K ~ N^b archetypes, r and M as they should go."""
    rho = np.append(0.0, np.geomspace(0.01, 3.0, entropies - 1))
    data = {}
    for kind in ("spinodal", "coexistence"):
        data[f"largest_{kind}"] = ("rho", [largest_load(P, float(value), kind) for value in rho])
    load, b = SHARE * largest_load(P, RHO, "spinodal"), (P - 1) / 2
    limit, exponents = dsm.solve(data_noise_limit(P, RHO, load), COLD), detection_exponents(P, b)
    N = np.geomspace(1e2, 1e10, sizes)
    for name, stretch in STRETCH.items():
        found = [at_size(P, b, load, size, exponents.M * stretch) for size in N]
        data[f"m{name}"] = ("N", [state.m for state in found])
        data[f"r{name}"] = ("N", [state.model.protocol.r for state in found])
        data[f"M{name}"] = ("N", [state.model.protocol.M for state in found])
    step(entropies)
    attributes = {"P": P, "T": COLD, "rho_N": RHO, "load": load, "b": b, "m": limit.m}
    attributes |= {f"exponent_{name}": value for name, value in vars(exponents).items()}
    return xr.Dataset(data, {"rho": rho, "N": N}, attributes)


def largest_load(P, rho, kind):
    """Load α c at which the archetype of faint examples ends, or loses to the state without overlap (NaN: nowhere)."""
    model = data_noise_limit(P, rho, 0.1)
    name = "nu" if model.nu > 0 else "alpha"  # at P = 2, ρ = 0 it is synaptic noise
    try:
        return dsm.critical(model.replace(**{name: 0.0}), name, T=COLD, kind=kind).value
    except dsm.NoTransitionError:
        return math.nan


def at_size(P, b, load, N, exponent):
    """State of K ~ N^b archetypes learned one by one from M = N^exponent examples of entropy RHO.

    With the right exponent α c → `load`: α N^{P−1−b} = load/κ^P, κ = ρ/(1+ρ).
    """
    M = round(N**exponent)
    alpha = load * ((1 + RHO) / RHO) ** P * N ** (b - (P - 1))
    protocol = dsm.Unsupervised(r=1 / math.sqrt(1 + RHO * M), M=M)
    return dsm.solve(dsm.Model(P=P, alpha=alpha, protocol=protocol), COLD)


if __name__ == "__main__":
    main()
