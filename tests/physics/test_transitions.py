"""Transitions and diagrams: public values, exact lines, and independent checks of every end of a branch."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import erf

import densenet_sm as dsm
from densenet_sm import Model, Multitasking, NoTransitionError, Supervised, Unsupervised, critical, solve
from densenet_sm.theory.scans import Line


def unaligned(model, T):
    """The state without overlap at one point."""
    return Line(model, "T", None, 0.0, 2.0).unaligned(T)


T_DYNAMIC, T_STATIC = 0.6816, 0.6514  # Ising 3-spin glass, ξ = q³/2


def test_hopfield_capacity_and_retrieval_ground_state():
    assert critical(Model(P=2), "alpha", T=0.0).value == pytest.approx(0.137905, abs=1e-6)
    assert critical(Model(P=2), "alpha", T=0.0, kind="coexistence").value == pytest.approx(0.05185, abs=5e-6)


@pytest.mark.parametrize("P", [3, 4, 6, 10])
def test_capacity_at_zero_temperature_is_the_maximum_of_the_closed_form(P):
    """α(y) = (P/4) erf(y)^{2P−2} / y² has its maximum at the fold."""
    load = lambda y: P / 4 * erf(y) ** (2 * P - 2) / y**2  # noqa: E731
    best = minimize_scalar(lambda y: -load(y), bounds=(0.5, 4), method="bounded", options={"xatol": 1e-9})
    assert critical(Model(P=P), "alpha", T=0.0).value == pytest.approx(-best.fun, rel=1e-9)
    if P == 3:
        assert -best.fun == pytest.approx(0.378286, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.0])
def test_the_glass_of_the_hopfield_model_melts_at_one_plus_root_alpha(alpha):
    found = critical(Model(P=2, alpha=alpha), "T", kind="ergodic", bounds=(0.5, 3.0))
    assert found.value == pytest.approx(1 + np.sqrt(alpha), abs=1e-9)


def test_the_nishimori_line_meets_the_pure_glass():
    """Retrieval on T = α ends at α = T_d² and coexists with the paramagnet at T_K²."""
    for kind, T_glass in (("spinodal", T_DYNAMIC), ("coexistence", T_STATIC)):
        against = {"against": "paramagnet"} if kind == "coexistence" else {}
        crossing = critical(Model(P=3), "alpha", T=T_glass**2, kind=kind, **against).value
        assert crossing == pytest.approx(T_glass**2, abs=2e-4)


def test_coexistence_with_the_paramagnet_is_vertical_on_the_nishimori_line():
    eps = 5e-3
    at = lambda T: critical(Model(P=3), "alpha", T=T, kind="coexistence", against="paramagnet").value  # noqa: E731
    slope = (at(T_STATIC**2 + eps) - at(T_STATIC**2 - eps)) / (2 * eps)
    assert abs(slope) < 2e-2


@pytest.mark.parametrize(("P", "T"), [(2, 0.3), (3, 0.0), (3, 0.5), (4, 0.2)])
def test_retrieval_exists_just_below_its_spinodal_and_not_above(P, T):
    found = critical(Model(P=P), "alpha", T=T)
    below = solve(Model(P=P, alpha=found.value * (1 - 1e-5)), T, start=found.state)
    above = solve(Model(P=P, alpha=found.value * (1 + 1e-4)), T)
    assert below.phase == "retrieval"
    assert above.phase != "retrieval"
    assert abs(found.state.longitudinal) < 1e-4  # the branch is marginal there
    assert found.bracket[0] < found.value < found.bracket[1]
    assert float(found) == found.value


@pytest.mark.parametrize("P", [2, 3, 4])
def test_spinodals_in_load_and_in_temperature_are_the_same_line(P):
    alpha = critical(Model(P=P), "alpha", T=0.4).value
    back = critical(Model(P=P, alpha=alpha * (1 - 1e-6)), "T")
    assert min(abs(c.value - 0.4) for c in back.all) < 1e-3


def test_at_coexistence_both_free_energies_are_equal():
    found = critical(Model(P=3), "alpha", T=0.5, kind="coexistence")
    rival = unaligned(Model(P=3, alpha=found.value), 0.5)
    assert found.state.free_energy == pytest.approx(rival.free_energy, abs=1e-11)
    assert found.state.m > 0.5


def test_replica_symmetric_retrieval_is_reentrant_and_both_ends_are_found():
    found = critical(Model(P=3, alpha=0.4), "T")
    assert [c.direction for c in found.all] == [-1, 1]
    lower, upper = (c.value for c in found.all)
    assert found.value == upper
    assert solve(Model(P=3, alpha=0.4), lower - 0.02).phase != "retrieval"
    assert solve(Model(P=3, alpha=0.4), (lower + upper) / 2).phase == "retrieval"


def test_a_continuous_transition_is_an_end_too():
    assert critical(Model(P=2), "T", bounds=(0.3, 1.7)).value == pytest.approx(1.0, abs=1e-6)


def test_other_parameters_have_spinodals():
    noise = critical(Model(P=3), "nu", T=0.3).value
    # at α = 0 the synaptic noise is the load: ξ = (α+ν) q³/2
    assert noise == pytest.approx(critical(Model(P=3), "alpha", T=0.3).value, rel=1e-7)
    model = Model(P=2, alpha=0.01, protocol=Supervised(r=0.5, M=10))
    quality = critical(model, "r", T=0.1)
    assert quality.all[0].direction == -1
    assert solve(model.replace(r=quality.value + 1e-3), 0.1).phase == "retrieval"
    assert solve(model.replace(r=quality.value - 1e-3), 0.1).phase != "retrieval"


def test_pure_retrieval_of_diluted_patterns_has_its_own_spinodal():
    model = Model(P=3, protocol=Multitasking(2, 0.3))
    T = critical(model, "T", start="pure").value
    # x = √(1−d) m' and the field on an active site is (P/2) x^{P−1}/√(1−d): (1−d)^{P/2−1} that of a full pattern
    full = critical(Model(P=3), "T").value
    assert pytest.approx(full * 0.7**0.5, rel=1e-6) == T


def test_a_single_example_competes_with_the_archetype():
    model = Model(P=3, alpha=0.01, protocol=Unsupervised(r=0.5, M=4))
    assert Line(model, "T", None, 0.1, 0.3).competitor(0.2, "retrieval").phase == "example"
    ds = dsm.phase_diagram(model, x=("r", 0.3, 0.95, 6), y=("T", 0.1, 0.2, 2))
    assert ds.phase.sel(r=0.95, T=0.2).item() == "retrieval"
    assert ds.phase.sel(r=0.56, T=0.2, method="nearest").item() == "example"


def test_nowhere_says_what_was_scanned():
    with pytest.raises(NoTransitionError, match=r"alpha in \[0, 1.375\] at T=3"):
        critical(Model(P=3), "alpha", T=3.0)


def test_a_diagram_agrees_with_states_solved_point_by_point():
    ds = dsm.phase_diagram(Model(P=3), x=("alpha", 0.02, 0.58, 8), y=("T", 0.05, 0.95, 7))
    for T in ds["T"].values:
        for alpha in ds.alpha.values:
            model = Model(P=3, alpha=float(alpha))
            state, rival = solve(model, T), unaligned(model, T)
            if state.phase == "retrieval":
                wanted = "retrieval" if state.free_energy < rival.free_energy else "metastable retrieval"
            else:
                wanted = rival.phase
            assert ds.phase.sel(alpha=alpha, T=T).item() == wanted
    spinodal = ds.sel(line="spinodal/RS")
    for alpha, T in zip(spinodal.line_x.values, spinodal.line_y.values, strict=True):
        if np.isfinite(alpha):
            assert critical(Model(P=3), "alpha", T=T).value == pytest.approx(alpha, abs=1e-7)


def test_a_diagram_needs_a_temperature_and_takes_other_axes():
    model = Model(P=3)
    with pytest.raises(ValueError, match="T must be"):
        dsm.phase_diagram(model, x=("alpha", 0, 0.5, 3), y=("nu", 0, 0.5, 3))
    ds = dsm.phase_diagram(model, x=("alpha", 0.0, 0.5, 3), y=("nu", 0.0, 0.3, 3), T=0.3)
    spinodal = ds.sel(line="spinodal/RS")
    total = (spinodal.line_x + spinodal.line_y).values
    np.testing.assert_allclose(total[np.isfinite(total)], critical(model, "alpha", T=0.3).value, atol=1e-7)


@pytest.mark.parametrize("bounds", [None, (0.2, 0.5), (0.05, 0.35), (0.25, 0.4)])
def test_a_hierarchy_melts_where_its_second_overlap_can_first_exist(bounds):
    """P = 2, K = 2: blank sites of the first pattern order at T = d + (1−d) sech²(x₁t₁/T), t₁ = 1/√(1−d)."""
    d = 0.3
    found = critical(Model(P=2, protocol=Multitasking(2, d)), "T", bounds=bounds)
    argument = found.state.x[0] / np.sqrt(1 - d) / found.value
    assert found.value == pytest.approx(d + (1 - d) / np.cosh(argument) ** 2, abs=1e-9)
    assert found.state.x[1] == 0


def test_in_a_field_the_polarised_branch_does_not_hide_the_spinodal():
    found = critical(Model(P=3, field=0.02), "alpha", T=0.3)
    assert found.main.direction == 1
    assert solve(Model(P=3, field=0.02, alpha=found.value - 1e-3), 0.3).m > 0.7
    assert solve(Model(P=3, field=0.02, alpha=found.value + 1e-3), 0.3).m < 0.3


def test_coexistence_is_found_close_to_zero_load():
    found = critical(Model(P=2), "alpha", T=0.98, kind="coexistence")
    assert 5e-5 < found.value < 8e-5


SMALL_CAPACITIES = [
    (Model(P=2, protocol=Multitasking(2, 0.3)), 0.05, "retrieval"),
    (Model(P=2, protocol=Multitasking(3, 0.3)), 0.05, "pure"),
    (Model(P=2, protocol=Multitasking(3, 0.3)), 0.0, "retrieval"),
    (Model(P=4, protocol=Unsupervised(r=0.3, M=40)), 0.0, "retrieval"),
    (Model(P=2, protocol=Unsupervised(r=0.3, M=20)), 0.0, "retrieval"),
]


@pytest.mark.parametrize(("model", "T", "start"), SMALL_CAPACITIES)
def test_capacities_far_below_the_range_that_is_searched_are_found(model, T, start):
    found = critical(model, "alpha", T=T, start=start)
    assert found.value < 0.03
    before = found.state
    for share in (0.999, 0.9999):
        before = solve(model.replace(alpha=share * found.value), T, start=start if share < 0.9999 else before)
        assert before.ordering == found.state.ordering
    behind = solve(model.replace(alpha=1.01 * found.value), T, start=before)
    assert np.abs(behind.x_groups - before.x_groups).max() > 0.05  # the third overlap of a hierarchy is small


@pytest.mark.parametrize(("P", "alpha", "low", "high"), [(2, 0.138, 0.004, 0.042), (3, 0.464, 0.439, 0.488)])
def test_windows_of_temperature_narrower_than_the_scan_are_found(P, alpha, low, high):
    """Just above the load that T = 0 bears, retrieval is there in between only."""
    ends = critical(Model(P=P, alpha=alpha), "T").all
    assert [c.direction for c in ends] == [-1, 1]
    assert low < ends[0].value < ends[1].value < high
    for end in ends:
        assert critical(Model(P=P), "alpha", T=end.value).value == pytest.approx(alpha, abs=1e-8)


def test_a_window_of_stability_narrower_than_the_steps_of_its_branch_is_found():
    """P = 2, K = 3: two equal overlaps are a minimum only between their splitting and the growth of the third."""
    model, T = Model(P=2, protocol=Multitasking(3, 0.6)), 0.67857
    ends = [c.value for c in critical(model, "d", T=T, start="2", kind="saddle", bounds=(0, 0.9)).all]
    assert len(ends) == 2
    assert 0 < ends[1] - ends[0] < 0.02
    for d, stable in ((ends[0] - 1e-4, False), (sum(ends) / 2, True), (ends[1] + 1e-4, False)):
        assert (solve(model.replace(d=d), T, start="2").longitudinal > 0) is stable


def test_a_single_example_has_no_coexistence_with_its_archetype():
    found = critical(Model(P=3, protocol=Unsupervised(r=0.5, M=10), alpha=0.02), "M", T=0.2, kind="coexistence")
    assert [c.value for c in found.all] == [8]
    for M, lower in ((7, "example"), (8, "retrieval")):
        model = Model(P=3, protocol=Unsupervised(r=0.5, M=M), alpha=0.02)
        assert min(("retrieval", "example"), key=lambda start: solve(model, 0.2, start=start).free_energy) == lower


@pytest.mark.parametrize(("model", "end"), [(Model(P=2, nu=0.5), 0.5**0.5), (Model(P=2, alpha=0.5), 1 + 0.5**0.5)])
def test_a_glass_ends_where_the_paramagnet_turns_stable(model, end):
    assert critical(model, "T", start="glass").value == pytest.approx(end, abs=1e-10)


def test_the_paramagnet_is_an_edge_of_what_is_physical_and_can_be_asked_about():
    ways = {"start": "retrieval", "against": "paramagnet"}, {"start": "paramagnet", "against": "retrieval"}
    ends = [[c.value for c in critical(Model(P=3, alpha=0.2), "T", kind="coexistence", **way).all] for way in ways]
    np.testing.assert_allclose(*ends, atol=1e-9)
    with pytest.raises(dsm.NoTransitionError, match="no spinodal of 'paramagnet'"):
        critical(Model(P=2, nu=0.5), "T", start="paramagnet")


@pytest.mark.parametrize("start", ["glass", "paramagnet"])
def test_glasses_of_two_bodies_turn_stable_where_they_melt(start):
    """de Almeida and Thouless without a field: T = 1 for the pure glass of couplings, 1 + √α for the Hopfield model."""
    assert critical(Model(P=2, nu=1.0), "T", kind="at", start=start).value == pytest.approx(1.0, abs=1e-9)
    assert critical(Model(P=2, alpha=0.5), "T", kind="at", start=start).value == pytest.approx(1 + 0.5**0.5, abs=1e-9)


def test_a_random_field_leaves_an_instability_line_in_the_glass():
    """The cubic power form has ξ'(0) > 0: q > 0 everywhere and a replicon that vanishes at a temperature of its own."""
    found = critical(Model(P=3, alpha=0.5, interaction="power"), "T", kind="at", start="glass")
    assert abs(found.state.replicon) < 1e-8
    assert found.state.q > 0.1
    below, above = (
        solve(Model(P=3, alpha=0.5, interaction="power"), found.value + e, start="glass") for e in (-0.01, 0.01)
    )
    assert below.replicon < 0 < above.replicon


