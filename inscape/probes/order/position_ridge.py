"""The cheap rival: ridge regression of the loss on the places of the batches, learned from real retrainings."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.probes.order.orders import as_orders

PENALTIES = np.logspace(-3, 3, 13)


class PositionRidge:
    """loss ~ intercept + sum over batches of weight x position, the penalty chosen by leaving one order out.

    Attributes
    ----------
    weights_ : what a later place of each batch adds to the loss, per position (batch,).
    intercept_ : the loss of the mean order.
    """

    def fit(self, orders: Any, losses: Any) -> PositionRidge:
        """Learn from retrained orders (order, time) and their losses (order,)."""
        from sklearn.linear_model import RidgeCV

        rows = np.atleast_2d(np.asarray(orders))
        rows = as_orders(rows, rows.shape[1])
        target = np.asarray(losses, dtype=float)
        if target.shape != (len(rows),) or len(rows) < 3 or not np.isfinite(target).all():
            raise InputError(f"losses: shape {target.shape} found, expected ({len(rows)},) finite numbers, at least 3")
        mean = target.mean()
        scale = target.std() or 1.0
        fitted = RidgeCV(alphas=PENALTIES * rows.shape[1] ** 2).fit(self._positions(rows), (target - mean) / scale)
        self.weights_ = fitted.coef_ * scale
        self.intercept_ = float(mean + scale * fitted.intercept_)
        return self

    def predict(self, orders: Any) -> Float[np.ndarray, "order"]:
        """The losses of orders (order, time)."""
        if not hasattr(self, "weights_"):
            raise InputError("PositionRidge: not fitted; call fit(orders, losses) first")
        return self._positions(as_orders(orders, len(self.weights_))) @ self.weights_ + self.intercept_

    @staticmethod
    def _positions(rows: np.ndarray) -> Float[np.ndarray, "order batch"]:
        return np.argsort(rows, axis=1) - (rows.shape[1] - 1) / 2
