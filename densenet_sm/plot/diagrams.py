"""Phase diagrams and comparisons, drawn from their datasets."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import phases
from ..errors import check_name

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

STYLE = str(files(__package__).joinpath("densenet_sm.mplstyle"))
SYMBOLS = {"alpha": "α", "T": "T", "nu": "ν", "rho": "ρ", "r": "r", "d": "d"}
REGION_COLOURS = {
    phases.PARAMAGNET: "#F7F7F7",
    phases.GLASS: "#DDD3E8",
    phases.METASTABLE_RETRIEVAL: "#D6E8F5",
    phases.RETRIEVAL: "#9CC9E8",
    phases.NO_STATE: "#FFFFFF",
}
LINE_STYLES: dict[str, tuple[str, Any, str]] = {  # colour, dashes, name
    "spinodal": ("#0072B2", "-", "retrieval spinodal"),
    "coexistence": ("#D55E00", "--", "coexistence"),
    "ergodic": ("#6A4C93", ":", "glass / paramagnet"),
}


def phase_diagram(ds: xr.Dataset, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Draw regions and lines of a `densenet_sm.phase_diagram` dataset (or of one loaded from a file).

    >>> import matplotlib; matplotlib.use("Agg")
    >>> from densenet_sm import Model, phase_diagram as diagram
    >>> ax = phase_diagram(diagram(Model(P=3), x=("alpha", 0.01, 0.5, 3), y=("T", 0.1, 0.9, 3)))
    >>> ax.get_xlabel()
    'α'
    """
    from matplotlib.colors import ListedColormap

    ax = _axes(ax)
    x, y = ds.attrs["x"], ds.attrs["y"]
    number = {name: n for n, name in enumerate(phases.REGIONS)}
    region = np.vectorize(lambda label: number.get(str(label), number[phases.NO_STATE]))(ds.phase.values)
    colours = ListedColormap([REGION_COLOURS[name] for name in phases.REGIONS])
    ax.pcolormesh(
        ds[x],
        ds[y],
        region,
        cmap=colours,
        vmin=-0.5,
        vmax=len(phases.REGIONS) - 0.5,
        shading="nearest",
        rasterized=True,
    )
    handles: list[Any] = [
        _patch(name) for name in phases.REGIONS if (region == number[name]).any() and name != phases.NO_STATE
    ]
    for name in ds.line.values:
        kind, _, rest = str(name).partition("/")
        colour, dash, label = LINE_STYLES[kind]
        line = ds.sel(line=name)
        suffix = rest.replace("RS", "(RS)")
        (drawn,) = ax.plot(line.line_x, line.line_y, color=colour, linestyle=dash, label=f"{label} {suffix}")
        handles.append(drawn)
    ax.set(xlabel=SYMBOLS[x], ylabel=SYMBOLS[y], title=f"P = {ds.attrs['P']}")
    ax.set_xlim(float(ds[x].min()), float(ds[x].max()))
    ax.set_ylim(float(ds[y].min()), float(ds[y].max()))
    if legend:
        ax.legend(handles=handles, loc="upper right")
    return ax


def legend_handles() -> list[Any]:
    """Legend entries of every region and line, for one legend under several diagrams.

    >>> legend_handles()[0].get_label()
    'paramagnet'
    """
    from matplotlib.lines import Line2D

    regions = [_patch(name) for name in phases.REGIONS if name != phases.NO_STATE]
    lines = [Line2D([], [], color=c, linestyle=dash, label=f"{name} (RS)") for c, dash, name in LINE_STYLES.values()]
    return [*regions, *lines]


def _patch(region: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=REGION_COLOURS[region], edgecolor="0.6", linewidth=0.5, label=region)


def compare(comparison: xr.Dataset, ax: Axes | None = None, observable: str = "m") -> Axes:
    """Draw one observable of a `densenet_sm.compare` dataset against 1/N, with the theory at each N and at N → ∞.

    >>> import matplotlib; matplotlib.use("Agg")
    >>> from densenet_sm import Model, compare as measure
    >>> compare(measure(Model(P=3, alpha=0.02), T=0.3, sizes=(32, 48), sweeps=40, samples=2)).get_xlabel()
    '1/N'
    """
    check_name("observable", observable, comparison.observable.values.tolist())
    ax = _axes(ax)
    row = comparison.sel(observable=observable)
    inverse = 1 / row.N
    ax.errorbar(inverse, row.value_N, row.error_N, fmt="o", markersize=4, capsize=2, label="Monte Carlo")
    ax.plot(inverse, row.theory_N, "s", markersize=4, fillstyle="none", label="theory with f_N")
    ax.errorbar([0], [row.value], [row.error], fmt="D", markersize=5, capsize=3, label="Monte Carlo, 1/N → 0")
    ax.axhline(float(row.theory), color="0.4", linewidth=1, label="theory, N → ∞")
    ax.set(xlabel="1/N", ylabel=observable, title=f"P = {comparison.attrs['P']}, T = {comparison.attrs['T']:g}")
    ax.legend()
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with plt.style.context(STYLE):
        return plt.subplots()[1]
