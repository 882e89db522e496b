"""Checkpoints: killed at any instant and resumed a run gives the same numbers; files that do not fit are refused."""

import io
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from densenet_sm import CheckpointError, Model, Network, ParameterError, simulate
from densenet_sm.montecarlo import checkpoint as files
from densenet_sm.montecarlo import run as loop

MODEL = Model(P=3, alpha=0.15)
CALL = {"T": [0.3, 0.6], "N": 24, "sweeps": 300, "burn_in": 70, "samples": 3, "seed": 4}
SCRIPT = """
import json, sys, time
from densenet_sm import Model, simulate
from densenet_sm.montecarlo import checkpoint, run

checkpoint.SECONDS = checkpoint.SHARE = 0.0
run.PIECE, run.TICK = 0.0, 0.001
walk_of = run.walk_of


def paced(*arguments):
    # slow enough to be killed on the way on a machine that is busy with something else
    walk = walk_of(*arguments)
    go = walk.run
    walk.run = lambda *chunk: (time.sleep(0.1), go(*chunk))[1]
    return walk


run.walk_of = paced
call = json.loads(sys.argv[1])
simulate(Model(P=3, alpha=0.15), checkpoint=sys.argv[2], **call)
"""
LONG = {"T": [0.3, 0.5], "N": 64, "K": 400, "sweeps": 6400, "burn_in": 100, "samples": 2, "seed": 4}
KINDS = {
    "single": LONG,
    "exchange": LONG | {"exchange": True, "start": "random", "sweeps": 3200},
    "parallel": LONG | {"dynamics": "parallel", "sweeps": 640, "start": ["pattern", "random"]},
    "auto": LONG | {"T": [0.8, 1.2], "sweeps": "auto", "precision": 0.003, "start": "random"},
}


def swept(path):
    """Sweeps done by each track of a stored run; the file is a whole one at any instant."""
    if not path.exists():
        return np.zeros(1, int)
    with np.load(io.BytesIO(path.read_bytes())) as stored:
        return stored["swept"]


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_instant_and_resumed_the_run_is_the_uninterrupted_one(kind, tmp_path):
    """SIGKILL four times, each in a process that resumes the last, as soon as it got on and a random moment later."""
    path = tmp_path / "c"
    command = [sys.executable, "-c", SCRIPT, json.dumps(KINDS[kind]), str(path)]
    rng, progress = np.random.default_rng(1), [0]
    while len(progress) < 5:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and swept(path).sum() <= progress[-1]:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        assert not err, err.decode()
        progress.append(int(swept(path).sum()))
    whole = simulate(MODEL, **KINDS[kind])
    total = (whole.attrs["sweeps"] + whole.attrs["burn_in"]) * len(swept(path))
    assert 0 < progress[1] < progress[2] < total, "killed on the way"
    resumed = simulate(MODEL, **KINDS[kind], checkpoint=path)
    assert resumed.identical(whole)
    assert swept(path).sum() == total


def interrupt_after(monkeypatch, looks):
    """A KeyboardInterrupt when the main thread looks at its threads for the given time."""
    monkeypatch.setattr(loop, "TICK", 0.001)
    monkeypatch.setattr(loop, "PIECE", 0.0)
    left = [looks]
    wait = loop.wait

    def stubborn(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return wait(*arguments)

    monkeypatch.setattr(loop, "wait", stubborn)


@pytest.mark.parametrize("looks", [0, 40])
@pytest.mark.parametrize("kind", ["single", "exchange", "auto"])
def test_control_c_leaves_a_checkpoint_and_says_so(kind, looks, tmp_path, monkeypatch):
    path = tmp_path / "c"
    with monkeypatch.context() as patch:
        interrupt_after(patch, looks)
        with pytest.raises(KeyboardInterrupt, match=r"interrupted after \d+ of \d+ sweeps; the same call goes on from"):
            simulate(MODEL, **KINDS[kind], checkpoint=path)
    assert simulate(MODEL, **KINDS[kind], checkpoint=path).identical(simulate(MODEL, **KINDS[kind]))


def test_control_c_without_a_checkpoint_says_how_to_keep_the_work(monkeypatch):
    interrupt_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt, match="pass checkpoint= to keep it"):
        simulate(MODEL, **LONG)


def test_an_error_in_a_thread_is_raised_and_what_was_done_is_kept(tmp_path, monkeypatch):
    path, walk_of = tmp_path / "c", loop.walk_of

    def broken(plan, shared, track):
        if track.place.sample == 2:
            raise RuntimeError("out of order")
        return walk_of(plan, shared, track)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "walk_of", broken)
        with pytest.raises(RuntimeError, match="out of order"):
            simulate(MODEL, **CALL, checkpoint=path)
    assert path.exists()
    assert simulate(MODEL, **CALL, checkpoint=path).identical(simulate(MODEL, **CALL))


