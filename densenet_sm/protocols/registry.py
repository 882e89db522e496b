"""The protocols by name, and their parameters by name."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from .base import Storing
from .examples import Supervised, Unsupervised
from .multitasking import Multitasking
from .teacher import TeacherStudent

Protocol = Storing | Supervised | Unsupervised | Multitasking | TeacherStudent
PROTOCOLS: dict[str, type[Protocol]] = {
    "storing": Storing,
    "supervised": Supervised,
    "unsupervised": Unsupervised,
    "multitasking": Multitasking,
    "teacher-student": TeacherStudent,
}


def parameters_of(protocol: Protocol) -> tuple[str, ...]:
    """Names of the parameters that `Model.replace` reaches through this protocol (its data's included)."""
    own = [f.name for f in fields(protocol) if f.name != "data"]
    return tuple(own) + (parameters_of(protocol.data) if isinstance(protocol, Multitasking) else ())


def with_parameters(protocol: Protocol, changes: dict[str, Any]) -> Protocol:
    """Copy of the protocol with parameters changed, by name, its data's included."""
    own = {f.name for f in fields(protocol)}
    mine = {k: v for k, v in changes.items() if k in own}
    rest = {k: v for k, v in changes.items() if k not in own}
    if rest and isinstance(protocol, Multitasking):
        mine["data"] = with_parameters(mine.get("data", protocol.data), rest)
    return replace(protocol, **mine)
