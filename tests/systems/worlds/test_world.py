"""A world is a gymnasium environment, a system of the house, and its batch is so many single ones."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("mujoco")
gymnasium = pytest.importorskip("gymnasium")

from inscape.errors import InputError  # noqa: E402
from inscape.systems.worlds import BatchedWorld, CartpoleSwingup, MujocoWorld, World, rewards_of  # noqa: E402
from inscape.trajectories import Trajectories  # noqa: E402

BALL = """
<mujoco>
  <option timestep="0.005"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 .1"/>
    <body name="ball" pos="0 0 .5">
      <joint name="x" type="slide" axis="1 0 0"/><joint name="z" type="slide" axis="0 0 1"/>
      <geom name="ball" type="sphere" size=".1" mass="1"/>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="x" ctrllimited="true" ctrlrange="-2 2"/></actuator>
  <sensor><framepos objtype="body" objname="ball"/></sensor>
</mujoco>
"""


class Spring(World):
    """A mass on a spring, exactly integrated, that is pushed."""

    def __init__(self, time_limit: int = 50):
        super().__init__(("x", "v"), ("u",), dt=0.1, time_limit=time_limit, parameters={"stiffness": 1.0})

    def start(self, rng):
        return rng.uniform(-1, 1, 2)

    def move(self, states, actions):
        c, s = np.cos(self.dt), np.sin(self.dt)
        x, v, u = states[..., 0] - actions[..., 0], states[..., 1], actions[..., 0]
        return np.stack([c * x + s * v + u, c * v - s * x], axis=-1)

    def reward(self, observations, actions):
        return -(observations[..., 0] ** 2)

    def terminates(self, observations):
        return np.abs(observations[..., 0]) > 1.5


class Poisoned(Spring):
    """A world that gives NaN after three steps."""

    def observe(self, states):
        return np.where(np.asarray(states)[..., :1] > 1.2, np.nan, states)


def test_gymnasium_and_stable_baselines_accept_the_worlds():
    from gymnasium.utils.env_checker import check_env

    for world in (CartpoleSwingup(), Spring()):
        check_env(world, skip_render_check=True)
    sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
    sb3.check_env(CartpoleSwingup())


@pytest.mark.parametrize(
    "make", [Spring, lambda: CartpoleSwingup(time_limit=40), lambda: MujocoWorld(BALL, time_limit=40)]
)
def test_a_batch_gives_the_numbers_of_as_many_single_worlds(make):
    singles = [make() for _ in range(5)]
    theirs = gymnasium.vector.SyncVectorEnv(
        [lambda w=w: w for w in singles], autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP
    )
    ours = make().batch(5, threads=2)
    assert isinstance(ours, BatchedWorld)
    np.testing.assert_array_equal(ours.reset(seed=7)[0], theirs.reset(seed=7)[0])
    rng = np.random.default_rng(0)
    ended = 0
    for _ in range(100):
        actions = rng.uniform(ours.single_action_space.low, ours.single_action_space.high, (5, 1))
        seen, rewards, terminated, truncated, info = ours.step(actions)
        expected = theirs.step(actions)
        np.testing.assert_array_equal(seen, expected[0])
        np.testing.assert_array_equal(rewards, expected[1])
        np.testing.assert_array_equal(terminated, expected[2])
        np.testing.assert_array_equal(truncated, expected[3])
        for i in np.flatnonzero(terminated | truncated):
            np.testing.assert_array_equal(info["final_obs"][i], expected[4]["final_obs"][i])
            ended += 1
    assert ended >= 10


def test_a_batch_begins_again_only_where_it_is_told_to():
    batch = Spring().batch(3)
    batch.reset(seed=0)
    batch.step(np.zeros((3, 1)))
    before = batch.states
    batch.reset(options={"reset_mask": np.array([False, True, False])})
    changed = (batch.states != before).any(axis=1)
    assert changed.tolist() == [False, True, False]
    batch.reset(options={"state": np.array([0.5, 0.0])})
    np.testing.assert_array_equal(batch.states, np.tile([0.5, 0.0], (3, 1)))


def test_the_same_seed_gives_the_same_episode_and_a_set_state_goes_on_from_there():
    world = CartpoleSwingup()
    first = world.simulate(steps=30, inputs=np.full((30, 1), 0.5), seed=3)
    again = world.simulate(steps=30, inputs=np.full((30, 1), 0.5), seed=3)
    assert first == again
    assert world.simulate(steps=30, inputs=np.full((30, 1), 0.5), seed=4) != first
    world.simulate(steps=10, seed=3)
    state = world.state
    onward = world.step(np.ones(1))[0]
    world.reset(options={"state": state})
    np.testing.assert_array_equal(world.step(np.ones(1))[0], onward)
    np.testing.assert_array_equal(world.observe(world.move(state, np.ones(1))), onward)


def test_a_world_leaves_trajectories_that_obey_its_exact_solution():
    world = Spring()
    run = world.simulate(np.array([1.0, 0.0]), steps=40)
    np.testing.assert_allclose(run.states[:, 0], np.cos(run.times), atol=1e-12)
    assert (run.state_names, run.input_names, run.context["stiffness"]) == (("x", "v"), ("u",), 1.0)
    np.testing.assert_allclose(rewards_of(run), -(np.cos(run.times[1:]) ** 2), atol=1e-12)
    coarse = world.simulate(np.array([1.0, 0.0]), times=np.arange(0, 4.01, 0.4))
    np.testing.assert_allclose(coarse.states, run.states[::4], atol=1e-12)
    np.testing.assert_allclose(rewards_of(coarse), rewards_of(run).reshape(10, 4).sum(axis=1))
    several = world.simulate(np.eye(2), steps=5)
    assert isinstance(several, Trajectories)
    assert len(several) == 2


def test_actions_are_held_asked_of_time_or_of_a_policy_alike():
    class Always:
        def act(self, observation):
            return np.full((*np.shape(observation)[:-1], 1), 0.25)

    world = Spring()
    told = world.simulate(np.zeros(2), steps=8, inputs=np.full(8, 0.25))
    assert told == world.simulate(np.zeros(2), steps=8, inputs=lambda t: 0.25)
    assert told == world.simulate(np.zeros(2), steps=8, inputs=Always())
    np.testing.assert_array_equal(told.inputs, np.full((9, 1), 0.25))


def test_a_slice_keeps_its_rewards_and_a_thinned_run_has_none():
    run = Spring().simulate(np.array([1.0, 0.0]), steps=10)
    np.testing.assert_array_equal(rewards_of(run[2:6]), rewards_of(run)[2:5])
    assert len(rewards_of(run[-1:])) == 0
    with pytest.raises(InputError, match="no rewards"):
        rewards_of(run[::2])
    assert pickle.loads(pickle.dumps(run)) == run


def test_what_mujoco_derives_is_given_for_many_states_at_once():
    world = MujocoWorld(BALL)
    rng = np.random.default_rng(0)
    states = rng.uniform(-1, 1, (2, 5, 4))
    sensed = world.derived(states, "sensordata")
    np.testing.assert_allclose(sensed, np.stack([states[..., 0], 0 * states[..., 0], 0.5 + states[..., 1]], -1))
    assert world.observation_names == ("x", "z", "x_velocity", "z_velocity")
    assert world.action_names == ("push",)


def test_a_copied_or_pickled_world_goes_on_alike():
    world = CartpoleSwingup()
    world.reset(seed=0)
    twins = [copy.deepcopy(world), pickle.loads(pickle.dumps(world))]
    answer = world.step(np.ones(1))[0]
    for twin in twins:
        np.testing.assert_array_equal(twin.step(np.ones(1))[0], answer)


def test_an_action_outside_its_space_names_world_and_step():
    world = CartpoleSwingup()
    world.reset(seed=0)
    world.step(np.zeros(1))
    with pytest.raises(InputError, match=r"CartpoleSwingup: action force = 1\.5 at step 1, expected -1 to 1; clip"):
        world.step(np.array([1.5]))
    with pytest.raises(InputError, match="force = nan at step 1"):
        world.step(np.array([np.nan]))
    with pytest.raises(InputError, match=r"shape \(2,\)"):
        world.step(np.zeros(2))
    with pytest.raises(InputError, match="expected numbers"):
        world.step("left")
    batch = world.batch(3)
    batch.reset(seed=0)
    with pytest.raises(InputError, match=r"at step 0 of world 2"):
        batch.step(np.array([[0.0], [1.0], [7.0]]))


def test_a_world_that_answers_nan_is_named_with_the_step():
    world = Poisoned()
    world.reset(options={"state": np.array([1.19, 1.0])})
    with pytest.raises(InputError, match="Poisoned: observation x, v not finite at step 1"):
        world.step(np.zeros(1))
    batch = world.batch(2)
    batch.reset(seed=0, options={"state": np.array([[0.0, 0.0], [1.19, 1.0]])})
    with pytest.raises(InputError, match=r"Poisoned \(world 1\): observation x, v not finite at step 1"):
        batch.step(np.zeros((2, 1)))


def test_a_mujoco_state_that_blows_up_is_an_error_where_mujoco_would_begin_anew():
    world = MujocoWorld(BALL)
    world.reset(options={"state": np.array([0.0, 0.0, 1e12, 0.0])})
    with pytest.raises(InputError, match="MujocoWorld: state NaN or beyond MuJoCo's limits at step 1"):
        world.step(np.zeros(1))
    batch = world.batch(4)
    batch.reset(seed=0, options={"state": np.array([0.0, 0.0, 0.0, 0.0])})
    states = np.zeros((4, 4))
    states[2, 2] = 1e12
    batch.states = states
    with pytest.raises(InputError, match=r"world 2"):
        batch.step(np.zeros((4, 1)))


def test_what_makes_no_world_is_one_clear_line():
    with pytest.raises(InputError, match="MuJoCo says"):
        MujocoWorld("<mujoco><worldbody><geom/></worldbody></mujoco>")
    with pytest.raises(InputError, match="no actuator"):
        MujocoWorld("<mujoco><worldbody/></mujoco>")
    with pytest.raises(InputError, match="no file"):
        MujocoWorld("nowhere.xml")
    with pytest.raises(InputError, match="frame_skip: 0"):
        MujocoWorld(BALL, frame_skip=0)
    with pytest.raises(InputError, match="time_limit"):
        CartpoleSwingup(time_limit=0)
    world = CartpoleSwingup()
    with pytest.raises(InputError, match="step before reset"):
        world.step(np.zeros(1))
    with pytest.raises(InputError, match=r"state of shape \(3,\)"):
        world.reset(options={"state": np.zeros(3)})
    with pytest.raises(InputError, match="not finite"):
        world.reset(options={"state": np.array([0.0, np.nan, 0.0, 0.0])})
    with pytest.raises(InputError, match="multiples"):
        world.simulate(times=np.array([0.0, 0.013]))
    with pytest.raises(InputError, match="inputs: shape"):
        world.simulate(steps=5, inputs=np.zeros((3, 1)))
    with pytest.raises(InputError, match="count: 0"):
        world.batch(0)


def test_the_room_opens_without_gymnasium_and_says_what_to_install():
    script = (
        "import sys; sys.modules['gymnasium'] = None; sys.modules['mujoco'] = None\n"
        "import inscape.systems.worlds as worlds, inscape.control\n"
        "try: worlds.CartpoleSwingup\n"
        "except ImportError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "pip install 'inscape[robots]'" in told
