"""Critical constants of plain patterns and of the pure P-spin glass, P = 2 … 10, each by two methods: the table
that `densenet_sm.constants` reads.

python theory/constants.py [--orders 2 3 4] [--out densenet_sm/theory/constants.csv]

Columns: P, constant, value, check (the same by the second method). Units: T of the model, α of K = 2αN^{P−1}/P!.
"""

import argparse
import csv
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.integrate import quad
from scipy.optimize import minimize_scalar, root
from scipy.special import erf, log_ndtr

import densenet_sm as dsm
from densenet_sm.theory.breaking import Broken
from densenet_sm.theory.rs import Equations

TABLE = Path(dsm.__file__).parent / "theory" / "constants.csv"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=list(range(2, 11)))
    parser.add_argument("--out", type=Path, default=TABLE)
    args = parser.parse_args(argv)
    rows = [row for P in track(args.orders, description="constants") for row in constants(P)]
    with args.out.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["P", "constant", "value", "check"])
        table.writerows([P, name, f"{value:.11g}", f"{check:.11g}"] for P, name, value, check in rows)
    print(f"constants: {args.out}")


def constants(P):
    """(P, name, value, the same by another method)."""
    model, glass = dsm.Model(P=P), dsm.Model(P=P, nu=1.0)
    value = lambda m, *a, **k: dsm.critical(m, *a, **k).value  # noqa: E731
    yield P, "capacity RS", value(model, "alpha", T=0.0), capacity(P)
    bounds = (0.12, 0.15) if P == 2 else None
    broken = dsm.critical(model, "alpha", T=0.0, ansatz="1RSB", bounds=bounds).main
    yield P, "capacity 1RSB", broken.value, turning_load(broken)
    if P == 2:  # its glass is continuous: T_d = T_K = 1
        return
    bayes, free = dsm.nishimori(P), dsm.zero_load(P)
    T_d, T_K = (value(glass, "T", kind=f"glass_{kind}") for kind in ("dynamic", "static"))
    yield P, "T_d", T_d, math.sqrt(bayes.spinodal)
    yield P, "T_K", T_K, math.sqrt(bayes.coexistence)
    yield P, "Nishimori spinodal", bayes.spinodal, T_d**2
    yield P, "Nishimori coexistence", bayes.coexistence, T_K**2
    yield P, "T_Gardner", *gardner(P)
    yield P, "ground state 1RSB", dsm.solve(glass, 0.0, ansatz="1RSB", start="glass").free_energy, ground_state(P)
    yield P, "zero-load spinodal", value(model, "T"), free.spinodal
    yield P, "zero-load coexistence", value(model, "T", kind="coexistence"), free.coexistence


def capacity(P):
    """Largest α(y) at T = 0, m = erf y: √α = (√P/2) m^{P−1}/y; for P = 2 √(2α) = m/y − (2/√π) e^{−y²}."""
    if P == 2:
        load = lambda y: (erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-(y**2))) ** 2 / 2  # noqa: E731
    else:
        load = lambda y: P / 4 * erf(y) ** (2 * P - 2) / y**2  # noqa: E731
    best = minimize_scalar(lambda y: -load(y), bounds=(0.8, 4.0), method="bounded", options={"xatol": 1e-10})
    return -best.fun


def turning_load(crossing):
    """Largest α(x) of the one-step branch at T = 0, its equations solved at given x for (q_1, C, D, α)."""
    model, state = crossing.state.model, crossing.state

    def equations(u, x):
        base = Equations(model.replace(alpha=float(u[3])), 0.0)
        return Broken(base, 1).at(np.array([x, *u[:3]])).residual

    def load(x):
        return root(equations, [state.q[0], state.chi, state.tilts[0], crossing.value], args=(x,), tol=1e-13).x[3]

    bounds = (state.x - 0.01, state.x + 0.01)
    return -minimize_scalar(lambda x: -load(x), bounds=bounds, method="bounded", options={"xatol": 1e-8}).fun


def gardner(P):
    """T at which the replicon of the one-step glass vanishes: `critical`, and its three equations by quadrature."""
    found = dsm.critical(dsm.Model(P=P, nu=1.0), "T", kind="gardner", start="glass").main
    solved = root(marginal_glass, [found.state.q[1], found.state.theta, found.value], args=(P,), tol=1e-13)
    return found.value, solved.x[2]


def marginal_glass(u, P):
    """q = ⟨tanh²⟩, ∂A/∂θ = 0 and β²ξ″⟨sech⁴⟩ = 1 at q_1 = 0, ⟨·⟩ under cosh^θ(sz), s² = β²ξ′(q), ξ = q^P/2."""
    q, theta, T = u
    s = math.sqrt(P / 2 * q ** (P - 1)) / T
    log_cosh = lambda z: s * z + math.log1p(math.exp(-2 * s * z)) - math.log(2)  # noqa: E731

    def mean(g):
        top = 9 + s * theta
        tilted = lambda z: g(z) * math.exp(theta * log_cosh(z) - z**2 / 2 - (theta * s) ** 2 / 2)  # noqa: E731
        cuts = sorted({0.0, min(1 / s, 1.0), min(4 / s, 4.0), min(20 / s, 5.0), s * theta, top})
        return sum(quad(tilted, *ends, epsabs=1e-15, epsrel=1e-13, limit=200)[0] for ends in pairwise(cuts))

    one = mean(lambda z: 1.0)
    pressure = math.log(2 * one / math.sqrt(2 * math.pi)) + (theta * s) ** 2 / 2
    slope = mean(log_cosh) / one / theta - pressure / theta**2 + q**P / T**2 * (1 - P) / 4
    sech4 = mean(lambda z: (1 / math.cosh(min(s * z, 300.0))) ** 4) / one
    square = mean(lambda z: math.tanh(s * z) ** 2) / one
    return square - q, slope, P * (P - 1) / 2 * q ** (P - 2) / T**2 * sech4 - 1


def ground_state(P):
    """Largest over D of e(D) = −(1/D) ln[2Φ(Ds)] − Ds²/2 + D(P−1)/4, s² = P/2: the closed one-step form at T = 0."""
    s = math.sqrt(P / 2)
    energy = lambda D: -(math.log(2) + log_ndtr(D * s)) / D - D * s**2 / 2 + D * (P - 1) / 4  # noqa: E731
    best = minimize_scalar(lambda D: -energy(D), bounds=(0.3, 6.0), method="bounded", options={"xatol": 1e-9})
    return -best.fun


if __name__ == "__main__":
    main()
