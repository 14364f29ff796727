"""The paper's estimators FUT and FUT++, as far as they can be inferred (arXiv 2505.22042; no code was released)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.order.estimator import Estimator
from inscape.probes.order.projection import Projection
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


DAMPING = 0.3


def fut1(reference: Reference, *, damping: float = DAMPING, projection: float | None = None, seed: int = 0) -> Taylor:
    """FUT: the optimiser's update to first order around the recorded path; see `Taylor`."""
    return Taylor(reference, 1, damping, projection, seed)


def fut2(reference: Reference, *, damping: float = DAMPING, projection: float | None = None, seed: int = 0) -> Taylor:
    """FUT++: the same to second order; see `Taylor`."""
    return Taylor(reference, 2, damping, projection, seed)


class Taylor(Estimator):
    """Gamma(gamma_t, B) ~ sum over k of Gamma^(k)(theta_t, B) (gamma_t - theta_t)^k / k!, element by element.

    Gamma is the optimiser's update. Read of the method: the expansion along the recorded path, the derivatives of
    Adam's update by the chain rule, and quotients of differences of gradients along the path in place of derivatives.
    Inferred: both moments are those of the recorded run at the same position; quotients are taken from the position
    before, and damped where a parameter hardly moved (difference times s / (s^2 + f^2) for its step s, with f a share
    of the step's root mean square; without it, a few quotients of rounding over nothing make estimates diverge);
    projections go back by the transpose.

    It costs T^2 gradients once and keeps them; an order then costs T updates of all parameters.

    Parameters
    ----------
    degree : 0, 1 (FUT) or 2 (FUT++).
    damping : the share f / (root mean square step); 0 leaves the quotients as they are.
    projection : share of the numbers kept of every stored update and derivative, by random projection; None keeps all.
    """

    def __init__(
        self,
        reference: Reference,
        degree: int = 1,
        damping: float = DAMPING,
        projection: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(reference)
        if degree not in (0, 1, 2):
            raise InputError(f"degree: {degree!r} found, expected 0, 1 or 2")
        if not np.isfinite(damping) or damping < 0:
            raise InputError(f"damping: {damping} found, expected a number of at least 0")
        self.degree = degree
        self.damping = float(damping)
        self.name = f"fut{degree}"
        self.projection = None if projection is None else Projection(reference.landscape, projection, seed)
        batches = range(len(reference))
        rows = [
            torch.stack([reference.gradient(reference.path[position], batch)[1] for batch in batches])
            for position in batches
        ]
        self.gradients = torch.stack(rows)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the paper's store holds: an update and its derivatives for every pair of place and batch."""
        each = self.reference.landscape.size if self.projection is None else self.projection.kept
        return len(self.reference) ** 2 * (self.degree + 1) * each

    def visit(
        self, order: Int[np.ndarray, "time"], stops: Sequence[int], factors: np.ndarray | None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        reference, parameters, places = self.reference, self.reference.path[0], []
        for position, batch in enumerate(order):
            if position in stops:
                places.append(parameters)
            known = min(position, len(reference) - 1)
            apart = parameters - reference.path[known]
            factor = float(factors[position]) if factors is not None else reference.factor(position)
            update = self.update(known, int(batch), apart)
            parameters = parameters - reference.rule.shrink(factor) * parameters - reference.rule.rate * factor * update
        return parameters, places

    def update(self, position: int, batch: int, apart: torch.Tensor) -> torch.Tensor:
        """Gamma at a place `apart` from the recorded path."""
        terms = self.terms(position, batch)
        if self.projection is not None:
            terms = [self.projection.through(term) for term in terms]
        found = terms[0]
        if self.degree > 0:
            found = found + terms[1] * apart
        return found + terms[2] * apart * apart / 2 if self.degree > 1 else found

    def terms(self, position: int, batch: int) -> list[torch.Tensor]:
        """Gamma and its derivatives up to the degree, each (parameter,)."""
        rule, before = self.reference.rule, self.reference.moments[position]
        keep, take, out, straight = rule.recursion(before.steps)
        g, *slopes = self.quotients(position, batch)
        h, k = (*slopes, None, None)[:2]
        weights = 1.0 if rule.rate_weights is None else rule.rate_weights
        upper = out * (keep * before.first + take * g) + straight * g
        slope = out * take + straight
        if not rule.is_adaptive:
            return [weights * upper, *(weights * slope * q for q in (h, k) if q is not None)]
        beta = rule.betas[1]
        correction = 1 - beta ** (before.steps + 1)
        share = (1 - beta) / correction
        second = (beta * before.second + (1 - beta) * g * g) / correction
        root = second.sqrt()
        lower = root + rule.epsilon
        found = [weights * upper / lower]
        # A gradient that was never there has a root of zero and no slope.
        safe = torch.where(root > 0, root, torch.ones_like(root))
        if h is None:
            return found
        bend = torch.where(root > 0, share * g * h / safe, torch.zeros_like(root))
        found.append(weights * (slope * h / lower - upper * bend / lower**2))
        if k is not None:
            twice = (share * (h * h + g * k) - bend * bend) / safe
            twice = torch.where(root > 0, twice, torch.zeros_like(root))
            parts = slope * k / lower - 2 * slope * h * bend / lower**2 - upper * twice / lower**2
            found.append(weights * (parts + 2 * upper * bend**2 / lower**3))
        return found

    def quotients(self, position: int, batch: int) -> list[torch.Tensor]:
        """The gradient on the recorded path and its quotients of differences, element by element."""
        found = [self.gradients[position, batch]]
        if self.degree > 0:
            found.append(self._quotient(position, batch))
        if self.degree > 1:
            found.append(
                self._over_step(self._quotient(position, batch) - self._quotient(position - 1, batch), position)
                if position > 1
                else torch.zeros_like(found[0])
            )
        return found

    def changes(
        self, parameters: torch.Tensor, batch: int, position: int, true: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        known = min(position, len(self.reference) - 1)
        apart = parameters - self.reference.path[known]
        quotients = self.quotients(known, batch)
        predicted = sum((q * apart ** (k + 1) / (k + 1) for k, q in enumerate(quotients[1:])), torch.zeros_like(apart))
        return predicted, true - quotients[0]

    def _quotient(self, position: int, batch: int) -> torch.Tensor:
        # Nothing lies before the first position; no path differs from the recorded one there either.
        if position == 0:
            return torch.zeros_like(self.gradients[0, batch])
        return self._over_step(self.gradients[position, batch] - self.gradients[position - 1, batch], position)

    def _over_step(self, difference: torch.Tensor, position: int) -> torch.Tensor:
        step = self.reference.path[position] - self.reference.path[position - 1]
        below = step * step + self.damping**2 * step.square().mean()
        return torch.where(below > 0, difference * step / below, torch.zeros_like(step))
