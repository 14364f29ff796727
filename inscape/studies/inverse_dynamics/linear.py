"""The linear world of study 16: what each objective finds in closed form, and what cloning can know at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis import linear_encoder, pooled_cloning
from inscape.analysis.confounding import confounding
from inscape.analysis.subspace import LINEAR_OBJECTIVES, largest_sine
from inscape.systems.worlds import LinearReaching
from inscape.trajectories import Trajectories, Trajectory

WIDTH = 4


def exact_case(item: Mapping[str, Any]) -> dict[str, float]:
    """s' = s + a, a = kappa (g - s): closed form, and the same by least squares on drawn episodes.

    item : "kappa", "steps", "episodes", "seed".
    """
    exact = pooled_cloning(1.0, 1.0, item["kappa"], item["steps"])
    random = np.random.default_rng(item["seed"])
    s, goals = random.normal(size=(2, item["episodes"]))
    moments, inverse_wrong, acted = np.zeros((2, 2)), 0.0, 0.0
    for _ in range(item["steps"]):
        a = item["kappa"] * (goals - s)
        moments += np.array([[s @ s, s @ a], [a @ s, a @ a]])
        # The inverse has no parameter to fit: the next state less this one is the action.
        inverse_wrong += float((((s + a) - s - a) ** 2).sum())
        acted += float(a @ a)
        s = s + a
    slope = moments[0, 1] / moments[0, 0]
    return {
        "slope": float(exact.slope[0, 0]),
        "r2": exact.cloning_r2,
        "drawn_slope": float(slope),
        "drawn_r2": float(slope * moments[0, 1] / moments[1, 1]),
        "inverse_r2": 1 - inverse_wrong / acted,
        "exact_inverse_r2": exact.inverse_r2,
    }


def planes(item: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Sine of the largest angle to the true state plane, and error of one-episode policies, by objective.

    item : "episodes", "seed", "distractor_std", "actuated" (or None), "goals", "offset".

    Returns
    -------
    By objective (and "true plane"): "sine", "same_start" and "new_start" policy errors, each over the variance of the
    actions.
    """
    world = LinearReaching(seed=item["seed"], distractor_std=item["distractor_std"], actuated=item["actuated"])
    corpus = world.demonstrations(item["episodes"], seed=item["seed"] + 1)
    observations, actions = [run.states for run in corpus], [np.asarray(run.inputs) for run in corpus]
    encoders = {
        name: linear_encoder(
            name, observations, actions, WIDTH, offset=item["offset"] if name in ("inverse", "forward") else 1
        )
        for name in LINEAR_OBJECTIVES
    } | {"true plane": world.state_plane.T}
    told = {}
    for name, encoder in encoders.items():
        same, new = policy_errors(world, encoder, item["goals"], item["seed"] + 2)
        told[name] = {
            "sine": largest_sine(encoder.T, world.state_plane),
            "actuated_sine": largest_sine(encoder.T, world.actuated_plane),
            "same_start": same,
            "new_start": new,
        }
    return told


def policy_errors(
    world: LinearReaching, encoder: Float[np.ndarray, "width observation"], goals: int, seed: int
) -> tuple[float, float]:
    """Errors of linear policies fitted to one episode of a new goal, on others that begin where it began, and on others
    that begin anywhere; over the variance of the actions in those; means over goals."""
    random = np.random.default_rng(seed)
    same: list[float] = []
    new: list[float] = []
    for _ in range(goals):
        goal, start = random.normal(size=(2, world.controlled))
        shown = world.demonstrations(1, goal=goal, start=start, seed=random)[0]
        weights = np.linalg.lstsq(_with_one(shown, encoder), np.asarray(shown.inputs), rcond=None)[0]
        for errors, begin in ((same, start), (new, None)):
            others = world.demonstrations(30, goal=goal, start=begin, seed=random)
            errors.append(_error(others, encoder, weights))
    return float(np.mean(same)), float(np.mean(new))


def meter(item: Mapping[str, Any]) -> dict[str, float]:
    """The confounding meter on a corpus of the linear world, beside the exact shares.

    item : "episodes", "seed".
    """
    world = LinearReaching(seed=item["seed"], distractors=0, observed=4, observation_noise=0.0)
    found = confounding(world.demonstrations(item["episodes"], seed=item["seed"] + 1), features=0, draws=200)
    gain = world.gain * np.linalg.pinv(world.control)
    exact = pooled_cloning(
        world.decay * np.eye(4),
        world.control,
        gain,
        19,  # the last of 20 samples has no next one
        action_noise=world.action_noise,
        state_noise=world.state_noise,
    )
    return {
        "one_frame": found.one_frame,
        "two_frames": found.two_frames,
        "exact_one": exact.cloning_r2,
        "exact_two": exact.inverse_r2,
    }


def _with_one(run: Trajectory, encoder: np.ndarray) -> np.ndarray:
    return np.hstack([run.states @ encoder.T, np.ones((len(run), 1))])


def _error(runs: Trajectories, encoder: np.ndarray, weights: np.ndarray) -> float:
    seen = np.concatenate([_with_one(run, encoder) for run in runs])
    acted = np.concatenate([np.asarray(run.inputs) for run in runs])
    return float(((seen @ weights - acted) ** 2).mean() / acted.var(axis=0).mean())
