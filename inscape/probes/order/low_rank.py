"""Moments carried, curvature of low rank: many orders at once, in few coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.probes.order.closed import ClosedRecursion
from inscape.probes.order.curvature import measure_curvature
from inscape.probes.order.estimate import Estimate
from inscape.probes.order.estimator import Estimator, cosine
from inscape.probes.order.exact import ExactlyCarried
from inscape.probes.order.own_moments import path_with_own_moments
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

SecondMoment = Literal["expected", "reference", "carried"]
ProbeCurvature = Literal["mean", "own"]
CHOICES = {"second_moment": ("expected", "reference", "carried"), "probe_curvature": ("mean", "own")}
GROUP = 2_000
"""Orders run side by side."""


def carried(
    reference: Reference,
    rank: int = 40,
    *,
    exact: bool = False,
    second_moment: SecondMoment = "expected",
    probe_curvature: ProbeCurvature = "mean",
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
    second_moment : Adam's v at each position: "expected" over all orders, from the gradients at the anchor; that of the
        recorded run ("reference"), which a fresh optimiser makes useless; or "carried" along each estimated path, for
        which an order takes T updates of all parameters. `exact` carries it.
    probe_curvature : what bends the loss on a probe at the end: the "mean" of the batches' curvatures, for a probe that
        is like them; or its "own", in `rank` Hessian products on the probe.
    store : a folder for the Hessian products, which are then mapped to a file; in memory if None.

    Raises
    ------
    InputError : for a rank below 0 or a setting that is not known, and where a gradient is not finite.
    """
    if exact:
        return ExactlyCarried(reference)
    return Carried(reference, rank, second_moment, probe_curvature, store)


class _ProbeAtEnd(NamedTuple):
    """A probe's loss at the end of the recorded run, its slope, and its curvature, in the basis of the recursion."""

    loss: float
    slope: torch.Tensor
    columns: torch.Tensor
    core: torch.Tensor


class Carried(Estimator):
    """See `carried`."""

    name = "carried"

    def __init__(
        self,
        reference: Reference,
        rank: int = 40,
        second_moment: SecondMoment = "expected",
        probe_curvature: ProbeCurvature = "mean",
        store: Any = None,
    ) -> None:
        super().__init__(reference)
        if isinstance(rank, bool) or not isinstance(rank, int | np.integer) or rank < 0:
            raise InputError(f"rank: {rank!r} found, expected a whole number of at least 0")
        for setting, value in (("second_moment", second_moment), ("probe_curvature", probe_curvature)):
            if value not in CHOICES[setting]:
                raise UnknownNameError(setting, str(value), CHOICES[setting])
        self.rank = int(rank)
        self.second_moment = second_moment
        self.probe_curvature = probe_curvature
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
        self._probes: dict[str, _ProbeAtEnd] = {}

    def visit(
        self, order: Int[np.ndarray, "time"], stops: Sequence[int], factors: np.ndarray | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        last = len(self.reference)
        if self.second_moment == "carried":
            path, error = self._own_path(order, factors), self._own_errors
            return path[-1] - error[min(len(order), last)], [path[s] - error[min(s, last)] for s in stops]
        end, places = self.closed.run(order[None], factors, tuple(stops))
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

    def trust(self, estimate: Estimate) -> float:
        """As of every estimator; and the cosine between the ends with v as assumed and with v carried, if that is less.

        Both ends are taken from the recorded one: what is compared is what the order does.
        """
        known = super().trust(estimate)
        if not self.reference.rule.is_adaptive or self.second_moment == "carried":
            return known
        order, last = np.array(estimate.order), self.reference.path[-1]
        carried = self._own_path(order, estimate.factors)[-1] - self._own_errors[min(len(order), len(self.reference))]
        if not torch.isfinite(carried).all():
            return -1.0
        over_root = torch.where(self.root > 0, 1 / self.root, torch.zeros_like(self.root))
        return min(known, cosine((estimate.parameters - last) * over_root, (carried - last) * over_root))

    def _own_path(self, order: Int[np.ndarray, "time"], factors: np.ndarray | None) -> list[torch.Tensor]:
        return path_with_own_moments(self.reference, self.curvature, self.anchor, self.root, order, factors)

    @cached_property
    def _own_errors(self) -> list[torch.Tensor]:
        path = self._own_path(np.arange(len(self.reference)), None)
        return [estimated - true for estimated, true in zip(path, self.reference.path, strict=True)]

    def _losses(
        self, rows: Int[np.ndarray, "order time"], probe: str | None, factors: np.ndarray | None
    ) -> Float[np.ndarray, "order ..."]:
        if self.second_moment == "carried":
            return super()._losses(rows, probe, factors)
        found = []
        for first in range(0, len(rows), GROUP):
            end, _ = self.closed.run(rows[first : first + GROUP], factors)
            found.append(self._quadratic_losses(end - self._own[0], probe))
        return torch.cat(found).double().cpu().numpy()

    def _quadratic_losses(self, apart: torch.Tensor, probe: str | None) -> torch.Tensor:
        """Losses at the end, to second order around the end of the recorded run."""
        if probe is not None:
            known = self._probe(probe)
            return known.loss + apart @ known.slope + self.closed.bend(apart, known.columns, known.core) / 2
        losses, slopes = self._ends
        bends = [self.closed.bend(apart, *self.closed.curvature_of(batch)) for batch in range(len(self.reference))]
        return losses + apart @ slopes + torch.stack(bends, dim=1) / 2

    def _probe(self, name: str) -> _ProbeAtEnd:
        if name not in self._probes:
            batches, landscape, end = self.reference.probe(name), self.reference.landscape, self.reference.path[-1]
            known = [landscape.gradient(end, batch) for batch in batches]
            loss = float(np.mean([loss for loss, _ in known]))
            gradient = torch.stack([g for _, g in known]).mean(dim=0) * self.root
            slope = self.closed.basis.products_with(gradient[None])[:, 0]
            if self.probe_curvature == "mean":
                columns, core = self.closed.mean_curvature
            else:
                directions = self.curvature.directions
                each = [landscape.products(self.anchor, batch, directions * self.root)[2] for batch in batches]
                products = torch.stack(each).mean(dim=0) * self.root
                columns = self.closed.basis.products_with(products)
                core = products @ directions.T
            self._probes[name] = _ProbeAtEnd(loss, slope, columns, (core + core.T) / 2)
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
