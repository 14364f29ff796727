"""Optional packages: imported where they are used, and missed in one clear line."""

from __future__ import annotations

import importlib
from types import ModuleType

from inscape.errors import MissingExtraError


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or raise `MissingExtraError` that names the extra of inscape which installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        # A package that is there but broken must not be reported as absent.
        if error.name is not None and error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(module, extra) from None
