"""Live: the gauges of routing while a network trains, without a word in the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.routing.gates import find_gates
from inscape.probes.routing.history import RoutingHistory
from inscape.probes.routing.monitoring import as_domains

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Watch:
    """Measures routing every so many training passes, inside a `with` block.

    A training pass is a call of the model in training mode with gradients on; the measurement is taken just before
    it, so the one before the first pass is step 0, the network as it started.

    Parameters
    ----------
    model : a mixture of experts.
    data : domain -> `Domain`, or samples as of `record`.
    every : passes between measurements.
    threshold, most : as of `monitor`.
    **settings : as of `record`.

    Attributes
    ----------
    history : the `RoutingHistory` so far.

    Raises
    ------
    InputError : for a dense network or no data.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        data: Mapping[str, Any],
        *,
        every: int = 500,
        threshold: float = 0.7,
        most: int | None = 200,
        **settings: Any,
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
            raise InputError(f"every: {every!r} found, expected a whole number of at least 1")
        find_gates(model, settings.get("gates"))
        self.model = model
        self.domains = as_domains(data)
        self.every = int(every)
        self.threshold, self.most, self.settings = threshold, most, settings
        self.history = RoutingHistory()
        self.passes = 0
        self._handle: Any = None

    def __enter__(self) -> Watch:
        if self._handle is not None:
            raise InputError("watch: already running; leave its block before it is entered again")
        self._handle = self.model.register_forward_pre_hook(self._before_pass)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.remove()
        self._handle = None
        if kind is None and self.passes > 0 and (not len(self.history) or self.history.steps[-1] < self.passes):
            self.measure()

    def measure(self) -> None:
        """Measure now, at the number of training passes seen so far."""
        logs = {name: domain.log(self.model, **self.settings) for name, domain in self.domains.items()}
        self.history.add(self.passes, logs, threshold=self.threshold, most=self.most)

    def _before_pass(self, module: torch.nn.Module, _: tuple[Any, ...]) -> None:
        # A measurement calls the model too, in evaluation mode without gradients, and so does not count itself.
        if not (module.training and torch.is_grad_enabled()):
            return
        if self.passes % self.every == 0:
            self.measure()
        self.passes += 1


def watch(model: torch.nn.Module, data: Mapping[str, Any], **settings: Any) -> Watch:
    """A `Watch`: `with watch(model, {"math": samples}, every=500) as w: train(model)`, then `w.history`."""
    return Watch(model, data, **settings)
