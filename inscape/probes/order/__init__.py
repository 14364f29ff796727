"""What if the batches had come in another order? One recorded run, and estimates of all other orders from it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.probes.order.calibration import Calibration as Calibration
    from inscape.probes.order.check import Check as Check
    from inscape.probes.order.estimate import Estimate as Estimate
    from inscape.probes.order.estimator import Estimator as Estimator
    from inscape.probes.order.exact import ExactlyCarried as ExactlyCarried
    from inscape.probes.order.fut import Taylor as Taylor
    from inscape.probes.order.fut import fut1 as fut1
    from inscape.probes.order.fut import fut2 as fut2
    from inscape.probes.order.low_rank import Carried as Carried
    from inscape.probes.order.low_rank import carried as carried
    from inscape.probes.order.maps import off_mean as off_mean
    from inscape.probes.order.orders import random_orders as random_orders
    from inscape.probes.order.position_ridge import PositionRidge as PositionRidge
    from inscape.probes.order.reference import Reference as Reference
    from inscape.probes.order.reference import record as record
    from inscape.probes.order.retraining import Retrained as Retrained
    from inscape.probes.order.retraining import retrain as retrain
    from inscape.probes.order.search import Search as Search

# Where a public name lives.
_HOMES = {
    "Calibration": "calibration",
    "Carried": "low_rank",
    "Check": "check",
    "Estimate": "estimate",
    "Estimator": "estimator",
    "ExactlyCarried": "exact",
    "PositionRidge": "position_ridge",
    "Reference": "reference",
    "Retrained": "retraining",
    "Search": "search",
    "Taylor": "fut",
    "carried": "low_rank",
    "fut1": "fut",
    "fut2": "fut",
    "off_mean": "maps",
    "random_orders": "orders",
    "record": "reference",
    "retrain": "retraining",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
