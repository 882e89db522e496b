"""What a campaign's specification says and what is wrong with it, before anything is computed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from densenet_sm import CampaignError, Multitasking, ParameterError, Supervised, run_grid
from densenet_sm.study import foreseen
from densenet_sm.study.campaign import campaign, model_at
from densenet_sm.study.grid import sliced

SPEC = {
    "model": {"P": 3, "protocol": {"kind": "storing"}},
    "grid": {"alpha": [0.02, 0.05], "T": [0.3, 0.4]},
    "simulate": {"N": [16, 24], "sweeps": 10, "burn_in": 2, "samples": 2},
    "solve": {"ansatz": ["RS", "1RSB"]},
    "seed": 1,
}


def test_cells_are_all_points_of_the_grid_at_every_size_and_every_ansatz():
    cells = campaign(SPEC).cells
    points = {(c.kind, *c.point) for c in cells}
    assert len(points) == len(cells) == 2 * 2 * 2 + 2 * 2 * 2
    assert ("simulate", ("alpha", 0.05), ("T", 0.3), ("N", 24)) in points
    assert ("solve", ("ansatz", "1RSB"), ("alpha", 0.02), ("T", 0.4)) in points


def test_with_exchange_the_temperatures_are_one_ladder():
    cells = campaign(SPEC | {"simulate": SPEC["simulate"] | {"exchange": True}}).cells
    assert {c.T for c in cells if c.kind == "simulate"} == {(0.3, 0.4)}


def test_settings_of_simulate_can_be_axes_that_theory_does_not_see():
    cells = campaign(SPEC | {"grid": SPEC["grid"] | {"start": ["pattern", "random"]}}).cells
    assert sum(c.kind == "simulate" for c in cells) == 16
    assert sum(c.kind == "solve" for c in cells) == 8


@pytest.mark.parametrize(
    ("given", "point", "protocol"),
    [
        ({"kind": "supervised", "M": 5}, {"r": 0.5}, Supervised(r=0.5, M=5)),
        (
            {"kind": "multitasking", "K": 2, "data": {"kind": "supervised", "M": 4}},
            {"d": 0.2, "r": 0.6},
            Multitasking(K=2, d=0.2, data=Supervised(r=0.6, M=4)),
        ),
    ],
)
def test_parameters_of_protocol_and_its_data_come_from_the_grid(given, point, protocol):
    assert model_at({"P": 3, "protocol": given}, point).protocol == protocol


def test_names_and_seeds_depend_on_everything_that_numbers_do():
    def names(spec):
        return {c.name for c in campaign(spec).cells}

    first = names(SPEC)
    assert names(SPEC | {"budget": 5.0}) == first
    assert names(SPEC | {"grid": {"T": [0.3, 0.4], "alpha": [0.05, 0.02]}}) == first
    assert not names(SPEC | {"seed": 2}) & first
    longer = names(SPEC | {"simulate": SPEC["simulate"] | {"sweeps": 11}})
    assert len(longer & first) == 8  # the theory's
    seeds = [c.run_seed for c in campaign(SPEC).cells]
    assert len(set(seeds)) == len(seeds)


def test_a_longer_grid_has_the_cells_of_the_shorter_one():
    longer = campaign(SPEC | {"grid": SPEC["grid"] | {"alpha": [0.02, 0.05, 0.1]}}).cells
    assert {c.name for c in campaign(SPEC).cells} < {c.name for c in longer}


@pytest.mark.parametrize("name", ["sede", "modle"])
def test_unknown_sections_are_named(name):
    with pytest.raises(CampaignError, match=f"section must be .*got '{name}'"):
        campaign(SPEC | {name: {}})


def test_all_mistakes_are_reported_at_once(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(
        'seed = -1\n[model]\nP = 1\nprotocol = { kind = "supervised", M = 5 }\n[grid]\nr = [0.6, 1.9]\nalpha = 0.02\n'
        'T = [0.3, -1.0]\n[simulate]\nN = [16]\nsweps = 3\nsamples = -2\n[solve]\nansatz = "RSB"\n'
    )
    with pytest.raises(CampaignError) as caught:
        campaign(path)
    found = [re.match(r"[\w.]+", mistake)[0] for mistake in caught.value.mistakes]
    wanted = ["seed", "simulate.parameter", "grid.alpha", "solve.ansatz", "model.P", "grid.r", "grid.T"]
    assert sorted(found) == sorted([*wanted, "simulate.samples"])
    assert str(caught.value).startswith(f"8 mistakes in {path}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": {"T": [0.3, 0.3]}}, "grid.T must be a list of different values"),
        ({"grid": {"T": [0.3], "M": [5]}}, "grid.M must be a parameter of the protocol"),
        ({"grid": {"T": [0.3], "colour": [5]}}, "grid.parameter must be one of"),
        ({"grid": {}}, "grid must be a table"),
        ({"simulate": {"sweeps": 5}}, "simulate.N must be a size"),
        ({"simulate": {"N": 16, "start": ["pattern", "random"]}}, "simulate.start must be one name"),
        ({"simulate": {"N": 16, "dynamics": "glauber"}}, "simulate.dynamics must be one of"),
        ({"simulate": {"N": 10**6}}, "simulate.K must be small enough"),
        ({"model": {"P": 3, "protocol": "storing"}}, "protocol must be a table"),
        ({"model": {"P": 3, "protocol": {"kind": "hebb"}}}, "kind must be one of"),
        ({"model": {"P": 3, "protocol": {"kind": "supervised"}}}, "model.protocol"),
        ({"budget": -1}, "budget must be a number"),
    ],
)
def test_a_mistake_is_named_with_its_path(change, message):
    with pytest.raises(CampaignError, match=message):
        campaign(SPEC | change)


def test_arrays_ranges_and_tuples_are_lists():
    grid = {"alpha": np.array([0.02, 0.05]), "T": (0.3, np.float64(0.4))}
    assert campaign(SPEC | {"grid": grid}).cells == campaign(SPEC).cells
    assert json.dumps(campaign(SPEC | {"grid": grid}).spec)


def test_what_this_machine_could_not_run_it_can_read():
    large = campaign(SPEC | {"simulate": {"N": 10**6}}, runnable=False)
    assert large.cells[-1].cost() > 1e12


def test_nothing_asked_is_a_mistake():
    with pytest.raises(CampaignError, match="simulate or solve must be there"):
        campaign({k: SPEC[k] for k in ("model", "grid")})


def test_files_that_are_not_there_or_no_toml_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="campaign must be a TOML file"):
        campaign(tmp_path / "no.toml")
    (tmp_path / "c.toml").write_text("P = = 3")
    with pytest.raises(CampaignError, match="must be TOML"):
        campaign(tmp_path / "c.toml")


def test_slices_are_disjoint_and_complete_and_the_longest_cells_come_first():
    cells = campaign(SPEC).cells
    parts = [sliced(cells, (i, 3)) for i in (1, 2, 3)]
    assert sorted(c.name for part in parts for c in part) == sorted(c.name for c in cells)
    costs = [c.cost() for c in sliced(cells, None)]
    assert costs == sorted(costs, reverse=True)
    with pytest.raises(ParameterError, match="part must be"):
        sliced(cells, (0, 3))


def test_a_look_ahead_states_memory_and_time():
    cells = foreseen(SPEC)
    assert len(cells) == 16
    assert all(cell["bytes"] > 0 for cell in cells if cell["kind"] == "simulate")
    assert all(cell["seconds"] > 0 for cell in cells)


@pytest.mark.parametrize(("name", "value"), [("store", 3), ("executor", 2)])
def test_bad_stores_and_executors_are_refused(tmp_path, name, value):
    with pytest.raises(ParameterError, match=name):
        run_grid(SPEC, **({"store": tmp_path / "s"} | {name: value}))


def test_the_store_of_another_campaign_is_refused(tmp_path):
    small = SPEC | {"grid": {"T": [0.3]}, "solve": {}}
    del small["simulate"]
    with pytest.raises(ParameterError, match="store must be"):
        run_grid(small, store=Path(__file__))


def test_the_example_is_a_campaign():
    cells = campaign(Path(__file__).resolve().parents[2] / "simulations" / "campaign.toml").cells
    assert len(cells) == 6 * 5 * 2 + 6 * 5 * 2
