"""`Corpus`: demonstrations as arrays a trainer can draw from, checked once and told apart by episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.trajectories import Trajectories, as_trajectories

_EVEN = 1e-9


@dataclass(frozen=True, eq=False)
class Corpus:
    """Observations and actions of many episodes, one below the other.

    Parameters
    ----------
    observations : (sample, coordinate) numbers, or frames (sample, height, width) or (sample, height, width, channel)
        as bytes, 255 for a brightness of 1.
    actions : (sample, action) divided by `scale`, so that they lie in [-1, 1]; NaN where no action was recorded.
    starts : (episode + 1,) first row of each episode, and the number of rows.
    scale : (action,) what actions were divided by; 1 where all lay in [-1, 1].
    mean, deviation : of the observations, by coordinate; for frames 0.5 and 1.
    notes : what was decided on the way.
    """

    observations: np.ndarray
    actions: Float[np.ndarray, "sample action"]
    starts: Int[np.ndarray, "episode"]
    scale: Float[np.ndarray, "action"]
    mean: np.ndarray
    deviation: np.ndarray
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.observations)

    @property
    def episodes(self) -> int:
        """Number of episodes."""
        return len(self.starts) - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one observation."""
        return tuple(self.observations.shape[1:])

    @property
    def holds_frames(self) -> bool:
        """Whether observations are images."""
        return self.observations.ndim > 2

    @property
    def episode_of(self) -> Int[np.ndarray, "sample"]:
        """The episode of each row."""
        return np.repeat(np.arange(self.episodes), np.diff(self.starts))

    def rows(self, offset: int = 0, *, acted: bool = True) -> Int[np.ndarray, "pair"]:
        """Rows t for which t + offset lies in the same episode and, if `acted`, the action at t is known.

        Raises
        ------
        InputError : if there is none: every episode is too short, or no action was recorded.
        """
        if isinstance(offset, bool) or not isinstance(offset, (int, np.integer)) or offset < 0:
            raise InputError(f"offset: {offset!r} found, expected a whole number of steps, at least 0")
        last = np.repeat(self.starts[1:], np.diff(self.starts))
        fits = np.arange(len(self)) + offset < last
        if not fits.any():
            longest = int(np.diff(self.starts).max())
            raise InputError(
                f"offset: {offset} found, the longest episode has {longest} samples; an offset needs one sample more "
                "than itself"
            )
        if acted:
            fits &= np.isfinite(self.actions).all(axis=1) if self.actions.shape[1] else False
            if not fits.any():
                raise InputError("corpus: no actions found, expected inputs beside the observations of some episode")
        return np.flatnonzero(fits)

    def part(self, episodes: Sequence[int] | np.ndarray) -> Corpus:
        """Some of the episodes, in the order asked for; scale and mean stay those of the whole."""
        chosen = np.asarray(episodes, dtype=int)
        rows = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in chosen])
        starts = np.concatenate([[0], np.cumsum(np.diff(self.starts)[chosen])])
        return Corpus(
            self.observations[rows], self.actions[rows], starts, self.scale, self.mean, self.deviation, self.notes
        )


