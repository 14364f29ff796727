"""`write`: runs go to a file, wholly or not at all."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from inscape.atomic import draft_of
from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.file_formats import FORMATS, format_of_name, suffixes_of
from inscape.trajectories.trajectory import Trajectory


def write(
    trajectories: Trajectory | Trajectories,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    overwrite: bool = False,
) -> None:
    """Write one run or many; `read` gives them back as they were.

    Times, states, inputs, names, units, context and source are all kept, in every format. The file appears under its
    name when it is complete: a failure, or a kill, leaves what stood there before.

    Parameters
    ----------
    trajectories : what to write.
    path : its suffix tells the format, e.g. "run.csv", "run.csv.gz", "runs.zarr".
    format : name of the format where the suffix does not tell.
    overwrite : replace a file that is there; without it, that is an error.

    Raises
    ------
    InputError : if the file is there, its folder is not, the suffix is not known, or the format cannot hold the runs.
    """
    target = Path(path)
    if not isinstance(trajectories, (Trajectory, Trajectories)):
        kind = type(trajectories).__name__
        raise InputError(
            f"trajectories: {kind} found, expected Trajectory or Trajectories; as_trajectories(...) makes them"
        )
    name = check_target(target, format=format, overwrite=overwrite)
    suffixes = suffixes_of(target.name)
    if not suffixes or suffixes[0] not in FORMATS[name].suffixes:
        suffixes = FORMATS[name].suffixes[:1] or (".mat",)
    module = importlib.import_module(f"inscape.trajectories.formats.{FORMATS[name].module}")
    with draft_of(target) as draft:
        module.write(trajectories, draft, suffixes)


def check_target(path: str | os.PathLike[str], *, format: str | None = None, overwrite: bool = False) -> str:  # noqa: A002
    """The format in which a file can be written there, asked before the work whose outcome it is to hold.

    Raises
    ------
    InputError : as of `write`.
    """
    target = Path(path)
    if format is not None and format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    name = format or format_of_name(target.name)
    if name is None:
        known = " ".join(suffix for form in FORMATS.values() for suffix in form.suffixes)
        raise InputError(f"{target.name}: suffix not known, expected one of {known}; or say format='csv'")
    if target.exists() and not overwrite:
        raise InputError(f"{target}: is there already; write elsewhere, or overwrite=True replaces it")
    if target.is_dir() and name != "zarr":
        raise InputError(f"{target}: is a folder, expected the name of a file")
    if not target.parent.is_dir():
        raise InputError(f"{target.parent}: no such folder; make it first")
    return name
