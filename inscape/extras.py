"""Optional packages: imported where they are used, and missed in one clear line."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from types import ModuleType

from inscape.errors import MissingExtraError

CORNERSTONES = {"neural": "torch", "robots": "gymnasium", "sky": "nautilus", "battery": "pybamm"}
"""A module of each extra that nothing in its wing goes without."""


def check_extras(extras: Iterable[str]) -> None:
    """Raise `MissingExtraError` for the first extra whose cornerstone is not installed; nothing is imported."""
    for extra in extras:
        module = CORNERSTONES.get(extra)
        if module is not None and importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, extra)


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or raise `MissingExtraError` that names the extra of inscape which installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        # A package that is there but broken must not be reported as absent.
        if error.name is not None and error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(module, extra) from None
