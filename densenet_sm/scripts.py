"""Command lines of the scripts of studies: what they all take, said once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path


def study_arguments(
    doc: str | None, presets: Iterable[str], argv: Sequence[str] | None = None, seed: bool = False
) -> argparse.Namespace:
    """`preset` and `out`, a folder that is made if it is not there; Monte Carlo has a `seed` besides.

    Bad arguments end the script with one line and exit code 2.

    >>> import tempfile
    >>> args = study_arguments("A study.", ("toy", "quick"), ["--out", tempfile.mkdtemp()], seed=True)
    >>> args.preset, args.seed, args.out.is_dir()
    ('quick', 1, True)
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(presets), default="quick")
    parser.add_argument("--out", type=Path, default=Path("data"))
    if seed:
        parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    return args


def figure_arguments(doc: str | None, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Folders: `data` to read from, `out` to draw into.

    >>> figure_arguments("A figure.", ["--data", "runs"])
    Namespace(data=PosixPath('runs'), out=PosixPath('figures'))
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("figures"))
    return parser.parse_args(argv)
