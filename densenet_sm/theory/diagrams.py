"""Phase diagrams: lines and regions over two parameters, as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ParameterError, check_integer, check_name, check_number
from ..model import Model, check_model
from .branches import Line, branches, unaligned
from .solver import ANSATZES
from .transitions import PARAMETERS, ROUNDING, folds, freezing, gaps, meetings

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
Axis = tuple[str, float, float, int]


@dataclass(frozen=True)
class _Row:
    """One row of a diagram: crossings (line, direction, x) and the region of every grid point."""

    crossings: list[tuple[str, int, float]]
    labels: list[str]


def phase_diagram(
    model: Model,
    x: Axis,
    y: Axis,
    ansatz: str | tuple[str, ...] = ("RS",),
    T: float | None = None,
    start: Any = "retrieval",
    progress: Callable[[], None] | None = None,
) -> xr.Dataset:
    r"""Replica-symmetric lines and regions of a model over two of its parameters.

    For every value of y the retrieval branch is followed along x by continuation: it folds at the spinodal, its free
    energy meets that of the state without overlap at the coexistence; "ergodic" separates paramagnet and glass.

    Parameters
    ----------
    x, y : (name, low, high, number of points), names as in `critical` ("alpha", "T", "nu", "r", "rho", "d")
    T : temperature, required when no axis is "T"
    ansatz : ("RS",)
    start : the branch that is followed
    progress : called after every row

    Returns an xarray.Dataset: line_x(line, point) and line_y(line, point), NaN-padded, ordered by y, with coordinate
    line = "spinodal/RS", "coexistence/RS", "ergodic/RS" (and "... lower" for the other end of a re-entrant branch);
    phase(y, x), labels "retrieval" (lowest free energy), "metastable retrieval", "glass", "paramagnet", "none" (no
    state found). A field polarises every state: with one, every label is a retrieval.

    Raises ParameterError for bad axes. References: amit1987 (P = 2), abbott1987 (P ≥ 3).

    >>> ds = phase_diagram(Model(P=3), x=("alpha", 0.01, 0.5, 3), y=("T", 0.1, 0.9, 3))
    >>> str(ds.phase.sel(alpha=0.01, T=0.1).item())
    'retrieval'

    """
    check_model(model)
    x, y = _axis("x", x), _axis("y", y)
    for name in (ansatz,) if isinstance(ansatz, str) else ansatz:
        check_name("ansatz", name, ANSATZES)
    if x[0] == y[0]:
        raise ParameterError("y", "another parameter than x", y[0], "Use two different axes.")
    if "T" in (x[0], y[0]):
        if T is not None:
            raise ParameterError("T", "left out when it is an axis", T, "Drop T=.")
    else:
        T = check_number("T", T, low=0, remedy="Pass T= when no axis is the temperature.")
    columns, rows = np.linspace(*x[1:]), np.linspace(*y[1:])
    found = []
    for value in rows:
        row_model, row_T = (model, float(value)) if y[0] == "T" else (model.replace(**{y[0]: float(value)}), T)
        line = Line(row_model, x[0], row_T, x[1], x[2])
        found.append(_row(line, columns, start))
        if progress is not None:
            progress()
    edge_model, edge_T = (model, x[1]) if x[0] == "T" else (model.replace(**{x[0]: x[1]}), T)
    edge = _row(Line(edge_model, y[0], edge_T, y[1], y[2]), rows, start)  # where the lines meet the first column
    return _dataset(model, x, y, T, columns, rows, found, edge)


def _axis(which: str, axis: Any) -> Axis:
    try:
        name, low, high, count = axis
    except (TypeError, ValueError):
        raise ParameterError(
            which, "(name, low, high, number of points)", axis, 'Write ("alpha", 0, 0.6, 61).'
        ) from None
    check_name(f"{which}[0]", name, PARAMETERS)
    check_number(f"{which}[1]", low, remedy="The axis starts there.")
    check_number(f"{which}[2]", high, low=low, open_low=True, remedy="The axis ends there, above its start.")
    return name, float(low), float(high), check_integer(f"{which}[3]", count, low=2)


def _row(line: Line, columns: Array, start: Any) -> _Row:
    crossings = [("ergodic/RS", c.direction, c.value) for c in freezing(line)]
    labels = _unaligned_labels(line, columns, [value for _, _, value in crossings])
    for branch in branches(line, start):
        branch, gap = gaps(line, branch, start, "lowest")
        crossings += [("spinodal/RS", c.direction, c.value) for c in folds(line, branch)]
        crossings += [("coexistence/RS", c.direction, c.value) for c in meetings(line, branch, start, "lowest", gap)]
        for n, value in enumerate(columns):
            if branch.values[0] <= value <= branch.values[-1]:
                beaten = np.interp(value, branch.values, gap) > ROUNDING  # NaN: nothing to compete with
                labels[n] = phases.METASTABLE_RETRIEVAL if beaten else phases.RETRIEVAL
    return _Row(crossings, labels)


def _unaligned_labels(line: Line, columns: Array, borders: list[float]) -> list[str]:
    """Paramagnet or glass at every column; the label changes at the borders only, so one state per piece is solved."""
    pieces = np.searchsorted(borders, columns)
    label = {}
    for piece in np.unique(pieces):
        inside = columns[pieces == piece]
        state = unaligned(*line.at(float(inside[len(inside) // 2])))
        label[piece] = phases.NO_STATE if state is None else state.phase
    return [label[piece] for piece in pieces]


def _dataset(
    model: Model, x: Axis, y: Axis, T: float | None, columns: Array, rows: Array, found: list[_Row], edge: _Row
) -> xr.Dataset:
    import xarray as xr

    points: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for value, row in zip(rows, found, strict=True):
        for name, direction, place in row.crossings:
            points[name, direction].append((place, float(value)))
    for name, direction, place in edge.crossings:
        if direction > 0 and (name, direction) in points:
            points[name, direction] = sorted([*points[name, direction], (x[1], place)], key=lambda point: point[1])
    lines = {}
    for (name, direction), path in sorted(points.items()):
        twin = points.get((name, -direction), [])
        main = (len(path), direction) > (len(twin), -direction)
        lines[name if main else f"{name} lower"] = path
    longest = max((len(path) for path in lines.values()), default=0)
    line_x, line_y = np.full((2, len(lines), longest), np.nan)
    for n, path in enumerate(lines.values()):
        line_x[n, : len(path)], line_y[n, : len(path)] = np.array(path).T
    data = {
        "line_x": (("line", "point"), line_x),
        "line_y": (("line", "point"), line_y),
        "phase": ((y[0], x[0]), np.array([row.labels for row in found])),
    }
    attributes = {"model": str(model), "P": model.P, "x": x[0], "y": y[0], "T": "axis" if T is None else T}
    return xr.Dataset(data, {"line": list(lines), x[0]: columns, y[0]: rows}, attributes)
