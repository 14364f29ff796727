"""`Replicas`: many independent copies of one small network, trained side by side in a single batched pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.parallel import track

if TYPE_CHECKING:
    import torch


class Replicas:
    """Networks of one architecture with weights, data and batches of their own.

    Weights are stacked and the network is mapped over the stack, so that a hundred small networks cost little more
    than one large one: the way to train one model for each system and seed of a study on a single core.

    Parameters
    ----------
    build : makes one freshly initialised network.
    count : how many copies.
    seed : of the initial weights; copy `i` gets the same weights whatever `count` is.
    """

    def __init__(self, build: Callable[[], torch.nn.Module], count: int, *, seed: int = 0):
        torch = require("torch", "neural")
        if count < 1:
            raise InputError(f"count: {count} found, expected at least one network")
        networks = []
        for child in np.random.SeedSequence(seed).spawn(count):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(int(child.generate_state(1)[0]))
                networks.append(build())
        self._parameters, self._buffers = torch.func.stack_module_state(networks)
        self._shell = copy.deepcopy(networks[0]).to("meta")
        self.count = count

    @property
    def parameter_count(self) -> int:
        """Numbers that one copy learns."""
        return sum(p[0].numel() for p in self._parameters.values())

    def fit(
        self,
        inputs: Float[np.ndarray, "replica sample *input"],
        targets: Float[np.ndarray, "replica sample *output"],
        *,
        epochs: int,
        batch_size: int | None = None,
        learning_rate: float = 1e-3,
        seed: int = 0,
        label: str = "",
    ) -> Float[np.ndarray, "epoch replica"]:
        """Train every copy on its own samples by Adam on the mean squared error.

        Parameters
        ----------
        batch_size : samples a step, drawn anew each epoch; all of them if None.
        label : what the progress bar says; no bar if empty.

        Returns
        -------
        The mean loss of each epoch and copy.

        Raises
        ------
        DivergedError : if a loss is no longer finite.
        """
        torch = require("torch", "neural")
        x, y = self._tensor("inputs", inputs), self._tensor("targets", targets)
        if x.shape[1] != y.shape[1]:
            raise InputError(f"targets: {y.shape[1]} samples found for {x.shape[1]} inputs")
        samples = x.shape[1]
        size = samples if batch_size is None else min(batch_size, samples)
        generator = torch.Generator().manual_seed(seed)
        optimiser = torch.optim.Adam(self._parameters.values(), lr=learning_rate)
        history = np.empty((epochs, self.count))
        with track(epochs, label) as advance:
            for epoch in range(epochs):
                # One order for all copies: each still meets every sample once an epoch.
                order = torch.randperm(samples, generator=generator)
                total = torch.zeros(self.count)
                for batch in order.split(size):
                    losses = ((self._apply(x[:, batch]) - y[:, batch]) ** 2).flatten(1).mean(1)
                    optimiser.zero_grad()
                    # The copies share no weight, so the gradient of the sum is the gradient of each.
                    losses.sum().backward()
                    optimiser.step()
                    total += losses.detach() * (len(batch) / samples)
                history[epoch] = total.numpy()
                if not np.isfinite(history[epoch]).all():
                    worst = int(np.argmin(np.isfinite(history[epoch])))
                    raise DivergedError(
                        f"training: loss of copy {worst} not finite after {epoch + 1} epochs; lower learning_rate"
                    )
                advance()
        return history

    def predict(
        self, inputs: Float[np.ndarray, "replica sample *input"]
    ) -> Float[np.ndarray, "replica sample *output"]:
        """The outputs of every copy on its own samples."""
        torch = require("torch", "neural")
        with torch.no_grad():
            return self._apply(self._tensor("inputs", inputs)).numpy().astype(float)

    def network(self, index: int) -> torch.nn.Module:
        """One copy as an ordinary torch module."""
        torch = require("torch", "neural")
        alone = copy.deepcopy(self._shell).to_empty(device="cpu")
        weights = {**self._parameters, **self._buffers}
        alone.load_state_dict({name: value[index].detach().clone() for name, value in weights.items()})
        assert isinstance(alone, torch.nn.Module)
        return alone

    def _apply(self, x: torch.Tensor) -> torch.Tensor:
        torch = require("torch", "neural")

        def one(parameters: Any, buffers: Any, batch: Any) -> Any:
            return torch.func.functional_call(self._shell, (parameters, buffers), (batch,))

        return torch.func.vmap(one)(self._parameters, self._buffers, x)

    def _tensor(self, name: str, array: Any) -> torch.Tensor:
        torch = require("torch", "neural")
        values = np.asarray(array, dtype=np.float32)
        if values.ndim < 2 or len(values) != self.count or values.shape[1] == 0:
            raise InputError(f"{name}: shape {values.shape} found, expected ({self.count} replicas, sample, ...)")
        if not np.isfinite(values).all():
            raise InputError(f"{name}: values that are not finite found; fill or drop them first")
        return torch.from_numpy(np.ascontiguousarray(values))
