"""A law of one body after another: what is kept, what is forgotten, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories import Trajectories, Trajectory

pytest.importorskip("torch")

from inscape.app.model_state import decode_model, encode_model
from inscape.models import ContinualDynamics
from inscape.models.continual import METHODS
from inscape.models.continual.perceptron import answer
from inscape.models.dictionary import polynomial

PUSHES = {"right": 1.0, "left": -1.0, "hard": 2.5}
SMALL = {"hidden": (24, 24), "hyper_hidden": (12, 12), "minibatches": 250, "batch_size": 50, "learning_rate": 3e-3}


def run_of(task: str, samples: int = 500, seed: int = 0) -> Trajectory:
    """A damped oscillator that is pushed by a body's own strength."""
    rng = np.random.default_rng([seed, list(PUSHES).index(task)])
    states, inputs = np.zeros((samples, 2)), rng.uniform(-1, 1, (samples, 1))
    states[0] = rng.normal(size=2)
    for k in range(samples - 1):
        x, v = states[k]
        states[k + 1] = [x + 0.1 * v, v + 0.1 * (-x - 0.2 * v + 8 * PUSHES[task] * np.tanh(inputs[k, 0] + 0.3 * x))]
    return Trajectory(np.arange(samples) * 0.1, states, inputs=inputs, context={"task": task})


TESTS = {task: run_of(task, 200, seed=9) for task in PUSHES}


CAREFUL = {**SMALL, "hyper_hidden": (16, 16), "minibatches": 400, "learning_rate": 1e-3}


def learned(method: str, **changes) -> ContinualDynamics:
    law = ContinualDynamics(method, **{**(CAREFUL if method == "hypernet" else SMALL), **changes})
    for task in PUSHES:
        law.partial_fit(run_of(task))
        law.examine(TESTS)
    return law


@pytest.fixture(scope="module")
def hypernet():
    return learned("hypernet")


@pytest.fixture(scope="module")
def finetuned():
    return learned("finetune")


def test_the_hypernetwork_keeps_what_fine_tuning_forgets(hypernet, finetuned):
    assert hypernet.matrix.old_ratio() < 1.5
    assert finetuned.matrix.old_ratio() > 5
    assert hypernet.matrix.final.mean() < 0.3 * finetuned.matrix.final.mean()


def test_without_the_regulariser_the_hypernetwork_forgets_too(hypernet):
    assert learned("hypernet", beta=0.0).matrix.old_ratio() > 3 * hypernet.matrix.old_ratio()


@pytest.mark.parametrize("method", ["coreset", "progressive", "single"])
def test_methods_that_keep_samples_or_networks_hardly_forget(method):
    assert learned(method).matrix.old_ratio() < 2


def test_columns_of_a_progressive_network_never_move_again_and_are_one_wide_perceptron():
    law = learned("progressive", minibatches=60)
    assert law.matrix.old_ratio() == 1
    torch = pytest.importorskip("torch")
    run, learner = TESTS["hard"], law._learner
    seen = law.task_law("hard").features(run.states, run.inputs)
    with torch.no_grad():
        each = learner._answer(2, torch.from_numpy(seen)).numpy()
    assert np.allclose(each, answer(learner.layers("hard"), seen, "relu"), atol=1e-5)
    assert [len(matrix) for matrix, _ in learner.layers("left")] == [48, 48, 2]


@pytest.mark.parametrize("method", ["ewc", "si"])
def test_a_weight_that_is_held_fast_forgets_less(method, finetuned):
    held = learned(method, strength=1e4 if method == "ewc" else 10.0)
    assert held.matrix.old_ratio() < finetuned.matrix.old_ratio()


def test_multitask_on_everything_at_once_is_good_at_everything(finetuned):
    runs = Trajectories([run_of(task) for task in PUSHES])
    law = ContinualDynamics("multitask", **SMALL).fit(runs)
    assert law.tasks_ == tuple(PUSHES)
    assert np.mean([law.error(TESTS[t], t) for t in PUSHES]) < 0.3 * finetuned.matrix.final.mean()


