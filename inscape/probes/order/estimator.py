"""The one interface of all estimators of other orders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.order.estimate import CHECKPOINTS, Estimate
from inscape.probes.order.orders import as_orders, random_orders
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
    import xarray as xr

    from inscape.probes.order.calibration import Calibration
    from inscape.probes.order.check import Check
    from inscape.probes.order.search import Search
else:
    torch = require("torch", "neural")


class Estimator(ABC):
    """What another order of the batches would have led to, told from one recorded run.

    Attributes
    ----------
    name : of the method.
    reference : the recorded run.
    calibration : offsets taken from a few retrainings; None until `calibrate`.
    """

    name = "estimator"
    calibration: Calibration | None = None

    def __init__(self, reference: Reference) -> None:
        if not isinstance(reference, Reference):
            raise InputError(f"reference: {type(reference).__name__} found, expected what order.record returns")
        self.reference = reference

    @abstractmethod
    def visit(
        self, order: Int[np.ndarray, "time"], stops: Sequence[int], factors: np.ndarray | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The estimated end (parameter,), and the estimated parameters before the steps at `stops` (rising)."""

    @abstractmethod
    def changes(
        self, parameters: torch.Tensor, batch: int, position: int, true: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """How the gradient of a batch differs from where the estimator knows it: as predicted, and in truth.

        parameters : where on the estimated path, before the step at `position`; true : the gradient there.
        """

    def __call__(self, order: Any, *, subset: bool = False, factors: Sequence[float] | None = None) -> Estimate:
        """The estimate for one order.

        Parameters
        ----------
        order : numbers of batches in the order of their coming.
        subset : allow batches to be left out or to come again.
        factors : what the learning rate is multiplied by at each position; as in the recorded run if None.

        Raises
        ------
        InputError : if the order is not a permutation and `subset` is not set.
        """
        rows = as_orders([order] if np.ndim(order) == 1 else order, len(self.reference), subset)
        if len(rows) != 1:
            raise InputError(f"order: {len(rows)} orders found, expected one; `losses` takes many")
        schedule = _schedule(factors, rows.shape[1])
        parameters, _ = self.visit(rows[0], (), schedule)
        return Estimate(self, tuple(int(b) for b in rows[0]), parameters, schedule)

    def losses(
        self,
        orders: Any,
        probe: str | None = None,
        *,
        subset: bool = False,
        factors: Sequence[float] | None = None,
    ) -> xr.DataArray:
        """Estimated losses of many orders, trusted or not: on a probe (order,), or on every batch (order, batch)."""
        import xarray as xr

        rows = as_orders(orders, len(self.reference), subset)
        if probe is not None:
            self.reference.probe(probe)
        found = self._losses(rows, probe, _schedule(factors, rows.shape[1]))
        if self.calibration is not None:
            found = found + self.calibration.offset(probe)
        labels: dict[str, Any] = {"order": np.arange(len(rows))}
        attributes = {"estimator": self.name, "probe": probe or "every batch"}
        if probe is None:
            labels["batch"] = list(self.reference.names)
        return xr.DataArray(found, labels, tuple(labels), "loss", attributes)

    def _losses(
        self, rows: Int[np.ndarray, "order time"], probe: str | None, factors: np.ndarray | None
    ) -> Float[np.ndarray, "order ..."]:
        found = []
        for row in rows:
            end, _ = self.visit(row, (), factors)
            found.append(self.reference.batch_losses(end) if probe is None else self.reference.probe_loss(end, probe))
        return np.array(found)

    def trust(self, estimate: Estimate) -> float:
        """The least cosine between predicted and true change of the gradient at random places of the path."""
        length = len(estimate.order)
        if length < 2:
            return 1.0
        # The first step is known to every estimator; the draw hangs on the order alone, so that trust repeats.
        random = np.random.default_rng(list(estimate.order))
        stops = tuple(sorted(1 + random.permutation(length - 1)[:CHECKPOINTS]))
        order = np.array(estimate.order)
        _, places = self.visit(order, stops, estimate.factors)
        cosines = []
        for stop, parameters in zip(stops, places, strict=True):
            batch = int(order[stop])
            if not torch.isfinite(parameters).all():
                return -1.0
            _, true = self.reference.landscape.gradient(parameters, self.reference.batches[batch])
            if not torch.isfinite(true).all():
                return -1.0
            predicted, measured = self.changes(
                parameters, batch, int(stop), self.reference.rule.decayed(parameters, true)
            )
            cosines.append(cosine(predicted, measured))
        return min(cosines)

    def trusts(self, orders: Any, *, subset: bool = False) -> Float[np.ndarray, "order"]:
        """The trust value of each order."""
        rows = as_orders(orders, len(self.reference), subset)
        return np.array([self(row, subset=subset).trust for row in rows])

    def calibrate(
        self, orders: int | Any = 4, *, probes: Sequence[str] | None = None, seed: int | np.random.Generator | None = 0
    ) -> Estimator:
        """This estimator with its mean error on a few retrained orders taken off, on every probe and batch.

        Parameters
        ----------
        orders : how many to draw, or the orders themselves.
        probes : which; all if None.
        """
        from inscape.probes.order.calibration import calibrate

        calibrated = copy(self)
        calibrated.calibration = calibrate(self, self._drawn(orders, seed), probes)
        return calibrated

    def check(
        self, orders: int | Any = 8, probe: str | None = None, *, seed: int | np.random.Generator | None = 0
    ) -> Check:
        """Estimated beside retrained losses on some orders."""
        from inscape.probes.order.check import check

        return check(self, self._drawn(orders, seed), probe)

    def search(self, fitness: Any, **settings: Any) -> Search:
        """Genetic search for a good order; see `inscape.probes.order.search.search_order`."""
        from inscape.probes.order.search import search_order

        return search_order(self, fitness, **settings)

    def map(self, kind: str = "memorisation", **settings: Any) -> xr.DataArray:
        """Loss on each batch, or on one like it, by position; see `inscape.probes.order.maps.position_map`."""
        from inscape.probes.order.maps import position_map

        return position_map(self, kind, **settings)

    def precedence(self, probe: str, **settings: Any) -> xr.Dataset:
        """What it gains that one batch comes before another; see `inscape.probes.order.precedence.precedence`."""
        from inscape.probes.order.precedence import precedence

        return precedence(self, probe, **settings)

    def _drawn(self, orders: int | Any, seed: int | np.random.Generator | None) -> Int[np.ndarray, "order time"]:
        if isinstance(orders, int | np.integer):
            return random_orders(len(self.reference), int(orders), seed)
        return as_orders(orders, len(self.reference))

    def __repr__(self) -> str:
        return f"{self.name}: {len(self.reference)} batches, {self.reference.landscape.size:,} parameters"


def cosine(first: torch.Tensor, second: torch.Tensor) -> float:
    """The cosine between two vectors; 1 where both are nothing, 0 where one is."""
    sizes = float(first.norm()), float(second.norm())
    if not all(np.isfinite(sizes)):
        return -1.0
    if min(sizes) == 0:
        return 1.0 if max(sizes) == 0 else 0.0
    return float((first / sizes[0]) @ (second / sizes[1]))


def _schedule(factors: Sequence[float] | None, length: int) -> np.ndarray | None:
    if factors is None:
        return None
    found = np.asarray(factors, dtype=float)
    if found.shape != (length,) or not np.isfinite(found).all() or (found < 0).any():
        raise InputError(f"factors: shape {found.shape} found, expected ({length},) numbers of at least 0")
    return found
