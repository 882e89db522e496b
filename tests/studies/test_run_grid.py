"""Campaigns survive: killed, damaged, without room, run twice; what is stored is what an uninterrupted run stores."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from densenet_sm import ParameterError, load, run_grid, simulate, solve
from densenet_sm.cli import main
from densenet_sm.study import grid, status, store
from densenet_sm.study.campaign import campaign

SPEC = {
    "model": {"P": 3},
    "grid": {"alpha": [0.02, 0.3], "T": [0.3, 0.6]},
    "simulate": {"N": [16, 24], "sweeps": 12, "burn_in": 4, "samples": 2},
    "solve": {},
    "seed": 7,
}
CELLS = 8 + 4


def cells_of(folder, spec=SPEC):
    """Arrays of every cell by name."""
    return {cell.name: store.read(folder, cell).arrays for cell in campaign(spec).cells}


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name, arrays in a.items():
        assert arrays.keys() == b[name].keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(array, b[name][key])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The store of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole") / "s"
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(SPEC, executor, folder) == {"done": CELLS, "failed": 0, "missing": 0}
    return folder


def test_cells_are_calls_of_simulate_and_solve(whole):
    ds = load(whole)
    for cell in campaign(SPEC).cells:
        point = dict(cell.point)
        if cell.kind == "solve":
            assert ds.theory_energy.sel(point).item() == solve(cell.model, point["T"]).energy
            continue
        run = simulate(cell.model, point["T"], N=point["N"], sweeps=12, burn_in=4, samples=2, seed=cell.run_seed)
        here = ds.sel(point)
        assert here.m.item() == run.m.mean("replica").mean("sample").item()
        assert here.energy_err.item() == run.energy_err.item()
        assert str(here.status.item()) == str(run.status.item())
        assert int(here.seed) == cell.run_seed


def test_the_dataset_has_an_axis_for_every_parameter(whole):
    ds = load(whole)
    assert ds.m.dims == ("alpha", "N", "T", "pattern")
    assert ds.theory_m.dims == ("ansatz", "alpha", "T", "pattern")
    assert set(ds.state.values.ravel()) == {"done"}
    assert json.loads(ds.attrs["campaign"])["seed"] == 7
    assert "densenet-sm" in ds.attrs["versions"]
    assert load(whole).identical(ds)  # from the file it left
    (whole / "merged.nc").write_bytes(b"damaged")
    assert load(whole).identical(ds)


def test_killed_at_any_instant_and_run_again_the_bits_are_the_same(whole, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        "seed = 7\n[model]\nP = 3\n[grid]\nalpha = [0.02, 0.3]\nT = [0.3, 0.6]\n[simulate]\nN = [16, 24]\nsweeps = 12\n"
        "burn_in = 4\nsamples = 2\n[solve]\n"
    )
    command = [sys.executable, "-m", "densenet_sm.cli", "run", str(path), "--store", str(tmp_path / "s"), "--quiet"]
    code = "import sys; from densenet_sm.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, *command[3:]]
    for _ in range(5):  # on a busy machine all may be done before it is killed
        shutil.rmtree(tmp_path / "s", ignore_errors=True)
        running = subprocess.Popen(command, start_new_session=True)
        while not list((tmp_path / "s" / "cells").glob("*.npz")) and running.poll() is None:
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        stored = len(list((tmp_path / "s" / "cells").glob("*.npz")))
        if 0 < stored < CELLS:
            break
    assert 0 < stored < CELLS
    assert status(tmp_path / "s")["missing"] == CELLS - stored
    states = [v for name, v in load(tmp_path / "s").items() if str(name).endswith("state")]
    assert sum(int((v == "missing").sum()) for v in states) == CELLS - stored
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(path, executor, tmp_path / "s")["done"] == CELLS
    assert_same(cells_of(tmp_path / "s"), cells_of(whole))


def test_what_is_stored_is_not_computed_again(whole, monkeypatch):
    monkeypatch.setattr(grid, "computed", lambda *_: pytest.fail("computed again"))
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(SPEC, executor, whole)["done"] == CELLS


def test_damaged_files_are_computed_again(whole, tmp_path):
    with ThreadPoolExecutor(1) as executor:
        run_grid(SPEC, executor, tmp_path, part=(1, 4))
        first, second, *_ = sorted((tmp_path / "cells").glob("*.npz"))
        first.write_bytes(first.read_bytes()[:-200])
        second.write_bytes(b"")
        assert status(tmp_path)["done"] == CELLS // 4 - 2
        run_grid(SPEC, executor, tmp_path)
    assert_same(cells_of(tmp_path), cells_of(whole))


def test_a_damaged_checkpoint_is_left_behind(whole, tmp_path):
    cell = next(c for c in campaign(SPEC).cells if c.kind == "simulate")
    (tmp_path / "cells").mkdir()
    store.file_of(tmp_path, cell).with_suffix(".run").write_bytes(b"no checkpoint")
    assert grid.work(tmp_path, cell)["failure"] == ""
    assert_same({cell.name: store.read(tmp_path, cell).arrays}, {cell.name: cells_of(whole)[cell.name]})
    assert not list((tmp_path / "cells").glob("*.run"))


def test_two_runs_on_one_store_at_a_time_compute_every_cell_once(whole, tmp_path, monkeypatch):
    counted, compute, lock = [], grid.computed, threading.Lock()

    def slowly(cell, checkpoint):
        with lock:
            counted.append(cell.name)
        time.sleep(0.05)
        return compute(cell, checkpoint)

    monkeypatch.setattr(grid, "computed", slowly)
    code = "import sys, json; from densenet_sm import run_grid\nfrom concurrent.futures import ThreadPoolExecutor\n"
    code += "with ThreadPoolExecutor(1) as e: print(run_grid(json.loads(sys.argv[1]), e, sys.argv[2])['done'])"
    other = subprocess.Popen([sys.executable, "-c", code, json.dumps(SPEC), str(tmp_path)], stdout=subprocess.PIPE)
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(SPEC, executor, tmp_path)["done"] == CELLS
    assert int(other.communicate()[0]) == CELLS
    assert len(set(counted)) == len(counted)
    assert_same(cells_of(tmp_path), cells_of(whole))


def test_slices_on_a_shared_folder_make_the_whole(whole, tmp_path):
    with ThreadPoolExecutor(1) as executor:
        for i in (1, 2, 3):
            counts = run_grid(SPEC, executor, tmp_path, part=(i, 3))
            assert counts["done"] == i * CELLS // 3
    assert_same(cells_of(tmp_path), cells_of(whole))


def test_failures_are_stored_with_their_reason_and_computed_again_on_demand(tmp_path, monkeypatch):
    def broken(model, T, **_):
        raise ValueError(f"no state at {T}")

    spec = {k: v for k, v in SPEC.items() if k != "simulate"}
    with ThreadPoolExecutor(1) as executor:
        with monkeypatch.context() as patch:
            patch.setattr(grid, "solve", broken)
            reported = []
            counts = run_grid(spec, executor, tmp_path, report=lambda *given: reported.append(given))
        assert counts == {"done": 0, "failed": 4, "missing": 0}
        assert {outcome["failure"] for _, outcome in reported} == {
            "ValueError: no state at 0.3",
            "ValueError: no state at 0.6",
        }
        ds = load(tmp_path)
        assert set(ds.theory_state.values.ravel()) == {"failed"}
        assert ds.theory_failure.sel(T=0.3, alpha=0.02).item() == "ValueError: no state at 0.3"
        assert status(tmp_path)["failures"] == {"ValueError: no state at 0.3": 2, "ValueError: no state at 0.6": 2}
        assert run_grid(spec, executor, tmp_path)["failed"] == 4
        assert run_grid(spec, executor, tmp_path, retry=True) == {"done": 4, "failed": 0, "missing": 0}


def test_a_full_disk_ends_in_a_clear_error_and_what_is_stored_stays(tmp_path, monkeypatch):
    spec = {k: v for k, v in SPEC.items() if k != "simulate"}
    flush, calls = os.fsync, []

    def full(descriptor):
        calls.append(1)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        flush(descriptor)

    with ThreadPoolExecutor(1) as executor:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match=r"No space left.*make room.*run again"):
                run_grid(spec, executor, tmp_path)
        assert status(tmp_path)["done"] == 2
        assert not list((tmp_path / "cells").glob(".*.tmp"))
        assert run_grid(spec, executor, tmp_path)["done"] == 4


def test_a_folder_that_cannot_be_written_ends_in_a_clear_error(whole):
    with tempfile.TemporaryDirectory() as root, ThreadPoolExecutor(1) as executor:
        folder = Path(root) / "s"
        run_grid(SPEC, executor, folder, part=(1, 4))
        for place in (Path(root), folder, folder / "cells"):
            place.chmod(0o555)
        root_user = os.geteuid() == 0
        if root_user:  # it may write everywhere
            os.seteuid(65534)
        try:
            with pytest.raises(OSError, match=r"denied.*run again"):
                run_grid(SPEC, executor, folder)
            with pytest.raises(OSError, match=r"denied.*Choose another"):
                run_grid(SPEC, executor, Path(root) / "other")
            assert status(folder)["done"] == CELLS // 4
            assert (load(folder).state == "done").sum() + (load(folder).theory_state == "done").sum() == CELLS // 4
        finally:
            if root_user:
                os.seteuid(0)
            for place in (Path(root), folder, folder / "cells"):
                place.chmod(0o755)
        assert run_grid(SPEC, executor, folder)["done"] == CELLS
        assert_same(cells_of(folder), cells_of(whole))


def test_no_cell_is_begun_after_the_budget(tmp_path):
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(SPEC | {"budget": 0.0}, executor, tmp_path) == {"done": 0, "failed": 0, "missing": CELLS}
        assert status(tmp_path)["seconds_left"] is None
        assert run_grid(SPEC, executor, tmp_path)["done"] == CELLS


def test_a_campaign_is_extended_but_not_replaced(tmp_path):
    spec = {k: v for k, v in SPEC.items() if k != "simulate"}
    longer = spec | {"grid": {"alpha": [0.02, 0.1, 0.3], "T": [0.3, 0.6]}}
    with ThreadPoolExecutor(1) as executor:
        run_grid(spec, executor, tmp_path)
        assert load(tmp_path).sizes["alpha"] == 2
        assert run_grid(longer, executor, tmp_path)["done"] == 6
        assert load(tmp_path).theory_m.notnull().all()
        with pytest.raises(ParameterError, match="store must be"):
            run_grid(spec | {"seed": 8}, executor, tmp_path)


def test_a_ladder_and_several_patterns_have_their_axes(tmp_path):
    spec = {
        "model": {"P": 2, "protocol": {"kind": "multitasking", "d": 0.3}},
        "grid": {"K": [1, 2], "T": [0.2, 0.4]},
        "simulate": {"N": 24, "sweeps": 16, "burn_in": 4, "samples": 2, "exchange": True},
        "solve": {"start": "pure"},
    }
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(spec, executor, tmp_path)["failed"] == 0
    ds = load(tmp_path)
    assert ds.m.dims == ("K", "N", "T", "pattern")
    assert ds.m.sel(K=1).isnull().values[..., 1].all()
    assert ds.m.sel(K=2).notnull().all()
    assert ds.theory_m.sel(K=2).notnull().all()


SMALL = """
[model]
P = 3
[grid]
alpha = [0.01, 0.02]
T = [0.3]
[solve]
"""
LONG = """
[model]
P = 3
alpha = 0.1
[grid]
T = [0.3, 0.4, 0.5]
[simulate]
N = [200]
sweeps = 1000000
samples = 2
"""


def test_an_interrupted_run_stops_at_once_and_leaves_checkpoints(tmp_path):
    (tmp_path / "c.toml").write_text(LONG)
    code = "import sys; from densenet_sm.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "run", str(tmp_path / "c.toml"), "--store", str(tmp_path / "s")]
    running = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, encoding="utf-8")
    while not list((tmp_path / "s" / "cells").glob("*.run")):
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "run again to go on" in said
    assert list((tmp_path / "s" / "cells").glob("*.run"))
    assert status(tmp_path / "s")["missing"] == 3


def test_processes_store_what_a_thread_does_and_are_replaced_if_they_die(whole, tmp_path):
    killed = []

    def kill(*_):
        if not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim)
            os.kill(victim.pid, signal.SIGKILL)

    assert run_grid(SPEC, store=tmp_path, report=kill)["done"] == CELLS
    assert killed
    assert_same(cells_of(tmp_path), cells_of(whole))


class Fragile(ThreadPoolExecutor):
    """A pool that breaks at one cell, as a pool of processes does where one is killed."""

    def submit(self, function, folder, cell, until):
        if cell.name != campaign(SPEC).cells[3].name:
            return super().submit(function, folder, cell, until)
        future = Future()
        future.set_exception(BrokenExecutor("a process was killed"))
        return future


def test_a_cell_that_kills_its_process_fails_and_the_others_go_on(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(grid, "_processes", lambda count: Fragile(1))
    assert run_grid(SPEC, store=tmp_path) == {"done": CELLS - 1, "failed": 1, "missing": 0}
    assert status(tmp_path)["failures"] == {grid.DIED: 1}
    with ThreadPoolExecutor(1) as executor:
        assert run_grid(SPEC, executor, tmp_path, retry=True)["done"] == CELLS
    assert_same(cells_of(tmp_path), cells_of(whole))


def test_a_folder_without_a_campaign_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="the folder of a campaign"):
        load(tmp_path)


def test_a_worker_of_a_cluster_that_is_killed_costs_nothing_but_time(whole, tmp_path, capsys):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

        def kill(*_):
            if len(pids) == 2:
                os.kill(pids.pop(), signal.SIGKILL)

        counts = run_grid(SPEC, client.get_executor(pure=False), tmp_path, report=kill)
        path = tmp_path / "c.toml"
        path.write_text(SMALL)
        with pytest.raises(SystemExit) as end:
            main(["run", str(path), "--store", str(tmp_path / "c"), "--scheduler", cluster.scheduler_address, "--json"])
    assert end.value.code == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["phase"] for line in lines[:-1]] == ["retrieval"] * 2
    assert lines[-1]["done"] == 2
    assert len(pids) == 1
    assert counts["done"] == CELLS
    assert_same(cells_of(tmp_path), cells_of(whole))
