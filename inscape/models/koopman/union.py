"""`Union`: the observables of several dictionaries together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from inscape.errors import InputError
from inscape.models.koopman.observables import Observables

if TYPE_CHECKING:
    from inscape.models.koopman.snapshots import Snapshots


class Union(Observables):
    """All observables of its parts, in order; what `a | b` makes.

    Parameters
    ----------
    parts : dictionaries.

    Notes
    -----
    After `fit`: `parts_`, fitted copies.
    """

    def __init__(self, parts: Sequence[Observables]):
        self.parts = parts

    @property
    def past(self) -> int:
        return max(part.past for part in self._given())

    @property
    def has_constant(self) -> bool:  # type: ignore[override]
        return any(part.has_constant for part in self._given())

    @property
    def is_linear(self) -> bool:  # type: ignore[override]
        return all(part.is_linear for part in self._given())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts_ for name in part.names)

    def learn_pairs(self, pairs: Snapshots) -> None:
        for part in self.parts_:
            part.learn_pairs(pairs)

    def _learn(self, windows: np.ndarray) -> None:
        self.parts_ = [clone(part).fit(windows, self.state_names_) for part in self._given()]

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        return np.concatenate([part.features(windows) for part in self.parts_], axis=1)

    def _given(self) -> Sequence[Observables]:
        if not self.parts or not all(isinstance(part, Observables) for part in self.parts):
            raise InputError(f"parts: {self.parts!r} found, expected dictionaries, at least one")
        return self.parts
