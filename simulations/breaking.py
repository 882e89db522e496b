"""Monte Carlo of P = 3 beyond the symmetric end of retrieval, at growing size -> data/breaking_{simulation,cold}.nc

Replica exchange from T = 0.05 up to 0.4 lets spins settle inside the state they start in, which a cold run alone does
not. Five loads: three between the ends of retrieval without and with breaking, two beyond both, where it must be lost.
The pattern of a sample is the one, of its first few, whose energy is closest to what is expected: by chance it is
as stable as at a load 2/√N different, which no theory of N → ∞ is about (theory/BREAKING.md). `cold`: the same from
the pattern at two low temperatures, each by itself, which larger sizes can afford.

    python simulations/breaking.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress, track

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

P = 3
LOADS = (0.40, 0.42, 0.44, 0.52, 0.60)
LADDER = (0.05, 0.08, 0.12, 0.16, 0.20, 0.24, 0.28, 0.32, 0.36, 0.40)
CANDIDATES = 63  # patterns of a sample among which the typical one is sought
LOST = 0.6  # retrieval at these loads has m > 0.77
PRESETS = {  # samples by size, sweeps; the same of cold runs
    "toy": ({12: 2, 16: 2}, 32, {12: 2, 16: 2}, 32),
    "quick": ({128: 8, 192: 6, 256: 5, 384: 3}, 1024, {128: 12, 256: 8, 512: 4}, 1024),
    "full": ({128: 8, 192: 6, 256: 6, 384: 4}, 4096, {128: 24, 256: 16, 512: 10, 768: 8}, 4096),
}
COLD = (0.06, 0.12)
COLD_LOADS = (0.36, 0.40, 0.42, 0.44, 0.50, 0.56)


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    sizes, sweeps, cold_sizes, cold_sweeps = PRESETS[args.preset]
    cold(cold_sizes, cold_sweeps, args.seed).to_netcdf(args.out / "breaking_cold.nc", engine="h5netcdf")
    with Progress() as bar:
        task = bar.add_task("Monte Carlo (first use compiles)", total=len(LOADS) * sum(sizes.values()))
        rows = []
        for alpha in LOADS:
            bar.update(task, description=f"Monte Carlo α={alpha:.2f}")
            model = dsm.Model(P=P, alpha=alpha)
            found = [measured(model, N, n, sweeps, args.seed, lambda: bar.advance(task)) for N, n in sizes.items()]
            rows.append(xr.concat([*found], "N").assign_coords(N=list(sizes)).merge(theory(model, sizes)))
    ds = xr.concat(rows, "alpha").assign_coords(alpha=list(LOADS))
    ds.attrs = {"P": P, "sweeps": sweeps, "seed": args.seed, "lost": LOST, "samples": str(sizes)}
    ds.to_netcdf(args.out / "breaking_simulation.nc", engine="h5netcdf")


def measured(model, N, samples, sweeps, seed, advance):
    """m, energy and q over T after an eighth of the sweeps, and m in doubling windows: means and errors over samples.

    `kept` is the share of replicas whose m in the last window is above `LOST`.
    """
    runs = []
    for sample in range(samples):
        net = typical(dsm.Network.sample(model, N, seed=seed, sample=sample))
        settings = {"sweeps": sweeps - sweeps // 8, "burn_in": sweeps // 8, "seed": seed + sample}
        run = dsm.simulate(net, T=LADDER, exchange=True, series=True, **settings).isel(sample=0, pattern=0)
        windows = [run.m_series.isel(sweep=part).mean("sweep") for part in doubling(sweeps)]
        late = xr.concat(windows, "window")
        kept = (late.isel(window=-1) > LOST).mean("replica")
        plain = {
            name: run[name].mean("replica") if "replica" in run[name].dims else run[name]
            for name in ("m", "energy", "q")
        }
        runs.append(xr.Dataset({**plain, "m_window": late.mean("replica"), "kept": kept}).reset_coords(drop=True))
        advance()
    all_runs = xr.concat(runs, "sample")
    error = (all_runs.std("sample", ddof=1) / math.sqrt(samples)).rename({name: f"{name}_err" for name in all_runs})
    ends = sweeps // 8 * 2 ** np.arange(1, 4)
    return all_runs.mean("sample").merge(error).assign_coords(window=ends)


def cold(sizes, sweeps, seed):
    """m in the last half of runs from the pattern, the share that kept it, and both theories, over (alpha, N, T)."""
    rows = []
    for alpha in track(COLD_LOADS, description="cold runs"):
        model, columns = dsm.Model(P=P, alpha=alpha), []
        for N, samples in sizes.items():
            runs = []
            for sample in range(samples):
                net = typical(dsm.Network.sample(model, N, seed=seed, sample=sample))
                settings = {"sweeps": sweeps // 2, "burn_in": sweeps // 2, "seed": seed + sample}
                runs.append(dsm.simulate(net, T=COLD, **settings).m.isel(sample=0, pattern=0, drop=True))
            m = xr.concat(runs, "sample")
            error = m.mean("replica").std("sample", ddof=1) / math.sqrt(samples)
            kept = (m > LOST).mean(("sample", "replica"))
            columns.append(xr.Dataset({"m": m.mean(("sample", "replica")), "m_err": error, "kept": kept}))
        theories = theory(model, sizes, COLD)
        rows.append(xr.concat(columns, "N").assign_coords(N=list(sizes)).merge(theories))
    ds = xr.concat(rows, "alpha").assign_coords(alpha=list(COLD_LOADS))
    ds.attrs = {"P": P, "sweeps": sweeps, "seed": seed, "lost": LOST, "samples": str(sizes)}
    return ds


def doubling(sweeps):
    """Slices of the measured sweeps, which begin at an eighth of all: up to a quarter, to a half, to the end."""
    eighth = sweeps // 8
    return slice(0, eighth), slice(eighth, 3 * eighth), slice(3 * eighth, None)


def typical(net):
    """The same realisation with the most typical of its first patterns in front: that of energy −N f_N(1)."""
    N, first = net.N, net.archetypes[:CANDIDATES].astype(np.float32)
    y = net.entries.astype(np.float32) @ first.T  # e_3 = (y³ − (3N−2) y)/6 of signs with sum y
    energies = -(y**3 - (3 * N - 2) * y).sum(0, dtype=float) / (2 * N**3)
    expected = -(1 - 1 / N) * (1 - 2 / N) / 2
    chosen = int(np.abs(energies - expected).argmin())
    order = np.r_[chosen, np.delete(np.arange(len(net.entries)), chosen)]
    return dsm.Network(net.entries[order], net.P)


def theory(model, sizes, temperatures=LADDER):
    """Retrieval over T, symmetric and with one step of breaking: at N → ∞ and with f_N; NaN where there is none."""
    names, dims = ("m", "energy", "q"), {"": "T", "_N": ("N", "T")}
    data = {}
    for ansatz in ("RS", "1RSB"):
        infinite = [retrieval(model, T, ansatz) for T in temperatures]
        places = list(zip(temperatures, infinite, strict=True))
        finite = [[retrieval(model, T, ansatz, s, N) for T, s in places] for N in sizes]
        for tag, states in (("", infinite), ("_N", finite)):
            values = np.vectorize(numbers, signature="()->(n)", otypes=[float])(np.array(states, object))
            data |= {f"{ansatz}_{name}{tag}": (dims[tag], values[..., n]) for n, name in enumerate(names)}
    return xr.Dataset(data, {"T": list(temperatures)})


def retrieval(model, T, ansatz, start="retrieval", N=None):
    """The retrieval state, at finite N next to that of N → ∞; None where it is lost."""
    if start is None:
        return None
    if ansatz == "1RSB" and N and start.q[0] == start.q[1]:
        return retrieval(model, T, "RS", N=N)
    try:
        state = dsm.solve(model, T, ansatz=ansatz, start=start, N=N)
    except dsm.ConvergenceError:
        return None
    return state if state.m > LOST else None


def numbers(state):
    """m, energy and the mean overlap of two replicas, θ q_1 + (1−θ) q_2."""
    if state is None:
        return np.full(3, np.nan)
    q = state.q if state.theta is None else state.theta * state.q[0] + (1 - state.theta) * state.q[1]
    return np.array([state.m, state.energy, q])


if __name__ == "__main__":
    main()
