"""Campaigns over theory, drawn from their datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ParameterError, check_name
from .diagrams import REGION_COLOURS, SYMBOLS, new_axes, patches, phase_diagram, regions

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def campaign(ds: xr.Dataset, x: str, y: str, diagram: xr.Dataset | None = None, ax: Axes | None = None) -> Axes:
    """Draw the phase labels of a campaign (`densenet_sm.load`) as points over theory, at its largest size.

    Circles are coloured as the regions are, so that one of another colour is a disagreement; dots are cells that are
    uncertain or unusable, crosses those that failed or are missing. Below them lies `diagram`, a phase diagram over the
    same axes, or else the theory's phase at every point (its first ansatz). Further axes must be selected before.

    Raises ParameterError for axes that the simulations do not have, or have besides.

    >>> import matplotlib; matplotlib.use("Agg")
    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from densenet_sm import load, run_grid
    >>> spec = {"model": {"P": 3}, "grid": {"alpha": [0.02, 0.1], "T": [0.3, 0.5]}, "simulate": {"N": 32}, "solve": {}}
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
    ...     _ = run_grid(spec, executor, folder)
    ...     campaign(load(folder), "alpha", "T").get_xlabel()
    'α'
    """
    if "label" not in ds:
        raise ParameterError(
            "ds", "what `load` returned, with simulations", list(ds), "Add [simulate] to the campaign."
        )
    axes = [str(d) for d in ds.label.dims if d != "N"]
    check_name("x", x, axes)
    check_name("y", y, [name for name in axes if name != x])
    rest = [name for name in axes if name not in (x, y)]
    if rest:
        raise ParameterError("ds", f"without the axes {rest}", axes, f"Select a value, as in ds.sel({rest[0]}=...).")
    from matplotlib.lines import Line2D

    ax = new_axes(ax)
    if diagram is not None:
        phase_diagram(diagram, ax, legend=False)
        below = np.unique(diagram.phase)
    elif "theory_phase" in ds:
        theory = ds.theory_phase.isel(ansatz=0).transpose(y, x)
        regions(ax, ds[x], ds[y], theory.values)
        below = np.unique(theory)
    else:
        below = np.array([], str)
    label = ds.label.isel(N=-1).transpose(y, x).values
    for row, column in np.ndindex(label.shape):
        name, at = str(label[row, column]), (float(ds[x][column]), float(ds[y][row]))
        if name in REGION_COLOURS:
            ax.plot(*at, "o", markersize=6, markerfacecolor=REGION_COLOURS[name], markeredgecolor="black")
        else:
            ax.plot(*at, "." if name else "x", markersize=4, color="0.3")
    ax.set(xlabel=SYMBOLS.get(x, x), ylabel=SYMBOLS.get(y, y), title=f"Monte Carlo, N = {int(ds.N[-1])}")
    points = [("o", "none", "Monte Carlo"), (".", "0.3", "uncertain or unusable"), ("x", "0.3", "failed or missing")]
    handles = patches([*below, *label.ravel()])
    handles += [Line2D([], [], linestyle="", marker=k, markerfacecolor=c, color="0.3", label=n) for k, c, n in points]
    ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return ax
