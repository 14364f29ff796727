"""What nobody comes back for is cleared when the gallery starts: abandoned uploads, and traces of work that ended."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inscape.app.gallery.jobs import Job

DAY = 86_400.0
JOB_NAME = r"[0-9a-f]{20}"
"""How the folder of a job is called; no other folder is ever touched."""


def outdated(jobs: Iterable[Job], days: float, now: float | None = None) -> list[Job]:
    """Jobs of which nothing is worth keeping any longer.

    A finished contest is kept, with its upload, until somebody deletes it: it may be the only copy of a law. Everything
    else goes once it is over for `days`: an upload that no contest took or only contests that did not finish, a contest
    that failed or was cancelled, a measured spectrum, and the trace of a study, whose run stands in the store of runs.
    """
    now = time.time() if now is None else now
    held = list(jobs)
    old = [job for job in held if job.is_over and now - (job.ended or job.asked) > days * DAY]
    gone = [job for job in old if job.kind != "read" and not (job.kind == "learn" and job.state == "done")]
    names = {job.id for job in gone}
    used = {job.settings.get("upload") for job in held if job.kind == "learn" and job.id not in names}
    return gone + [job for job in old if job.kind == "read" and job.id not in used]


def strays(folder: Path, known: Iterable[str], days: float, now: float | None = None) -> list[Path]:
    """Folders of uploads that broke off before they became a job."""
    now = time.time() if now is None else now
    names = set(known)
    return [
        place
        for place in folder.glob("*")
        if re.fullmatch(JOB_NAME, place.name)
        and place.name not in names
        and place.is_dir()
        and not place.is_symlink()
        and not (place / "job.json").exists()
        and now - place.stat().st_mtime > days * DAY
    ]


def remove(place: Path) -> None:
    """A job's folder and all in it; what cannot be removed stays, since the gallery must start."""
    shutil.rmtree(place, ignore_errors=True)
