"""What `densenet-sm run` adds to `run_grid`: slices, a cluster, progress, and a look ahead."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import BackendUnavailableError, ParameterError
from .options import strict


def part(text: str | None) -> tuple[int, int] | None:
    """A slice written i/n."""
    if text is None:
        return None
    try:
        i, n = map(int, text.split("/"))
    except ValueError:
        raise ParameterError("slice", "i/n", text, "Write 1/4 for the first of four.") from None
    return i, n


@contextmanager
def executor(scheduler: str | None) -> Iterator[Any]:
    """The workers of a Dask scheduler, or None."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise BackendUnavailableError(
            "scheduler", "left out without Dask", scheduler, "Install it: pip install 'densenet-sm[cluster]'."
        ) from None
    with Client(scheduler, timeout=10) as client:
        yield client.get_executor(pure=False)


@contextmanager
def following(campaign: Path, slice: tuple[int, int] | None, quiet: bool, as_json: bool) -> Iterator[Any]:
    """A function that run_grid reports to: a bar with cells, rate, time left and the last cell; lines; or nothing."""
    if as_json and not quiet:

        def line(cell: Any, outcome: dict[str, Any]) -> None:
            print(json.dumps(strict({"kind": cell.kind, "point": dict(cell.point), **outcome})), flush=True)

        yield line
        return
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    from ..study.campaign import campaign as read
    from ..study.grid import sliced

    total, began = len(sliced(read(campaign).cells, slice)), time.monotonic()
    columns = (*Progress.get_default_columns()[:3], TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cells", total=total)

        def advance(cell: Any, outcome: dict[str, Any]) -> None:
            rate = (bar.tasks[0].completed + 1) / (time.monotonic() - began)
            place = " ".join(f"{name}={value}" for name, value in cell.point)
            said = outcome["failure"] or f"m = {outcome['m']:.3g}"
            bar.update(task, advance=1, description=f"{rate:.3g}/s  {cell.kind} {place}: {said}")

        yield advance


def outlook(campaign: Path, as_json: bool) -> None:
    """Print cells, the largest memory and the time of all."""
    from ..sizes import cores
    from ..study import foreseen

    cells = foreseen(campaign)
    largest, seconds = max(cell["bytes"] for cell in cells), sum(cell["seconds"] for cell in cells) / cores()
    if as_json:
        print(json.dumps(strict({"cells": cells, "largest_bytes": largest, "seconds": seconds})))
        return
    for cell in cells:
        place = " ".join(f"{name}={value}" for name, value in cell["point"].items())
        print(f"{cell['kind']:>8}  {place}  {cell['bytes'] / 2**20:.1f} MiB  {cell['seconds']:.3g} s")
    print(f"{len(cells)} cells, at most {largest / 2**20:.1f} MiB each, about {seconds:.3g} s on {cores()} cores")
