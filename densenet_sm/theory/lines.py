"""`follow` and `line`: one branch of states through its folds, and a line of transitions, as data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError, NoTransitionError, ParameterError, check_name, check_number
from ..model import Model, check_model
from .branches import paramagnets, state_at, through_folds
from .chains import chain
from .curves import curve_through
from .scans import Line, belongs, search_bounds, singular
from .solver import ANSATZES
from .state import State
from .transitions import PARAMETERS, asks_for_breaking, check_start, checked_line, critical, varied

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
NUMBERS = ("m", "x", "q", "chi", "free_energy", "energy", "entropy", "replicon", "longitudinal")
ROWS = 9  # values of each parameter at which a line is looked for


def follow(
    model: Model,
    parameter: str,
    bounds: tuple[float, float] | None = None,
    T: float | None = None,
    start: Any = "retrieval",
    ansatz: str = "RS",
) -> xr.Dataset:
    r"""One branch of states along a parameter, by pseudo-arclength continuation, through its folds.

    Parameters
    ----------
    parameter : "alpha" | "T" | "nu" | "r" | "rho" | "d"
    bounds : range of the parameter; T : temperature (not with parameter="T")
    start : what the branch is made of, as in `solve`; its first state met from the lower bound on is followed both ways
    ansatz : "RS" | "1RSB": the branch is symmetric where that is stable, and broken from the AT line on, with q over
        (point, level), `tilt` (D = βθ; 1/T where symmetric) and `broken` in addition. At T = 0, where every symmetric
        state is unstable, it is given as symmetric where its overlaps differ by less than 1e-3

    Returns an xarray.Dataset over `point`, ordered along the branch: the parameter, m, x, q, chi, free_energy, energy,
    entropy, replicon, longitudinal, stable, phase, residual and `fold`, true where the branch turns (behind a fold it
    is unstable). Several condensed patterns add the dimension `pattern` to m and x.

    Raises NoTransitionError, saying where, if there is no such state in the bounds; ConvergenceError if none of them
    can be followed; ParameterError for bad input.

    >>> branch = follow(Model(P=3), "alpha", (0.01, 0.6), T=0.2)
    >>> branch.alpha[branch.fold.values].values.round(4).tolist()  # the spinodal, then folds of the unstable side
    [0.4298, 0.1495, 0.384]
    >>> broken = follow(Model(P=3), "alpha", (0.3, 0.6), T=0.3, ansatz="1RSB")
    >>> broken.alpha[broken.fold.values].values.round(4).tolist(), broken.broken.values[[0, -1]].tolist()
    ([0.4645], [False, True])

    """
    import xarray as xr

    check_name("ansatz", ansatz, (*ANSATZES, "1RSB"))
    if parameter == "M":
        raise ParameterError("parameter", "continuous", parameter, "M is an integer: use critical or phase_diagram.")
    line = checked_line(model, parameter, T, bounds)
    check_start(model, start)
    try:
        values, states, folds = (_followed if ansatz == "RS" else chain)(line, start)
    except NoTransitionError as error:
        raise NoTransitionError(f"{error}{_whereabouts(line, start, ansatz)}") from None
    data = {parameter: ("point", values), **_columns(states)}
    data["fold"] = ("point", np.isin(np.arange(len(states)), folds))
    attributes = {"model": str(model), "T": "parameter" if T is None else T, "ansatz": ansatz, "start": str(start)}
    return xr.Dataset(data, attrs=attributes)


def _followed(line: Line, start: Any) -> tuple[list[float], list[State], list[int]]:
    """Values, states and indices of folds of the symmetric branch."""
    value, state = _first(line, start)
    calm = paramagnets(line) if start == "paramagnet" else []
    branch = calm[0] if calm else through_folds(line, value, state)
    states = [state_at(line, value, v) for value, v in zip(branch.values, branch.points, strict=True)]
    return branch.values, states, branch.folds


def _first(line: Line, start: Any) -> tuple[float, State]:
    """The first value from the lower bound on where the state asked for exists."""
    for value in line.scan():
        state = line.solve(float(value), start)
        if state is not None and belongs(state, start) and not singular(line, float(value)):
            return float(value), state
    where = f"{line.parameter} in [{line.low:g}, {line.high:g}]" + ("" if line.T is None else f" at T={line.T:g}")
    raise NoTransitionError(f"no {start!r} state (RS) for {where}: {len(line.scan())} points scanned. Change bounds=.")


def _whereabouts(line: Line, start: Any, ansatz: str) -> str:
    """Where the branch ends that is not in the bounds, if it does within those that are searched by default."""
    try:
        found = critical(line.model, line.parameter, T=line.T, start=start, ansatz=ansatz)
    except (NoTransitionError, ConvergenceError, ParameterError):
        return ""
    return f" It ends at {line.parameter} = {', '.join(f'{c.value:.6g}' for c in found.all)}."


def _columns(states: list[State]) -> dict[str, tuple[Any, Any]]:
    """Variables over `point`."""
    columns: dict[str, tuple[Any, Any]] = {}
    for name in NUMBERS:
        values = np.array([getattr(state, name) for state in states])
        wide = "level" if name == "q" else "pattern"
        columns[name] = ("point" if values.ndim == 1 else ("point", wide), values)
    if states[0].tilts:
        columns["tilt"] = ("point", [state.tilts[0] for state in states])
        columns["broken"] = ("point", [state.q[0] < state.q[1] for state in states])
    for name in ("stable", "phase", "residual"):
        columns[name] = ("point", [getattr(state, name) for state in states])
    return columns


def line(
    model: Model,
    x: str = "alpha",
    y: str = "T",
    kind: str = "spinodal",
    ansatz: str = "RS",
    start: Any = "retrieval",
    T: float | None = None,
    against: Any = "lowest",
    x_bounds: tuple[float, float] | None = None,
    y_bounds: tuple[float, float] | None = None,
) -> xr.Dataset:
    r"""A line of transitions in two parameters, as an ordered curve that may turn back in either of them.

    Points of the line are found as in `critical`, along x at a few values of y. From there the state(s) and both
    parameters are followed together: the self-consistency equations and, for a spinodal, det ∂(map − v)/∂v = 0; for a
    coexistence, the equations of both states and equal f; for an AT line, a vanishing replicon; for "ergodic" either
    the paramagnet's marginal stability or equal f of paramagnet and glass.

    Parameters
    ----------
    x, y : two of "alpha", "T", "nu", "r", "rho", "d"; T : temperature, required when neither is "T"
    kind, start, against : as in `critical`
    ansatz : "RS" | "1RSB", the latter implied by the glass's kinds: crossings along x at nine values of y, as they are
    x_bounds, y_bounds : ranges of the two parameters

    Returns an xarray.Dataset laid out as that of `phase_diagram`: line_x and line_y over (line, point), NaN-padded, one
    `line` for every connected piece, the longest first; m, q and the largest residual of every point.

    Raises NoTransitionError if the line is met at none of the values of y; ParameterError for bad input.
    Reference: abbott1987 for the lines of P ≥ 3.

    >>> edge = line(Model(P=3), "alpha", "T", y_bounds=(0.1, 0.6))
    >>> bool(edge.residual.max() < 1e-9), edge.line.values.tolist()
    (True, ['spinodal/RS'])

    """
    check_model(model)
    broken = asks_for_breaking(kind, ansatz, x, against)
    check_start(model, start, against)
    if x == y or "M" in (x, y):
        raise ParameterError("y", "another continuous parameter than x", y, f"Choose two of {PARAMETERS}, without M.")
    for name, value in (("x", x), ("y", y)):
        check_name(name, value, [known for known in varied(model, PARAMETERS) if known != "M"])
    bounds = {name: search_bounds(model, name, given) for name, given in ((x, x_bounds), (y, y_bounds))}
    if "T" in bounds:
        if T is not None:
            raise ParameterError("T", "left out when it is an axis", T, "Drop T=.")
    else:
        T = check_number("T", T, low=0, remedy="Pass T= when no axis is the temperature.")
    found = _broken_pieces(model, bounds, kind, start, T) if broken else _pieces(model, bounds, kind, start, T, against)
    pieces, ansatz = sorted(found, key=len, reverse=True), "1RSB" if broken else ansatz
    if not pieces:
        where = f"{x} in {bounds[x]}, {y} in {bounds[y]}"
        raise NoTransitionError(
            f"no {kind} of {start!r} ({ansatz}) for {where}: {ROWS} values of {y} scanned. Change bounds."
        )
    return _line_dataset(pieces, (x, y), kind, {"model": str(model), "P": model.P, "x": x, "y": y, "ansatz": ansatz})


def _broken_pieces(
    model: Model, bounds: dict[str, tuple[float, float]], kind: str, start: Any, T: float | None
) -> list[list[dict[str, float]]]:
    """Crossings along x at a few values of y, from the largest down, joined by their direction."""
    from .broken_lines import broken_crossings

    (x, along), (y, across) = bounds.items()
    theirs = "glass" if kind.startswith("glass") else start
    pieces: dict[int, list[dict[str, float]]] = {}
    seeds: list[Any] = []
    for value in np.linspace(*across, ROWS)[::-1].tolist():
        row, row_T = (model, value) if y == "T" else (model.replace(**{y: value}), T)
        try:
            met = list(broken_crossings(Line(row, x, None if x == "T" else row_T, *along), kind, theirs, seeds))
        except ConvergenceError:
            continue
        for direction in {c.direction for c in met}:
            c = max((c for c in met if c.direction == direction), key=lambda c: c.direction * c.value)
            m, q = float(np.abs(c.state.m).max()), float(np.max(c.state.q))
            point = {x: c.value, y: value, "m": m, "q": q, "residual": c.state.residual}
            pieces.setdefault(direction, []).insert(0, point)
    return list(pieces.values())


def _pieces(
    model: Model, bounds: dict[str, tuple[float, float]], kind: str, start: Any, T: float | None, against: Any
) -> Iterator[list[dict[str, float]]]:
    """Connected pieces of a line, from the crossings met along x at a few values of y and along y at a few of x."""
    seen: list[Array] = []
    for place, state in _places(model, bounds, kind, start, T, against):
        if any(np.abs(path - place).max(1).min() < 0.03 for path in seen):
            continue
        curve, y0 = curve_through(model, bounds, kind, start, T, against, place, state)
        try:
            ways = [curve.walk(y0, direction, 2) for direction in (-1, 1)]
        except ConvergenceError:
            continue
        kept = [list(takewhile(lambda y: curve.holds(y, start, against), way)) for way in ways]  # noqa: B023
        points = kept[0][:0:-1] + kept[1]
        seen.append(np.array([point[-2:] for point in points]))
        yield [curve.describe(point) for point in points]


def _places(
    model: Model, bounds: dict[str, tuple[float, float]], kind: str, start: Any, T: float | None, against: Any
) -> Iterator[tuple[Array, State]]:
    """Crossings as (scaled x and y, state)."""
    names = list(bounds)
    for axis, across in ((0, 1), (1, 0)):
        name, other = names[axis], names[across]
        low, high = bounds[other]
        for share in _spread(ROWS):
            value = low + share * (high - low)
            row, row_T = (model, value) if other == "T" else (model.replace(**{other: value}), T)
            settings = {"T": None if name == "T" else row_T, "kind": kind, "start": start, "against": against}
            try:
                found = critical(row, name, bounds=bounds[name], **settings)
            except (NoTransitionError, ConvergenceError):
                continue
            for crossing in found.all:
                scaled = (crossing.value - bounds[name][0]) / (bounds[name][1] - bounds[name][0])
                yield np.array([scaled, share] if axis == 0 else [share, scaled]), crossing.state


def _spread(count: int) -> Array:
    """Shares in (0, 1), the middle first."""
    shares = (np.arange(count) + 0.5) / count
    return shares[np.argsort(np.abs(shares - 0.5), kind="stable")]


def _line_dataset(
    pieces: list[list[dict[str, float]]], names: tuple[str, str], kind: str, attributes: dict[str, Any]
) -> xr.Dataset:
    import xarray as xr

    longest = max(len(piece) for piece in pieces)
    padded = {
        key: np.array([[p[key] for p in piece] + [np.nan] * (longest - len(piece)) for piece in pieces])
        for key in (*names, "m", "q", "residual")
    }
    data = {"line_x": padded.pop(names[0]), "line_y": padded.pop(names[1]), **padded}
    labels = [f"{kind}/{attributes['ansatz']}" + (f" piece {n + 1}" if n else "") for n in range(len(pieces))]
    return xr.Dataset({k: (("line", "point"), v) for k, v in data.items()}, {"line": labels}, attributes)
