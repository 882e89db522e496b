"""What one step of breaking adds to a diagram: lines from some of its rows, interpolated to the regions of all.

A row needs it where the symmetric branch has a replicon below zero, or where its rival without overlap is a glass; on
the others the symmetric crossings are those of one step, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from .. import phases
from ..errors import ConvergenceError
from ..model import Model
from .broken import solve_broken
from .broken_branches import BrokenBranch, broken_branches, ends_beside
from .broken_lines import broken_crossings, crossings_of
from .crossings import Crossing
from .frozen import discontinuous, glass_temperatures
from .noise import Noise
from .paths import Path, Row, joined, named
from .scans import Line, belongs, singular
from .state import State

Array = NDArray[Any]
Found = Iterator[tuple[int, tuple[str, int, float]]]  # row, crossing
GLASS = ("glass_dynamic", "glass_static", "gardner")
COLD = 0.05  # of T_K: from where on the Gardner transition is looked for
ROWS = 6  # on which branches are followed, and as many on which free energies are compared
AFTER = 0.01  # of a line's width behind the end of a branch
REACH = 0.003, 0.02, 0.08  # of a line's width: how far a coexistence is looked for from that of the row before


def add_broken(
    lines: Sequence[Line], rows: Array, columns: Array, start: Any, symmetric: Sequence[Row]
) -> dict[str, Path]:
    """Lines as points (x, y); rows are relabelled, and told what failed."""
    crossings: list[list[tuple[str, int, float]]] = [list(_frozen(line)) for line in lines]
    needed = [n for n, row in enumerate(symmetric) if row.unstable]
    branched = _some(needed)
    for n, crossing in _ends(lines, branched, start, symmetric):
        crossings[n].append(crossing)
    for n, row in enumerate(symmetric):
        if not row.unstable or n in branched:
            crossings[n] += [("spinodal", d, x) for kind, d, x in row.firm if kind == "spinodal"]
    met = [n for n, row in enumerate(symmetric) if _meets_broken(lines[n], row)]
    for n, crossing in _meetings(lines, _some(met), start, symmetric):
        crossings[n].append(crossing)
    for n, row in enumerate(symmetric):
        if n not in met:
            crossings[n] += [("coexistence", d, x) for kind, d, x in row.firm if kind == "coexistence"]
    paths = {key: _filled(path, rows) for key, path in joined(rows, [_last_ones(row) for row in crossings]).items()}
    for y, line, row in zip(rows, lines, symmetric, strict=True):
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for (kind, direction), path in paths.items():
            found[kind] += [(direction, x) for x, other in path if other == y]
        row.labels = _labels(line, columns, start, row, found)
    return named({(f"{kind}/1RSB", direction): path for (kind, direction), path in paths.items()})


def _last_ones(crossings: Sequence[tuple[str, int, float]]) -> list[tuple[str, int, float]]:
    """Of every kind and direction the crossing that lies furthest on."""
    found = {}
    for kind, direction, x in sorted(crossings, key=lambda c: c[1] * c[2]):
        found[kind, direction] = (kind, direction, x)
    return list(found.values())


def _some(rows: list[int]) -> list[int]:
    """A few of them, evenly spread, the first and the last included."""
    return sorted({rows[round(k)] for k in np.linspace(0, len(rows) - 1, ROWS)}) if rows else []


def _frozen(line: Line) -> Iterator[tuple[str, int, float]]:
    """Crossings of the glass transitions of a row; +1 where the glass, or what is below the transition, ends."""
    grid = line.scan().tolist()
    for kind in GLASS:

        def height(value: float, kind: str = kind) -> float:
            model, T = line.at(value)
            noise = line.equations(value).noise
            return _temperature(kind, noise) - T if discontinuous(noise) and not model.field else -T

        heights = [height(value) for value in grid]
        for n in np.flatnonzero(np.multiply(heights[:-1], heights[1:]) < 0):
            yield kind, -int(np.sign(heights[n + 1])), float(brentq(height, grid[n], grid[n + 1], xtol=1e-12))


def _temperature(kind: str, noise: Noise) -> float:
    """A glass transition's temperature: that of ξ(q)/ξ(1), times √ξ(1)."""
    size = sum(noise.coefficients)
    shape = tuple(round(c / size, 14) for c in noise.coefficients)
    one = _gardner(shape) if kind == "gardner" else glass_temperatures(shape)[kind == "glass_static"]
    return one * float(np.sqrt(size))


@lru_cache(maxsize=64)
def _gardner(coefficients: tuple[float, ...]) -> float:
    """Where the glass of one step turns unstable to further breaking."""
    model = Model(P=len(coefficients) - 1, alpha=0.0, covariance=coefficients)
    line = Line(model, "T", None, COLD * glass_temperatures(coefficients)[1], glass_temperatures(coefficients)[0])
    return max((c.value for c in broken_crossings(line, "gardner", "glass")), default=0.0)


def _ends(lines: Sequence[Line], chosen: list[int], start: Any, symmetric: Sequence[Row]) -> Found:
    """Spinodals of the rows chosen: the branches of one row lead to the ends of the next one's."""
    seeds: list[BrokenBranch] = []
    for n in reversed(chosen):
        try:
            found = ends_beside(lines[n], start, seeds) or broken_branches(lines[n], start, None, seeds)
            ends = [c for branch in found for c in crossings_of(lines[n], branch, "spinodal")]
        except ConvergenceError as error:
            symmetric[n].failures.append(f"{start} of one step: {error}")
            continue
        seeds = found or seeds
        yield from ((n, ("spinodal", c.direction, c.value)) for c in ends if _last(lines[n], c, start))


