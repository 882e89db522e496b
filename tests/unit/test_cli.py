"""Command line: results as text and JSON, one line and exit code 2 for bad input, an example in every help."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from densenet_sm import (
    Model,
    Multitasking,
    Supervised,
    TeacherStudent,
    Unsupervised,
    compare,
    critical,
    design,
    simulate,
    solve,
)
from densenet_sm.cli import app, main

COMMANDS = ("solve", "critical", "design", "line", "phase-diagram", "simulate", "compare", "retrieve", "info")
SHORT = "--sweeps 8 --burn-in 2 --samples 2"


@pytest.fixture
def cli(capsys, monkeypatch):
    """Run a command line in this process: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(line):
        with pytest.raises(SystemExit) as end:
            main(shlex.split(line))
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return call


@pytest.fixture
def read(cli):
    """Run a command with --json and parse what it prints, as strict JSON (no NaN, no Infinity)."""

    def call(line):
        code, out, err = cli(f"{line} --json")
        assert (code, err) == (0, "")
        return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))

    return call


def test_solve_prints_what_the_library_returns(read):
    state = solve(Model(P=3, alpha=0.1), T=0.2)
    found = read("solve --P 3 --T 0.2 --alpha 0.1")
    for name in ("phase", "m", "q", "free_energy", "energy", "entropy", "replicon", "stable"):
        assert found[name] == pytest.approx(getattr(state, name))


def test_solve_reads_protocol_start_and_interaction(read):
    model = Model(P=3, protocol=Multitasking(K=2, d=0.3), nu=0.01, interaction="power")
    state = solve(model, T=0.1, start="parallel")
    line = "solve --P 3 --T 0.1 --protocol multitasking:K=2,d=0.3 --nu 0.01 --interaction power --start parallel"
    assert read(line)["m"] == pytest.approx(state.m.tolist())


def test_the_teachers_temperature_is_a_protocol_setting(read):
    model = Model(P=3, alpha=3.0, protocol=TeacherStudent(T_teacher=1.0))
    line = "--P 3 --alpha 3 --protocol teacher-student:T_teacher=1.0"
    assert read(f"solve {line} --T 0.9")["m"] == pytest.approx(solve(model, T=0.9).m)
    ds = simulate(model, 0.9, N=16, sweeps=8, burn_in=2, samples=2)
    assert read(f"simulate {line} --T 0.9 --N 16 {SHORT}")["energy"] == pytest.approx(float(ds.energy.mean()))
    assert read(f"retrieve {line} --N 40 --overlap 0.5")["m_start"] == pytest.approx(0.5)


def test_critical_prints_what_the_library_returns(read):
    found = read("critical alpha --P 3 --T 0.2")
    transition = critical(Model(P=3), "alpha", T=0.2)
    assert found["alpha"] == pytest.approx(transition.value)
    assert found["bracket"] == pytest.approx(transition.bracket)
    assert found["all"] == pytest.approx([c.value for c in transition.all])


def test_bounds_kinds_and_integers_reach_critical(read):
    found = read("critical M --P 3 --T 0.1 --alpha 0.2 --protocol unsupervised:r=0.6,M=5 --bounds 1:50")
    wanted = critical(Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=5)), "M", T=0.1, bounds=(1, 50))
    assert found["M"] == wanted.value
    assert found["bracket"] == [wanted.value - 1, wanted.value]


def test_data_of_diluted_patterns_follow_a_plus(read):
    model = Model(P=2, protocol=Multitasking(K=2, d=0.3, data=Supervised(r=0.8, M=4)))
    line = "solve --P 2 --T 0.1 --protocol multitasking:K=2,d=0.3+supervised:r=0.8,M=4"
    assert read(line)["m"] == pytest.approx(solve(model, T=0.1).m.tolist())


def test_design_prints_what_the_library_returns(read):
    found = read("design alpha --P 3 --T 0.1 --m 0.95")
    assert found["alpha"] == pytest.approx(design(Model(P=3), "alpha", m=0.95, T=0.1).value)
    assert found["limited_by"] == "m"


