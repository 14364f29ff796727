"""A folder that a recorder writes to while it records: one file of numbers a site, and an index of passes.

`index.jsonl` begins with one line for each site (its name and axes) and goes on with one line for each pass (site,
number, step, shape, type). Both are only ever appended to, so a run that was killed leaves all but its last passes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import IO, Any

import numpy as np

from inscape.errors import InputError
from inscape.probes.track import FileTrack

_INDEX = "index.jsonl"


class RecordFolder:
    """Writes the passes of several sites to a folder.

    Parameters
    ----------
    path : a folder that does not exist yet, or is empty.

    Raises
    ------
    InputError : if it holds files, or cannot be made.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            raise InputError(f"store: {self.path} holds files already; give a new folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"store: {self.path} cannot be made ({error.strerror})") from None
        self._index: IO[str] = (self.path / _INDEX).open("a")
        self._tracks: dict[str, FileTrack] = {}
        self._closed = False

    def track(self, name: str) -> FileTrack:
        """The file of one site; made when first asked for."""
        if name not in self._tracks:
            stem = re.sub(r"[^\w.=-]+", "_", name)[:100]
            self._tracks[name] = FileTrack(self.path / f"{len(self._tracks):03d}-{stem}.bin")
        return self._tracks[name]

    def append(self, name: str, axes: tuple[str, ...], passed: Any, number: int, step: int | None) -> None:
        """Write a pass of a site."""
        track = self.track(name)
        if not len(track):
            self._line({"site": name, "file": track.path.name, "axes": axes})
        track.axes = axes
        track.append(passed, number, step)
        self._line({"of": name, "pass": number, "step": step, "shape": passed.shape, "type": str(track.dtype)})
        if self._closed:  # a gradient that came after the recorder's block
            self.close()

    def _line(self, entry: dict[str, Any]) -> None:
        self._index.write(json.dumps(entry) + "\n")

    def close(self) -> None:
        """Everything is on disk; what still comes goes there at once."""
        self._closed = True
        for track in self._tracks.values():
            track.close()
        self._index.flush()


def open_folder(path: str | Path) -> dict[str, FileTrack]:
    """The tracks of a folder that a recorder wrote, by site; passes that did not reach the disk are left out.

    Raises
    ------
    InputError : if the folder holds no recording.
    """
    folder = Path(path)
    if not (folder / _INDEX).is_file():
        raise InputError(f"recording: {folder} has no {_INDEX}; expected the folder that a recorder's store= named")
    tracks: dict[str, FileTrack] = {}
    room: dict[str, int] = {}
    for line in (folder / _INDEX).read_text().splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:  # the line at which the run was killed
            break
        if "site" in entry:
            file = folder / entry["file"]
            tracks[entry["site"]] = FileTrack(file, tuple(entry["axes"]))
            room[entry["site"]] = file.stat().st_size if file.is_file() else 0
        else:
            name, shape = entry["of"], tuple(entry["shape"])
            room[name] -= int(np.prod(shape, dtype=np.int64)) * np.dtype(entry["type"]).itemsize
            if room[name] >= 0:
                tracks[name].note(shape, entry["type"], entry["pass"], entry["step"])
    return tracks
