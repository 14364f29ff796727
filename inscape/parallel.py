"""One way to do the same work on many items: on this machine's cores, or on a cluster that the user has."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TypeVar

import joblib

from inscape.errors import InputError
from inscape.extras import require

Item = TypeVar("Item")
Result = TypeVar("Result")
Backend = Literal["loky", "threading", "serial", "dask", "ray"]
Watcher = Callable[[str, int, int], None]
BACKENDS: tuple[str, ...] = ("loky", "threading", "serial", "dask", "ray")
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    label: str = "",
    backend: Backend = "loky",
    jobs: int = -1,
    progress: bool | None = None,
) -> list[Result]:
    """Apply `function` to every item and return the results in the order of the items.

    Parameters
    ----------
    function : a function of one item; importable by name for every backend but "serial" and "threading".
    items : the work, any finite iterable.
    label : what the progress bar says; no bar if empty.
    backend : "loky" (processes of this machine), "threading", "serial", "dask" (the current `dask.distributed`
        client, or a local one) or "ray" (the current ray session, or a local one).
    jobs : how many at a time; -1 is every core.
    progress : draw a bar; by default only on a terminal.

    Raises
    ------
    InputError : if the backend is not one of the five.
    MissingExtraError : if dask or ray is asked for and absent.
    """
    work = list(items)
    if backend not in BACKENDS:
        raise InputError(f"backend: {backend!r} found, expected one of {', '.join(BACKENDS)}")
    results: list[Result] = []
    with track(len(work), label, progress) as advance:
        if backend == "serial" or len(work) <= 1:
            for item in work:
                results.append(function(item))
                advance()
            return results
        with _joblib_backend(backend, jobs), warnings.catch_warnings():
            # Loky renews workers whose memory grew, as compilers' does; nothing is lost, and the user need not know.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
            calls = (joblib.delayed(function)(item) for item in work)
            for result in joblib.Parallel(n_jobs=jobs, return_as=_ordering(backend))(calls):
                results.append(result)
                advance()
    return results


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher(label, done, total)` how far the work inside the block is, whether or not a bar is drawn."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


def announce(label: str, done: int = 0, total: int = 0) -> None:
    """Tell who watches what is being done now; no one hears of it where no one watches."""
    watcher = _watcher.get()
    if watcher is not None and label:
        watcher(label, done, total)


@contextmanager
def track(total: int, label: str, progress: bool | None = None) -> Iterator[Callable[[], None]]:
    """A progress bar of `total` steps; yields the function that advances it. Quiet when output is piped."""
    if _watcher.get() is not None:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            announce(label, done, total)

        announce(label, 0, total)
        yield advance
        return
    shown = sys.stderr.isatty() if progress is None else progress
    if not (shown and label and total):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def _ordering(backend: str) -> str:
    # Ray's joblib backend answers only with whole lists.
    return "list" if backend == "ray" else "generator"


@contextmanager
def _joblib_backend(backend: str, jobs: int) -> Iterator[None]:
    if backend == "dask":
        distributed = require("distributed", "cluster")
        try:
            distributed.get_client()
            started: Sequence = ()
        except ValueError:
            workers = None if jobs < 0 else jobs
            started = (distributed.Client(n_workers=workers, threads_per_worker=1, dashboard_address=None),)
        try:
            with joblib.parallel_config("dask"):
                yield
        finally:
            for client in started:
                client.shutdown()
    elif backend == "ray":
        ray = require("ray", "cluster")
        require("ray.util.joblib", "cluster").register_ray()
        started_here = not ray.is_initialized()
        if started_here:
            ray.init(num_cpus=None if jobs < 0 else jobs, include_dashboard=False, log_to_driver=False)
        try:
            with joblib.parallel_config("ray"):
                yield
        finally:
            if started_here:
                ray.shutdown()
    else:
        with joblib.parallel_config(backend):
            if backend == "loky":
                _start_workers(jobs)
            yield


def _start_workers(jobs: int) -> None:
    """Start this machine's worker processes deaf to Ctrl-C: their parent ends them, and says so in one voice."""
    if not hasattr(signal, "pthread_sigmask"):
        return
    from multiprocessing import resource_tracker as shared_tracker

    from joblib.externals.loky.backend import resource_tracker

    # Starting a tracker would let the signal through again, so loky's and Python's own stand first.
    resource_tracker.ensure_running()
    shared_tracker.ensure_running()
    # Processes inherit what their parent holds back; the parent itself hears of it when the workers stand.
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        joblib.Parallel(n_jobs=jobs)(joblib.delayed(int)() for _ in range(joblib.effective_n_jobs(jobs)))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