def test_retention_and_transfer_are_ratios_of_the_matrix(hypernet):
    matrix = hypernet.matrix
    assert hypernet.retention()["right"] == matrix.scores[0, 2] / matrix.scores[0, 0]
    assert hypernet.retention()["hard"] == 1.0
    alone = dict.fromkeys(PUSHES, 2.0)
    assert hypernet.transfer(alone)["left"] == matrix.scores[1, 1] / 2.0
    with pytest.raises(UnknownNameError, match="task 'hard' is not known"):
        hypernet.transfer({"right": 1.0, "left": 1.0})


def test_a_forecast_follows_the_task_of_the_history_or_the_one_named(hypernet):
    run = TESTS["left"]
    history, future = run[:5], run.inputs[5:15]
    told = hypernet.forecast(history, 10, inputs=future)
    named = hypernet.forecast(history, 10, inputs=future, task="left")
    other = hypernet.forecast(history, 10, inputs=future, task="right")
    assert np.array_equal(told.states, named.states)
    spread = run.states.std(axis=0)
    assert np.abs((told.states[:5] - run.states[5:10]) / spread).max() < 0.3
    assert np.abs(told.states - run.states[5:15]).max() < np.abs(other.states - run.states[5:15]).max()


def test_a_step_of_many_states_is_the_step_of_each(hypernet):
    states, inputs = TESTS["left"].states[:7], TESTS["left"].inputs[:7]
    together = hypernet.step(states, inputs, task="left")
    each = [hypernet.step(s, u, task="left") for s, u in zip(states, inputs, strict=True)]
    assert np.allclose(together, each, atol=1e-6)
    assert np.allclose(hypernet.task_law("left").simulate(states[0], inputs=inputs, steps=6).states[1], each[0])


@pytest.mark.parametrize("method", METHODS)
def test_a_saved_model_forecasts_and_learns_on_as_if_never_saved(method):
    law = ContinualDynamics(method, **{**SMALL, "minibatches": 20})
    for task in PUSHES:
        law.partial_fit(run_of(task, 200))
    back = decode_model(*encode_model(law))
    run = TESTS["left"]
    first, second = (m.forecast(run[:5], 5, inputs=run.inputs[5:10], task="left").states for m in (law, back))
    assert np.array_equal(first, second)
    more = run_of("hard", 200, seed=3)
    assert np.array_equal(law.partial_fit(more).losses_, back.partial_fit(more).losses_)
    assert np.array_equal(law.step(run.states, run.inputs, "right"), back.step(run.states, run.inputs, "right"))


def test_the_current_task_again_resumes_its_training():
    halves = ContinualDynamics(**{**SMALL, "minibatches": 30})
    halves.partial_fit(run_of("right")).partial_fit(run_of("left"), minibatches=0)
    drift = halves._learner.drift
    losses = [halves.partial_fit(run_of("left", 3, seed=k)).losses_.mean() for k in range(3)]
    assert halves.tasks_ == ("right", "left")
    assert halves._learner.drift is drift
    assert losses[2] < losses[0]
    assert len(halves.kept_["states"]) == 499 + 3 * 2


def test_an_old_task_can_be_taken_up_again_and_the_others_are_then_held():
    law = learned("hypernet")
    law.partial_fit(run_of("right", seed=5))
    assert law.tasks_ == tuple(PUSHES)
    assert law.current_task_ == "right"
    assert law._learner.drift.tasks == (1, 2)
    assert law.error(TESTS["left"], "left") < 2 * law.matrix.scores[1, 1]


def test_what_is_kept_of_a_task_is_an_embedding_and_a_few_moments():
    law = ContinualDynamics(**{**SMALL, "minibatches": 2})
    kept = []
    for k in range(4):
        law.partial_fit(run_of("right", 100, seed=k), task=f"task {k}").finish()
        kept.append(law.stored_bytes())
    assert len(set(np.diff(kept))) == 1
    assert np.diff(kept)[0] == 4 * (10 + 3 * 3 + 2)


def test_the_same_seed_gives_the_same_law_and_a_clone_starts_anew(hypernet):
    again = clone(hypernet)
    assert not hasattr(again, "tasks_")
    for task in PUSHES:
        again.partial_fit(run_of(task))
    run = TESTS["left"]
    assert np.array_equal(again.step(run.states, run.inputs, "left"), hypernet.step(run.states, run.inputs, "left"))


