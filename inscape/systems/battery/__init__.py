"""Lithium-ion cells that charge and discharge: a single-particle model, and the sets of numbers that make it a cell.

numba is loaded when a model first moves, pybamm only where one of its sets or its pseudo-2D model is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.systems.battery.bpx import cell_from_bpx as cell_from_bpx
    from inscape.systems.battery.cell import Cell as Cell
    from inscape.systems.battery.cell import Electrode as Electrode
    from inscape.systems.battery.curve import Curve as Curve
    from inscape.systems.battery.electrolyte import Electrolyte as Electrolyte
    from inscape.systems.battery.forward import Forward as Forward
    from inscape.systems.battery.full_model import FullModel as FullModel
    from inscape.systems.battery.nmc_graphite import nmc_graphite as nmc_graphite
    from inscape.systems.battery.nmc_graphite import nmc_graphite_from_folder as nmc_graphite_from_folder
    from inscape.systems.battery.nmc_graphite import straight_lines as straight_lines
    from inscape.systems.battery.pybamm_sets import cell_from_pybamm as cell_from_pybamm
    from inscape.systems.battery.single_particle import SingleParticle as SingleParticle
    from inscape.systems.battery.state_of_charge import after_charge as after_charge
    from inscape.systems.battery.state_of_charge import at_voltage as at_voltage

# Where a public name lives.
_HOMES = {
    "Cell": "cell",
    "Curve": "curve",
    "Electrode": "cell",
    "Electrolyte": "electrolyte",
    "Forward": "forward",
    "FullModel": "full_model",
    "SingleParticle": "single_particle",
    "cell_from_bpx": "bpx",
    "cell_from_pybamm": "pybamm_sets",
    "after_charge": "state_of_charge",
    "at_voltage": "state_of_charge",
    "nmc_graphite": "nmc_graphite",
    "nmc_graphite_from_folder": "nmc_graphite",
    "straight_lines": "nmc_graphite",
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
