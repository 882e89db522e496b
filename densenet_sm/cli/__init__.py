"""Command line: parses, calls, prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from ..errors import ConvergenceError, NoTransitionError
from .options import (
    Bounds,
    Count,
    Fixed,
    Json,
    Ladder,
    Options,
    Size,
    Starts,
    Sweeps,
    Temperature,
    axis,
    check_folder,
    numbers,
    show,
)

app = App(
    name="densenet-sm",
    help="Statistical mechanics of dense associative networks: replica theory and Monte Carlo of the same model.",
    suppress_keyboard_interrupt=False,  # it has a message
)


@app.command
def solve(
    options: Options, T: Temperature, start: str = "retrieval", ansatz: str = "RS", k: int = 1, N: Annotated[
    int | None, Parameter(name="--N", help="size whose exact signal f_N replaces f")] = None, json: Json = False,
) -> None:  # fmt: skip
    """Solve the equations of replica symmetry, or of its breaking in one step (1RSB) or k of them (kRSB).

    Example: densenet-sm solve --P 3 --T 0.2 --alpha 0.45 --ansatz 1RSB
    """
    from ..theory import solve as run

    state = run(options.model(), T, start=start, ansatz=ansatz, N=N, **({"k": k} if ansatz == "kRSB" else {}))
    names = ("phase", "m", "x", "q", "free_energy", "energy", "entropy", "replicon", "stable", "residual")
    broken = {} if ansatz == "RS" else {"tilts": state.tilts}
    show({name: getattr(state, name) for name in names} | broken, json)


@app.command
def critical(
    parameter: str, options: Options, T: Fixed = None, kind: str = "spinodal", ansatz: str = "RS",
    start: str = "retrieval", against: str = "lowest", bounds: Bounds = None, json: Json = False,
) -> None:  # fmt: skip
    """Critical value of alpha, T, nu, r, rho, M or d: spinodal, coexistence, at or ergodic line; glass transitions.

    Example: densenet-sm critical alpha --P 2 --T 0
    """
    from ..theory import critical as run

    settings = {"kind": kind, "ansatz": ansatz, "start": start, "against": against, "bounds": numbers("bounds", bounds)}
    transition = run(options.model(), parameter, T=T, **settings)
    values = [crossing.value for crossing in transition.all]
    show({parameter: transition.value, "bracket": list(transition.bracket), "all": values}, json)


@app.command
def design(
    find: str, options: Options, m: float = 0.95, T: Fixed = None, start: str = "retrieval", bounds: Bounds = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Least M or r, or largest alpha, nu, rho, d or T, that reaches a wanted magnetisation.

    Example: densenet-sm design M --P 3 --alpha 0.02 --protocol supervised:r=0.6,M=1 --T 0.1 --m 0.95
    """
    from ..theory import design as run

    found = run(options.model(), find, m=m, T=T, start=start, bounds=numbers("bounds", bounds))
    show({find: found.value, "m": found.state.m, "limited_by": found.limited_by, "phase": found.state.phase}, json)


@app.command
def line(
    options: Options, x: str = "alpha", y: str = "T", T: Fixed = None, kind: str = "spinodal", ansatz: str = "RS",
    start: str = "retrieval", against: str = "lowest", x_bounds: Bounds = None, y_bounds: Bounds = None,
    out: Path | None = None, json: Json = False,
) -> None:  # fmt: skip
    """Follow a line of transitions through two parameters; --out stores it as netCDF.

    Example: densenet-sm line --P 3 --x alpha --y T --kind spinodal --out spinodal.nc
    """
    from ..theory import line as run

    check_folder(out)
    settings = {"kind": kind, "ansatz": ansatz, "start": start, "against": against, "T": T}
    ranges = {"x_bounds": numbers("x_bounds", x_bounds), "y_bounds": numbers("y_bounds", y_bounds)}
    ds = run(options.model(), x, y, **settings, **ranges)  # type: ignore[arg-type]
    if out is not None:
        ds.to_netcdf(out, engine="h5netcdf")
    first = ds.isel(line=0).dropna("point")
    columns = {x: first.line_x.values, y: first.line_y.values, "m": first.m.values}
    if json:
        show(columns, True)
    else:
        print(first[["line_x", "line_y", "m", "q"]].rename(line_x=x, line_y=y).to_dataframe().to_string())


