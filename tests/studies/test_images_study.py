"""The study of images at toy size on digits, and on a folder of IDX files made here."""

import gzip
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

ROOT = Path(__file__).resolve().parents[2]


def stored(folder):
    return xr.load_dataset(folder / "data" / "images.nc", engine="h5netcdf")


def test_accuracies_are_stored_with_errors_and_a_baseline(study):
    ds = stored(study[0])
    assert ds.accuracy.dims == ("teacher", "P", "M", "cue")
    for name in ("accuracy", "m", "retrieved", "sweeps", "baseline"):
        assert np.isfinite(ds[name]).all()
        assert (ds[f"{name}_err"] >= 0).all()
    assert ((ds.accuracy >= 0) & (ds.accuracy <= 1)).all()
    assert ds.attrs["images"] == "digits"
    assert ds.attrs["seed"] == "1"


def test_pixels_above_their_median_are_less_correlated_and_images_resemble_their_archetype(study):
    attributes = stored(study[0]).attrs
    assert abs(attributes["overlap_of_archetypes"]) < attributes["overlap_of_archetypes_at_half_intensity"] / 2
    assert 0.2 < attributes["quality"] < 0.9


def test_confusion_counts_every_held_out_cue(study):
    ds = stored(study[0])
    for last, accuracy in (
        (0, ds.accuracy.isel(teacher=-1, P=-1, M=-1, cue=0)),
        (1, ds.baseline.isel(way=-1, M=-1, cue=0)),
    ):
        counts = ds.confusion.isel(last=last).values
        assert counts.sum() == ds.attrs["count"]
        assert np.trace(counts) / counts.sum() == pytest.approx(float(accuracy))


def test_pictures_are_signs_and_the_last_stage_is_the_end(study):
    ds = stored(study[0])
    assert set(np.unique(ds.pictures)) == {-1, 1}
    own = (ds.pictures.isel(stage=-1) * ds.own).mean("pixel")
    assert np.isfinite(own).all()


def test_tables_and_figures(study):
    assert len(re.findall(r"^  [a-z]+ +P = \d (?:   \d\.\d\d±\d\.\d\d/[+-]\d\.\d\d)+$", study[1], re.M)) == 18
    assert len(re.findall(r"^  nearest (?:average|decorrelated) ", study[1], re.M)) == 4
    for name in ("images", "images_pictures"):
        image = imread(study[0] / "figures" / f"{name}.png")[..., :3]
        assert (image.min(-1) < 0.5).mean() > 0.02
        assert (study[0] / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def run(*arguments):
    command = [sys.executable, "-W", "error", ROOT / "simulations" / "images.py", "--preset", "toy", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run([*map(str, command)], env=environment, capture_output=True, encoding="utf-8")


def test_idx_folders_are_read(tmp_path):
    """Three classes of noisy 6×6 blocks, compressed and not: what the script calls archetypes are the blocks."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(3, dtype=np.uint8), 40)
    images = np.where(rng.random((120, 36)) < 0.1, 255, 0).astype(np.uint8)
    for c in range(3):
        images[labels == c, 12 * c : 12 * c + 12] ^= 255
    header = struct.pack(">4i", 2051, 120, 6, 6) + images.tobytes()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, 120) + labels.tobytes())
    done = run("--idx", tmp_path, "--out", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    ds = stored(tmp_path)
    assert ds.attrs["pixels"] == 36
    blocks = np.where(np.arange(36) // 12 == np.arange(3)[:, None], 1, -1)
    assert ds.archetypes.values.tolist() == blocks.tolist()
    assert ds["class"].values.tolist() == [0, 1, 2]


def test_a_folder_without_images_is_refused(tmp_path):
    done = run("--idx", tmp_path, "--out", tmp_path / "data")
    assert done.returncode != 0
    assert "train-images-idx3-ubyte" in done.stderr
    assert not (tmp_path / "data" / "images.nc").exists()
