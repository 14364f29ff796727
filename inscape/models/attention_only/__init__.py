"""Small attention-only transformers, many runs of one stacked on a leading axis so that they train side by side."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.attention_only.batch import Batch
    from inscape.models.attention_only.net import AttentionOnly
    from inscape.models.attention_only.training import TrainingRun, train

_HOMES = {"AttentionOnly": "net", "Batch": "batch", "TrainingRun": "training", "train": "training"}

__all__ = ["AttentionOnly", "Batch", "TrainingRun", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
