"""Spins from random starts beyond every retrieval -> data/glass_simulation_P{3,2}.nc, data/glass_plain.nc

Replica exchange of patterns at loads α = 1 and 4, and of couplings that are normal numbers of the same covariance: one
theory for the three at N → ∞. T and energies of P = 3 are stored in units of √α. `plain`: each temperature by itself,
which below T_d has to cross barriers. `overlap`: the largest x_μ of annealed spins, beside that of random ones, α = 1.
`balance`: zero in equilibrium at every N, see `excess`.

    python simulations/glass.py [--preset quick|full|toy] [--out data] [--seed 1]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.polynomials import elementary_polynomial
from densenet_sm.scripts import study_arguments

LADDERS = {  # T/√α
    3: (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95, 1.2, 1.6, 2.2),
    2: (0.5, 0.7, 0.95, 1.25, 1.6, 1.95, 2.3, 2.8, 3.5, 5.0),
}
HOT = {3: 1.6, 2: 2.8}  # T/√α from which the mean of Z over patterns is typical at these sizes
HIGH = 0.5  # overlaps above it are those inside a state
MODELS = {
    "1": dsm.Model(P=3, alpha=1.0),
    "4": dsm.Model(P=3, alpha=4.0),
    "normal": dsm.Model(P=3, alpha=0.0, nu=1.0),
}
PAIRS = {"1": dsm.Model(P=2, alpha=1.0)}
COLD = (0.3, 0.4, 0.5, 0.6)
PRESETS = {  # samples by size: of each disorder, of P = 2, of plain runs; sweeps
    "toy": ({name: {16: 12, 24: 12} for name in MODELS}, {16: 8, 24: 8}, {24: 2, 32: 2}, 64),  # every third T
    "quick": (
        {
            "1": {32: 16, 48: 14, 64: 12, 96: 4},
            "4": {32: 14, 48: 12, 64: 7},
            "normal": {24: 16, 32: 14, 48: 7},
        },
        {32: 20, 48: 16, 64: 12, 96: 12},
        {64: 8, 128: 6, 256: 4},
        1536,
    ),
    "full": (
        {
            "1": {32: 96, 48: 96, 64: 64, 96: 48, 128: 24},
            "4": {32: 96, 48: 64, 64: 48, 96: 24},
            "normal": {24: 64, 32: 64, 48: 64, 64: 32},
        },
        {32: 96, 64: 64, 128: 48, 192: 24},
        {64: 32, 128: 16, 256: 8, 384: 4},
        8192,
    ),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv, seed=True)
    triples, pairs, plain_sizes, sweeps = PRESETS[args.preset]
    every, length = (3, sweeps) if args.preset == "toy" else (1, 2048)
    settings = {"sweeps": sweeps, "burn_in": sweeps // 2, "seed": args.seed}
    with Progress() as bar:
        total = sum(map(len, triples.values())) + len(pairs) + len(plain_sizes)
        task = bar.add_task("Monte Carlo (first use compiles)", total=total)

        def advance():
            bar.advance(task)

        three = study(MODELS, triples, every, settings, advance)
        three = three.merge(overlaps(triples["1"], args.seed), join="outer")
        three.to_netcdf(args.out / "glass_simulation_P3.nc", engine="h5netcdf")
        bar.update(task, description="Monte Carlo, P = 2")
        two = study(PAIRS, {"1": pairs}, every, settings, advance)
        two.to_netcdf(args.out / "glass_simulation_P2.nc", engine="h5netcdf")
        bar.update(task, description="Monte Carlo, no exchange")
        slow = plain(plain_sizes, length, args.seed, advance)
        slow.to_netcdf(args.out / "glass_plain.nc", engine="h5netcdf")


def study(models, sizes, every, settings, advance):
    """Every disorder at each of its sizes, at one in `every` temperatures of the ladder, over (disorder, N, T)."""
    rows = []
    for name, model in models.items():
        found = []
        for N, samples in sizes[name].items():
            found.append(measured(model, N, samples, LADDERS[model.P][::every], settings))
            advance()
        rows.append(xr.concat(found, "N", join="outer").assign_coords(N=list(sizes[name])))
    ds = xr.concat(rows, "disorder", join="outer").assign_coords(disorder=list(models))
    attrs = {"P": model.P, "sweeps": settings["sweeps"], "seed": str(settings["seed"]), "high": HIGH}
    return ds.assign_attrs(attrs | {"samples": str(sizes)})


def scale(model):
    """√α of P = 3 (√ν of normal couplings): the unit of T and of energies."""
    return math.sqrt(model.alpha + model.nu) if model.P > 2 else 1.0


def measured(model, N, samples, ladder, settings):
    """Energy, P(q) and its moments over T of one size, with standard errors over samples, and what exchange did."""
    unit = scale(model)
    heat = [unit * T for T in ladder]
    kernel = None if model.nu or model.P == 2 else "bits"
    run = dsm.simulate(
        model, heat, N=N, samples=samples, exchange=True, start="random", kernel=kernel, **settings
    ).assign_coords(T=list(ladder))
    histogram = run.q_histogram
    run = run.assign(high=histogram.where(run.q_bin > HIGH, 0).sum("q_bin"))
    data = {"energy": run.energy.mean(("sample", "replica")) / unit, "energy_err": run.energy_err / unit}
    if model.nu:
        run["balance"] = excess(run, unit)
    for name in ("q", "q2", "high", "balance") if model.nu else ("q", "q2", "high"):
        data[name] = run[name].mean("sample")
        data[f"{name}_err"] = run[name].std("sample", ddof=1) / math.sqrt(samples)
    data["P_q"] = histogram.mean("sample").rename(q_bin="bin").drop_vars("bin")
    data["P_q_err"] = (histogram.std("sample", ddof=1) / math.sqrt(samples)).rename(q_bin="bin").drop_vars("bin")
    data["q_value"] = ("bin", run.q_bin.values)
    data |= {"tau": run.tau, "r_hat": run.r_hat.median("sample")}
    data["swaps"] = run.swap_acceptance.mean(("sample", "replica")).min()
    known = [annealed(model, N, unit * T) / unit if HOT[model.P] <= T else np.nan for T in ladder]
    data["annealed"] = ("T", known)
    found = xr.Dataset(data).reset_coords(drop=True)
    return found.assign_coords(bin=np.arange(found.sizes["bin"]))


def excess(run, unit):
    """Energy of each sample minus that which P(q) asks for, in units of √ν; mean zero in equilibrium.

    For normal couplings integration by parts gives [e] = −(ν/2T)(1−1/N)(1−2/N) (1 − [⟨e_3⟩]/C(N, 3)), e_3 that of the
    signs s_i s_i′ of two replicas. Replicas that have not found each other's states make it positive.
    """
    N = run.attrs["N"]
    link = elementary_polynomial(3, N)(N * run.q_bin.values) / math.comb(N, 3)
    wanted = -(1 - 1 / N) * (1 - 2 / N) / (2 * run["T"]) * (1 - (run.q_histogram * link).sum("q_bin"))
    return run.energy.mean("replica") / unit - wanted


def annealed(model, N, T):
    """Exact energy of the mean of Z over the disorder at N: the patterns are independent in it, so it is one of one.

    Normal couplings: −ξ(1)/T times the share of distinct indices, (1−1/N)(1−2/N) at P = 3. Patterns have in addition
    moments beyond the second, at P = 3 a factor 1 + 45/(2T²N) + O(1/N²).
    """
    distinct = math.factorial(model.P) * math.comb(N, model.P) / N**model.P
    if model.nu:
        return -model.nu / (2 * T) * distinct
    load = model.n_patterns(N) * math.factorial(model.P) / (2 * N ** (model.P - 1))
    return -dsm.TeacherStudent(T_teacher=T).amplitude(load, N, model.P) / 2 * distinct


def overlaps(sizes, seed):
    """The largest x_μ of annealed spins and of random ones over N, with errors over samples (α = 1)."""
    found = np.empty((len(sizes), 2, 6))
    for n, N in enumerate(sizes):
        for sample in range(found.shape[2]):
            net = dsm.Network.sample(MODELS["1"], N, seed=seed, sample=sample)
            cold = dsm.anneal(net, T=np.linspace(1.2, 0.2, 24), sweeps=40, replicas=4, seed=seed).spins
            chance = np.random.default_rng([seed, sample]).choice([-1, 1], N)
            found[n, :, sample] = [net.overlaps(spins).max() for spins in (cold, chance)]
    mean, error = found.mean(2), found.std(2, ddof=1) / math.sqrt(found.shape[2])
    dims = ("N", "spins")
    coords = {"N": list(sizes), "spins": ["annealed", "random"]}
    return xr.Dataset({"overlap": (dims, mean), "overlap_err": (dims, error)}, coords)


def plain(sizes, sweeps, seed, advance):
    """Energy in doubling windows of runs from random spins without exchange, α = 1: means and errors over samples."""
    ends = 2 ** np.arange(1, int(math.log2(sweeps)) + 1)
    rows = []
    for N, samples in sizes.items():
        settings = {"sweeps": sweeps, "burn_in": 0, "samples": samples, "seed": seed, "series": True}
        run = dsm.simulate(MODELS["1"], COLD, N=N, start="random", kernel="bits", **settings)
        series = run.energy_series.mean("replica")
        windows = xr.concat([series.isel(sweep=slice(e // 2, e)).mean("sweep") for e in ends], "window")
        error = windows.std("sample", ddof=1) / math.sqrt(samples)
        rows.append(xr.Dataset({"energy": windows.mean("sample"), "energy_err": error}).reset_coords(drop=True))
        advance()
    ds = xr.concat(rows, "N").assign_coords(N=list(sizes), window=ends)
    return ds.assign_attrs({"P": 3, "alpha": 1.0, "sweeps": sweeps, "seed": str(seed), "samples": str(sizes)})


if __name__ == "__main__":
    main()
