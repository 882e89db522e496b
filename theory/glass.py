"""The glass of stored patterns: energies, overlaps and their weights against T -> data/glass_theory_P{3,2}.nc

Load α = 1, far above capacity, no pattern condensed. At P = 3 the covariance is ξ(q) = α q³/2 and everything depends on
T/√α alone: the glass of one step (θ at q_1, 1−θ at q_2), its transitions, and the energy of the marginal states that
stop a run from random spins as N → ∞. At P = 2 breaking is full below 1 + √α: three steps, fewer where they are too
close to each other to be told apart.

    python theory/glass.py [--preset quick|full|toy] [--out data]
"""

import numpy as np
import xarray as xr
from rich.progress import track

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

ALPHA = 1.0
STEPS = {3: 1, 2: 3}  # of breaking, by P
RANGES = {3: (0.3, 2.2), 2: (0.5, 5.0)}  # of T
PRESETS = {"toy": None, "quick": {3: 0.05, 2: 0.25}, "full": {3: 0.025, 2: 0.05}}  # spacing of T; toy: see `grid`
LADDERS = {  # temperatures of the Monte Carlo
    3: (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95, 1.2, 1.6, 2.2),
    2: (0.5, 0.7, 0.95, 1.25, 1.6, 1.95, 2.3, 2.8, 3.5, 5.0),
}


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    for P in STEPS:
        solved(P, PRESETS[args.preset]).to_netcdf(args.out / f"glass_theory_P{P}.nc", engine="h5netcdf")


def solved(P, spacing):
    """Energies of paramagnet, symmetric and broken glass, q and weights by level, threshold; over T."""
    model = dsm.Model(P=P, alpha=ALPHA)
    temperatures = grid(P, spacing)
    rows = [row(model, float(T)) for T in track(temperatures, description=f"glass, P = {P}")]
    data = {name: ("T" if np.ndim(v) == 0 else ("T", "level"), [r[name] for r in rows]) for name, v in rows[0].items()}
    attrs = {"P": P, "alpha": ALPHA, "steps": STEPS[P]} | transitions(model)
    return xr.Dataset(data, {"T": temperatures}, attrs)


def grid(P, spacing):
    """Evenly spaced temperatures and those of the Monte Carlo; without a spacing every third of the latter."""
    if spacing is None:
        return np.array(LADDERS[P][::3])
    low, high = RANGES[P]
    even = low + spacing[P] * np.arange(round((high - low) / spacing[P]) + 1)
    return np.unique(np.round(np.r_[even, LADDERS[P]], 6))


def row(model, T):
    """All numbers of one temperature; a paramagnet of P = 2 that does not exist is NaN."""
    broken = glass(model, T)
    missing = STEPS[model.P] + 1 - len(broken.q)
    q = np.pad(broken.q, (0, missing), mode="edge")
    weight = np.pad(np.diff(np.r_[0.0, broken.theta, 1.0]), (0, missing))
    free = model.P > 2 or T > 1
    return {
        "energy": broken.energy,
        "free_energy": broken.free_energy,
        "symmetric": dsm.solve(model, T, start="glass").energy,
        "paramagnet": dsm.paramagnet(model, T).energy if free else np.nan,
        "q": q,
        "weight": weight,
        "replicon": np.min(broken.replicons),
        "threshold": threshold(model, T) if model.P > 2 else np.nan,
    }


def glass(model, T):
    """The glass with as many steps as can be found up to `STEPS`."""
    for k in range(STEPS[model.P], 1, -1):
        try:
            return dsm.solve(model, T, ansatz="kRSB", k=k, start="glass")
        except dsm.ConvergenceError:
            continue
    return dsm.solve(model, T, ansatz="1RSB", start="glass")


def threshold(model, T):
    """Energy of the marginal states, those of the θ at which the last replicon vanishes; NaN where there are none."""
    try:
        counted = dsm.complexity(model, T)
    except dsm.NoTransitionError:
        return np.nan
    replicon, theta = counted.replicon.values, counted.theta.values
    if not (replicon[0] < 0 < replicon[-1]):
        return np.nan
    marginal = float(np.interp(0.0, replicon, theta))
    return dsm.solve(model, T, ansatz="1RSB", start="glass", theta=marginal).energy


def transitions(model):
    """T_d and T_K of P ≥ 3, scaled from the constants of ξ = q^P/2; of P = 2 the end of the paramagnet."""
    if model.P == 2:
        return {"T_g": dsm.critical(model, "T", kind="ergodic", bounds=(1.1, 5.0)).value}
    known = dsm.constants(model.P)
    return {name: known[name] * model.alpha**0.5 for name in ("T_d", "T_K", "T_Gardner")}


if __name__ == "__main__":
    main()
