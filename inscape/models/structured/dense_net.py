"""`DenseNet`: what a structured network has to be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.structured.network import Network, activate, activation_named, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch


class DenseNet(Network):
    """Dense layers with one activation between them.

    Parameters
    ----------
    hidden : width of each hidden layer.
    activation : "tanh", "leaky_relu", "relu" or "identity".
    """

    def __init__(self, hidden: Sequence[int] = (24, 24), *, activation: str = "tanh"):
        self.hidden = hidden
        self.activation = activation

    @classmethod
    def same_widths(cls, network: Network, inputs: int, outputs: int) -> DenseNet:
        """Dense layers as wide as those of a structured network on the same window."""
        return cls(network.widths(inputs, outputs), activation=getattr(network, "activation", "tanh"))

    @classmethod
    def matched(
        cls, parameters: int, inputs: int, outputs: int, *, layers: int = 2, activation: str = "tanh"
    ) -> DenseNet:
        """The widest net of `layers` equal hidden layers that has at most `parameters` weights.

        Raises
        ------
        InputError : if not even one unit a layer fits.
        """
        layers = whole("layers", layers)
        best = None
        units = 1
        while cls((units,) * layers).parameters(inputs, outputs) <= parameters:
            best = cls((units,) * layers, activation=activation)
            units += 1
        if best is None:
            least = cls((1,) * layers).parameters(inputs, outputs)
            raise InputError(
                f"parameters: {parameters} found, expected at least {least} for {layers} layers of one unit"
            )
        return best

    def widths(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(whole("hidden", h) for h in self.hidden)

    def shapes(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Weights by name: weight_k (to, from) and bias_k."""
        widths = [whole("inputs", inputs), *(whole("hidden", h) for h in self.hidden), whole("outputs", outputs)]
        shapes: dict[str, tuple[int, ...]] = {}
        for k in range(1, len(widths)):
            shapes[f"weight_{k}"] = (widths[k], widths[k - 1])
            shapes[f"bias_{k}"] = (widths[k],)
        return shapes

    def initial(self, inputs: int, outputs: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """Uniform in +- 1/sqrt(from), as torch's linear layers."""
        weights = {}
        reach = 1.0
        for name, shape in self.shapes(inputs, outputs).items():
            reach = 1.0 / np.sqrt(shape[1]) if len(shape) == 2 else reach
            weights[name] = random.uniform(-reach, reach, shape)
        return weights

    def compute(self, weights: Mapping[str, torch.Tensor], x: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        """(*batch, inputs) -> (*batch, outputs) in torch."""
        import torch

        name, layers = activation_named(self.activation), len(self.hidden) + 1
        for k in range(1, layers + 1):
            x = torch.nn.functional.linear(x, weights[f"weight_{k}"], weights[f"bias_{k}"])
            x = activate(name, x) if k < layers else x
        return x

    def linearised(
        self, flat: Float[np.ndarray, "parameter"], x: Float[np.ndarray, "batch input"], outputs: int
    ) -> tuple[Float[np.ndarray, "batch output"], Float[np.ndarray, "batch output parameter"]]:
        """Answers and their derivatives by the weights."""
        from inscape.models.structured.jacobians import dense_jacobian

        weights = list(self.unpack(np.asarray(flat, dtype=float), x.shape[1], outputs).values())
        return dense_jacobian(x, weights, activation_named(self.activation))

    def compiled(
        self, flat: Float[np.ndarray, "parameter"], inputs: int, outputs: int, dtype: type = np.float64
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Matrix products by BLAS."""
        from inscape.models.structured.kernels import CODES, bend

        weights = [w.astype(dtype) for w in self.unpack(np.asarray(flat), inputs, outputs).values()]
        code = CODES[activation_named(self.activation)]

        def forward(x: np.ndarray) -> np.ndarray:
            x = np.asarray(x, dtype=dtype)
            for k in range(0, len(weights), 2):
                x = x @ weights[k].T + weights[k + 1]
                if k + 2 < len(weights):
                    bend(code, x.reshape(-1))
            return x

        return forward
