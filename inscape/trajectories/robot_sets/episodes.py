"""Episodes of a data set as runs: which are wanted, which observations, and how actions stand beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.trajectory import Trajectory


@dataclass(frozen=True)
class Wanted:
    """What a user asks of a data set; see `read_demonstrations`."""

    observations: tuple[str, ...] | None = None
    episodes: int | tuple[int, ...] | None = None
    dt: float | None = None

    def choose(self, source: str, count: int) -> list[int]:
        """Positions of the episodes wanted, of `count`.

        Raises
        ------
        InputError : if there is no episode, or one wanted is not there.
        """
        if count == 0:
            raise InputError(f"{source}: no episode found, expected at least one")
        if self.episodes is None:
            return list(range(count))
        if isinstance(self.episodes, int):
            return list(range(min(self.episodes, count)))
        beyond = [number for number in self.episodes if number >= count]
        if beyond:
            raise InputError(f"{source}: episode {beyond[0]} asked for, it has {count} (0 to {count - 1})")
        return list(self.episodes)


def observed(
    source: str, arrays: Mapping[str, Any], asked: tuple[str, ...] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """One array of observations, and a name for each column, of named arrays (time, ...).

    Vectors are put side by side; a single array of images gives frames of brightness 0 to 1.

    Raises
    ------
    UnknownNameError : if one asked for is not there.
    InputError : if frames are asked for beside something else, or there is nothing to take.
    """
    for name in asked or ():
        if name not in arrays:
            raise UnknownNameError(f"{source}: observation", name, arrays)
    chosen = asked or tuple(name for name in sorted(arrays) if arrays[name].ndim <= 2)
    if not chosen:
        raise InputError(f"{source}: only images found ({', '.join(arrays)}); name one, observations={min(arrays)!r}")
    if len(chosen) == 1 and arrays[chosen[0]].ndim > 2:
        frames = np.asarray(arrays[chosen[0]])
        return (frames.astype(np.float32) / np.float32(255) if frames.dtype == np.uint8 else frames), ()
    columns, names = [], []
    for name in chosen:
        if arrays[name].ndim > 2:
            raise InputError(f"{source}: {name!r} holds images, which cannot stand beside {len(chosen) - 1} others")
        rows = np.asarray(arrays[name], dtype=float)
        rows = rows[:, None] if rows.ndim == 1 else rows
        columns.append(rows)
        plain = name.rsplit("/", 1)[-1]
        names += [plain] if rows.shape[1] == 1 else [f"{plain}[{i}]" for i in range(rows.shape[1])]
    return np.hstack(columns), tuple(names)


def episode_run(
    source: str,
    seen: np.ndarray,
    acted: Any,
    *,
    names: Sequence[str] = (),
    action_names: Sequence[str] = (),
    dt: float | None = None,
    context: Mapping[str, float | str] | None = None,
) -> Trajectory:
    """A run of one episode; an observation more than actions gives a last action of NaN.

    Raises
    ------
    InputError : if the numbers of observations and actions do not fit.
    """
    actions = np.asarray(acted, dtype=float)
    actions = actions[:, None] if actions.ndim == 1 else actions
    if actions.ndim != 2 or len(seen) - len(actions) not in (0, 1) or len(actions) == 0:
        raise InputError(
            f"{source}: {len(seen)} observations and actions of shape {actions.shape} found, expected as many actions, "
            "or one fewer"
        )
    if len(seen) > len(actions):
        actions = np.vstack([actions, np.full((1, actions.shape[1]), np.nan)])
    return Trajectory(
        np.arange(len(seen)) * (1.0 if dt is None else dt),
        seen,
        inputs=actions,
        context=dict(context or {}),
        state_names=tuple(names),
        input_names=tuple(action_names) or tuple(f"action[{i}]" for i in range(actions.shape[1])),
        units={"time": "step" if dt is None else "s"},
        source=source,
    )
