"""Waiting for what a page shows: the gallery's own policy forbids the evaluation that Playwright's waiting uses."""

from __future__ import annotations

import time
from typing import Any


def until(page: Any, expression: str, patience: float = 180.0) -> None:
    """Wait until an expression, or a function without arguments, is true in the page."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not true after {patience:g} s: {expression}")
