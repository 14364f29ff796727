"""Routers held, dealt anew or made one: does generalisation move when routing does?"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.routing.gates import find_gates, router_matrix

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Change = Literal["freeze", "shuffle", "share"]


class RouterClamp:
    """Changes all routers of a network from a training step on, inside a `with` block.

    - "freeze": the routers learn no more, and are spared by weight decay.
    - "shuffle": once, at that step, each router's experts are dealt anew: row k goes to another expert, so each
      token meets experts that were not trained on it. Learning goes on.
    - "share": all layers are held at the router of the first one at that step.

    On leaving the block the parameters' own switches (requires_grad) are put back; what was learned stays.

    Parameters
    ----------
    model : a mixture of experts whose routers have matrices of one shape.
    change : which of the three.
    step : from when on; call `advance` with the step before each pass, or enter with step 0.
    gates : glob over module names, if the routers are not found by themselves.
    seed : of the dealing.

    Raises
    ------
    InputError : for another change, a dense network, or routers without matrices (of different shapes to share).
    """

    def __init__(
        self,
        model: torch.nn.Module,
        change: Change,
        *,
        step: int = 0,
        gates: str | None = None,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        if change not in get_args(Change):
            raise InputError(f"change: {change!r} found, expected one of {', '.join(get_args(Change))}")
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)) or step < 0:
            raise InputError(f"step: {step!r} found, expected a whole number of at least 0")
        found = {name: router_matrix(gate) for name, gate in find_gates(model, gates).items()}
        missing = [name for name, matrix in found.items() if not isinstance(matrix, torch.nn.Parameter)]
        if missing:
            raise InputError(f"{missing[0]}: a router with a matrix was expected, none found")
        self.routers = [matrix for matrix in found.values() if isinstance(matrix, torch.nn.Parameter)]
        if change == "share" and len({tuple(m.shape) for m in self.routers}) > 1:
            raise InputError("change: routers of different shapes cannot be shared")
        self.change, self.step = change, int(step)
        self.random = np.random.default_rng(seed)
        self.is_on = False
        self._learned: list[bool] | None = None

    def __enter__(self) -> RouterClamp:
        self._learned = [matrix.requires_grad for matrix in self.routers]
        if self.step == 0:
            self.advance(step=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for matrix, learned in zip(self.routers, self._learned or [], strict=True):
            matrix.requires_grad_(learned)
        self._learned, self.is_on = None, False

    def advance(self, *, step: int, measures: Mapping[str, float] | None = None) -> None:
        """Say which training step comes next; the change is made when its step is reached."""
        if self._learned is None:
            raise InputError("clamp: not in its block; use it as `with RouterClamp(...) as clamp:`")
        if self.is_on or step < self.step:
            return
        self.is_on = True
        with torch.no_grad():
            if self.change == "shuffle":
                for matrix in self.routers:
                    matrix.copy_(matrix[torch.as_tensor(self._no_fixed_point(len(matrix)), device=matrix.device)])
                return
            for matrix in self.routers:
                if self.change == "share":
                    matrix.copy_(self.routers[0])
                # An optimiser passes over a parameter without a gradient: no momentum, no weight decay.
                matrix.requires_grad_(False)
                matrix.grad = None

    def _no_fixed_point(self, count: int) -> np.ndarray:
        """A random cycle through all experts, so that none keeps its row."""
        order = self.random.permutation(count)
        dealt = np.empty(count, dtype=np.int64)
        dealt[order] = np.roll(order, 1)
        return dealt


__all__ = ["RouterClamp"]
