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


def _pale(colour: str) -> str:
    """A hex colour mixed with white."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * 0.4):02X}" for part in parts)


STYLE = str(files(__package__).joinpath("densenet_sm.mplstyle"))
SYMBOLS = {"alpha": "α", "T": "T", "nu": "ν", "rho": "ρ", "r": "r", "M": "M", "d": "d", "T_teacher": "T*"}
_ALIGNED = {  # Okabe–Ito hues, paler; metastable regions are paler still
    phases.RETRIEVAL: "#8FC3E6",
    phases.EXAMPLE: "#F5C46B",
    phases.RETRIEVAL_BROKEN: "#5B93C7",
    phases.PURE: "#8FC3E6",
    phases.HIERARCHICAL: "#7FCBB3",
    phases.MIXED: "#F0E79A",
    phases.PARALLEL: "#E3A7C6",
}
REGION_COLOURS = {
    phases.PARAMAGNET: "#F7F7F7",
    phases.GLASS: "#DDD3E8",
    **_ALIGNED,
    **{phases.metastable(phase): _pale(colour) for phase, colour in _ALIGNED.items()},
    phases.NO_STATE: "#FFFFFF",
}
LINE_STYLES: dict[str, tuple[str, Any, str]] = {  # colour, dashes, name; the longest beginning of a line's name counts
    "spinodal": ("#0072B2", "-", "spinodal"),
    "coexistence": ("#D55E00", "--", "coexistence"),
    "saddle": ("#CC79A7", (0, (4, 1)), "turns into a saddle"),
    "at": ("#009E73", "-.", "AT, retrieval"),
    "at glass": ("#009E73", (0, (1, 1, 3, 1)), "AT, glass"),
    "gardner": ("#CC79A7", (0, (3, 1, 1, 1)), "Gardner"),
    "glass_dynamic": ("#6A4C93", (0, (2, 1)), "glass, dynamic"),
    "glass_static": ("#6A4C93", (0, (6, 1)), "glass, static"),
    "ergodic": ("#6A4C93", ":", "glass / paramagnet"),
    "nishimori": ("0.35", (0, (6, 2)), "Nishimori"),
    "nishimori spinodal": ("0.35", "", "Nishimori: T_d²"),
    "nishimori coexistence": ("0.35", "", "Nishimori: T_K²"),
    "zero load": ("black", "", "zero load"),
    "P infinite": ("0.6", (0, (1, 2)), "P → ∞"),
}


def phase_diagram(ds: xr.Dataset, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Draw regions and lines of a `densenet_sm.phase_diagram` dataset (or of one loaded from a file).

    >>> import matplotlib; matplotlib.use("Agg")
    >>> from densenet_sm import Model, phase_diagram as diagram
    >>> ax = phase_diagram(diagram(Model(P=3), x=("alpha", 0.01, 0.5, 3), y=("T", 0.1, 0.9, 3)))
    >>> ax.get_xlabel()
    'α'
    """
    ax = new_axes(ax)
    x, y = ds.attrs["x"], ds.attrs["y"]
    regions(ax, ds[x], ds[y], ds.phase.values)
    handles: list[Any] = patches(np.unique(ds.phase))
    handles += lines(ds, ax)
    ax.set(xlabel=SYMBOLS[x], ylabel=SYMBOLS[y], title=f"P = {ds.attrs['P']}")
    ax.set_xlim(float(ds[x].min()), float(ds[x].max()))
    ax.set_ylim(float(ds[y].min()), float(ds[y].max()))
    if legend:
        ax.legend(handles=handles, loc="upper right")
    return ax


def lines(ds: xr.Dataset, ax: Axes | None = None) -> list[Any]:
    """Draw the lines of a dataset (`phase_diagram`, `line`, `exact_lines`), single points as markers; return them.

    >>> import matplotlib; matplotlib.use("Agg")
    >>> from densenet_sm import Model, exact_lines
    >>> lines(exact_lines(Model(P=3)))[0].get_label()
    'Nishimori'
    """
    ax = new_axes(ax)
    drawn: dict[str, Any] = {}
    for name in ds.line.values:
        line = ds.sel(line=name)
        colour, dash, label = _style(str(name))
        alone = int(np.isfinite(line.line_x).sum()) == 1
        style: dict[str, Any] = {"marker": "D", "markersize": 4} if alone else {"linestyle": dash or "-"}
        style["linewidth"] = _width(str(name))
        (artist,) = ax.plot(line.line_x, line.line_y, color=colour, label=label, **style)
        drawn.setdefault(label, artist)
    return list(drawn.values())


