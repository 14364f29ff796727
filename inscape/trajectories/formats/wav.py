"""WAV: one channel a state; times and labels of ours lie in chunks of their own, which players skip."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.layout import labels_from, record_of, runs_from
from inscape.trajectories.named_arrays import Labels, run_from_arrays
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_TIMES, _LABELS = b"insT", b"insL"
_FLOAT = 3


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a WAV file; whole-number samples are scaled to full scale 1. See `inscape.trajectories.read`."""
    from scipy.io import wavfile

    own = _own_chunks(path)
    try:
        with warnings.catch_warnings():
            # A file that ends early is an error; chunks of others are none.
            warnings.simplefilter("error", wavfile.WavFileWarning)
            warnings.filterwarnings("ignore", "Chunk .non-data. not understood", wavfile.WavFileWarning)
            rate, sound = wavfile.read(str(path))
    # SciPy's parser raises errors of every kind on damaged bytes.
    except (Exception, wavfile.WavFileWarning) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path.name}: damaged or not WAV ({first[:120]})") from error
    sound = sound[:, None] if sound.ndim == 1 else sound
    if _LABELS in own:
        return _own_runs(path.name, own, sound, request)
    if not len(sound) or rate <= 0:
        raise InputError(f"{path.name}: no sample found at {rate} samples a second; expected a recording")
    if sound.dtype.kind == "u":
        sound = (sound.astype(float) - 128) / 128
    elif sound.dtype.kind == "i":
        sound = sound / float(-int(np.iinfo(sound.dtype).min))
    names = ("amplitude",) if sound.shape[1] == 1 else tuple(f"channel{i + 1}" for i in range(sound.shape[1]))
    arrays: dict[str, Any] = {name: sound[:, i] for i, name in enumerate(names)}
    if request.dt is None:
        arrays = {"time": np.arange(len(sound)) / rate, **arrays}
    return run_from_arrays(path.name, arrays, request, Labels({"time": "s"}, {"sample_rate": int(rate)}, {}))


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a WAV file of floating-point samples: states, then inputs, as channels."""
    record = record_of(trajectories)
    columns = [record.states.reshape(len(record.times), -1)]
    if record.inputs is not None:
        columns.append(record.inputs)
    single = all(column.dtype == np.float32 for column in columns)
    sound = np.concatenate(columns, axis=1).astype("<f4" if single else "<f8")
    channels, width = sound.shape[1], sound.dtype.itemsize
    if channels * width > 0xFFFF or sound.nbytes + record.times.nbytes >= (1 << 32) - (1 << 20):
        raise InputError(f"{path.name}: {channels} channels, {sound.nbytes} bytes are more than WAV holds; write .zarr")
    steps = np.diff(record.times)
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else 1.0
    rate = int(np.clip(round(1 / step), 1, 0xFFFFFFFF // (channels * width)))
    form = struct.pack("<HHIIHHH", _FLOAT, channels, rate, rate * channels * width, channels * width, 8 * width, 0)
    with open(path, "wb") as file:
        file.write(b"RIFF\x00\x00\x00\x00WAVE")
        for name, content in (
            (b"fmt ", form),
            (b"fact", struct.pack("<I", len(sound))),
            (b"data", sound.tobytes()),
            (_TIMES, record.times.astype("<f8").tobytes()),
            (_LABELS, record.text().encode()),
        ):
            file.write(name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2))
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


def _own_runs(file: str, own: dict[bytes, bytes], sound: np.ndarray, request: Request) -> Trajectory | Trajectories:
    labels = labels_from(file, own[_LABELS])
    states = int(np.prod(labels["shape"]))
    raw = own.get(_TIMES, b"")
    times = np.frombuffer(raw[: len(raw) // 8 * 8], "<f8").astype(float)
    if len(times) != len(sound) or sound.shape[1] != states + len(labels["input_names"]):
        raise InputError(
            f"{file}: sound of shape {sound.shape} does not fit its labels; write it again from the source"
        )
    parts = {"times": times, "states": sound[:, :states], "inputs": sound[:, states:]}
    return runs_from(file, labels, lambda name, rows: parts[name][rows], request)


def _own_chunks(path: Path) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(12)
        while header := _chunk_header(file):
            name, length = header
            if name in (_TIMES, _LABELS):
                found[name] = file.read(min(length, size))
                file.seek(length % 2, 1)
            else:
                file.seek(length + length % 2, 1)
            if file.tell() >= size:
                break
    return found


def _chunk_header(file: BinaryIO) -> tuple[bytes, int] | None:
    header = file.read(8)
    return (header[:4], struct.unpack("<I", header[4:])[0]) if len(header) == 8 else None
