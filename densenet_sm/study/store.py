"""The folder of a campaign: one atomic file for each cell, named by what it depends on; locks of cells in flight.

campaign.json            the specification
cells/<name>.npz         all numbers, and a JSON header: their names, description, versions, seconds, failure
cells/<name>.run         checkpoint of a simulation in flight
lock                     bytes of this file are locked by the cells in flight; a process that dies lets them go
merged.nc                what `load` made of the cells
"""

from __future__ import annotations

import fcntl
import io
import json
import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from .campaign import Campaign, Cell, campaign

Array = NDArray[Any]
VERSIONS = ("densenet-sm", "numpy", "numba", "scipy")
UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError)


@dataclass(frozen=True)
class Result:
    """What the file of a cell says."""

    header: dict[str, Any]
    arrays: dict[str, Array]

    @property
    def failure(self) -> str:
        """Why there are no arrays, or ""."""
        return str(self.header["failure"])


def create(store: Any, asked: Campaign) -> Path:
    """The folder of a campaign; another campaign's is refused."""
    if not isinstance(store, str | os.PathLike) or (Path(store).exists() and not Path(store).is_dir()):
        raise ParameterError("store", "a folder, which is made if it is not there", store, "Write store='runs/name'.")
    folder = Path(store)
    try:
        (folder / "cells").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} while a store was made. Choose another", str(folder)) from None
    text = json.dumps(asked.spec, indent=1)
    if (folder / "campaign.json").exists():
        before = campaign_of(folder)
        if before.spec | {"budget": None} != json.loads(text) | {"budget": None}:
            names = {cell.name for cell in asked.cells}
            if not names & {cell.name for cell in before.cells} and before.cells:
                remedy = "Choose another store; a campaign may be extended, not replaced."
                raise ParameterError("store", "of this campaign or of one with common cells", str(store), remedy)
    write(folder / "campaign.json", text.encode())
    return folder


def campaign_of(store: Any) -> Campaign:
    """The campaign of a folder."""
    path = Path(store) / "campaign.json"
    try:
        spec = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        remedy = "Pass the folder that run_grid was given."
        raise ParameterError("store", "the folder of a campaign", str(store), remedy) from None
    return campaign(spec, runnable=False)


def file_of(folder: Path, cell: Cell) -> Path:
    """The file of a cell."""
    return folder / "cells" / f"{cell.name}.npz"


def save(folder: Path, cell: Cell, arrays: dict[str, Array], seconds: float, failure: str = "") -> None:
    """Write the file of a cell: at any instant it is whole or not there."""
    numbers = {name: np.asarray(a, float) for name, a in arrays.items() if a.dtype.kind != "U"}
    header = cell.description() | {
        "point": dict(cell.point),
        "seed": str(cell.run_seed),
        "versions": versions(),
        "seconds": seconds,
        "failure": failure,
        "shapes": {name: a.shape for name, a in numbers.items()},
        "text": {name: a.tolist() for name, a in arrays.items() if name not in numbers},
    }
    content = io.BytesIO()
    values = np.concatenate([np.empty(0), *(a.ravel() for a in numbers.values())])
    np.savez(content, header=np.frombuffer(json.dumps(header).encode(), np.uint8), values=values)
    write(file_of(folder, cell), content.getvalue())


@cache
def versions() -> dict[str, str]:
    """Of the packages that the numbers depend on."""
    return {name: version(name) for name in VERSIONS}


def write(path: Path, content: bytes) -> None:
    """Beside, synced, renamed; OSError names the file that could not be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        remedy = "What is stored stays; make room, or write access, and run again."
        raise OSError(error.errno, f"{error.strerror} while a campaign was written. {remedy}", str(path)) from None
    finally:
        with suppress(OSError):  # a folder that cannot be written has no temporary file
            temporary.unlink(missing_ok=True)


def read(folder: Path, cell: Cell) -> Result | None:
    """What is stored of a cell; None if there is no file, or a damaged one, or one of another cell."""
    try:
        with np.load(io.BytesIO(file_of(folder, cell).read_bytes())) as file:
            header, values = json.loads(bytes(file["header"])), file["values"]
        shapes = header["shapes"]
        parts = np.split(values, np.cumsum([math.prod(shape) for shape in shapes.values()]))
        arrays = {name: part.reshape(shapes[name]) for name, part in zip(shapes, parts, strict=False)}
        arrays |= {name: np.array(text) for name, text in header["text"].items()}
    except UNREADABLE:
        return None
    same = json.loads(json.dumps(cell.description()))
    return Result(header, arrays) if {k: header.get(k) for k in same} == same else None


@contextmanager
def claimed(folder: Path, cell: Cell) -> Iterator[None]:
    """While it lasts no other process works on the cell; it waits for one that does."""
    with (folder / "lock").open("a+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX, 1, int(cell.name[:12], 16))
        yield  # closing the file lets go
