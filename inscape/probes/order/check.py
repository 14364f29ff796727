"""Estimates beside the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.errors import InputError
from inscape.probes.order.retraining import Retrained

if TYPE_CHECKING:
    import pandas as pd

    from inscape.probes.order.estimator import Estimator


@dataclass(frozen=True, eq=False)
class Check:
    """Estimated and retrained losses of some orders.

    Attributes
    ----------
    probe : on which; "mean of batches" if none was named.
    orders : (order, time).
    estimated, true : losses (order,).
    baseline : the loss of the recorded run, which says the same of every order.
    trusts : (order,).
    """

    probe: str
    orders: Int[np.ndarray, "order time"]
    estimated: Float[np.ndarray, "order"]
    true: Float[np.ndarray, "order"]
    baseline: float
    trusts: Float[np.ndarray, "order"]

    @property
    def refused(self) -> Bool[np.ndarray, "order"]:
        from inscape.probes.order.estimate import LEAST_TRUST

        return ~(self.trusts >= LEAST_TRUST)

    @property
    def error(self) -> float:
        """Mean absolute error of the estimates."""
        return float(np.abs(self.estimated - self.true).mean())

    @property
    def baseline_error(self) -> float:
        """The same of the recorded run's loss taken for every order."""
        return float(np.abs(self.baseline - self.true).mean())

    @property
    def rank_correlation(self) -> float:
        """Spearman's between estimated and true losses; NaN where one of them does not vary."""
        from scipy.stats import spearmanr

        if len(self.true) < 2 or np.ptp(self.true) == 0 or np.ptp(self.estimated) == 0:
            return float("nan")
        return float(spearmanr(self.estimated, self.true).statistic)

    def table(self) -> pd.DataFrame:
        """A row for each order."""
        import pandas as pd

        return pd.DataFrame(
            {
                "order": [" ".join(map(str, order)) for order in self.orders],
                "estimated": self.estimated,
                "true": self.true,
                "error": self.estimated - self.true,
                "trust": self.trusts,
                "refused": self.refused,
            }
        )

    def __repr__(self) -> str:
        return (
            f"Check on {self.probe}, {len(self.true)} orders: mean error {self.error:.3g} "
            f"(recorded run {self.baseline_error:.3g}), rank correlation {self.rank_correlation:.2f}, "
            f"{int(self.refused.sum())} refused"
        )


def check(estimator: Estimator, orders: Int[np.ndarray, "order time"], probe: str | None = None) -> Check:
    """Retrain the orders and lay the truth beside the estimates.

    Raises
    ------
    InputError : if no probe is named and the recorded run has several.
    """
    reference = estimator.reference
    if probe is None and len(reference.probes) > 1:
        raise InputError(f"probe: none named, expected one of {sorted(reference.probes)}")
    name = probe or next(iter(reference.probes), None)
    truth = Retrained(reference)
    estimated, true = (e.losses(orders, name).values for e in (estimator, truth))
    end = reference.path[-1]
    baseline = reference.batch_losses(end).mean() if name is None else reference.probe_loss(end, name)
    if name is None:
        estimated, true = estimated.mean(axis=1), true.mean(axis=1)
    trusts = estimator.trusts(orders)
    return Check(name or "mean of batches", orders, estimated, true, float(baseline), trusts)