@app.command(name="phase-diagram")
def phase_diagram(
    options: Options, x: str = "alpha:0:0.6:41", y: str = "T:0:1.2:41", ansatz: tuple[str, ...] = ("RS",),
    T: Fixed = None, start: str | None = None, out: Path = Path("phase_diagram.png"), json: Json = False,
) -> None:  # fmt: skip
    """Draw a phase diagram over two parameters; the data are stored beside the figure (.nc).

    Example: densenet-sm phase-diagram --P 3 --x alpha:0:0.6:41 --y T:0:1:41 --ansatz RS --ansatz 1RSB --out storage.png
    """
    from rich.console import Console
    from rich.progress import Progress

    from .. import plot
    from ..theory import phase_diagram as run

    axes = axis("x", x), axis("y", y)
    check_folder(out, figure=True)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("rows", total=axes[1][3])
        ds = run(options.model(), *axes, ansatz, T=T, start=start, progress=lambda: bar.advance(task))
    ds.to_netcdf(out.with_suffix(".nc"), engine="h5netcdf")
    figure = plot.phase_diagram(ds).figure
    figure.savefig(out)  # type: ignore[union-attr]
    show({"figure": str(out), "data": str(out.with_suffix(".nc")), "lines": ds.line.values}, json)


@app.command
def simulate(
    options: Options, T: Ladder, N: Size, K: Count = None, sweeps: Sweeps = 1000, burn_in: int = 200, samples: int = 8,
    replicas: int = 2, start: Starts = None, overlap: float = 1.0, dynamics: str = "heat-bath", exchange: bool = False,
    seed: int = 0, checkpoint: Path | None = None, kernel: str | None = None, precision: float | None = None,
    budget: float | None = None, out: Path | None = None, json: Json = False,
) -> None:  # fmt: skip
    """Monte Carlo of a model; --out stores the whole dataset as netCDF, --checkpoint lets the same call go on.

    Several temperatures or starts give lists. --sweeps auto runs to --precision (standard error of m) or --budget
    (seconds).

    Example: densenet-sm simulate --P 3 --T 0.3 0.4 0.5 --N 128 --alpha 0.1 --exchange --sweeps auto --precision 0.01
    """
    from ..montecarlo import simulate as run

    model = options.model()
    check_folder(out)
    begin = "pattern" if start is None else start[0] if len(start) == 1 else start
    settings: dict[str, Any] = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "replicas": replicas}
    settings |= {"start": begin, "overlap": overlap, "dynamics": dynamics, "exchange": exchange, "kernel": kernel}
    settings |= {"checkpoint": checkpoint, "precision": precision, "budget": budget, "seed": seed, "K": K}
    ds = run(model, T[0] if len(T) == 1 else T, N=N, progress=not json, **settings)
    if out is not None:
        ds.to_netcdf(out, engine="h5netcdf")
    each = ds.isel(T=0) if len(T) == 1 else ds
    values = {"T": each["T"].values, "m": each.m.mean(("sample", "replica")).values, "m_err": each.m_err.values}
    values |= {"energy": each.energy.mean(("sample", "replica")).values, "energy_err": each.energy_err.values}
    values |= {"q": each.q.mean("sample").values}
    names = ("tau", "status", "reason", "hysteresis")
    values |= {name: each[name].values for name in names if name in each}
    if exchange:
        values["swap_acceptance"] = ds.swap_acceptance.mean(("sample", "replica")).values
    show(values | {name: ds.attrs[name] for name in ("sweeps", "stopped_by")}, json)


