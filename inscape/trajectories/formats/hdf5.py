"""HDF5 files: named arrays in groups; links out of the file and arrays of objects are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError, InscapeError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import Labels, refuse_unbelievable, run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

LABELS = "inscape"
_MOST_OBJECTS = 10_000
_DEEPEST = 32


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read an HDF5 file. See `inscape.trajectories.read`."""
    with opened(path) as file:
        arrays = datasets(path, file)
        if LABELS in arrays and arrays[LABELS].dtype.kind == "S":
            labels = labels_from(path.name, arrays.pop(LABELS)[()])
            return runs_from(
                path.name, labels, lambda name, rows: arrays[name][rows] if name in arrays else None, request
            )
        units = {name: unit for name, array in arrays.items() if (unit := text_attribute(array, "units", "unit"))}
        return run_from_arrays(path.name, arrays, request, Labels(units, {}, {}))


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write an HDF5 file: times, states, inputs and one line of labels."""
    import h5py

    record = record_of(trajectories)
    with h5py.File(path, "w") as file:
        file.create_dataset("times", data=record.times, compression="gzip", compression_opts=4, shuffle=True)
        file.create_dataset("states", data=record.states, compression="gzip", compression_opts=4, shuffle=True)
        if record.inputs is not None:
            file.create_dataset("inputs", data=record.inputs, compression="gzip", compression_opts=4, shuffle=True)
        file.create_dataset(LABELS, data=np.bytes_(record.text().encode()))


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, open to be read.

    Raises
    ------
    InputError : if it is not HDF5, is damaged, or another program writes it.
    """
    import h5py

    try:
        # Locks are useless for reading a finished recording, and fail on many network disks.
        file = h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path.name}: damaged or not HDF5 ({str(error).splitlines()[0][:120]})") from error
    try:
        yield file
    except (OSError, RuntimeError, KeyError, UnicodeDecodeError) as error:
        if isinstance(error, InscapeError):
            raise
        raise InputError(f"{path.name}: damaged content ({str(error).splitlines()[0][:120]})") from error
    finally:
        file.close()


def datasets(path: Path, file: Any, skipped: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every array of the file under its path, e.g. "run/states".

    Raises
    ------
    InputError : if an array lies in another file, claims an impossible size, or there are too many.
    """
    import h5py

    found: dict[str, Any] = {}
    seen: set[Any] = set()
    waiting: list[tuple[str, Any, int]] = [("", file, 0)]
    size = path.stat().st_size
    while waiting:
        prefix, group, depth = waiting.pop()
        for name in group:
            # A link may lead out of the file, or in a circle.
            if name in skipped or not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MOST_OBJECTS or depth > _DEEPEST:
                raise InputError(f"{path.name}: more than {_MOST_OBJECTS} objects found, expected one recording")
            if isinstance(item, h5py.Group):
                waiting.append((f"{prefix}{name}/", item, depth + 1))
            elif isinstance(item, h5py.Dataset) and item.shape is not None:
                if item.is_virtual or item.external:
                    raise InputError(
                        f"{path.name}: array {prefix + name!r} lies in another file; copy it into this one"
                    )
                refuse_unbelievable(path.name, prefix + name, item.size * item.dtype.itemsize, size)
                found[prefix + name] = item
    return dict(sorted(found.items()))


def text_attribute(item: Any, *names: str) -> str:
    """The first of the attributes that is there and is a text; "" if none is."""
    for name in names:
        if name in item.attrs:
            value = item.attrs[name]
            if isinstance(value, np.ndarray) and value.size == 1:
                value = value.reshape(-1)[0]
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            if isinstance(value, str):
                return value
    return ""
