"""NumPy archives; arrays of objects are never unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LABELS = "inscape"


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read an archive of arrays (.npz) or a single array (.npy). See `inscape.trajectories.read`."""
    with open(path, "rb") as file:
        if file.read(6) == b"\x93NUMPY":
            size = file.seek(0, 2)
            file.seek(0)
            return run_from_arrays(path.name, {"states": _array(file, size, path.name, "states")}, request)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            arrays = {}
            for name, info in members.items():
                if info.filename.endswith(".npy"):
                    with archive.open(info) as member:
                        arrays[name] = _array(member, info.file_size, path.name, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"{path.name}: damaged or not an NPZ archive ({str(error)[:80]})") from error
    if not arrays:
        raise InputError(f"{path.name}: no array found among {', '.join(list(members)[:5]) or 'nothing'}")
    if _LABELS in arrays and arrays[_LABELS].dtype.kind == "U":
        labels = labels_from(path.name, arrays.pop(_LABELS))
        return runs_from(path.name, labels, lambda name, rows: arrays[name][rows] if name in arrays else None, request)
    return run_from_arrays(path.name, arrays, request)


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write an archive of arrays: times, states, inputs and one line of labels."""
    if suffixes[-1] == ".npy":
        raise InputError(f"{path.name}: .npy holds one bare array and would lose times and names; write .npz")
    record = record_of(trajectories)
    arrays = {"times": record.times, "states": record.states, _LABELS: np.array(record.text())}
    if record.inputs is not None:
        arrays["inputs"] = record.inputs
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _array(file: IO[bytes], size: int, name: str, member: str) -> np.ndarray:
    """One array; its claim of size is held against the bytes that are there before memory is taken for it."""
    lib = np.lib.format
    try:
        version = lib.read_magic(file)
        header: Any = lib.read_array_header_1_0 if version == (1, 0) else lib.read_array_header_2_0
        shape, fortran, dtype = header(file)
    except (ValueError, OSError, SyntaxError, TypeError) as error:
        raise InputError(f"{name}: array {member!r} has a damaged header ({str(error)[:80]})") from error
    if dtype.hasobject:
        raise InputError(
            f"{name}: array {member!r} holds Python objects, which are never unpickled; save it as numbers"
        )
    count = int(np.prod(shape, dtype=object)) if shape else 1
    offset = file.tell()
    if count < 0 or count * dtype.itemsize != size - offset:
        raise InputError(f"{name}: array {member!r} claims {count * dtype.itemsize} bytes and has {size - offset}")
    flat = (
        np.frombuffer(bytearray(file.read(size - offset)), dtype) if count * dtype.itemsize else np.empty(count, dtype)
    )
    if len(flat) != count:
        raise InputError(f"{name}: array {member!r} is cut short; copy the file again")
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