def test_line_prints_and_stores_the_curve(read, tmp_path, monkeypatch):
    monkeypatch.setattr("densenet_sm.theory.lines.ROWS", 2)
    found = read(f"line --P 3 --y-bounds 0.1:0.4 --out {tmp_path}/l.nc")
    with xr.open_dataset(tmp_path / "l.nc", engine="h5netcdf") as ds:
        assert found["alpha"] == pytest.approx(ds.line_x[0].values)
        assert found["T"] == pytest.approx(ds.line_y[0].values)


def test_phase_diagram_writes_the_figure_and_its_data(cli, tmp_path):
    code, out, err = cli(f"phase-diagram --P 3 --x alpha:0.01:0.5:3 --y T:0.2:0.8:2 --out {tmp_path}/d.png")
    assert (code, err) == (0, "")
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
    with xr.open_dataset(tmp_path / "d.nc", engine="h5netcdf") as ds:
        assert dict(ds.phase.sizes) == {"T": 2, "alpha": 3}
    assert str(tmp_path / "d.nc") in out


def test_simulate_prints_and_stores_what_the_library_returns(read, tmp_path):
    found = read(f"simulate --P 3 --T 0.3 --N 16 --alpha 0.1 {SHORT} --seed 5 --out {tmp_path}/s.nc")
    ds = simulate(Model(P=3, alpha=0.1), 0.3, N=16, sweeps=8, burn_in=2, samples=2, seed=5)
    assert found["m"] == pytest.approx(ds.m.mean(("sample", "T", "replica")).values)
    assert found["energy"] == pytest.approx(float(ds.energy.mean()))
    assert found["status"] == str(ds.status.values[0])
    with xr.open_dataset(tmp_path / "s.nc", engine="h5netcdf") as stored:
        assert stored.m.equals(ds.m)


def test_simulate_takes_ladders_starts_and_rounds(read):
    line = "simulate --P 3 --T 0.5 0.8 --N 16 --alpha 0.1 --samples 2 --burn-in 4 --start pattern random"
    found = read(f"{line} --exchange --sweeps auto --precision 0.05")
    settings = {"N": 16, "samples": 2, "burn_in": 4, "start": ("pattern", "random"), "exchange": True}
    ds = simulate(Model(P=3, alpha=0.1), (0.5, 0.8), sweeps="auto", precision=0.05, **settings)
    assert found["m"] == ds.m.mean(("sample", "replica")).values.tolist()
    assert found["energy_err"] == ds.energy_err.values.tolist()
    assert found["T"] == [0.5, 0.8]
    assert (found["sweeps"], found["stopped_by"]) == (ds.attrs["sweeps"], "precision")
    assert found["hysteresis"] == ds.hysteresis.values.tolist()
    assert found["swap_acceptance"] == ds.swap_acceptance.mean(("sample", "replica")).values.tolist()


def test_simulate_writes_a_checkpoint_and_refuses_that_of_another_call(cli, read, tmp_path):
    line = f"simulate --P 3 --T 0.3 --N 16 {SHORT} --checkpoint {tmp_path}/c"
    assert read(line) == read(line)
    code, out, err = cli(f"{line} --seed 3 --json")
    assert (code, out) == (2, "")
    assert "seed = 0 there, 3 here" in err


