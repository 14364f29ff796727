"""Instruments inside a torch network, while it trains or infers: record, clamp, keep, drop, steer; and measures on what
was recorded.

Every name is imported when it is first used: the room opens without torch, and a missing torch is one clear line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.tap import Tap as Tap
    from inscape.probes import attention as attention
    from inscape.probes import eigenscore as eigenscore
    from inscape.probes import order as order
    from inscape.probes import routing as routing
    from inscape.probes.clamp import Clamp as Clamp
    from inscape.probes.clamp_gradient import ClampGradient as ClampGradient
    from inscape.probes.drop import Drop as Drop
    from inscape.probes.from_pass import FromPass as FromPass
    from inscape.probes.instruments import Instruments as Instruments
    from inscape.probes.keep_only import KeepOnly as KeepOnly
    from inscape.probes.recorder import Recorder as Recorder
    from inscape.probes.recording import Recording as Recording
    from inscape.probes.schedule import Between as Between
    from inscape.probes.schedule import From as From
    from inscape.probes.schedule import Until as Until
    from inscape.probes.schedule import WhenAbove as WhenAbove
    from inscape.probes.schedule import WhenBelow as WhenBelow
    from inscape.probes.sensitivity_dropout import SensitivityDropout as SensitivityDropout
    from inscape.probes.site import find_sites as find_sites
    from inscape.probes.site_list import sites_of as sites_of
    from inscape.probes.steer import Steer as Steer

# Where a public name lives.
_HOMES = {
    "Tap": "inscape.models.tap",
    "Clamp": "inscape.probes.clamp",
    "ClampGradient": "inscape.probes.clamp_gradient",
    "Drop": "inscape.probes.drop",
    "FromPass": "inscape.probes.from_pass",
    "Instruments": "inscape.probes.instruments",
    "KeepOnly": "inscape.probes.keep_only",
    "Recorder": "inscape.probes.recorder",
    "Recording": "inscape.probes.recording",
    "Steer": "inscape.probes.steer",
    "Between": "inscape.probes.schedule",
    "From": "inscape.probes.schedule",
    "Until": "inscape.probes.schedule",
    "WhenAbove": "inscape.probes.schedule",
    "WhenBelow": "inscape.probes.schedule",
    "SensitivityDropout": "inscape.probes.sensitivity_dropout",
    "find_sites": "inscape.probes.site",
    "sites_of": "inscape.probes.site_list",
}
# Modules and packages that are used by their own name: `probes.attention.exposed(model)`.
_MODULES = ("attention", "eigenscore", "order", "routing")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
