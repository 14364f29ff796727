"""Angles between planes, reduced-rank regression, and what linear objectives find."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from inscape.analysis import (
    confounding,
    controllable_plane,
    largest_sine,
    linear_encoder,
    pooled_cloning,
    principal_angles,
    reduced_rank_regression,
)
from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds import LinearReaching
from inscape.trajectories import Trajectory

RANDOM = np.random.default_rng(0)


def test_principal_angles_agree_with_scipy_also_where_they_are_tiny():
    first = RANDOM.normal(size=(9, 3))
    for second in (RANDOM.normal(size=(9, 4)), first + 1e-9 * RANDOM.normal(size=(9, 3)), RANDOM.normal(size=(9, 2))):
        assert principal_angles(first, second) == pytest.approx(subspace_angles(first, second)[::-1], abs=1e-12)


def test_a_plane_within_another_has_angle_zero_and_an_orthogonal_one_a_right_angle():
    axes = np.eye(5)
    assert largest_sine(axes[:, :2], axes[:, :3]) == pytest.approx(0, abs=1e-12)
    assert principal_angles(axes[:, :2], axes[:, 3:]) == pytest.approx([np.pi / 2] * 2)


def test_reduced_rank_regression_has_the_error_of_the_best_map_of_that_rank():
    x = RANDOM.normal(size=(400, 6)) @ RANDOM.normal(size=(6, 6))
    y = x @ RANDOM.normal(size=(6, 2)) @ RANDOM.normal(size=(2, 5)) + 0.1 * RANDOM.normal(size=(400, 5)) + 3
    found = reduced_rank_regression(x, y, 2)
    whole = reduced_rank_regression(x, y, 5)
    full = ((whole.predict(x) - y) ** 2).sum()
    # Eckart and Young on the fitted targets: what is given up is the tail of their singular values.
    assert ((found.predict(x) - y) ** 2).sum() == pytest.approx(full + 400 * (found.strengths[2:] ** 2).sum())
    ordinary = np.linalg.lstsq(np.c_[x, np.ones(400)], y, rcond=None)[0]
    assert whole.predict(x) == pytest.approx(np.c_[x, np.ones(400)] @ ordinary)


def test_inverse_dynamics_finds_the_state_plane_and_the_others_do_not():
    world = LinearReaching(seed=3)
    runs = world.demonstrations(300, seed=4)
    seen, done = [run.states for run in runs], [run.inputs for run in runs]
    sines = {name: largest_sine(linear_encoder(name, seen, done, 4).T, world.state_plane)
             for name in ("inverse", "cloning", "forward", "variance")}  # fmt: skip
    assert sines["inverse"] < 0.3
    assert min(sines["cloning"], sines["forward"], sines["variance"]) > 0.95


def test_one_step_shows_only_the_actuated_directions():
    world = LinearReaching(seed=3, actuated=2, distractors=2, observed=8)
    runs = world.demonstrations(500, seed=4)
    encoder = linear_encoder("inverse", [r.states for r in runs], [r.inputs for r in runs], 2)
    assert largest_sine(encoder.T, world.actuated_plane) < 0.2
    found = controllable_plane(runs, rank=2)
    assert np.sin(found.angles_to(world.actuated_plane)[-1]) < 0.15
    assert np.quantile(found.spread, 0.95) < 0.2


def test_cloning_in_the_exact_case_has_slope_minus_kappa_over_28():
    found = pooled_cloning(1.0, 1.0, 0.5, 20)
    r = 0.5 ** np.arange(20)
    assert found.slope[0, 0] == pytest.approx(0.5 * (r * (1 - 2 * r)).sum() / (r**2 + (1 - r) ** 2).sum(), rel=1e-12)
    assert found.slope[0, 0] == pytest.approx(-0.5 / 28, rel=1e-4)
    assert found.cloning_r2 == pytest.approx(0.0089, abs=5e-5)
    assert found.inverse_r2 == pytest.approx(1)


@pytest.mark.parametrize("features", [0, 300])
def test_the_meter_measures_the_exact_shares_of_a_linear_world(features):
    world = LinearReaching(seed=1, distractors=0, observed=4, observation_noise=0.0)
    found = confounding(world.demonstrations(800, seed=2), features=features, draws=100)
    gain = world.gain * np.linalg.pinv(world.control)
    exact = pooled_cloning(
        world.decay * np.eye(4), world.control, gain, 19, action_noise=world.action_noise, state_noise=world.state_noise
    )
    assert found.one_frame == pytest.approx(exact.cloning_r2, abs=0.03)
    assert found.two_frames == pytest.approx(exact.inverse_r2, abs=0.03)
    assert found.one_frame_band[0] <= found.one_frame + 0.01
    assert "confounded" in str(found)


def test_the_controllable_plane_names_the_coordinates_that_actions_reach():
    random = np.random.default_rng(5)
    runs = []
    for _ in range(30):
        actions = random.normal(size=(40, 2))
        moved = np.vstack([np.zeros(2), np.cumsum(actions, axis=0)[:-1]])
        idle = random.normal(size=(40, 2)).cumsum(axis=0)
        names = ("reached", "idle", "also", "still idle")
        states = np.c_[moved[:, 0], idle[:, 0], moved[:, 1], idle[:, 1]]
        runs.append(Trajectory(np.arange(40.0), states, inputs=actions, state_names=names))
    found = controllable_plane(runs)
    assert {row["coordinate"] for row in found.table()[:2]} == {"reached", "also"}
    assert found.shares[[0, 2]] == pytest.approx(1, abs=0.02)
    assert found.shares[[1, 3]] == pytest.approx(0, abs=0.15)
    assert found.strengths[:2] == pytest.approx(1, abs=0.1)
    assert found.agreement < 0.2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: principal_angles(np.eye(3), np.ones((4, 1))), "4 rows found"),
        (lambda: principal_angles(np.eye(3), np.full((3, 1), np.nan)), "finite"),
        (lambda: principal_angles(np.ones((3, 2)), np.eye(3)), "dependent"),
        (lambda: reduced_rank_regression(np.ones((5, 2)), np.ones((4, 2)), 1), "4 samples found"),
        (lambda: reduced_rank_regression(np.eye(5), np.eye(5), 9), "rank: 9"),
        (lambda: linear_encoder("inverse", [np.ones((3, 2))], [np.ones((3, 1))], 1, offset=5), "longest episode has 3"),
        (lambda: linear_encoder("inverse", [np.ones((3, 2))], [np.ones((4, 1))], 1), "one length"),
        (lambda: linear_encoder("inverse", [np.full((5, 2), np.nan)], [np.ones((5, 1))], 1), "not finite"),
        (lambda: pooled_cloning(np.eye(2), np.eye(2), np.eye(3), 5), "expected"),
        (lambda: pooled_cloning(1.0, 1.0, np.nan, 5), "finite"),
        (lambda: pooled_cloning(1.0, 1.0, 0.5, 0), "steps: 0"),
        (lambda: controllable_plane([Trajectory([0.0, 1.0], np.ones((2, 2)))] * 2), "without inputs"),
        (lambda: confounding([Trajectory(np.arange(9.0), np.ones((9, 1)), np.ones(9))] * 8), "constant"),
        (lambda: confounding([Trajectory(np.arange(9.0), np.ones((9, 1)), np.arange(9.0))]), "folds"),
    ],
)
def test_bad_input_is_answered_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as found:
        call()
    assert "\n" not in str(found.value)


def test_an_unknown_objective_names_the_nearest():
    with pytest.raises(UnknownNameError, match="inverse"):
        linear_encoder("invers", [np.ones((3, 2))], [np.ones((3, 1))], 1)
