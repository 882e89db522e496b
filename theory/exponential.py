"""Loads of exponential networks beside those of finite order, at N → ∞ and exactly at finite N -> data/exponential_*.nc

`loads`: ln K/N against λ; `capacity`: K against N at one quality; `step`: probability of retrieval in one step.

    python theory/exponential.py [--preset quick|full|toy] [--out data]
"""

import math

import numpy as np
import xarray as xr
from rich.progress import Progress
from scipy.stats import binom

import densenet_sm as dsm
from densenet_sm.scripts import study_arguments

NETWORKS = {f"P = {P}": {"P": P} for P in (2, 3, 4, 6)} | {
    f"λ = {lam:g}": {"lam": lam, "interaction": "log-sum-exp"} for lam in (0.5, 1.0)
}
PATTERNS = ("sign", "sphere", "normal")
QUALITY = 0.9  # m of a pattern that is retrieved
STEP = {"N": 20, "overlap": 0.8}  # of the cues of one step
PRESETS = {"toy": (9, 5, 4000), "quick": (81, 16, 4000), "full": (321, 31, 100_000)}  # λ, N, draws of the noise


def main(argv=None):
    args = study_arguments(__doc__, PRESETS, argv)
    lams, points, draws = PRESETS[args.preset]
    with Progress() as bar:
        task = bar.add_task("exponential networks", total=len(NETWORKS) * (points + 19))
        found = {
            "loads": loads(lams),
            "capacity": capacity(points, draws, lambda: bar.advance(task)),
            "step": step(draws, lambda: bar.advance(task)),
        }
    for name, ds in found.items():
        ds.to_netcdf(args.out / f"exponential_{name}.nc", engine="h5netcdf")


def loads(count):
    """typical, every, condensation and flips of all patterns, with powers of order λN beside them."""
    lam = np.geomspace(0.05, 20, count)
    names = ("typical", "every", "condensation", "flips")
    found = [[dsm.exponential_capacity(value, kind) for value in lam.tolist()] for kind in PATTERNS]
    data = {name: (("patterns", "lam"), [[getattr(one, name) for one in row] for row in found]) for name in names}
    powers = [[dsm.power_capacity(value, kind) for value in lam.tolist()] for kind in PATTERNS]
    return xr.Dataset(data | {"power": (("patterns", "lam"), powers)}, {"patterns": list(PATTERNS), "lam": lam})


def capacity(points, draws, advance):
    """ln K at which patterns are kept with a mean m of QUALITY: in one step at N, and as N → ∞ by the dynamics.

    The last is the symmetric spinodal at T = 0, α(P) 2N^{P−1}/P!, and e^{αN} with α for flips.
    """
    sizes = np.geomspace(12, 400, points).round().astype(int)
    one, limit = (np.full((len(NETWORKS), len(sizes)), np.nan) for _ in range(2))
    for n, parameters in enumerate(NETWORKS.values()):
        model = dsm.Model(**parameters)
        edge = None if model.lam else dsm.critical(model, "alpha", T=0.0).value
        for k, N in enumerate(sizes.tolist()):
            if model.lam:
                limit[n, k] = N * dsm.exponential_capacity(model.lam).flips
            else:
                limit[n, k] = math.log(2 * edge * N ** (model.P - 1) / math.factorial(model.P))
            one[n, k] = one_step_load(model, N, draws)
            advance()
    data = {"one_step": (("network", "N"), one), "limit": (("network", "N"), limit)}
    return xr.Dataset(data, {"network": list(NETWORKS), "N": sizes}, {"quality": QUALITY})


def one_step_load(model, N, draws):
    """ln K at which m = QUALITY after one step from a pattern, by bisection; NaN above the largest K drawn."""
    low, high = 0.0, math.log(2.0**61)
    if good(model, N, high, draws):
        return math.nan
    while high - low > 0.02:
        middle = (low + high) / 2
        low, high = (middle, high) if good(model, N, middle, draws) else (low, middle)
    return (low + high) / 2


def good(model, N, log_K, draws):
    return 1 - 2 * dsm.bit_errors(model, N, round(math.exp(log_K)), draws=draws)[0] > QUALITY


def step(draws, advance):
    """Probability of m ≥ QUALITY after one step from cues of one overlap, bits being independent, against ln K."""
    N, overlap = STEP["N"], STEP["overlap"]
    flips, most = round(N * (1 - overlap) / 2), round(N * (1 - QUALITY) / 2)
    log_K = math.log(2) * np.arange(19)
    values = np.zeros((len(NETWORKS), len(log_K)))
    for n, parameters in enumerate(NETWORKS.values()):
        for k, K in enumerate(np.exp(log_K).round().tolist()):
            errors = dsm.bit_errors(dsm.Model(**parameters), N, int(K), overlap, draws)
            parts = [binom(n, p).pmf(np.arange(n + 1)) for n, p in zip((N - flips, flips), errors, strict=True)]
            values[n, k] = np.convolve(*parts)[: most + 1].sum()
            advance()
    data = {"retrieved": (("network", "log_K"), values)}
    data["nearest"] = ("log_K", [nearest(N, flips, round(math.exp(value))) for value in log_K.tolist()])
    return xr.Dataset(data, {"network": list(NETWORKS), "log_K": log_K}, STEP | {"quality": QUALITY})


def nearest(N, flips, K):
    """Probability that none of K − 1 other patterns is as near to the cue, and half of that of a single tie."""
    farther, nearer = binom.sf(flips, N, 0.5), binom.cdf(flips - 1, N, 0.5)
    none = farther ** (K - 1)
    tie = (K - 1) * (1 - farther - nearer) * farther ** (K - 2) if K > 1 else 0.0
    return none + tie / 2


if __name__ == "__main__":
    main()
