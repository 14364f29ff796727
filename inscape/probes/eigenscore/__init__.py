"""EigenScore: how far the answers that a language model gives to one prompt scatter in its hidden states."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape.probes.eigenscore.estimators import METHODS, Eigenscore, eigenscore
from inscape.probes.eigenscore.leverage import leverage, score_without_unit
from inscape.probes.eigenscore.null import scores_by_chance
from inscape.probes.eigenscore.pooling import POOLINGS, pooled
from inscape.probes.eigenscore.streaming import Settled, StreamingEigenscore

if TYPE_CHECKING:
    from inscape.probes.eigenscore.monitor import EigenscoreMonitor
    from inscape.probes.eigenscore.prompts import PromptScores, score

_LATER = {"EigenscoreMonitor": "monitor", "PromptScores": "prompts", "score": "prompts"}
"""Imported when first asked for: they sample from language models, which needs torch."""

__all__ = [
    "METHODS",
    "POOLINGS",
    "Eigenscore",
    "EigenscoreMonitor",
    "PromptScores",
    "Settled",
    "StreamingEigenscore",
    "eigenscore",
    "leverage",
    "pooled",
    "score",
    "score_without_unit",
    "scores_by_chance",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
