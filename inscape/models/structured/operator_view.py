"""Learned blocks read as operators: what each answers to an impulse, its singular values, and how far back it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network, whole
from inscape.models.structured.stnn import StNN


@dataclass(frozen=True, eq=False)
class BlockView:
    """One learned block as a matrix.

    Parameters
    ----------
    name : layer and number.
    matrix : (row, column), the activation left out.
    impulse_response : (row + column - 1,) mean of each antidiagonal: the Hankel matrix nearest to `matrix`.
    hankel_distance : Frobenius norm of what that leaves over, as a share of the matrix'; 0 where the block is Hankel.
    singular_values : falling.
    energy_by_delay : (delay,) share of the squared matrix on each sample of the window, oldest first; empty where
        columns are not samples of the window.
    """

    name: str
    matrix: Float[np.ndarray, "row column"]
    impulse_response: Float[np.ndarray, "antidiagonal"]
    hankel_distance: float
    singular_values: Float[np.ndarray, "value"]
    energy_by_delay: Float[np.ndarray, "delay"]

    @property
    def effective_rank(self) -> float:
        """Exponential of the entropy of the normalised singular values (Roy & Vetterli 2007)."""
        share = self.singular_values / max(self.singular_values.sum(), np.finfo(float).tiny)
        share = share[share > 0]
        return float(np.exp(-np.sum(share * np.log(share))))

    def memory(self, share: float = 0.99) -> int:
        """The number of latest samples of the window that hold this share of the block's energy."""
        if not len(self.energy_by_delay):
            raise InputError(f"{self.name}: its columns are not samples of the window, so it has no memory to count")
        return int(np.searchsorted(np.cumsum(self.energy_by_delay[::-1]), share - 1e-12) + 1)


def operator_blocks(
    network: Network, flat: Float[np.ndarray, "parameter"], inputs: int, outputs: int, delays: int = 1
) -> tuple[BlockView, ...]:
    """The blocks of a `HankelNet` (inner and outer) or of an `StNN` (from window to outputs, its layers multiplied).

    Parameters
    ----------
    delays : samples in a window of `inputs` numbers.

    Raises
    ------
    InputError : for a network without such blocks, or if `delays` does not divide `inputs`.
    """
    delays = whole("delays", delays)
    if inputs % delays:
        raise InputError(f"delays: {delays} found, expected a divisor of the {inputs} inputs")
    weights = network.unpack(np.asarray(flat, dtype=float), inputs, outputs)
    views = []
    if isinstance(network, HankelNet):
        n = network.hidden(inputs)
        for kind, rows, columns in (("inner", n, inputs), ("outer", outputs, n)):
            place = np.add.outer(np.arange(rows), np.arange(columns))
            for j, c in enumerate(weights[kind]):
                views.append(_view(f"{kind} {j}", c[place], delays if kind == "inner" else 0))
        return tuple(views)
    if isinstance(network, StNN):
        return tuple(_view(f"block {j}", _chain(network, flat, j, inputs, outputs), delays) for j in range(network.p))
    raise InputError(f"network: {type(network).__name__} found, expected HankelNet or StNN")


def _chain(network: StNN, flat: np.ndarray, block: int, inputs: int, outputs: int) -> np.ndarray:
    """Block j of an StNN without activations and biases: (outputs, inputs), column by column."""
    weights = {k: v.copy() for k, v in network.unpack(np.asarray(flat, dtype=float), inputs, outputs).items()}
    for name in ("bias_1", "bias_2", "bias_3", "bias_4"):
        weights[name][:] = 0.0
    others = np.arange(network.p) != block
    weights["output"][others] = 0.0
    linear = StNN(network.p, activation="identity")
    straight = np.concatenate([weights[k].ravel() for k in network.shapes(inputs, outputs)])
    return linear.compiled(straight, inputs, outputs)(np.eye(inputs)).T


def _view(name: str, matrix: np.ndarray, delays: int) -> BlockView:
    rows, columns = matrix.shape
    place = np.add.outer(np.arange(rows), np.arange(columns))
    sums, counts = np.bincount(place.ravel(), matrix.ravel()), np.bincount(place.ravel())
    response = sums / counts
    norm = np.linalg.norm(matrix)
    energy = np.empty(0)
    if delays:
        energy = (matrix**2).sum(axis=0).reshape(delays, -1).sum(axis=1) / max(norm**2, np.finfo(float).tiny)
    return BlockView(
        name,
        matrix,
        response,
        float(np.linalg.norm(matrix - response[place]) / max(norm, np.finfo(float).tiny)),
        np.linalg.svd(matrix, compute_uv=False),
        energy,
    )
