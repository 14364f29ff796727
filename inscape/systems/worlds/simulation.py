"""A world as a system: the run it leaves from a state, under given actions or a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.systems.worlds.acting import begin
from inscape.systems.worlds.episode import Episode
from inscape.trajectories import Trajectories

if TYPE_CHECKING:
    from inscape.systems.worlds.world import World

Choose = Callable[[int, np.ndarray], np.ndarray]


def simulate_world(
    world: World,
    initial: Float[np.ndarray, "state"] | Float[np.ndarray, "run state"] | None = None,
    times: Float[np.ndarray, "time"] | None = None,
    inputs: Any = None,
    *,
    steps: int | None = None,
    seed: int | None = 0,
) -> Episode | Trajectories:
    """A run of the world; it does not end at the world's time limit.

    Parameters
    ----------
    initial : the full state to begin in (not an observation), or (run, state) for several runs; a `start` if None.
    times : (time,) rising, a whole number of `dt` apart; or `steps` instead.
    inputs : actions that are held: (time - 1, action) or (time, action) of which the last is not used; a function of
        time; a policy, which is asked at every step; None for no action (0).
    steps : how many actions; `times` are then 0, dt, ...
    seed : of the start, where `initial` is None.

    Returns
    -------
    Episode whose states are the observations and whose inputs are the actions; Trajectories for several runs. Where
    `times` are several dt apart, a reward is the sum over the steps between.

    Raises
    ------
    InputError : for wrong shapes, times off the world's clock, actions outside their space, or a world that fails.
    """
    grid, clock = _clock(world, times, steps)
    if initial is not None and np.ndim(initial) == 2:
        return Trajectories([_one_run(world, state, grid, clock, inputs, seed) for state in np.asarray(initial)])
    return _one_run(world, initial, grid, clock, inputs, seed)


def _one_run(world: World, initial: Any, grid: np.ndarray, clock: np.ndarray, inputs: Any, seed: int | None) -> Episode:
    observation, _ = world.reset(seed=seed, options=None if initial is None else {"state": initial})
    if callable(getattr(inputs, "act", None)):
        begin(inputs)
    choose = _choose(world, inputs, grid, clock)
    sampled = np.isin(np.arange(clock[-1] + 1), clock)
    observations, actions, earned = [observation], [], []
    paid = 0.0
    for step in range(int(clock[-1])):
        action = world.checked_actions(choose(step, observation))
        if sampled[step]:
            actions.append(action)
        observation, reward, _, _, _ = world.step(action)
        paid += float(reward)
        if sampled[step + 1]:
            observations.append(observation)
            earned.append(paid)
            paid = 0.0
    taken = np.array([*actions, actions[-1]]) if actions else None
    return Episode(
        grid,
        np.array(observations),
        taken,
        context={**world.parameters, "return": float(np.sum(earned))},
        state_names=world.observation_names,
        input_names=world.action_names if taken is not None else (),
        units={"time": "s"},
        source=world.name,
        rewards=np.array(earned),
    )


def _clock(world: World, times: Any, steps: int | None) -> tuple[Float[np.ndarray, "time"], Int[np.ndarray, "time"]]:
    if (times is None) == (steps is None):
        raise InputError(f"{world.name}: expected either times= or steps=")
    if steps is not None:
        if isinstance(steps, bool) or int(steps) != steps or steps < 1:
            raise InputError(f"steps: {steps!r} found, expected a whole number, at least 1")
        clock = np.arange(int(steps) + 1)
        return clock * world.dt, clock
    try:
        grid = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"times: {times!r} found, expected numbers of shape (time,)") from None
    if grid.ndim != 1 or len(grid) < 1 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise InputError(f"times: shape {grid.shape} found, expected finite rising numbers of shape (time,)")
    ticks = (grid - grid[0]) / world.dt
    clock = np.rint(ticks).astype(int)
    if np.abs(ticks - clock).max() > 1e-6 * max(1, clock[-1]) or not (np.diff(clock) > 0).all():
        raise InputError(
            f"times: not a whole number of steps apart; {world.name} moves by dt = {world.dt:.6g}: take multiples of it"
        )
    return grid, clock


def _choose(world: World, inputs: Any, grid: np.ndarray, clock: np.ndarray) -> Choose:
    if inputs is None:
        rest = np.clip(np.zeros(len(world.action_names)), world.action_space.low, world.action_space.high)
        return lambda step, observation: rest
    if callable(getattr(inputs, "act", None)):
        return lambda step, observation: inputs.act(observation)
    if callable(inputs):
        return lambda step, observation: np.atleast_1d(inputs(grid[0] + step * world.dt))
    try:
        table = np.asarray(inputs, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"inputs: {type(inputs).__name__} found, expected actions, a function or a policy") from None
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) not in (len(grid), len(grid) - 1) or table.shape[1:] != world.action_space.shape:
        raise InputError(
            f"inputs: shape {table.shape} found, expected ({len(grid) - 1}, {len(world.action_names)}): "
            "one row for each action"
        )
    rows = np.searchsorted(clock, np.arange(clock[-1] + 1), side="right") - 1
    return lambda step, observation: table[rows[step]]
