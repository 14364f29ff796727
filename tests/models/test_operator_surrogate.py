"""Surrogates of a discharge keep to the solver inside their box and refuse what lies outside it."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models.operator_surrogate import (
    ChebyshevSurrogate,
    OperatorNet,
    ProfileFormula,
    ProperModes,
    choose_surrogate,
)
from inscape.models.operator_surrogate.diffusion_modes import eigenvalues
from inscape.models.operator_surrogate.rungs import errors_mV, exact_curves
from inscape.systems.battery import SingleParticle, nmc_graphite, straight_lines
from inscape.systems.battery.box import draw_from_box
from inscape.systems.battery.drive import Drive

BOX = {"i0_a": (0.5, 4.0), "ds_c": (1.0, 10.0)}
TIMES = np.arange(0.0, 1351.0, 10.0)


@pytest.fixture(scope="module")
def cell():
    return SingleParticle(nmc_graphite(), c_rate=2)


@pytest.fixture(scope="module")
def rows():
    return draw_from_box(BOX, 12, 5)


@pytest.fixture(scope="module")
def truth(cell, rows):
    return exact_curves(cell, BOX, rows, TIMES)


def test_the_eigenvalues_are_roots_of_tan_x_equal_x():
    roots = eigenvalues(6)
    assert roots[0] == pytest.approx(4.493409457909064)
    assert np.tan(roots) == pytest.approx(roots, rel=1e-9)
    assert 2 * (1 / eigenvalues(4000) ** 2).sum() == pytest.approx(0.2, abs=1e-4)


def test_six_terms_are_a_hundredth_of_a_millivolt_from_the_solver(cell, rows, truth):
    series = ChebyshevSurrogate(cell, BOX, TIMES, terms=6)
    mean, _, settled = errors_mV(series(rows), truth, TIMES)
    assert mean < 0.02
    assert settled < 0.1
    # The anode does not move with these parameters, and the exchange currents are exact.
    assert series.solves == 7


def test_more_terms_are_taken_until_the_last_ones_are_small(cell, rows, truth):
    series = ChebyshevSurrogate(cell, BOX, TIMES, tolerance=1e-5)
    assert errors_mV(series(rows), truth, TIMES)[2] < 0.1


def test_a_tensor_series_has_two_parameters_of_one_electrode(cell):
    box = {"ds_c": (1.0, 10.0), "x0_c": (0.36, 0.42), "resistance": (0.0, 1.0)}
    times = TIMES[::9]
    rows = draw_from_box(box, 6, 1)
    series = ChebyshevSurrogate(cell, box, times, terms=6)
    assert errors_mV(series(rows), exact_curves(cell, box, rows, times), times)[0] < 0.1


@pytest.mark.parametrize(("shape", "most"), [("parabola", 0.2), ("quartic", 0.05), ("eigenmodes", 0.03)])
def test_a_formula_on_the_exact_mean_is_right_to_a_fraction_of_a_millivolt(cell, rows, truth, shape, most):
    assert errors_mV(ProfileFormula(cell, BOX, TIMES, shape=shape)(rows), truth, TIMES)[0] < most


def test_the_modes_of_a_constant_diffusivity_are_exact_under_any_current():
    line = SingleParticle(straight_lines(), c_rate=2)
    current = Drive(TIMES, 0.03 * np.sign(np.sin(TIMES / 120 + 0.1)) + 0.01, "previous")
    rows = np.array([[0.3], [2.0]])
    truth = exact_curves(line, {"ds_c": 1}, rows, TIMES, current)
    modes = ProfileFormula(line, {"ds_c": (0.2, 4.0)}, TIMES, current, shape="eigenmodes", modes=24)
    assert errors_mV(modes(rows), truth, TIMES)[0] < 0.02


def test_the_cheapest_rung_within_the_tolerance_is_chosen(cell):
    strict = choose_surrogate(cell, BOX, 0.02, tests=8)
    assert strict.chosen.mean_error <= 0.02
    assert all(r.microseconds >= strict.chosen.microseconds for r in strict.rungs if r.mean_error <= 0.02)
    hopeless = choose_surrogate(cell, BOX, 1e-9, tests=4)
    assert hopeless.chosen.mean_error == min(r.mean_error for r in hopeless.rungs)
    assert {"rung", "mean mV", "us a curve", "chosen"} <= set(strict.rows()[0])


def test_proper_modes_learn_what_depends_smoothly_on_parameters():
    box = {"a": (0.5, 4.0), "b": (1.0, 10.0)}
    times = np.linspace(0, 1, 40)

    def model(rows):
        return np.log(rows[:, :1]) * np.cos(3 * times) + np.exp(-times / np.log(rows[:, 1:] + 2))

    learned = ProperModes(box, times).fit_model(model, 64)
    rows = draw_from_box(box, 50, 1)
    assert np.abs(learned(rows) - model(rows)).max() < 1e-3
    assert learned.error_ < 1e-3
    on_cosine = ProperModes(box, times, baseline=lambda r: np.log(r[:, :1]) * np.cos(3 * times)).fit_model(model, 64)
    assert np.abs(on_cosine(rows) - model(rows)).max() < 1e-3
    network = ProperModes(box, times, regression="network", share=1e-6).fit_model(model, 64)
    assert np.abs(network(rows) - model(rows)).mean() < 0.02


@pytest.mark.slow
def test_an_operator_network_is_better_than_its_memory_under_a_current_it_has_not_seen(cell):
    box = {"i0_a": (0.5, 4.0), "ds_c": (0.15, 1.0)}
    net = OperatorNet(cell, box, TIMES, seed=0).fit(runs=60)
    current = Drive(TIMES, np.where(TIMES % 400 < 250, 1.9, 0.2) * cell.cell.capacity, "previous")
    rows = draw_from_box(box, 10, 2)
    truth = exact_curves(cell, box, rows, TIMES, current)
    memory = ProfileFormula(cell, box, TIMES, current, shape="eigenmodes")
    assert errors_mV(net.under(TIMES, current)(rows), truth, TIMES)[0] < errors_mV(memory(rows), truth, TIMES)[0]
    at_rest = net.under(TIMES[:5], Drive(TIMES[:5], np.zeros(5), "previous"))
    assert np.ptp(at_rest(rows), axis=1).max() < 1e-12


def test_what_lies_outside_the_box_is_refused_or_flagged(cell):
    outside = np.array([[2.0, 2.0], [2.0, 30.0]])
    with pytest.raises(InputError, match="ds_c = 30 at row 1"):
        ProfileFormula(cell, BOX, TIMES)(outside)
    flagged = ProfileFormula(cell, BOX, TIMES, outside="flag")(outside)
    assert np.isfinite(flagged[0]).all()
    assert np.isnan(flagged[1]).all()
    assert np.isfinite(ProfileFormula(cell, BOX, TIMES, outside="allow")(outside)).all()


def test_bad_input_is_answered_in_one_line(cell):
    with pytest.raises(InputError, match="expected"):
        ProfileFormula(cell, BOX, TIMES)([[1.0, np.nan]])
    with pytest.raises(InputError, match="expected"):
        ProfileFormula(cell, BOX, TIMES)([[1.0, 2.0, 3.0]])
    with pytest.raises(InputError, match="lowest, highest"):
        ProfileFormula(cell, {"ds_c": (2.0, 1.0)}, TIMES)
    with pytest.raises(UnknownNameError, match="ds_c"):
        ProfileFormula(cell, {"ds": (1.0, 2.0)}, TIMES)
    with pytest.raises(UnknownNameError, match="quartic"):
        ProfileFormula(cell, BOX, TIMES, shape="quintic")
    with pytest.raises(InputError, match="SingleParticle"):
        ChebyshevSurrogate("cell", BOX, TIMES)
    with pytest.raises(InputError, match="nodes"):
        ChebyshevSurrogate(cell, {"ds_c": (1, 10), "eps_c": (0.9, 1.1), "x0_c": (0.3, 0.4)}, TIMES, terms=24)
    with pytest.raises(InputError, match="not fitted"):
        OperatorNet(cell, BOX, TIMES)(np.array([[1.0, 2.0]]))
    with pytest.raises(InputError, match="finite throughout"):
        ProperModes(BOX, TIMES).fit(np.ones((9, 2)), np.full((9, len(TIMES)), np.nan))
    with pytest.raises(InputError, match="tolerance"):
        choose_surrogate(cell, BOX, -1.0)
