"""Structured networks as torch modules: any plan (`NetworkModule`) and the single Hankel layer (`HankelLinear`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.structured.network import Network, whole

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Mode = Literal["auto", "dense", "butterfly", "fft"]


class NetworkModule(torch.nn.Module):
    """The weights of a `Network` plan as torch parameters; (*batch, inputs) -> (*batch, outputs)."""

    def __init__(self, network: Network, inputs: int, outputs: int, seed: int | np.random.Generator | None = 0) -> None:
        super().__init__()
        self.network, self.inputs, self.outputs = network, whole("inputs", inputs), whole("outputs", outputs)
        start = network.initial(self.inputs, self.outputs, np.random.default_rng(seed))
        self.weights = torch.nn.ParameterDict(
            {k: torch.nn.Parameter(torch.as_tensor(v, dtype=torch.get_default_dtype())) for k, v in start.items()}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(*batch, inputs) -> (*batch, outputs)."""
        if x.ndim < 1 or x.shape[-1] != self.inputs:
            raise InputError(f"x: shape {tuple(x.shape)} found, expected (*batch, {self.inputs})")
        weights = {name: self.weights[name] for name in self.network.shapes(self.inputs, self.outputs)}
        return self.network.compute(weights, x, self.inputs, self.outputs)

    def flat(self) -> np.ndarray:
        """All weights as one float64 vector, in the order of the plan."""
        names = self.network.shapes(self.inputs, self.outputs)
        return np.concatenate([self.weights[k].detach().double().cpu().numpy().ravel() for k in names])

    def set_flat(self, flat: np.ndarray) -> None:
        """The inverse of `flat`."""
        with torch.no_grad():
            for name, value in self.network.unpack(np.asarray(flat, dtype=float), self.inputs, self.outputs).items():
                self.weights[name].copy_(torch.as_tensor(value))
