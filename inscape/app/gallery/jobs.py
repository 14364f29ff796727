"""`Jobs`: long work in processes of its own - queued, followed, cancelled; its death is an answer, never a crash."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from inscape.app.gallery.clearing import JOB_NAME, outdated, remove, strays
from inscape.app.gallery.settings import Settings
from inscape.atomic import write_text
from inscape.errors import InputError, UnknownNameError
from inscape.studies.runs import RunStore

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[str, ...] = ("done", "failed", "cancelled")
GRACE = 3.0
"""Seconds between asking a worker to end and making it end."""


@dataclass(frozen=True)
class Kind:
    """A kind of work: `function` is "module:name" of `(settings, folder, tell) -> plain dict`, run in a worker.

    Parameters
    ----------
    lane, slots : work of one lane waits for one another, `slots` at a time.
    seconds, memory : limits of wall time and of memory beyond what Python and its packages take; none if None.
    """

    function: str
    lane: str
    slots: int = 1
    seconds: float | None = None
    memory: int | None = None


KINDS: dict[str, Kind] = {
    "read": Kind("inscape.app.gallery.uploads:inspect_upload", "reading", slots=2),
    "learn": Kind("inscape.app.gallery.learning:learn_recording", "learning"),
    "study": Kind("inscape.app.gallery.study_work:perform_study", "studies"),
    "exponents": Kind("inscape.app.gallery.motion:measure_exponents", "exponents", seconds=60.0),
}


@dataclass
class Job:
    """One piece of long work.

    Parameters
    ----------
    key, kind, title : a random name, one of `KINDS`, and what a reader calls it.
    settings : plain data, what its function is told.
    state, label, done, total : where it stands: "queued", "running", "done", "failed" or "cancelled", and how far.
    message : one line for the reader where it failed.
    result : what its function returned.
    begun, ended : seconds since 1970; 0 where not yet.
    """

    id: str
    kind: str
    title: str
    settings: dict[str, Any]
    state: State = "queued"
    label: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    asked: float = field(default_factory=time.time)
    begun: float = 0.0
    ended: float = 0.0
    version: int = 0

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return 0.0 if not self.begun else (self.ended or time.time()) - self.begun

    def as_dict(self) -> dict[str, Any]:
        """What a page is told of it."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "state": self.state, "label": self.label,
            "done": self.done, "total": self.total, "message": self.message, "result": self.result,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


