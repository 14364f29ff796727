"""Networks whose weight matrices are structured: Hankel blocks, butterflies, and what they cost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel import HankelFactors
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network
from inscape.models.structured.stnn import StNN

if TYPE_CHECKING:
    from inscape.models.structured.cost import compare_costs, network_cost
    from inscape.models.structured.front import Front, size_accuracy_front
    from inscape.models.structured.kalman import KalmanSettings, WeightFilter
    from inscape.models.structured.modules import HankelLinear, NetworkModule
    from inscape.models.structured.online import OnlineForecaster
    from inscape.models.structured.operator_view import BlockView, operator_blocks

_LATER = {
    "BlockView": "operator_view",
    "Front": "front",
    "HankelLinear": "modules",
    "KalmanSettings": "kalman",
    "NetworkModule": "modules",
    "OnlineForecaster": "online",
    "WeightFilter": "kalman",
    "compare_costs": "cost",
    "network_cost": "cost",
    "operator_blocks": "operator_view",
    "size_accuracy_front": "front",
}
"""Imported when first asked for: they need torch, numba or the forecaster that builds on this package."""

__all__ = [
    "BlockView",
    "DenseNet",
    "Front",
    "HankelFactors",
    "HankelLinear",
    "HankelNet",
    "KalmanSettings",
    "Network",
    "NetworkModule",
    "OnlineForecaster",
    "StNN",
    "WeightFilter",
    "compare_costs",
    "network_cost",
    "operator_blocks",
    "size_accuracy_front",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
