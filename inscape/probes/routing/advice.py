"""Whether a gauge of routing still tells of generalisation, by a rule whose false alarms are known from controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

Side = Literal["falling", "rising"]


@dataclass(frozen=True)
class Alarm:
    """Speaks up when a gauge moves faster than it ever should in a network that only memorises.

    Parameters
    ----------
    slope : the change of the gauge a checkpoint, over a window, that must be passed.
    window : checkpoints that a slope is fitted to.
    side : which way the gauge goes in a network that generalises.
    rate : share of the controls' windows that pass the slope: the false-alarm rate for one window.
    run_rate : share of control runs in which at least one window passes: the false-alarm rate for a whole run.
    controls : how many control runs both were measured on.
    """

    slope: float
    window: int
    side: Side
    rate: float
    run_rate: float
    controls: int

    def fires(self, series: Float[np.ndarray, "checkpoint"]) -> np.ndarray:
        """(checkpoint,) whether the window that ends there passes the slope; False before the first whole window."""
        told = _numbers(series, "series")
        found = np.zeros(len(told), dtype=bool)
        if len(told) >= self.window:
            found[self.window - 1 :] = _signed(slopes(told, self.window), self.side) > _signed(self.slope, self.side)
        return found

    def first(self, series: Float[np.ndarray, "checkpoint"]) -> int | None:
        """The checkpoint at which it first speaks up, None if it never does."""
        fired = np.flatnonzero(self.fires(series))
        return int(fired[0]) if len(fired) else None


def calibrate_alarm(
    controls: Sequence[Float[np.ndarray, "checkpoint"]], *, window: int = 5, rate: float = 0.05, side: Side = "falling"
) -> Alarm:
    """An `Alarm` whose slope is passed by a share `rate` of all windows of control runs.

    Controls are runs that cannot generalise: shuffled labels, or no weight decay. Give the part of each after the
    training data was memorised. Early stopping then reads: go on while the alarm has spoken and test scores may still
    rise; if it has not spoken long after memorising, the run looks like a control.

    Raises
    ------
    InputError : for no control of at least a window's length, a window below 3, or a rate outside 0 to 1.
    """
    if isinstance(window, bool) or not isinstance(window, (int, np.integer)) or window < 3:
        raise InputError(f"window: {window!r} found, expected a whole number of at least 3")
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.number)) or not 0 <= rate < 1:
        raise InputError(f"rate: {rate!r} found, expected at least 0 and below 1")
    if side not in ("falling", "rising"):
        raise InputError(f"side: {side!r} found, expected falling or rising")
    runs = [_numbers(series, f"controls[{i}]") for i, series in enumerate(controls)]
    found = [_signed(slopes(run, int(window)), side) for run in runs if len(run) >= window]
    if not found:
        raise InputError(f"controls: no run of at least {window} checkpoints found")
    bound = float(np.quantile(np.concatenate(found), 1 - rate, method="higher"))
    return Alarm(
        slope=float(_signed(np.array(bound), side)),
        window=int(window),
        side=side,
        rate=float(np.mean(np.concatenate(found) > bound)),
        run_rate=float(np.mean([(s > bound).any() for s in found])),
        controls=len(found),
    )


def slopes(series: Float[np.ndarray, "checkpoint"], window: int) -> Float[np.ndarray, "window"]:
    """Least-squares slope, a checkpoint, of every run of `window` neighbouring values."""
    parts = np.lib.stride_tricks.sliding_window_view(series, window)
    place = np.arange(window) - (window - 1) / 2
    return parts @ place / (place @ place)


def _signed(values: Any, side: Side) -> Any:
    return -values if side == "falling" else values


def _numbers(series: Any, name: str) -> np.ndarray:
    try:
        told = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: no numbers found, expected a gauge (checkpoint,)") from None
    if told.ndim != 1 or not np.isfinite(told).all():
        raise InputError(f"{name}: shape {told.shape} found, expected finite numbers (checkpoint,)")
    return told
