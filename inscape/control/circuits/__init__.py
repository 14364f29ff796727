"""Circuits of named neurons that act: built, run, trained, cut, carried to other bodies, printed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.control.circuits.actor import CircuitActorCritic as CircuitActorCritic
    from inscape.control.circuits.actor import CircuitTD3 as CircuitTD3
    from inscape.control.circuits.chain_body import chain as chain
    from inscape.control.circuits.circuit import Circuit as Circuit
    from inscape.control.circuits.lesion_table import lesions as lesions
    from inscape.control.circuits.module import CircuitModule as CircuitModule
    from inscape.control.circuits.parts import Clock as Clock
    from inscape.control.circuits.parts import Motor as Motor
    from inscape.control.circuits.parts import Neuron as Neuron
    from inscape.control.circuits.parts import Sensor as Sensor
    from inscape.control.circuits.parts import Synapse as Synapse
    from inscape.control.circuits.residual import ResidualCircuit as ResidualCircuit
    from inscape.control.circuits.running import Running as Running
    from inscape.control.circuits.swimming import swimmer as swimmer
    from inscape.control.circuits.text import from_text as from_text
    from inscape.control.circuits.walking import quadruped as quadruped
    from inscape.control.circuits.watching import diagram as diagram
    from inscape.control.circuits.watching import watch as watch

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
    "watch": "watching",
    "diagram": "watching",
    "lesions": "lesion_table",
    "chain": "chain_body",
    "ResidualCircuit": "residual",
    "CircuitModule": "module",
    "CircuitActorCritic": "actor",
    "CircuitTD3": "actor",
    "from_text": "text",
    "quadruped": "walking",
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
