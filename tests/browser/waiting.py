"""Waiting for what a page shows: the gallery's own policy forbids the evaluation that Playwright's waiting uses.

It asks seldom, and the seldomer the longer it takes: Playwright looks at every frame, and on a busy machine the looking
would take what the page and the gallery need.
"""

from __future__ import annotations

import json
import time
from typing import Any


def until(page: Any, expression: str, patience: float = 300.0) -> None:
    """Wait until an expression, or a function without arguments, is true in whichever page there is by then."""
    from playwright.sync_api import Error

    end, pause = time.monotonic() + patience, 30.0
    while time.monotonic() < end:
        try:
            if page.evaluate(expression):
                return
        except Error as error:
            # The page has just given way to the next one.
            if "context was destroyed" not in str(error) and "navigation" not in str(error):
                raise
        page.wait_for_timeout(pause)
        pause = min(1_000.0, 1.3 * pause)
    raise AssertionError(f"not true after {patience:g} s: {expression}")


def appears(page: Any, selector: str, patience: float = 300.0) -> None:
    """Wait until an element that a CSS selector names is seen."""
    named = json.dumps(selector)
    until(page, f"[...document.querySelectorAll({named})].some((e) => e.getClientRects().length > 0)", patience)
