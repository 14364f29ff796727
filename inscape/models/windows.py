"""Windows of a series: the past that a forecaster sees and the sample that it must answer with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def lagged_windows(
    runs: Iterable[Float[np.ndarray, "time state"]], lookback: int
) -> tuple[Float[np.ndarray, "sample lookback state"], Float[np.ndarray, "sample state"]]:
    """Every stretch of `lookback` samples with the sample after it; stretches with a missing value are left out.

    Raises
    ------
    InputError : if no run is long enough.
    """
    pasts, nexts = [], []
    longest = 0
    for run in runs:
        longest = max(longest, len(run))
        if len(run) <= lookback:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(run, lookback + 1, axis=0).transpose(0, 2, 1)
        complete = np.isfinite(windows).all(axis=(1, 2))
        pasts.append(windows[complete, :-1])
        nexts.append(windows[complete, -1])
    if not pasts or not sum(map(len, pasts)):
        raise InputError(
            f"recording: longest run has {longest} samples, expected more than lookback={lookback} without a gap"
        )
    return np.concatenate(pasts), np.concatenate(nexts)


def closed_loop(
    step: Callable[[np.ndarray], np.ndarray], window: Float[np.ndarray, "*batch lookback state"], horizon: int
) -> Float[np.ndarray, "*batch horizon state"]:
    """Feed a one-step forecaster its own answers.

    Parameters
    ----------
    step : (*batch, lookback, state) -> (*batch, state).
    """
    window = np.array(window, dtype=float)
    answers = np.empty((*window.shape[:-2], horizon, window.shape[-1]))
    for k in range(horizon):
        answer = step(window)
        answers[..., k, :] = answer
        window = np.concatenate([window[..., 1:, :], answer[..., None, :]], axis=-2)
    return answers