def test_the_number_of_examples_is_searched_over_the_integers():
    model = Model(P=3, alpha=0.2, protocol=Unsupervised(r=0.6, M=5))
    found = critical(model, "M", T=0.1)
    there, missing = (solve(model.replace(M=int(found.value) - n), 0.1) for n in (0, 1))
    assert found.bracket == (found.value - 1, found.value)
    assert there.phase == "retrieval"
    assert missing.phase != "retrieval"
    assert found.all[0].direction == 1  # a single example is a pattern: it is retrieved, and lost with the second


def test_the_teachers_temperature_has_a_transition_at_the_bayes_optimal_line():
    """At T = T* retrieval ends where α/T*² = 1/T_d² of the pure glass: both sides of the same line."""
    from densenet_sm import TeacherStudent, nishimori

    model = Model(P=3, alpha=4.0, protocol=TeacherStudent(T_teacher=1.0))
    for T in (1.0, 1.5):
        wanted = T**2 / nishimori(3).spinodal
        assert critical(model.replace(T_teacher=T), "alpha", T=T).value == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize(
    ("model", "end"),
    [
        (Model(P=4, protocol=Supervised(rho=0.74), alpha=0.207), 0.436209),
        (Model(P=5, protocol=Supervised(r=0.3275, M=5), alpha=0.1427), 0.398032),
    ],
)
def test_a_branch_whose_overlap_fades_in_the_cold_keeps_its_upper_end(model, end):
    """Below some T it goes on, unstable, with q < 1 and C ~ 1/T: nothing is at T = 0."""
    found = critical(model, "T")
    assert found.value == pytest.approx(end, abs=1e-6)
    assert found.value == pytest.approx(critical(model, "T", bounds=(0.02, 1.5)).value, abs=1e-9)
    before, behind = (solve(model, T, start=found.state).m for T in (end - 2e-3, end + 2e-3))
    assert before > 0.3 > 1e-3 > abs(behind)
