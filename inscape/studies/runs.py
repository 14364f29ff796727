"""`RunFolder` and `RunStore`: every run of a study is one self-contained folder that a kill cannot spoil."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inscape.atomic import write_text
from inscape.errors import InputError
from inscape.studies.codec import decode, encode

FILM_TYPES = {".gif": "image/gif", ".mp4": "video/mp4"}
"""What a run may hold of moving pictures, and how a browser calls it."""
_PACKAGES = ("inscape", "numpy", "scipy", "numba", "heyoka", "sympy", "scikit-learn", "torch")


class RunFolder:
    """One run on disk: `settings.json`, `versions.json`, `steps/`, `figures/` and, when it is done, `findings.json`."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def settings(self) -> dict[str, Any]:
        return decode((self.path / "settings.json").read_text(encoding="utf-8"))

    @property
    def versions(self) -> dict[str, str]:
        """Versions of inscape and its packages when the run was begun."""
        return decode((self.path / "versions.json").read_text(encoding="utf-8"))

    @property
    def is_finished(self) -> bool:
        return (self.path / "findings.json").exists()

    @property
    def finished_at(self) -> int:
        """When it was finished, in nanoseconds; 0 while it is not."""
        return (self.path / "findings.json").stat().st_mtime_ns if self.is_finished else 0

    @property
    def findings(self) -> dict[str, Any] | None:
        """What `findings.json` holds, None while the run is not finished."""
        file = self.path / "findings.json"
        return decode(file.read_text(encoding="utf-8")) if file.exists() else None

    @property
    def figures(self) -> dict[str, Path]:
        """Files of plotly figures by name."""
        return {file.stem: file for file in sorted((self.path / "figures").glob("*.json"))}

    @property
    def films(self) -> dict[str, Path]:
        """Files of moving pictures by name, of a kind in `FILM_TYPES`."""
        found = (file for file in sorted((self.path / "films").glob("*")) if file.suffix in FILM_TYPES)
        return {file.stem: file for file in found}

    def write(self, relative: str, text: str) -> None:
        """Write one file of the run, whole or not at all."""
        target = self.path / relative
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{target.parent}: cannot be made ({error.strerror}); choose another folder") from None
        write_text(target, text)

    def recall(self, label: str, key: str) -> tuple[bool, Any]:
        """Whether a step's result is on disk, and the result."""
        file = self._step_file(label, key)
        if not file.exists():
            return False, None
        return True, decode(file.read_text(encoding="utf-8"))["result"]

    def remember(self, label: str, key: str, result: Any) -> Any:
        """Keep a step's result; returns it as it will come back."""
        text = encode({"result": result})
        self.write(str(self._step_file(label, key).relative_to(self.path)), text)
        return decode(text)["result"]

    def _step_file(self, label: str, key: str) -> Path:
        digest = hashlib.sha256(f"{label}\0{key}".encode()).hexdigest()[:20]
        return self.path / "steps" / slug(label) / f"{digest}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; the lock goes with the process, however it ends.

        Raises
        ------
        InputError : if another process is at work in this run.
        """
        with (self.path / "run.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"{self.path}: another process is at work in this run; wait for it or change the seed"
                ) from None
            yield


class RunStore:
    """All runs under one root folder, as `<root>/<study>/<run>/`."""

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root) if root is not None else default_root()

    def runs(self, study: str | None = None) -> list[RunFolder]:
        """Runs of one study, or of all, oldest first."""
        pattern = f"{study or '*'}/*/settings.json"
        found = [RunFolder(file.parent) for file in self.root.glob(pattern)]
        return sorted(found, key=lambda run: run.name)

    def latest(self, study: str, *, scale: str | None = None) -> RunFolder | None:
        """The run of a study that was finished last, optionally at one scale; None if there is none."""
        done = [run for run in self.runs(study) if run.is_finished and scale in (None, run.settings["scale"])]
        return max(done, key=lambda run: (run.finished_at, run.name), default=None)

    def resume_or_start(self, study: str, settings: Mapping[str, Any]) -> RunFolder:
        """The newest unfinished run with just these settings, or a new one."""
        for run in reversed(self.runs(study)):
            if not run.is_finished and run.settings == dict(settings):
                return run
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        path = self.root / study / f"{stamp}-{settings['scale']}-seed{settings['seed']}-{secrets.token_hex(2)}"
        run = RunFolder(path)
        run.write("versions.json", encode(installed_versions()))
        run.write("settings.json", encode(dict(settings)))
        return run


def default_root() -> Path:
    """`$INSCAPE_RUNS`, or the user's data folder."""
    named = os.environ.get("INSCAPE_RUNS")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "inscape" / "runs"


def installed_versions() -> dict[str, str]:
    """Versions of inscape and of the packages on which its numbers rest; absent ones are left out."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def slug(text: str) -> str:
    """Letters, digits and dashes of a text: a file name on any system."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "step"
