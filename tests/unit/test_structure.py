"""What importing costs, who may import whom, and examples in every public docstring."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import densenet_sm as dsm

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("theory", "simulations", "figures", "benchmarks")
MODULES = sorted(m.name for m in pkgutil.walk_packages(dsm.__path__, "densenet_sm."))
PROTOCOLS = {"Storing", "Supervised", "Unsupervised", "Multitasking"}
FUNCTIONS = {name for name in dsm.__all__ if inspect.isfunction(getattr(dsm, name))}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("densenet_sm", {"numba", "xarray", "matplotlib", "h5netcdf", "pandas", "cyclopts", "rich"}),
        ("densenet_sm.theory", {"numba", "xarray", "matplotlib", "h5netcdf", "pandas"}),
        ("densenet_sm.enumeration", {"numba", "xarray", "matplotlib", "h5netcdf", "pandas"}),
        ("densenet_sm.montecarlo", {"xarray", "matplotlib", "h5netcdf", "pandas"}),
        ("densenet_sm.study", {"xarray", "matplotlib", "h5netcdf", "pandas"}),
        ("densenet_sm.cli", {"numba", "xarray", "matplotlib", "h5netcdf", "pandas"}),
    ],
)
def test_importing_a_room_does_not_enter_heavier_ones(module, heavy):
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert heavy.isdisjoint(loaded)


def imports(path):
    """Absolute dotted names that a file imports (relative imports stay inside their package)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def test_script_folders_are_no_packages():
    for folder in SCRIPTS:
        assert not list((ROOT / folder).rglob("__init__.py"))


def test_no_file_imports_a_script():
    scripts = {path.stem for folder in SCRIPTS for path in (ROOT / folder).glob("*.py")} | set(SCRIPTS)
    library = list((ROOT / "densenet_sm").rglob("*.py"))
    assert library
    for path in [*library, *(p for folder in SCRIPTS for p in (ROOT / folder).rglob("*.py"))]:
        for name in imports(path):
            assert name.split(".")[0] not in scripts, f"{path} imports {name}"


def test_only_plot_and_the_command_line_import_matplotlib():
    for path in (ROOT / "densenet_sm").rglob("*.py"):
        if not {"plot", "cli"} & set(path.parts):
            assert not any(name.startswith("matplotlib") for name in imports(path)), path


@pytest.mark.parametrize("name", dsm.__all__)
def test_every_public_name_is_importable_and_documented(name):
    assert inspect.getdoc(getattr(dsm, name))
    assert name in dir(dsm)


@pytest.mark.parametrize("name", dsm.__all__)
def test_every_public_name_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(dsm, name))


@pytest.mark.parametrize("module", ["densenet_sm.plot", "densenet_sm.study", "densenet_sm.montecarlo"])
def test_every_public_function_of_a_room_has_an_example(module):
    room = importlib.import_module(module)
    functions = [name for name in room.__all__ if inspect.isfunction(getattr(room, name))]
    assert [name for name in functions if ">>>" not in inspect.getdoc(getattr(room, name))] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_example_is_seen_by_doctest(module):
    """The suite runs every example (--doctest-modules), but one that does not begin its line is not seen."""
    for line in inspect.getsource(importlib.import_module(module)).splitlines():
        assert line.lstrip().startswith(">>>") or ">>>" not in line, line


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        dsm.bogus  # noqa: B018