def corpus_of(
    demonstrations: Any,
    dt: float | None = None,
    *,
    scale: float | Sequence[float] | Float[np.ndarray, "action"] | None = None,
    needs_actions: bool = True,
) -> Corpus:
    """Check demonstrations and lay them out for training.

    Parameters
    ----------
    demonstrations : Trajectories (states are observations or frames, inputs are actions), or what `as_trajectories`
        takes. Frames are brightnesses from 0 to 1 or bytes from 0 to 255. Runs that are drawn when they are looked at
        are drawn one at a time. A Corpus is returned as it is.
    scale : what each action is divided by; if None, 1 where all lie in [-1, 1], else the largest size found, which
        `notes` then state.
    needs_actions : whether runs without inputs are an error; without it their actions are NaN.

    Raises
    ------
    InputError : naming the episode, on NaN or infinite observations, missing or constant actions, frames outside their
        range, or a scale that is not positive.
    """
    if isinstance(demonstrations, Corpus):
        return demonstrations
    runs = as_trajectories(demonstrations, dt)
    starts = np.concatenate([[0], np.cumsum(runs.lengths)])
    first = runs[0]
    frames = first.states.ndim > 2
    if frames and first.states.ndim not in (3, 4):
        raise InputError(
            f"observations: shape {first.states.shape[1:]} found, expected (coordinate,), (height, width) or "
            "(height, width, channel)"
        )
    observations = np.empty((starts[-1], *first.states.shape[1:]), dtype=np.uint8 if frames else np.float32)
    width = len(runs.input_names)
    if needs_actions and width == 0:
        raise InputError("corpus: runs without inputs found, expected actions as the inputs of each run")
    actions = np.full((starts[-1], width), np.nan, dtype=np.float32)
    bytewise = None
    for number, run in enumerate(runs):
        rows = slice(starts[number], starts[number + 1])
        _refuse_gaps(number, run.states)
        if frames:
            bytewise = bool(run.states.max() > 1 + _EVEN) if bytewise is None or not bytewise else bytewise
            observations[rows] = _bytes(number, run.states, bytewise)
        else:
            observations[rows] = run.states
        if run.inputs is not None:
            if np.isinf(run.inputs).any():
                raise InputError(f"episode {number}: infinite actions found, expected finite ones (or NaN for missing)")
            actions[rows] = run.inputs
    notes: list[str] = []
    divisor = _scale(actions, scale, notes)
    if width:
        _refuse_constant(runs, actions, notes)
    short = int((np.diff(starts) < 2).sum())
    if short:
        notes.append(f"{short} episodes of one sample give no pair of observations")
    mean, deviation = _moments(observations, frames)
    return Corpus(observations, actions / divisor, starts, divisor, mean, deviation, tuple(notes))


def _refuse_gaps(number: int, states: np.ndarray) -> None:
    if states.dtype.kind == "f" and not np.isfinite(states).all():
        flat = ~np.isfinite(states).reshape(len(states), -1).all(axis=1)
        raise InputError(
            f"episode {number}: {int(flat.sum())} observations are not finite, first at row {int(np.argmax(flat))}; "
            "drop those rows or fill them first"
        )


def _bytes(number: int, frames: np.ndarray, bytewise: bool) -> np.ndarray:
    top = 255.0 if bytewise else 1.0
    if frames.min() < -1e-6 * top or frames.max() > top * (1 + 1e-6):
        raise InputError(
            f"episode {number}: brightness from {frames.min():.4g} to {frames.max():.4g} found, "
            "expected 0 to 1, or bytes from 0 to 255"
        )
    return np.rint(np.clip(frames, 0, top) * (255.0 / top)).astype(np.uint8)


def _scale(actions: np.ndarray, asked: float | Sequence[float] | np.ndarray | None, notes: list[str]) -> np.ndarray:
    width = actions.shape[1]
    if asked is not None:
        divisor = np.atleast_1d(np.asarray(asked, dtype=np.float32))
        if divisor.shape not in ((1,), (width,)):
            raise InputError(
                f"scale: shape {divisor.shape} found, expected one number, or one for each of {width} actions"
            )
        divisor = np.broadcast_to(divisor, (width,)).copy()
        if not (np.isfinite(divisor).all() and (divisor > 0).all()):
            raise InputError(f"scale: {asked!r} found, expected positive numbers, one for each action")
        return divisor
    sizes = np.abs(actions)
    largest = np.max(np.where(np.isnan(sizes), 0.0, sizes), axis=0, initial=0.0)
    divisor = np.where(largest > 1 + 1e-6, largest, 1.0).astype(np.float32)
    if (divisor != 1).any():
        told = ", ".join(f"{value:.6g}" for value in divisor)
        notes.append(f"actions outside [-1, 1] found; they were divided by {told}")
    return divisor


def _refuse_constant(runs: Trajectories, actions: np.ndarray, notes: list[str]) -> None:
    known = actions[np.isfinite(actions).all(axis=1)]
    if len(known) == 0:
        return
    still = [name for name, spread in zip(runs.input_names, np.ptp(known, axis=0), strict=True) if spread == 0]
    if len(still) == actions.shape[1]:
        raise InputError(
            f"actions: {', '.join(still)} constant in every row, expected actions that vary; "
            "there is nothing to learn from them"
        )
    if still:
        notes.append(f"the actions {', '.join(still)} are constant")


def _moments(observations: np.ndarray, frames: bool) -> tuple[np.ndarray, np.ndarray]:
    if frames:
        return np.float32(0.5) * np.ones(1, np.float32), np.ones(1, np.float32)
    mean, deviation = observations.mean(axis=0), observations.std(axis=0)
    return mean, np.where(deviation > 1e-8, deviation, 1.0).astype(np.float32)
