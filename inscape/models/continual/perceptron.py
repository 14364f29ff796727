"""The network of a dynamics law: a perceptron whose answer is the change of the state, and what it is scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.extras import require

if TYPE_CHECKING:
    import torch

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Matrix (leaving, entering) and bias of each layer."""

MODULES = {"relu": "ReLU", "elu": "ELU", "tanh": "Tanh"}
"""Activations, and what torch calls them."""
LOG_VARIANCE_FROM, LOG_VARIANCE_TO = -10.0, 0.5
"""Soft bounds of a predicted log-variance; the published ones, which no optimiser ever moved."""


@dataclass(frozen=True)
class Plan:
    """Sizes of the network.

    Parameters
    ----------
    features, outputs : numbers that enter (state features and inputs) and that are predicted.
    hidden : units of each hidden layer.
    activation : "relu", "elu" or "tanh".
    gaussian : whether a log-variance is predicted beside every output.
    """

    features: int
    outputs: int
    hidden: tuple[int, ...]
    activation: str = "relu"
    gaussian: bool = False

    @property
    def leaving(self) -> int:
        """Numbers that leave the last layer."""
        return self.outputs * (2 if self.gaussian else 1)

    def network(self) -> torch.nn.Sequential:
        """The perceptron as a torch module, with torch's own initial weights."""
        nn = require("torch", "neural").nn
        sizes = [self.features, *self.hidden]
        activation = getattr(nn, MODULES[self.activation])
        pieces = [piece for a, b in pairwise(sizes) for piece in (nn.Linear(a, b), activation())]
        return nn.Sequential(*pieces, nn.Linear(sizes[-1], self.leaving))

    def loss(self, answers: torch.Tensor, actual: torch.Tensor, weight: float = 1.0) -> torch.Tensor:
        """Sum over the batch of the squared error, or of the Gaussian's negative log-likelihood, over outputs."""
        if not self.gaussian:
            return (answers - actual).square().sum() * (weight / self.outputs)
        mean, raw = answers.split(self.outputs, dim=-1)
        softplus = require("torch", "neural").nn.functional.softplus
        log_variance = LOG_VARIANCE_TO - softplus(LOG_VARIANCE_TO - raw)
        log_variance = LOG_VARIANCE_FROM + softplus(log_variance - LOG_VARIANCE_FROM)
        return ((mean - actual).square() * (-log_variance).exp() + log_variance).sum() * (weight / self.outputs)

    def variance(self, raw: Float[np.ndarray, "sample output"]) -> Float[np.ndarray, "sample output"]:
        """The predicted variance from the second half of the answers."""
        clamped = LOG_VARIANCE_TO - np.logaddexp(0.0, LOG_VARIANCE_TO - raw)
        return np.exp(LOG_VARIANCE_FROM + np.logaddexp(0.0, clamped - LOG_VARIANCE_FROM))


def layers_of(tensors: Sequence[Any]) -> Layers:
    """Matrix, bias, matrix, bias, ... of torch as pairs of arrays."""
    arrays = [t.detach().cpu().numpy().astype(np.float32) for t in tensors]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def answer(
    layers: Layers, features: Float[np.ndarray, "sample feature"], activation: str
) -> Float[np.ndarray, "sample output"]:
    """The perceptron's answer without torch: a planner asks thousands of times for small batches."""
    signal = features
    for matrix, bias in layers[:-1]:
        signal = signal @ matrix.T
        signal += bias
        if activation == "relu":
            np.maximum(signal, 0.0, out=signal)
        elif activation == "tanh":
            np.tanh(signal, out=signal)
        else:
            signal = np.where(signal > 0, signal, np.expm1(np.minimum(signal, 0.0)))
    matrix, bias = layers[-1]
    return signal @ matrix.T + bias
