"""Flows of fluids: analytic ones, velocity on a grid, and a pseudo-spectral solver that makes its own.

Every name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.systems.flows.analytic import abc_flow as abc_flow
    from inscape.systems.flows.analytic import bickley_jet as bickley_jet
    from inscape.systems.flows.analytic import double_gyre as double_gyre
    from inscape.systems.flows.analytic import rotation as rotation
    from inscape.systems.flows.analytic import saddle as saddle
    from inscape.systems.flows.analytic import shear as shear
    from inscape.systems.flows.carriers import Carrier as Carrier
    from inscape.systems.flows.carriers import carrier as carrier
    from inscape.systems.flows.gridded import GriddedFlow as GriddedFlow
    from inscape.systems.flows.jet import Jet as Jet
    from inscape.systems.flows.solver import Fluid as Fluid
    from inscape.systems.flows.tangent import flux_flow as flux_flow
    from inscape.systems.flows.tangent import tangent_flow as tangent_flow

# Where a public name lives.
_HOMES = {
    "Carrier": "carriers",
    "Fluid": "solver",
    "GriddedFlow": "gridded",
    "Jet": "jet",
    "abc_flow": "analytic",
    "bickley_jet": "analytic",
    "carrier": "carriers",
    "double_gyre": "analytic",
    "flux_flow": "tangent",
    "rotation": "analytic",
    "saddle": "analytic",
    "shear": "analytic",
    "tangent_flow": "tangent",
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
