"""How much a learned law says: whether it is an equation, and how many numbers stand in it."""

from __future__ import annotations

import numpy as np

from inscape.models.model import Model
from inscape.models.persistence import Persistence

_BOOKKEEPING = {"scale_", "dt_", "state_names_", "input_names_", "classes_", "n_features_in_", "season_"}


def is_symbolic(model: Model) -> bool:
    """Whether the fitted model has a law that can be written down."""
    if isinstance(model, Persistence):
        return True
    return isinstance(getattr(type(model), "law", None), property) and type(model).law is not Model.law


def number_of_terms(model: Model) -> int:
    """Numbers in the learned law that are not zero: the complexity that breaks a tie.

    A model that knows its own count says so by `terms_`; else coefficients (`coefficients_`, or any learned array)
    are counted.
    """
    if isinstance(model, Persistence):
        return {"last": 0, "mean": len(model.scale_), "drift": len(model.scale_), "seasonal": model.past}[model.kind]
    known = getattr(model, "terms_", None)
    if known is not None:
        return int(known)
    for name in ("coefficients_", "coef_"):
        if isinstance(getattr(model, name, None), np.ndarray):
            return int(np.count_nonzero(getattr(model, name)))
    learned = (v for k, v in vars(model).items() if k.endswith("_") and k not in _BOOKKEEPING)
    return int(sum(np.count_nonzero(v) for v in learned if isinstance(v, np.ndarray) and v.dtype.kind in "fc"))
