"""Settings of a kernel regression for a recording: every one tried by forecasts of a last part that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import numpy as np
from jaxtyping import Float

from inscape.models.held_out import bridged
from inscape.models.kernel_regression import KernelRegression, RidgePath, Shape, closed_loop
from inscape.models.persistence import strongest_period
from inscape.trajectories import Trajectories

LEARNED_SHARE = 2 / 3
"""Of each run; forecasts are made in the rest."""

ORIGINS = 8
LARGEST_ERROR = 3.0
"""A forecast error counts for at most so many standard deviations."""

RIDGES = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1e-1)
LENGTH_SCALES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
ALL_SETTINGS = 300
"""Rows up to which the whole grid is tried; with more, fewer lags, and the rougher bump alone (on fine
recordings of the chaos zoo it is the better one nearly always)."""

SHORT = 600
"""Rows up to which each carries a bump while settings are tried, which is as fast as fewer bumps and tells length
scales apart better; with more rows, 200 do."""

ALL_CENTRES = 1_200
LATEST = 2_000
"""Samples of the end of a long recording that settings are tried on."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """One setting and its error.

    Parameters
    ----------
    model : the unfitted regression.
    error : mean absolute error of its forecasts, in standard deviations, capped.
    """

    model: KernelRegression
    error: float


def tuned(trajectories: Trajectories, *, horizon: int | None = None, centres: int | None = None) -> list[Tuned]:
    """Every setting of the grid, the best first; empty where no run is long enough to try one.

    One eigen-decomposition serves all ridges of a kernel, and their forecasts run side by side, so the cost is that of
    some seventy small decompositions: half a second for 150 samples, a few for a thousand.

    Parameters
    ----------
    trajectories : the recording; nothing else is looked at.
    horizon : samples of a forecast; two periods of the recording if None, less where it is short.
    centres : of the regressions, fewer while settings are tried; if None, one for every sample of a recording of up to
        `ALL_CENTRES` and 400 for a longer one.
    """
    latest = _latest(trajectories)
    longest = max(latest, key=len)
    period = strongest_period(longest.states)
    reach = horizon or max(10, 2 * period)
    cut = round(LEARNED_SHARE * len(longest))
    reach = min(reach, len(longest) - cut)
    if reach < 2:
        return []
    learned = Trajectories([run[: round(LEARNED_SHARE * len(run))] for run in latest])
    rows = learned.samples
    centres = centres or (ALL_CENTRES if trajectories.samples <= ALL_CENTRES else 400)
    limit = min(centres, SHORT if rows <= SHORT else 200)
    found: list[Tuned] = []
    driven = bool(longest.input_names)
    for (lags, stride, ahead), shape, scale in product(
        _delays(len(longest.state_names), period, cut, driven), _shapes(rows), _scales(rows)
    ):
        base = KernelRegression(lags, stride, scale, 1e-6, shape, centres, ahead)
        found += _tried(base, shape, learned, latest, reach, limit)
    return sorted(found, key=lambda t: t.error)


def _tried(
    base: KernelRegression, shape: Shape, learned: Trajectories, runs: Trajectories, reach: int, limit: int
) -> list[Tuned]:
    if max(len(run) for run in learned) <= base.lags * base.stride + base.ahead + 2:
        return []
    whole = KernelRegression(**{**base.get_params(), "centres": 1}).fit(learned)
    x, y = whole.rows(learned)
    if len(x) < 4:
        return []
    path = RidgePath(x, y, base.length_scale, shape, limit)
    recent, future, acting = _forecasts(whole, learned, runs, reach)
    if not len(recent):
        return []
    made = closed_loop(
        path.centres, path.weights(np.array(RIDGES)), recent, reach,
        base.lags, base.stride, base.length_scale, shape, base.ahead, acting,
    )  # fmt: skip
    error = np.minimum(np.nan_to_num(np.abs(made - future), nan=LARGEST_ERROR), LARGEST_ERROR)
    error = np.where(np.isfinite(future), error, np.nan)
    means = np.nanmean(error, axis=(1, 2, 3))
    return [
        Tuned(KernelRegression(**{**base.get_params(), "ridge": ridge}), float(mean))
        for ridge, mean in zip(RIDGES, means, strict=True)
    ]


def _forecasts(whole: KernelRegression, learned: Trajectories, runs: Trajectories, reach: int) -> Any:
    recent, future, acting = [], [], []
    for early, run in zip(learned, runs, strict=True):
        last = len(run) - reach
        if last < len(early) or len(early) < whole.past:
            continue
        z = (bridged(run).states - whole.mean_) / whole.scale_
        truth = (run.states - whole.mean_) / whole.scale_
        for origin in np.unique(np.linspace(len(early), last, max(1, ORIGINS // min(len(runs), ORIGINS))).astype(int)):
            recent.append(z[origin - whole.past : origin])
            future.append(truth[origin : origin + reach])
            if run.inputs is not None:
                acting.append(whole._acting(run.inputs[origin - 1 : origin - 1 + reach]))
    return np.array(recent), np.array(future), np.array(acting) if acting else None


def _latest(runs: Trajectories) -> Trajectories:
    share = min(1.0, LATEST / runs.samples)
    kept = [run[len(run) - max(2, int(len(run) * share)) :] for run in runs]
    return Trajectories([run for run in kept if len(run) >= 6] or kept[:1])


def _scales(rows: int) -> Float[np.ndarray, "scale"]:
    return np.array(LENGTH_SCALES if rows <= ALL_SETTINGS else LENGTH_SCALES[:-1])


def _shapes(rows: int) -> tuple[Shape, ...]:
    return get_args(Shape) if rows <= ALL_SETTINGS else ("matern",)


def _delays(states: int, period: int, longest: int, driven: bool) -> list[tuple[int, int, int]]:
    """Numbers of lags, strides and leaps. Several variables need fewer lags.

    A recording of more than some fifteen samples a period is also seen at that pace, from sample to sample or in leaps:
    with leaps the law has fewer steps to the same horizon.
    """
    counts = (3, 4, 5, 7, 10, 15) if states == 1 else (1, 2, 3, 5) if states <= 8 else (1, 2)
    fewer = (3, 5, 7, 10) if states == 1 else counts[::2]
    coarse = max(1, round(period / 15))
    found = [(count, 1, 1) for count in counts]
    if coarse > 1:
        half = max(1, coarse // 2)
        paces = {(1, 1), (coarse, 1)} if driven else {(1, 1), (half, 1), (coarse, 1), (half, half), (coarse, coarse)}
        found = [(count, *pace) for count in fewer for pace in sorted(paces)]
    return [(count, stride, ahead) for count, stride, ahead in found if (count - 1) * stride + ahead <= longest // 3]
