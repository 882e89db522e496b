"""Monte Carlo of several diluted patterns at zero load along the m(T) curves -> data/multitasking_simulation_P*_K*.nc

Every run starts from spins drawn from the fields of the lowest stable state: it asks whether that state lasts, and with
which overlaps, not whether spins would find it. The patterns have each kind of site as often as is expected: of random
ones some are favoured by N^(-1/2), which splits overlaps that theory has equal (theory/MULTITASKING.md).

    python simulations/multitasking.py [--preset quick|full|toy] [--out data]
"""

import itertools

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

DILUTION = {(2, 2): 0.62, (2, 3): 0.6, (3, 2): 0.85, (3, 3): 0.9, (4, 2): 0.9, (4, 3): 0.93}  # as the theory's curves
WARMEST = {2: 0.96, 3: 0.24, 4: 0.06}
PRESETS = {"toy": (2, 20, 2, 300), "quick": (12, 100, 8, 16_000), "full": (25, 1000, 32, 64_000)}  # T, sweeps, runs, N


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    count, *settings = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("Monte Carlo (first use compiles)", total=count * len(DILUTION))
        for (P, K), d in DILUTION.items():
            bar.update(task, description=f"Monte Carlo P={P}, K={K}")
            model = dsm.Model(P=P, protocol=dsm.Multitasking(K, d))
            temperatures = np.linspace(0.0, WARMEST[P], count + 1)[1:]
            ds = curve(model, temperatures, *settings, args.seed, lambda: bar.advance(task))
            ds.to_netcdf(args.out / f"multitasking_simulation_P{P}_K{K}.nc", engine="h5netcdf")


def curve(model, temperatures, sweeps, runs, N, seed, advance):
    """Overlaps per non-blank site [T, pattern], largest first: means over runs, their errors, and theory with f_N."""
    K, net = model.protocol.K, typical(model, N)
    m, error, theory = np.full((3, len(temperatures), K), np.nan)
    for n, T in enumerate(temperatures.tolist()):
        state = dsm.solve(model, T, start=dsm.stable_states(model, T, groups=2)[0], N=N)
        found = from_state(net, state, sweeps, runs, seed + n)
        m[n], error[n] = found.mean(0), found.std(0, ddof=1) / np.sqrt(runs)
        theory[n] = np.sort(np.abs(state.m_active))[::-1]
        advance()
    data = {name: (("T", "pattern"), value) for name, value in (("m", m), ("m_err", error), ("theory", theory))}
    attributes = {"P": model.P, "K": K, "d": model.protocol.d, "N": N, "sweeps": sweeps, "runs": runs, "seed": seed}
    return xr.Dataset(data, {"T": temperatures}, attributes)


def typical(model, N):
    """Patterns with each of the 3^K kinds of site as often as is expected, up to rounding."""
    K, d = model.protocol.K, model.protocol.d
    kinds = np.array(list(itertools.product((0, 1, -1), repeat=K)))
    upto = np.cumsum(np.where(kinds == 0, d, (1 - d) / 2).prod(1))
    archetypes = kinds[np.searchsorted(upto, (np.arange(N) + 0.5) / N)].T
    net = dsm.Network(archetypes / np.sqrt(1 - d), model.P, archetypes=archetypes)
    net.probes = net.entries
    return net


def from_state(net, state, sweeps, runs, seed):
    """Overlaps [run, pattern], largest first, after as many sweeps unmeasured as measured."""
    slope = net.P / 2 * np.abs(state.x) ** (net.P - 1) * np.sign(state.x)
    chance = np.random.default_rng(seed).uniform(-1, 1, (runs, net.N))
    spins = np.where(chance < np.tanh(slope @ net.entries / state.T), 1, -1).astype(np.int8)
    run = dsm.simulate(net, state.T, start=spins, sweeps=sweeps, burn_in=sweeps, replicas=runs, seed=seed)
    m = run.m.isel(sample=0, T=0).transpose("replica", "pattern").values
    return np.sort(np.abs(m), axis=1)[:, ::-1] / (1 - state.model.protocol.d)


if __name__ == "__main__":
    main()
