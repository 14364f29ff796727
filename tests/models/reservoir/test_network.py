"""Networks that keep Dale's law, and how they are stepped, adapted and designed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, UnknownNameError
from inscape.models.reservoir import (
    Network,
    State,
    adapt_inhibition,
    dale_network,
    design_inhibition,
    saturated_share,
    synchrony,
    target_rates,
)
from inscape.models.reservoir.sweep import activities

NOISE = np.random.default_rng(7).uniform(-1, 1, 1_500)
SMALL = dale_network(80, degree=20, seed=3)


def logistic(v, gain=10.0, threshold=0.0):
    return 1 / (1 + np.exp(-gain * (v - threshold)))


def test_every_node_excites_or_inhibits_and_none_does_both():
    excites = np.unique(SMALL.excitation.sources)
    inhibits = np.unique(SMALL.inhibition.sources)
    assert not set(excites) & set(inhibits)
    assert excites.max() < 64 <= inhibits.min()
    assert (SMALL.excitation.weights > 0).all()
    assert (SMALL.inhibition.weights > 0).all()
    assert SMALL.synapses.matrix.diagonal().tolist() == [0.0] * 80


def test_excitation_and_inhibition_sum_to_one_on_average_so_that_means_balance():
    network = dale_network(2_000, degree=50, seed=1)
    assert network.excitation.sums.mean() == pytest.approx(1.0, abs=0.02)
    assert network.inhibition.sums.mean() == pytest.approx(1.0, abs=0.03)
    assert network.with_balance(-0.5).balance.mean() == pytest.approx(-0.5, abs=0.04)


def test_nodes_of_a_random_graph_differ_in_balance_far_more_than_those_of_fixed_degree():
    random = dale_network(500, seed=0).balance.std()
    fixed = dale_network(500, topology="fixed", seed=0).balance.std()
    assert random == pytest.approx(0.35, abs=0.05)
    assert fixed < 0.1


def test_a_network_of_fixed_degree_gives_every_node_its_forty_and_ten_inputs():
    network = dale_network(200, degree=50, topology="fixed", seed=4)
    assert set(np.diff(network.excitation.starts)) == {40}
    assert set(np.diff(network.inhibition.starts)) == {10}


@pytest.mark.parametrize("retention", [0.0, 0.6])
def test_the_activity_of_a_network_is_that_of_equation_one(retention):
    network = dale_network(60, 2, degree=15, retention=retention, threshold=0.1, gain=7.0, seed=2)
    matrix = (network.excitation.matrix - network.inhibition.matrix).toarray()
    inputs = np.random.default_rng(0).normal(size=(50, 2))
    v, r = np.zeros(60), np.full(60, logistic(0.0, 7.0, 0.1))
    for sample, found in zip(inputs, network.drive(inputs), strict=True):
        v = retention * v + matrix @ r + network.entering @ sample
        r = logistic(v, 7.0, 0.1)
        assert np.abs(found - r).max() < 1e-12


def test_a_run_in_two_parts_is_the_run_in_one():
    state = State.at_rest(SMALL)
    parts = np.concatenate([SMALL.drive(NOISE[:300], state), SMALL.drive(NOISE[300:600], state)])
    assert np.array_equal(parts, SMALL.drive(NOISE[:600]))


def test_the_state_is_held_where_a_sample_is_missing():
    gap = NOISE[:40].copy()
    gap[20:25] = np.nan
    rows = SMALL.drive(gap)
    assert np.isfinite(rows).all()
    assert (rows[20:25] == rows[19]).all()
    assert np.array_equal(rows[25:], SMALL.drive(np.delete(gap, range(20, 25)))[20:])


def test_networks_side_by_side_do_what_each_does_alone():
    balance, factors = np.array([-0.5, -0.2, 0.0]), np.array([1.0, 3.0, 0.5])
    inhibition = np.repeat((1 - balance)[:, None], 80, axis=1)
    for beta, factor, rows in zip(balance, factors, activities(SMALL, NOISE, inhibition, factors), strict=True):
        alone = SMALL.with_balance(beta).with_input_weights(SMALL.entering * factor)
        assert np.abs(rows[:100] - alone.drive(NOISE[:100])).max() < 1e-10


def test_a_setting_has_the_same_bits_whatever_runs_beside_it():
    inhibition, factors = np.random.default_rng(0).uniform(0.8, 1.5, (11, 80)), np.linspace(0.5, 2, 11)
    together = list(activities(SMALL, NOISE[:200], inhibition, factors))
    alone = next(activities(SMALL, NOISE[:200], inhibition[9:10], factors[9:10]))
    assert np.array_equal(together[9], alone)


def test_the_same_seed_draws_the_same_network_and_another_scale_the_same_weights_scaled():
    again, louder = dale_network(80, degree=20, seed=3), dale_network(80, degree=20, input_scale=0.4, seed=3)
    assert np.array_equal(again.synapses.weights, SMALL.synapses.weights)
    assert np.array_equal(louder.synapses.weights, SMALL.synapses.weights)
    assert np.allclose(louder.entering, 4 * SMALL.entering, rtol=1e-14)


def test_a_record_brings_a_network_back():
    again = Network.from_record(SMALL.record())
    assert np.array_equal(again.drive(NOISE[:50]), SMALL.drive(NOISE[:50]))


def slow_adaptation(network, inputs, targets, rate):
    excitation, inhibition = network.excitation.matrix.toarray(), network.inhibition.matrix.toarray()
    exists, clipped = inhibition > 0, 0
    r = np.full(network.nodes, 0.5)
    for sample in inputs:
        r = logistic((excitation - inhibition) @ r + network.entering[:, 0] * sample)
        moved = inhibition + rate * (r - targets)[:, None]
        clipped += int((exists & (moved < 0)).sum())
        inhibition = np.where(exists, np.maximum(0.0, moved), 0.0)
    return inhibition, clipped


def test_adaptation_is_equation_seven_synapse_by_synapse_even_where_weights_are_clipped():
    # Changes so large that many synapses meet the bound at zero and leave it again.
    targets = np.random.default_rng(1).uniform(0.1, 0.9, 80)
    found = adapt_inhibition(SMALL, NOISE[:40], targets, phases=((0.3, 40),)).network.inhibition.matrix.toarray()
    wanted, clipped = slow_adaptation(SMALL, NOISE[:40], targets, 0.3)
    assert clipped > 100
    assert np.abs(found - wanted).max() < 1e-10


@pytest.mark.parametrize("law", [0.3, 0.5, ("beta", 8, 8)])
def test_adaptation_brings_every_node_to_its_target_and_says_that_it_settled(law):
    found = adapt_inhibition(dale_network(200, degree=40, seed=5), NOISE, law)
    assert found.rate_error < 0.01
    assert found.has_settled
    assert found.errors[-1] < 0.1 * found.errors[0]


def test_an_adaptation_that_was_cut_short_says_that_it_has_not_settled():
    assert not adapt_inhibition(SMALL, NOISE, 0.2, phases=((1e-4, 600),)).has_settled


@settings(max_examples=10, deadline=None)
@given(rate=st.floats(0.35, 0.65), mean=st.floats(-0.3, 0.3))
def test_the_one_step_design_rests_at_the_target_rates_without_having_been_run(rate, mean):
    network = dale_network(150, degree=40, input_scale=0.05, gain=4.0, seed=6)
    design = design_inhibition(network, rate, mean)
    settled = design.network.drive(np.full(400, mean))[-1]
    reachable = np.setdiff1d(np.arange(150), design.unreachable)
    assert np.abs(settled - rate)[reachable].max() < (0.02 if len(design.unreachable) else 1e-6)


def test_the_design_is_a_fixed_point_of_the_mean_field_to_rounding():
    network = dale_network(100, degree=30, retention=0.3, threshold=0.05, seed=8)
    design = design_inhibition(network, ("beta", 8, 8), 0.2, seed=1)
    rho, designed = design.targets, design.network
    v = (designed.synapses.matrix @ rho + designed.entering[:, 0] * 0.2) / (1 - 0.3)
    reachable = np.setdiff1d(np.arange(100), design.unreachable)
    assert np.abs(logistic(v, 10.0, 0.05) - rho)[reachable].max() < 1e-12


def test_nodes_that_no_inhibition_brings_down_to_their_target_are_named_by_number():
    targets = np.full(80, 0.5)
    targets[11] = 0.999  # needs more excitation than the node receives
    assert design_inhibition(SMALL, targets, 0.0).unreachable.tolist() == [11]


def test_a_silent_and_an_overdriven_network_are_saturated_and_a_balanced_one_is_not():
    assert saturated_share(SMALL.with_balance(1.0).drive(NOISE)) > 0.9
    assert saturated_share(design_inhibition(SMALL, 0.5).network.drive(NOISE)) == 0.0


def test_an_overinhibited_network_alternates_and_a_balanced_one_does_not():
    network = dale_network(200, topology="fixed", seed=0)
    assert synchrony(network.with_balance(-2.0).drive(NOISE)) > 0.9
    assert synchrony(network.drive(NOISE)) < 0.5


@pytest.mark.parametrize(
    ("settings_", "words"),
    [({"nodes": 1}, "nodes"), ({"excitatory": 1.0}, "excitatory"), ({"degree": 0}, "degree"),
     ({"degree": 500}, "degree"), ({"balance": 2.0}, "balance"), ({"retention": 1.0}, "retention"),
     ({"input_scale": np.nan}, "input_scale"), ({"gain": -1.0}, "gain")],
)  # fmt: skip
def test_settings_that_make_no_network_are_named(settings_, words):
    with pytest.raises(InputError, match=words):
        dale_network(**settings_)


def test_an_unknown_topology_is_met_with_the_nearest_names():
    with pytest.raises(UnknownNameError, match="erdos-renyi"):
        dale_network(topology="erdos")


@pytest.mark.parametrize(
    "law", [0.0, 1.0, np.nan, "half", ("beta", 0, 1), ("gamma", 1, 1), np.full(80, 1.5), np.full(7, 0.5), None]
)
def test_targets_outside_of_zero_and_one_are_refused(law):
    with pytest.raises(InputError, match="targets"):
        target_rates(law, 80)


@pytest.mark.parametrize("inputs", [np.ones((5, 2)), np.empty((0, 1)), np.full(5, np.inf), ["a"], np.ones((2, 2, 2))])
def test_inputs_that_do_not_fit_the_network_are_refused(inputs):
    with pytest.raises(InputError, match="inputs"):
        SMALL.drive(inputs)