def test_a_task_is_told_from_its_motion_and_a_new_body_is_called_new(hypernet):
    for task, run in TESTS.items():
        guess = hypernet.infer_task(run[100:130])
        assert guess.task == task
        assert sum(guess.probabilities.values()) == pytest.approx(1)
        assert not guess.is_new
    PUSHES["wild"] = -6.0
    try:
        assert hypernet.infer_task(run_of("wild", 30)).is_new
    finally:
        del PUSHES["wild"]


def test_an_embedding_alone_learns_a_body_between_those_that_are_known(hypernet):
    PUSHES["between"] = 1.75
    try:
        few, test = run_of("between", 60), run_of("between", 200, seed=4)
    finally:
        del PUSHES["between"]
    nearest = hypernet.infer_task(few).task
    law = hypernet.law_at(hypernet.find_embedding(few), like=nearest)
    step = law.step(test.states[:-1], test.inputs[:-1])
    old = hypernet.step(test.states[:-1], test.inputs[:-1], nearest)
    assert np.square(step - test.states[1:]).mean() < np.square(old - test.states[1:]).mean()
    assert np.allclose(
        hypernet.law_at(hypernet.embeddings[1], like="left").step(test.states, test.inputs),
        hypernet.step(test.states, test.inputs, "left"),
    )


def test_angles_enter_as_cosine_and_sine_and_turn_the_short_way_round():
    rng = np.random.default_rng(0)
    angles = rng.uniform(-np.pi, np.pi, (800, 1))
    inputs = rng.uniform(-1, 1, (800, 1))
    nexts = (angles + 0.3 * inputs + np.pi) % (2 * np.pi) - np.pi
    law = ContinualDynamics(**{**SMALL, "angles": (0,)})
    law.partial_fit_pairs(angles, inputs, nexts, "turning", 0.1)
    found = law.step(angles, inputs)
    apart = (found - nexts + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(apart).mean() < 0.03
    assert law.normalisers_["turning"].shape == (3, 3)


def test_a_variable_asked_for_itself_is_not_added_to_the_old_one():
    rng = np.random.default_rng(0)
    states, inputs = rng.normal(size=(800, 2)), rng.uniform(-1, 1, (800, 1))
    nexts = np.column_stack([0.5 * inputs[:, 0], states[:, 1]])
    law = ContinualDynamics(**{**SMALL, "absolute": (0,)}).partial_fit_pairs(states, inputs, nexts, "one", 1.0)
    assert np.abs(law.step(states, inputs)[:, 0] - nexts[:, 0]).mean() < 0.05


def test_a_hypernetwork_writes_the_coefficients_of_a_law_that_is_linear_in_its_terms():
    rng = np.random.default_rng(0)
    states, inputs = rng.normal(size=(600, 2)), rng.uniform(-1, 1, (600, 1))
    law = ContinualDynamics(
        hidden=(), library=polynomial(2), hyper_hidden=(12, 12), minibatches=500, batch_size=50, learning_rate=3e-3
    )
    x, v = states.T
    for task, push in PUSHES.items():
        nexts = states + 0.1 * np.stack([v, push * inputs[:, 0] - 0.5 * x * v], axis=1)
        law.partial_fit_pairs(states, inputs, nexts, task, 0.1)
    for task, push in PUSHES.items():
        found = law.task_law(task).coefficients()
        assert found["u0"][1] == pytest.approx(0.1 * push, abs=0.02)
        assert found["x0*x1"][1] == pytest.approx(-0.05, abs=0.02)
        assert abs(found["x1**2"][1]) < 0.02
    back = decode_model(*encode_model(law))
    assert np.array_equal(back.step(states, inputs, "left"), law.step(states, inputs, "left"))
    with pytest.raises(InputError, match="coefficients: a network with hidden layers"):
        learned("single", minibatches=1).task_law().coefficients()


def test_a_gaussian_law_knows_where_the_noise_is():
    rng = np.random.default_rng(0)
    states, inputs = rng.normal(size=(2000, 1)), rng.uniform(-1, 1, (2000, 1))
    noise = np.where(inputs > 0, 0.5, 0.05) * rng.normal(size=(2000, 1))
    law = ContinualDynamics(**{**SMALL, "loss": "gaussian", "minibatches": 600})
    law.partial_fit_pairs(states, inputs, states + noise, "noisy", 1.0)
    told = np.sqrt(law.task_law().variance(np.zeros((2, 1)), np.array([[0.7], [-0.7]])))[:, 0]
    assert told[0] == pytest.approx(0.5, rel=0.3)
    assert told[1] < 0.2


def test_samples_that_miss_a_value_are_left_out():
    run = run_of("right")
    states = run.states.copy()
    states[10:13] = np.nan
    law = ContinualDynamics(**{**SMALL, "minibatches": 1}).partial_fit(run.replace(states=states))
    assert len(law.kept_["states"]) == 499 - 4


def test_a_chunked_and_plastic_hypernetwork_learns_too():
    law = learned("hypernet", chunk=100, plastic=True)
    assert law.matrix.just_trained.mean() < 0.5
    assert law.matrix.old_ratio() < 3


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"method": "hypernett"}, UnknownNameError, "method 'hypernett' is not known; nearest: hypernet"),
        ({"loss": "l1"}, InputError, "loss: 'l1' found"),
        ({"hidden": (), "method": "ewc"}, InputError, r"hidden: \(\) found"),
        ({"library": "polynomial"}, InputError, "library: str found"),
        ({"beta": -1}, InputError, "beta: -1 found"),
        ({"learning_rate": np.nan}, InputError, "learning_rate: nan found"),
        ({"validation": 1.0}, InputError, "validation: 1.0 found"),
        ({"batch_size": 0}, InputError, "batch_size: 0 found"),
        ({"batch_size": 5000}, InputError, "499 complete transitions found, expected at least one batch of 5000"),
        ({"angles": ("y",)}, UnknownNameError, "angles: state 'y' is not known"),
        ({"absolute": (7,)}, InputError, "absolute: position 7 found"),
        ({"activation": "gelu"}, InputError, "activation: 'gelu' found"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes, kind, message):
    with pytest.raises(kind, match=message):
        ContinualDynamics(**{**SMALL, **changes}).partial_fit(run_of("right"))


