"""NetCDF: version 4 is HDF5 with named axes, version 3 is read by SciPy; neither needs the NetCDF library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.hdf5 import datasets, opened
from inscape.trajectories.labelled_arrays import LabelledArray, run_from_labelled
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import refuse_unbelievable
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LABELS = "inscape"
_BARE_AXIS = "This is a netCDF dimension but not a netCDF variable. {:>9}"


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a NetCDF file, version 3 or 4. See `inscape.trajectories.read`."""
    with open(path, "rb") as file:
        start = file.read(4)
    if start[:3] == b"CDF":
        if start[3:] == b"\x05":
            raise InputError(
                f"{path.name}: 64-bit-data NetCDF (CDF-5) found; convert it with: nccopy -k nc4 in.nc out.nc"
            )
        return _read_classic(path, request)
    with opened(path) as file:
        stored = datasets(path, file)
        if _LABELS in stored and stored[_LABELS].dtype == np.dtype("S1"):
            labels = labels_from(path.name, stored[_LABELS][...].tobytes())
            places = {"times": "time", "states": "states", "inputs": "inputs"}
            if not all(name in stored for name in ("time", "states")):
                raise InputError(f"{path.name}: damaged, times or states are lost; write it again from the source")

            def rows_of(name: str, rows: slice) -> np.ndarray | None:
                return stored[places[name]][rows] if places[name] in stored else None

            return runs_from(path.name, labels, rows_of, request)
        arrays = {
            name: LabelledArray(array, _axes_of(array), _attributes(array))
            for name, array in stored.items()
            if not _is_bare_axis(array)
        }
        return run_from_labelled(path.name, arrays, _attributes(file), request)


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a NetCDF 4 file: time, states and inputs with named axes, and one line of labels."""
    import h5py

    record = record_of(trajectories)
    along = "sample" if record.many else "time"
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["_NCProperties"] = np.bytes_("version=2,h5py=" + h5py.__version__)
        packing: dict[str, Any] = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
        time = file.create_dataset("time", data=record.times, **packing)
        if record.many:
            samples = _bare_axis(file, along, len(record.times))
            time.dims[0].attach_scale(samples)
        else:
            time.make_scale("time")
            samples = time
        if not record.many and "time" in record.labels["runs"][0]["units"]:
            time.attrs["units"] = record.labels["runs"][0]["units"]["time"]
        sizes = record.states.shape[1:]
        axes = ["state"] if len(sizes) == 1 else [f"axis_{i}" for i in range(len(sizes))]
        states = file.create_dataset("states", data=record.states, **packing)
        states.dims[0].attach_scale(samples)
        for i, (axis, size) in enumerate(zip(axes, sizes, strict=True)):
            states.dims[i + 1].attach_scale(_bare_axis(file, axis, size))
        if record.inputs is not None:
            inputs = file.create_dataset("inputs", data=record.inputs, **packing)
            inputs.dims[0].attach_scale(samples)
            inputs.dims[1].attach_scale(_bare_axis(file, "input", record.inputs.shape[1]))
        # An attribute holds at most 64 KiB, so the labels of many runs are an array of letters.
        letters = np.frombuffer(record.text().encode(), "S1")
        text = file.create_dataset(_LABELS, data=letters)
        text.dims[0].attach_scale(_bare_axis(file, "letter", len(letters)))


def _read_classic(path: Path, request: Request) -> Trajectory | Trajectories:
    from scipy.io import netcdf_file

    try:
        with netcdf_file(str(path), "r", mmap=False) as file:
            arrays = {}
            for name, variable in file.variables.items():
                refuse_unbelievable(path.name, name, int(np.prod(variable.shape, dtype=object)), path.stat().st_size)
                stored = np.array(variable.data)
                # NetCDF 3 is big-endian.
                stored = stored.astype(stored.dtype.newbyteorder("=")) if stored.dtype.kind in "iuf" else stored
                arrays[name] = LabelledArray(stored, tuple(variable.dimensions), _decoded(variable._attributes))
            attributes = _decoded(file._attributes)
    except InputError:
        raise
    # SciPy's parser raises errors of every kind on damaged bytes.
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path.name}: damaged or not NetCDF ({first[:120]})") from error
    return run_from_labelled(path.name, arrays, attributes, request)


def _decoded(attributes: Any) -> dict[str, Any]:
    return {k: v.decode("utf-8", "replace") if isinstance(v, bytes) else v for k, v in attributes.items()}


def _attributes(item: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in item.attrs:
        # References to other arrays and other inner matters of HDF5 say nothing of the recording.
        if name in ("DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME") or name.startswith("_Netcdf4"):
            continue
        value = item.attrs[name]
        found[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return found


def _axes_of(array: Any) -> tuple[str, ...]:
    if array.is_scale:
        return (array.name.rsplit("/", 1)[-1],)
    axes = []
    for i, axis in enumerate(array.dims):
        axes.append(axis[0].name.rsplit("/", 1)[-1] if len(axis) else f"axis_{i}")
    return tuple(axes)


def _is_bare_axis(array: Any) -> bool:
    name = array.attrs.get("NAME", b"") if array.is_scale else b""
    return isinstance(name, bytes) and name.startswith(b"This is a netCDF dimension but not")


def _bare_axis(file: Any, name: str, size: int) -> Any:
    axis = file.create_dataset(name, shape=(size,), dtype=">f4")
    axis.make_scale(_BARE_AXIS.format(size))
    return axis
