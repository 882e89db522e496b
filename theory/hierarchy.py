"""Lowest stable states of diluted patterns against the dilution and the entropy of examples -> data/hierarchy_*.nc

hierarchy_P*_K*.nc: overlaps per non-blank site [d, pattern], largest first, at zero load and one low T.
hierarchy_examples_P*.nc: the same [data, r, pattern] for supervised and unsupervised examples, finite M.

    python theory/hierarchy.py [--preset quick|full|toy] [--out data]
"""

import dataclasses

import numpy as np
import xarray as xr
from rich.progress import Progress

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

T = {2: 0.05, 3: 0.03, 4: 0.01}
NUMBERS = {2: (3, 4, 5), 3: (3, 4), 4: (3,)}  # patterns held
DILUTION = (0.02, 0.99)
K, M, QUALITY = 3, 5, (1.0, 0.38)  # of the examples: patterns, examples of each, range of r
EXAMPLES = {2: (0.1, 0.4), 3: (0.05, 0.6)}  # T, d by P; zero load
DATA = {"supervised": dsm.Supervised, "unsupervised": dsm.Unsupervised}
PRESETS = {"toy": (5, 2), "quick": (66, 49), "full": (389, 125)}  # values of d, of r


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    count, qualities = PRESETS[args.preset]
    pairs = [(P, number) for P, numbers in NUMBERS.items() for number in numbers]
    curves = len(EXAMPLES) * len(DATA)
    with Progress() as bar:
        task = bar.add_task("hierarchy", total=len(pairs) * count + curves * qualities)
        for P, number in pairs:
            bar.update(task, description=f"overlaps against d, P={P}, K={number}")
            ds = against_dilution(P, number, np.linspace(*DILUTION, count), lambda: bar.advance(task))
            ds.to_netcdf(args.out / f"hierarchy_P{P}_K{number}.nc", engine="h5netcdf")
        for P in EXAMPLES:
            bar.update(task, description=f"overlaps against the entropy of examples, P={P}")
            ds = against_entropy(P, np.linspace(*QUALITY, qualities), lambda: bar.advance(task))
            ds.to_netcdf(args.out / f"hierarchy_examples_P{P}.nc", engine="h5netcdf")


def against_dilution(P, number, dilutions, step):
    """Overlaps and ordering of the lowest stable state of so many stored patterns, zero load."""
    states = []
    for d in dilutions.tolist():
        states.append(lowest(dsm.Model(P, protocol=dsm.Multitasking(number, d)), T[P]))
        step()
    data = {
        "m": (("d", "pattern"), [largest_first(state, number) for state in states]),
        "ordering": ("d", [named(state) for state in states]),
    }
    attributes = {"P": P, "K": number, "T": T[P], "threshold": dsm.hierarchy_threshold(P, number)}
    return xr.Dataset(data, {"d": dilutions}, attributes)


def against_entropy(P, qualities, step):
    """Overlaps, ordering and free energy of the lowest stable state learned from M examples of quality r."""
    temperature, d = EXAMPLES[P]
    shape = (len(DATA), len(qualities))
    m, f, alone, ordering = np.zeros((*shape, K)), *np.full((2, *shape), np.nan), np.full(shape, "", object)
    for kind, n in np.ndindex(shape):
        data = list(DATA.values())[kind](r=float(qualities[n]), M=M)
        state = lowest(dsm.Model(P, protocol=dsm.Multitasking(K, d, data)), temperature)
        m[kind, n], f[kind, n], ordering[kind, n] = largest_first(state, K), state.free_energy, state.ordering
        alone[kind, n] = np.ptp(state.x_groups, axis=1).max() > 1e-6
        step()
    dims = ("data", "r")
    rho = [dsm.Supervised(r=float(r), M=M).entropy for r in qualities]
    variables = {"m": ((*dims, "pattern"), m), "ordering": (dims, ordering.astype(str)), "free_energy": (dims, f)}
    variables["example"] = (dims, alone.astype(int))  # whether one example of a pattern stands out
    coordinates = {"data": list(DATA), "r": qualities, "rho": ("r", rho)}
    return xr.Dataset(variables, coordinates, {"P": P, "K": K, "d": d, "T": temperature, "M": M})


def lowest(model, temperature):
    """The stable state of lowest free energy; where examples interact singly one of each pattern may stand out."""
    states = dsm.stable_states(model, temperature, groups=2)
    if states and isinstance(model.protocol.data, dsm.Unsupervised):
        states += single_examples(model, states[0])
    return min(states, key=lambda state: state.free_energy, default=None)


def single_examples(model, state):
    """Stable hierarchies of one example each: spins follow the first of n examples that is not blank on them."""
    protocol, k = model.protocol, np.arange(model.protocol.K)
    for n in k + 1:
        x = np.sqrt((1 - protocol.d) / protocol.data.R) * protocol.d**k * (k < n)
        start = dataclasses.replace(state, x_groups=np.stack([x, protocol.data.r**2 * x], axis=1))
        try:
            found = dsm.solve(model, state.T, start=start)
        except dsm.ConvergenceError:
            continue
        if found.longitudinal > 0:
            yield found


def named(state):
    return state.ordering if state else ""


def largest_first(state, number):
    """Overlaps per non-blank site, the largest first, signs left out; zeros where no state is stable."""
    return np.zeros(number) if state is None else np.sort(np.abs(state.m_active))[::-1]


if __name__ == "__main__":
    main()