def test_another_system_another_interval_and_infinity_are_refused(hypernet):
    run = run_of("right")
    wider = Trajectory(run.times, np.hstack([run.states, run.states[:, :1]]), inputs=run.inputs)
    with pytest.raises(InputError, match="3 states and 1 inputs found"):
        hypernet.partial_fit(wider, task="wide")
    with pytest.raises(InputError, match="sampling interval 0.2 found, expected 0.1"):
        hypernet.partial_fit(run.replace(times=2 * run.times), task="slow")
    with pytest.raises(InputError, match="infinite values found"):
        hypernet.partial_fit_pairs(np.full((60, 2), np.inf), np.zeros((60, 1)), np.zeros((60, 2)), "far", 0.1)
    with pytest.raises(InputError, match="something other than numbers"):
        hypernet.partial_fit_pairs([["a", "b"]], [[0]], [["c", "d"]], "words", 0.1)
    with pytest.raises(InputError, match="runs of 2 tasks found"):
        hypernet.partial_fit(Trajectories([run_of("right"), run_of("left")]))


def test_an_unknown_task_is_refused_by_name(hypernet):
    run = TESTS["left"]
    with pytest.raises(UnknownNameError, match="task 'lift' is not known; nearest: left"):
        hypernet.forecast(run[:5], 3, inputs=run.inputs[5:8], task="lift")
    with pytest.raises(UnknownNameError, match="task 'lift' is not known"):
        hypernet.step(run.states, run.inputs, task="lift")
    with pytest.raises(InputError, match="states .* found, expected"):
        hypernet.step(run.states[:, :1], run.inputs)
    with pytest.raises(InputError, match="has no embeddings"):
        _ = ContinualDynamics("single", **{**SMALL, "minibatches": 1}).partial_fit(run).embeddings
    with pytest.raises(InputError, match="embedding: shape"):
        hypernet.law_at(np.zeros(3))
    with pytest.raises(InputError, match="keeps no recordings"):
        hypernet.train_together()


def test_a_few_more_steps_that_are_all_kept_to_validate_with_change_no_normaliser():
    law = ContinualDynamics(**{**SMALL, "minibatches": 1, "validation": 0.999, "batch_size": 10})
    law.partial_fit(run_of("right", 4000))
    before = law.normalisers_["right"].copy()
    law.partial_fit(run_of("right", 3, seed=1))
    assert np.isfinite(law.normalisers_["right"]).all()
    assert np.array_equal(law.normalisers_["right"], before)
