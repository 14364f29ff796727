"""Which batch had better come before which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.probes.order.orders import random_orders, swapped

if TYPE_CHECKING:
    import xarray as xr

    from inscape.probes.order.estimator import Estimator


def precedence(
    estimator: Estimator, probe: str, *, orders: int = 32, seed: int | np.random.Generator | None = 0
) -> xr.Dataset:
    """What it gains that one batch comes before another, all else equal.

    Random orders are drawn; in each, two batches change places, and the losses are compared. Positive: the loss is less
    where `before` comes before `after`.

    Parameters
    ----------
    probe : the probe whose loss counts.
    orders : random orders, at least two; every pair of batches is exchanged in each of them.

    Returns
    -------
    Dataset over (before, after): `gain` in units of the loss, antisymmetric; `error`, its standard error over the
    orders; `confidence`, gain / error. A calibrated estimator has its offset on both sides, so the gain has none.
    """
    import xarray as xr

    if orders < 2:
        raise InputError(f"orders: {orders} found, expected at least 2")
    batches = len(estimator.reference)
    drawn = random_orders(batches, orders, seed)
    pairs = [(i, j) for i in range(batches) for j in range(i)]
    exchanged = np.concatenate([[swapped(order, i, j) for order in drawn] for i, j in pairs])
    base = estimator.losses(drawn, probe).values
    other = estimator.losses(exchanged, probe).values.reshape(len(pairs), orders)
    places = np.argsort(drawn, axis=1)
    gain, error = np.zeros((2, batches, batches))
    for (i, j), losses in zip(pairs, other, strict=True):
        won = np.where(places[:, i] < places[:, j], losses - base, base - losses)
        gain[i, j], gain[j, i] = won.mean(), -won.mean()
        error[i, j] = error[j, i] = won.std(ddof=1) / np.sqrt(orders)
    with np.errstate(invalid="ignore", divide="ignore"):
        confidence = np.where(error > 0, gain / error, 0.0)
    names = list(estimator.reference.names)
    dims = ("before", "after")
    return xr.Dataset(
        {"gain": (dims, gain), "error": (dims, error), "confidence": (dims, confidence)},
        {"before": names, "after": names},
        {"estimator": estimator.name, "probe": probe, "orders": orders},
    )
