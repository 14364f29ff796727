"""Routing of samples through a network: which experts (or units) carry each, and what that says of generalisation.

`record` reads the routers of a mixture of experts, `record_neurons` the units of a dense network; the measures take
either log, or plain weights (sample, layer, expert). Li, Fan and Zhou 2025 (arXiv 2506.21551).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape.probes.routing.advice import Alarm, calibrate_alarm
from inscape.probes.routing.consistency import Consistency, consistency
from inscape.probes.routing.contamination import min_k
from inscape.probes.routing.distance import PathwayDistance, distance
from inscape.probes.routing.groups import choose_epsilon, generalised, memorised
from inscape.probes.routing.overlap import Overlap, entropy, overlap, total_variation
from inscape.probes.routing.pairing import Pair, pair_groups
from inscape.probes.routing.pathway import pathway_length, pathways
from inscape.probes.routing.router_log import RouterLog

if TYPE_CHECKING:
    from inscape.probes.routing.capture import record
    from inscape.probes.routing.gates import find_gates
    from inscape.probes.routing.history import RoutingHistory
    from inscape.probes.routing.interventions import RouterClamp
    from inscape.probes.routing.monitoring import Domain, monitor
    from inscape.probes.routing.neurons import record_neurons
    from inscape.probes.routing.watching import Watch, watch

_LATER = {
    "Domain": "monitoring",
    "RouterClamp": "interventions",
    "RoutingHistory": "history",
    "Watch": "watching",
    "find_gates": "gates",
    "monitor": "monitoring",
    "record": "capture",
    "record_neurons": "neurons",
    "watch": "watching",
}
"""Imported when first asked for: they need torch."""

__all__ = [
    "Alarm",
    "Consistency",
    "Domain",
    "Overlap",
    "Pair",
    "PathwayDistance",
    "RouterClamp",
    "RouterLog",
    "RoutingHistory",
    "Watch",
    "calibrate_alarm",
    "choose_epsilon",
    "consistency",
    "distance",
    "entropy",
    "find_gates",
    "generalised",
    "memorised",
    "min_k",
    "monitor",
    "overlap",
    "pair_groups",
    "pathway_length",
    "pathways",
    "record",
    "record_neurons",
    "total_variation",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        # A module of the same name would stand in the function's place once it is imported.
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
