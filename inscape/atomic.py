"""Files and folders that appear under their name whole, or not at all, whatever ends the process."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inscape.errors import InputError


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """A path beside `target` to write a file or a folder at; it takes the target's name when the block ends well.

    What stood under the name before stays there until then, and for good if the block fails. A folder gives way to a
    folder only: a file that is to be written where one stands is refused.

    Raises
    ------
    InputError : if the disk is full, the folder cannot be written, or a folder stands where a file is to be.
    """
    draft = target.parent / f".{uuid.uuid4().hex}.{target.name}"
    try:
        yield draft
        _publish(draft, target)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{target}: cannot be written ({reason}); free some space or choose another folder") from error
    finally:
        _remove(draft)


def write_text(target: Path, text: str) -> None:
    """Write a text file, and see it on the disk before it has its name.

    Raises
    ------
    InputError : if the disk is full, the folder cannot be written, or the target is a folder.
    """
    with draft_of(target) as draft, draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, target: Path) -> None:
    if not target.is_dir():
        os.replace(draft, target)
        return
    if not draft.is_dir():
        raise InputError(f"{target}: is a folder, expected the name of a file; name one inside it")
    # A folder cannot be replaced in one step; the old one stands aside until the new one has its name.
    aside = target.parent / f".{uuid.uuid4().hex}.{target.name}"
    os.replace(target, aside)
    try:
        os.replace(draft, target)
    except OSError:
        os.replace(aside, target)
        raise
    shutil.rmtree(aside)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)