def _last(line: Line, end: Crossing, start: Any) -> bool:
    """Whether no symmetric state goes on where a branch of broken ones ends, as next to an AT point it can."""
    beyond = end.value + end.direction * AFTER * (line.high - line.low)
    return not (line.low < beyond < line.high and _stable(line, beyond, start))


def _meets_broken(line: Line, row: Row) -> bool:
    """Whether coexistences of a row may differ from the symmetric ones: with a frozen glass, or of a broken state."""
    met = [x for kind, _, x in row.crossings if kind.startswith("coexistence")]
    firm = [x for kind, _, x in row.firm if kind == "coexistence"]
    return row.unstable or met != firm or any(_glass(line, x) for x in met)


def _glass(line: Line, value: float) -> bool:
    """Whether the state without overlap is a glass of θ < 1."""
    model, T = line.at(value)
    noise = line.equations(value).noise
    return not model.field and discontinuous(noise) and glass_temperatures(noise.coefficients)[1] > T


def _meetings(lines: Sequence[Line], chosen: list[int], start: Any, symmetric: Sequence[Row]) -> Found:
    """Coexistences of the rows chosen, each looked for around the one of the row before, or else in the whole row."""
    before: list[float] = []
    for n in reversed(chosen):
        met = [x for kind, _, x in symmetric[n].crossings if kind.startswith("coexistence")]
        found = _meeting(lines[n], start, [*before, *met])
        if found is not None:
            yield n, ("coexistence", *found)
            before = [found[1]]


def _meeting(line: Line, start: Any, guesses: list[float]) -> tuple[int, float] | None:
    """Direction and value where the free energies of the states of one step, with and without overlap, are equal."""

    def excess(value: float) -> float:
        return np.nan if singular(line, value) else _excess(line, value, start)

    width = line.high - line.low
    around = [np.clip([x - r * width, x + r * width], line.low, line.high) for r in REACH for x in guesses]
    grid = line.scan()[3::4].tolist()
    for a, b in (*((float(a), float(b)) for a, b in around), *pairwise(grid)):
        left, right = excess(a), excess(b)
        if left * right < 0:
            return (1 if right > left else -1), float(brentq(excess, a, b, xtol=1e-9 * width, rtol=1e-12))
    return None


def _excess(line: Line, value: float, start: Any) -> float:
    """f of the state with overlap less that of the one without; NaN where one of them is missing."""
    try:
        own, rest = (solve_broken(line.equations(value), s, 1, None) for s in (start, "glass"))
    except ConvergenceError:
        return np.nan
    return own.free_energy - rest.free_energy if belongs(own, start) and not rest.x_groups.any() else np.nan


def _filled(path: Path, rows: Array) -> Path:
    """A line at every row from its first to its last one, by monotone cubics."""
    x, y = np.array(path).T
    inside = rows[(rows >= y[0]) & (rows <= y[-1])]
    return path if len(y) < 2 else list(zip(PchipInterpolator(y, x)(inside).tolist(), inside.tolist(), strict=True))


def _labels(
    line: Line, columns: Array, start: Any, row: Row, crossings: dict[str, list[tuple[int, float]]]
) -> list[str]:
    """Regions of a row: one for all columns between two crossings, of one step or symmetric."""
    borders = sorted([x for found in crossings.values() for _, x in found] + [x for _, _, x in row.crossings])
    pieces = np.searchsorted(borders, columns)
    labels = [""] * len(columns)
    for piece in np.unique(pieces):
        inside = np.flatnonzero(pieces == piece)
        middle = inside[len(inside) // 2]
        said = _region(line, float(columns[middle]), start, row.labels[middle], crossings)
        for i in inside:
            labels[i] = said
    return labels


def _region(line: Line, value: float, start: Any, symmetric: str, crossings: dict[str, list[tuple[int, float]]]) -> str:
    ordered = symmetric not in (*phases.UNALIGNED, phases.NO_STATE)
    stable = ordered and _stable(line, value, start)
    rest = symmetric if not ordered else _rest(line, value)
    if rest in phases.UNALIGNED and discontinuous(line.equations(value).noise) and not line.model.field:
        rest = phases.GLASS if _glass(line, value) else phases.PARAMAGNET
    there = stable or _before(crossings.get("spinodal", []), value, ordered)
    if not there:
        return rest
    phase = phases.RETRIEVAL if stable else phases.RETRIEVAL_BROKEN
    lower = _before(crossings.get("coexistence", []), value, ordered and not symmetric.startswith("metastable"))
    return phase if lower else phases.metastable(phase)


def _stable(line: Line, value: float, start: Any) -> bool:
    """Whether there is a symmetric state with overlap that is stable to breaking."""
    state = line.solve(value, start)
    return state is not None and belongs(state, start) and state.replicon > 0


def _rest(line: Line, value: float) -> str:
    state: State | None = line.unaligned(value)
    return phases.NO_STATE if state is None else state.phase


def _before(crossings: list[tuple[int, float]], value: float, otherwise: bool) -> bool:
    """Whether a phase that ends at crossings of direction +1, and begins at −1, is there at a value."""
    below = [c for c in crossings if c[1] <= value]
    above = [c for c in crossings if c[1] > value]
    if below:
        return max(below, key=lambda c: c[1])[0] < 0
    return min(above, key=lambda c: c[1])[0] > 0 if above else otherwise
