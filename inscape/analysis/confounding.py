"""The confounding meter: how much of the actions one observation explains, and how much two do, before any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.subspace import paired_rows
from inscape.errors import InputError
from inscape.trajectories import as_trajectories

RIDGES = tuple(10.0**p for p in range(-6, 2))
_MOST_COMPONENTS = 32


@dataclass(frozen=True)
class Confounding:
    """Shares of the actions' variance that are predictable on episodes left out.

    Parameters
    ----------
    one_frame : from o_t: what behaviour cloning can know. Below 0 counts as 0.
    two_frames : from o_t and o_{t+k}: what inverse dynamics can know.
    one_frame_band, two_frames_band : 95 % bootstrap bands over episodes.
    offset : k.
    features : random features of each prediction; 0 for a linear one.
    """

    one_frame: float
    two_frames: float
    one_frame_band: tuple[float, float]
    two_frames_band: tuple[float, float]
    offset: int
    features: int

    @property
    def hidden(self) -> float:
        """What the second frame adds: the part of the actions that cloning on one frame cannot learn."""
        return self.two_frames - self.one_frame

    def __str__(self) -> str:
        low, high = self.one_frame_band
        is_confounded = self.one_frame < 0.5 * self.two_frames
        says = "cloning is confounded" if is_confounded else "cloning sees what moves the actions"
        return (
            f"one frame explains {self.one_frame:.3f} ({low:.3f} to {high:.3f}) of the actions' variance, "
            f"two explain {self.two_frames:.3f}: {says}"
        )


def confounding(
    demonstrations: Any,
    *,
    offset: int = 1,
    features: int = 500,
    folds: int = 4,
    draws: int = 500,
    most_samples: int = 20_000,
    seed: int = 0,
) -> Confounding:
    """Measure whether cloning can learn from these demonstrations.

    Experts whose goals are hidden act differently in the same place. What one observation explains is then small,
    however deterministic each expert is, while two successive observations tell the action whatever the goal. Both
    shares are measured by ridge regression on random Fourier features (Rahimi and Recht 2007), on episodes left out;
    frames are reduced to 32 principal components before.

    Parameters
    ----------
    demonstrations : Trajectories: states are observations or frames, inputs are actions; one task label is not needed.
    offset : k, steps to the second observation.
    features : random features of each prediction; 0 for linear ones, which in a linear world converge to the exact
        values of `pooled_cloning`.
    folds : parts of the episodes; each is left out once.
    draws : of the bootstrap over episodes.
    most_samples : episodes are drawn until there are so many samples.

    Raises
    ------
    InputError : if there are fewer episodes than folds, no actions, or nothing varies.
    """
    runs = as_trajectories(demonstrations)
    if not runs.input_names:
        raise InputError("demonstrations: runs without inputs found, expected actions as the inputs of each run")
    if isinstance(folds, bool) or folds < 2 or len(runs) < folds:
        raise InputError(f"folds: {folds} of {len(runs)} episodes found, expected at least 2, and as many episodes")
    random = np.random.default_rng(seed)
    observations, actions = _some_episodes(runs, most_samples, random)
    shown = _components(observations)
    now, later, act = paired_rows(shown, actions, offset)
    total = ((act - act.mean(axis=0)) ** 2).sum()
    if total == 0:
        raise InputError("actions: constant in every row, expected actions that vary; there is nothing to explain")
    episode = _episode_of_pairs(shown, actions, offset)
    part = random.permutation(len(shown))[episode] % folds
    one, two = now, np.hstack([_standard(now), _standard(later - now)])
    errors = [_left_out_errors(x, act, part, folds, features, random) for x in (one, two)]
    spread = ((act - act.mean(axis=0)) ** 2).sum(axis=1)
    values = [1 - e.sum() / total for e in errors]
    bands = [_band(e, spread, episode, draws, random) for e in errors]
    return Confounding(
        max(0.0, float(values[0])), max(0.0, float(values[1])), bands[0], bands[1], int(offset), int(features)
    )


def _some_episodes(runs: Any, most: int, random: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    observations, actions, count = [], [], 0
    for number in random.permutation(len(runs)):
        run = runs[int(number)]
        states = np.asarray(run.states, dtype=float)
        if not np.isfinite(states).all():
            raise InputError(f"episode {number}: observations that are not finite found; drop or fill those rows")
        observations.append(states.reshape(len(states), -1))
        actions.append(np.asarray(run.inputs, dtype=float))
        count += len(states)
        if count >= most:
            break
    return observations, actions


def _components(observations: Sequence[np.ndarray]) -> list[np.ndarray]:
    stacked = np.concatenate(observations)
    centred = stacked - stacked.mean(axis=0)
    if stacked.shape[1] > _MOST_COMPONENTS:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        centred = centred @ vectors[:, -_MOST_COMPONENTS:]
    cuts = np.cumsum([len(rows) for rows in observations])[:-1]
    return np.split(_standard(centred), cuts)


def _standard(rows: np.ndarray) -> np.ndarray:
    deviation = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(deviation > 1e-12 * (1 + deviation.max()), deviation, 1.0)


def _episode_of_pairs(shown: Sequence[np.ndarray], actions: Sequence[np.ndarray], offset: int) -> np.ndarray:
    counts = [
        int(np.isfinite(act[:-offset]).all(axis=1).sum()) if len(seen) > offset else 0
        for seen, act in zip(shown, actions, strict=True)
    ]
    return np.repeat(np.arange(len(counts)), counts)


def _left_out_errors(
    x: np.ndarray, y: np.ndarray, part: np.ndarray, folds: int, features: int, random: np.random.Generator
) -> Float[np.ndarray, "sample"]:
    """Squared error of each sample, predicted from the folds it is not in; the best of a few ridges for each part."""
    lifted = _lifted(x, features, random)
    errors = np.empty((len(RIDGES), len(x)))
    for fold in range(folds):
        out = part == fold
        mean_x, mean_y = lifted[~out].mean(axis=0), y[~out].mean(axis=0)
        values, vectors = np.linalg.eigh((lifted[~out] - mean_x).T @ (lifted[~out] - mean_x) / (~out).sum())
        towards = vectors.T @ ((lifted[~out] - mean_x).T @ (y[~out] - mean_y) / (~out).sum())
        seen = (lifted[out] - mean_x) @ vectors
        for i, ridge in enumerate(RIDGES):
            guess = mean_y + seen @ (towards / (np.maximum(values, 0) + ridge)[:, None])
            errors[i, out] = ((guess - y[out]) ** 2).sum(axis=1)
    return errors[np.argmin(errors.sum(axis=1))]


def _lifted(x: np.ndarray, features: int, random: np.random.Generator) -> np.ndarray:
    if features == 0:
        return x
    # Two widths: one of the size of the cloud, one a few times finer.
    wide = 1.0 / np.sqrt(x.shape[1])
    scales = np.where(np.arange(features) % 2 == 0, wide, 0.3 * wide)
    waves = np.cos(x @ (random.normal(size=(x.shape[1], features)) * scales) + random.uniform(0, 2 * np.pi, features))
    return np.hstack([x, np.sqrt(2) * waves])


def _band(
    errors: np.ndarray, spread: np.ndarray, episode: np.ndarray, draws: int, random: np.random.Generator
) -> tuple[float, float]:
    count = int(episode.max()) + 1
    wrong, all_of = (np.bincount(episode, weights=w, minlength=count) for w in (errors, spread))
    drawn = random.integers(0, count, (draws, count))
    values = np.maximum(0.0, 1 - wrong[drawn].sum(axis=1) / all_of[drawn].sum(axis=1))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
