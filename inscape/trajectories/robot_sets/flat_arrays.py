"""d4rl's flat arrays: all samples below each other, episodes told by `terminals` and `timeouts`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import opened
from inscape.trajectories.robot_sets.episodes import Wanted, episode_run, observed

_PARTS = ("observations", "actions", "terminals", "timeouts", "rewards")


def read(path: Path, wanted: Wanted) -> Trajectories:
    """Read an HDF5 file of flat arrays."""
    with opened(path) as stored:
        arrays = {name: stored[name][()] for name in _PARTS if name in stored}
    return split_flat(path.name, arrays, wanted)


def split_flat(source: str, arrays: Mapping[str, Any], wanted: Wanted) -> Trajectories:
    """Episodes of flat arrays; a tail without an end is an episode too.

    Raises
    ------
    InputError : if an array is missing, or their lengths differ.
    """
    for name in ("observations", "actions", "terminals"):
        if name not in arrays:
            raise InputError(f"{source}: no {name!r} among {', '.join(arrays) or 'nothing'}; d4rl's arrays have it")
    found = {name: np.asarray(arrays[name]) for name in _PARTS if name in arrays}
    lengths = {name: len(array) for name, array in found.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{count} {name}" for name, count in lengths.items())
        raise InputError(f"{source}: {told} found, expected as many of each")
    ends = found["terminals"].reshape(-1).astype(bool)
    if "timeouts" in found:
        ends = ends | found["timeouts"].reshape(-1).astype(bool)
    cuts = [0, *(np.flatnonzero(ends) + 1), len(ends)]
    spans = [(a, b) for a, b in pairwise(cuts) if b > a]
    runs = []
    for number in wanted.choose(source, len(spans)):
        begin, end = spans[number]
        seen, names = observed(source, {"observations": found["observations"][begin:end]}, wanted.observations)
        context: dict[str, float | str] = {"episode": float(number)}
        if "rewards" in found:
            context["return"] = float(found["rewards"][begin:end].sum())
        label = f"{source}, rows {begin} to {end - 1}"
        runs.append(episode_run(label, seen, found["actions"][begin:end], names=names, dt=wanted.dt, context=context))
    return Trajectories(runs)
