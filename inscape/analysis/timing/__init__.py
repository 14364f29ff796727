"""What event times of a planet say of its orbit: decay, precession, acceleration, and how far each can be believed.

Every name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.analysis.timing import tides as tides
    from inscape.analysis.timing.aliases import find_aliases as find_aliases
    from inscape.analysis.timing.aliases import splitting_nights as splitting_nights
    from inscape.analysis.timing.clipping import clipped as clipped
    from inscape.analysis.timing.evidences import evidence as evidence
    from inscape.analysis.timing.fits import Comparison as Comparison
    from inscape.analysis.timing.fits import TimingFit as TimingFit
    from inscape.analysis.timing.fits import compare as compare
    from inscape.analysis.timing.fits import fit as fit
    from inscape.analysis.timing.injection import coverage as coverage
    from inscape.analysis.timing.injection import inject as inject
    from inscape.analysis.timing.joint_orbit import joint as joint
    from inscape.analysis.timing.models import count_events as count_events
    from inscape.analysis.timing.periodogram import PrecessionScan as PrecessionScan
    from inscape.analysis.timing.periodogram import precession_scan as precession_scan
    from inscape.analysis.timing.ranking import rank as rank
    from inscape.analysis.timing.robustness_card import robustness as robustness

_HOMES = {
    "Comparison": "fits",
    "PrecessionScan": "periodogram",
    "TimingFit": "fits",
    "clipped": "clipping",
    "compare": "fits",
    "count_events": "models",
    "coverage": "injection",
    "evidence": "evidences",
    "find_aliases": "aliases",
    "fit": "fits",
    "inject": "injection",
    "joint": "joint_orbit",
    "precession_scan": "periodogram",
    "rank": "ranking",
    "robustness": "robustness_card",
    "splitting_nights": "aliases",
}
_MODULES = ("tides",)

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
