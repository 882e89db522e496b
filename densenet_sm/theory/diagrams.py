"""Phase diagrams: lines and regions over two parameters, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import phases
from ..errors import ConvergenceError, ParameterError, check_integer, check_name, check_number
from ..model import Model, check_model
from .branches import branches, rejoined, state_at, state_on
from .continuation import Branch
from .crossings import ROUNDING, Crossing, folds, freezing, instabilities, meetings, saddles, unaligned_instabilities
from .paths import Row, chained, dataset, ended, joined, named
from .scans import Line, belongs, ordered_starts, singular
from .solver import ANSATZES
from .state import State
from .transitions import PARAMETERS, check_start, varied

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
Axis = tuple[str, float, float, int]
Traced = dict[Any, list[Branch] | ConvergenceError]  # the branches of every start, or why there are none
BROKEN = "1RSB"
MANY = 20  # rows so close that one's scan also serves the next


def phase_diagram(
    model: Model,
    x: Axis,
    y: Axis,
    ansatz: str | tuple[str, ...] = ("RS",),
    T: float | None = None,
    start: Any = None,
    progress: Callable[[], None] | None = None,
) -> xr.Dataset:
    r"""Lines and regions of a model over two of its parameters, replica-symmetric or of one step of breaking.

    For every value of y the branches of ordered states are followed along x by continuation: they fold at the
    spinodal, their free energy meets that of the lowest competitor at the coexistence, their replicon vanishes at the
    Almeida–Thouless line; "ergodic" separates paramagnet and glass.

    Parameters
    ----------
    x, y : (name, low, high, number of points), names as in `critical` ("alpha", "T", "nu", "r", "rho", "M", "d"); an
        M axis has the integers nearest to its points
    T : temperature, required when no axis is "T"
    ansatz : "RS", "1RSB" or both, ("RS", "1RSB"): which lines. With "1RSB" the regions are those of one step, which
        distinguish "retrieval 1RSB", where overlaps break, from "retrieval", where the symmetric state is stable
    start : the branch that is followed; None: every kind of ordered state that the model has ("retrieval";
        "retrieval", "example" for unsupervised; for several diluted patterns "hierarchical", "parallel", "pure" and
        the hierarchies and mixtures of fewer patterns, "1+1" and "2")
    progress : called after every row of the symmetric lines

    Returns an xarray.Dataset: line_x(line, point) and line_y(line, point), NaN-padded, ordered along the traced rows,
    with coordinate line = "spinodal/RS", "coexistence/RS", "at/RS", "ergodic/RS", "at glass/RS", with the kind of state
    for others than the first ("spinodal example/RS"); for several diluted patterns also "saddle 2/RS", where equal
    overlaps split or zero ones grow, and "coexistence 1~1+1/RS" with both orderings (see `State.ordering`); and
    "... lower" for the other end of a re-entrant branch;
    phase(y, x): the locally stable state of lowest free energy ("retrieval", "example", "pure", "hierarchical",
    "mixed", "parallel"), "metastable ..." where one exists but the state without overlap is lower, "glass",
    "paramagnet", "none" (no state found). A field polarises every state: with one, every label is a retrieval. The
    attribute `failures` has a line for every branch that could not be traced.

    With "1RSB" there are "spinodal/1RSB" and "coexistence/1RSB" of the state with overlap, "glass_dynamic/1RSB",
    "glass_static/1RSB" and "gardner/1RSB" of the glass (kinds of `critical`), each with "... lower"; they are followed
    on at most six rows and interpolated to the others (theory/BREAKING.md). Regions "retrieval 1RSB" and
    "metastable retrieval 1RSB" are added, and "glass" is below the static transition.

    Raises ParameterError for bad axes. References: amit1987 (P = 2), abbott1987 (P ≥ 3).

    >>> ds = phase_diagram(Model(P=3), x=("alpha", 0.01, 0.5, 3), y=("T", 0.1, 0.9, 3))
    >>> str(ds.phase.sel(alpha=0.01, T=0.1).item())
    'retrieval'

    """
    x, y, T = _checked(model, x, y, ansatz, T, start, progress)
    starts = ordered_starts(model) if start is None else (start,)
    asked = (ansatz,) if isinstance(ansatz, str) else tuple(ansatz)
    _check_broken(model, asked, starts)
    along, across = (y, x) if x[0] == "M" else (x, y)  # integers cannot be followed: rows are at fixed M
    columns, rows = _points(along), _points(across)
    lines = _sparse([_line(model, T, across[0], float(value), along) for value in rows])
    found = _solved(lines, columns, starts, progress)
    edge = Row()  # where the lines meet the first column
    if across[0] != "M":
        line = _line(model, T, along[0], along[1], across)
        edge = _row(line, rows, {start: _traced([line], start)[0] for start in starts})
    points = joined(rows, [row.crossings for row in found])
    ended(points, edge.crossings, along[1], 1.5 * (rows[1] - rows[0]))
    paths = named(points)
    if model.protocol.n_condensed > 1:
        paths = chained(paths, rows, along[2] - along[1])
    if BROKEN in asked:
        from .broken_diagrams import add_broken

        broken = add_broken(lines, rows, columns, starts[0], found)
        paths = {**(paths if "RS" in asked else {}), **broken}
    labels = np.array([row.labels for row in found])
    if along is y:
        paths, labels = {name: [(b, a) for a, b in path] for name, path in paths.items()}, labels.T
    failures = [
        f"{across[0]}={value:g}: {text}" for value, row in zip(rows, found, strict=True) for text in row.failures
    ]
    attributes = {"model": str(model), "P": model.P, "x": x[0], "y": y[0], "T": "axis" if T is None else T}
    axes = {x[0]: columns if along is x else rows, y[0]: rows if along is x else columns}
    return dataset(axes, paths, labels, {**attributes, "failures": "; ".join(failures)})


def _sparse(lines: list[Line]) -> list[Line]:
    """Of many rows, every second one scans the odd values and the others the even ones: rows seed each other."""
    return [replace(line, half=n % 2) for n, line in enumerate(lines)] if len(lines) > MANY else lines


def _solved(
    lines: list[Line], columns: Array, starts: tuple[Any, ...], progress: Callable[[], None] | None
) -> list[Row]:
    """All rows."""
    traced = [_traced(lines, start) for start in starts]
    found = []
    for line, *own in zip(lines, *traced, strict=True):
        found.append(_row(line, columns, dict(zip(starts, own, strict=True))))
        if progress is not None:
            progress()
    return found


def _checked(
    model: Model, x: Any, y: Any, ansatz: Any, T: float | None, start: Any, progress: Any
) -> tuple[Axis, Axis, float | None]:
    """Axes and temperature, or ParameterError."""
    check_model(model)
    x, y = _axis("x", x), _axis("y", y)
    for name in ansatz if isinstance(ansatz, (tuple, list)) else (ansatz,):
        check_name("ansatz", name, (*ANSATZES, BROKEN))
    if progress is not None and not callable(progress):
        raise ParameterError("progress", "a function without arguments", progress, "It is called after every row.")
    for which, axis in (("x", x), ("y", y)):
        check_name(f"{which}[0]", axis[0], varied(model, PARAMETERS))
    check_start(model, start)
    if x[0] == y[0]:
        raise ParameterError("y", "another parameter than x", y[0], "Use two different axes.")
    if "T" in (x[0], y[0]):
        if T is not None:
            raise ParameterError("T", "left out when it is an axis", T, "Drop T=.")
    else:
        T = check_number("T", T, low=0, remedy="Pass T= when no axis is the temperature.")
    return x, y, T


def _check_broken(model: Model, asked: tuple[str, ...], starts: tuple[Any, ...]) -> None:
    """Broken symmetry is drawn for one kind of state with overlap."""
    if BROKEN in asked and (len(starts) > 1 or model.protocol.n_condensed > 1):
        remedy = "Pass start='retrieval', or use solve, follow and critical, which know ansatz='1RSB' for all."
        raise ParameterError("ansatz", f"'RS' for a model with states {starts}", asked, remedy)


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


def _points(axis: Axis) -> Array:
    points = np.linspace(*axis[1:])
    return np.unique(np.round(points)) if axis[0] == "M" else points


def _line(model: Model, T: float | None, name: str, value: float, along: Axis) -> Line:
    """The line of a diagram at one value of the other axis's parameter."""
    if name == "T":
        return Line(model, along[0], value, along[1], along[2])
    return Line(model.replace(**{name: value}), along[0], T, along[1], along[2])


