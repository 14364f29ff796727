"""A gallery's folder belongs to one gallery: a second would take the work of the first for left behind, and fail it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inscape.errors import InputError

LOCK = "gallery.lock"


@contextmanager
def occupied(folder: Path, address: str) -> Iterator[None]:
    """Hold the folder for this gallery; the hold goes with the process, however it ends.

    Parameters
    ----------
    folder : where jobs and uploads are kept; made if it is not there.
    address : where this gallery stands, which is told to whoever comes second.

    Raises
    ------
    InputError : if another gallery holds the folder, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--folder: {folder} cannot be written ({error.strerror}); choose another folder") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip() or "another address"
            raise InputError(
                f"--folder: a gallery works in {folder} already, at {other}; open that one, or choose another folder"
            ) from None
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield
