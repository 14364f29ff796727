"""`SymbolicTerms`: observables written as formulas, from the libraries that sparse laws use."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.models.dictionary import Library, user
from inscape.models.koopman.observables import Observables


class SymbolicTerms(Observables):
    """Formulas of the state variables.

    Parameters
    ----------
    library : a library of `inscape.models.dictionary`, or texts and functions of symbols as of its `user`.
    """

    def __init__(self, library: Any):
        self.library = library

    @property
    def past(self) -> int:
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        return self._terms().names

    def _learn(self, windows: np.ndarray) -> None:
        self._terms()

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        return self._terms().columns(windows[:, -1])

    def _terms(self) -> Any:
        library = self.library if isinstance(self.library, Library) else user(self.library)
        return library.terms(self.state_names_)
