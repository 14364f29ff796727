"""`Network`: the plan of a small network - its weights by name and shape, where they start, and what they compute."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator

from inscape.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from inscape.models.structured.modules import NetworkModule

ACTIVATIONS = ("leaky_relu", "tanh", "relu", "identity")
LEAK = 0.1
"""Slope of "leaky_relu" below zero (Aluvihare et al. 2025, as their beamforming notebook has it)."""


class Network(BaseEstimator):
    """A plan without weights: the number of inputs and outputs is known only when a recording is seen.

    Leaves say which weights there are (`shapes`), where training starts (`initial`), and what is computed: in torch
    (`compute`), as a compiled function for use (`compiled`), and with its derivatives by the weights (`linearised`).
    """

    @abstractmethod
    def shapes(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight, in the order of the flat vector. Every number counted here is used."""

    @abstractmethod
    def initial(self, inputs: int, outputs: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """Weights by name before training."""

    @abstractmethod
    def compute(self, weights: Mapping[str, torch.Tensor], x: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        """(*batch, inputs) -> (*batch, outputs), differentiable."""

    @abstractmethod
    def compiled(
        self, flat: Float[np.ndarray, "parameter"], inputs: int, outputs: int, dtype: type = np.float64
    ) -> Callable[[np.ndarray], np.ndarray]:
        """The network with these weights as a function (batch, inputs) -> (batch, outputs); needs no torch."""

    @abstractmethod
    def linearised(
        self, flat: Float[np.ndarray, "parameter"], x: Float[np.ndarray, "batch input"], outputs: int
    ) -> tuple[Float[np.ndarray, "batch output"], Float[np.ndarray, "batch output parameter"]]:
        """Answers to a batch and their derivatives by every weight, in double precision; needs no torch."""

    def width(self, inputs: int) -> int:
        """Length to which a window of `inputs` numbers is padded."""
        return inputs

    @abstractmethod
    def widths(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """Units of each hidden layer."""

    def parameters(self, inputs: int, outputs: int) -> int:
        """Number of weights."""
        return sum(int(np.prod(shape)) for shape in self.shapes(inputs, outputs).values())

    def start(self, inputs: int, outputs: int, seed: int | np.random.Generator | None = 0) -> np.ndarray:
        """The (parameter,) weights before training as one vector."""
        weights = self.initial(inputs, outputs, np.random.default_rng(seed))
        return np.concatenate([weights[name].ravel() for name in self.shapes(inputs, outputs)]).astype(float)

    def unpack(self, flat: Any, inputs: int, outputs: int) -> dict[str, Any]:
        """Views of a flat vector (array or tensor) by name."""
        shapes = self.shapes(inputs, outputs)
        needed = self.parameters(inputs, outputs)
        if flat.ndim != 1 or flat.shape[0] != needed:
            raise InputError(
                f"weights: shape {tuple(flat.shape)} found, {type(self).__name__} of {inputs} inputs and "
                f"{outputs} outputs has ({needed},)"
            )
        weights, at = {}, 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            weights[name] = flat[at : at + size].reshape(shape)
            at += size
        return weights

    def module(
        self, inputs: int, outputs: int | None = None, seed: int | np.random.Generator | None = 0
    ) -> NetworkModule:
        """A `torch.nn.Module` of this plan with `inputs` inputs and `outputs` outputs (the padded width if None).

        Raises
        ------
        MissingExtraError : without torch.
        """
        from inscape.extras import require

        require("torch", "neural")
        from inscape.models.structured.modules import NetworkModule

        outputs = self.width(inputs) if outputs is None else outputs
        return NetworkModule(self, inputs, outputs, seed)


def whole(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int, or an `InputError` that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
    return int(value)


def number(name: str, value: Any, kind: str, allowed: Callable[[float], bool]) -> float:
    """`value` as a float for which `allowed` holds, or an `InputError` that says what was expected."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(f"{name}: {value!r} found, expected {kind}")
    if not (np.isfinite(value) and allowed(float(value))):
        raise InputError(f"{name}: {value!r} found, expected {kind}")
    return float(value)


def next_power_of_two(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << max(0, int(count) - 1).bit_length()


def activation_named(name: Any) -> str:
    """A known activation's name, or an error."""
    from inscape.errors import UnknownNameError

    if name not in ACTIVATIONS:
        raise UnknownNameError("activation", str(name), ACTIVATIONS)
    return str(name)


def activate(name: str, x: torch.Tensor) -> torch.Tensor:
    """The activation in torch."""
    import torch

    if name == "leaky_relu":
        return torch.nn.functional.leaky_relu(x, LEAK)
    if name == "tanh":
        return torch.tanh(x)
    return torch.relu(x) if name == "relu" else x
