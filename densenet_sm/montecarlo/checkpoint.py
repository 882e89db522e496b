"""One file that a run can go on from: written beside, synced and renamed; refused if damaged or of another run.

An .npz of arrays and a JSON header: format, parameters, seed, versions, sweeps aimed at, seconds spent.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError, ParameterError
from .dynamics import Record
from .plan import Place, Plan
from .walks import Track

Array = NDArray[Any]
FORMAT = 1
SECONDS = 3.0  # between two checkpoints, and at least SHARE times as long as writing one takes
SHARE = 20.0
VERSIONS = ("densenet-sm", "numpy", "numba")


def check_path(path: Any) -> Path | None:
    """The path of a checkpoint, in a folder that exists."""
    if path is None:
        return None
    if not isinstance(path, str | os.PathLike) or Path(path).is_dir() or not Path(path).parent.is_dir():
        remedy = "Make the folder first, and name a file in it."
        raise ParameterError("checkpoint", "a file in an existing folder", path, remedy)
    return Path(path)


def save(path: Path, plan: Plan, tracks: list[Track], shift: dict[int, float], target: int, seconds: float) -> None:
    """Write all tracks; at any instant the file at `path` is a whole one, the old or the new."""
    header = {
        "format": FORMAT,
        "parameters": plan.description(),
        "versions": {name: version(name) for name in VERSIONS},
        "target": target,
        "seconds": seconds,
    }
    records = [r for track in tracks for r in track.records]  # chain after chain, in the order of plan.places()
    arrays = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        "swept": np.array([track.swept for track in tracks]),
        "spins": np.concatenate([track.spins for track in tracks]),
        "state": np.array([track.state for track in tracks]),
        "flips": np.array([r.flips for r in records]),
        "shift": np.array([shift.get(s, np.nan) for s in plan.samples]),
    }
    arrays |= {name: np.concatenate([getattr(r, name) for r in records]) for name in ("energy", "x", "m", "snapshots")}
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path, plan: Plan) -> tuple[list[Track], dict[int, float], int, float]:
    """Tracks, energy shifts, length aimed at and seconds spent; CheckpointError for a file that does not fit."""
    stored = io.BytesIO(path.read_bytes())
    try:
        with np.load(stored) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes())
        _compare(path, header, plan)
        tracks = _tracks(arrays, plan, header["target"])
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, IndexError, ValueError, NotImplementedError) as error:
        if isinstance(error, CheckpointError):
            raise
        remedy = "Delete the file to start afresh, or name another one."
        raise CheckpointError("checkpoint", f"a whole checkpoint ({error})", str(path), remedy) from error
    shift = {s: float(v) for s, v in zip(plan.samples, arrays["shift"], strict=True) if not np.isnan(v)}
    return tracks, shift, int(header["target"]), float(header["seconds"])


def _compare(path: Path, header: dict[str, Any], plan: Plan) -> None:
    """Same format, version of this package and parameters, or CheckpointError naming what differs."""
    own = plan.description() | {"format": FORMAT, "version": version("densenet-sm")}
    stored = header["parameters"] | {"format": header["format"], "version": header["versions"]["densenet-sm"]}
    differing = [k for k in own if json.loads(json.dumps(own[k])) != stored.get(k)]
    if differing:
        parts = (f"{k} = {stored.get(k)!r} there, {own[k]!r} here" for k in differing)
        remedy = "Repeat the call that wrote it, or name another file."
        raise CheckpointError("checkpoint", f"a checkpoint of this run ({'; '.join(parts)})", str(path), remedy)


def _tracks(arrays: dict[str, Array], plan: Plan, target: int) -> list[Track]:
    """Tracks from the arrays of `save`."""
    stride = plan.stride(target)
    tracks: list[Track] = []
    chain = row = shot = 0

    def cut(place: Place, swept: int) -> list[Record]:
        nonlocal chain, row, shot
        n = max(0, swept - plan.burn_in)
        s = len(range(-(-plan.burn_in // stride) * stride, swept, stride))
        records = []
        for _ in place.chains():
            rows, shots = slice(row, row + n), slice(shot, shot + s)
            series = (arrays["energy"][rows], arrays["x"][rows], arrays["m"][rows], arrays["snapshots"][shots])
            records.append(Record(*series, flips=int(arrays["flips"][chain])))
            chain, row, shot = chain + 1, row + n, shot + s
        return records

    for k, place in enumerate(plan.places()):
        first, swept = chain, int(arrays["swept"][k])
        records = cut(place, swept)
        tracks.append(Track(place, swept, arrays["spins"][first:chain], arrays["state"][k], [[r] for r in records]))
    sizes = (len(arrays["spins"]), len(arrays["energy"]), len(arrays["snapshots"]))
    if (chain, row, shot) != sizes:
        raise ValueError(f"{sizes} rows stored, {(chain, row, shot)} expected")
    return tracks
