"""Circuits of named neurons that act: built from parts or a text, run, trained, cut, carried to other bodies, printed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.control.circuits.circuit import Circuit as Circuit
    from inscape.control.circuits.parts import Clock as Clock
    from inscape.control.circuits.parts import Motor as Motor
    from inscape.control.circuits.parts import Neuron as Neuron
    from inscape.control.circuits.parts import Sensor as Sensor
    from inscape.control.circuits.parts import Synapse as Synapse
    from inscape.control.circuits.running import Running as Running
    from inscape.control.circuits.swimming import swimmer as swimmer

# Where a public name lives.
_HOMES = {
    "Circuit": "circuit",
    "Clock": "parts",
    "Motor": "parts",
    "Neuron": "parts",
    "Sensor": "parts",
    "Synapse": "parts",
    "Running": "running",
    "swimmer": "swimming",
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
