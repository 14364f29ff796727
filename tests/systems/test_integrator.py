"""The moving state and its tangent vectors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from inscape.errors import DivergedError, InputError
from inscape.systems import Flow, zoo
from inscape.systems.integrator import Integrator


@Flow
def spiral(x, y, *, a=-0.1, b=2.0):
    return a * x - b * y, b * x + a * y


def test_the_state_moves_as_simulate_says():
    moving = Integrator(spiral)
    for _ in range(10):
        moving.advance(0.1)
    assert moving.time == pytest.approx(1.0)
    np.testing.assert_allclose(moving.state, spiral.simulate(times=[0, 1]).states[1], rtol=1e-12)
    moving.advance(-1.0)
    np.testing.assert_allclose(moving.state, spiral.initial, rtol=1e-12)


def test_tangent_vectors_of_a_linear_flow_are_a_matrix_exponential():
    moving = Integrator(spiral, tangent=2)
    moving.advance(1.7)
    np.testing.assert_allclose(moving.tangent, expm(1.7 * np.array([[-0.1, -2.0], [2.0, -0.1]])), rtol=1e-12)


def test_tangent_vectors_are_the_derivative_of_the_motion():
    lorenz = zoo["Lorenz"]
    moving = Integrator(lorenz, tangent=3)
    moving.advance(0.5)
    step = 1e-6
    for i in range(3):
        ends = [
            lorenz.simulate(lorenz.initial + sign * step * np.eye(3)[i], times=[0, 0.5]).states[1] for sign in (1, -1)
        ]
        np.testing.assert_allclose(moving.tangent[:, i], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-6)


def test_the_volume_of_the_tangent_vectors_shrinks_with_the_divergence():
    lorenz = zoo["Lorenz"]
    moving = Integrator(lorenz, tangent=3)
    moving.advance(1.0)
    sigma, _, beta = lorenz.parameter_values
    assert np.linalg.slogdet(moving.tangent)[1] == pytest.approx(-(sigma + 1 + beta), rel=1e-9)


def test_state_and_tangent_are_copies_that_can_be_set():
    moving = Integrator(spiral, tangent=1)
    before = moving.state
    moving.advance(1.0)
    np.testing.assert_array_equal(before, spiral.initial)
    moving.state, moving.tangent = [0.0, 0.0], [[1.0], [0.0]]
    moving.advance(1.0)
    np.testing.assert_array_equal(moving.state, [0.0, 0.0])
    assert np.linalg.norm(moving.tangent) == pytest.approx(np.exp(-0.1), rel=1e-12)


def test_two_integrators_of_one_system_do_not_disturb_each_other():
    first, second = Integrator(spiral), Integrator(spiral.with_parameters(b=0.0))
    first.advance(1.0)
    np.testing.assert_array_equal(second.state, spiral.initial)
    second.advance(1.0)
    np.testing.assert_allclose(second.state, np.exp(-0.1) * np.ones(2), rtol=1e-12)


def test_samples_begin_at_the_present_time():
    moving = Integrator(spiral)
    moving.time, moving.state = 2.0, [1.0, 0.0]
    states, reason = moving.sample(np.array([2.0, 2.5, 3.0]))
    assert reason is None
    exact = [np.exp(-0.1 * s) * np.array([np.cos(2 * s), np.sin(2 * s)]) for s in (0, 0.5, 1)]
    np.testing.assert_allclose(states, exact, rtol=1e-11)
    later, _ = moving.sample(np.array([3.5]))
    assert later.shape == (1, 2)


def test_a_long_grid_is_the_same_as_short_ones():
    times = np.linspace(0, 50, 45_001)
    states, reason = Integrator(spiral).sample(times)
    assert reason is None
    exact = np.exp(-0.1 * times)[:, None] * np.stack(
        [np.cos(2 * times) - np.sin(2 * times), np.cos(2 * times) + np.sin(2 * times)], axis=1
    )
    assert states.shape == exact.shape
    np.testing.assert_allclose(states, exact, atol=1e-11)


def test_divergence_is_an_error_with_its_time():
    @Flow
    def explosion(x):
        return x**2

    with pytest.raises(DivergedError, match=r"explosion: diverged at t = 1"):
        Integrator(explosion).advance(2.0)
    states, reason = Integrator(explosion).sample(np.linspace(0, 2, 21))
    assert len(states) < 12
    assert "diverged" in reason


def test_wrong_arguments_are_named():
    with pytest.raises(InputError, match="tangent: 3"):
        Integrator(spiral, tangent=3)
    with pytest.raises(InputError, match="state"):
        Integrator(spiral).state = [1.0]
    with pytest.raises(InputError, match="state"):
        Integrator(spiral).state = [1.0, np.nan]
    with pytest.raises(InputError, match="tangent: shape"):
        Integrator(spiral, tangent=1).tangent = np.eye(2)
    with pytest.raises(InputError, match="inputs"):
        Integrator(spiral, inputs=[1.0])


def test_kinked_flows_get_the_switching_integrator():
    chua = zoo["Chua"]
    assert not chua.is_smooth
    assert zoo["Lorenz"].is_smooth
    assert type(Integrator(chua)).__name__ == "SwitchedIntegrator"
