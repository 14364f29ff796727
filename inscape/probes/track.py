"""`Track`: the passes of one recorded site, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class Track:
    """Passes of one site in the order in which they came.

    Parameters
    ----------
    keep : only so many of the newest passes are kept; None keeps all.
    """

    def __init__(self, keep: int | None = None):
        self.axes: tuple[str, ...] = ()
        self.keep = keep
        self._passes: list[Any] = []
        self._steps: list[int | None] = []
        self._first = 0

    def __len__(self) -> int:
        return len(self._passes)

    def __getitem__(self, number: int) -> Any:
        return self._passes[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._passes)

    def append(self, passed: Any, step: int | None) -> None:
        """Take in a pass, with its step."""
        self._passes.append(passed)
        self._steps.append(step)
        if self.keep is not None and len(self._passes) > self.keep:
            del self._passes[0], self._steps[0]
            self._first += 1

    @property
    def steps(self) -> np.ndarray:
        """(pass,) step of each pass; its number where no step was set."""
        return np.array([self._first + n if step is None else step for n, step in enumerate(self._steps)], int)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The different shapes that passed, in the order in which they came."""
        return list(dict.fromkeys(tuple(one.shape) for one in self._passes))

    def stack(self) -> np.ndarray:
        """All passes as one array; they have one shape."""
        return np.stack([one if isinstance(one, np.ndarray) else one.detach().cpu().numpy() for one in self._passes])
