"""The torch networks behind a continual model: alive while it is used, plain arrays when it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from inscape.models.continual.coordinates import Coordinates
from inscape.models.model import Model

if TYPE_CHECKING:
    from inscape.models.continual.learner import Learner
    from inscape.models.dictionary import Library


class LiveLearner(Model):
    """A model whose torch networks, a `Learner`, are made anew from arrays where there are none."""

    angles: tuple[str | int, ...]
    absolute: tuple[str | int, ...]
    library: Library | None
    tasks_: tuple[str, ...]
    current_task_: str | None
    kept_: dict[str, np.ndarray] | None
    normalisers_: dict[str, np.ndarray]
    residuals_: dict[str, np.ndarray]
    memory_: dict[str, np.ndarray]
    _live: Learner

    def stored_bytes(self) -> int:
        """Bytes of all that this model keeps: weights, embeddings, normalisers, expected errors, samples."""
        check_is_fitted(self)
        arrays: list[np.ndarray] = [
            *self._learner.arrays().values(),
            *self.normalisers_.values(),
            *self.residuals_.values(),
        ]
        return sum(a.nbytes for a in arrays) + sum(a.nbytes for a in (self.kept_ or {}).values())

    def learned_weights(self) -> list[np.ndarray]:
        """Every tensor that is trained, as arrays."""
        check_is_fitted(self)
        return [array for name, array in self._learner.arrays().items() if name.startswith("weights ")]

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_laws", None)
        live = state.pop("_live", None)
        if live is not None:
            state["memory_"] = live.arrays()
        return state

    @property
    def _learner(self) -> Learner:
        live = self.__dict__.get("_live")
        if live is None:
            from inscape.models.continual.methods import learner_of

            model: Any = self
            live = learner_of(model, self._coordinates)
            if "memory_" in self.__dict__:
                live.restore(list(self.tasks_), self.current_task_, self.memory_)
                del self.memory_
            self._live = live
        return live

    @property
    def _coordinates(self) -> Coordinates:
        return Coordinates.of(self.state_names_, self.input_names_, self.angles, self.absolute, self.library)
