"""MATLAB files: version 5 through SciPy, version 7.3 through HDF5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats import mat73
from inscape.trajectories.formats.hdf5 import LABELS
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LARGEST = 1 << 31
_DEEPEST = 8


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a MATLAB file of any version. See `inscape.trajectories.read`."""
    with open(path, "rb") as file:
        start = file.read(520)
    if start.startswith(b"MATLAB 7.3") or b"\x89HDF\r\n\x1a\n" in (start[:8], start[512:520]):
        return mat73.read(path, request)
    if not start.startswith(b"MATLAB"):
        raise InputError(f"{path.name}: no MATLAB header found; version 4 files and other content are not read")
    from scipy.io import loadmat

    try:
        variables = loadmat(str(path), appendmat=False)
    # SciPy's parser raises errors of every kind on damaged bytes.
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path.name}: damaged or not a MATLAB file ({first[:120]})") from error
    arrays: dict[str, Any] = {}
    refused: list[str] = []
    for name, value in variables.items():
        if not name.startswith("__"):
            _collect(name, value, arrays, refused, 0)
    if LABELS in arrays and arrays[LABELS].dtype.kind == "U" and arrays[LABELS].size == 1:
        labels = labels_from(path.name, arrays.pop(LABELS).reshape(-1)[0])
        if "times" in arrays:
            arrays["times"] = arrays["times"].reshape(-1)
        return runs_from(path.name, labels, lambda name, rows: arrays[name][rows] if name in arrays else None)
    arrays = {name: array for name, array in arrays.items() if array.dtype.kind in "biuf"}
    if not arrays and refused:
        raise InputError(f"{path.name}: only cells, texts or objects found ({', '.join(refused[:5])}); save matrices")
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


def _collect(name: str, value: Any, arrays: dict[str, Any], refused: list[str], depth: int) -> None:
    if depth > _DEEPEST or not isinstance(value, np.ndarray):
        refused.append(name)
    elif value.dtype.names and value.size == 1:
        # A 1 x 1 struct is a folder of named arrays.
        for field in value.dtype.names:
            _collect(f"{name}/{field}", value.reshape(-1)[0][field], arrays, refused, depth + 1)
    elif value.dtype.kind in "biufU":
        arrays[name] = value
    else:
        refused.append(name)
