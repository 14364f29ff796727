"""`HankelNet`: two layers of exact Hankel blocks around one activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.models.structured.hankel_product import fast_length, hankel_apply
from inscape.models.structured.network import Network, activate, activation_named, next_power_of_two, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

LOOP_UP_TO = 128
"""Hidden units of a block up to which multiplying out is faster than transforming (benchmarks/stnn.py, one core)."""


class HankelNet(Network):
    """y = sum_j H(c2_j) s(H(c1_j) x + b_j) + b, with H(c)[i, k] = c[i + k].

    A Hankel block is a filter: row i is the response to the window i samples on. The first block is (n, inputs), the
    second (outputs, n); each holds one number an antidiagonal, so nothing in it is unused.

    Parameters
    ----------
    p : number of blocks.
    n : rows of the first block, hidden units of each; the next power of two from `inputs` if None.
    activation : "tanh", "leaky_relu", "relu" or "identity".
    mode : how the blocks are multiplied, "dense", "fft", "butterfly", or "auto" for the fastest at their size.
    """

    def __init__(self, p: int = 12, *, n: int | None = None, activation: str = "tanh", mode: str = "auto"):
        self.p = p
        self.n = n
        self.activation = activation
        self.mode = mode

    def hidden(self, inputs: int) -> int:
        """Hidden units of each block."""
        return next_power_of_two(inputs) if self.n is None else whole("n", self.n)

    def width(self, inputs: int) -> int:
        """Length to which a window is padded: none; its block has as many columns as there are inputs."""
        return whole("inputs", inputs)

    def widths(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return (whole("p", self.p) * self.hidden(inputs),)

    def shapes(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Weights by name."""
        p, n = whole("p", self.p), self.hidden(whole("inputs", inputs))
        m = whole("outputs", outputs)
        return {"inner": (p, n + inputs - 1), "bias": (p, n), "outer": (p, m + n - 1), "offset": (m,)}

    def initial(self, inputs: int, outputs: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """Hidden units of unit size for white inputs, outputs of size about one."""
        shapes = self.shapes(inputs, outputs)
        n = self.hidden(inputs)
        return {
            "inner": random.normal(size=shapes["inner"]) / np.sqrt(inputs),
            "bias": 0.5 * random.normal(size=shapes["bias"]),
            "outer": random.normal(size=shapes["outer"]) / np.sqrt(n * self.p),
            "offset": np.zeros(shapes["offset"]),
        }

    def compute(self, weights: Mapping[str, torch.Tensor], x: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        """(*batch, inputs) -> (*batch, outputs) in torch."""
        inner = hankel_apply(weights["inner"], x[..., None, :], self.hidden(inputs), self.mode)
        hidden = activate(activation_named(self.activation), inner + weights["bias"])
        return hankel_apply(weights["outer"], hidden, outputs, self.mode, summed=True) + weights["offset"]

    def linearised(
        self, flat: Float[np.ndarray, "parameter"], x: Float[np.ndarray, "batch input"], outputs: int
    ) -> tuple[Float[np.ndarray, "batch output"], Float[np.ndarray, "batch output parameter"]]:
        """Answers and their derivatives by the weights, compiled."""
        from inscape.models.structured.jacobians import hankel_net_jacobian
        from inscape.models.structured.kernels import CODES

        weights = self.unpack(np.asarray(flat, dtype=float), x.shape[1], outputs).values()
        code = CODES[activation_named(self.activation)]
        return hankel_net_jacobian(np.ascontiguousarray(x, dtype=float), *weights, code)

    def compiled(
        self, flat: Float[np.ndarray, "parameter"], inputs: int, outputs: int, dtype: type = np.float64
    ) -> Callable[[np.ndarray], np.ndarray]:
        """One compiled loop for short windows; Fourier transforms, those of the weights taken once, for long ones."""
        from inscape.models.structured.kernels import CODES, hankel_net_forward

        weights = [w.astype(dtype) for w in self.unpack(np.asarray(flat), inputs, outputs).values()]
        name, n = activation_named(self.activation), self.hidden(inputs)
        if self.mode == "dense" or (self.mode == "auto" and n <= LOOP_UP_TO):

            def loop(x: np.ndarray) -> np.ndarray:
                return hankel_net_forward(np.ascontiguousarray(x, dtype=dtype), *weights, CODES[name])

            return loop
        return _by_fft(weights, name, inputs, n, outputs, dtype)


def _by_fft(weights: Sequence[np.ndarray], name: str, inputs: int, n: int, outputs: int, dtype: type) -> Any:
    from scipy.fft import irfft, rfft

    from inscape.models.structured.kernels import CODES, bend

    inner, bias, outer, offset = weights
    first, second = fast_length(n + inputs - 1), fast_length(n + outputs - 1)
    inner_spectrum, outer_spectrum = rfft(inner, first), rfft(outer, second)
    code = CODES[name]

    def forward(x: np.ndarray) -> np.ndarray:
        spectrum = rfft(np.asarray(x, dtype=dtype), first).conj()
        hidden = irfft(inner_spectrum * spectrum[:, None], first)[..., :n] + bias
        bend(code, hidden.reshape(-1))
        # The sum over blocks before the transform back: one inverse transform instead of p.
        summed = np.einsum("pf,bpf->bf", outer_spectrum, rfft(hidden, second).conj())
        return irfft(summed, second)[:, :outputs] + offset

    return forward
