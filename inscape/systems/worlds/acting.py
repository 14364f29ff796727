"""Whatever acts - a policy, a stable-baselines3 model, a function - as one function of observations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

Respond = Callable[[Float[np.ndarray, "*batch observation"]], Float[np.ndarray, "*batch action"]]


def respond(policy: Any) -> Respond:
    """The function observation -> action of anything with `act`, of anything with stable-baselines3's `predict`, or of
    a plain function.

    Raises
    ------
    InputError : if the thing has none of these.
    """
    if callable(getattr(policy, "act", None)):
        return policy.act
    if callable(getattr(policy, "predict", None)):

        def predicted(observation: np.ndarray) -> np.ndarray:
            return np.asarray(policy.predict(observation, deterministic=True)[0], dtype=float)

        return predicted
    if callable(policy):
        return policy
    raise InputError(
        f"policy: {type(policy).__name__} found, expected an object with act(observation) -> action, "
        "a stable-baselines3 model or a function"
    )


def begin(policy: Any) -> None:
    """Tell a policy with a memory that an episode begins, by its `start()`."""
    start = getattr(policy, "start", None)
    if callable(start):
        start()
