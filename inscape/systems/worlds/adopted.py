"""`as_world`: any gymnasium environment where one of ours is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.world import World

if TYPE_CHECKING:
    import gymnasium
else:
    gymnasium = require("gymnasium", "robots")

UNKNOWN_LIMIT = 1_000_000
"""Steps of an episode of an environment that names none."""


def as_world(env: World | gymnasium.Env, *, dt: float | None = None) -> World:
    """One of our worlds as it is; any other gymnasium environment in the clothes of one.

    Observations of any gymnasium space are flattened to one vector. Actions must be a `Box`, or one `Discrete`, which
    is then one number that is rounded. What only the environment's own code knows - its reward as a formula, its
    full state - stays unknown, and asking for it is one clear line.

    Parameters
    ----------
    env : the environment; it is used, not copied.
    dt : time between two actions; what the environment says of itself (`dt`, or its frame rate) if None, else 1.

    Raises
    ------
    InputError : if it is no gymnasium environment, or its actions are of another kind.
    """
    return env if isinstance(env, World) else AdoptedWorld(env, dt=dt)


class AdoptedWorld(World):
    """A gymnasium environment in the clothes of a world; see `as_world`."""

    moves_in_crowds = False

    def __init__(self, env: gymnasium.Env, *, dt: float | None = None):
        if not isinstance(env, gymnasium.Env):
            raise InputError(f"world: {type(env).__name__} found, expected a gymnasium environment")
        self.env = env
        self._discrete = isinstance(env.action_space, gymnasium.spaces.Discrete)
        if isinstance(env.action_space, gymnasium.spaces.Discrete):
            first, many = float(env.action_space.start), float(env.action_space.n)
            low, high = np.array([first - 0.5]), np.array([first + many - 0.5])
        elif isinstance(env.action_space, gymnasium.spaces.Box):
            low, high = (np.asarray(b, dtype=float).ravel() for b in (env.action_space.low, env.action_space.high))
        else:
            raise InputError(f"world: actions of {env.action_space} found, expected a Box or one Discrete")
        if not env.observation_space.is_np_flattenable:
            raise InputError(
                f"world: observations of {env.observation_space} found, expected a space that can be flattened"
            )
        seen = gymnasium.spaces.flatten_space(env.observation_space)
        limit = getattr(env.spec, "max_episode_steps", None) if env.spec is not None else None
        super().__init__(
            _one_name_each("x", int(np.prod(seen.shape or ()))),
            _one_name_each("u", len(low)),
            dt=_time_step(env) if dt is None else dt,
            time_limit=limit or UNKNOWN_LIMIT,
            action_low=low,
            action_high=high,
            render_mode=env.render_mode if env.render_mode == "rgb_array" else None,
        )

    @property
    def name(self) -> str:
        return self.env.spec.id if self.env.spec is not None else type(self.env.unwrapped).__name__

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, "observation"], dict[str, Any]]:
        if options and "state" in options:
            raise InputError(f"{self.name}: this environment cannot be put into a state; reset it with a seed")
        observation, told = self.env.reset(seed=seed, options=None if options is None else dict(options))
        self._steps = 0
        self._state = self._flat(observation)
        return self._state.copy(), told

    def step(self, action: Float[np.ndarray, "action"]) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        taken = self.checked_actions(action)
        if self._is_new:
            raise InputError(f"{self.name}: step before reset; call reset() first")
        space: Any = self.env.action_space
        if self._discrete:
            told = int(np.clip(np.rint(taken[0]), space.start, space.start + space.n - 1))
            answer = self.env.step(told)
        else:
            answer = self.env.step(np.asarray(taken, dtype=space.dtype).reshape(space.shape))
        self._steps += 1
        self._state = self._flat(answer[0])
        reward = float(answer[1])
        if not (np.isfinite(self._state).all() and np.isfinite(reward)):
            self._blame(self._state, reward)
        return self._state.copy(), reward, bool(answer[2]), bool(answer[3]), answer[4]

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        raise InputError(f"{self.name}: the full state of this environment is its own; observations are what is known")

    @state.setter
    def state(self, state: Float[np.ndarray, "state"]) -> None:
        raise InputError(f"{self.name}: this environment cannot be put into a state; reset it with a seed")

    def reward(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Unknown: the environment pays, but says no formula."""
        raise InputError(
            f"{self.name}: its reward is not known as a function of observations; learn it from recorded rewards, "
            "or give one"
        )

    def batch(self, count: int, threads: int | None = None) -> Any:
        raise InputError(f"{self.name}: not one of our worlds; batch it with gymnasium.make_vec or SyncVectorEnv")

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """What the environment draws itself; the shapes of its MuJoCo model where it has one and draws nothing."""
        inside = self.env.unwrapped
        model, body = getattr(inside, "model", None), getattr(inside, "data", None)
        if type(model).__name__ == "MjModel" and type(body).__name__ == "MjData":
            from inscape.systems.worlds.picture import draw_model

            return draw_model(model, body, None, width=width, height=height)
        frame = self.env.render() if self.env.render_mode == "rgb_array" else None
        if frame is None:
            raise InputError(f"{self.name}: no picture; make the environment with render_mode='rgb_array'")
        return np.asarray(frame, dtype=np.uint8)

    def close(self) -> None:
        self.env.close()

    def _flat(self, observation: Any) -> np.ndarray:
        flat = gymnasium.spaces.flatten(self.env.observation_space, observation)
        return np.asarray(flat, dtype=float).ravel()


def _one_name_each(stem: str, count: int) -> list[str]:
    return [f"{stem}{i}" for i in range(count)]


def _time_step(env: gymnasium.Env) -> float:
    inside = env.unwrapped
    for told in (getattr(inside, "dt", None), getattr(inside, "tau", None)):
        if isinstance(told, (int, float)) and np.isfinite(told) and told > 0:
            return float(told)
    rate = env.metadata.get("render_fps")
    return 1.0 / float(rate) if rate else 1.0
