"""Worlds that move: flows, maps, delay flows, and the chaos zoo. sympy is loaded when a law is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape.systems.zoo import Zoo

if TYPE_CHECKING:
    from inscape.systems.definition import Definition
    from inscape.systems.delay_flow import DelayFlow
    from inscape.systems.few_shot import FewShot, gaussian_few_shot, omniglot_few_shot
    from inscape.systems.flow import Flow
    from inscape.systems.map import Map
    from inscape.systems.noise import simulate_with_noise, with_observation_noise
    from inscape.systems.tasks import narma
    from inscape.systems.text import from_file, from_text

zoo = Zoo()
"""The collection itself: `zoo["Lorenz"]`, `zoo.search(...)`, `zoo.card(...)`."""

_HOMES = {
    "Definition": "definition",
    "DelayFlow": "delay_flow",
    "FewShot": "few_shot",
    "Flow": "flow",
    "Map": "map",
    "from_file": "text",
    "from_text": "text",
    "gaussian_few_shot": "few_shot",
    "narma": "tasks",
    "omniglot_few_shot": "few_shot",
    "simulate_with_noise": "noise",
    "with_observation_noise": "noise",
}

__all__ = [
    "Definition",
    "DelayFlow",
    "FewShot",
    "Flow",
    "Map",
    "from_file",
    "from_text",
    "gaussian_few_shot",
    "narma",
    "omniglot_few_shot",
    "simulate_with_noise",
    "with_observation_noise",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
