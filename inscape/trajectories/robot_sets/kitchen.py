"""The relay-kitchen triple: observations_seq.npy, actions_seq.npy and existence_mask.npy, padded to one length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.robot_sets.episodes import Wanted, episode_run, observed


def read(path: Path, wanted: Wanted) -> Trajectories:
    """Read the folder of the three files. Time may be the first axis (as published) or the second."""
    arrays = {}
    for name in ("observations_seq", "actions_seq", "existence_mask"):
        file = path / f"{name}.npy"
        if not file.exists():
            raise InputError(f"{path}: no {name}.npy found, expected observations_seq, actions_seq and existence_mask")
        arrays[name] = np.load(file, allow_pickle=False)
    mask = arrays["existence_mask"]
    mask = mask.reshape(mask.shape[:2]).astype(bool)
    seen, acted = arrays["observations_seq"], arrays["actions_seq"]
    if seen.ndim != 3 or acted.ndim != 3 or not seen.shape[:2] == acted.shape[:2] == mask.shape:
        raise InputError(
            f"{path.name}: observations {seen.shape}, actions {acted.shape} and mask {mask.shape} found, expected "
            "(time, episode, ...) in all three"
        )
    # An episode exists from its first sample on, so only along time does the mask never come back.
    if not _falls(mask):
        mask, seen, acted = mask.T, seen.swapaxes(0, 1), acted.swapaxes(0, 1)
        if not _falls(mask):
            raise InputError(f"{path.name}: existence_mask comes back after its end, expected 1 and then 0 along time")
    lengths = mask.sum(axis=0)
    present = np.flatnonzero(lengths > 0)
    runs = []
    for number in wanted.choose(path.name, len(present)):
        episode = int(present[number])
        rows = slice(0, int(lengths[episode]))
        source = f"{path.name}, episode {episode}"
        shown, names = observed(source, {"observation": seen[rows, episode]}, wanted.observations)
        runs.append(
            episode_run(
                source, shown, acted[rows, episode], names=names, dt=wanted.dt, context={"episode": float(episode)}
            )
        )
    return Trajectories(runs)


def _falls(mask: np.ndarray) -> bool:
    return bool((np.diff(mask.astype(int), axis=0) <= 0).all())
