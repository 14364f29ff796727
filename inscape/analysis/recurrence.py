"""Recurrence quantification: how often, for how long, and along what lines a motion comes back to where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool

from inscape.analysis.entropy import shannon
from inscape.analysis.series import one_of, points_of, positive, share, whole
from inscape.errors import InputError


@dataclass(frozen=True)
class Recurrence:
    """Measures of a recurrence plot (Marwan et al. 2007); lines are counted from `shortest` samples on.

    radius : within which two states count as the same.
    rate : share of pairs of instants that recur.
    determinism : share of recurrent points on diagonal lines: stretches that run alongside an earlier stretch.
    mean_diagonal, longest_diagonal : their lengths, in samples.
    divergence : 1 / longest_diagonal; grows with the largest exponent.
    entropy : Shannon entropy of the diagonal lengths, in nats.
    laminarity : share of recurrent points on vertical lines: times of standing still.
    trapping_time, longest_vertical : their mean and greatest length, in samples.
    """

    radius: float
    rate: float
    determinism: float
    mean_diagonal: float
    longest_diagonal: int
    divergence: float
    entropy: float
    laminarity: float
    trapping_time: float
    longest_vertical: int


def recurrence_quantification(
    states: Any,
    *,
    radius: float | None = None,
    rate: float = 0.05,
    theiler: int = 1,
    shortest: int = 2,
    norm: Literal["euclidean", "maximum"] = "euclidean",
) -> Recurrence:
    """Quantify the recurrence plot of a run; time grows as samples squared, memory does not.

    Parameters
    ----------
    states : trajectory, (time,) or (time, state).
    radius : within which two states count as the same, in the unit of the states; if None, the one at which about
        `rate` of the pairs recur (found on a sample of the pairs).
    theiler : pairs fewer samples apart than this do not count; 1 leaves out only the main diagonal.
    shortest : fewest samples that make a line.

    Raises
    ------
    InputError : besides the usual, if the window leaves no pair.
    """
    from inscape.analysis.recurrence_kernels import diagonal_lines, vertical_lines

    points = points_of(states, least=10)
    theiler, shortest = whole(theiler, "theiler"), whole(shortest, "shortest")
    if theiler >= len(points) - 1:
        raise InputError(f"theiler: {theiler} leaves no pair of {len(points)} samples; expected fewer")
    maximum = one_of(norm, "norm", ("euclidean", "maximum")) == "maximum"
    reach = _radius_at(points, rate, theiler, maximum) if radius is None else positive(radius, "radius")
    diagonal = diagonal_lines(points, reach, theiler, maximum)
    vertical = vertical_lines(points, reach, theiler, maximum)
    apart = len(points) - theiler
    rate_found = _points_on(diagonal, 1) / (apart * (apart + 1) / 2)
    lines = diagonal[shortest:]
    longest = int(np.flatnonzero(diagonal)[-1]) if diagonal.any() else 0
    longest_vertical = int(np.flatnonzero(vertical)[-1]) if vertical.any() else 0
    return Recurrence(
        radius=reach,
        rate=rate_found,
        determinism=_points_on(diagonal, shortest) / max(_points_on(diagonal, 1), 1),
        mean_diagonal=_points_on(diagonal, shortest) / max(int(lines.sum()), 1),
        longest_diagonal=longest,
        divergence=1.0 / longest if longest else float("inf"),
        entropy=shannon(lines / max(int(lines.sum()), 1)),
        laminarity=_points_on(vertical, shortest) / max(_points_on(vertical, 1), 1),
        trapping_time=_points_on(vertical, shortest) / max(int(vertical[shortest:].sum()), 1),
        longest_vertical=longest_vertical,
    )


def recurrence_plot(states: Any, radius: float) -> Bool[np.ndarray, "time time"]:
    """The plot itself (Euclidean), for a picture; quadratic in memory, so at most 5,000 samples.

    Raises
    ------
    InputError : besides the usual, if there are more samples.
    """
    from scipy.spatial.distance import cdist

    points = points_of(states)
    if len(points) > 5_000:
        raise InputError(f"states: {len(points)} samples found, expected at most 5,000 for a picture; thin them")
    return cdist(points, points) <= positive(radius, "radius")


def _points_on(lengths: np.ndarray, shortest: int) -> int:
    return int((np.arange(shortest, len(lengths)) * lengths[shortest:]).sum())


def _radius_at(points: np.ndarray, rate: float, theiler: int, maximum: bool) -> float:
    rate = share(rate, "rate")
    # A fixed draw: the radius must not change from call to call.
    rng = np.random.default_rng(0)
    first = rng.integers(0, len(points) - theiler, 200_000)
    second = first + theiler + (rng.random(len(first)) * (len(points) - theiler - first)).astype(int)
    weight = len(points) - theiler - first
    gap = np.abs(points[first] - points[second])
    distance = gap.max(axis=1) if maximum else np.sqrt((gap**2).sum(axis=1))
    order = np.argsort(distance)
    found = np.cumsum(weight[order]) / weight.sum()
    reach = float(distance[order][min(int(np.searchsorted(found, rate)), len(order) - 1)])
    return reach if reach > 0 else float(np.finfo(float).tiny)
