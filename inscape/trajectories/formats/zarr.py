"""Zarr stores: runs stay on disk until they are looked at; codecs that could run code are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.labelled_arrays import LabelledArray, run_from_labelled
from inscape.trajectories.layout import collected_labels, labels_from, labels_of, runs_from
from inscape.trajectories.named_arrays import refuse_unbelievable
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LABELS = "inscape"
_MOST_ARRAYS = 1_000
_DEEPEST = 8
_CHUNK_BYTES = 1 << 20
# Pickle is a codec of Zarr too: only codecs that turn bytes into numbers are let in.
_HARMLESS_NAMES = """
    bytes gzip zlib zstd blosc transpose shardingindexed crc32c crc32 adler32 fletcher32 bz2 lz4 lzma shuffle delta
    fixedscaleoffset quantize bitround astype packbits vlenutf8 vlenbytes
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Open a Zarr store; runs of ours are loaded when they are looked at. See `inscape.trajectories.read`."""
    arrays, attributes = _opened(path)
    stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    for name, array in arrays.items():
        _refuse_unsafe(path.name, name, array, stored)
    text = attributes.get(_LABELS)
    if isinstance(text, str):
        labels = labels_from(path.name, text)
        return runs_from(path.name, labels, _Rows(path.name, arrays), request, lazy=True)
    labelled = {
        name: LabelledArray(array, _axes_of(array), dict(array.attrs)) for name, array in sorted(arrays.items())
    }
    return run_from_labelled(path.name, labelled, attributes, request)


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a Zarr store, run by run, so that the runs together need not fit in memory."""
    import zarr

    runs = as_trajectories(trajectories)
    samples = runs.samples
    root = zarr.open_group(str(path), mode="w-")
    arrays: dict[str, Any] = {}
    labels = []
    start = 0
    for run in runs:
        rows = slice(start, start + len(run))
        for name, values in (("times", run.times), ("states", run.states), ("inputs", run.inputs)):
            if values is None:
                continue
            if name not in arrays:
                # Double precision holds single exactly, so runs of both kinds may share an array.
                dtype = values.dtype if len(runs) == 1 else np.dtype(float)
                at_once = int(np.clip(_CHUNK_BYTES // max(1, values[:1].nbytes), 1, samples))
                arrays[name] = root.create_array(
                    name, shape=(samples, *values.shape[1:]), chunks=(at_once, *values.shape[1:]), dtype=dtype
                )
            arrays[name][rows] = values
        labels.append(labels_of(run))
        start = rows.stop
    root.attrs[_LABELS] = json.dumps(collected_labels(runs[0], labels, isinstance(trajectories, Trajectories)))


def _opened(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every array of a store by its path in it, and the attributes of the root."""
    import zarr

    places = sorted(
        place.parent
        for mark in ("zarr.json", ".zarray")
        for place in path.rglob(mark)
        if len(place.relative_to(path).parts) <= _DEEPEST
    )
    if len(places) > _MOST_ARRAYS:
        raise InputError(f"{path.name}: more than {_MOST_ARRAYS} arrays found, expected one recording")
    try:
        root = zarr.open(str(path), mode="r")
        arrays = {}
        # One by one: a store opened as a whole reports damage on the terminal besides raising it.
        for place in places:
            member = zarr.open(str(place), mode="r")
            if isinstance(member, zarr.Array):
                arrays[place.relative_to(path).as_posix() if place != path else "states"] = member
        return arrays, dict(root.attrs)
    # Zarr's parser raises errors of every kind on damaged metadata.
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path.name}: damaged or not a Zarr store ({first[:120]})") from error


class _Rows:
    """Rows of the stored arrays, read when they are asked for; goes to other processes without the numbers."""

    def __init__(self, file: str, arrays: dict[str, Any]):
        self._file, self._arrays = file, arrays

    def __call__(self, name: str, rows: slice) -> np.ndarray | None:
        if name not in self._arrays:
            return None
        try:
            return np.asarray(self._arrays[name][rows])
        # A chunk's codec raises errors of every kind on damaged bytes.
        except Exception as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"{self._file}: array {name!r} is damaged ({first[:120]})") from error


def _refuse_unsafe(file: str, name: str, array: Any, stored: int) -> None:
    for codec in (*array.compressors, *array.filters, array.serializer):
        if codec is None:
            continue
        config = codec.to_dict() if hasattr(codec, "to_dict") else codec.get_config()
        title = str(config.get("name") or config.get("id") or type(codec).__name__)
        plain = title.removeprefix("numcodecs.").lower().replace("_", "").replace("-", "")
        if plain not in _HARMLESS:
            raise InputError(f"{file}: array {name!r} is packed by {title!r}, which is not let in; save it as numbers")
        if isinstance(config.get("configuration"), dict) and "codecs" in config["configuration"]:
            inner = [str(c.get("name")) for c in config["configuration"]["codecs"] if isinstance(c, dict)]
            if not {c.removeprefix("numcodecs.").lower().replace("_", "") for c in inner} <= _HARMLESS:
                raise InputError(f"{file}: array {name!r} is packed by {', '.join(inner)}, which is not let in")
    refuse_unbelievable(file, name, int(np.prod(array.shape, dtype=object)) * np.dtype(array.dtype).itemsize, stored)


def _axes_of(array: Any) -> tuple[str, ...]:
    named = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    if not isinstance(named, (list, tuple)) or len(named) != array.ndim:
        return tuple(f"axis_{i}" for i in range(array.ndim))
    return tuple(str(name) for name in named)
