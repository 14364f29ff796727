"""Structured networks as torch modules: any plan (`NetworkModule`) and the single Hankel layer (`HankelLinear`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.models.structured.hankel import HankelFactors
from inscape.models.structured.hankel_product import MODES, hankel_apply
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


class HankelLinear(torch.nn.Module):
    """p learned Hankel blocks side by side: y[j, i] = sum_k c[j, i + k] x[k] (+ bias), or their sum over j.

    Parameters
    ----------
    n : length of the input.
    p : number of blocks.
    mode : how the product is computed, always of the same numbers: "dense" by the matrix, "fft" by a circulant,
        "butterfly" by the fused levels of `fused`, "auto" by whichever was measured to be fastest at this size.
    outputs : rows of each block, n if None.
    bias : whether a (p, outputs) bias is learned.
    seed : of the starting weights, normal with deviation 1 / sqrt(n).

    Notes
    -----
    (*batch, n) -> (*batch, p, outputs); an input (*batch, p, n) gives each block its own.
    """

    def __init__(
        self,
        n: int,
        p: int = 1,
        mode: Mode = "auto",
        *,
        outputs: int | None = None,
        bias: bool = False,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise UnknownNameError("mode", str(mode), MODES)
        self.n, self.p, self.mode = whole("n", n), whole("p", p), mode
        self.outputs = self.n if outputs is None else whole("outputs", outputs)
        start = np.random.default_rng(seed).normal(size=(self.p, self.n + self.outputs - 1)) / np.sqrt(self.n)
        self.antidiagonals = torch.nn.Parameter(torch.as_tensor(start, dtype=torch.get_default_dtype()))
        self.bias = torch.nn.Parameter(torch.zeros(self.p, self.outputs)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(*batch, n) or (*batch, p, n) -> (*batch, p, outputs)."""
        if x.ndim < 1 or x.shape[-1] != self.n:
            raise InputError(f"x: shape {tuple(x.shape)} found, expected (*batch, {self.n}) or (*batch, p, {self.n})")
        apart = x.ndim > 1 and x.shape[-2] == self.p and self.p > 1
        y = hankel_apply(self.antidiagonals, x if apart else x[..., None, :], self.outputs, self.mode)
        return y if self.bias is None else y + self.bias

    def factors(self, block: int = 0) -> HankelFactors:
        """One block as a product of sparse factors, for inspection."""
        return HankelFactors(self.antidiagonals[block].detach().double().cpu().numpy(), self.outputs)
