"""What figures are drawn from, and what they are written to."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def stored(path: Path | str, make: str) -> xr.Dataset:
    """The dataset in a file, or FileNotFoundError that says what makes it.

    >>> stored("missing.nc", "make learning")
    Traceback (most recent call last):
    FileNotFoundError: missing.nc is not there: run make learning
    """
    import xarray as xr

    if not Path(path).exists():
        raise FileNotFoundError(f"{path} is not there: run {make}")
    return xr.load_dataset(path, engine="h5netcdf")


def save(figure: Figure, folder: Path | str, name: str, data: Iterable[Path] = ()) -> list[Path]:
    """Write a figure as PNG and PDF and close it; inside are the versions, the data files and their seeds.

    Returns both paths. In the PNG the text is "Description", in the PDF "Subject".

    >>> import tempfile, matplotlib.pyplot as plt
    >>> [path.name for path in save(plt.figure(), tempfile.mkdtemp(), "empty")]
    ['empty.png', 'empty.pdf']
    """
    import h5netcdf
    import matplotlib.pyplot as plt

    files = sorted(Path(path) for path in data)
    seeds = set()
    for path in files:
        with h5netcdf.File(path) as file:
            seeds |= {str(file.attrs["seed"])} if "seed" in file.attrs else set()
    programs = ", ".join(f"{package} {version(package)}" for package in ("densenet-sm", "numpy", "scipy", "numba"))
    text = f"{programs}; data: {' '.join(path.name for path in files)}; seeds: {' '.join(sorted(seeds))}"
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.pdf"]
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both files
    for path, key in zip(paths, ("Description", "Subject"), strict=True):
        figure.savefig(path, metadata={key: text})
    plt.close(figure)
    return paths
