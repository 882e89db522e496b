"""Matrices here are small: one thread, for several of them wait for each other longer than they work."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> Any:
    """A context in which BLAS has one thread."""
    return _controller().limit(limits=1, user_api="blas")
