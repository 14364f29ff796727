"""Point mass, arm, their pictures and their experts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

pytest.importorskip("gymnasium")

from inscape.errors import InputError
from inscape.systems.worlds import Arm, LinearReaching, PointMass, demonstrations, record
from inscape.systems.worlds.damped_motor import damped_motor
from inscape.systems.worlds.raster import Raster

WORLDS = [PointMass, Arm, lambda **k: Arm(task="place", **k)]


def test_a_step_of_the_motor_is_the_solution_of_its_equation():
    told = damped_motor(np.array(0.1), np.array(-0.4), np.array(0.07), 0.05, inertia=0.3, damping=1.0)
    solved = solve_ivp(lambda _, y: [y[1], (0.07 - y[1]) / 0.3], (0, 0.05), [0.1, -0.4], rtol=1e-12, atol=1e-14)
    assert [float(v) for v in told] == pytest.approx(solved.y[:, -1], abs=1e-11)


def test_two_half_steps_are_one_step():
    world = PointMass()
    state, action = world.draw_states(7, np.random.default_rng(0)) * 0.5, np.full((7, 2), 0.3)
    whole = world.move(state, action)
    world.dt /= 2
    assert world.move(world.move(state, action), action) == pytest.approx(whole, abs=1e-14)


def test_the_mass_stops_at_the_wall():
    world = PointMass()
    state = np.array([0.289, 0.0, 0.1, 0.0])
    for _ in range(5):
        state = world.move(state, np.array([1.0, 0.0]))
    assert state[0] == 0.29
    assert state[2] == 0.0


@pytest.mark.parametrize("make", WORLDS)
def test_most_experts_reach_their_goals_and_random_actions_do_not(make):
    world = make()
    runs = demonstrations(world, contexts=100, seed=0)
    assert runs.reached.mean() > 0.7
    idle = demonstrations(world, contexts=100, noise=50.0, seed=0)
    assert idle.reached.mean() < runs.reached.mean() - 0.3


@pytest.mark.parametrize("make", WORLDS)
def test_a_world_is_a_gymnasium_environment_and_a_system(make):
    from gymnasium.utils.env_checker import check_env

    world = make()
    check_env(make(), skip_render_check=True)
    check_env(make(render=16), skip_render_check=True)
    run = record(world, lambda o: world.expert(o), steps=30, seed=3)[0]
    assert run.states.shape == (31, len(world.observation_names))
    again = world.simulate(run.states[0], inputs=run.inputs[:-1], steps=30)
    assert again.states == pytest.approx(run.states)


def test_many_worlds_at_once_are_as_many_single_ones():
    batch = PointMass(goal=(0.1, 0.0)).batch(3)
    seen, _ = batch.reset(seed=5)
    single = PointMass(goal=(0.1, 0.0))
    one, _ = single.reset(seed=6)
    assert seen[1] == pytest.approx(one)
    actions = np.random.default_rng(0).uniform(-1, 1, (3, 2))
    assert batch.step(actions)[0][1] == pytest.approx(single.step(actions[1])[0])


def test_the_brightest_pixel_is_where_the_mass_is():
    world = PointMass(render=48)
    state = np.array([[0.1, -0.2, 0, 0]])
    row, column = np.unravel_index(np.argmax(world.frames(state)[0]), (48, 48))
    centres = world.raster.centres
    assert centres[column] == pytest.approx(0.1, abs=0.02)
    assert -centres[row] == pytest.approx(-0.2, abs=0.02)


def test_a_hidden_goal_leaves_no_trace_in_the_frames_and_a_shown_one_does():
    states = PointMass().draw_states(5, np.random.default_rng(0))
    far = [PointMass(goal=g, render=24).frames(states) for g in ((0.2, 0.2), (-0.2, -0.2))]
    assert np.array_equal(*far)
    drawn = [PointMass(goal=g, render=24, shows_goal=True).frames(states) for g in ((0.2, 0.2), (-0.2, -0.2))]
    assert not np.array_equal(*drawn)
    assert PointMass(goal=(0.2, 0.1), shows_goal=True).observe(states)[:, 4:] == pytest.approx(
        np.tile([0.2, 0.1], (5, 1))
    )


def test_the_arm_holds_the_puck_while_its_grip_is_closed():
    world = Arm(task="place", goal=(0.6, 0.3))
    state = np.array([[0.2, 0.8, 0, 0, 0, 0, 0]])
    state[:, 4:6] = world.hand(state)
    held = world.move(state, np.array([[1.0, -1.0, 1.0]]))
    assert held[0, 6] == 1
    assert held[0, 4:6] == pytest.approx(world.hand(held)[0])
    dropped = world.move(held, np.array([[1.0, -1.0, -1.0]]))
    assert dropped[0, 6] == 0
    assert dropped[0, 4:6] == pytest.approx(held[0, 4:6])
    away = world.move(np.array([[0.2, 0.8, 0, 0, -0.5, 0, 0]]), np.array([[0.0, 0.0, 1.0]]))
    assert away[0, 6] == 0


def test_demonstrations_are_the_same_for_the_same_seed_and_carry_their_truth():
    runs = demonstrations(PointMass(), contexts=4, episodes=2, render=16, seed=9)
    same = demonstrations(PointMass(), contexts=4, episodes=2, render=16, seed=9)
    assert runs == same
    assert len(runs) == 8
    assert runs[3].states.shape == (100, 16, 16)
    assert runs[2:5].truth.shape == (3, 100, 4)
    assert runs[2:5][0] == runs[2]
    assert np.array_equal(runs.goals[0], runs.goals[1])
    assert runs[0].context["goal x"] == runs.goals[0, 0]
    assert PointMass().move(runs.truth[:, :-1], np.stack([r.inputs[:-1] for r in runs])) == pytest.approx(
        runs.truth[:, 1:]
    )


def test_a_picture_shows_the_goal():
    world = PointMass(goal=(0.1, 0.1))
    world.reset(seed=0)
    assert world.picture(width=64, height=48).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PointMass(goal=(1, 2, 3)), "two finite numbers"),
        (lambda: PointMass(goal=("a", 0)), "two numbers"),
        (lambda: PointMass(goal=(np.nan, 0)), "finite"),
        (lambda: PointMass(render=2), "render: 2"),
        (lambda: Arm(task="juggle"), "juggle"),
        (lambda: PointMass().frames(np.zeros((1, 4))), "render=24"),
        (lambda: PointMass(render=16).reward(np.zeros((16, 16)), np.zeros(2)), "pictures"),
        (lambda: demonstrations(PointMass(), contexts=0), "contexts: 0"),
        (lambda: demonstrations(PointMass(), contexts=np.zeros((2, 3))), r"shape \(2, 3\)"),
        (lambda: demonstrations(PointMass(), episodes=0), "episodes: 0"),
        (lambda: demonstrations(PointMass(), hide="body"), "hide: 'body'"),
        (lambda: demonstrations(PointMass(), noise=-1.0), "noise"),
        (lambda: demonstrations("cart"), "str found"),
        (lambda: LinearReaching(observed=3), "observed: 3"),
        (lambda: LinearReaching().demonstrations(0), "episodes: 0"),
        (lambda: LinearReaching().demonstrations(1, goal=np.zeros(2)), "goal: shape"),
        (lambda: Raster(24, 0.0), "extent"),
    ],
)
def test_bad_input_is_answered_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as found:
        call()
    assert "\n" not in str(found.value)


def test_an_action_outside_its_space_names_world_and_step():
    world = PointMass()
    world.reset(seed=0)
    with pytest.raises(InputError, match=r"PointMass: action force x = 3 at step 0"):
        world.step(np.array([3.0, 0.0]))