def _traced(lines: list[Line], start: Any) -> list[list[Branch] | ConvergenceError]:
    """Branches of every line, or why there are none: those of one are looked for on the next, and on the one before.

    So a branch that one line's scan meets is not missed where it is a neighbour's.
    """
    found: list[list[Branch]] = []
    failures: dict[int, ConvergenceError] = {}
    for n, line in enumerate(lines):
        try:
            found.append(list(branches(line, start, found[-1] if found else ())))
        except ConvergenceError as error:
            found.append([])
            failures[n] = error
    for n in range(len(lines) - 2, -1, -1):
        try:
            found[n] += rejoined(lines[n], start, found[n + 1], found[n])
        except ConvergenceError as error:
            failures.setdefault(n, error)
    return [failures[n] if n in failures and not own else own for n, own in enumerate(found)]


def _row(line: Line, columns: Array, traced: Traced) -> Row:
    row = Row([("ergodic/RS", c.direction, c.value) for c in freezing(line)])
    for n, (start, found) in enumerate(traced.items()):
        suffix = "/RS" if n == 0 else f" {start}/RS"
        if isinstance(found, ConvergenceError):
            row.failures.append(f"{start}: {found}")
            continue
        row.unstable |= n == 0 and any(
            state_at(line, branch.values[end], branch.points[end]).replicon < 0 for branch in found for end in (0, -1)
        )
        for kind, c in _on_branches(line, start, found):
            row.unstable |= n == 0 and kind == "at"
            if n == 0 and c.state.replicon > 0 and (c.rival is None or c.rival.replicon > 0):
                row.firm.append((kind, c.direction, c.value))
            if kind == "spinodal" and len(c.state.x_groups) > 1 and c.state.longitudinal < -1e-3:
                continue  # the end of a saddle
            name, direction = _between_kinds(c) if kind == "coexistence" else (None, 0)
            crossing = (kind + suffix, c.direction, c.value) if name is None else (name, direction, c.value)
            if not any(crossing[:2] == old[:2] and abs(c.value - old[2]) < 1e-6 for old in row.crossings):
                row.crossings.append(crossing)
    row.crossings += [("at glass/RS", c.direction, c.value) for c in unaligned_instabilities(line)]
    borders = sorted(value for _, _, value in row.crossings)
    row.labels = _labels(line, columns, borders, traced)
    return row


