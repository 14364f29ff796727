"""MATLAB v7.3 files: HDF5 behind a MATLAB header, every array stored with its axes reversed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import LABELS, datasets, opened, text_attribute
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_HEADER = b"MATLAB 7.3 MAT-file, Platform: inscape, HDF5 schema 1.00 ."
_CLASSES = {"f8": "double", "f4": "single"}


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a MATLAB v7.3 file. See `inscape.trajectories.read`."""
    with opened(path) as file:
        arrays: dict[str, Any] = {}
        for name, array in datasets(path, file, skipped=("#refs#", "#subsystem#")).items():
            kind = text_attribute(array, "MATLAB_class")
            if "MATLAB_empty" in array.attrs or (kind == "char" and name != LABELS):
                continue
            arrays[name] = _Turned(array)
        if LABELS in arrays:
            codes = np.asarray(arrays.pop(LABELS)[...]).astype(np.uint16).reshape(-1)
            labels = labels_from(path.name, codes.astype("<u2").tobytes().decode("utf-16-le", "replace"))
            whole: dict[str, np.ndarray] = {}

            def rows_of(name: str, rows: slice) -> np.ndarray | None:
                if name in arrays and name not in whole:
                    values = np.asarray(arrays[name][...])
                    whole[name] = values.reshape(-1) if name == "times" else values
                return whole[name][rows] if name in whole else None

            return runs_from(path.name, labels, rows_of, request)
        numbers = _numeric(path.name, arrays)
        return run_from_arrays(path.name, numbers, request, transposed=True)


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a MATLAB v7.3 file: times, states, inputs and one line of labels."""
    import h5py

    record = record_of(trajectories)
    arrays = {"times": record.times[:, None], "states": record.states}
    if record.inputs is not None:
        arrays["inputs"] = record.inputs
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            stored = file.create_dataset(name, data=values.T, compression="gzip", compression_opts=4, shuffle=True)
            stored.attrs["MATLAB_class"] = np.bytes_(_CLASSES[values.dtype.str[1:]])
        letters = np.frombuffer(record.text().encode("utf-16-le"), "<u2")
        stored = file.create_dataset(LABELS, data=letters[:, None])
        stored.attrs["MATLAB_class"] = np.bytes_("char")
        stored.attrs["MATLAB_int_decode"] = np.int32(2)
    with open(path, "r+b") as raw:
        raw.write(_HEADER.ljust(116) + bytes(8) + b"\x00\x02IM")


class _Turned:
    """A stored array seen with its axes in MATLAB's order."""

    def __init__(self, array: Any):
        self._array = array
        self.shape, self.dtype = tuple(array.shape)[::-1], array.dtype

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self._array[()]).T[key]


def _numeric(file: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: array for name, array in arrays.items() if array.dtype.kind != "O"}
    if not found and arrays:
        raise InputError(f"{file}: only cells and objects found ({', '.join(list(arrays)[:5])}); save plain matrices")
    return found
