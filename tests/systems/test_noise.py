"""Noise in the motion and in the observation: stationary laws, orders of convergence, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.systems import Flow, zoo
from inscape.systems.diffusion import diffusion
from inscape.systems.noise import (
    NoisyLaw,
    simulate_with_noise,
    wiener_increments,
    with_observation_noise,
)
from inscape.systems.symbols import cos, sin, sqrt, t
from inscape.trajectories import Trajectories, Trajectory


@Flow
def relaxation(x, *, rate=1.0):
    return -rate * x


@Flow
def growth(x, *, mu=0.5, spread=0.8):
    return mu * x


@Flow
def still(x, y):
    return 0 * x, 0 * y


@Flow
def pendulum(x, v):
    return v, -sin(x)


@Flow
def corrugated(x):
    return sin(2 * x)


def swelling(t):
    return 1 + cos(t)


def proportional(x, spread):
    return spread * x


def test_an_ornstein_uhlenbeck_process_has_its_variance_and_memory():
    run = simulate_with_noise(
        relaxation, times=np.arange(0, 20_000, 0.25), noise=np.sqrt(2), transient=20.0, step=0.05, seed=3
    )
    x = run.states[:, 0]
    # 20,000 relaxation times: the variance is known to 1 %, at four standard errors 0.04.
    assert x.mean() == pytest.approx(0, abs=0.04)
    assert x.var() == pytest.approx(1, abs=0.04)
    assert np.mean(x[:-4] * x[4:]) == pytest.approx(np.exp(-1), abs=0.04)


def test_geometric_brownian_motion_has_its_mean_and_variance():
    runs = simulate_with_noise(growth, [1.0], [0.0, 0.5, 1.0], noise=proportional, runs=4_000, step=0.02, seed=5)
    end = runs.stack()[:, -1, 0]
    assert end.mean() == pytest.approx(np.exp(0.5), abs=4 * end.std() / np.sqrt(4_000))
    assert np.log(end).var() == pytest.approx(0.64, rel=0.1)
    assert np.log(end).mean() == pytest.approx(0.5 - 0.32, abs=0.05)


def strong_order(flow, noise, method, exact_method, initial, halvings=(3, 4, 5, 6)):
    """Order of convergence of paths along the same Wiener processes, over one time unit."""
    law, reference = NoisyLaw.of(flow, noise, method), NoisyLaw.of(flow, noise, exact_method)
    finest = 2**11
    rng = np.random.default_rng(11)
    errors = np.zeros(len(halvings))
    for _ in range(60):
        increments, areas = wiener_increments(rng, np.full(finest, 1 / finest), law.channels)
        ends = []
        for steps in (finest, *(2**k for k in halvings)):
            merge = finest // steps
            grouped = increments.reshape(steps, merge, -1)
            # The integral of W over a long step: those over the short ones, each from where W then stood.
            stood = np.cumsum(grouped, axis=1) - grouped
            area = (areas.reshape(steps, merge, -1) + stood / finest).sum(axis=1)
            x = np.array([initial], dtype=float)
            out = np.empty((1, len(initial)))
            recorded = np.zeros(steps, dtype=bool)
            recorded[-1] = True
            way = reference if steps == finest else law
            times = np.linspace(0, 1, steps + 1)
            nothing = np.empty((2, 0))
            way.follow(
                x, flow.parameter_values, times, grouped.sum(axis=1), area, recorded, np.array([0.0, 1.0]), nothing, out
            )
            ends.append(out[0])
        errors += [np.abs(e - ends[0]).max() for e in ends[1:]]
    return -np.polyfit(np.log([2**k for k in halvings]), np.log(errors), 1)[0]


def test_orders_of_strong_convergence_are_those_of_the_theory():
    assert strong_order(corrugated, swelling, "sra1", "sra1", [0.5]) == pytest.approx(1.5, abs=0.25)
    assert strong_order(corrugated, swelling, "euler-maruyama", "sra1", [0.5]) == pytest.approx(1.0, abs=0.2)
    assert strong_order(growth, proportional, "milstein", "milstein", [1.0]) == pytest.approx(1.0, abs=0.2)
    assert strong_order(growth, proportional, "euler-maruyama", "milstein", [1.0]) == pytest.approx(0.5, abs=0.2)


def test_a_matrix_of_noise_gives_correlated_motion():
    mixing = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 0.2]])
    runs = simulate_with_noise(still, [0.0, 0.0], [0.0, 1.0, 2.0], noise=mixing, runs=4_000, step=0.5)
    covariance = np.cov(runs.stack()[:, -1].T)
    assert covariance == pytest.approx(2 * mixing @ mixing.T, abs=0.15)


def test_without_noise_a_run_is_the_deterministic_one():
    times = np.linspace(0, 5, 51)
    quiet = pendulum.simulate([1.0, 0.0], times, noise=0.0, noise_step=1e-3)
    assert quiet.states == pytest.approx(pendulum.simulate([1.0, 0.0], times).states, abs=1e-5)


def test_the_same_seed_gives_the_same_numbers_whatever_the_number_of_runs():
    times = np.linspace(0, 2, 21)
    three = simulate_with_noise(zoo["Lorenz"], times=times, noise=0.5, runs=3, seed=7)
    five = simulate_with_noise(zoo["Lorenz"], times=times, noise=0.5, runs=5, seed=7)
    assert all(a == b for a, b in zip(three, five[:3], strict=True))
    assert not np.array_equal(three[0].states, three[1].states)
    other = simulate_with_noise(zoo["Lorenz"], times=times, noise=0.5, runs=3, seed=8)
    assert not np.array_equal(three[0].states, other[0].states)


def test_simulate_takes_noise_and_says_how_it_was_made():
    run = zoo["Lorenz"].simulate(periods=2, noise=[0.1, 0.2, 0.3], seed=1)
    assert isinstance(run, Trajectory)
    assert run.context["noise_method"] == "sra1"
    assert run.context["noise_step"] <= zoo["Lorenz"].period / 400
    assert run.source == "Lorenz with noise"
    assert zoo["Chua"].simulate(periods=1, noise=0.1).state_names == ("x", "y", "z")


def test_uneven_times_are_met():
    times = np.array([0.0, 0.1, 0.15, 2.0, 2.5])
    run = simulate_with_noise(still, [0.0, 0.0], times, noise=1.0, step=0.01, runs=2_000)
    assert run.stack()[:, :, 0].var(axis=0) == pytest.approx(times, rel=0.15, abs=1e-12)


def test_a_driven_flow_feels_its_inputs_and_its_noise():
    @Flow
    def driven(x, *, u):
        return u - x

    times = np.linspace(0, 4, 41)
    inputs = np.sin(times)[:, None]
    quiet = driven.simulate([0.0], times, inputs, noise=0.0, noise_step=1e-3)
    assert quiet.states == pytest.approx(driven.simulate([0.0], times, inputs).states, abs=1e-5)
    assert np.array_equal(quiet.inputs, inputs)


def test_the_method_fits_the_noise():
    def kind(noise):
        return NoisyLaw.of(pendulum, noise).method

    assert kind(0.1) == kind([0.1, 0.2]) == kind(np.eye(2)) == kind(lambda t: sqrt(1 + t**2)) == "sra1"
    assert kind(lambda x, v: [x, v]) == "milstein"
    assert kind(lambda x, v: [v, x]) == kind(lambda x: [[x, 1], [0, 1]]) == "euler-maruyama"
    spread = diffusion(growth.definition, proportional)
    assert spread.is_diagonal
    assert not spread.is_additive


def test_a_noisy_run_that_diverges_returns_its_good_part():
    @Flow
    def runaway(x):
        return x**2

    run = simulate_with_noise(runaway, [1.0], np.linspace(0, 3, 301), noise=0.01, step=1e-3)
    assert 80 < len(run) < 130
    assert run.context["stopped"].startswith("diverged")


def test_observation_noise_has_the_strength_that_was_asked_for():
    run = zoo["Lorenz"].simulate(periods=200)
    noisy = with_observation_noise(run, 0.05, seed=2)
    errors = noisy.states - run.states
    assert errors.std(axis=0) == pytest.approx(0.05 * run.states.std(axis=0), rel=0.03)
    assert noisy == with_observation_noise(run, 0.05, seed=2)
    fixed = with_observation_noise(Trajectories([run, run]), absolute=[1.0, 0.0, 2.0], seed=2)
    assert (fixed[1].states - run.states).std(axis=0) == pytest.approx([1, 0, 2], rel=0.03)
    assert not np.array_equal(fixed[0].states, fixed[1].states)
    assert "absolute" in fixed[0].context["observation_noise"]


def test_missing_samples_stay_missing_under_observation_noise():
    run = Trajectory([0.0, 1.0, 2.0], [[1.0], [np.nan], [3.0]])
    assert np.isnan(with_observation_noise(run, 0.1).states[:, 0]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": [0.1, 0.2, 0.3]}, "shape"),
        ({"noise": np.nan}, "finite"),
        ({"noise": "loud"}, "noise"),
        ({"noise": lambda q: q}, "q"),
        ({"noise": np.ones((2, 0))}, "shape"),
        ({"noise": lambda x: x, "method": "sra1"}, "sra1"),
        ({"noise": lambda x, v: [v, x], "method": "milstein"}, "milstein"),
        ({"noise": 0.1, "step": -1.0}, "step"),
        ({"noise": 0.1, "times": [1.0, 0.0]}, "backward"),
        ({"noise": 0.1, "initial": [1.0]}, "initial"),
        ({"noise": 0.1, "inputs": np.ones((2, 1))}, "inputs"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        simulate_with_noise(pendulum, **{"times": [0.0, 1.0], **arguments})


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="milstein"):
        simulate_with_noise(pendulum, times=[0.0, 1.0], noise=0.1, method="millstein")


@pytest.mark.parametrize(
    "arguments", [{"relative": -1.0}, {"relative": np.inf}, {"relative": [1.0, 2.0]}, {"absolute": [[1.0]]}]
)
def test_strengths_of_observation_noise_are_checked(arguments):
    run = Trajectory([0.0, 1.0], np.ones((2, 3)))
    with pytest.raises(InputError):
        with_observation_noise(run, **arguments)
    with pytest.raises(InputError):
        with_observation_noise(np.ones((3, 3)))


def test_time_may_stand_in_the_noise():
    assert diffusion(relaxation.definition, lambda: t).is_additive
