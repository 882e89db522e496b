"""What commands have in common: the model as options, readers of compound values, results as text or JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

FIGURES = ("png", "pdf", "svg")
Temperature = Annotated[float, Parameter(name="--T", help="temperature, k_B = 1")]
Fixed = Annotated[float | None, Parameter(name="--T", help="temperature, where it is no axis and not searched")]
Size = Annotated[int, Parameter(name="--N", help="number of spins")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="print JSON")]
Count = Annotated[int | None, Parameter(name="--K", help="number of archetypes instead of the load's")]
Ladder = Annotated[list[float], Parameter(name="--T", consume_multiple=True, help="temperatures, k_B = 1")]
Sweeps = Annotated[int | Literal["auto"], Parameter(help="measured sweeps, or auto")]
Starts = Annotated[list[str] | None, Parameter(consume_multiple=True, help="pattern | example | random, or several")]
Bounds = Annotated[str | None, Parameter(help="range that is searched, low:high")]


@Parameter(name="*")
@dataclass
class Options:
    """What network is meant."""

    P: Annotated[int, Parameter(name="--P", help="interaction order")]
    alpha: Annotated[float, Parameter(help="load, K = 2 alpha N^(P-1)/P!")] = 0.0
    protocol: Annotated[str, Parameter(help="storing | supervised:r=0.6,M=10 | supervised:rho=0.1 | unsupervised:r=0.6,"
        "M=10 | multitasking:K=3,d=0.3 | multitasking:K=3,d=0.3+supervised:r=0.6,M=10 | teacher-student:T_teacher=1.0",
    )] = "storing"  # fmt: skip
    nu: Annotated[float, Parameter(help="synaptic noise")] = 0.0
    interaction: Annotated[str, Parameter(help="tensor | power")] = "tensor"
    field: Annotated[float, Parameter(help="external field along the first archetype")] = 0.0

    def model(self) -> Any:
        from ..model import Model

        own, _, data = self.protocol.partition("+")
        extra = {"data": protocol_of(data)} if data else {}
        made = protocol_of(own, extra)
        return Model(self.P, made, self.alpha, self.nu, self.field, self.interaction)


def protocol_of(text: str, extra: dict[str, Any] | None = None) -> Any:
    """A protocol written "name:key=value,key=value"."""
    from ..errors import ParameterError, check_name
    from ..protocols import PROTOCOLS

    name, _, rest = text.partition(":")
    kind = PROTOCOLS[check_name("protocol", name, PROTOCOLS)]
    settings: dict[str, Any] = {}
    for item in filter(None, rest.split(",")):
        key, _, value = item.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise ParameterError(f"protocol {key}", "key=number", item, "Write supervised:r=0.6,M=10.") from None
        settings[key] = int(number) if number.is_integer() and key in ("M", "K") else number
    known = [key for key in kind.__dataclass_fields__ if key != "data"]
    if settings and not known:
        raise ParameterError("protocol", f"{name} alone: it has no parameters", text, f"Write {name}.")
    for key in settings:
        check_name(f"protocol {name}", key, known)
    if extra and "data" not in kind.__dataclass_fields__:
        raise ParameterError(
            "protocol", f"{name} alone, without +data", text, "Only multitasking:...+data learns data."
        )
    try:
        return kind(**settings, **(extra or {}))
    except TypeError:
        raise ParameterError("protocol", f"{name} with {', '.join(known)}", text, "Give all of them.") from None


def numbers(name: str, text: str | None, count: int = 2) -> Any:
    """Numbers written low:high."""
    from ..errors import ParameterError

    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.split(":"))
    except ValueError:
        values = ()
    if len(values) != count:
        raise ParameterError(name, "low:high", text, "Write 0.01:0.5.")
    return values


def show(values: dict[str, Any], as_json: bool) -> None:
    """Print a flat result, aligned or as JSON."""
    plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in values.items()}
    if as_json:
        print(json.dumps(strict(plain), allow_nan=False))
        return
    width = max(map(len, plain))
    for key, value in plain.items():
        print(f"{key:>{width}}  {value}")


def strict(value: Any) -> Any:
    """JSON has no infinities and no NaN: they become null."""
    if isinstance(value, dict):
        return {k: strict(v) for k, v in value.items()}
    if isinstance(value, list):
        return [strict(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_folder(out: Path | None, figure: bool = False) -> None:
    """Refuse a file in a folder that is not there before hours are spent on its contents."""
    from ..errors import ParameterError

    if figure and out is not None and out.suffix.lstrip(".") not in FIGURES:
        raise ParameterError("out", f"a file ending in one of {', '.join(FIGURES)}", str(out), "Choose another ending.")
    if out is not None and not out.parent.is_dir():
        raise ParameterError("out", "a file in an existing folder", str(out), "Make the folder first.")


def axis(name: str, text: str) -> tuple[str, float, float, int]:
    """An axis written parameter:low:high:points."""
    from ..errors import ParameterError

    parts = text.split(":")
    try:
        return parts[0], float(parts[1]), float(parts[2]), int(parts[3])
    except (IndexError, ValueError):
        raise ParameterError(name, "parameter:low:high:points", text, "Write alpha:0:0.6:41.") from None
