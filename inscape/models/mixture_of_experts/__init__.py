"""Small mixtures of experts that train in minutes on a laptop, and a builder of the real OLMoE class at that size."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.mixture_of_experts.network import MixtureOfExperts
    from inscape.models.mixture_of_experts.olmoe import small_olmoe
    from inscape.models.mixture_of_experts.training import Course, TrainingRecord, answers_of, train

_LATER = {
    "Course": "training",
    "MixtureOfExperts": "network",
    "TrainingRecord": "training",
    "answers_of": "training",
    "small_olmoe": "olmoe",
    "train": "training",
}
"""Imported when first asked for: they need torch."""

__all__ = ["Course", "MixtureOfExperts", "TrainingRecord", "answers_of", "small_olmoe", "train"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
