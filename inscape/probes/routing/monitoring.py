"""Routing over a series of checkpoints, domain by domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.parallel import track
from inscape.probes.routing.capture import record
from inscape.probes.routing.history import RoutingHistory
from inscape.probes.routing.router_log import RouterLog

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

LossOf = Callable[["torch.nn.Module"], Any]


@dataclass(frozen=True, eq=False)
class Domain:
    """Probe samples of one domain.

    Parameters
    ----------
    samples, attention_mask : as of `record`.
    loss : a function of the model that gives the loss of each sample (sample,); None for that of the next token,
        recorded only if `with_losses`.
    with_losses : keep the losses of single samples, for `memorised`.
    """

    samples: Any
    attention_mask: Any = None
    loss: LossOf | None = None
    with_losses: bool = False

    def log(self, model: torch.nn.Module, **settings: Any) -> RouterLog:
        """The routing of these samples through a model; settings as of `record`."""
        from dataclasses import replace

        wanted = self.with_losses and self.loss is None
        log = record(model, self.samples, self.attention_mask, losses=wanted, **settings)
        if self.loss is None:
            return log
        given = self.loss(model)
        if isinstance(given, torch.Tensor):
            given = given.detach().cpu().numpy()
        told = np.asarray(given, dtype=np.float64)
        if told.shape != (len(log),) or not np.isfinite(told).all():
            raise InputError(f"loss: shape {told.shape} found, expected {len(log)} finite numbers, one a sample")
        return replace(log, losses=told)


def as_domains(data: Any) -> dict[str, Domain]:
    """Domains by name, from `Domain`s or plain samples.

    Raises
    ------
    InputError : if there is none.
    """
    if not isinstance(data, Mapping) or not data:
        raise InputError(f"data: {type(data).__name__} found, expected domain -> samples, at least one")
    return {str(name): d if isinstance(d, Domain) else Domain(d) for name, d in data.items()}


def monitor(
    checkpoints: Any,
    data: Mapping[str, Any],
    *,
    threshold: float = 0.7,
    most: int | None = 200,
    progress: bool | None = None,
    **settings: Any,
) -> RoutingHistory:
    """Every gauge of routing at every checkpoint, for each domain.

    Parameters
    ----------
    checkpoints : a folder of checkpoints named `stepN` or `stepN-tokensMB` (each loaded in turn, one at a time in
        memory), or pairs (step, model) or (step, function that gives the model).
    data : domain -> `Domain`, or samples as of `record`.
    threshold : as of `pathways`.
    most : samples compared in pairs, as of `distance`.
    **settings : as of `record`.

    Raises
    ------
    InputError : for no checkpoints, steps that do not increase, or what `record` refuses.
    """
    domains = as_domains(data)
    history = RoutingHistory()
    count = len(checkpoints) if hasattr(checkpoints, "__len__") and not isinstance(checkpoints, (str, Path)) else 0
    with track(count, "checkpoints", progress) as advance:
        for step, model in _models(checkpoints):
            logs = {name: domain.log(model, **settings) for name, domain in domains.items()}
            history.add(step, logs, threshold=threshold, most=most)
            advance()
    if not len(history):
        raise InputError("checkpoints: none found, expected at least one")
    return history


def _models(checkpoints: Any) -> Iterator[tuple[int, torch.nn.Module]]:
    if isinstance(checkpoints, (str, Path)):
        from inscape.models.language import checkpoints as series_in

        series = series_in(checkpoints)
        for index, checkpoint in enumerate(series):
            yield int(checkpoint.step), series.load(index).model
        return
    if not isinstance(checkpoints, Iterable):
        raise InputError(f"checkpoints: {type(checkpoints).__name__} found, expected a folder or pairs (step, model)")
    for pair in checkpoints:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputError(f"checkpoints: {type(pair).__name__} found, expected pairs (step, model)")
        step, model = pair
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)):
            raise InputError(f"checkpoints: step {step!r} found, expected a whole number")
        yield int(step), model if isinstance(model, torch.nn.Module) else model()
