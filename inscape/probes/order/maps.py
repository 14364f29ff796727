"""What is remembered of a batch, and learned from it, by the place at which it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.probes.order.orders import moved, random_orders

if TYPE_CHECKING:
    import xarray as xr

    from inscape.probes.order.estimator import Estimator

KINDS = ("memorisation", "generalisation")


def position_map(
    estimator: Estimator,
    kind: str = "memorisation",
    *,
    similar: Sequence[str] | None = None,
    completions: int = 0,
    seed: int | np.random.Generator | None = 0,
) -> xr.DataArray:
    """Loss (batch, position): on batch i, or on one like it, after a run in which batch i came at position j.

    Parameters
    ----------
    kind : "memorisation" (the loss on the batch itself) or "generalisation" (on a probe like it that was not seen).
    similar : for "generalisation", a probe of the recorded run for every batch, in the order of the batches.
    completions : how many random orders of the other batches are averaged over; 0 leaves them in the recorded order.

    Raises
    ------
    InputError : without `similar` where it is needed; UnknownNameError : for another kind.
    """
    import xarray as xr

    if kind not in KINDS:
        raise UnknownNameError("kind of map", str(kind), KINDS)
    reference = estimator.reference
    batches = len(reference)
    if kind == "generalisation" and (similar is None or len(similar) != batches):
        found = "none" if similar is None else str(len(similar))
        raise InputError(f"similar: {found} found, expected a probe for each of the {batches} batches")
    if completions < 0:
        raise InputError(f"completions: {completions} found, expected at least 0")
    whole = random_orders(batches, completions, seed) if completions else np.arange(batches)[None]
    losses = np.empty((batches, batches))
    for batch in range(batches):
        orders = np.stack([moved(order, batch, position) for position in range(batches) for order in whole])
        if kind == "memorisation":
            found_losses = estimator.losses(orders).values[:, batch]
        else:
            found_losses = estimator.losses(orders, similar[batch]).values  # type: ignore[index]
        losses[batch] = found_losses.reshape(batches, len(whole)).mean(axis=1)
    labels = {"batch": list(reference.names), "position": np.arange(batches)}
    attributes = {"estimator": estimator.name, "kind": kind, "completions": completions}
    return xr.DataArray(losses, labels, ("batch", "position"), kind, attributes)


def off_mean(losses: xr.DataArray) -> xr.DataArray:
    """A map with the mean of every batch taken off: what the position alone does."""
    return losses - losses.mean("position")