def test_control_c_ends_in_one_line_and_code_130(cli, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("densenet_sm.montecarlo.run.wait", stop)
    code, out, err = cli(f"simulate --P 3 --T 0.3 --N 16 {SHORT} --json")
    assert (code, out) == (130, "")
    assert re.fullmatch(r"densenet-sm: interrupted after .*\n", err)


def test_the_progress_bar_says_that_kernels_compile(cli):
    code, out, err = cli(f"simulate --P 3 --T 0.3 --N 16 {SHORT}")
    assert code == 0
    assert "status" in out
    assert "sweeping" in err or "compiling" in err


def test_compare_prints_what_the_library_returns(read):
    found = read(f"compare --P 3 --T 0.3 --alpha 0.05 --sizes 12 16 {SHORT}")
    ds = compare(Model(P=3, alpha=0.05), 0.3, sizes=(12, 16), sweeps=8, burn_in=2, samples=2)
    for column in ("value", "error", "theory", "z"):
        assert list(found[column].values()) == pytest.approx(ds[column].values.tolist())


def test_retrieve_starts_from_the_overlap_asked_for(read):
    found = read("retrieve --P 3 --N 40 --alpha 0.01 --overlap 0.5")
    assert found["m_start"] == pytest.approx(0.5)
    assert found["m_end"] == 1
    assert found["converged"] is True


def test_retrieve_takes_many_cues(read):
    found = read("retrieve --P 3 --N 40 --alpha 0.01 --overlap 0.5 --cues 3")
    assert found["m_start"] == pytest.approx([0.5] * 3)
    assert found["m_end"] == [1.0] * 3
    assert found["flips"] == [10] * 3


def test_info_names_versions_and_the_machine(read):
    assert {"densenet-sm", "numpy", "numba", "python", "cores"} <= set(read("info"))


@pytest.mark.parametrize(
    "line",
    ["solve --P 3 --T 0 --alpha 0.1", "simulate --P 3 --T 0.3 --N 8 --sweeps 4 --burn-in 1 --samples 1 --replicas 1"],
)
def test_json_stays_json_where_numbers_are_infinite_or_missing(read, line):
    assert read(line)


def test_without_json_every_number_has_a_labelled_line(cli):
    code, out, _ = cli("solve --P 3 --T 0.2 --alpha 0.1")
    assert code == 0
    assert re.search(r"^ *phase  retrieval$", out, re.M)
    assert re.search(r"^ *m  0\.99\d*$", out, re.M)


BAD = {
    "P": ("solve --P 1 --T 0.1", "P must be an integer >= 2; got 1"),
    "T": ("solve --P 3 --T -1", "T must be"),
    "T nan": ("solve --P 3 --T nan", "T must be"),
    "field": ("solve --P 3 --T 0.1 --field -1", "field must be"),
    "protocol name": ("solve --P 3 --T 0.1 --protocol bogus", "'storing', 'supervised', 'unsupervised'"),
    "protocol value": ("solve --P 3 --T 0.1 --protocol supervised:r=x", "r=x"),
    "protocol parameter": ("solve --P 3 --T 0.1 --protocol storing:K=3", "storing:K=3"),
    "protocol range": ("solve --P 3 --T 0.1 --protocol unsupervised:r=2,M=3", "r must be"),
    "teacher": ("solve --P 3 --T 0.1 --protocol teacher-student:T_teacher=0.5", "T_teacher must be above 0.74"),
    "teacher without T": ("solve --P 3 --T 0.1 --protocol teacher-student", "teacher-student with T_teacher"),
    "start": ("solve --P 3 --T 0.1 --start bogus", "'retrieval', 'glass', 'paramagnet'"),
    "critical T": ("critical alpha --P 3", "T must be"),
    "critical parameter": ("critical beta --P 3 --T 0", "parameter must be"),
    "axis": ("phase-diagram --P 3 --x alpha:0", "parameter:low:high:points"),
    "axis order": ("phase-diagram --P 3 --x alpha:1:0:3", "x"),
    "N": ("simulate --P 3 --T 0.1 --N 2", "N must be"),
    "exchange": ("simulate --P 3 --T 0.1 --N 20 --exchange", "T must be at least two temperatures"),
    "auto": ("simulate --P 3 --T 0.1 --N 20 --sweeps auto", "sweeps must be a number unless precision or budget"),
    "sweeps": ("simulate --P 3 --T 0.1 --N 20 --sweeps some", "some"),
    "cues": ("retrieve --P 3 --N 20 --cues 0", "cues must be"),
    "dynamics": ("simulate --P 3 --T 0.1 --N 20 --dynamics zero", "T must be 0"),
    "memory": ("simulate --P 6 --T 0.1 --N 9000 --alpha 0.1", "GiB"),
    "samples": ("compare --P 3 --T 0.1 --sizes 12 16 --samples 1", "samples must be"),
    "overlap": ("retrieve --P 3 --N 20 --overlap 3", "overlap must be"),
    "overlap nan": ("retrieve --P 3 --N 20 --overlap nan", "overlap must be"),
    "folder": (f"simulate --P 3 --T 0.1 --N 8 {SHORT} --out /nowhere/x.nc --json", "/nowhere"),
    "missing option": ("solve --P 3", "T"),
    "not a number": ("solve --P three --T 0.1", "three"),
    "unknown option": ("solve --P 3 --T 0.1 --bogus 1", "bogus"),
    "unknown command": ("bogus", "bogus"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_code_2_and_one_line_on_stderr(cli, case):
    line, words = BAD[case]
    code, out, err = cli(line)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert err.startswith("densenet-sm: ")


@pytest.mark.parametrize("line", ["critical alpha --P 3 --T 3", "solve --P 2 --T 0.5 --alpha 0.1 --start paramagnet"])
def test_a_calculation_without_result_ends_with_code_1_and_one_line_on_stderr(cli, line):
    code, out, err = cli(line)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"densenet-sm: .+\n", err)


def test_broken_symmetry_is_an_option_of_solve_critical_and_diagrams(read, tmp_path):
    state = solve(Model(P=3, alpha=0.45), T=0.2, ansatz="1RSB")
    found = read("solve --P 3 --T 0.2 --alpha 0.45 --ansatz 1RSB")
    assert (found["q"], found["tilts"]) == (list(state.q), list(state.tilts))
    wanted = critical(Model(P=3, alpha=0.2), "T", kind="glass_static").value
    assert read("critical T --P 3 --alpha 0.2 --kind glass_static")["T"] == wanted
    axes = "--x alpha:0.1:0.5:3 --y T:0.5:0.6:2"
    drawn = read(f"phase-diagram --P 3 {axes} --ansatz RS --ansatz 1RSB --out {tmp_path}/broken.png")
    assert {"spinodal/RS", "spinodal/1RSB"} <= set(drawn["lines"])


def test_help_lists_every_command(cli):
    code, out, _ = cli("--help")
    assert code == 0
    assert all(re.search(rf"│ {name} ", out) for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example_that_parses(cli, command):
    code, out, _ = cli(f"{command} --help")
    example = re.search(r"^Example: densenet-sm (.*\S)\s*$", out, re.M)
    assert code == 0
    assert example is not None
    assert example[1].split()[0] == command
    app.parse_args(shlex.split(example[1]), exit_on_error=False)


def test_the_installed_command_leaves_no_traceback():
    command = Path(sys.executable).with_name("densenet-sm")
    bad = subprocess.run([command, "solve", "--P", "1", "--T", "0.1"], capture_output=True, text=True)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert re.fullmatch(r"densenet-sm: P must be .*\n", bad.stderr)
    good = subprocess.run([command, "solve", "--P", "3", "--T", "0.1"], capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, "")


CAMPAIGN = (
    "[model]\nP = 3\n[grid]\nalpha = [0.01, 0.02]\nT = [0.3]\n[simulate]\nN = 32\nsweeps = 20\nsamples = 2\n[solve]\n"
)


def test_a_campaign_is_looked_at_run_and_asked_for_its_status(tmp_path, capsys):
    path = tmp_path / "c.toml"
    path.write_text(CAMPAIGN)
    store = str(tmp_path / "s")
    with pytest.raises(SystemExit, match="0"):
        main(["run", str(path), "--dry-run"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 cells, at most")
    assert not Path(store).exists()
    with pytest.raises(SystemExit, match="0"):
        main(["run", str(path), "--dry-run", "--json"])
    assert len(json.loads(capsys.readouterr().out)["cells"]) == 4
    with pytest.raises(SystemExit, match="0"):
        main(["run", str(path), "--store", store, "--slice", "1/2", "--json"])
    *lines, counts = map(json.loads, capsys.readouterr().out.splitlines())
    assert len(lines) == counts["done"] == counts["missing"] == 2
    with pytest.raises(SystemExit, match="0"):
        main(["status", store, "--json"])
    assert json.loads(capsys.readouterr().out)["missing"] == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--slice", "x"], "slice"), (["--slice", "3/2"], "part")],
)
def test_bad_arguments_of_a_campaign_are_one_line(tmp_path, arguments, named):
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    code = "import sys; from densenet_sm.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "run", str(tmp_path / "c.toml"), "--store", str(tmp_path / "s"), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
