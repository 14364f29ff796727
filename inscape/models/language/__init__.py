"""Language models from local files, and answers sampled from them. The network is never asked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.language.answers import Answers
    from inscape.models.language.checkpoints import Checkpoint, CheckpointSeries, checkpoints
    from inscape.models.language.language_model import LanguageModel
    from inscape.models.language.loading import load
    from inscape.models.language.smollm2 import has_smollm2, smollm2

_LATER = {
    "Answers": "answers",
    "Checkpoint": "checkpoints",
    "CheckpointSeries": "checkpoints",
    "LanguageModel": "language_model",
    "checkpoints": "checkpoints",
    "has_smollm2": "smollm2",
    "load": "loading",
    "smollm2": "smollm2",
}
"""Imported when first asked for: most of them need torch."""

__all__ = [
    "Answers",
    "Checkpoint",
    "CheckpointSeries",
    "LanguageModel",
    "checkpoints",
    "has_smollm2",
    "load",
    "smollm2",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    # A function named like its own module would otherwise be hidden behind it.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