class Jobs:
    """All jobs under one folder, each in `<folder>/<id>/` with `job.json`, the worker's `log.txt` and what it made.

    Workers are processes of their own, so whatever happens to one, the gallery answers on. Work that a gallery which
    was stopped left behind is shown as failed, and what a study had kept by then is taken up when it is run again.
    """

    def __init__(self, folder: Path, *, store: RunStore | None = None, settings: Settings | None = None):
        self.folder = folder
        self.store = store
        self.settings = settings
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._is_closed = False
        for file in folder.glob("*/job.json"):
            self._recall(file)
        if settings is not None:
            self._clear(settings.kept_days)

    def submit(self, kind: str, settings: Mapping[str, Any], *, title: str, key: str | None = None) -> Job:
        """Queue a job; it begins as soon as its lane is free.

        Parameters
        ----------
        kind : one of `KINDS`.
        settings : plain data for the kind's function.
        title : what a reader calls it.
        key : the name of its folder, from `new_id()`, where files were put there beforehand.

        Raises
        ------
        UnknownNameError : if there is no such kind.
        InputError : if the folder cannot be written.
        """
        if kind not in KINDS:
            raise UnknownNameError("kind of job", kind, KINDS)
        job = Job(key or new_id(), kind, title, dict(settings))
        with self._lock:
            self._keep(job)
            self._jobs[job.id] = job
        self._start_waiting()
        return job

    def folder_of(self, key: str) -> Path:
        """The folder of a job, made if it is not there; `key` is one that `new_id` gave."""
        if not re.fullmatch(JOB_NAME, key):
            raise UnknownNameError("job", key[:40], ())
        folder = self.folder / key
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from None
        return folder

    def get(self, key: str) -> Job:
        """A job by its id.

        Raises
        ------
        UnknownNameError : if there is none.
        """
        with self._lock:
            if key not in self._jobs:
                raise UnknownNameError("job", key[:40], ())
            return self._jobs[key]

    def all(self, kind: str | None = None, **settings: Any) -> list[Job]:
        """Jobs of one kind, or of all, whose settings hold these values; newest first."""
        with self._lock:
            found = [
                job for job in self._jobs.values()
                if kind in (None, job.kind) and all(job.settings.get(k) == v for k, v in settings.items())
            ]  # fmt: skip
        return sorted(found, key=lambda job: job.asked, reverse=True)

    def waits_behind(self, job: Job) -> int:
        """How many jobs of its lane come before a queued one."""
        lane = KINDS[job.kind].lane
        ahead = [j for j in self.all() if not j.is_over and KINDS[j.kind].lane == lane and j.asked < job.asked]
        return len(ahead)

    def cancel(self, key: str) -> Job:
        """End a job, and all processes that it started; what it had kept stays."""
        job = self.get(key)
        with self._lock:
            if job.is_over:
                return job
            self._end(job, "cancelled", "cancelled")
            worker = self._workers.get(key)
        if worker is not None:
            _stop(worker)
        self._start_waiting()
        return job

    def close(self) -> None:
        """End every worker; for the end of the gallery."""
        self._is_closed = True
        with self._lock:
            workers = list(self._workers.items())
        for key, worker in workers:
            with self._lock:
                if not self._jobs[key].is_over:
                    self._end(self._jobs[key], "failed", "the gallery was stopped while this ran; run it again")
            _stop(worker)

    def _recall(self, file: Path) -> None:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            job = Job(**{f.name: record[f.name] for f in fields(Job) if f.name in record})
        except (OSError, ValueError, TypeError):
            return  # A folder that is no job of ours is left alone.
        if job.id != file.parent.name or job.kind not in KINDS:
            return
        self._jobs[job.id] = job
        if not job.is_over:
            self._end(job, "failed", "the gallery was stopped while this ran; run it again")

    def _clear(self, days: float) -> None:
        for job in outdated(self._jobs.values(), days):
            del self._jobs[job.id]
            remove(self.folder / job.id)
        for place in strays(self.folder, self._jobs, days):
            remove(place)

    def _start_waiting(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            for job in sorted(self._jobs.values(), key=lambda job: job.asked):
                kind = KINDS[job.kind]
                busy = sum(KINDS[self._jobs[key].kind].lane == kind.lane for key in self._workers)
                if job.state == "queued" and job.id not in self._workers and busy < kind.slots:
                    self._start(job)

    def _start(self, job: Job) -> None:
        folder = self.folder_of(job.id)
        order = {
            "function": KINDS[job.kind].function, "settings": job.settings, "folder": str(folder),
            "store": None if self.store is None else str(self.store.root), "memory": self._memory(job),
        }  # fmt: skip
        write_text(folder / "order.json", json.dumps(order))
        ear, mouth = os.pipe()
        command = [sys.executable, "-m", "inscape.app.gallery.worker", str(folder / "order.json"), str(mouth)]
        with (folder / "log.txt").open("wb") as log:
            worker = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(mouth,), start_new_session=True
            )
        os.close(mouth)
        job.state, job.begun = "running", time.time()
        self._workers[job.id] = worker
        self._keep(job)
        threading.Thread(target=self._follow, args=(job, worker, ear), daemon=True, name=f"job-{job.id}").start()

    def _follow(self, job: Job, worker: subprocess.Popen[bytes], ear: int) -> None:
        """Hear what a worker tells until it ends, and say how it ended."""
        limit = self._seconds(job)
        clock = None
        if limit is not None:
            clock = threading.Timer(limit, self._time_out, (job, worker, limit))
            clock.daemon = True
            clock.start()
        with os.fdopen(ear, "r", encoding="utf-8") as lines:
            for line in lines:
                # A worker that is killed while it speaks leaves half a word.
                if line.endswith("\n"):
                    self._hear(job, json.loads(line))
        code = worker.wait()
        if clock is not None:
            clock.cancel()
        _stop(worker)  # Processes that it left behind end with it.
        with self._lock:
            if not job.is_over:
                self._end(job, "failed", _how_it_died(code))
            self._workers.pop(job.id, None)
        self._start_waiting()

    def _hear(self, job: Job, told: Mapping[str, Any]) -> None:
        with self._lock:
            if job.is_over:
                return
            if "result" in told:
                job.result = told["result"]
                self._end(job, "done", "")
            elif "error" in told:
                self._end(job, "failed", told["error"])
            else:
                job.label, job.done, job.total = told["label"], told["done"], told["total"]
                job.version += 1

    def _time_out(self, job: Job, worker: subprocess.Popen[bytes], limit: float) -> None:
        with self._lock:
            if job.is_over:
                return
            self._end(job, "failed", f"not done after {limit:g} s, which is the most that is given to it")
        _stop(worker)

    def _end(self, job: Job, state: State, message: str) -> None:
        ended = time.time()
        # Who sees the end must find it on disk as well; a disk that is full must not keep the job from ending.
        with contextlib.suppress(InputError):
            self._write(replace(job, state=state, message=message, ended=ended))
        job.message, job.ended, job.state = message, ended, state
        job.version += 1

    def _keep(self, job: Job) -> None:
        job.version += 1
        self._write(job)

    def _write(self, job: Job) -> None:
        write_text(self.folder_of(job.id) / "job.json", json.dumps(asdict(job)))

    def _seconds(self, job: Job) -> float | None:
        if job.kind == "read" and self.settings is not None:
            return self.settings.reading_seconds
        return KINDS[job.kind].seconds

    def _memory(self, job: Job) -> int | None:
        if job.kind == "read" and self.settings is not None:
            return self.settings.reading_bytes
        return KINDS[job.kind].memory


def new_id() -> str:
    """A random name for a job: twenty hexadecimal digits, which no one guesses."""
    return secrets.token_hex(10)


def _stop(worker: subprocess.Popen[bytes]) -> None:
    """End a worker's whole family: it is asked, and after a while made to."""
    for sign, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        try:
            os.killpg(worker.pid, sign)
        except (ProcessLookupError, PermissionError):
            return
        try:
            worker.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def _how_it_died(code: int) -> str:
    if code == -signal.SIGKILL:
        return "the worker was killed, most likely because memory ran out; nothing that was finished is lost"
    if code < 0:
        name = signal.Signals(-code).name
        return f"the worker was ended by {name}; nothing that was finished is lost, run it again"
    return f"the worker ended without an answer (code {code}); nothing that was finished is lost, run it again"
