"""Language models from local files, and answers sampled from them. The network is never asked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.language.answers import Answers
    from inscape.models.language.checkpoint_series import Checkpoint, CheckpointSeries, checkpoints
    from inscape.models.language.fine_tuning import FineTuning, fine_tune
    from inscape.models.language.language_model import LanguageModel
    from inscape.models.language.loading import load
    from inscape.models.language.small import small_language_model
    from inscape.models.language.smollm2_package import has_smollm2, smollm2

_LATER = {
    "Answers": "answers",
    "Checkpoint": "checkpoint_series",
    "CheckpointSeries": "checkpoint_series",
    "FineTuning": "fine_tuning",
    "LanguageModel": "language_model",
    "checkpoints": "checkpoint_series",
    "fine_tune": "fine_tuning",
    "has_smollm2": "smollm2_package",
    "load": "loading",
    "small_language_model": "small",
    "smollm2": "smollm2_package",
}
"""Imported when first asked for: most of them need torch."""

__all__ = [
    "Answers",
    "Checkpoint",
    "CheckpointSeries",
    "FineTuning",
    "LanguageModel",
    "checkpoints",
    "fine_tune",
    "has_smollm2",
    "load",
    "small_language_model",
    "smollm2",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
