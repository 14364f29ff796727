"""`StNN`: a network whose weight matrices are learned sparse factors of a Hankel operator (Aluvihare et al. 2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.models.structured.butterfly import bit_reversal, butterfly, cosine_butterfly
from inscape.models.structured.network import Network, activate, activation_named, next_power_of_two, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch


class StNN(Network):
    """p structured blocks of four weight layers, from a window padded to n = 2^k numbers to at most n outputs.

    With r = 2n and J = [I_n; 0], block j computes (arXiv 2503.23697, and the notebook of arXiv 2503.20694 for what
    the abstract leaves open)

        h1 = s(F_j J x + b1)    h2 = s(J' G_j D_j h1 + b2)    h3 = s(I~ h2 + b3)    y = sum_j Dc_j h3 + b4

    F_j and G_j are learned in the shape of the radix-2 Fourier recursion F_r = P' (F_{r/2} + F_{r/2}) [I I; W -W]
    down to 2 x 2 leaves: one real twiddle vector W a level shared by all its branches, two leaf matrices a transform.
    Only weights that an output depends on exist: J' drops the second row of G's leaves, `outputs` < n the rows of b2,
    b3 and Dc beyond them, and a window shorter than n the twiddles that would multiply its padding.

    Parameters
    ----------
    p : number of blocks.
    activation : "tanh", "leaky_relu" (slope 0.1, as the authors' beamforming notebook has it), "relu" or "identity".
    noise : standard deviation of what is added to the cosine butterfly that training starts from.
    """

    def __init__(self, p: int = 6, *, activation: str = "tanh", noise: float = 0.1):
        self.p = p
        self.activation = activation
        self.noise = noise

    def width(self, inputs: int) -> int:
        """n: the next power of two, at least 2."""
        return max(2, next_power_of_two(whole("inputs", inputs)))

    def widths(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """Units of each hidden layer: 2pn, then p for each output that is asked for, twice."""
        return (2 * self.p * self.width(inputs), self.p * outputs, self.p * outputs)

    def shapes(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Weights by name; p(11 n + 8) + n numbers where there are n outputs."""
        p, n = whole("p", self.p), self.width(inputs)
        m = whole("outputs", outputs)
        if m > n:
            from inscape.errors import InputError

            raise InputError(f"outputs: {m} found, expected at most n = {n}, the padded length of the window")
        r = 2 * n
        return {
            "twiddles_in": (p, r - 2 - (n - inputs)),
            "leaves_in": (p, 2, 2, 2),
            "bias_1": (p, r),
            "diagonal": (p, r),
            "twiddles_out": (p, r - 2),
            "leaves_out": (p, 2 if m > n // 2 else 1, 2),
            "bias_2": (p, m),
            "bias_3": (p, m),
            "output": (p, m),
            "bias_4": (m,),
        }

    def initial(self, inputs: int, outputs: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """The cosine butterfly scaled to keep lengths, plus noise; the output diagonal is divided by p."""
        shapes = self.shapes(inputs, outputs)
        p, n = self.p, self.width(inputs)
        twiddles, leaves = cosine_butterfly(2 * n)
        weights = {k: self.noise * random.normal(size=s) for k, s in shapes.items()}
        weights["twiddles_in"] += np.concatenate([twiddles[:inputs], twiddles[n:]])
        weights["twiddles_out"] += twiddles
        weights["leaves_in"] += leaves
        weights["leaves_out"] += leaves[-weights["leaves_out"].shape[1] :, 0]
        # Inputs are standardised, so the transform, not its input, sets the size of h1.
        weights["diagonal"] = random.normal(size=shapes["diagonal"])
        weights["output"] = random.normal(size=shapes["output"]) / np.sqrt(p)
        weights["bias_4"] = np.zeros(shapes["bias_4"])
        return weights

    def compute(self, weights: Mapping[str, torch.Tensor], x: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        """(*batch, inputs) -> (*batch, outputs) in torch."""
        name, n = activation_named(self.activation), self.width(inputs)
        transformed = butterfly(x[..., None, :], weights["twiddles_in"], weights["leaves_in"], size=2 * n)
        h1 = activate(name, transformed + weights["bias_1"])
        leaves = weights["leaves_out"][:, :, None, :]
        back = butterfly(
            h1 * weights["diagonal"], weights["twiddles_out"], leaves, size=2 * n, rows=self._rows(n, outputs)
        )
        h2 = activate(name, back + weights["bias_2"])
        h3 = activate(name, h2 + weights["bias_3"])
        return (h3 * weights["output"]).sum(-2) + weights["bias_4"]

    def linearised(
        self, flat: Float[np.ndarray, "parameter"], x: Float[np.ndarray, "batch input"], outputs: int
    ) -> tuple[Float[np.ndarray, "batch output"], Float[np.ndarray, "batch output parameter"]]:
        """Answers and their derivatives by the weights, compiled."""
        from inscape.models.structured.jacobians import stnn_jacobian
        from inscape.models.structured.kernels import CODES

        weights = self.unpack(np.asarray(flat, dtype=float), x.shape[1], outputs).values()
        positions, code = bit_reversal(2 * self.width(x.shape[1])), CODES[activation_named(self.activation)]
        return stnn_jacobian(np.ascontiguousarray(x, dtype=float), *weights, positions, code)

    def _rows(self, n: int, outputs: int) -> np.ndarray:
        """Where, among the n kept results of the second transform, h2 reversed finds its first `outputs` entries."""
        return bit_reversal(n)[n - 1 - np.arange(outputs)]

    def compiled(
        self, flat: Float[np.ndarray, "parameter"], inputs: int, outputs: int, dtype: type = np.float64
    ) -> Callable[[np.ndarray], np.ndarray]:
        """The fused butterfly of `kernels.stnn_forward`."""
        from inscape.models.structured.kernels import CODES, stnn_forward

        weights = [w.astype(dtype) for w in self.unpack(np.asarray(flat), inputs, outputs).values()]
        positions, code = bit_reversal(2 * self.width(inputs)), CODES[activation_named(self.activation)]

        def forward(x: np.ndarray) -> np.ndarray:
            return stnn_forward(np.ascontiguousarray(x, dtype=dtype), *weights, positions, code)

        return forward
