"""A route in time: from one instant to several durations, one way, in equal steps between two stops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.flows.carriers import Carrier, carrier
from inscape.systems.flows.gridded import GriddedFlow

_PILOTS = 300
_MOST_STEPS = 8192


@dataclass(frozen=True)
class Route:
    """The stops of one direction, nearest first, and how many steps lead to each from the one before."""

    stops: tuple[float, ...]
    steps: tuple[int, ...]

    def legs(self) -> Iterator[tuple[float, float, int]]:
        """Stop, signed duration of the leg to it, steps of the leg."""
        before = 0.0
        for stop, steps in zip(self.stops, self.steps, strict=True):
            yield stop, stop - before, steps
            before = stop


def durations_of(flow: Any, at: Any, over: Any) -> tuple[float, tuple[float, ...]]:
    """The checked start and durations.

    Raises
    ------
    InputError : if a duration is no finite number or leads out of the record; the message names the longest one that
        does not.
    """
    try:
        start = float(at)
        asked = np.atleast_1d(np.asarray(over, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"at, over: {at!r}, {over!r} found, expected a number and a list of durations") from None
    if asked.ndim != 1 or asked.size == 0 or not np.isfinite(asked).all() or not np.isfinite(start):
        raise InputError(f"over: {over!r} found, expected finite durations, negative for backward in time")
    if isinstance(flow, GriddedFlow) and not flow.sampler.is_steady:
        first, last = float(flow.field.times[0]), float(flow.field.times[-1])
        slack = 1e-9 * (last - first)
        if not first - slack <= start <= last + slack:
            raise InputError(f"at: {start:g} found, the record runs from {first:g} to {last:g}")
        for duration in asked:
            if not first - slack <= start + duration <= last + slack:
                longest = last - start if duration > 0 else first - start
                raise InputError(
                    f"over: {duration:g} from t = {start:g} leads out of the record; the longest "
                    f"{'forward' if duration > 0 else 'backward'} is {longest:g}"
                )
    return start, tuple(float(d) for d in asked)


def routes(
    flow: Any,
    points: Float[np.ndarray, "particle axis"],
    at: float,
    over: Sequence[float],
    steps: int | None,
    tolerance: float,
    *,
    at_least: int = 1,
) -> tuple[list[Route], float]:
    """One route for each direction in `over`, and the estimated error of a path on the longest.

    `steps` are those of the longest duration of a direction. Where it is None, some particles go ahead with ever more
    steps, until nine in ten of them change by less than `tolerance` times the extent of the seeds.
    """
    if steps is not None and (not isinstance(steps, (int, np.integer)) or steps < 1):
        raise InputError(f"steps: {steps!r} found, expected a positive whole number")
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"tolerance: {tolerance!r} found, expected a positive number")
    found, worst = [], np.nan
    for sign in (1.0, -1.0):
        stops = sorted({d for d in over if d * sign > 0}, key=abs)
        if not stops:
            continue
        count = steps
        if count is None:
            count, error = _enough(flow, points, at, stops[-1], tolerance)
            worst = np.fmax(worst, error)
        legs = np.abs(np.diff([0.0, *stops])) / abs(stops[-1])
        found.append(Route(tuple(stops), tuple(max(at_least, int(np.ceil(count * leg - 1e-9))) for leg in legs)))
    return found, float(worst)


def _enough(
    flow: Any, points: Float[np.ndarray, "particle axis"], at: float, duration: float, tolerance: float
) -> tuple[int, float]:
    """Steps after which the paths of some particles no longer change, and by how much they still do."""
    chosen = points[np.linspace(0, len(points) - 1, min(_PILOTS, len(points))).astype(int)]
    extent = float(np.linalg.norm(np.ptp(points, axis=0))) or 1.0
    moving: Carrier = carrier(flow)
    coarse, count, change = None, 8, np.nan
    while count <= _MOST_STEPS:
        moving.start(chosen, at)
        moving.advance(duration, count)
        fine = moving.points()
        if coarse is not None:
            moved = np.linalg.norm(fine - coarse, axis=1)
            kept = moved[np.isfinite(moved)]
            if kept.size == 0:
                return count, np.nan
            change = float(np.quantile(kept, 0.9)) / extent
            if change < tolerance:
                break
        coarse, count = fine, 2 * count
    # Halving the step of a fourth-order method leaves a fifteenth of the change.
    return min(count, _MOST_STEPS), change / 15.0
