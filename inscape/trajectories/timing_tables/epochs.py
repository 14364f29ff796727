"""Which event is which: epoch numbers from the times themselves, whatever a file calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.trajectories.timing_tables.table import TimingTable

MOST_DIVISIONS = 60
# A time this far from any event, in periods, belongs to no event of the planet.
_STRAY = 0.1


def number_events(table: TimingTable) -> tuple[Float[np.ndarray, "event"], float, float]:
    """Epoch of every event, the period in days and the time of transit 0 that gave them.

    An occultation has the number of the transit before it. Epochs written in a file are used for a first period and
    never believed: files number occultations in different ways, and count from different events. The first transit 0
    is the event in the middle of the table; the period is refined from the middle outwards, so that a rough one does.

    Raises
    ------
    InputError : if no period fits, or rows lie further than a tenth of a period from every event: it names them.
    """
    epochs, period, zero, stray = _counted(table)
    if stray.any():
        raise InputError(
            f"timing table{table._name}: {int(stray.sum())} times lie more than {_STRAY:g} periods of {period:.6g} d "
            f"from any event ({table.where(stray)}); are they of this planet, and is the period right?"
        )
    return epochs, period, zero


def stray_events(table: TimingTable) -> Bool[np.ndarray, "event"]:
    """Which times lie further than a tenth of a period from every event of the planet.

    Raises
    ------
    InputError : if no period fits.
    """
    return _counted(table)[3]


def _counted(table: TimingTable) -> tuple[np.ndarray, float, float, np.ndarray]:
    half = 0.5 * np.asarray(table.is_occultation)
    rough = table.period or period_of_labels(table) or period_of_times(table)
    order = np.argsort(table.times, kind="stable")
    centre = _first_event(table.times - half * rough, table.times[order[len(order) // 2]], rough)
    period, zero = rough, centre
    distance = np.abs(table.times - centre)
    reach = 200 * rough
    # Each round trusts the period over ten times what the last one spanned at most.
    for _ in range(12):
        near = distance <= reach
        orbits = np.round((table.times - zero) / period - half) + half
        # A time that belongs to no event may not bend the period that is to show it.
        near &= np.abs((table.times - zero) / period - orbits) <= 2 * _STRAY
        if near.sum() >= 2 and np.ptp(orbits[near]) > 0:
            slope, level = _line(orbits[near], table.times[near] - centre, table.errors[near])
            if abs(slope / period - 1) < 0.02:
                period, zero = slope, centre + level
        if (distance <= reach).all():
            break
        reach *= 4
    epochs = np.round((table.times - zero) / period - half)
    off = np.abs((table.times - zero) / period - half - epochs)
    return epochs, float(period), float(zero), off > _STRAY


def _first_event(times: np.ndarray, middle: float, period: float) -> float:
    """Of the times nearest to the middle, the one that most of them agree with: a stray time counts no others."""
    near = times[np.argsort(np.abs(times - middle), kind="stable")[:41]]
    near = near[np.abs(near - near[0]) <= 200 * period]
    turns = (near[:, None] - near[None, :]) / period
    agreeing = (np.abs(turns - np.round(turns)) <= _STRAY).sum(axis=1)
    return float(near[int(np.argmax(agreeing))])


def period_of_labels(table: TimingTable) -> float | None:
    """The period that the epochs written in the file imply; None if they are too few."""
    known = np.isfinite(table.labels) & ~np.asarray(table.is_occultation)  # type: ignore[arg-type]
    if known.sum() < 2 or np.ptp(table.labels[known]) == 0:  # type: ignore[index]
        return None
    labels, times = table.labels[known], table.times[known]  # type: ignore[index]
    steps = np.diff(labels)
    moved = steps != 0
    # The median does not mind a label that is wrong.
    return float(np.median(np.diff(times)[moved] / steps[moved]))


def period_of_times(table: TimingTable) -> float:
    """The longest period of which all times are whole multiples: the smallest gap, or a fraction of it."""
    times = np.unique(np.sort(table.transits().times if not np.all(table.is_occultation) else table.times))
    gaps = np.diff(times)
    gaps = gaps[gaps > 0.1]
    if len(gaps) == 0:
        raise InputError(
            f"timing table{table._name}: {len(times)} different times tell no period; give period= in days"
        )
    smallest = float(gaps.min())
    for division in range(1, MOST_DIVISIONS + 1):
        period = smallest / division
        if _fits(times, period):
            return period
    raise InputError(
        f"timing table{table._name}: no period found of which the times are multiples; give period= in days"
    )


def _fits(times: np.ndarray, period: float) -> bool:
    """Whether all times are multiples of a period that is refined as gaps grow."""
    gaps = np.sort(np.diff(times))
    # Long gaps are left to the numbering itself, once the period is known well.
    for gap in gaps[gaps > 0.1]:
        turns = round(gap / period)
        # What the period is uncertain by may not blur the count.
        if turns == 0 or abs(gap / period - turns) > 0.05:
            return False
        if turns > 1:
            period += (gap / turns - period) * min(1.0, turns / 50)
        if turns > 400:
            break
    return True


def _line(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    # Errors differ by a hundred times; their roots keep one optimistic row from ruling the rest.
    weights = 1 / errors
    weights = weights / weights.sum()
    middle = weights @ x
    slope = (weights * (x - middle)) @ y / (weights @ (x - middle) ** 2)
    return float(slope), float(weights @ y - slope * middle)
