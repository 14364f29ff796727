"""Structures of a flow: flow maps, stretching, barriers of transport, and turbulent interfaces.

Every name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.analysis.flow_structures import interface as interface
    from inscape.analysis.flow_structures.active import active_ftle as active_ftle
    from inscape.analysis.flow_structures.active import active_rotation as active_rotation
    from inscape.analysis.flow_structures.audit import interface_audit as interface_audit
    from inscape.analysis.flow_structures.barriers import BarrierField as BarrierField
    from inscape.analysis.flow_structures.barriers import momentum_barrier as momentum_barrier
    from inscape.analysis.flow_structures.barriers import vorticity_barrier as vorticity_barrier
    from inscape.analysis.flow_structures.flow_maps import FlowMap as FlowMap
    from inscape.analysis.flow_structures.flow_maps import FlowMaps as FlowMaps
    from inscape.analysis.flow_structures.flow_maps import flow_map as flow_map
    from inscape.analysis.flow_structures.path_correlation import decorrelation as decorrelation
    from inscape.analysis.flow_structures.planar import planar_error as planar_error
    from inscape.analysis.flow_structures.ridge_points import ridges as ridges
    from inscape.analysis.flow_structures.rotation import lavd as lavd
    from inscape.analysis.flow_structures.rotation import polar_rotation as polar_rotation
    from inscape.analysis.flow_structures.seeds import Seeds as Seeds
    from inscape.analysis.flow_structures.stretching import ftle as ftle
    from inscape.analysis.flow_structures.stretching import strain_directions as strain_directions
    from inscape.analysis.flow_structures.turbulence_scales import TurbulenceScales as TurbulenceScales
    from inscape.analysis.flow_structures.turbulence_scales import turbulence_scales as turbulence_scales
    from inscape.analysis.flow_structures.vortex_boundaries import Vortex as Vortex
    from inscape.analysis.flow_structures.vortex_boundaries import vortices as vortices

# Where a public name lives.
_HOMES = {
    "BarrierField": "barriers",
    "FlowMap": "flow_maps",
    "FlowMaps": "flow_maps",
    "Seeds": "seeds",
    "TurbulenceScales": "turbulence_scales",
    "active_ftle": "active",
    "active_rotation": "active",
    "decorrelation": "path_correlation",
    "flow_map": "flow_maps",
    "ftle": "stretching",
    "interface_audit": "audit",
    "lavd": "rotation",
    "momentum_barrier": "barriers",
    "planar_error": "planar",
    "polar_rotation": "rotation",
    "ridges": "ridge_points",
    "strain_directions": "stretching",
    "turbulence_scales": "turbulence_scales",
    "Vortex": "vortex_boundaries",
    "vortices": "vortex_boundaries",
    "vorticity_barrier": "barriers",
}
# A module that is used by its own name: `interface.from_clusters(...)`.
_MODULES = ("interface",)

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
