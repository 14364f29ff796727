"""Named arrays of a file, with their axes and attributes: NetCDF, HDF5, MATLAB and NPZ alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class NamedField:
    """One array of a file: numbers, names of its axes where the file has them, attributes such as units."""

    values: np.ndarray
    axes: tuple[str, ...] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def numbers(self) -> np.ndarray:
        """The values with scale and offset applied and fill values as NaN."""
        values = self.values
        out = values.astype(np.float32 if values.dtype == np.float32 else float)
        for name in ("_FillValue", "missing_value"):
            fill = self.attributes.get(name)
            if fill is not None:
                out[np.isin(values, np.atleast_1d(fill))] = np.nan
        scale = float(np.ravel(self.attributes.get("scale_factor", 1.0))[0])
        offset = float(np.ravel(self.attributes.get("add_offset", 0.0))[0])
        return out if scale == 1.0 and offset == 0.0 else out * scale + offset

    def text(self, name: str) -> str:
        """An attribute as text; empty if there is none."""
        value = self.attributes.get(name, "")
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def load_named_fields(path: str | os.PathLike[str]) -> dict[str, NamedField]:
    """Every numeric array of a file by name; in groups, by the path within the file.

    Raises
    ------
    InputError : if the file is of none of the formats, damaged or empty.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; check the path")
    with open(file, "rb") as opened:
        start = opened.read(8)
    try:
        if start[:3] == b"CDF":
            found = dict(_classic_netcdf(file))
        elif start == b"\x89HDF\r\n\x1a\n" or file.suffix.lower() in (".h5", ".hdf5", ".nc4"):
            found = dict(_hdf5(file, is_matlab=False))
        elif file.suffix.lower() == ".mat":
            found = dict(_matlab(file))
        elif file.suffix.lower() == ".npz":
            found = dict(_npz(file))
        else:
            raise InputError(f"{file.name}: expected NetCDF, HDF5, MATLAB, NPZ, or text of OpenPIV (.txt, .vec, .csv)")
    except InputError:
        raise
    except Exception as error:  # Each library has its own errors for a damaged file.
        raise InputError(f"{file.name}: cannot be read, {type(error).__name__}: {error}") from None
    if not found:
        raise InputError(f"{file.name}: no numeric array found")
    return found


def file_attributes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Attributes of a NetCDF or HDF5 file as a whole; empty for other files."""
    file = Path(path)
    with open(file, "rb") as opened:
        start = opened.read(8)
    if start[:3] == b"CDF":
        from scipy.io import netcdf_file

        with netcdf_file(str(file), mmap=False) as opened_file:
            return dict(opened_file._attributes)
    if start == b"\x89HDF\r\n\x1a\n":
        import h5py

        with h5py.File(file, "r") as opened_file:
            return {key: opened_file.attrs[key] for key in opened_file.attrs if not key.startswith("_")}
    return {}


def _classic_netcdf(file: Path) -> Iterator[tuple[str, NamedField]]:
    from scipy.io import netcdf_file

    with netcdf_file(str(file), mmap=False) as opened:
        for name, variable in opened.variables.items():
            values = np.array(variable[...])
            if values.dtype.kind in "iuf":
                native = values.astype(values.dtype.newbyteorder("="))
                yield name, NamedField(native, tuple(variable.dimensions), dict(variable._attributes))


def _hdf5(file: Path, is_matlab: bool) -> Iterator[tuple[str, NamedField]]:
    import h5py

    found: list[tuple[str, NamedField]] = []

    def visit(name: str, stored: Any) -> None:
        if not isinstance(stored, h5py.Dataset) or stored.dtype.kind not in "iufb" or stored.shape is None:
            return
        axes = [scale[0].name.split("/")[-1] if len(scale) else scale.label for scale in stored.dims]
        values = stored[...]
        attributes = {key: stored.attrs[key] for key in stored.attrs if not key.startswith(("DIMENSION", "REFERENCE"))}
        # MATLAB writes its arrays with the last axis first.
        found.append(
            (name, NamedField(values.T if is_matlab else values, tuple(axes) if all(axes) else None, attributes))
        )

    with h5py.File(file, "r") as opened:
        is_matlab = is_matlab or any("MATLAB_class" in item.attrs for item in opened.values())
        opened.visititems(visit)
    yield from found


def _matlab(file: Path) -> Iterator[tuple[str, NamedField]]:
    import h5py

    if h5py.is_hdf5(file):
        yield from _hdf5(file, is_matlab=True)
        return
    from scipy.io import loadmat

    for name, values in loadmat(str(file)).items():
        if name.startswith("__"):
            continue
        if values.dtype == object:
            frames = [np.asarray(cell) for cell in values.ravel() if np.size(cell)]
            if frames and all(f.dtype.kind in "iufb" and f.shape == frames[0].shape for f in frames):
                # A cell array of frames, as PIVlab writes it: rows are y.
                yield name, NamedField(np.stack(frames).astype(float), ("time", "y", "x"))
        elif values.dtype.kind in "iufb":
            yield name, NamedField(values)


def _npz(file: Path) -> Iterator[tuple[str, NamedField]]:
    with np.load(file, allow_pickle=False) as opened:
        for name in opened.files:
            if opened[name].dtype.kind in "iufb":
                yield name, NamedField(opened[name])
