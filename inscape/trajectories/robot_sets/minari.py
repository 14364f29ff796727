"""Minari data sets: `main_data.hdf5` with a group for each episode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import opened
from inscape.trajectories.robot_sets.episodes import Wanted, episode_run, observed


def read(path: Path, wanted: Wanted) -> Trajectories:
    """Read the folder of a data set, its `data` folder, or the HDF5 file itself."""
    places = (path, path / "main_data.hdf5", path / "data" / "main_data.hdf5")
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise InputError(f"{path}: no main_data.hdf5 found in it or in its data folder")
    with opened(file) as stored:
        names = sorted((n for n in stored if n.startswith("episode_")), key=lambda n: int(n.removeprefix("episode_")))
        runs = []
        for number in wanted.choose(file.name, len(names)):
            group = stored[names[number]]
            source = f"{file.name}, {names[number]}"
            if "observations" not in group or "actions" not in group:
                raise InputError(f"{source}: {', '.join(group)} found, expected observations and actions")
            seen, columns = observed(source, arrays_of(group["observations"], "observations"), wanted.observations)
            actions, _ = observed(source, arrays_of(group["actions"], "actions"), None)
            context: dict[str, float | str] = {"episode": float(number)}
            if "rewards" in group:
                context["return"] = float(group["rewards"][()].sum())
            runs.append(episode_run(source, seen, actions, names=columns, dt=wanted.dt, context=context))
    return Trajectories(runs)


def arrays_of(item: Any, name: str) -> dict[str, Any]:
    """The arrays of a group by their names below it, or the one array itself under `name`."""
    if not hasattr(item, "keys"):
        return {name: item[()]}
    found: dict[str, Any] = {}
    for key in item:
        inner = arrays_of(item[key], key)
        found |= {key: inner[key]} if not hasattr(item[key], "keys") else {f"{key}/{n}": a for n, a in inner.items()}
    return found
