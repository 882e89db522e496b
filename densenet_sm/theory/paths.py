"""Lines of a diagram: the crossings of its rows joined to points, named, cut into pieces, stored with the regions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
Path = list[tuple[float, float]]  # points (x, y)
Crossings = Iterable[tuple[str, int, float]]  # (name, direction, x)


@dataclass
class Row:
    """One row of a diagram: crossings (line, direction, x), the region of every column, what could not be traced."""

    crossings: list[tuple[str, int, float]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    firm: list[tuple[str, int, float]] = field(default_factory=list)  # crossings of symmetric states stable to breaking
    unstable: bool = False  # whether a symmetric branch is, somewhere


def joined(rows: Array, crossings: Sequence[Crossings]) -> dict[tuple[str, int], Path]:
    """Points of every name and direction, in the order of the rows."""
    points: dict[tuple[str, int], Path] = defaultdict(list)
    for y, found in zip(rows, crossings, strict=True):
        for name, direction, x in found:
            points[name, direction].append((x, float(y)))
    return points


def ended(paths: dict[tuple[str, int], Path], edge: Crossings, first: float, width: float) -> None:
    """Add where lines meet the column x = first, at (name, direction, y): to the line of the name that comes nearest.

    It has a point less than `width` away in y.
    """
    for name, _, y in edge:
        near = {}
        for key, path in paths.items():
            close = [abs(x - first) for x, other in path if abs(other - y) < width]
            if key[0] == name and close:
                near[key] = min(close)
        if near:
            paths[min(near, key=lambda key: near[key])].append((first, y))
    for path in paths.values():
        path.sort(key=lambda point: point[1])


def named(paths: dict[tuple[str, int], Path]) -> dict[str, Path]:
    """Of two directions of one name the longer line keeps it, the other is "... lower"."""
    lines = {}
    for (name, direction), path in sorted(paths.items()):
        twin = paths.get((name, -direction), [])
        main = (len(path), direction) > (len(twin), -direction)
        lines[name if main else f"{name} lower"] = path
    return lines


def chained(paths: dict[str, Path], rows: Array, width: float) -> dict[str, Path]:
    """Lines with several crossings in a row, or none in some, cut into connected pieces: "name", "name 2", ..."""
    pieces = {}
    for name, path in paths.items():
        chains: list[Path] = []
        there = Counter(y for _, y in path)
        for x, y in sorted(path, key=lambda point: point[1]):
            open_ends = [c for c in chains if 0 < y - c[-1][1] < 1.001 * (rows[1] - rows[0])]
            chain = min(open_ends, key=lambda c: _jump(c, x, y), default=None)
            single = chain is not None and there[y] == there[chain[-1][1]] == 1
            if chain is not None and _jump(chain, x, y) < width * (0.3 if single else 0.1):
                chain.append((x, y))
            else:
                chains.append([(x, y)])
        for n, chain in enumerate(sorted(chains, key=len, reverse=True)):
            pieces[name if n == 0 else f"{name} {n + 1}"] = chain
    return pieces


def _jump(chain: Path, x: float, y: float) -> float:
    """How far a point is from a chain's end, or from where its last two points lead."""
    last, below = chain[-1]
    slope = (last - chain[-2][0]) / (below - chain[-2][1]) if len(chain) > 1 else 0.0
    return min(abs(x - last), abs(x - last - slope * (y - below)))


def dataset(axes: dict[str, Array], paths: dict[str, Path], labels: Array, attributes: dict[str, Any]) -> xr.Dataset:
    """Lines, NaN-padded to the longest, and regions over the axes (x, y)."""
    import xarray as xr

    longest = max((len(path) for path in paths.values()), default=0)
    line_x, line_y = np.full((2, len(paths), longest), np.nan)
    for n, path in enumerate(paths.values()):
        line_x[n, : len(path)], line_y[n, : len(path)] = np.array(path).T
    x, y = axes
    data = {"line_x": (("line", "point"), line_x), "line_y": (("line", "point"), line_y), "phase": ((y, x), labels)}
    return xr.Dataset(data, {"line": list(paths), **axes}, attributes)
