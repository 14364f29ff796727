"""stable-baselines3's algorithms on gymnasium's vector environments, and as learners inside Dyna."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import gymnasium
    from stable_baselines3.common.vec_env import VecEnv
else:
    gymnasium = require("gymnasium", "robots")
    VecEnv = require("stable_baselines3.common.vec_env", "robots").VecEnv


class SB3Worlds(VecEnv):
    """A gymnasium vector environment that starts finished worlds again in the same step, as stable-baselines3's own."""

    def __init__(self, env: gymnasium.vector.VectorEnv):
        if env.metadata.get("autoreset_mode") != gymnasium.vector.AutoresetMode.SAME_STEP:
            raise InputError("env: expected a vector environment whose autoreset mode is SAME_STEP")
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.env = env
        self._seed: int | None = None
        self._waiting: Any = None

    def reset(self) -> np.ndarray:
        observations = self.env.reset(seed=self._seed)[0]
        self._seed = None
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        self._waiting = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        seen, rewards, terminated, truncated, info = self.env.step(self._waiting)
        done = np.asarray(terminated) | np.asarray(truncated)
        told: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for world in np.flatnonzero(done):
            told[world] = {
                "terminal_observation": info["final_obs"][world],
                "TimeLimit.truncated": bool(truncated[world] and not terminated[world]),
            }
        return seen, np.asarray(rewards, dtype=np.float32), done, told

    def close(self) -> None:
        self.env.close()

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        self._seed = seed
        return [seed] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.env, attr_name, None)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self.env, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        return [getattr(self.env, method_name)(*args, **kwargs)] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False] * len(list(self._get_indices(indices)))


class SB3Policy:
    """What an algorithm of stable-baselines3 does when it is not exploring."""

    def __init__(self, algorithm: Any):
        self.algorithm = algorithm

    def act(self, observation: Any) -> np.ndarray:
        """The deterministic action."""
        return np.asarray(self.algorithm.predict(observation, deterministic=True)[0], dtype=float)


class SB3Training:
    """An algorithm of stable-baselines3, taken `segment` steps of every world at a time.

    Parameters
    ----------
    make : the algorithm's class, or any function of an environment that returns an algorithm.
    env : vector environment with same-step autoreset.
    segment : steps of every world in one iteration.
    seed : of the algorithm, where `make` is a class.
    """

    def __init__(self, make: Callable[..., Any], env: gymnasium.vector.VectorEnv, segment: int, seed: int):
        worlds = SB3Worlds(env)
        self.env = env
        self._make = make
        self.algorithm = make("MlpPolicy", worlds, seed=seed, device="cpu") if isinstance(make, type) else make(worlds)
        self._segment = segment

    @property
    def steps(self) -> int:
        return int(self.algorithm.num_timesteps)

    @property
    def policy(self) -> SB3Policy:
        return SB3Policy(type(self.algorithm).load(io.BytesIO(self._bytes()), device="cpu"))

    def iterate(self) -> dict[str, float]:
        """Learn from at least one segment of every world, as many as the algorithm takes at a time."""
        before = self.steps
        self.algorithm.learn(self._segment * self.env.num_envs, reset_num_timesteps=before == 0, progress_bar=False)
        return {"return": np.nan, "episodes": 0.0}

    def state(self) -> dict[str, Any]:
        """The algorithm as its own file; a replay buffer is kept beside it."""
        kept = {"algorithm": np.frombuffer(self._bytes(), dtype=np.uint8)}
        if hasattr(self.algorithm, "replay_buffer") and self.algorithm.replay_buffer is not None:
            buffer = self.algorithm.replay_buffer
            arrays = {k: v for k, v in vars(buffer).items() if isinstance(v, np.ndarray)}
            kept["replay"] = arrays | {"pos": buffer.pos, "full": bool(buffer.full)}  # type: ignore[assignment]
        return kept

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        worlds = self.algorithm.get_env()
        file = io.BytesIO(np.asarray(state["algorithm"], dtype=np.uint8).tobytes())
        self.algorithm = type(self.algorithm).load(file, env=worlds, device="cpu")
        if "replay" in state:
            for name, value in state["replay"].items():
                setattr(self.algorithm.replay_buffer, name, value)

    def _bytes(self) -> bytes:
        file = io.BytesIO()
        self.algorithm.save(file)
        return file.getvalue()
