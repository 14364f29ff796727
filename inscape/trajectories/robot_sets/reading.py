"""`read_demonstrations`: a local data set of demonstrations becomes `Trajectories`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import opened
from inscape.trajectories.robot_sets.episodes import Wanted
from inscape.trajectories.robot_sets.flat_arrays import split_flat

# Layout by name, and the module that reads it.
LAYOUTS: dict[str, str] = {
    "lerobot": "lerobot",
    "minari": "minari",
    "robomimic": "robomimic",
    "d4rl": "flat_arrays",
    "kitchen": "kitchen",
}


def read_demonstrations(
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    observations: str | Sequence[str] | None = None,
    episodes: int | Sequence[int] | None = None,
    dt: float | None = None,
) -> Trajectories:
    """Read a data set of demonstrations from disk: states are observations, inputs are actions, one run an episode.

    Nothing is downloaded. Where an episode has one observation more than actions, the last action is NaN.

    Parameters
    ----------
    path : a LeRobot folder (v3; v2 as well), a Minari data set (its folder, its `data` folder or `main_data.hdf5`), a
        robomimic or d4rl HDF5 file, or a kitchen folder (`observations_seq.npy`, `actions_seq.npy`,
        `existence_mask.npy`).
    layout : "lerobot", "minari", "robomimic", "d4rl" or "kitchen"; told by the files if None.
    observations : which observations to take, by name. All vectors, one behind the other, if None. A single name of
        images or of a video gives frames of brightness 0 to 1.
    episodes : so many of the first ones, or these.
    dt : seconds between two samples; from the data set where it says so (LeRobot's fps), else steps are counted.

    Raises
    ------
    InputError : if the folder or file is not of a known layout, is damaged, or holds no episode; the message names the
        file.
    UnknownNameError : if an observation asked for is not there.
    """
    place = Path(path)
    if not place.exists():
        raise InputError(f"{place}: no such file or folder; check the path")
    if layout is not None and layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    if dt is not None and not (isinstance(dt, (int, float, np.number)) and np.isfinite(dt) and dt > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive number of seconds")
    names = (observations,) if isinstance(observations, str) else observations
    if names is not None and len(names) == 0:
        raise InputError("observations: none found, expected at least one name")
    wanted = Wanted(None if names is None else tuple(names), _episodes(episodes), dt)
    chosen = layout or _layout(place)
    reader = importlib.import_module(f"inscape.trajectories.robot_sets.{LAYOUTS[chosen]}")
    try:
        return reader.read(place, wanted)
    except (InputError, UnknownNameError):
        raise
    except FOREIGN_ERRORS as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{place.name}: damaged, or not a {chosen} data set ({first[:160]})") from error


# What the parsers of other houses raise on damaged files: there is no narrower class that they keep to.
FOREIGN_ERRORS = (Exception,)


def d4rl_episodes(
    arrays: Mapping[str, Any], *, dt: float | None = None, episodes: int | Sequence[int] | None = None
) -> Trajectories:
    """Episodes of d4rl's flat arrays: cut behind every row where `terminals` or `timeouts` is true.

    Parameters
    ----------
    arrays : `observations` (sample, coordinate), `actions` (sample, action), `terminals` (sample,), and `timeouts`
        (sample,) where there are any.

    Raises
    ------
    InputError : if one is missing or their lengths differ.
    """
    return split_flat("arrays", arrays, Wanted(None, _episodes(episodes), dt))


def _episodes(asked: Any) -> int | tuple[int, ...] | None:
    if asked is None:
        return None
    if isinstance(asked, (int, np.integer)) and not isinstance(asked, bool):
        if asked < 1:
            raise InputError(f"episodes: {asked} found, expected at least one")
        return int(asked)
    chosen = tuple(int(number) for number in asked)
    if not chosen or min(chosen) < 0:
        raise InputError(f"episodes: {asked!r} found, expected a number of them, or numbers from 0")
    return chosen


def _layout(place: Path) -> str:
    if place.is_dir():
        if (place / "meta" / "info.json").exists():
            return "lerobot"
        if any((place / part).exists() for part in ("main_data.hdf5", "data/main_data.hdf5")):
            return "minari"
        if (place / "observations_seq.npy").exists():
            return "kitchen"
        raise InputError(
            f"{place}: no data set of a known layout found, expected meta/info.json (LeRobot), main_data.hdf5 (Minari) "
            "or observations_seq.npy (kitchen) in it"
        )
    with opened(place) as file:
        if "data" in file and any(name.startswith("demo") for name in file["data"]):
            return "robomimic"
        if any(name.startswith("episode_") for name in file):
            return "minari"
        if "observations" in file and "actions" in file:
            return "d4rl"
        found = ", ".join(list(file)[:6]) or "nothing"
    raise InputError(
        f"{place.name}: {found} found, expected data/demo_0 (robomimic), episode_0 (Minari) or observations and "
        "actions (d4rl); say layout=... if it is one of them"
    )
