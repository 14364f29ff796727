"""Offsets of an estimator, taken from a few retrainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.probes.order.retraining import Retrained

if TYPE_CHECKING:
    from inscape.probes.order.estimator import Estimator


@dataclass(frozen=True, eq=False)
class Calibration:
    """What truth and estimate differ by.

    Attributes
    ----------
    orders : the orders that were retrained.
    offsets : mean of truth - estimate by probe; under None that of every batch (batch,).
    spreads : standard deviation of the same, the error bar of one calibrated estimate, where two or more
        were retrained.
    """

    orders: Int[np.ndarray, "order time"]
    offsets: Mapping[str | None, Float[np.ndarray, "..."]]
    spreads: Mapping[str | None, Float[np.ndarray, "..."]]

    def offset(self, probe: str | None) -> Float[np.ndarray, "..."]:
        """What is added to an estimate on a probe; 0 on a probe that was not calibrated."""
        return self.offsets.get(probe, np.zeros(()))

    def spread(self, probe: str | None) -> Float[np.ndarray, "..."]:
        """The error bar of a calibrated estimate (one standard deviation); NaN where unknown."""
        return self.spreads.get(probe, np.full((), np.nan))


def calibrate(
    estimator: Estimator, orders: Int[np.ndarray, "order time"], probes: Sequence[str] | None = None
) -> Calibration:
    """Retrain the orders and compare, on every batch and on the probes (all of the recorded run's if None)."""
    truth = Retrained(estimator.reference)
    names: list[str | None] = [*(estimator.reference.probes if probes is None else probes)]
    ends = [truth.visit(order, (), None)[0] for order in orders]
    offsets, spreads = {}, {}
    plain = _uncalibrated(estimator)
    for name in [None, *names]:
        true = np.array(
            [
                estimator.reference.batch_losses(end) if name is None else estimator.reference.probe_loss(end, name)
                for end in ends
            ]
        )
        apart = true - plain.losses(orders, name).values
        if not np.isfinite(apart).all():
            raise InputError("calibrate: losses that are not finite found; the estimator does not hold on this run")
        offsets[name] = apart.mean(axis=0)
        # One degree of freedom goes to the offset, and one more order's worth of it to the next estimate.
        if len(orders) > 1:
            spreads[name] = apart.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(orders))
    return Calibration(orders, offsets, spreads)


def _uncalibrated(estimator: Estimator) -> Estimator:
    from copy import copy

    plain = copy(estimator)
    plain.calibration = None
    return plain
