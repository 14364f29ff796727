"""Representations learned from demonstrations: a corpus, an encoder, and the objectives that shape it.

Every name is imported when it is first used: the package opens without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.representation.corpus import Corpus as Corpus
    from inscape.models.representation.corpus import corpus_of as corpus_of
    from inscape.models.representation.encoder import Encoder as Encoder
    from inscape.models.representation.encoder import Probe as Probe
    from inscape.models.representation.networks import EncoderPlan as EncoderPlan
    from inscape.models.representation.objectives import OBJECTIVES as OBJECTIVES
    from inscape.models.representation.offsets import OffsetChoice as OffsetChoice
    from inscape.models.representation.offsets import choose_offset as choose_offset
    from inscape.models.representation.offsets import cloning_error as cloning_error
    from inscape.models.representation.pretraining import pretrain as pretrain

_HOMES = {
    "Corpus": "corpus",
    "corpus_of": "corpus",
    "Encoder": "encoder",
    "Probe": "encoder",
    "EncoderPlan": "networks",
    "OBJECTIVES": "objectives",
    "OffsetChoice": "offsets",
    "choose_offset": "offsets",
    "cloning_error": "offsets",
    "pretrain": "pretraining",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
