"""Error classes, and the checks that raise them.

Every message carries four things: the parameter, what it must satisfy, the value received and the remedy.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any


class ParameterError(ValueError):
    """A parameter outside its range; the message names parameter, requirement, value and remedy.

    >>> str(ParameterError("T", "a number >= 0", -1, "Temperatures are not negative."))
    'T must be a number >= 0; got -1. Temperatures are not negative.'
    """

    def __init__(self, name: str, requirement: str, value: object, remedy: str):
        self.name, self.requirement, self.value, self.remedy = name, requirement, value, remedy
        super().__init__(f"{name} must be {requirement}; got {value!r}. {remedy}")


class MemoryLimitError(ParameterError):
    """A realisation that would not fit into this machine's memory; the message states the size.

    >>> issubclass(MemoryLimitError, ParameterError)
    True
    """


class BackendUnavailableError(ParameterError):
    """A device or its software that is not there; the message says what to install.

    >>> issubclass(BackendUnavailableError, ParameterError)
    True
    """


class CheckpointError(ParameterError):
    """A checkpoint that cannot be continued: damaged, or of another run; the message names the file and what differs.

    >>> issubclass(CheckpointError, ParameterError)
    True
    """


class CampaignError(ValueError):
    """A specification with mistakes: all of them, each with path, requirement, value and remedy.

    >>> CampaignError("run.toml", ["seed must be ..."]).mistakes
    ['seed must be ...']
    """

    def __init__(self, source: str, mistakes: list[str]):
        self.source, self.mistakes = source, mistakes
        many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n  ".join([f"{many} in {source}:", *mistakes]))


class ConvergenceError(RuntimeError):
    """A solver that did not reach its tolerance; carries the last iterate, its residual and the iterations spent.

    >>> ConvergenceError("no fixed point", last=[0.5], residual=1e-3, iterations=100).residual
    0.001
    """

    def __init__(self, message: str, last: Any = None, residual: float = math.nan, iterations: int = 0):
        self.last, self.residual, self.iterations = last, residual, iterations
        super().__init__(f"{message} (residual {residual:.3g} after {iterations} iterations)")


class NoTransitionError(ValueError):
    """No transition of the wanted kind in the range that was scanned; the message says which.

    >>> issubclass(NoTransitionError, ValueError)
    True
    """


def check_number(
    name: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    remedy: str | None = None,
) -> float:
    """Return `value` as a finite float inside the given interval, or raise ParameterError."""
    number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (math.isfinite(number) and above and below):
        interval = f"{'(' if open_low or low == -math.inf else '['}{low:g}, {high:g}"
        interval += ")" if open_high or high == math.inf else "]"
        raise ParameterError(name, f"a number in {interval}", value, remedy or f"Choose {name} in that interval.")
    return number


def check_integer(name: str, value: Any, *, low: int, high: int | None = None, remedy: str | None = None) -> int:
    """Return `value` as an int of at least `low` (and at most `high`), or raise ParameterError."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if isinstance(value, numbers.Real) and not whole and not isinstance(value, bool):
        whole = math.isfinite(value) and float(value).is_integer()
    if not whole or value < low or (high is not None and value > high):
        requirement = f"an integer >= {low}" + ("" if high is None else f" and <= {high}")
        raise ParameterError(name, requirement, value, remedy or f"Choose a whole number for {name}.")
    return int(value)


def check_name(name: str, value: Any, known: Iterable[str]) -> str:
    """Return `value` if it is one of the `known` names, or raise ParameterError listing them."""
    known = tuple(known)
    if not isinstance(value, str) or value not in known:
        raise ParameterError(name, "one of " + ", ".join(map(repr, known)), value, "Use one of these names.")
    return value
