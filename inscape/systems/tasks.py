"""Driven series on which memory and nonlinear computation are tested."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.trajectories import Trajectory

TRIES = 100


def narma(
    length: int = 6000,
    *,
    order: int = 10,
    inputs: Float[np.ndarray, "time"] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> Trajectory:
    """The nonlinear autoregressive moving-average task (Atiya & Parlos 2000), driven by u ~ U(0, 0.5).

    y(t + 1) = 0.3 y(t) + 0.05 y(t) [y(t) + ... + y(t - order + 1)] + 1.5 u(t - order + 1) u(t) + 0.1

    Row t holds u(t) as input and y(t + 1) as state: what is to be told once u(t) has been seen.

    Parameters
    ----------
    length : samples.
    order : 10 is the usual one. Above it the recursion runs away on most inputs.
    inputs : (time,) to drive with instead of drawing them.
    seed : of the inputs; an input on which the recursion runs away is drawn again.

    Returns
    -------
    Trajectory with state y (time, 1) and input u (time, 1), one sample a time unit.

    Raises
    ------
    DivergedError : if the recursion runs away on the inputs given, or on a hundred drawn ones.
    InputError : if the inputs are not a finite series.
    """
    for name, value, least in (("length", length, 2), ("order", order, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{name}: {value!r} found, expected a whole number of at least {least}")
    if inputs is not None:
        driven = _checked(inputs)
        target = _narma(driven, order)
        if not np.isfinite(target).all():
            raise DivergedError(
                f"narma: the recursion of order {order} ran away after {int(np.argmin(np.isfinite(target)))} samples "
                "of these inputs; use smaller ones"
            )
    else:
        random = np.random.default_rng(seed)
        for _ in range(TRIES):
            driven = random.uniform(0.0, 0.5, length)
            target = _narma(driven, order)
            if np.isfinite(target).all():
                break
        else:
            raise DivergedError(f"narma: the recursion of order {order} ran away on {TRIES} inputs; take a lower order")
    return Trajectory(
        np.arange(len(driven), dtype=float),
        target[:, None],
        inputs=driven[:, None],
        state_names=("y",),
        input_names=("u",),
        source=f"NARMA-{order}",
    )


def _checked(inputs: Any) -> Float[np.ndarray, "time"]:
    try:
        driven = np.asarray(inputs, dtype=float)
    except (TypeError, ValueError):
        raise InputError("inputs: something other than numbers found, expected a (time,) series") from None
    if driven.ndim != 1 or len(driven) < 2 or not np.isfinite(driven).all():
        raise InputError(f"inputs: shape {driven.shape} found, expected a finite (time,) series of at least 2 samples")
    return driven


def _narma(driven: np.ndarray, order: int) -> np.ndarray:
    # Row k holds y(k + 1); before the first input everything is at rest.
    y = np.zeros(len(driven) + 1)
    for t in range(len(driven)):
        past = y[max(t - order + 1, 0) : t + 1].sum()
        product = driven[t - order + 1] * driven[t] if t >= order - 1 else 0.0
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * past + 1.5 * product + 0.1
        if not abs(y[t + 1]) < 10.0:  # The bounded motion stays below 1.
            y[t + 1 :] = np.nan
            break
    return y[1:]
