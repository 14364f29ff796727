"""Roll-outs of any gymnasium world become trajectories, and films."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mujoco")
gymnasium = pytest.importorskip("gymnasium")

from inscape.control import ChirpPolicy, ConstantPolicy, Policy, RandomPolicy, as_policy  # noqa: E402
from inscape.errors import InputError  # noqa: E402
from inscape.systems.worlds import CartpoleSwingup, as_world, film, record, returns, rewards_of  # noqa: E402
from inscape.trajectories import Trajectories  # noqa: E402


class Counting:
    """A policy with a memory: it pushes in its first step only."""

    def __init__(self):
        self.starts = 0

    def start(self):
        self.starts += 1
        self.fresh = True

    def act(self, observation):
        push, self.fresh = float(self.fresh), False
        return np.full((*np.shape(observation)[:-1], 1), push)


def test_a_recording_is_what_the_world_answered():
    world = CartpoleSwingup(time_limit=25)
    runs = record(world, RandomPolicy(world, seed=2), episodes=3, seed=5)
    assert isinstance(runs, Trajectories)
    assert runs.lengths == (26, 26, 26)
    again = CartpoleSwingup(time_limit=25)
    for i, run in enumerate(runs):
        observation, _ = again.reset(seed=5 + i)
        np.testing.assert_array_equal(run.states[0], observation)
        for k, (action, reward) in enumerate(zip(run.inputs[:-1], rewards_of(run), strict=True)):
            observation, paid, *_ = again.step(action)
            np.testing.assert_array_equal(run.states[k + 1], observation)
            assert paid == reward
        np.testing.assert_array_equal(run.inputs[-1], run.inputs[-2])
        assert run.context["return"] == pytest.approx(rewards_of(run).sum())
        assert run.context["seed"] == 5 + i
        assert run.context["ended"] == "truncated"
        assert run.dt == pytest.approx(world.dt)


def test_steps_are_counted_in_all_and_resets_cut_episodes():
    world = CartpoleSwingup(time_limit=40)
    runs = record(world, ConstantPolicy(0.0), steps=100)
    assert [len(run) - 1 for run in runs] == [40, 40, 20]
    assert runs[-1].context["ended"] == "cut"
    assert [len(run) - 1 for run in record(world, ConstantPolicy(0.0), steps=70, resets=30)] == [30, 30, 10]


def test_returns_of_episodes_played_together_are_those_of_a_recording():
    world = CartpoleSwingup(time_limit=60)

    def pump(observation):
        return np.clip(observation[..., 4:] / 3, -1, 1)

    together = returns(world, pump, episodes=4, seed=11)
    recorded = [run.context["return"] for run in record(world, pump, episodes=4, seed=11)]
    np.testing.assert_allclose(together, recorded, rtol=1e-12)
    discounted = returns(world, pump, episodes=1, seed=11, discount=0.9)
    weights = 0.9 ** np.arange(60)
    assert discounted[0] == pytest.approx(rewards_of(record(world, pump, episodes=1, seed=11)[0]) @ weights)


def test_a_policy_with_a_memory_is_told_of_every_episode():
    world, policy = CartpoleSwingup(time_limit=5), Counting()
    runs = record(world, policy, episodes=3)
    assert policy.starts == 3
    assert all(run.inputs[:5, 0].tolist() == [1, 0, 0, 0, 0] for run in runs)


def test_a_gymnasium_environment_is_taken_as_it_is():
    pendulum = gymnasium.make("Pendulum-v1")
    world = as_world(pendulum)
    assert as_world(world) is world
    assert world.dt == pytest.approx(0.05)
    runs = record(pendulum, RandomPolicy(pendulum.action_space, seed=0), episodes=2)
    assert runs.lengths == (201, 201)
    assert -2000 < runs[0].context["return"] < 0
    assert runs[0].context["ended"] == "truncated"
    with pytest.raises(InputError, match=r"Pendulum-v1: its reward is not known"):
        world.reward(runs[0].states, runs[0].inputs)
    with pytest.raises(InputError, match="make_vec"):
        world.batch(4)
    np.testing.assert_allclose(
        returns(pendulum, ConstantPolicy(0.0), episodes=2, seed=1),
        [run.context["return"] for run in record(pendulum, ConstantPolicy(0.0), episodes=2, seed=1)],
    )


def test_a_discrete_action_is_one_number_and_ends_the_episode_as_the_environment_says():
    cart = gymnasium.make("CartPole-v1")
    run = record(cart, lambda seen: np.array([float(seen[2] > 0)]), episodes=1)[0]
    right, steps = cart.reset(seed=0)[0], 0
    ended = False
    while not ended:
        right, _, ended, _, _ = cart.step(int(right[2] > 0))
        steps += 1
    assert len(run) - 1 == steps
    assert run.context["ended"] == "terminated"


def test_dict_observations_are_flattened_and_other_actions_are_refused():
    class Mixed(gymnasium.Env):
        observation_space = gymnasium.spaces.Dict(
            {"arm": gymnasium.spaces.Box(-1, 1, (2,)), "gate": gymnasium.spaces.Discrete(3)}
        )
        action_space = gymnasium.spaces.Box(-1, 1, (2, 1))

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return {"arm": np.zeros(2, dtype=np.float32), "gate": 2}, {}

        def step(self, action):
            assert action.shape == (2, 1)
            return {"arm": action[:, 0], "gate": 0}, 1.0, False, True, {}

    run = record(Mixed(), ConstantPolicy([0.25, -0.5]))[0]
    np.testing.assert_allclose(run.states, [[0, 0, 0, 0, 1], [0.25, -0.5, 1, 0, 0]])

    class Words(Mixed):
        action_space = gymnasium.spaces.Text(5)

    with pytest.raises(InputError, match="expected a Box or one Discrete"):
        as_world(Words())
    with pytest.raises(InputError, match="expected a gymnasium environment"):
        as_world("CartPole-v1")


def test_a_user_world_that_returns_nan_is_named_with_the_step():
    class Cracked(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))
        action_space = gymnasium.spaces.Box(-1, 1, (1,))

        def reset(self, *, seed=None, options=None):
            self.count = 0
            return np.zeros(1, dtype=np.float32), {}

        def step(self, action):
            self.count += 1
            return np.zeros(1, dtype=np.float32), np.nan if self.count == 3 else 0.0, False, False, {}

    with pytest.raises(InputError, match="Cracked: reward nan not finite at step 3"):
        record(Cracked(), ConstantPolicy(0.0), steps=10)
    with pytest.raises(InputError, match=r"Cracked: action u0 = 3 at step 0"):
        record(Cracked(), ConstantPolicy(3.0), steps=10)


def test_counts_that_make_no_recording_are_refused():
    world = CartpoleSwingup()
    with pytest.raises(InputError, match="expected one of the two"):
        record(world, ConstantPolicy(0.0), episodes=1, steps=10)
    with pytest.raises(InputError, match="steps: 0"):
        record(world, ConstantPolicy(0.0), steps=0)
    with pytest.raises(InputError, match="policy: int"):
        record(world, 3, steps=1)
    with pytest.raises(InputError, match="leading axes"):
        returns(world, lambda seen: np.zeros(1), episodes=3)


def test_anything_that_acts_is_a_policy():
    torch = pytest.importorskip("torch")
    network = torch.nn.Linear(5, 1)
    seen = np.random.default_rng(0).standard_normal((3, 2, 5))
    policy = as_policy(network)
    assert isinstance(policy, Policy)
    expected = seen @ network.weight.detach().numpy().T.astype(float) + network.bias.detach().numpy()
    np.testing.assert_allclose(policy.act(seen), expected, atol=1e-6)
    assert as_policy(policy) is policy
    assert as_policy(np.tanh).act(seen).shape == seen.shape
    sb3 = pytest.importorskip("stable_baselines3")
    model = sb3.PPO("MlpPolicy", CartpoleSwingup(), device="cpu", seed=0)
    told = model.predict(seen[0], deterministic=True)[0]
    np.testing.assert_array_equal(as_policy(model).act(seen[0]), told.astype(float))
    assert len(record(CartpoleSwingup(), model, steps=5)[0]) == 6
    with pytest.raises(InputError, match="expected an object with act"):
        as_policy(3)


def test_random_actions_are_uniform_repeatable_and_may_be_held():
    space = gymnasium.spaces.Box(np.array([-1.0, 0.0], np.float32), np.array([1.0, 4.0], np.float32))
    drawn = RandomPolicy(space, seed=1).act(np.zeros((20_000, 3)))
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 2], atol=0.03)
    np.testing.assert_allclose(drawn.var(axis=0), [1 / 3, 16 / 12], rtol=0.04)
    np.testing.assert_array_equal(RandomPolicy(space, seed=1).act(np.zeros((20_000, 3))), drawn)
    held = RandomPolicy(space, hold=3, seed=0)
    series = np.array([held.act(np.zeros(3)) for _ in range(7)])
    assert (series[0] == series[2]).all()
    assert (series[2] != series[3]).all()
    with pytest.raises(InputError, match="unbounded"):
        RandomPolicy(gymnasium.spaces.Box(-np.inf, np.inf, (1,)))
    with pytest.raises(InputError, match="ConstantPolicy|action"):
        ConstantPolicy(np.nan)


@pytest.mark.parametrize("ending", ["gif", "mp4"])
def test_a_film_has_a_picture_for_every_shown_step(tmp_path, ending):
    imageio = pytest.importorskip("imageio.v3")
    pytest.importorskip("imageio_ffmpeg")
    world = CartpoleSwingup()
    path = film(world, ConstantPolicy(1.0), tmp_path / f"push.{ending}", steps=40, width=240, height=160)
    frames = imageio.imread(path, index=None) if ending == "gif" else np.stack(list(imageio.imiter(path)))
    # 100 steps a second are shown as 50 pictures.
    assert frames.shape == (21, 160, 240, 3)
    moved = np.abs(frames[-1].astype(int) - frames[0].astype(int)).max(axis=-1) > 60
    assert 50 < moved.sum() < 0.2 * moved.size
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match=r"\.mp4 or \.gif"):
        film(world, ConstantPolicy(0.0), tmp_path / "push.avi")


def test_a_film_that_fails_leaves_no_file(tmp_path):
    pytest.importorskip("imageio")
    with pytest.raises(InputError, match="outside|expected -1 to 1"):
        film(CartpoleSwingup(), ConstantPolicy(2.0), tmp_path / "push.gif", steps=4)
    assert list(tmp_path.iterdir()) == []


def test_a_chirp_sweeps_between_its_frequencies_within_the_bounds():
    space = gymnasium.spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, 4.0]), dtype=np.float64)
    chirps = ChirpPolicy(space, (0.01, 0.1), steps=1_000, seed=0)
    for _ in range(8):
        chirps.start()
        drawn = np.array([chirps.act(np.zeros(3)) for _ in range(1_000)])
        assert space.contains(drawn.min(axis=0))
        assert space.contains(drawn.max(axis=0))
        wave = (drawn - [0.0, 2.0]) / [1.0, 2.0]
        assert (np.abs(wave).max(axis=0) > 0.19).all()
        cycles = (np.diff(np.sign(wave), axis=0) != 0).sum(axis=0) / 2
        assert (cycles > 9).all()
        assert (cycles < 101).all()
    again = ChirpPolicy(space, (0.01, 0.1), steps=1_000, seed=0)
    again.start()
    np.testing.assert_array_equal(again.act(np.zeros((4, 3))), np.tile(again._sweep[0], (4, 1)))


def test_a_chirp_of_no_frequency_is_refused():
    space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    for frequencies in ((0.0, 0.1), (0.2, 0.1), (0.1, 0.6)):
        with pytest.raises(InputError):
            ChirpPolicy(space, frequencies)
    with pytest.raises(InputError):
        ChirpPolicy(space, (0.1, 0.2), steps=0)