def _on_branches(line: Line, start: Any, traced: list[Branch]) -> Iterator[tuple[str, Crossing]]:
    """Kind and crossing, of every branch."""
    for branch in traced:
        found = {"spinodal": folds(line, branch), "coexistence": meetings(line, branch, start),
                 "saddle": saddles(line, branch) if line.model.protocol.n_condensed > 1 else (),
                 "at": instabilities(line, branch)}  # fmt: skip
        yield from ((kind, c) for kind, crossings in found.items() for c in crossings)


def _between_kinds(crossing: Crossing) -> tuple[str | None, int]:
    """Name and direction of a coexistence of several patterns' states, the same for both: "coexistence 1~1+1/RS"."""
    rival = crossing.rival
    if rival is None or len(rival.x_groups) == 1:
        return None, 0
    own, other = (s.phase if s.phase in phases.UNALIGNED else s.ordering for s in (crossing.state, rival))
    first, second = sorted((own, other), key=lambda name: (len(name), name))
    return f"coexistence {first}~{second}/RS", crossing.direction if own == first else -crossing.direction


def _labels(line: Line, columns: Array, borders: list[float], traced: Traced) -> list[str]:
    """Region of every column. Between two crossings it is one region if its ends and its middle say so."""
    labels = [""] * len(columns)
    pieces = np.searchsorted(borders, columns)
    for piece in np.unique(pieces):
        inside = np.flatnonzero(pieces == piece)
        probes = {inside[0], inside[len(inside) // 2], inside[-1]}
        said = {i: _region(line, float(columns[i]), traced) for i in probes}
        for i in inside:
            same = len(set(said.values())) == 1
            labels[i] = said[inside[0]] if same else said.get(i) or _region(line, float(columns[i]), traced)
    return labels


def _region(line: Line, value: float, traced: Traced) -> str:
    """Phase of the lowest locally stable state, "metastable ..." if the state without overlap is lower."""
    rest = line.unaligned(value)
    found = [state for start, own in traced.items() for state in _states(line, value, start, own)]
    ordered = [s for s in found if s is not None and s.phase not in phases.UNALIGNED]
    stable = [s for s in ordered if s.longitudinal > 0]
    if not stable and rest is not None and rest.longitudinal < 0:  # on a line, where the state that grows is marginal
        stable = ordered
    best = min(stable, key=lambda s: s.free_energy, default=None)
    if best is None:
        return phases.NO_STATE if rest is None else rest.phase
    if rest is not None and best.free_energy > rest.free_energy + ROUNDING:
        return phases.metastable(best.phase)
    return best.phase


def _states(line: Line, value: float, start: Any, own: list[Branch] | ConvergenceError) -> list[State | None]:
    """States of a kind at a value: of every branch that reaches it, or what solve finds if none could be traced.

    With several patterns a start whose own kind has ended can lead to another ordered state, which none is named for.
    """
    if isinstance(own, ConvergenceError) or singular(line, value):
        return [line.solve(value, start)]
    found = [state_on(line, branch, value) for branch in own if branch.values[0] <= value <= branch.values[-1]]
    if line.model.protocol.n_condensed > 1:
        lost = not all(belongs(state, start) for state in found)  # next to where it merges with another branch
        if lost or (not found and not line.absent(value, start)):
            found.append(line.solve(value, start))
    return found
