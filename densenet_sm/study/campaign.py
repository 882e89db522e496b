"""Campaigns: a model, a grid, and what is asked at every point, as a dictionary or a TOML file; checked as a whole."""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CampaignError, ParameterError, check_integer, check_name, check_number
from ..exponentials import EXPONENTIAL
from ..model import Model
from ..montecarlo import simulate
from ..montecarlo.plan import Plan, checked
from ..protocols import PROTOCOLS
from ..theory import solve
from ..theory.solver import ANSATZES

FORMAT = 1
SECTIONS = ("model", "grid", "simulate", "solve", "seed", "budget")
MODEL = tuple(f.name for f in fields(Model) if f.name not in ("protocol", "covariance"))
PROTOCOL = tuple(dict.fromkeys(f.name for kind in PROTOCOLS.values() for f in fields(kind) if f.name != "data"))
DEFAULTS = {p.name: p.default for p in inspect.signature(simulate).parameters.values()}
SIMULATE = tuple(name for name in DEFAULTS if name not in ("model", "T", "seed", "checkpoint", "progress", "series"))
SOLVE = tuple(p for p in inspect.signature(solve).parameters if p not in ("model", "T", "N"))
BROKEN = ("1RSB", "kRSB")


@dataclass(frozen=True)
class Cell:
    """One run: `kind` "simulate" or "solve", grid coordinates `point`, temperatures (several: a ladder), settings."""

    kind: str
    point: tuple[tuple[str, Any], ...]
    model: Model
    T: tuple[float, ...]
    settings: tuple[tuple[str, Any], ...]
    seed: int

    def description(self) -> dict[str, Any]:
        """What the numbers of the cell depend on, as JSON."""
        settings = dict(self.settings)
        return {"format": FORMAT, "kind": self.kind, "model": str(self.model), "T": self.T, "settings": settings,
                "campaign_seed": self.seed}  # fmt: skip

    @cached_property
    def name(self) -> str:
        """Hash of the description: the name of the file, and the seed of the run."""
        text = json.dumps(self.description(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def run_seed(self) -> int:
        """Cells have disorders of their own, so that their errors are independent."""
        return int(self.name[:12], 16)

    def plan(self) -> Plan:
        """The checked call of `simulate`."""
        given = DEFAULTS | dict(self.settings) | {"seed": self.run_seed}
        positional = [given[p] for p in inspect.signature(checked).parameters if p not in ("model", "T")]
        return checked(self.model, self.T if given["exchange"] else self.T[0], *positional)

    def cost(self) -> float:
        """Entries read in all attempts of a run, the longest first; of a solution, a constant."""
        given = DEFAULTS | dict(self.settings)
        if self.kind == "solve":
            return 2e6 if given["ansatz"] == "RS" else 8e7
        N, samples = given["N"], given["samples"]
        rows = (given["K"] or self.model.n_patterns(N)) * self.model.protocol.entries_per_archetype()
        sweeps = 1000 if given["sweeps"] == "auto" else given["sweeps"]
        chains = (len(samples) if isinstance(samples, list) else samples) * given["replicas"] * len(self.T)
        return float(1e8 + N * rows * (N + chains * (given["burn_in"] + sweeps)))

    def memory(self) -> int:
        """Bytes of one realisation at a time, and of the time series."""
        if self.kind == "solve":
            return 0
        plan = self.plan()
        return int(plan.realisation() + plan.series_bytes(plan.sweeps or 1000))


@dataclass(frozen=True)
class Campaign:
    """A checked specification."""

    spec: dict[str, Any]
    axes: dict[str, list[Any]]
    cells: tuple[Cell, ...]

    @property
    def budget(self) -> float | None:
        """Seconds of wall time after which no cell is begun."""
        return self.spec.get("budget")


def campaign(spec: dict[str, Any] | str | os.PathLike[str], runnable: bool = True) -> Campaign:
    """Read and check a specification: a dictionary, or the path of a TOML file.

    With `runnable` false, cells may be larger than this machine's memory: they are read, not run.

    Raises CampaignError with every mistake: its path, the value and the remedy.

    >>> c = campaign({"model": {"P": 3}, "grid": {"alpha": [0.01, 0.02], "T": [0.3]}, "solve": {}})
    >>> [dict(cell.point) for cell in c.cells]
    [{'ansatz': 'RS', 'alpha': 0.01, 'T': 0.3}, {'ansatz': 'RS', 'alpha': 0.02, 'T': 0.3}]
    """
    source = "the specification" if isinstance(spec, dict) else str(spec)
    read = plain(spec) if isinstance(spec, dict) else _from_file(spec)
    mistakes: list[str] = []
    sections = {name: _table(read, name, mistakes) for name in SECTIONS[:4]}
    for name in read:
        _try(mistakes, "", check_name, "section", name, SECTIONS)
    seed = _try(mistakes, "", check_integer, "seed", read.get("seed", 0), low=0) or 0
    if "budget" in read:
        _try(mistakes, "", check_number, "budget", read["budget"], low=0, remedy="Seconds of wall time.")
    if "simulate" not in read and "solve" not in read:
        mistakes.append("simulate or solve must be there; got neither. Add [simulate], [solve] or both.")
    for section, known in (("simulate", SIMULATE), ("solve", SOLVE), ("model", (*MODEL, "protocol"))):
        for name in sections[section]:
            _try(mistakes, section, check_name, "parameter", name, known)
        sections[section] = {k: v for k, v in sections[section].items() if k in known}
    axes = _axes(sections, "simulate" in read, mistakes)
    cells = tuple(_cells(sections, axes, read, seed, mistakes, runnable))
    if mistakes:
        raise CampaignError(source, list(dict.fromkeys(mistakes)))
    return Campaign({k: read[k] for k in SECTIONS if k in read}, axes, cells)


def plain(value: Any) -> Any:
    """The same in lists and numbers that JSON has: arrays, ranges and tuples are lists.

    >>> plain({"T": range(2), "alpha": (0.1, 0.2)})
    {'T': [0, 1], 'alpha': [0.1, 0.2]}
    """
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [plain(v) for v in value] if isinstance(value, list | tuple | range) else value


def _from_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ParameterError("campaign", "a TOML file that can be read", str(path), f"{error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(str(path), [f"the file must be TOML; {error}."]) from None


def _try(mistakes: list[str], section: str, check: Any, *given: Any, **rest: Any) -> Any:
    """What a check returns, or None and one more mistake."""
    try:
        return check(*given, **rest)
    except (ParameterError, TypeError) as error:
        mistakes.append(f"{section}.{error}" if section else str(error))
        return None


def _table(read: dict[str, Any], name: str, mistakes: list[str]) -> dict[str, Any]:
    table = read.get(name, {})
    if not isinstance(table, dict) or (name in ("model", "grid") and not table):
        mistakes.append(
            f"{name} must be a table of parameters; got {table!r}. Write [{name}] with P = 3, T = [0.3], …."
        )
        return {}
    return table


def _axes(sections: dict[str, dict[str, Any]], simulated: bool, mistakes: list[str]) -> dict[str, list[Any]]:
    """Axes of the grid, N last where [simulate] lists sizes."""
    grid = dict(sections["grid"])
    if simulated and "N" not in grid:
        N = sections["simulate"].get("N")
        if N is None:
            mistakes.append("simulate.N must be a size or a list of sizes; got None. Write N = [64, 96].")
        else:
            grid["N"] = N if isinstance(N, list) else [N]
    if "T" not in grid:
        mistakes.append("grid.T must be a list of temperatures; got None. Write T = [0.3].")
    known = (*MODEL, *PROTOCOL, "T", *(n for n in SIMULATE if n != "exchange" and simulated))
    axes: dict[str, list[Any]] = {}
    for name, values in (grid | {"T": grid.get("T", [1.0])}).items():  # a temperature to check the rest with
        if _try(mistakes, "grid", check_name, "parameter", name, known) is None:
            continue
        if not isinstance(values, list) or not values or len({repr(v) for v in values}) < len(values):
            remedy = f"Write {name} = [first, second, …]."
            mistakes.append(f"grid.{name} must be a list of different values; got {values!r}. {remedy}")
        axes[name] = values if isinstance(values, list) else [values]
    return axes


def _cells(
    sections: dict[str, dict[str, Any]],
    axes: dict[str, list[Any]],
    read: dict[str, Any],
    seed: int,
    mistakes: list[str],
    runnable: bool,
) -> Iterator[Cell]:
    """Every cell that could be made; what was wrong with the others goes to the mistakes."""
    solved = {"ansatz": "RS"} | sections["solve"]
    forms = solved.pop("ansatz")
    forms = forms if isinstance(forms, list) else [forms]
    for ansatz in forms:
        _try(mistakes, "solve", check_name, "ansatz", ansatz, (*ANSATZES, *BROKEN))
    simulated = {k: v for k, v in sections["simulate"].items() if k not in axes}
    ladder = bool(simulated.get("exchange"))
    own = {name for name in axes if name in (*MODEL, *PROTOCOL, "T")}  # what the theory reads
    requests = []
    if "solve" in read:
        requests += [("solve", {k: v for k, v in axes.items() if k in own}, a) for a in forms]
    if "simulate" in read and "N" in axes:
        requests.append(("simulate", {k: v for k, v in axes.items() if not (ladder and k == "T")}, None))
    for kind, grid, ansatz in requests:
        for values in itertools.product(*grid.values()):
            point = dict(zip(grid, values, strict=True))
            model = _try_model(sections["model"], {k: v for k, v in point.items() if k in own}, mistakes)
            T = _try(mistakes, "grid", _temperatures, axes["T"] if "T" not in grid else [point["T"]])
            if T is None:
                continue
            if kind == "solve":
                point, settings = {"ansatz": ansatz, **point}, solved | {"ansatz": ansatz}
            else:
                settings = simulated | {k: v for k, v in point.items() if k not in own}
            cell = Cell(kind, tuple(point.items()), model or Model(P=3), T, tuple(sorted(settings.items())), seed)
            planned = kind == "solve" or not runnable or _try(mistakes, "simulate", _planned, cell) is not None
            if model is not None and planned:
                yield cell


def _temperatures(values: list[Any]) -> tuple[float, ...]:
    return tuple(check_number("T", T, low=0, remedy="Temperatures are >= 0, k_B = 1.") for T in values)


def _planned(cell: Cell) -> Plan:
    if not isinstance(dict(cell.settings).get("start", "pattern"), str):
        start = dict(cell.settings)["start"]
        raise ParameterError("start", "one name", start, 'Several belong into the grid: start = ["pattern", "random"].')
    return cell.plan()


def _try_model(given: dict[str, Any], point: dict[str, Any], mistakes: list[str]) -> Model | None:
    """The model at a point; a mistake is named after the section that its value comes from."""
    try:
        return model_at(given, point)
    except ParameterError as error:
        where = "grid" if error.name in point else "model" if error.name in given else "model.protocol"
        mistakes.append(f"{where}.{error}")
    except TypeError as error:
        mistakes.append(f"model.protocol must have its parameters here or in the grid; {error}. Add what is missing.")
    return None


def model_at(given: dict[str, Any], point: dict[str, Any]) -> Model:
    """The model of a table {P, protocol = {kind, …}, …} with the values of a point put in.

    >>> model_at({"P": 3, "protocol": {"kind": "supervised", "M": 5}}, {"r": 0.5, "alpha": 0.1}).protocol
    Supervised(r=0.5, M=5, rho=None)
    """
    settings = {k: v for k, v in given.items() if k != "protocol"}
    settings |= {k: v for k, v in point.items() if k in MODEL}
    rest = {k: v for k, v in point.items() if k not in MODEL and k != "T"}
    if "P" not in settings and settings.get("interaction") not in EXPONENTIAL:
        raise ParameterError("P", "an integer >= 2", None, "Write P = 3 in [model] or in [grid].")
    return Model(protocol=_protocol(given.get("protocol", {"kind": "storing"}), rest), **settings)


def _protocol(given: Any, rest: dict[str, Any]) -> Any:
    """A protocol of a table; parameters that are not its own are those of its data."""
    if not isinstance(given, dict):
        raise ParameterError("protocol", "a table with its kind", given, 'Write protocol = {kind = "storing"}.')
    kind = PROTOCOLS[check_name("kind", given.get("kind"), PROTOCOLS)]
    own = {f.name for f in fields(kind)}
    settings = {k: v for k, v in given.items() if k != "kind"}
    settings |= {k: v for k, v in rest.items() if k in own}
    others = {k: v for k, v in rest.items() if k not in own}
    if "data" in settings:
        settings["data"] = _protocol(settings["data"], others)
    elif others:
        raise ParameterError(next(iter(others)), "a parameter of the protocol", others, f"{kind.__name__} has {own}.")
    for name in settings:
        check_name("parameter", name, own)
    return kind(**settings)
