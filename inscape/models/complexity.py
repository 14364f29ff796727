"""How much a learned law says: whether it is an equation that can be read, and how many numbers stand in it."""

from __future__ import annotations

from typing import cast

import numpy as np

from inscape.models.model import Model
from inscape.models.persistence import Persistence

MOST_TERMS = 60
"""An equation with more numbers in it is no longer read by anyone."""

_BOOKKEEPING = {"scale_", "mean_", "start_", "input_mean_", "input_scale_"}


def has_law(model: Model) -> bool:
    """Whether the model has a state equation at all."""
    return isinstance(getattr(type(model), "law", None), property) and type(model).law is not Model.law


def inner(model: Model) -> Model:
    """The model that holds the law: the one inside a wrapper such as `EstimatedStart`, else the model itself."""
    return cast(Model, getattr(model, "model_", model))


def is_symbolic(model: Model) -> bool:
    """Whether the fitted model is an equation of the recorded variables that can be read."""
    if isinstance(model, Persistence):
        return True
    inside = inner(model)
    return has_law(inside) and inside.past == 1 and number_of_terms(inside) <= MOST_TERMS


def number_of_terms(model: Model) -> int:
    """Numbers in the learned law that are not zero: the complexity that breaks a tie.

    A model that knows its own count says so by `complexity`; else its operator or coefficients, or all learned arrays,
    are counted.
    """
    if isinstance(model, Persistence):
        return {"last": 0, "mean": len(model.scale_), "drift": len(model.scale_), "seasonal": model.past}[model.kind]
    known = getattr(model, "complexity", None)
    if known is not None:
        return int(known)
    for names in (("coef_",), ("operator_", "input_operator_")):
        found = [v for v in (getattr(model, name, None) for name in names) if isinstance(v, np.ndarray)]
        if found:
            # A law of delays repeats the state's own past; only the rows that make the next sample count.
            return int(sum(np.count_nonzero(v[: len(model.state_names_)]) for v in found))
    learned = (v for k, v in vars(model).items() if k.endswith("_") and k not in _BOOKKEEPING)
    return int(sum(np.count_nonzero(v) for v in learned if isinstance(v, np.ndarray) and v.dtype.kind in "fc"))
