"""`read_velocity`: a file, or a file for each frame, becomes a `VelocityField`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.velocity_fields import assembly, lavision, piv_text
from inscape.trajectories.velocity_fields.field import VelocityField
from inscape.trajectories.velocity_fields.named_fields import file_attributes, load_named_fields

_TEXT = (".txt", ".vec", ".csv", ".dat", ".tsv")
_LAVISION = (".vc7", ".set", ".im7")


def read_velocity(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    names: Mapping[str, str] | None = None,
    mask: str | None = None,
    order: str | None = None,
    dt: float | None = None,
    periodic: bool | Sequence[bool] | None = None,
    viscosity: float | None = None,
    on_sphere: bool | None = None,
    keep_replaced: bool = True,
) -> VelocityField:
    """Read a velocity field.

    Parameters
    ----------
    source : a NetCDF, HDF5, MATLAB (also of PIVlab) or NPZ file that holds all frames; a text file of OpenPIV or a file
        of LaVision for one frame; a list of such files, or a folder of them, in the order of their names.
    names : what the file calls "u", "v", "w", "scalar", "x", "y", "z", "time"; common names are found by themselves.
    mask : name of an array that is 0 where a vector must not be used.
    order : axes of the arrays, such as "tyx" or "tzyx", where the file does not name them and lengths do not tell.
    dt : time between frames, where the file has no times.
    periodic, viscosity : as of `VelocityField`; if None, as the file says where `VelocityField.to_xarray` made it, else
        not periodic and not known.
    on_sphere : whether x and y are longitude and latitude; told by their names or units if None.
    keep_replaced : keep vectors that OpenPIV marks as replaced ones; those it masks are always left out.

    Axes that fall are turned round. What was decided stands in `notes`.

    Raises
    ------
    InputError : in one line, what is wrong with the file and how to mend it.
    MissingExtraError : for a file of LaVision without lvpyio.
    """
    files = _files(source)
    kind = files[0].suffix.lower()
    options: dict[str, Any] = {"periodic": bool(periodic) if periodic is None else periodic, "viscosity": viscosity}
    if kind in _TEXT or kind in _LAVISION:
        frames = [
            piv_text.read_frame(file, keep_replaced) if kind in _TEXT else lavision.read_frame(file) for file in files
        ]
        field = assembly.from_frames(frames, dt, **options)
        return replace(field, source=", ".join(file.name for file in (files[0], files[-1])[: len(files)]))
    told = _told_by_itself(file_attributes(files[0]), periodic, viscosity)
    options |= told
    parts = [
        assembly.from_arrays(file.name, load_named_fields(file), names or {}, mask, order, dt, on_sphere, **options)
        for file in files
    ]
    whole = parts[0] if len(parts) == 1 else _joined(parts, dt)
    if not told:
        return whole
    said = ", ".join(f"{name} {np.asarray(value).tolist()}" for name, value in told.items())
    return replace(whole, notes=(*whole.notes, f"{said}: as the file says"))


def _told_by_itself(
    attributes: Mapping[str, Any], periodic: bool | Sequence[bool] | None, viscosity: float | None
) -> dict[str, Any]:
    """What a file that was written from a `VelocityField` says of it, and nobody said otherwise."""
    if "periodic" not in attributes:
        return {}
    closes = np.atleast_1d(attributes["periodic"])
    told: dict[str, Any] = {}
    if periodic is None and closes.dtype.kind in "iub" and closes.any():
        told["periodic"] = tuple(bool(one) for one in closes)
    if viscosity is None and np.size(attributes.get("viscosity", ())) == 1:
        told["viscosity"] = float(np.ravel(attributes["viscosity"])[0])
    return told


def _files(source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            if not found:
                raise InputError(f"{path}: an empty folder, expected a file for each frame")
            return found
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the path")
        return [path]
    try:
        paths = [Path(item) for item in source]
    except TypeError:
        raise InputError(f"source: {type(source).__name__} found, expected a path or a list of paths") from None
    if not paths:
        raise InputError("source: an empty list found, expected a path for each frame")
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the path")
    return paths


def _joined(parts: list[VelocityField], dt: float | None) -> VelocityField:
    """Fields of the same grid, one after the other."""
    first = parts[0]
    for part in parts[1:]:
        if part.shape != first.shape or not all(np.allclose(a, b) for a, b in zip(part.axes, first.axes, strict=True)):
            raise InputError(f"{part.source}: grid {part.shape} differs from {first.shape} of {first.source}")
    times = np.concatenate([p.times for p in parts])
    if (np.diff(times) <= 0).any():
        if dt is None:
            raise InputError("times: the files do not follow each other in time; give dt=, the time between frames")
        times = dt * np.arange(len(times))
    scalars = [p.scalar for p in parts if p.scalar is not None]
    return replace(
        first,
        times=times,
        velocity=np.concatenate([p.velocity for p in parts]),
        scalar=np.concatenate(scalars) if len(scalars) == len(parts) else None,
    )
