"""A study as a reader runs it: every script at toy size, each as its own process, warnings as errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study(request, tmp_path_factory):
    """Folder with data/ and figures/ of the study that the file is named after, and what its figure script printed."""
    name = request.path.stem.removeprefix("test_").removesuffix("_study")
    folder = tmp_path_factory.mktemp(name)

    def run(script, *arguments):
        command = [sys.executable, "-W", "error", script, *map(str, arguments)]
        environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout

    for script in (ROOT / "theory" / f"{name}.py", ROOT / "simulations" / f"{name}.py"):
        if script.exists():
            run(script, "--preset", "toy", "--out", folder / "data")
    return folder, run(ROOT / "figures" / f"{name}.py", "--data", folder / "data", "--out", folder / "figures")
