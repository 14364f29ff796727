"""Physics-informed networks: hard constraints, gradient-pathology blocks, and levels that stand on one another.

torch is loaded when one is trained; a trained one answers without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.models.pinn.hierarchical import HierarchicalPINN as HierarchicalPINN
    from inscape.models.pinn.hierarchical import Level as Level
    from inscape.models.pinn.schedule import Schedule as Schedule
    from inscape.models.pinn.schedule import minimise as minimise

# Where a public name lives.
_HOMES = {
    "HierarchicalPINN": "hierarchical",
    "Level": "hierarchical",
    "Schedule": "schedule",
    "minimise": "schedule",
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