@app.command
def compare(
    options: Options, T: Temperature, sizes: Annotated[list[int] | None, Parameter(consume_multiple=True)] = None,
    sweeps: int = 400, burn_in: int = 200, samples: int = 16, seed: int = 0, json: Json = False,
) -> None:  # fmt: skip
    """Monte Carlo at several sizes, extrapolated in 1/N, against theory.

    Example: densenet-sm compare --P 3 --T 0.3 --alpha 0.1 --sizes 96 128 192
    """
    from ..study import compare as run
    from ..study import table

    settings: dict[str, Any] = {"sweeps": sweeps, "burn_in": burn_in, "samples": samples, "seed": seed}
    ds = run(options.model(), T, sizes=sizes, progress=not json, **settings)
    if json:
        names = [str(n) for n in ds.observable.values]
        columns = {k: dict(zip(names, ds[k].values.tolist(), strict=True)) for k in ("value", "error", "theory", "z")}
        show(columns, True)
    else:
        print(table(ds, f"{ds.attrs['model']}, T = {T:g}"))


@app.command
def retrieve(
    options: Options, N: Size, T: Temperature = 0.0, overlap: float = 0.7, sweeps: int = 100, cues: int = 1,
    K: Count = None, seed: int = 0, json: Json = False,
) -> None:  # fmt: skip
    """Let one realisation fall from noisy cues of its first archetype; several cues give lists.

    Example: densenet-sm retrieve --P 3 --N 128 --alpha 0.05 --overlap 0.6
    """
    import numpy as np

    from ..errors import check_integer
    from ..montecarlo import retrieve as run
    from ..montecarlo.starts import aligned
    from ..network import Network
    from ..streams import generator

    check_integer("cues", cues, low=1)
    net = Network.sample(options.model(), N=N, K=K, seed=seed)
    rng = generator(seed, "initial state")
    blank = (2 * rng.integers(0, 2, (cues, N)) - 1).astype(np.int8)
    spins = aligned(blank, net.archetypes[:1], overlap, rng)
    end = run(net, spins[0] if cues == 1 else spins, T=T, sweeps=sweeps, seed=seed)
    start = net.magnetisations(spins)[:, 0]
    values = {"m_start": start[0] if cues == 1 else start, "m_end": end.magnetisations[..., 0]}
    show(values | {"sweeps": end.sweeps, "flips": end.flips, "converged": end.converged}, json)


@app.command
def run(
    campaign: Path, store: Path | None = None, slice: str | None = None, retry: bool = False, dry_run: bool = False,
    scheduler: str | None = None, quiet: bool = False, json: Json = False,
) -> None:  # fmt: skip
    """Run the cells of a campaign file that its store (default runs/<name of the file>) lacks.

    --slice 2/8 runs every eighth cell from the second on; --scheduler tcp://... runs them on a Dask cluster; --retry
    those that failed, too; --dry-run prints cells, memory and time; --json one line for each cell.

    Example: densenet-sm run storage.toml --store runs/storage --slice 1/4
    """
    from ..study import run_grid
    from .campaigns import executor, following, outlook, part

    if dry_run:
        outlook(campaign, json)
        return
    folder = Path("runs") / campaign.stem if store is None else store
    with executor(scheduler) as engine, following(campaign, part(slice), quiet, json) as report:
        counts = run_grid(campaign, engine, folder, part(slice), retry, report)
    show(counts | {"store": str(folder)}, json)


@app.command
def status(store: Path, json: Json = False) -> None:
    """How far a campaign is: cells done, failed and missing, reasons of failures, time spent and left.

    Example: densenet-sm status runs/storage
    """
    from ..study import status as run

    show(run(store), json)


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
    except KeyboardInterrupt as stop:
        print(f"densenet-sm: {stop}", file=sys.stderr)
        sys.exit(130)
    except (NoTransitionError, ConvergenceError) as error:
        print(f"densenet-sm: {error}", file=sys.stderr)
        sys.exit(1)
    except (ValueError, OSError) as error:
        print(f"densenet-sm: {error}", file=sys.stderr)
        sys.exit(2)
