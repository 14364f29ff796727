"""`OnlineForecaster`: a fitted forecaster that learns on from a stream, one sample at a time."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.structured.kalman import KalmanSettings, WeightFilter


class OnlineForecaster:
    """Adapts the weights of a fitted `DelayForecaster` as samples arrive; the scales of the fit are kept.

    Parameters
    ----------
    forecaster : fitted; it is not changed.
    settings : of the Kalman filter.
    """

    def __init__(self, forecaster: DelayForecaster, settings: KalmanSettings | None = None):
        states = len(forecaster.spread_)
        self._fitted = forecaster
        self._window: list[np.ndarray] = []
        self._filter = WeightFilter(
            forecaster.network_, forecaster.weights_, forecaster.past * states, states, settings
        )

    def observe(self, state: Any) -> Float[np.ndarray, "state"] | None:
        """Take the next sample; learn from it if the window before it is complete.

        Returns
        -------
        The error of the forecast made before (state,), in the recording's units; None while a window fills up. A sample
        with a missing value empties the window.

        Raises
        ------
        InputError : if the sample has another shape.
        """
        fitted = self._fitted
        sample = np.asarray(state, dtype=float)
        if sample.shape != fitted.spread_.shape:
            raise InputError(f"state: shape {sample.shape} found, expected ({len(fitted.spread_)},)")
        if not np.isfinite(sample).all():
            self._window.clear()
            return None
        scaled = (sample - fitted.centre_) / fitted.spread_
        error = None
        if len(self._window) == fitted.past:
            target = scaled - self._window[-1] if fitted.target == "increment" else scaled
            wanted = fitted.scaled_targets(target)
            error = self._filter.update(np.concatenate(self._window), wanted) * fitted.target_spread_ * fitted.spread_
        self._window.append(scaled)
        del self._window[: -fitted.past]
        return error

    def forecaster(self) -> DelayForecaster:
        """A fitted forecaster with the weights as they stand."""
        adapted = copy(self._fitted)
        adapted.weights_ = self._filter.weights.copy()
        return adapted
