"""Moments carried, curvature exact: a Hessian product at every step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from inscape.extras import require
from inscape.probes.order.estimator import Estimator
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class ExactlyCarried(Estimator):
    """g(theta, B_l) ~ g(anchor, B_l) + H_l (theta - anchor), with both moments carried along the estimated path.

    Dearer than retraining: what is left of its error is that of the linear gradient alone, so it is the standard for
    cheaper curvature. The error of the reference order, which is known, is taken off every estimate.
    """

    name = "carried, exact curvature"

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.anchor = reference.middle

    def visit(
        self, order: Int[np.ndarray, "time"], stops: Sequence[int], factors: np.ndarray | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        path = self._path(order, factors)
        error = self._errors
        last = len(error) - 1
        return path[-1] - error[min(len(order), last)], [path[stop] - error[min(stop, last)] for stop in stops]

    def changes(
        self, parameters: torch.Tensor, batch: int, position: int, true: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        at_anchor, bend = self._known(parameters, batch)
        return bend, true - at_anchor

    @cached_property
    def _errors(self) -> list[torch.Tensor]:
        path = self._path(np.arange(len(self.reference)), None)
        return [estimated - true for estimated, true in zip(path, self.reference.path, strict=True)]

    def _path(self, order: Int[np.ndarray, "time"], factors: np.ndarray | None) -> list[torch.Tensor]:
        reference = self.reference
        path, moments = [reference.path[0]], reference.moments[0]
        for position, batch in enumerate(order):
            at_anchor, bend = self._known(path[-1], int(batch))
            factor = float(factors[position]) if factors is not None else reference.factor(position)
            parameters, moments = reference.rule.step(path[-1], at_anchor + bend, moments, factor)
            path.append(parameters)
        return path

    def _known(self, parameters: torch.Tensor, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        _, gradient, products = self.reference.products(self.anchor, batch, (parameters - self.anchor)[None])
        return gradient, products[0]
