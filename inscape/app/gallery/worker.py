"""The process in which a job's work is done: `python -m inscape.app.gallery.worker ORDER PIPE`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from inscape.errors import InscapeError
from inscape.parallel import watch

Tell = Callable[[str, int, int], None]
"""What work calls to say how far it is: a label, how many pieces are done, and of how many."""

PULSE = 0.1
"""Seconds between two words of progress: an eye sees no more, and a pipe need not carry more."""


def main(order_file: str, pipe: str) -> None:
    """Do what the order says, and tell the gallery how it goes."""
    mouth = int(pipe)
    os.set_inheritable(mouth, False)  # Processes that the work starts must not keep the pipe open.
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    _end_with_parent()
    say = _Mouth(mouth)
    try:
        module, name = order["function"].split(":")
        work = getattr(import_module(module), name)
        if order["memory"]:
            _limit_memory(order["memory"])
        settings = {**order["settings"], "store": order["store"]}
        with watch(say.progress):
            result = work(settings, Path(order["folder"]), say.progress)
        say.word({"result": result})
    except MemoryError:
        say.word({"error": "memory: not enough for this recording; take fewer columns or a shorter stretch"})
    except InscapeError as error:
        say.word({"error": " ".join(str(error).split())})
    except OSError as error:
        say.word({"error": f"{error.filename}: {error.strerror}" if error.filename else str(error)})
    except Exception as error:
        import traceback

        traceback.print_exc()
        say.word({"error": f"{type(error).__name__} in the work; the job's log.txt says where"})


class _Mouth:
    """The pipe to the gallery, one JSON object a line."""

    def __init__(self, pipe: int):
        self._pipe = os.fdopen(pipe, "w", encoding="utf-8")
        self._lock = threading.Lock()
        self._last = 0.0

    def word(self, told: dict[str, Any]) -> None:
        with self._lock:
            self._pipe.write(json.dumps(told) + "\n")
            self._pipe.flush()

    def progress(self, label: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last < PULSE and 0 < done < total:
            return
        self._last = now
        self.word({"label": label, "done": done, "total": total})


def _limit_memory(extra: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limit = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_with_parent() -> None:
    """A gallery that was killed can no longer end its workers, so they look for it themselves."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=look, daemon=True, name="parent-watch").start()


if __name__ == "__main__":
    main(*sys.argv[1:])
