"""Command line: parses, calls, prints."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from .errors import ConvergenceError, NoTransitionError

app = App(
    name="densenet-sm",
    help="Statistical mechanics of dense associative networks: replica theory and Monte Carlo of the same model.",
)

FIGURES = ("png", "pdf", "svg")
P = Annotated[int, Parameter(name="--P", help="interaction order")]
Temperature = Annotated[float, Parameter(name="--T", help="temperature, k_B = 1")]
Size = Annotated[int, Parameter(name="--N", help="number of spins")]
Load = Annotated[float, Parameter(help="load, K = 2 alpha N^(P-1)/P!")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="print JSON")]
Data = Annotated[str, Parameter(help="storing | supervised:r=0.6,M=10 | supervised:rho=0.1 | unsupervised:r=0.6,M=10 | "
                                     "multitasking:K=3,d=0.3 | teacher-student:T_teacher=1.0")]  # fmt: skip


def build(P: int, alpha: float, protocol: str, nu: float, interaction: str, field: float = 0.0) -> Any:
    """Model from command-line values; the protocol is written "name:key=value,key=value"."""
    from .errors import ParameterError, check_name
    from .model import Model
    from .protocols import PROTOCOLS

    name, _, rest = protocol.partition(":")
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
        raise ParameterError("protocol", f"{name} alone: it has no parameters", protocol, f"Write {name}.")
    for key in settings:
        check_name(f"protocol {name}", key, known)
    try:
        made = kind(**settings)
    except TypeError:
        raise ParameterError("protocol", f"{name} with {', '.join(known)}", protocol, "Give all of them.") from None
    return Model(P=P, protocol=made, alpha=alpha, nu=nu, interaction=interaction, field=field)


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
    from .errors import ParameterError

    if figure and out is not None and out.suffix.lstrip(".") not in FIGURES:
        raise ParameterError("out", f"a file ending in one of {', '.join(FIGURES)}", str(out), "Choose another ending.")
    if out is not None and not out.parent.is_dir():
        raise ParameterError("out", "a file in an existing folder", str(out), "Make the folder first.")


@app.command
def solve(
    P: P, T: Temperature, alpha: Load = 0.0, protocol: Data = "storing", nu: float = 0.0,
    interaction: str = "tensor", start: str = "retrieval", field: float = 0.0, json: Json = False,
) -> None:  # fmt: skip
    """Solve the replica-symmetric equations.

    Example: densenet-sm solve --P 3 --T 0.2 --alpha 0.1
    """
    from .theory import solve as run

    state = run(build(P, alpha, protocol, nu, interaction, field), T, start=start)
    names = ("phase", "m", "x", "q", "free_energy", "energy", "entropy", "replicon", "stable", "residual")
    show({name: getattr(state, name) for name in names}, json)


@app.command
def critical(
    parameter: str, P: P, T: Annotated[float | None, Parameter(name="--T")] = None, kind: str = "spinodal",
    alpha: Load = 0.0, protocol: Data = "storing", nu: float = 0.0, interaction: str = "tensor",
    start: str = "retrieval", against: str = "lowest", json: Json = False,
) -> None:  # fmt: skip
    """Critical value of alpha, T, nu, r, rho or d: spinodal, coexistence or ergodic line.

    Example: densenet-sm critical alpha --P 2 --T 0
    """
    from .theory import critical as run

    model = build(P, alpha, protocol, nu, interaction)
    transition = run(model, parameter, T=T, kind=kind, start=start, against=against)
    values = [crossing.value for crossing in transition.all]
    show({parameter: transition.value, "bracket": list(transition.bracket), "all": values}, json)


@app.command(name="phase-diagram")
def phase_diagram(
    P: P, x: str = "alpha:0:0.6:41", y: str = "T:0:1.2:41", T: Annotated[float | None, Parameter(name="--T")] = None,
    alpha: Load = 0.0, protocol: Data = "storing", nu: float = 0.0, interaction: str = "tensor",
    out: Path = Path("phase_diagram.png"),
) -> None:  # fmt: skip
    """Draw a phase diagram over two parameters; the data are stored beside the figure (.nc).

    Example: densenet-sm phase-diagram --P 3 --x alpha:0:0.6:41 --y T:0:1:41 --out storage.png
    """
    from rich.console import Console
    from rich.progress import Progress

    from . import plot
    from .theory import phase_diagram as run

    axes = axis("x", x), axis("y", y)
    check_folder(out, figure=True)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("rows", total=axes[1][3])
        ds = run(build(P, alpha, protocol, nu, interaction), *axes, T=T, progress=lambda: bar.advance(task))
    ds.to_netcdf(out.with_suffix(".nc"), engine="h5netcdf")
    figure = plot.phase_diagram(ds).figure
    figure.savefig(out)  # type: ignore[union-attr]
    print(f"{out}\n{out.with_suffix('.nc')}")


def axis(name: str, text: str) -> tuple[str, float, float, int]:
    """An axis written parameter:low:high:points."""
    from .errors import ParameterError

    parts = text.split(":")
    try:
        return parts[0], float(parts[1]), float(parts[2]), int(parts[3])
    except (IndexError, ValueError):
        raise ParameterError(name, "parameter:low:high:points", text, "Write alpha:0:0.6:41.") from None


@app.command
def simulate(
    P: P, T: Temperature, N: Size, alpha: Load = 0.0, protocol: Data = "storing", nu: float = 0.0,
    interaction: str = "tensor", sweeps: int = 1000, burn_in: int = 200, samples: int = 8, replicas: int = 2,
    start: str = "pattern", dynamics: str = "heat-bath", seed: int = 0, out: Path | None = None, json: Json = False,
) -> None:  # fmt: skip
    """Monte Carlo of a model; --out stores the whole dataset as netCDF.

    Example: densenet-sm simulate --P 3 --T 0.3 --N 128 --alpha 0.1
    """
    from .montecarlo import simulate as run

    model = build(P, alpha, protocol, nu, interaction)
    check_folder(out)
    settings = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "replicas": replicas, "start": start}
    ds = run(model, T, N=N, dynamics=dynamics, seed=seed, progress=not json, **settings)  # type: ignore[arg-type]
    if out is not None:
        ds.to_netcdf(out, engine="h5netcdf")
    first = ds.isel(T=0)
    show(
        {
            "m": first.m.mean(("sample", "replica")).values,
            "m_err": first.m_err.values,
            "energy": float(first.energy.mean()),
            "energy_err": float(first.energy_err),
            "q": float(first.q.mean()),
            "tau": float(first.tau),
            "status": str(first.status.values),
        },
        json,
    )


@app.command
def compare(
    P: P, T: Temperature, alpha: Load = 0.0, protocol: Data = "storing", nu: float = 0.0, interaction: str = "tensor",
    sizes: Annotated[list[int] | None, Parameter(consume_multiple=True)] = None, sweeps: int = 400,
    burn_in: int = 200, samples: int = 16, seed: int = 0, json: Json = False,
) -> None:  # fmt: skip
    """Monte Carlo at several sizes, extrapolated in 1/N, against theory.

    Example: densenet-sm compare --P 3 --T 0.3 --alpha 0.1 --sizes 96 128 192
    """
    from .study import compare as run
    from .study import table

    settings: dict[str, Any] = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": seed}
    ds = run(build(P, alpha, protocol, nu, interaction), T, sizes=sizes, progress=not json, **settings)
    if json:
        names = [str(n) for n in ds.observable.values]
        columns = {k: dict(zip(names, ds[k].values.tolist(), strict=True)) for k in ("value", "error", "theory", "z")}
        show(columns, True)
    else:
        print(table(ds, f"{ds.attrs['model']}, T = {T:g}"))


@app.command
def retrieve(
    P: P, N: Size, alpha: Load = 0.0, protocol: Data = "storing", T: Temperature = 0.0, overlap: float = 0.7,
    interaction: str = "tensor", sweeps: int = 100, seed: int = 0, json: Json = False,
) -> None:  # fmt: skip
    """Let one realisation fall from a noisy cue of its first archetype.

    Example: densenet-sm retrieve --P 3 --N 128 --alpha 0.05 --overlap 0.6
    """
    import numpy as np

    from .montecarlo import retrieve as run
    from .montecarlo.simulation import aligned
    from .network import Network
    from .streams import generator

    net = Network.sample(build(P, alpha, protocol, 0.0, interaction), N=N, seed=seed)
    rng = generator(seed, "initial state")
    blank = (2 * rng.integers(0, 2, (1, N)) - 1).astype(np.int8)
    spins = aligned(blank, net.archetypes[:1], overlap, rng)[0]
    end = run(net, spins, T=T, sweeps=sweeps, seed=seed)
    start = float(net.magnetisations(spins)[0])
    values = {"m_start": start, "m_end": float(end.magnetisations[0]), "sweeps": end.sweeps, "converged": end.converged}
    show(values, json)


@app.command
def info(json: Json = False) -> None:
    """Versions and the machine.

    Example: densenet-sm info
    """
    import os
    import platform
    from importlib.metadata import version

    packages = ("densenet-sm", "numpy", "scipy", "numba", "xarray", "matplotlib")
    show(
        {name: version(name) for name in packages} | {"python": platform.python_version(), "cores": os.cpu_count()},
        json,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: bad input ends in one line and exit code 2, a solver's failure in one line and 1."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        print(f"densenet-sm: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except (NoTransitionError, ConvergenceError) as error:
        print(f"densenet-sm: {error}", file=sys.stderr)
        sys.exit(1)
    except (ValueError, OSError) as error:
        print(f"densenet-sm: {error}", file=sys.stderr)
        sys.exit(2)
