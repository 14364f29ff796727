"""Linear algebra on one thread: the same bits whether one worker computes or many share the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold the libraries of linear algebra to one thread: sums are then always taken in the same order."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    # Scanning the loaded libraries takes milliseconds, holding them microseconds.
    import scipy.linalg  # noqa: F401  (its own library has to be loaded before the scan)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