def _style(name: str) -> tuple[str, Any, str]:
    """Colour, dashes and label of a line: "spinodal example/RS lower" is the spinodal of the example state, RS."""
    kind, _, rest = name.partition("/")
    key = max((k for k in LINE_STYLES if kind == k or kind.startswith(f"{k} ")), key=len)
    colour, dash, label = LINE_STYLES[key]
    state = kind.removeprefix(key).strip()
    if state and rest:  # of another state than the main one
        label, dash = f"{label}, {state}", (0, (5, 1, 1, 1, 1, 1)) if dash == "-" else dash
    ansatz = rest.partition(" ")[0]
    return colour, dash, f"{label} ({ansatz})" if ansatz else label


def _width(name: str) -> float:
    """Lines of broken symmetry are drawn thicker."""
    return 2.2 if "/1RSB" in name else 1.2


def legend_handles(*datasets: xr.Dataset) -> list[Any]:
    """Legend entries of the regions and lines of some diagrams, for one legend under all of them.

    >>> from densenet_sm import Model, phase_diagram as diagram
    >>> legend_handles(diagram(Model(P=3), x=("alpha", 0.01, 0.5, 3), y=("T", 0.1, 0.9, 3)))[0].get_label()
    'paramagnet'
    """
    from matplotlib.lines import Line2D

    present = {str(label) for ds in datasets if "phase" in ds for label in np.unique(ds.phase)}
    handles: dict[str, Any] = {name: _patch(name) for name in phases.REGIONS if name in present - {phases.NO_STATE}}
    length: dict[str, int] = {}
    for ds in datasets:
        for name in ds.line.values:
            colour, dash, label = _style(str(name))
            points = int(np.isfinite(ds.line_x.sel(line=name)).sum())
            if min(points, 2) <= length.get(label, -1):  # a line shows more than a single point
                continue
            style: dict[str, Any] = {"marker": "D", "linestyle": ""} if points == 1 else {"linestyle": dash or "-"}
            style["linewidth"] = _width(str(name))
            length[label] = min(points, 2)
            handles[label] = Line2D([], [], color=colour, label=label, **style)
    return list(handles.values())


def regions(ax: Axes, x: Any, y: Any, labels: Any) -> None:
    """Colour regions [y, x]."""
    from matplotlib.colors import ListedColormap

    number = {name: n for n, name in enumerate(phases.REGIONS)}
    region = np.vectorize(lambda label: number.get(str(label), number[phases.NO_STATE]))(labels)
    colours = ListedColormap([REGION_COLOURS[name] for name in phases.REGIONS])
    top = len(phases.REGIONS) - 0.5
    ax.pcolormesh(x, y, region, cmap=colours, vmin=-0.5, vmax=top, shading="nearest", rasterized=True)


def patches(labels: Any) -> list[Any]:
    """Legend entries of the regions among labels."""
    present = {str(label) for label in labels}
    return [_patch(name) for name in phases.REGIONS if name in present - {phases.NO_STATE}]


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
    ax = new_axes(ax)
    row = comparison.sel(observable=observable)
    inverse = 1 / row.N
    ax.errorbar(inverse, row.value_N, row.error_N, fmt="o", markersize=4, capsize=2, label="Monte Carlo")
    ax.plot(inverse, row.theory_N, "s", markersize=4, fillstyle="none", label="theory with f_N")
    ax.errorbar([0], [row.value], [row.error], fmt="D", markersize=5, capsize=3, label="Monte Carlo, 1/N → 0")
    ax.axhline(float(row.theory), color="0.4", linewidth=1, label="theory, N → ∞")
    ax.set(xlabel="1/N", ylabel=observable, title=f"P = {comparison.attrs['P']}, T = {comparison.attrs['T']:g}")
    ax.legend()
    return ax


def new_axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with plt.style.context(STYLE):
        return plt.subplots()[1]
