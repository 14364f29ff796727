"""Study 08 measures what it says, on networks small enough for a test."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import memory_capacity
from inscape.models.reservoir import dale_network, ridge
from inscape.studies.registry import find_study, studies
from inscape.studies.reservoir import arms, oracles, processing, recorded, speed, tasks
from inscape.studies.reservoir.claims import CLAIMS

NETWORK = {"nodes": 120, "degree": 24, "seed": 3}


@pytest.fixture(scope="module")
def base():
    return dale_network(**NETWORK)


@pytest.fixture(scope="module")
def noise() -> tasks.Series:
    return tasks.series_of_task("memory", 1800, seed=5)


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(8) is find_study("reservoir") is studies()["08-reservoir"]


def test_every_claim_of_the_recipe_is_a_claim_of_the_study_and_bounds_are_those_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["gain"] == (1.40, None)
    assert bounds["one_law_mackey_glass"] == (None, 0.5)
    assert bounds["register"] == (49.5, 50.5)
    assert all(c.is_timing for c in CLAIMS if c.name.startswith("speed"))


def test_a_row_of_narma_is_told_once_its_input_was_read():
    series = tasks.series_of_task("narma", 900, seed=1)
    y, u = series.answers, series.inputs
    assert y[500] == pytest.approx(
        0.3 * y[499] + 0.05 * y[499] * y[490:500].sum() + 1.5 * u[491] * u[500] + 0.1, rel=1e-12
    )


def test_the_delayed_feedback_series_is_standard_chaotic_and_one_step_ahead():
    series = tasks.series_of_task("mackey-glass", 900, seed=1)
    assert np.array_equal(series.inputs[1:], series.answers[:-1])
    assert series.inputs.std() == pytest.approx(1, abs=0.01)
    other = tasks.series_of_task("mackey-glass", 900, seed=2)
    assert np.abs(other.inputs - series.inputs).max() > 1


def test_a_closed_loop_is_the_network_driven_by_its_own_answers(base):
    series = tasks.series_of_task("mackey-glass", 900, seed=1)
    states = base.drive(series.inputs)
    readout = ridge(states[200:600], series.answers[200:600, None], 1e-4)
    found = tasks.closed_loop(base, states[[650, 700]], readout, 12)
    for row, start in zip(found, (650, 700), strict=True):
        heard = list(series.inputs[: start + 1])
        for answer in row:
            assert answer == pytest.approx(float(readout(base.drive(np.array(heard))[-1:])[0, 0]), rel=1e-9)
            heard.append(answer)


def test_the_score_of_memory_is_the_memory_capacity(base, noise):
    states = base.drive(noise.inputs)
    expected = memory_capacity(states, noise.inputs, delays=150, first_delay=0, test=600).total
    assert tasks.score(base, noise) == pytest.approx(expected, rel=1e-12)


def test_adapted_networks_have_the_rates_that_were_asked_for_and_sparse_ones_lose_them_when_frozen(base, noise):
    arm = {"kind": "local", "targets": 0.4}
    dense = {"nodes": 300, "degree": 90, "seed": 3}
    plan = {"series": vars(noise), "arms": [arm], "seed": 0, "looked_at": True}
    (kept,) = arms.scored(plan | {"network": dense})
    assert kept["rate_error"] < 0.01
    assert kept["frozen_error"] < 0.01
    (lost,) = arms.scored(plan | {"network": NETWORK})
    assert lost["rate_error"] < 0.02
    assert lost["frozen_error"] > 0.1


def test_dealing_the_inhibition_to_other_nodes_keeps_how_much_there_is(base, noise):
    adapted, _ = arms.built({"kind": "local", "targets": 0.5}, base, noise, 0)
    dealt, _ = arms.built({"kind": "inhibition permuted", "targets": 0.5}, base, noise, 0)
    reached = adapted.inhibition.sums > 0
    if reached.all():
        assert np.sort(dealt.inhibition.sums) == pytest.approx(np.sort(adapted.inhibition.sums))
    assert np.abs(dealt.inhibition.sums - adapted.inhibition.sums).mean() > 0.05


def test_one_factor_on_all_weights_gives_the_mean_gain_asked_for(base, noise):
    before = arms.node_gains(base, base.drive(noise.inputs[:800])).mean()
    network = arms.with_mean_gain(base, 0.9 * before, noise.inputs)
    assert arms.node_gains(network, network.drive(noise.inputs[:800])).mean() == pytest.approx(0.9 * before, rel=0.02)
    out_of_reach = arms.with_mean_gain(base, 1e3, noise.inputs)
    assert np.isfinite(out_of_reach.excitation.weights).all()


def test_the_gain_of_a_node_is_its_slope_times_the_norm_of_its_weights(base, noise):
    activity = base.drive(noise.inputs)
    weights = base.synapses.matrix.toarray()
    r = activity[200:, 7]
    assert arms.node_gains(base, activity)[7] == pytest.approx(10 * np.mean(r * (1 - r)) * np.linalg.norm(weights[7]))


def test_a_network_at_rate_one_half_holds_less_that_is_even_than_a_quiet_one():
    plan = {"network": NETWORK | {"input_scale": 0.3}, "seed": 1, "length": 4000, "degrees": [[1, 30], [2, 10]]}
    even = dict(processing.capacities(plan | {"arm": {"kind": "local", "targets": 0.5}})["by_degree"])
    quiet = dict(processing.capacities(plan | {"arm": {"kind": "local", "targets": 0.3}})["by_degree"])
    assert even[2] < 0.7 * quiet[2]
    assert even[1] > quiet[1]


def test_peers_measure_the_same_memory_and_error_on_the_same_states():
    pytest.importorskip("rcbench", reason="needs rcbench")
    pytest.importorskip("reservoirpy", reason="needs reservoirpy")
    found = oracles.differences({"network": NETWORK, "seed": 2, "length": 1500, "delays": 10})
    assert all(value is not None and value < 0.01 for value in found.values())


def test_a_register_of_fifty_nodes_has_a_capacity_of_fifty():
    assert oracles.register_capacity(50) == pytest.approx(50, abs=0.5)


def test_forecasts_of_sunspots_beat_the_mean_and_repeat_themselves():
    pytest.importorskip("reservoirpy", reason="needs reservoirpy")
    plan = {"series": recorded.load("sunspots"), "nodes": 60, "budget": 3, "steps": 1, "seed": 0, "washout": 30}
    found = recorded.forecast_errors(plan)
    assert all(0 < error < 1 for error in found.values())
    assert recorded.forecast_errors(plan) == found


def test_the_design_costs_less_than_the_adaptation_it_replaces():
    found = speed.adaptation({"nodes": 200, "degree": 20, "steps": 1000, "their_steps": 5, "with_reservoirpy": False})
    assert found["theirs"] is None
    assert found["design_share"] < 50


@pytest.mark.slow
def test_a_trial_run_of_the_study_measures_every_claim(tmp_path):
    run = find_study(8).perform(scale="smoke", store=tmp_path, jobs=1)
    missing = [j.claim.name for j in run.judged if j.measured is None]
    assert missing == []
    assert {"balance", "gains", "scaling", "rates", "capacities", "recovery"} <= set(run.folder.figures)
