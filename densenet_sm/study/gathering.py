"""`load` and `status`: what the cells of a store say together."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..sizes import cores
from . import store as files
from .campaign import Campaign, Cell
from .inference import labels
from .store import Result

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[Any]
MERGED = "merged.nc"
TEXT = {"state": "missing"} | dict.fromkeys(("failure", "status", "reason", "phase", "seed"), "")  # of no cell


def load(store: str | os.PathLike[str]) -> xr.Dataset:
    """The cells of a campaign as one dataset, missing and failed ones marked.

    Of simulations, over the axes of the grid and N: m, abs_m, x, energy, q, q2, specific_heat, losses (means over
    samples and replicas, per `pattern` where they have one), binder_m, binder_q, <name>_err, tau, acceptance, status
    and reason of `simulate`; `state`, "done", "failed" or "missing", with the reason in `failure`; `seconds`, `seed`;
    `label`, the phase by the rules of `densenet_sm.study.labels`. Of theory, over `ansatz` and the axes that it reads
    (N → ∞), the same names after "theory_"; "theory_phase" is its label. Numbers of cells that are not done are NaN.
    Attributes: the specification and the versions of the packages.

    The merged dataset is kept beside the cells and read again as long as they do not change.

    Raises ParameterError for a folder that holds no campaign.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import run_grid
    >>> spec = {"model": {"P": 3}, "grid": {"alpha": [0.01, 0.1], "T": [0.3]}, "solve": {}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     load(folder).theory_phase.values.ravel().tolist()
    ['retrieval', 'retrieval']
    """
    import xarray as xr

    folder = Path(store)
    asked = files.campaign_of(folder)
    now = _fingerprint(folder)
    merged = folder / MERGED
    if merged.exists():
        try:
            ds = xr.load_dataset(merged, engine="h5netcdf")
            if ds.attrs.get("cells") == now:
                return ds
        except files.UNREADABLE:
            pass  # a damaged file is made again
    ds = _merged(folder, asked).assign_attrs(cells=now)
    temporary = merged.with_name(f".{MERGED}.{os.getpid()}.tmp")
    try:
        ds.to_netcdf(temporary, engine="h5netcdf")
        temporary.replace(merged)
    except OSError:  # a store that can only be read is merged every time
        temporary.unlink(missing_ok=True)
    return ds


def _fingerprint(folder: Path) -> str:
    """Names, times and sizes of the files that are merged."""
    digest = hashlib.sha256((folder / "campaign.json").read_bytes())
    with os.scandir(folder / "cells") as entries:
        for entry in sorted((e for e in entries if e.name.endswith(".npz")), key=lambda e: e.name):
            facts = entry.stat()
            digest.update(f"{entry.name} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    return digest.hexdigest()


def _merged(folder: Path, asked: Campaign) -> xr.Dataset:
    """Cells of each kind over their axes."""
    import xarray as xr

    data: dict[str, Any] = {}
    versions: set[str] = set()
    axes: dict[str, list[Any]] = {}
    for kind, prefix in (("simulate", ""), ("solve", "theory_")):
        cells = [cell for cell in asked.cells if cell.kind == kind]
        if not cells:
            continue
        names = [*(n for n, _ in cells[0].point if n != "T"), "T"]
        own = {n: list(dict.fromkeys(dict(c.point).get(n) for c in cells)) for n in names if n != "T"}
        own["T"] = asked.axes["T"]
        arrays = _arrays(folder, cells, own, versions)
        dims = {name: (*names, "pattern")[: array.ndim] for name, array in arrays.items()}
        data |= {f"{prefix}{name}": (dims[name], array) for name, array in arrays.items()}
        axes |= own
    attributes = {"campaign": json.dumps(asked.spec), "versions": "; ".join(sorted(versions))}
    ds = xr.Dataset(data, axes, attributes)
    return ds.assign(label=labels(ds)) if "abs_m" in ds else ds


def _arrays(folder: Path, cells: list[Cell], axes: dict[str, list[Any]], versions: set[str]) -> dict[str, Array]:
    """Arrays over the axes, T last, and over condensed patterns where a cell has [T, pattern]."""
    shape = tuple(len(values) for values in axes.values())
    patterns = max(cell.model.protocol.n_condensed for cell in cells)
    index = {name: {_key(v): n for n, v in enumerate(values)} for name, values in axes.items()}
    found: dict[str, Array] = {name: np.full(shape, nothing, object) for name, nothing in TEXT.items()}
    for cell in cells:
        result = files.read(folder, cell)
        if result is None:
            continue
        versions.add(json.dumps(result.header["versions"]))
        point = dict(cell.point)
        others = tuple(index[name][_key(point[name])] for name in axes if name != "T")
        rows = [index["T"][_key(T)] for T in cell.T]
        for name, value in _entries(result).items():
            values = np.asarray(value)
            if name not in found:
                found[name] = np.full((*shape, patterns) if values.ndim == 2 else shape, np.nan)
            view = found[name][others]
            if values.ndim == 2:
                view[rows, : values.shape[1]] = values
            else:
                view[rows] = values
    said = {name: array.astype(str) for name, array in found.items() if name in TEXT and any(array.ravel())}
    return said | {name: array for name, array in found.items() if name not in TEXT}


def _entries(result: Result) -> dict[str, Any]:
    """What the merged dataset has of a cell; samples are averaged."""
    state = {"state": "failed" if result.failure else "done", "failure": result.failure}
    state |= {"seed": result.header["seed"], "seconds": result.header["seconds"]}
    ending = "_sample"
    means = {name.removesuffix(ending): a.mean(0) for name, a in result.arrays.items() if name.endswith(ending)}
    return state | means | {name: a for name, a in result.arrays.items() if not name.endswith(ending)}


def _key(value: Any) -> Any:
    """Numbers that are equal are one value of an axis."""
    return float(value) if isinstance(value, int | float) else repr(value)


def status(store: str | os.PathLike[str]) -> dict[str, Any]:
    """How far a campaign is: cells done, failed and missing, the reasons of failures, seconds spent and left.

    `seconds_left` is an estimate for this machine's cores, from the seconds per unit of cost of each kind of cell; None
    while nothing is known. Raises ParameterError for a folder that holds no campaign.

    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import run_grid
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run_grid({"model": {"P": 3}, "grid": {"T": [0.3]}, "solve": {}}, ThreadPoolExecutor(1), folder)
    ...     status(folder)["done"]
    1
    """
    folder = Path(store)
    counts: Counter[str] = Counter(done=0, failed=0, missing=0)
    spent: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    left: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for cell in files.campaign_of(folder).cells:
        result = files.read(folder, cell)
        if result is None:
            counts["missing"] += 1
            left[cell.kind] += int(cell.cost())
            continue
        counts["failed" if result.failure else "done"] += 1
        reasons.update([result.failure] if result.failure else [])
        spent[cell.kind] += result.header["seconds"]
        paid[cell.kind] += int(cell.cost())
    known = set(left) <= {kind for kind in paid if paid[kind]}
    seconds = sum(spent[kind] * left[kind] / paid[kind] for kind in left) / cores() if known else None
    return {**counts, "failures": dict(reasons), "seconds": sum(spent.values()), "seconds_left": seconds}
