"""The known file formats: their suffixes, their first bytes and the module that reads and writes each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PACKED = (".gz", ".xz", ".bz2")


@dataclass(frozen=True)
class FileFormat:
    """One file format.

    Parameters
    ----------
    title : what people call it.
    module : module of `inscape.trajectories.formats` with `read` and `write`.
    suffixes : of file names, lower case.
    options : of `read`, beyond those that every format has.
    also : formats whose first bytes a file of this name may have as well.
    """

    title: str
    module: str
    suffixes: tuple[str, ...]
    options: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


_TABLE_OPTIONS = ("delimiter", "decimal", "header", "comment", "time_format")
FORMATS: dict[str, FileFormat] = {
    "csv": FileFormat("a text table", "delimited", (".csv", ".tsv", ".tab", ".txt", ".dat"), _TABLE_OPTIONS),
    "parquet": FileFormat("Parquet", "parquet", (".parquet", ".pq")),
    "npz": FileFormat("a NumPy archive", "npz", (".npz", ".npy")),
    "mat": FileFormat("MATLAB", "mat", (".mat",), also=("hdf5",)),
    "mat-v7.3": FileFormat("MATLAB v7.3", "mat73", ()),
    "hdf5": FileFormat("HDF5", "hdf5", (".h5", ".hdf5", ".hdf", ".he5")),
    "netcdf": FileFormat("NetCDF", "netcdf", (".nc", ".nc4", ".cdf", ".netcdf"), also=("hdf5",)),
    "zarr": FileFormat("Zarr", "zarr", (".zarr",)),
    "wav": FileFormat("WAV", "wav", (".wav", ".wave")),
}


def format_of_name(name: str) -> str | None:
    """The format that a file's name tells, or None."""
    suffixes = suffixes_of(name)
    return next((key for key, form in FORMATS.items() if suffixes and suffixes[0] in form.suffixes), None)


def suffixes_of(name: str) -> tuple[str, ...]:
    """The suffix of a name and, behind it, the one of its packing: "a.csv.gz" gives (".csv", ".gz")."""
    parts = Path(name.lower()).suffixes
    if len(parts) >= 2 and parts[-1] in PACKED:
        return parts[-2], parts[-1]
    return (parts[-1],) if parts else ()


def format_of_content(path: Path) -> str | None:
    """The format that a file's first bytes tell, or None (text has no such mark)."""
    if path.is_dir():
        marked = any((path / mark).exists() for mark in ("zarr.json", ".zgroup", ".zarray", ".zattrs"))
        return "zarr" if marked else None
    with open(path, "rb") as file:
        start = file.read(128)
    if start[:4] == b"PAR1":
        return "parquet"
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "npz"
    if start[:6] == b"\x93NUMPY":
        return "npz"
    if start[:8] == b"\x89HDF\r\n\x1a\n":
        return "hdf5"
    if start[:6] == b"MATLAB" and start[124:128][2:] in (b"IM", b"MI"):
        return "mat"
    if start[:3] == b"CDF" and start[3:4] in (b"\x01", b"\x02", b"\x05"):
        return "netcdf"
    if start[:4] in (b"RIFF", b"RIFX", b"RF64") and start[8:12] == b"WAVE":
        return "wav"
    return None
