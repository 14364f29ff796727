"""How much of its past input a driven system holds, against registers, peers and bounds known by heart."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import (
    generalisation_rank,
    kernel_rank,
    memory_capacity,
    nrmse_at,
    processing_capacity,
)
from inscape.errors import DivergedError, InputError, InscapeError
from inscape.systems import narma
from inscape.trajectories import Trajectory


def register(depth: int):
    """A chain of nodes that hand the input on: node k holds what came in k + 1 samples ago."""

    def drive(inputs: np.ndarray) -> np.ndarray:
        u = inputs[:, 0]
        return np.stack([np.concatenate([np.zeros(k), u[: len(u) - k]]) for k in range(1, depth + 1)], axis=1)

    return drive


class Echo:
    """A small echo state network."""

    def __init__(self, nodes: int = 40, radius: float = 0.9, scale: float = 0.3, seed: int = 0):
        random = np.random.default_rng(seed)
        weights = random.normal(size=(nodes, nodes))
        self.weights = radius * weights / np.abs(np.linalg.eigvals(weights)).max()
        self.entering = random.uniform(-scale, scale, nodes)

    def drive(self, inputs: np.ndarray) -> np.ndarray:
        rows = np.empty((len(inputs), len(self.weights)))
        now = np.zeros(len(self.weights))
        for k, u in enumerate(inputs[:, 0]):
            now = np.tanh(self.weights @ now + self.entering * u)
            rows[k] = now
        return rows


def test_a_register_of_fifty_nodes_remembers_fifty_inputs():
    found = memory_capacity(register(50))
    assert found.total == pytest.approx(50, abs=0.5)
    assert found.by_delay[:50] == pytest.approx(np.ones(50), abs=1e-9)
    assert found.by_delay[50:].max() < 0.02
    assert found.nodes == 50


def test_a_readout_of_noise_recalls_what_chance_gives():
    random = np.random.default_rng(0)
    found = memory_capacity(random.normal(size=(6000, 30)), random.uniform(-1, 1, 6000))
    assert found.by_delay.mean() == pytest.approx(found.chance, rel=0.4)
    assert abs(found.total) < 0.05


def test_a_network_given_as_object_function_array_or_trajectory_has_one_memory():
    network = Echo()
    inputs = np.random.default_rng(0).uniform(-1, 1, 6000)
    states = network.drive(inputs[:, None])
    by_object = memory_capacity(network, seed=0)
    assert memory_capacity(network.drive, seed=0).total == by_object.total
    assert memory_capacity(states, inputs).total == by_object.total
    recording = Trajectory(np.arange(6000.0), states, inputs=inputs[:, None])
    assert memory_capacity(recording).total == by_object.total


def test_memory_agrees_with_rcbench_on_the_same_states():
    evaluation = pytest.importorskip("rcbench.tasks.memorycapacity", reason="needs rcbench")
    inputs = np.random.default_rng(1).uniform(-1, 1, 4000)
    states = Echo().drive(inputs[:, None])
    evaluator = evaluation.MemoryCapacityEvaluator(inputs, states, max_delay=60)
    theirs = evaluator.calculate_total_memory_capacity("kbest", "all", "Ridge", 1e-6, 0.8)
    tested = (4000 - 60) - int(0.8 * (4000 - 60))
    ours = memory_capacity(states, inputs, delays=60, washout=60, test=tested, penalty=1e-6)
    each = np.array(list(theirs["delay_results"].values()))
    assert ours.by_delay == pytest.approx(each, abs=1e-6)
    assert ours.total + 60 * ours.chance == pytest.approx(theirs["total_memory_capacity"], rel=1e-6)


def test_memory_agrees_with_reservoirpy_on_the_same_network():
    pytest.importorskip("reservoirpy", reason="needs reservoirpy")
    from reservoirpy.nodes import Reservoir, Ridge
    from reservoirpy.observables import memory_capacity as theirs

    network = Echo()
    inputs = np.random.default_rng(2).uniform(-1, 1, 3000)
    model = Reservoir(W=network.weights, Win=network.entering[:, None], bias=np.zeros(40)) >> Ridge(ridge=1e-7)
    found = theirs(model, k_max=50, as_list=True, series=inputs[:, None], test_size=1000)
    ours = memory_capacity(
        network.drive(inputs[50:, None]), inputs[50:], delays=50, test=1000, washout=50, penalty=1e-7
    )
    # Their training begins one warm-up later than ours; the states are the same from then on.
    assert ours.by_delay.sum() == pytest.approx(found.sum(), rel=0.01)


@settings(max_examples=15, deadline=None)
@given(
    nodes=st.integers(1, 12),
    radius=st.floats(0.0, 1.4),
    scale=st.floats(0.01, 3.0),
    seed=st.integers(0, 2**31 - 1),
)
def test_no_network_remembers_more_inputs_than_it_has_nodes(nodes, radius, scale, seed):
    found = memory_capacity(Echo(nodes, radius, scale, seed), delays=60, length=3000, seed=seed)
    assert found.total <= nodes + 0.1
    assert ((found.by_delay >= 0) & (found.by_delay <= 1)).all()


def test_the_capacities_of_known_functions_are_found_by_their_names():
    def drive(inputs):
        u = inputs[:, 0]
        now, ago = u[3:], u[:-3]
        states = np.stack([now, 1.5 * ago**2 - 0.5, now * ago], axis=1)
        return np.concatenate([np.zeros((3, 3)), states])

    found = processing_capacity(drive, length=5000)
    held = {term: c for term, c in zip(found.terms, found.capacities, strict=True) if c > 0}
    assert held == pytest.approx({(0,): 1.0, (3, 3): 1.0, (0, 3): 1.0}, abs=1e-6)
    assert found.by_degree == pytest.approx({1: 1.0, 2: 2.0, 3: 0.0}, abs=1e-5)
    assert found.by_delay[2][:5] == pytest.approx([0, 0, 0, 2.0, 0], abs=1e-5)


def test_capacities_of_all_degrees_never_exceed_the_nodes_and_a_complete_system_uses_them_all():
    found = processing_capacity(Echo(12, 0.7, 1.0), degrees={1: 30, 2: 12, 3: 12, 4: 6, 5: 5}, length=12_000)
    assert found.total <= found.rank <= 12
    assert found.total == pytest.approx(12, rel=0.05)


def test_an_odd_network_holds_nothing_even():
    found = processing_capacity(Echo(30, 0.8, 0.5), length=8000)
    assert found.by_degree[2] == pytest.approx(0, abs=0.05)
    assert found.by_degree[3] > 1
    assert found.by_degree[1] > 10


def test_functions_the_states_do_not_know_pass_no_more_often_than_the_significance_says():
    random = np.random.default_rng(3)
    states, inputs = random.normal(size=(3000, 40)), random.uniform(0, 0.5, 3000)
    found = processing_capacity(states, inputs, degrees={1: 100, 2: 40}, significance=0.05)
    share = np.mean(found.capacities > 0)
    assert 0.02 < share < 0.09
    strict = processing_capacity(states, inputs, degrees={1: 100, 2: 40})
    assert strict.total < 0.05 * found.total


def test_the_linear_part_of_the_capacities_is_the_memory_capacity():
    network = Echo()
    linear = processing_capacity(network, degrees={1: 150}, length=30_000).total
    memory = memory_capacity(network, first_delay=0, length=30_000, delays=150).total
    assert linear == pytest.approx(memory, rel=0.02)


def test_a_register_keeps_apart_all_inputs_and_forgets_what_lies_behind_it():
    assert kernel_rank(register(20)).rank == 20
    assert generalisation_rank(register(20), common=13).rank == 8
    assert generalisation_rank(register(20), common=21).rank == 0
    assert kernel_rank(register(20)).participation > 5


def test_ranks_of_given_states_agree_with_rcbench():
    pytest.importorskip("rcbench", reason="needs rcbench")
    from rcbench.tasks.generalizationrank import GeneralizationRankEvaluator
    from rcbench.tasks.kernelrank import KernelRankEvaluator

    states = np.random.default_rng(0).normal(size=(60, 30)) * np.geomspace(1, 1e-5, 30)
    theirs, values = GeneralizationRankEvaluator(states).compute_generalization_rank()
    ours = generalisation_rank(states, centred=False)
    assert ours.rank == theirs
    assert ours.singular_values == pytest.approx(values)
    assert kernel_rank(states, centred=False).rank == KernelRankEvaluator(states).run_evaluation()["kernel_rank"]


def test_narma_follows_its_recursion_and_its_published_spread():
    series = narma(3000, seed=4)
    y, u = series.states[:, 0], series.inputs[:, 0]
    t = 200
    expected = 0.3 * y[t - 1] + 0.05 * y[t - 1] * y[t - 10 : t].sum() + 1.5 * u[t - 9] * u[t] + 0.1
    assert y[t] == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(narma(3000, inputs=u).states, series.states)
    assert 0.3 < y.mean() < 0.5
    assert np.array_equal(narma(3000, seed=4).states, series.states)


def test_narma_says_when_it_runs_away():
    with pytest.raises(DivergedError, match="ran away after"):
        narma(inputs=np.full(500, 2.0))
    with pytest.raises(DivergedError, match="lower order"):
        narma(3000, order=60)


def test_the_error_at_a_step_is_that_of_the_step_alone():
    random = np.random.default_rng(0)
    actual = random.normal(size=(20, 84))
    forecast = actual.copy()
    forecast[:, 83] += 0.5
    assert nrmse_at(actual, forecast, 84, scale=[2.0]) == pytest.approx(0.25)
    assert nrmse_at(actual, forecast, 83) == 0
    forecast[3, 83] = np.nan
    assert nrmse_at(actual, forecast, 84) == np.inf
    with pytest.raises(InputError, match="at least 85"):
        nrmse_at(actual, forecast, 85)


THINGS = (
    *(None, "x", 3, True, {"a": 1}, [[1, 2], [3]], np.empty(0), np.empty((0, 3)), np.array([1.0]), np.full(50, np.nan)),
    *(np.array([[1.0, np.inf]] * 40), np.array([object()] * 9), np.zeros((3, 4, 5)), np.ones(400), np.ones((400, 2))),
    *(
        np.arange(400) * 1j,
        np.arange(12.0),
        np.array(["a"] * 400),
        Echo,
        lambda u: u[:3],
        lambda u: np.full((9, 2), "a"),
    ),
)
SETTINGS = (None, "x", -1, 0, np.nan, np.inf, [1], 2.5, True, {}, {0: 3}, {1: -2}, np.array([1, 2]))


def assert_answers(call) -> None:
    message = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            call()
        except InscapeError as error:
            message = str(error)
    assert message is None or ("\n" not in message and len(message) > 20)


@pytest.mark.parametrize("measure", [memory_capacity, processing_capacity, kernel_rank, generalisation_rank])
def test_whatever_is_handed_in_is_measured_or_refused_in_one_line(measure):
    inputs = np.random.default_rng(0).uniform(-1, 1, 400)
    of_input = measure in (memory_capacity, processing_capacity)
    for thing in THINGS:
        assert_answers(lambda thing=thing: measure(thing, inputs) if of_input else measure(thing))
        if of_input:
            assert_answers(lambda thing=thing: measure(np.random.default_rng(0).normal(size=(400, 3)), thing))
            assert_answers(lambda thing=thing: measure(thing))
    names = [n for n, p in inspect.signature(measure).parameters.items() if p.kind is p.KEYWORD_ONLY]
    for name in names:
        for value in SETTINGS:
            assert_answers(lambda name=name, value=value: measure(register(3), **{"length": 500, name: value}))


def test_narma_refuses_what_is_no_series():
    for thing in THINGS[1:15]:
        assert_answers(lambda thing=thing: narma(inputs=thing))
    for value in (*SETTINGS, 5):
        assert_answers(lambda value=value: narma(value))
        assert_answers(lambda value=value: narma(50, order=value))


def test_inputs_whose_polynomials_would_not_be_orthogonal_are_refused():
    random = np.random.default_rng(0)
    normal = random.normal(size=5000)
    with pytest.raises(InputError, match="not uniform"):
        processing_capacity(register(5)(normal[:, None]), normal)
    slow = np.repeat(random.uniform(-1, 1, 1000), 5)
    with pytest.raises(InputError, match="correlated"):
        processing_capacity(register(5)(slow[:, None]), slow)
