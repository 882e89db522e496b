"""Compiled functions kept on disk, and compiled afresh when any file of this folder has changed.

Numba looks at the file of a function alone, not at those of what it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba as nb


def stamp(folder: Path) -> tuple[float, int]:
    """Newest time and total size of the sources in a folder."""
    found = [path.stat() for path in sorted(folder.glob("*.py"))]
    return max(s.st_mtime for s in found), sum(s.st_size for s in found)


STAMP = stamp(Path(__file__).parent)


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` that releases the interpreter's lock and is cached on disk under the stamp of this folder."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = nb.njit(cache=True, nogil=True, **options)(function)
        dispatcher._cache._cache_file._source_stamp = STAMP
        return dispatcher

    return decorate
