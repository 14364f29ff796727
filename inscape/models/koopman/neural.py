"""`NeuralObservables`: a dictionary that is trained until the operator hardly leaves its span."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.koopman.observables import Observables, embedded, embedded_names, positive, whole

if TYPE_CHECKING:
    from inscape.models.koopman.snapshots import Snapshots


class NeuralObservables(Observables):
    """The constant, the state, and the outputs of a net, trained for the least residual of their whole span.

    With features orthonormal on the samples (Gram matrix 1, Koopman matrix A, image L), the sum of squared residuals of
    the span is tr(L) - ||A||_F^2: what K carries out of it. The loss is that sum for the span of 1, the state and the
    net; it does not depend on the basis, is zero exactly on an invariant space, and keeps the state in, so that the net
    cannot settle on functions that tell nothing of it. (Residual training after Xu et al. 2025, "ResKoopNet"; a net as
    dictionary after Li, Dietrich, Bollt, Kevrekidis 2017, Chaos 27:103111.) Needs the extra [neural] to train.

    Parameters
    ----------
    outputs : observables that the net makes, beside the constant and the state.
    hidden : widths of its layers, tanh.
    delays, stride : samples that it sees, and samples between them.
    steps : of Adam.
    batch : pairs a step; as many as there are if there are fewer.
    rate : of learning, falling to a hundredth along a cosine.
    seed : of weights and batches.

    Notes
    -----
    After training: `weights_`, `biases_` (a list each of arrays), `losses_` (step,): the share of the span that K
    carries out of it, between 0 and 1.
    """

    has_constant = True

    def __init__(
        self,
        outputs: int = 20,
        *,
        hidden: tuple[int, ...] = (64, 64),
        delays: int = 1,
        stride: int = 1,
        steps: int = 500,
        batch: int = 2_000,
        rate: float = 3e-3,
        seed: int | None = 0,
    ):
        self.outputs = outputs
        self.hidden = hidden
        self.delays = delays
        self.stride = stride
        self.steps = steps
        self.batch = batch
        self.rate = rate
        self.seed = seed

    @property
    def past(self) -> int:
        return (whole("delays", self.delays) - 1) * whole("stride", self.stride) + 1

    @property
    def names(self) -> tuple[str, ...]:
        seen = embedded_names(self.state_names_, int(self.delays), int(self.stride))
        return ("1", *seen, *(f"net[{i}]" for i in range(int(self.outputs))))

    def _learn(self, windows: np.ndarray) -> None:
        for name in ("outputs", "steps", "batch"):
            whole(name, getattr(self, name))
        positive("rate", self.rate)
        if not isinstance(self.hidden, (tuple, list)):
            raise InputError(f"hidden: {self.hidden!r} found, expected widths of layers such as (64, 64)")
        points = embedded(windows, int(self.delays), int(self.stride))
        deviation = points.std(axis=0)
        self.centre_, self.width_ = points.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
        rng = np.random.default_rng(self.seed)
        sizes = [points.shape[1], *(whole("hidden", width) for width in self.hidden), int(self.outputs)]
        self.weights_ = [rng.normal(0, 1 / np.sqrt(a), (a, b)) for a, b in pairwise(sizes)]
        self.biases_ = [rng.uniform(-1, 1, b) for b in sizes[1:]]
        self.losses_ = np.empty(0)

    def learn_pairs(self, pairs: Snapshots) -> None:
        """Train on snapshot pairs.

        Raises
        ------
        MissingExtraError : without torch.
        """
        torch = require("torch", "neural")
        points = (embedded(pairs.windows, int(self.delays), int(self.stride)) - self.centre_) / self.width_
        seen = torch.from_numpy(np.ascontiguousarray(points))
        first, second = torch.from_numpy(pairs.first), torch.from_numpy(pairs.second)
        tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (*self.weights_, *self.biases_)]
        layers = len(self.weights_)
        optimiser = torch.optim.Adam(tensors, lr=float(self.rate))
        steps = int(self.steps)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=float(self.rate) / 100)
        generator = torch.Generator().manual_seed(0 if self.seed is None else int(self.seed))
        losses = np.empty(steps)
        for step in range(steps):
            rows = torch.arange(len(first))
            if len(first) > int(self.batch):
                rows = torch.randperm(len(first), generator=generator)[: int(self.batch)]
            both = torch.cat([seen[first[rows]], seen[second[rows]]])
            loss = _escaping_share(torch, both, _outputs(torch, both, tensors[:layers], tensors[layers:]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses[step] = loss.item()
        learned = [t.detach().numpy() for t in tensors]
        self.weights_, self.biases_, self.losses_ = learned[:layers], learned[layers:], losses

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        points = (embedded(windows, int(self.delays), int(self.stride)) - self.centre_) / self.width_
        return np.concatenate(
            [np.ones((len(points), 1)), points, _outputs(np, points, self.weights_, self.biases_)], axis=1
        )


def _outputs(library: Any, points: Any, weights: list[Any], biases: list[Any]) -> Any:
    """The net in NumPy or torch, whichever `library` is."""
    values = points
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        values = values @ weight + bias
        if layer < len(weights) - 1:
            values = library.tanh(values)
    return values


def _escaping_share(torch: Any, points: Any, outputs: Any) -> Any:
    """(tr L - ||A||^2) / N in an orthonormal basis; the first half of the rows is before, the second after a step."""
    moving = torch.cat([points, outputs], dim=1)
    half = len(moving) // 2
    # The constant is taken out by hand, and scales too: rounding then leaves no way to win by shrinking a feature.
    moving = (moving - moving[:half].mean(dim=0)) / (moving[:half].std(dim=0) + 1e-12)
    before, after = moving[:half], moving[half:] - moving[half:].mean(dim=0)
    gram = before.T @ before / half + 1e-9 * torch.eye(moving.shape[1], dtype=moving.dtype)
    triangle = torch.linalg.cholesky(gram)
    basis = torch.linalg.solve_triangular(triangle, before.T, upper=False)
    image = torch.linalg.solve_triangular(triangle, after.T, upper=False)
    cross = basis @ image.T / half
    return ((image**2).sum() / half - (cross**2).sum()) / moving.shape[1]
