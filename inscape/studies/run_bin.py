"""The bin of a run store: a run that is thrown away stands there until it is taken back or the bin is emptied."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from inscape.errors import InputError, UnknownNameError
from inscape.studies.runs import RunFolder, RunStore

BIN = ".bin"
_FILES = ("settings.json", "findings.json")
"""One of them makes a folder a run: one that lost the other is damaged, and may be thrown away all the more."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,120}")


def throw_away(store: RunStore, study: str, name: str) -> None:
    """Put a run into the bin, in one step of the file system.

    Raises
    ------
    UnknownNameError : if there is no such run.
    InputError : if a process is at work in it, or nothing can be written.
    """
    folder = _known(store.root, study, name)
    with folder.locked():
        _move(folder.path, store.root / BIN / study / name)


def take_back(store: RunStore, study: str, name: str) -> None:
    """Put a run back where it was.

    Raises
    ------
    UnknownNameError : if it is not in the bin.
    InputError : if a run of that name stands there again, or nothing can be written.
    """
    folder = _known(store.root / BIN, study, name)
    _move(folder.path, store.root / study / name)


def thrown_away(store: RunStore) -> list[tuple[str, str]]:
    """What is in the bin, as (study, run), the newest first."""
    found = [(path.parent.name, path.name) for path in _runs(store.root / BIN)]
    return sorted(found, key=lambda pair: pair[1], reverse=True)


def empty_bin(store: RunStore) -> int:
    """Remove what is in the bin for good; how many runs that were."""
    gone = len(thrown_away(store))
    shutil.rmtree(store.root / BIN, ignore_errors=True)
    return gone


def _known(root: Path, study: str, name: str) -> RunFolder:
    # Neither part may be anything but one plain name: nothing here leaves the store.
    is_plain = bool(_NAME.fullmatch(study)) and bool(_NAME.fullmatch(name))
    path = root / study / name
    if not is_plain or not any((path / file).exists() for file in _FILES):
        known = [f"{path.parent.name}/{path.name}" for path in _runs(root)]
        raise UnknownNameError("run", f"{study}/{name}"[:200], known)
    return RunFolder(path)


def _runs(root: Path) -> set[Path]:
    return {file.parent for name in _FILES for file in root.glob(f"*/*/{name}")}


def _move(source: Path, target: Path) -> None:
    if target.exists():
        raise InputError(f"{target}: a run of that name stands there already; move it away first")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, target)
    except OSError as error:
        raise InputError(
            f"{source}: cannot be moved ({error.strerror}); choose a store that you may write to"
        ) from None
