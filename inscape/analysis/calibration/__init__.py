"""Calibration: hidden parameters from a measured curve, how well it tells them apart, what a surrogate does to them.

A model is any function from rows of parameters (run, parameter) to rows of what would be observed (run, time).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.analysis.calibration.bias import ErrorBudget as ErrorBudget
    from inscape.analysis.calibration.bias import SurrogateBias as SurrogateBias
    from inscape.analysis.calibration.bias import error_budget as error_budget
    from inscape.analysis.calibration.bias import surrogate_bias as surrogate_bias
    from inscape.analysis.calibration.fisher import Identifiability as Identifiability
    from inscape.analysis.calibration.fisher import identifiability as identifiability
    from inscape.analysis.calibration.gauss_newton import BestFit as BestFit
    from inscape.analysis.calibration.gauss_newton import best_fit as best_fit
    from inscape.analysis.calibration.posterior_of_curve import Calibration as Calibration
    from inscape.analysis.calibration.posterior_of_curve import CalibrationWarning as CalibrationWarning
    from inscape.analysis.calibration.posterior_of_curve import calibrate as calibrate

# Where a public name lives.
_HOMES = {
    "BestFit": "gauss_newton",
    "Calibration": "posterior_of_curve",
    "CalibrationWarning": "posterior_of_curve",
    "ErrorBudget": "bias",
    "Identifiability": "fisher",
    "SurrogateBias": "bias",
    "best_fit": "gauss_newton",
    "calibrate": "posterior_of_curve",
    "error_budget": "bias",
    "identifiability": "fisher",
    "surrogate_bias": "bias",
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
