"""Where a curve in log-log axes is straight: its scaling region, its slope, or the answer that there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FLAT = 0.1
"""Slopes below this are held to the tolerance that this one has."""


@dataclass(frozen=True)
class ScalingRegion:
    """The straight part of a curve.

    start, stop : the samples [start, stop) of the curve that belong to it.
    slope : least-squares slope over them.
    drift : standard error of the slope from how the local slopes wander within the region.
    """

    start: int
    stop: int
    slope: float
    drift: float


def local_slopes(
    x: Float[np.ndarray, "sample"], y: Float[np.ndarray, "sample"], span: int
) -> Float[np.ndarray, "window"]:
    """Least-squares slopes over every window of `span` neighbouring samples of an evenly spaced `x`."""
    windows = np.lib.stride_tricks.sliding_window_view(y, span)
    centred = (np.arange(span) - (span - 1) / 2) * (x[1] - x[0])
    return windows @ centred / (centred @ centred)


def find_scaling_region(
    x: Float[np.ndarray, "sample"],
    y: Float[np.ndarray, "sample"],
    *,
    span: int,
    shortest: int,
    tolerance: float,
) -> ScalingRegion | None:
    """The longest stretch over which the local slope stays within `tolerance` (a share) of its mean; None if none is.

    Parameters
    ----------
    x, y : (sample,) the curve in logarithms, `x` evenly spaced.
    span : samples over which a local slope is taken.
    shortest : fewest samples that count as a region.
    tolerance : greatest departure of a local slope from the mean one, as a share of it. Of equally long stretches
        the one with the least departure is taken.
    """
    if len(x) < max(shortest, span + 1):
        return None
    slopes = local_slopes(x, y, span)
    for length in range(len(x), shortest - 1, -1):
        windows = np.lib.stride_tricks.sliding_window_view(slopes, length - span + 1)
        mean = windows.mean(axis=1)
        departure = np.maximum(windows.max(axis=1) - mean, mean - windows.min(axis=1))
        # A flat curve has slope 0, of which no departure is a share.
        share = departure / np.maximum(np.abs(mean), FLAT)
        best = int(np.argmin(share))
        if share[best] <= tolerance:
            stretch = slice(best, best + length)
            slope = float(np.polyfit(x[stretch], y[stretch], 1)[0])
            # Overlapping windows repeat themselves: only every span-th slope is news.
            independent = max((length - span + 1) / span, 1.0)
            return ScalingRegion(best, best + length, slope, float(windows[best].std() / np.sqrt(independent)))
    return None
