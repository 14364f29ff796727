"""Moments carried, curvature of low rank: many orders at once, in few coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.probes.order.closed import ClosedRecursion
from inscape.probes.order.curvature import measure_curvature
from inscape.probes.order.estimator import Estimator
from inscape.probes.order.exact import ExactlyCarried
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

SecondMoment = Literal["expected", "reference"]
GROUP = 2_000
"""Orders run side by side."""


def carried(
    reference: Reference,
    rank: int = 40,
    *,
    exact: bool = False,
    second_moment: SecondMoment = "expected",
    store: Any = None,
) -> Estimator:
    """The optimiser's own recursion, with its momentum, on a linear model of the gradients.

    g(theta, B_l) ~ g(anchor, B_l) + H_l (theta - anchor) with the anchor half way along the recorded run. It costs
    2 T + 1 gradients and T `rank` Hessian products once; an order then costs about a millisecond, whatever the network.
    What the recursion gets wrong on the recorded order itself, which is known, is taken off every estimate.

    Parameters
    ----------
    reference : the recorded run.
    rank : Hessian products for each batch; 0 carries the momentum without curvature. T + 2 of them (less if some depend
        on others) hold every displacement to first order, those beyond serve the bending.
    exact : take Hessian products on the fly, without the low rank: dearer than retraining, the standard for tests.
    second_moment : Adam's v at each position: "expected" over all orders, from the gradients at the anchor, or that of
        the recorded run ("reference"), which a fresh optimiser makes useless. Only `exact` carries it.
    store : a folder for the Hessian products, which are then mapped to a file; in memory if None.

    Raises
    ------
    InputError : for a rank below 0 or a setting that is not known, and where a gradient is not finite.
    """
    if exact:
        return ExactlyCarried(reference)
    return Carried(reference, rank, second_moment, store)


class Carried(Estimator):
    """See `carried`."""

    name = "carried"

    def __init__(
        self, reference: Reference, rank: int = 40, second_moment: SecondMoment = "expected", store: Any = None
    ) -> None:
        super().__init__(reference)
        if isinstance(rank, bool) or not isinstance(rank, int | np.integer) or rank < 0:
            raise InputError(f"rank: {rank!r} found, expected a whole number of at least 0")
        if second_moment not in ("expected", "reference"):
            raise UnknownNameError("second_moment", str(second_moment), ("expected", "reference"))
        self.rank = int(rank)
        self.second_moment = second_moment
        self.anchor = reference.middle
        known = [reference.gradient(self.anchor, batch) for batch in range(len(reference))]
        plain = torch.stack([gradient for _, gradient in known])
        scales = self._preconditioners(plain)
        at_anchor = scales[len(reference) // 2]
        self.root = at_anchor.sqrt()
        gradients = plain * self.root
        start = self._white(reference.path[0])
        momentum = reference.moments[0].first * self.root
        decay = self._decay()
        rate = reference.rule.rate
        starts = torch.stack([start, momentum * rate, decay * rate])
        starts = starts[starts.norm(dim=1) > 0]
        losses = gradients.new_tensor([loss for loss, _ in known])
        self.curvature = measure_curvature(
            reference, self.anchor, self.root, gradients, losses, starts, self.rank, store
        )
        ratios = torch.stack([(p @ at_anchor) / (at_anchor @ at_anchor) for p in scales])
        self.closed = ClosedRecursion.of(reference, self.curvature, torch.stack([start, momentum, decay]), ratios)
        self._own = self.closed.run(np.arange(len(reference))[None], stops=tuple(range(len(reference))))
        self._probes: dict[str, tuple[float, torch.Tensor]] = {}

    def visit(
        self, order: Int[np.ndarray, "time"], stops: Sequence[int], factors: np.ndarray | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        end, places = self.closed.run(order[None], factors, tuple(stops))
        last = len(self.reference)
        own_end, own_places = self._own
        found = []
        for position, place in [*zip(stops, places, strict=True), (len(order), end)]:
            own = own_places[position] if position < last else own_end
            apart = self.closed.basis.combine(place - own)[0]
            found.append(self.reference.path[min(position, last)] + self.root * apart)
        return found[-1], found[:-1]

    def changes(
        self, parameters: torch.Tensor, batch: int, position: int, true: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        # In whitened coordinates, in which a step is a step whatever the scale of a parameter.
        predicted = self.curvature.apply(batch, self._white(parameters))
        return predicted, true * self.root - self.curvature.gradients[batch]

    def _losses(
        self, rows: Int[np.ndarray, "order time"], probe: str | None, factors: np.ndarray | None
    ) -> Float[np.ndarray, "order ..."]:
        found = []
        for first in range(0, len(rows), GROUP):
            end, _ = self.closed.run(rows[first : first + GROUP], factors)
            found.append(self._quadratic_losses(end - self._own[0], probe))
        return torch.cat(found).double().cpu().numpy()

    def _quadratic_losses(self, apart: torch.Tensor, probe: str | None) -> torch.Tensor:
        """Losses at the end, to second order around the end of the recorded run."""
        if probe is not None:
            loss, slope = self._probe(probe)
            return loss + apart @ slope + self.closed.quadratic(apart, None) / 2
        losses, slopes = self._ends
        bends = [self.closed.quadratic(apart, batch) for batch in range(len(self.reference))]
        return losses + apart @ slopes + torch.stack(bends, dim=1) / 2

    def _probe(self, name: str) -> tuple[float, torch.Tensor]:
        if name not in self._probes:
            batches = self.reference.probe(name)
            known = [self.reference.landscape.gradient(self.reference.path[-1], batch) for batch in batches]
            gradient = torch.stack([g for _, g in known]).mean(dim=0) * self.root
            slope = self.closed.basis.products_with(gradient[None])[:, 0]
            self._probes[name] = (float(np.mean([loss for loss, _ in known])), slope)
        return self._probes[name]

    @cached_property
    def _ends(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and slope of every batch at the end of the recorded run: (batch,) and (basis, batch)."""
        end = self.reference.path[-1]
        known = [self.reference.landscape.gradient(end, batch) for batch in self.reference.batches]
        gradients = torch.stack([g for _, g in known]) * self.root
        return gradients.new_tensor([loss for loss, _ in known]), self.closed.basis.products_with(gradients)

    def _white(self, parameters: torch.Tensor) -> torch.Tensor:
        apart = (parameters - self.anchor) / self.root
        # What no gradient reaches never moves.
        return torch.where(self.root > 0, apart, torch.zeros_like(apart))

    def _decay(self) -> torch.Tensor:
        """The direction in which decoupled decay shrinks the anchor; nothing without it."""
        if self.reference.rule.kind != "adamw":
            return torch.zeros_like(self.anchor)
        shares = torch.as_tensor(self.reference.rule.shrink(1.0)).to(self.anchor)
        mean = shares.mean()
        return self._white(self.anchor + self.anchor * shares / mean) if mean > 0 else torch.zeros_like(self.anchor)

    def _preconditioners(self, gradients: torch.Tensor) -> list[torch.Tensor]:
        """P at each position (parameter,), nothing where no gradient reaches."""
        reference, rule = self.reference, self.reference.rule
        if not rule.is_adaptive:
            return [reference.preconditioner(0)] * len(reference)
        mean = gradients.square().mean(dim=0)
        start = reference.moments[0]
        found = []
        for position in range(len(reference)):
            forgotten = rule.betas[1] ** (position + 1)
            second = forgotten * start.second + (1 - forgotten) * mean
            if self.second_moment == "reference":
                scale = reference.preconditioner(position)
            else:
                scale = rule.preconditioner(second, start.steps + position + 1)
            found.append(torch.where(second > 0, scale, torch.zeros_like(scale)))
        return found
