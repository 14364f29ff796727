"""`Delays`: the last few samples as observables, a Krylov space of the state; and `Constant`, the function 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inscape.errors import UnknownNameError
from inscape.models.koopman.observables import Observables, embedded, embedded_names, whole


class Delays(Observables):
    """x[k], x[k - stride], x[k - 2 stride] ...: with K the operator, the span of g, K g, K^2 g ... seen from its end.

    Parameters
    ----------
    count : samples; 1 is the state itself.
    stride : samples between them.
    variables : state variables that are looked at, all if None.
    """

    is_linear = True

    def __init__(self, count: int = 1, stride: int = 1, variables: Sequence[str] | None = None):
        self.count = count
        self.stride = stride
        self.variables = variables

    @property
    def past(self) -> int:
        return (whole("count", self.count) - 1) * whole("stride", self.stride) + 1

    @property
    def names(self) -> tuple[str, ...]:
        names = embedded_names(self.state_names_, int(self.count), int(self.stride))
        return tuple(names[i] for i in self._columns())

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        return embedded(windows, int(self.count), int(self.stride))[:, self._columns()]

    def _columns(self) -> list[int]:
        width = len(self.state_names_)
        for name in self.variables or ():
            if name not in self.state_names_:
                raise UnknownNameError("variable", name, self.state_names_)
        kept = [i for i, n in enumerate(self.state_names_) if self.variables is None or n in self.variables]
        return [lag * width + i for lag in range(int(self.count)) for i in kept]


class Constant(Observables):
    """The function 1."""

    is_linear = True
    has_constant = True

    @property
    def past(self) -> int:
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        return ("1",)

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        return np.ones((len(windows), 1))
