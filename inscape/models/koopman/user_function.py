"""`UserFunction`: observables that a user computes from arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inscape.errors import InputError
from inscape.models.koopman.observables import Observables, embedded, whole


class UserFunction(Observables):
    """Whatever a function of the last few samples returns.

    Parameters
    ----------
    function : (sample, delays * state), newest sample first -> (sample, feature), real or complex.
    delays, stride : samples looked at, and samples between them.
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], delays: int = 1, stride: int = 1):
        self.function = function
        self.delays = delays
        self.stride = stride

    @property
    def past(self) -> int:
        return (whole("delays", self.delays) - 1) * whole("stride", self.stride) + 1

    @property
    def names(self) -> tuple[str, ...]:
        own = getattr(self.function, "__name__", "function")
        return tuple(f"{own}[{i}]" for i in range(self.count_))

    def _learn(self, windows: np.ndarray) -> None:
        self.count_ = self._evaluate(windows[:2]).shape[1]

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        if not callable(self.function):
            raise InputError(f"function: {self.function!r} found, expected a function of (sample, variable) arrays")
        values = np.asarray(self.function(embedded(windows, int(self.delays), int(self.stride))))
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or len(values) != len(windows) or values.dtype.kind not in "biufc":
            raise InputError(
                f"function: returned shape {values.shape} of type {values.dtype} for {len(windows)} samples, "
                f"expected ({len(windows)}, feature) numbers"
            )
        return values if values.dtype.kind == "c" else values.astype(float)
