"""Surrogates of a solution operator - formula, Chebyshev, proper modes, network - and the chooser among them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.operator_surrogate.chebyshev import ChebyshevSurrogate as ChebyshevSurrogate
    from inscape.models.operator_surrogate.operator_net import OperatorNet as OperatorNet
    from inscape.models.operator_surrogate.profiles import ProfileFormula as ProfileFormula
    from inscape.models.operator_surrogate.proper_modes import ProperModes as ProperModes
    from inscape.models.operator_surrogate.rungs import Rung as Rung
    from inscape.models.operator_surrogate.rungs import Rungs as Rungs
    from inscape.models.operator_surrogate.rungs import choose_surrogate as choose_surrogate

# Where a public name lives.
_HOMES = {
    "ChebyshevSurrogate": "chebyshev",
    "OperatorNet": "operator_net",
    "ProfileFormula": "profiles",
    "ProperModes": "proper_modes",
    "Rung": "rungs",
    "Rungs": "rungs",
    "choose_surrogate": "rungs",
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
