"""MATLAB files of version 5, and the door to version 7.3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats import mat73
from inscape.trajectories.formats.hdf5 import LABELS
from inscape.trajectories.formats.mat5 import contents_of
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LARGEST = 1 << 31


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a MATLAB file of any version. See `inscape.trajectories.read`."""
    with open(path, "rb") as file:
        start = file.read(520)
    if start.startswith(b"MATLAB 7.3") or b"\x89HDF\r\n\x1a\n" in (start[:8], start[512:520]):
        return mat73.read(path, request)
    if not start.startswith(b"MATLAB"):
        raise InputError(f"{path.name}: no MATLAB header found; version 4 files and other content are not read")
    found = contents_of(path.name, path.read_bytes())
    arrays = found.arrays
    if LABELS in found.texts:
        labels = labels_from(path.name, found.texts[LABELS])
        if "times" in arrays:
            arrays["times"] = arrays["times"].reshape(-1)
        return runs_from(path.name, labels, lambda name, rows: arrays[name][rows] if name in arrays else None, request)
    if not arrays and found.refused:
        raise InputError(f"{path.name}: only {', '.join(found.refused[:5])} found; save plain matrices")
    return run_from_arrays(path.name, arrays, request, transposed=True)


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a MATLAB file: version 5, or 7.3 where an array passes the 2 GiB that version 5 holds."""
    record = record_of(trajectories)
    arrays: dict[str, Any] = {"times": record.times[:, None], "states": record.states}
    if record.inputs is not None:
        arrays["inputs"] = record.inputs
    if max(array.nbytes for array in arrays.values()) >= _LARGEST:
        mat73.write(trajectories, path, suffixes)
        return
    from scipy.io import savemat

    with open(path, "wb") as file:
        savemat(file, arrays | {LABELS: record.text()}, do_compression=True)
