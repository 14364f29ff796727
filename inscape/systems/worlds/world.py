"""`World`: a system that is acted upon, and a gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.crowd import Crowd, PlainCrowd
from inscape.trajectories import Trajectories

if TYPE_CHECKING:
    import gymnasium

    from inscape.systems.worlds.batched import BatchedWorld
    from inscape.systems.worlds.episode import Episode
else:
    gymnasium = require("gymnasium", "robots")

OUTSIDE = 1e-6
"""How far beyond its space an action may lie, of the space's own width: what rounding to single precision does."""


class World(gymnasium.Env):
    """A world with actions: a gymnasium environment, and a system that leaves trajectories.

    A leaf says `start` (where an episode begins), `move` (the physics, over leading axes), `observe` and `reward`; what
    a surrogate of it must know besides is said by `out_of_bounds` and `project`.

    Parameters
    ----------
    observation_names, action_names : one name for each number.
    dt : time between two actions, in the world's unit (seconds as a rule).
    time_limit : actions in an episode.
    action_low, action_high : bounds of the actions, one for all or one each.
    observation_low, observation_high : bounds of the observations; unbounded unless said.
    parameters : the physical constants, by name.
    render_mode : "rgb_array" for `render()` to give `picture()`; None for no pictures.

    Raises
    ------
    InputError : if a bound, `dt` or `time_limit` makes no world.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - gymnasium's own contract
    action_space: gymnasium.spaces.Box
    observation_space: gymnasium.spaces.Box
    moves_in_crowds: bool = True
    """Whether `batch` is known."""

    def __init__(
        self,
        observation_names: Sequence[str],
        action_names: Sequence[str],
        *,
        dt: float,
        time_limit: int,
        action_low: Any = -1.0,
        action_high: Any = 1.0,
        observation_low: Any = -np.inf,
        observation_high: Any = np.inf,
        parameters: Mapping[str, float] | None = None,
        render_mode: str | None = None,
    ):
        self.observation_names = tuple(map(str, observation_names))
        self.action_names = tuple(map(str, action_names))
        if not (np.isfinite(dt) and dt > 0):
            raise InputError(f"dt: {dt!r} found, expected a positive time")
        if isinstance(time_limit, bool) or int(time_limit) != time_limit or time_limit < 1:
            raise InputError(f"time_limit: {time_limit!r} found, expected a whole number of steps, at least 1")
        if render_mode not in (None, "rgb_array"):
            raise InputError(f"render_mode: {render_mode!r} found, expected 'rgb_array' or None")
        self.dt, self.time_limit, self.render_mode = float(dt), int(time_limit), render_mode
        self._parameters = dict(parameters or {})
        self.metadata = {**type(self).metadata, "render_fps": max(1, round(1 / dt))}
        # Single precision is what stable-baselines3 sends; what arrives in double precision is used as it is.
        self.action_space = _box("action", action_low, action_high, len(self.action_names), np.float32)
        self.observation_space = _box(
            "observation", observation_low, observation_high, len(self.observation_names), np.float64
        )
        self._low = np.broadcast_to(np.asarray(action_low, dtype=float), self.action_space.shape)
        self._high = np.broadcast_to(np.asarray(action_high, dtype=float), self.action_space.shape)
        self._slack = OUTSIDE * np.where(np.isfinite(self._high - self._low), self._high - self._low, 0.0)
        self._state: np.ndarray | None = None
        self._steps = 0

    # -- what a leaf says ------------------------------------------------------------------------------------------

    @property
    def state_size(self) -> int:
        """How many numbers `state` has."""
        return len(self.observation_names)

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """A state in which an episode begins."""
        raise NotImplementedError(f"{type(self).__name__}.start")

    def move(
        self, states: Float[np.ndarray, "*batch state"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one action later."""
        raise NotImplementedError(f"{type(self).__name__}.move")

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch observation"]:
        """What is seen of the states; all of them unless the leaf says otherwise."""
        return np.array(states, dtype=float)

    def reward(
        self, observations: Float[np.ndarray, "*batch observation"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch"]:
        """What an action earned, given the observation it led to; nothing unless the leaf says otherwise."""
        return np.zeros(np.shape(observations)[:-1])

    def step_reward(
        self,
        states: Float[np.ndarray, "*batch state"],
        actions: Float[np.ndarray, "*batch action"],
        observations: Float[np.ndarray, "*batch observation"],
    ) -> Float[np.ndarray, "*batch"]:
        """What `step` pays, given the states the actions led to; a leaf whose reward cannot be seen says it here."""
        return self.reward(observations, actions)

    def terminates(self, observations: Float[np.ndarray, "*batch observation"]) -> Bool[np.ndarray, "*batch"]:
        """Whether an episode ends here before its time; never unless the leaf says otherwise."""
        return np.zeros(np.shape(observations)[:-1], dtype=bool)

    def out_of_bounds(self, observations: Float[np.ndarray, "*batch observation"]) -> Bool[np.ndarray, "*batch"]:
        """Whether a law learned from this world has left the region where it can be believed."""
        return ~np.isfinite(observations).all(axis=-1)

    def project(self, observations: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch observation"]:
        """Predicted observations brought back to where observations can lie, such as (cos, sin) to norm 1."""
        return np.asarray(observations)

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """The world as it stands, drawn without any graphics card."""
        raise InputError(f"{self.name}: no picture is known of this world")

    # -- what follows from it --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def parameters(self) -> Mapping[str, float]:
        """The physical constants, by name; they go into the context of every run."""
        return MappingProxyType(self._parameters)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of what a trajectory of this world shows: its observations."""
        return self.observation_names

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of what drives it: its actions."""
        return self.action_names

    @property
    def steps(self) -> int:
        """Actions since the last reset."""
        return self._steps

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        """All that the next state depends on, besides the action; a copy. Setting it is like a reset to there."""
        if self._state is None:
            raise InputError(f"{self.name}: no state yet; call reset() first")
        return self._state.copy()

    @state.setter
    def state(self, state: Float[np.ndarray, "state"]) -> None:
        self._place(self.checked_states(state))
        self._steps = 0

    def _place(self, state: Float[np.ndarray, "state"]) -> None:
        self._state = np.array(state, dtype=float)

    def _advance(self, action: Float[np.ndarray, "action"]) -> None:
        assert self._state is not None
        self._state = np.array(self.move(self._state, action), dtype=float)

    def _visible(self) -> Float[np.ndarray, "seen"]:
        """As much of the state as `observe` and `step_reward` look at: all of it unless that is large."""
        return self.state

    def crowd(self, count: int, threads: int | None = None) -> Crowd:
        """So many bodies of this world that are moved together."""
        return PlainCrowd(self, count)

    def batch(self, count: int, threads: int | None = None) -> BatchedWorld:
        """So many worlds like this one as a gymnasium vector environment, advanced together."""
        from inscape.systems.worlds.batched import BatchedWorld

        return BatchedWorld(self, count, threads)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, "observation"], dict[str, Any]]:
        """Begin an episode where `start` says, or in `options["state"]`.

        Raises
        ------
        InputError : if that state has the wrong shape or is not finite.
        """
        super().reset(seed=seed)
        given = (options or {}).get("state")
        self.state = self.start(self.np_random) if given is None else given
        return self.observe(self._visible()), {}

    def step(
        self, action: Float[np.ndarray, "action"]
    ) -> tuple[Float[np.ndarray, "observation"], float, bool, bool, dict[str, Any]]:
        """Act once.

        Raises
        ------
        InputError : before the first reset, for an action outside its space, or if the world answers with NaN.
        """
        taken = self.checked_actions(action)
        if self._is_new:
            raise InputError(f"{self.name}: step before reset; call reset() first")
        self._advance(taken)
        self._steps += 1
        state = self._visible()
        observation = self.observe(state)
        # As a batch of one: NumPy's scalar powers differ from its array powers in the last bit.
        reward = float(np.asarray(self.step_reward(state[None], taken[None], observation[None]))[0])
        if not (np.isfinite(observation).all() and np.isfinite(reward)):
            self._blame(observation, reward)
        truncated = self._steps >= self.time_limit
        return observation, reward, bool(self.terminates(observation)), truncated, {}

    @property
    def _is_new(self) -> bool:
        return self._state is None

    def _blame(self, observation: np.ndarray, reward: float) -> None:
        blame_the_world(self.name, self._steps, self.observation_names, observation, reward)

    def render(self) -> UInt8[np.ndarray, "height width 3"] | None:
        """`picture()`, where the render mode asks for pictures."""
        return self.picture() if self.render_mode == "rgb_array" else None

    def simulate(
        self,
        initial: Float[np.ndarray, "state"] | Float[np.ndarray, "run state"] | None = None,
        times: Float[np.ndarray, "time"] | None = None,
        inputs: Any = None,
        *,
        steps: int | None = None,
        seed: int | None = 0,
    ) -> Episode | Trajectories:
        """A run of the world from a state; see `simulation.simulate_world`."""
        from inscape.systems.worlds.simulation import simulate_world

        return simulate_world(self, initial, times, inputs, steps=steps, seed=seed)

    def returns(self, policy: Any, *, episodes: int = 10, seed: int = 0) -> Float[np.ndarray, "episode"]:
        """What a policy earns in each of so many episodes, played together; see `record.returns`."""
        from inscape.systems.worlds.record import returns

        return returns(self, policy, episodes=episodes, seed=seed)

    def checked_actions(
        self, actions: Float[np.ndarray, "*batch action"], *, count: int | None = None, step: int | None = None
    ) -> Float[np.ndarray, "*batch action"]:
        """The actions in double precision, if they are numbers, of the right shape and inside their space.

        Raises
        ------
        InputError : that names the world, the step, and the first action at fault.
        """
        when = f"at step {self._steps if step is None else step}"
        size = len(self.action_names)
        shape = (size,) if count is None else (count, size)
        try:
            taken = np.asarray(actions, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"{self.name}: action {actions!r} {when}, expected numbers of shape {shape}") from None
        if taken.shape != shape:
            raise InputError(f"{self.name}: action of shape {taken.shape} {when}, expected {shape}")
        # Written so that NaN is outside too.
        inside = (taken >= self._low - self._slack) & (taken <= self._high + self._slack)
        if not inside.all():
            at = tuple(np.argwhere(~inside)[0])
            which = "" if count is None else f" of world {at[0]}"
            raise InputError(
                f"{self.name}: action {self.action_names[at[-1]]} = {taken[at]:.6g} {when}{which}, expected "
                f"{self._low[at[-1]]:.6g} to {self._high[at[-1]]:.6g}; clip it to the action space"
            )
        return np.clip(taken, self._low, self._high)

    def checked_states(self, states: Any, count: int | None = None) -> Float[np.ndarray, "*batch state"]:
        """The states in double precision, if they are finite and of the right shape.

        Raises
        ------
        InputError : otherwise.
        """
        shape = (self.state_size,) if count is None else (count, self.state_size)
        try:
            found = np.asarray(states, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"{self.name}: state {states!r} found, expected numbers of shape {shape}") from None
        if found.shape != shape:
            raise InputError(f"{self.name}: state of shape {found.shape} found, expected {shape}")
        if not np.isfinite(found).all():
            raise InputError(f"{self.name}: state with {int((~np.isfinite(found)).sum())} values that are not finite")
        return found

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.observation_names)}; acted on by {', '.join(self.action_names)})"


def blame_the_world(name: str, step: int, names: Sequence[str], observation: np.ndarray, reward: float) -> None:
    """Raise the one line for a world that answered with NaN or infinity."""
    bad = [n for n, value in zip(names, observation, strict=False) if not np.isfinite(value)]
    what = f"observation {', '.join(bad[:4])}" if bad else f"reward {reward}"
    raise InputError(
        f"{name}: {what} not finite at step {step}, expected finite numbers; the world left its physics: "
        "take smaller actions or a smaller time step"
    )


def _box(label: str, low: Any, high: Any, size: int, dtype: Any) -> gymnasium.spaces.Box:
    if size < 1:
        raise InputError(f"{label}_names: none found, expected at least one")
    try:
        lows, highs = (np.broadcast_to(np.asarray(bound, dtype=float), (size,)) for bound in (low, high))
    except (TypeError, ValueError):
        raise InputError(f"{label} bounds: {low!r} to {high!r} found, expected one for all or {size}") from None
    if not (lows < highs).all():
        raise InputError(f"{label} bounds: {low!r} to {high!r} found, expected low < high")
    return gymnasium.spaces.Box(lows.astype(dtype), highs.astype(dtype), dtype=dtype)
