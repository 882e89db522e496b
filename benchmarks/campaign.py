"""Campaigns of many small cells: what a cell costs beyond its own work, memory of the parent, merging, and cores.

python benchmarks/campaign.py [--cells 10000]
"""

import argparse
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import densenet_sm as dsm
from densenet_sm.study.grid import _alone


def spec_of(count, **more):
    temperatures = np.linspace(0.2, 0.6, 20).tolist()
    return {"model": {"P": 3}, "grid": {"alpha": np.linspace(0, 0.1, count // 20).tolist(), "T": temperatures}, **more}


def _compiled(_):
    dsm.simulate(dsm.Model(P=3, alpha=0.05), T=0.3, N=160, sweeps=2, burn_in=0, samples=1)
    time.sleep(2)  # every worker takes one


def run(spec, workers, folder):
    """Seconds of wall time, and of work in the cells; growth of the parent's memory while it waited for them."""
    spent, memory = [], []

    def report(cell, outcome):
        spent.append(outcome["seconds"])
        memory.append(megabytes())

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_alone) as executor:
        list(executor.map(_compiled, range(workers)))
        began = time.perf_counter()
        counts = dsm.run_grid(spec, executor, folder, report=report)
    assert counts["failed"] == counts["missing"] == 0, counts
    return time.perf_counter() - began, sum(spent), memory[-1] - memory[0]


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000)
    count = parser.parse_args().cells
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        run(spec_of(100, solve={}), 2, root / "warm")
        wall, work, grown = run(spec_of(count, solve={}), 2, root / "small")
        print(f"{count} cells of theory on two workers: {wall:.1f} s, their own work {work / 2:.1f} s;")
        print(f"  overhead {1e3 * (wall * 2 - work) / count:.2f} ms of a core for each")
        print(f"  parent {megabytes():.0f} MB, {grown:.1f} of them since its first cell was done")
        began = time.perf_counter()
        merged = dsm.load(root / "small")
        first = time.perf_counter() - began
        began = time.perf_counter()
        assert dsm.load(root / "small").identical(merged)
        print(f"  load: {first:.2f} s at first, {time.perf_counter() - began:.3f} s again")
        began = time.perf_counter()
        dsm.run_grid(spec_of(count, solve={}), store=root / "small")
        print(f"  a run with nothing left to do: {time.perf_counter() - began:.1f} s")
        asked = {"N": [160], "sweeps": 1000, "samples": 4}
        one, two = (run(spec_of(80, simulate=asked), workers, root / f"w{workers}")[0] for workers in (1, 2))
        print(f"80 cells of simulations: {one:.1f} s on one worker, {two:.1f} s on two: {one / two:.2f} times")


if __name__ == "__main__":
    main()
