"""`GaussianPolicy`: a small tanh network whose output is the mean of a Gaussian over actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


class GaussianPolicy:
    """a ~ N(m(s), diag(exp(2 log_std))), with m a tanh network; it acts by its mean, clipped to the action space.

    The network speaks in units of half the action range around its middle, so that 1 is the upper bound of any space.

    Parameters
    ----------
    layers : (weight (out, in), bias (out,)) of each layer, first to last.
    log_std : (action,) in those units.
    low, high : (action,) bounds of the action space.
    """

    def __init__(
        self,
        layers: Sequence[tuple[np.ndarray, np.ndarray]],
        log_std: Float[np.ndarray, "action"],
        low: Float[np.ndarray, "action"],
        high: Float[np.ndarray, "action"],
    ):
        self.layers = tuple((np.asarray(w, dtype=float), np.asarray(b, dtype=float)) for w, b in layers)
        self.log_std = np.asarray(log_std, dtype=float)
        self.low = np.asarray(low, dtype=float)
        self.high = np.asarray(high, dtype=float)

    def mean(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The mean action, not clipped."""
        x = np.asarray(observation, dtype=float)
        if x.ndim == 0 or x.shape[-1] != self.layers[0][0].shape[1]:
            raise InputError(
                f"observation: shape {x.shape} found, expected (..., {self.layers[0][0].shape[1]}) as the policy reads"
            )
        for weight, bias in self.layers[:-1]:
            x = np.tanh(x @ weight.T + bias)
        weight, bias = self.layers[-1]
        return (self.high + self.low) / 2 + (self.high - self.low) / 2 * (x @ weight.T + bias)

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The mean action, clipped to the action space."""
        return np.clip(self.mean(observation), self.low, self.high)

    def sample(
        self, observation: Float[np.ndarray, "*batch observation"], seed: int | np.random.Generator | None = None
    ) -> Float[np.ndarray, "*batch action"]:
        """An action drawn from the Gaussian, clipped to the action space."""
        mean = self.mean(observation)
        spread = (self.high - self.low) / 2 * np.exp(self.log_std)
        return np.clip(mean + spread * np.random.default_rng(seed).normal(size=mean.shape), self.low, self.high)

    @property
    def parameters(self) -> Float[np.ndarray, "parameter"]:
        """Weights and biases of the mean, one after the other."""
        return np.concatenate([part.ravel() for layer in self.layers for part in layer])

    def with_parameters(self, vector: Float[np.ndarray, "parameter"]) -> Self:
        """The same network with other weights and biases.

        Raises
        ------
        InputError : if their number differs.
        """
        values = np.asarray(vector, dtype=float)
        if values.shape != self.parameters.shape:
            raise InputError(f"parameters: shape {values.shape} found, expected {self.parameters.shape}")
        layers, at = [], 0
        for weight, bias in self.layers:
            middle, stop = at + weight.size, at + weight.size + bias.size
            layers.append((values[at:middle].reshape(weight.shape), values[middle:stop]))
            at = stop
        return type(self)(layers, self.log_std, self.low, self.high)

    def state(self) -> dict[str, Any]:
        """The policy as plain arrays."""
        flat = {f"{part}{i}": p for i, layer in enumerate(self.layers) for part, p in zip("wb", layer, strict=True)}
        return flat | {"log_std": self.log_std, "low": self.low, "high": self.high}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `state`."""
        count = sum(1 for key in state if key[0] == "w" and key[1:].isdigit())
        layers = [(np.asarray(state[f"w{i}"]), np.asarray(state[f"b{i}"])) for i in range(count)]
        return cls(layers, state["log_std"], state["low"], state["high"])

    def __repr__(self) -> str:
        widths = [self.layers[0][0].shape[1], *(len(b) for _, b in self.layers)]
        return f"GaussianPolicy({'-'.join(map(str, widths))} tanh, {len(self.parameters):,} numbers)"
