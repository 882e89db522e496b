"""Monte Carlo beside theory/hierarchy.py: overlaps against d, against the entropy of examples, energy against loss.

hierarchy_simulation_P*_K*.nc: runs from spins drawn from the fields of the lowest stable state, zero load, two sizes.
The patterns have each kind of site as often as expected, up to rounding; `own` are the mean-field overlaps of just
these patterns (`dsm.plefka` of first order, exact at zero load but for 1/N), `theory` those of `dsm.solve(N=)`.
hierarchy_examples_simulation_P*.nc: the same for networks drawn from the model, errors over samples.
hierarchy_energy_P*.nc: energy and overlaps after every sweep, from random spins or a mixed cue.

    python simulations/hierarchy.py [--preset quick|full|toy] [--out data]
"""

import dataclasses
import itertools

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

T = {2: 0.05, 3: 0.03, 4: 0.01}  # as theory/hierarchy.py
NUMBERS = {2: (3, 4, 5), 3: (3, 4), 4: (3,)}
K, M = 3, 5
EXAMPLES = {2: (0.1, 0.4), 3: (0.05, 0.6)}
DATA = {"supervised": dsm.Supervised, "unsupervised": dsm.Unsupervised}
ENERGY = {2: (0.1, 0.2, (0.0, 0.02)), 3: (0.1, 0.6, (0.0, 0.01))}  # T, d, loads of the runs along which H is read
CUE = {(2, 0.0): 0.0, (2, 0.02): 0.3, (3, 0.0): 0.3, (3, 0.01): 0.5}  # overlap with the majority of the K patterns
PRESETS = {
    "toy": {
        "d": (0.5, 0.97),
        "sizes": {500: (10, 4), 1000: (10, 4)},  # N: sweeps, runs
        "r": (0.8,),
        "examples": (500, 10, 2),  # N, sweeps, samples
        "energy": ({0.0: 500, 0.02: 1000, 0.01: 200}, 10, 3),  # N by load, sweeps, runs
    },
    "quick": {
        "d": (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97),
        "sizes": {2000: (30, 8), 8000: (30, 8)},
        "r": (1.0, 0.8, 0.65, 0.5, 0.4),
        "examples": (8000, 30, 8),
        "energy": ({0.0: 2000, 0.02: 2000, 0.01: 1600}, 60, 8),
    },
    "full": {
        "d": tuple(np.linspace(0.05, 0.99, 32).round(3).tolist()),
        "sizes": {2000: (400, 16), 16_000: (400, 16)},
        "r": tuple(np.linspace(1.0, 0.4, 13).round(3).tolist()),
        "examples": (32_000, 300, 32),
        "energy": ({0.0: 8000, 0.02: 8000, 0.01: 1600}, 200, 16),
    },
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    size = PRESETS[args.preset]
    pairs = [(P, number) for P, numbers in NUMBERS.items() for number in numbers]
    cases = len(EXAMPLES) * len(DATA) * len(size["r"])
    with Progress() as bar:
        total = len(pairs) * len(size["d"]) + cases + sum(len(loads) for _, _, loads in ENERGY.values())
        task = bar.add_task("Monte Carlo (first use compiles)", total=total)

        def stored(ds, name, **attributes):
            ds.attrs |= {"seed": str(args.seed), "preset": args.preset, **attributes}
            ds.to_netcdf(args.out / f"hierarchy_{name}.nc", engine="h5netcdf")

        for P, number in pairs:
            bar.update(task, description=f"overlaps against d, P={P}, K={number}")
            ds = against_dilution(P, number, size["d"], size["sizes"], args.seed, lambda: bar.advance(task))
            stored(ds, f"simulation_P{P}_K{number}", P=P, K=number, T=T[P])
        for P, (temperature, d) in EXAMPLES.items():
            bar.update(task, description=f"entropy of examples, P={P}")
            ds = against_entropy(P, size["r"], size["examples"], args.seed, lambda: bar.advance(task))
            stored(ds, f"examples_simulation_P{P}", P=P, K=K, M=M, T=temperature, d=d, N=size["examples"][0])
        for P, (temperature, d, _) in ENERGY.items():
            bar.update(task, description=f"energies and losses, P={P}")
            ds = trajectories(P, size["energy"], args.seed, lambda: bar.advance(task))
            stored(ds, f"energy_P{P}", P=P, K=K, T=temperature, d=d)


def against_dilution(P, number, dilutions, sizes, seed, step):
    """Overlaps per non-blank site [N, d, pattern] in the order of the state: means over runs, their errors, theory."""
    names = ("m", "m_err", "theory", "own")
    data = {name: np.full((len(sizes), len(dilutions), number), np.nan) for name in names}
    ordering = []
    for n, d in enumerate(dilutions):
        model = dsm.Model(P=P, protocol=dsm.Multitasking(number, d))
        limit = dsm.stable_states(model, T[P], groups=2)[0]
        ordering.append(limit.ordering)
        for i, (N, (sweeps, runs)) in enumerate(sizes.items()):
            state, net = at_size(model, limit, N), typical(model, N)
            m, own = from_state(net, state, sweeps, runs, seed + n), mean_field(net, state, seed)
            rows = (m.mean(0), m.std(0, ddof=1) / np.sqrt(runs), state.m_active, own)
            order = np.argsort(-state.m_active)
            for name, row in zip(names, rows, strict=True):
                data[name][i, n] = row[order]
        step()
    variables = {name: (("N", "d", "pattern"), values) for name, values in data.items()} | {"ordering": ("d", ordering)}
    settings = {"sweeps": ("N", [s for s, _ in sizes.values()]), "runs": ("N", [r for _, r in sizes.values()])}
    return xr.Dataset(variables | settings, {"N": list(sizes), "d": list(dilutions)})


def at_size(model, state, N):
    """That state with the signal of N spins; with that of N → ∞ where the former does not exist."""
    try:
        return dsm.solve(model, state.T, start=state, N=N)
    except dsm.ConvergenceError:
        return state


def typical(model, N):
    """Patterns with each of the 3^K kinds of site as often as is expected, up to rounding."""
    number, d = model.protocol.K, model.protocol.d
    kinds = np.array(list(itertools.product((0, 1, -1), repeat=number)))
    upto = np.cumsum(np.where(kinds == 0, d, (1 - d) / 2).prod(1))
    archetypes = kinds[np.searchsorted(upto, (np.arange(N) + 0.5) / N)].T
    net = dsm.Network(archetypes / np.sqrt(1 - d), model.P, archetypes=archetypes)
    net.probes = net.entries
    return net


def drawn(net, state, runs, seed):
    """Spins [run, site] with the ⟨s_i⟩ of a state, from its fields."""
    x = state.x_groups  # [pattern, group]; of single examples the second group are all others
    x = np.repeat(x, [1, net.n // len(x) - 1] if x.shape[1] > 1 else net.n // len(x), axis=1).ravel()
    slope = net.weights * net.P / 2 * np.abs(x) ** (net.P - 1) * np.sign(x)
    chance = np.random.default_rng(seed).uniform(-1, 1, (runs, net.N))
    return np.where(chance < np.tanh(slope @ net.entries / state.T), 1, -1).astype(np.int8)


def from_state(net, state, sweeps, runs, seed):
    """Overlaps per non-blank site [run, pattern] after as many sweeps unmeasured as measured."""
    spins = drawn(net, state, runs, seed)
    run = dsm.simulate(net, state.T, start=spins, sweeps=sweeps, burn_in=sweeps, replicas=runs, seed=seed)
    m = run.m.isel(sample=0, T=0).transpose("replica", "pattern").values
    return m / (1 - state.model.protocol.d)


def mean_field(net, state, seed):
    """Mean-field overlaps of this realisation, NaN where the iteration does not settle."""
    found = dsm.plefka(net, state.T, start=drawn(net, state, 1, seed)[0], order=1)
    return found.magnetisations / (1 - state.model.protocol.d) if found.converged else np.nan * state.x


def against_entropy(P, qualities, settings, seed, step):
    """Overlaps [data, r, pattern] in the order of the lowest state: means over networks drawn from the model."""
    (temperature, d), (N, sweeps, samples) = EXAMPLES[P], settings
    shape, names = (len(DATA), len(qualities), K), ("m", "m_err", "theory")
    data = {name: np.full(shape, np.nan) for name in names}
    for kind, n in np.ndindex(shape[:2]):
        examples = list(DATA.values())[kind](r=qualities[n], M=M)
        model = dsm.Model(P, protocol=dsm.Multitasking(K, d, examples))
        state = at_size(model, lowest(model, temperature), N)
        nets = (dsm.Network.sample(model, N, seed=seed, sample=s) for s in range(samples))
        m = np.concatenate([from_state(net, state, sweeps, 1, seed + s) for s, net in enumerate(nets)])
        order = np.argsort(-state.m_active)
        rows = (m.mean(0), m.std(0, ddof=1) / np.sqrt(samples), state.m_active)
        for name, row in zip(names, rows, strict=True):
            data[name][kind, n] = row[order]
        step()
    rho = [dsm.Supervised(r=r, M=M).entropy for r in qualities]
    variables = {name: (("data", "r", "pattern"), values) for name, values in data.items()}
    return xr.Dataset(variables, {"data": list(DATA), "r": list(qualities), "rho": ("r", rho)})


def lowest(model, temperature):
    """The stable state of lowest free energy, hierarchies of single examples included (theory/hierarchy.py)."""
    protocol, k = model.protocol, np.arange(K)
    states = dsm.stable_states(model, temperature, groups=2)
    for n in k + 1 if isinstance(protocol.data, dsm.Unsupervised) else ():
        x = np.sqrt((1 - protocol.d) / protocol.data.R) * protocol.d**k * (k < n)
        start = dataclasses.replace(states[0], x_groups=np.stack([x, protocol.data.r**2 * x], axis=1))
        try:
            found = dsm.solve(model, temperature, start=start)
        except dsm.ConvergenceError:
            continue
        if found.longitudinal > 0:
            states.append(found)
    return min(states, key=lambda state: state.free_energy)


def trajectories(P, settings, seed, step):
    """Energy [alpha, run, sweep] and overlaps x of the K condensed patterns, the start being sweep 0.

    `entry_square` is (1/N) Σ t² of each: with t³ = t/(1−d) it is all that x leaves out of the energy at zero load.
    """
    temperature, d, loads = ENERGY[P]
    sizes, sweeps, runs = settings
    parts = []
    for load in loads:
        N, model = sizes[load], dsm.Model(P, alpha=load, protocol=dsm.Multitasking(K, d))
        net = dsm.Network.sample(model, N, seed=seed)
        spins = cued(net, CUE[P, load], runs, seed)
        options = {"sweeps": sweeps, "burn_in": 0, "replicas": runs, "seed": seed, "series": True}
        run = dsm.simulate(net, temperature, start=spins, **options).isel(sample=0, T=0)
        energy = np.column_stack([net.energy(spins) / N, run.energy_series.transpose("replica", "sweep")])
        later = run.x_series.transpose("replica", "pattern", "sweep")
        x = np.concatenate([net.overlaps(spins)[:, :K, None], later], axis=2)
        held = [s for s in dsm.stable_states(model, temperature, groups=2) if np.abs(s.m).max() > 0]
        rest = held[0].energy + 0.5 * float((held[0].x ** P).sum()) if held else np.nan
        part = {"energy": (("run", "sweep"), energy), "x": (("run", "pattern", "sweep"), x)}
        part |= {"entry_square": ("pattern", (net.entries[:K] ** 2).mean(1)), "N": N, "cue": CUE[P, load]}
        parts.append(xr.Dataset(part | {"theory_crosstalk": rest}, {"alpha": load, "sweep": np.arange(sweeps + 1)}))
        step()
    return xr.concat(parts, "alpha")


def cued(net, cue, runs, seed):
    """Spins [run, site] equal to the majority of the K patterns with probability (1 + cue)/2; ties at random."""
    majority = np.sign(net.archetypes[:K].sum(0, dtype=float))
    chance = np.random.default_rng(seed).uniform(-1, 1, (runs, net.N))
    return np.where(chance < cue * majority, 1, -1).astype(np.int8)


if __name__ == "__main__":
    main()