def test_a_finished_run_is_read_and_not_repeated(tmp_path, monkeypatch):
    first = simulate(MODEL, **CALL, checkpoint=tmp_path / "c")
    monkeypatch.setattr(loop, "walk_of", lambda *_: pytest.fail("swept again"))
    assert simulate(MODEL, **CALL, checkpoint=str(tmp_path / "c")).identical(first)


def test_a_longer_budget_or_finer_precision_goes_on_from_the_same_file(tmp_path):
    call = CALL | {"T": [0.8, 1.0], "sweeps": "auto", "start": "random"}
    simulate(MODEL, **call, precision=0.02, checkpoint=tmp_path / "c")
    finer = simulate(MODEL, **call, precision=0.006, checkpoint=tmp_path / "c")
    assert finer.identical(simulate(MODEL, **call, precision=0.006))


OTHER = {
    "T": [0.3, 0.7],
    "N": 25,
    "K": 12,
    "sweeps": 301,
    "burn_in": 71,
    "samples": [0, 1, 3],
    "seed": 5,
    "replicas": 3,
    "start": "random",
    "overlap": 0.5,
    "dynamics": "metropolis",
    "exchange": True,
}


@pytest.mark.parametrize("name", OTHER)
def test_a_checkpoint_of_other_parameters_is_refused_with_what_differs(name, tmp_path):
    path = tmp_path / "c"
    simulate(MODEL, **CALL, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=rf"\b{name} = .* there, .* here") as caught:
        simulate(MODEL, **CALL | {name: OTHER[name]}, checkpoint=path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_model_network_or_version_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "c"
    simulate(MODEL, **CALL, checkpoint=path)
    with pytest.raises(CheckpointError, match=r"model = .*alpha=0\.15.* there"):
        simulate(MODEL.replace(field=0.1), **CALL, checkpoint=path)
    monkeypatch.setattr(files, "version", lambda _: "0.0")
    with pytest.raises(CheckpointError, match="version = "):
        simulate(MODEL, **CALL, checkpoint=path)
    monkeypatch.undo()
    nets = [Network.sample(MODEL, 24, seed=s) for s in (1, 2)]
    call = {"T": 0.3, "sweeps": 10, "checkpoint": tmp_path / "net"}
    first = simulate(nets[0], **call)
    assert simulate(nets[0], **call).identical(first)
    with pytest.raises(CheckpointError, match=r"model = .Network"):
        simulate(nets[1], **call)


def test_truncated_or_damaged_checkpoints_are_refused_by_name(tmp_path):
    """Any truncation is refused. Any changed byte is either refused or without effect (padding, dates of the zip)."""
    path = tmp_path / "c"
    call = CALL | {"sweeps": 20, "burn_in": 5, "samples": 1}
    whole = simulate(MODEL, **call, checkpoint=path)
    good = path.read_bytes()
    rng = np.random.default_rng(3)
    for size in (0, 1, 100, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:size])
        with pytest.raises(CheckpointError, match="Delete the file") as caught:
            simulate(MODEL, **call, checkpoint=path)
        assert str(path) in str(caught.value)
    refused = 0
    for place in rng.integers(0, len(good), 100):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            assert simulate(MODEL, **call, checkpoint=path).identical(whole)
        except CheckpointError:
            refused += 1
    assert refused > 50


def test_a_file_that_is_no_checkpoint_is_refused_and_kept(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(CheckpointError):
        simulate(MODEL, **CALL, checkpoint=path)
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    with pytest.raises(CheckpointError, match="header"):
        simulate(MODEL, **CALL, checkpoint=tmp_path / "other.npz")
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_noticed_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "walk_of", lambda *_: pytest.fail("swept"))
    for path in (tmp_path / "no" / "c", tmp_path, 3):
        with pytest.raises(ParameterError, match="checkpoint must be a file in an existing folder"):
            simulate(MODEL, **CALL, checkpoint=path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "c"
    call = CALL | {"sweeps": "auto", "T": 0.8, "start": "random"}
    simulate(MODEL, **call, precision=0.05, checkpoint=path)
    before = path.read_bytes()

    def fail(*_, **__):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fail)
        with pytest.raises(OSError, match="no space left"):
            simulate(MODEL, **call, precision=0.006, checkpoint=path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["c"]
