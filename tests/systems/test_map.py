"""Maps: known iterates, two ways of iterating that agree to the last bit, and wrong arguments."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import Map, iteration, zoo
from inscape.systems.symbols import Abs, Piecewise, floor, modulo, sin, t
from inscape.trajectories import Trajectories


@Map
def logistic(x, *, r=4.0):
    return r * x * (1 - x)


@Map
def doubling(x):
    return modulo(2 * x, 1)


@Map
def henon(x, y, *, a=1.4, b=0.3):
    return 1 - a * x**2 + y, b * x


@Map
def tallied(x, *, u):
    return x + u


def test_the_logistic_map_at_four_is_a_sine_in_disguise():
    run = logistic.simulate([np.sin(0.2) ** 2], steps=12)
    np.testing.assert_allclose(run.states[:, 0], np.sin(0.2 * 2.0 ** np.arange(13)) ** 2, atol=1e-11)
    np.testing.assert_array_equal(run.times, np.arange(13))


def test_modulo_and_floor_wrap_as_arithmetic_says():
    run = doubling.simulate([0.3], steps=5)
    np.testing.assert_allclose(run.states[:, 0], [0.3, 0.6, 0.2, 0.4, 0.8, 0.6], atol=1e-14)

    @Map
    def steps(x, y):
        return x + 0.7, floor(x) + Piecewise((Abs(y), x > 2), (0, True))

    np.testing.assert_allclose(steps.simulate([0.0, -1.0], steps=4).states[:, 1], [-1, 0, 0, 1, 3])


def test_a_map_may_use_the_number_of_the_step():
    @Map
    def clock(x):
        return x + t

    assert clock.simulate([0.0], steps=4).states[-1, 0] == 0 + 1 + 2 + 3
    assert clock.simulate([0.0], times=[3, 5]).states[-1, 0] == 3 + 4


@pytest.mark.parametrize("name", ["Henon", "IkedaMap", "Circle"])
def test_compiled_and_plain_iteration_agree_to_the_last_bit(name, monkeypatch):
    system = zoo[name]
    rebuilt = Map(system.definition, initial=system.initial)
    plain = rebuilt.simulate(steps=300)
    monkeypatch.setattr(iteration, "WORTH_COMPILING", 0)
    compiled = rebuilt.simulate(steps=300)
    assert np.array_equal(plain.states, compiled.states)


def test_an_ensemble_holds_the_single_runs():
    starts = np.random.default_rng(0).uniform(0.1, 0.9, (7, 1))
    runs = logistic.simulate(starts, steps=20)
    assert isinstance(runs, Trajectories)
    for start, run in zip(starts, runs, strict=True):
        assert np.array_equal(run.states, logistic.simulate(start, steps=20).states)


def test_each_run_may_have_its_own_parameter():
    runs = logistic.simulate([0.4], steps=200, parameters={"r": [0.5, 2.0, 2.5]})
    np.testing.assert_allclose([run.states[-1, 0] for run in runs], [0.0, 0.5, 0.6], atol=1e-12)


def test_runs_begin_on_the_attractor_and_repeat_with_their_seed():
    first, again, other = (henon.simulate(steps=3, runs=5, seed=s).stack() for s in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() < 1.5


def test_chosen_times_and_transients_are_the_same_orbit():
    whole = henon.simulate(steps=30)
    some = henon.simulate(times=[0, 10, 30])
    late = henon.simulate(steps=20, transient=10)
    assert np.array_equal(some.states, whole.states[[0, 10, 30]])
    assert np.array_equal(late.states, whole.states[10:])


def test_inputs_drive_step_by_step():
    run = tallied.simulate([0.0], steps=3, inputs=[1.0, 10.0, 100.0])
    np.testing.assert_array_equal(run.states[:, 0], [0, 1, 11, 111])
    counted = tallied.simulate([0.0], steps=3, inputs=lambda n: [float(n)])
    np.testing.assert_array_equal(counted.states[:, 0], [0, 0, 1, 3])
    assert counted.input_names == ("u",)


def test_an_escaping_orbit_comes_back_as_far_as_it_is_finite():
    run = logistic.simulate([1.5], steps=100)
    assert "diverged" in run.context["stopped"]
    assert 5 < len(run) < 20
    assert np.isfinite(run.states).all()
    with pytest.raises(DivergedError, match="transient"):
        logistic.simulate([1.5], steps=3, transient=100)


def test_an_overflow_in_a_function_ends_the_run_and_not_the_program():
    @Map
    def burst(x):
        return x**3 + sin(x)

    assert "stopped" in burst.simulate([10.0], steps=50).context


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, InputError, "no times"),
        ({"steps": -1}, InputError, "steps: -1"),
        ({"steps": 2.5}, InputError, "steps: 2.5"),
        ({"steps": 3, "times": [1]}, InputError, "steps"),
        ({"times": [0, 0.5]}, InputError, "whole"),
        ({"times": [3, 1]}, InputError, "rising"),
        ({"times": []}, InputError, "rising"),
        ({"periods": np.nan}, InputError, "periods"),
        ({"steps": 3, "transient": 0.5}, InputError, "transient"),
        ({"steps": 3, "initial": [1.0]}, InputError, r"shape \(1,\)"),
        ({"steps": 3, "initial": [np.inf, 0]}, InputError, "not finite"),
        ({"steps": 3, "runs": -1}, InputError, "runs"),
        ({"steps": 3, "parameters": {"alpha": 1}}, UnknownNameError, "nearest: a"),
        ({"steps": 3, "inputs": [1, 2, 3]}, InputError, "nothing drives"),
    ],
)
def test_wrong_arguments_are_named_in_one_line(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        henon.simulate(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("inputs", [None, [1.0], [1.0, np.nan, 2.0], np.ones((3, 2)), lambda n: [1.0, 2.0]])
def test_wrong_inputs_are_named(inputs):
    with pytest.raises(InputError, match="inputs"):
        tallied.simulate([0.0], steps=3, inputs=inputs)


def test_a_root_of_a_negative_number_ends_the_run():
    @Map
    def rooted(x):
        return x**0.5 - 1

    run = rooted.simulate([4.0], steps=10)
    np.testing.assert_array_equal(run.states[:, 0], [4.0, 1.0, 0.0, -1.0])
    assert "diverged after step 3" in run.context["stopped"]
