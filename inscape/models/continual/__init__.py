"""Laws of one world after another: a system that changes its body, learned without forgetting the bodies before.

Every name is imported when it is first used: the room opens without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.continual.dynamics import METHODS as METHODS
    from inscape.models.continual.dynamics import ContinualDynamics as ContinualDynamics
    from inscape.models.continual.look_ahead import look_ahead as look_ahead
    from inscape.models.continual.output_drift import OutputDrift as OutputDrift
    from inscape.models.continual.task_inference import TaskGuess as TaskGuess
    from inscape.models.continual.task_law import TaskLaw as TaskLaw
    from inscape.models.continual.task_matrix import TaskMatrix as TaskMatrix

_HOMES = {
    "METHODS": "inscape.models.continual.dynamics",
    "ContinualDynamics": "inscape.models.continual.dynamics",
    "OutputDrift": "inscape.models.continual.output_drift",
    "TaskGuess": "inscape.models.continual.task_inference",
    "TaskLaw": "inscape.models.continual.task_law",
    "TaskMatrix": "inscape.models.continual.task_matrix",
    "look_ahead": "inscape.models.continual.look_ahead",
}

__all__ = [
    "METHODS",
    "ContinualDynamics",
    "OutputDrift",
    "TaskGuess",
    "TaskLaw",
    "TaskMatrix",
    "look_ahead",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
