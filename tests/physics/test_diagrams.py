"""Phase diagrams: their lines are critical values of single rows, their regions are states of single points."""

import functools

import numpy as np
import pytest

from densenet_sm import (
    Model,
    Multitasking,
    NoTransitionError,
    Supervised,
    TeacherStudent,
    Unsupervised,
    critical,
    phase_diagram,
    phases,
    solve,
)

DIAGRAMS = {
    "storage P=2": (Model(P=2), ("alpha", 0.0, 0.2, 13), ("T", 0.0, 1.2, 11), None),
    "storage P=3": (Model(P=3), ("alpha", 0.0, 0.6, 13), ("T", 0.0, 1.0, 9), None),
    "detection P=4": (Model(P=4), ("T", 0.01, 1.0, 12), ("nu", 0.0, 0.9, 7), None),
    "learning P=3": (
        Model(P=3, protocol=Unsupervised(r=0.5, M=10)),
        ("alpha", 0.0, 0.06, 11),
        ("T", 0.05, 0.6, 6),
        None,
    ),
    "examples P=3": (
        Model(P=3, protocol=Unsupervised(r=0.5, M=8), alpha=0.02),
        ("r", 0.3, 0.9, 11),
        ("M", 2, 30, 5),
        0.2,
    ),
    "student P=3": (Model(P=3, protocol=TeacherStudent(2.0)), ("alpha", 0.5, 20.0, 11), ("T", 0.2, 2.6, 7), None),
    "power P=4": (Model(P=4, interaction="power"), ("alpha", 0.0, 3.0, 9), ("T", 0.0, 1.2, 7), None),
    "supervised P=2": (
        Model(P=2, protocol=Supervised(rho=0.1), alpha=0.05),
        ("rho", 0.0, 1.0, 9),
        ("T", 0.1, 1.1, 6),
        None,
    ),
}


class Diagrams:
    """Each solved when first asked for."""

    @functools.cache  # noqa: B019
    def __getitem__(self, name):
        model, x, y, T = DIAGRAMS[name]
        return phase_diagram(model, x=x, y=y, T=T)


@pytest.fixture(scope="module")
def diagrams():
    return Diagrams()


def row_of(name, value):
    """Model and temperature of one row of a diagram."""
    model, _, y, T = DIAGRAMS[name]
    return (model, value) if y[0] == "T" else (model.replace(**{y[0]: value}), T)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_nothing_fails_and_every_line_is_finite(diagrams, name):
    ds = diagrams[name]
    assert ds.failures == ""
    assert np.isfinite(ds.line_x).any("point").all()


@pytest.mark.parametrize("name", DIAGRAMS)
def test_points_of_lines_are_critical_values_of_their_rows(diagrams, name):
    """Two rows of every diagram, every kind of transition."""
    ds, (_, x, y, _) = diagrams[name], DIAGRAMS[name]
    rows = ds[y[0]].values
    for value in rows[[len(rows) // 4, -2]]:
        model, T = row_of(name, float(value))
        settings = {"T": None if x[0] == "T" else T, "bounds": x[1:3]}
        for kind, start in (
            ("spinodal", None),
            ("coexistence", None),
            ("at", None),
            ("ergodic", None),
            ("at", "glass"),
        ):
            label = f"{kind} glass/RS" if start else f"{kind}/RS"
            own = [ds.sel(line=line) for line in ds.line.values if line in (label, f"{label} lower")]
            drawn = np.sort([float(v) for line in own for v in line.line_x.values[line.line_y.values == value]])
            try:
                found = critical(model, x[0], kind=kind, start=start or "retrieval", **settings)
            except NoTransitionError:
                assert not len(drawn), (kind, value)
            else:
                wanted = np.sort([c.value for c in found.all])
                np.testing.assert_allclose(
                    drawn[drawn > x[1]], wanted[wanted > x[1]], atol=1e-7, err_msg=f"{kind} {value}"
                )


@pytest.mark.parametrize("name", DIAGRAMS)
def test_regions_are_the_lowest_stable_states_of_single_points(diagrams, name):
    """Every fourth point, solved from the named starts without neighbours."""
    ds, (_, x, y, _) = diagrams[name], DIAGRAMS[name]
    starts = ("retrieval", "example") if name in ("learning P=3", "examples P=3") else ("retrieval",)
    wrong = []
    cells = [(i, j) for i in range(ds.sizes[y[0]]) for j in range(ds.sizes[x[0]])][::4]
    for i, j in cells:
        row, T = row_of(name, float(ds[y[0]][i]))
        column = float(ds[x[0]][j])
        model, T = (row, column) if x[0] == "T" else (row.replace(**{x[0]: column}), T)
        ordered = [solve(model, T, start=start) for start in starts]
        held = [s.phase for s in ordered if s.phase not in phases.UNALIGNED and s.longitudinal > 0]
        label = str(ds.phase.values[i, j])
        if held:
            wrong += [(model, T, label)] if label.removeprefix("metastable ") not in held else []
        else:
            wrong += [(model, T, label)] if label not in phases.UNALIGNED else []
    assert not wrong


def test_rows_far_apart_give_the_same_lines_as_rows_that_seed_each_other():
    """With many rows each scans every second value and takes branches over from the next."""
    many = phase_diagram(Model(P=3), x=("alpha", 0.0, 0.6, 5), y=("T", 0.1, 0.7, 21))
    few = phase_diagram(Model(P=3), x=("alpha", 0.0, 0.6, 5), y=("T", 0.1, 0.7, 6))
    assert set(many.line.values) == set(few.line.values)
    for line in few.line.values:
        one, other = (np.column_stack([ds.sel(line=line).line_x, ds.sel(line=line).line_y]) for ds in (few, many))
        for x, y in one[one[:, 0] > 0]:  # the first column is met between rows
            assert np.nanmin(np.abs(other - (x, y)).max(1)) < 1e-8


def test_where_a_line_meets_the_first_column_it_belongs_to_the_nearer_of_two_ends():
    """P = 2 under synaptic noise: retrieval begins at low T beyond nu = 2/pi and ends at T = 1."""
    ds = phase_diagram(Model(P=2), x=("T", 0.01, 1.3, 5), y=("nu", 0.0, 1.2, 5))
    ends = [ds.sel(line=line) for line in ("spinodal/RS", "spinodal/RS lower")]
    assert float(ends[0].line_x.min()) > 0.9
    first = ends[1].isel(point=0)
    assert float(first.line_x) == 0.01
    assert float(first.line_y) == pytest.approx(2 / np.pi, abs=0.01)


def test_diluted_patterns_leave_no_column_without_a_name():
    model = Model(P=2, protocol=Multitasking(K=2, d=0.3))
    ds = phase_diagram(model, x=("d", 0.0, 0.9, 7), y=("T", 0.05, 1.1, 4))
    names = set(ds.phase.values.ravel().tolist())
    assert {"pure", "hierarchical", "paramagnet"} <= names
    assert phases.NO_STATE not in names


def test_a_single_example_begins_the_axis_of_examples():
    model = Model(P=3, protocol=Unsupervised(r=0.6, M=5), alpha=0.02)
    ds = phase_diagram(model, ("M", 1, 5, 5), ("r", 0.3, 0.95, 3), T=0.1)
    assert ds.failures == ""
    assert set(ds.phase.sel(M=1).values.tolist()) <= {"retrieval", "glass", "metastable retrieval"}
    assert (ds.phase.sel(r=0.3, M=2) == "example").item()
