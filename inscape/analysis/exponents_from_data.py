"""The largest Lyapunov exponent of a recording: how fast neighbours in its state space part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.dimensions import theiler_window
from inscape.analysis.series import at_least_zero, interval_of, points_of, positive, whole
from inscape.errors import InputError

Method = Literal["rosenstein", "kantz"]

BLOCKS = 16
EMBEDDINGS = (3, 4, 5, 6)
KANTZ_NEIGHBOURS = 12
MOST_REFERENCES = 4_000
STRAIGHT = 0.06
"""Greatest root-mean-square departure from a line, as a share of the growth along it."""
LEAST_GROWTH = 1.2
"""e-folds that a straight stretch must rise by."""
BELOW_SATURATION = {"rosenstein": 2.0, "kantz": 1.0}
"""e-folds below the distance of random pairs at which the curve begins to bend; neighbours of Kantz start farther
apart and have less of a rise to give away."""


@dataclass(frozen=True, eq=False)
class DataExponent:
    """The largest exponent of a recording and the curve it was read from.

    Parameters
    ----------
    exponent : 1/time; NaN where the data do not resolve one.
    error : standard error: jackknife over 16 stretches of the recording, how much the slope changes within its own
        region, and (where several embeddings were tried) between embeddings.
    reason : why there is no answer; empty if there is one.
    times : (time,) since neighbours were found.
    curve : (time,) mean logarithm of their distance.
    region : first and last time of the straight stretch, or None.
    dimension, lag : of the delay embedding (lag in samples; 0 where the recorded states were taken as they are).
    theiler : neighbours are at least so many samples apart in time.
    """

    exponent: float
    error: float
    reason: str
    times: Float[np.ndarray, "time"]
    curve: Float[np.ndarray, "time"]
    region: tuple[float, float] | None
    dimension: int
    lag: int
    theiler: int

    @property
    def is_resolved(self) -> bool:
        """Whether the data show exponential growth."""
        return not self.reason

    def __float__(self) -> float:
        return self.exponent

    def __str__(self) -> str:
        return self.reason or f"{self.exponent:.4g} +- {self.error:.2g} 1/time"


def largest_exponent_from_data(
    recording: Any,
    *,
    dt: float | None = None,
    method: Method = "rosenstein",
    dimension: int | None = None,
    lag: int | None = None,
    theiler: int | None = None,
    horizon: float | None = None,
) -> DataExponent:
    """The largest Lyapunov exponent from a recorded run.

    Follows the mean logarithmic distance of neighbours (the nearest one: Rosenstein et al. 1993, Physica D 65, 117;
    several: Kantz 1994, Phys. Lett. A 185, 77) and takes the slope of its longest straight rise before saturation.

    Parameters
    ----------
    recording : a run with all its state variables, taken as they are, or a single series, which is delay-embedded.
    dt : sampling interval, if the recording does not carry its times.
    method : "rosenstein" (closest pairs: least bias on clean data) or "kantz" (steadier where there is noise).
    dimension, lag : of a delay embedding; for a single series 3 to 6 are tried, with the first 1/e of the
        autocorrelation as lag (in samples).
    theiler : least distance in time of neighbours, in samples; from the autocorrelation if None.
    horizon : longest time that neighbours are followed; found from the data if None.

    Returns
    -------
    DataExponent; `reason` says why if the data do not resolve an exponent: noise, too short, periodic.

    Raises
    ------
    InputError : if the recording is not one finite run of at least 100 samples.
    """
    if method not in ("rosenstein", "kantz"):
        raise InputError(f"method: {method!r} found, expected 'rosenstein' or 'kantz'")
    points = points_of(recording, least=100)
    step = interval_of(recording, dt)
    embedded = points.shape[1] == 1 or dimension is not None
    if embedded and points.shape[1] > 1:
        raise InputError(f"dimension: {dimension} found for {points.shape[1]} variables; give one series to embed")
    spread = points.std(axis=0)
    if not (spread > 1e-12 * (1 + np.abs(points).max(axis=0))).all():
        raise InputError("recording: a constant variable found, expected motion; drop the column")
    # Variables of different units count alike.
    points = (points - points.mean(axis=0)) / spread
    lag = 0 if not embedded else first_decay(points[:, 0]) if lag is None else whole(lag, "lag")
    window = theiler_window(points) if theiler is None else int(at_least_zero(theiler, "theiler"))
    sizes = EMBEDDINGS if embedded and dimension is None else (1 if not embedded else whole(dimension, "dimension"),)
    reach = None if horizon is None else max(2, round(positive(horizon, "horizon") / step))
    tried = [_one_embedding(points, step, method, size, lag, window, reach) for size in sizes]
    answers = [found for found in tried if found.is_resolved]
    if not answers or 2 * len(answers) < len(tried):
        return next(found for found in tried if not found.is_resolved)
    values = np.array([found.exponent for found in answers])
    best = answers[int(np.argmin([found.error for found in answers]))]
    between = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    value = float(np.median(values))
    return DataExponent(
        value,
        float(np.hypot(best.error, between)),
        "",
        best.times,
        best.curve,
        best.region,
        best.dimension,
        lag,
        window,
    )


def first_decay(series: Float[np.ndarray, "time"]) -> int:
    """Samples until the autocorrelation has first fallen to 1/e; at least 1."""
    centred = series - series.mean()
    size = 1 << (2 * len(series) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    correlation = np.fft.irfft(spectrum, size)[: len(series)]
    below = correlation < correlation[0] / np.e
    return max(1, int(np.argmax(below))) if below.any() else 1


def embed(points: Float[np.ndarray, "time state"], size: int, lag: int) -> Float[np.ndarray, "row coordinate"]:
    """Rows of `size` values, `lag` samples apart, newest last; none where a row would outlast the recording.

    The points themselves if `lag` is 0.
    """
    if lag == 0:
        return points
    rows = max(0, len(points) - (size - 1) * lag)
    if rows == 0:
        return np.empty((0, size))
    return np.column_stack([points[k * lag : k * lag + rows, 0] for k in range(size)])


def neighbours(
    rows: Float[np.ndarray, "row coordinate"],
    references: Int[np.ndarray, "reference"],
    usable: int,
    count: int,
    window: int,
) -> Int[np.ndarray, "reference count"]:
    """The `count` nearest of the first `usable` rows, over `window` samples away in time; -1 where there are fewer."""
    from scipy.spatial import cKDTree

    tree = cKDTree(rows[:usable])
    asked = min(count + min(2 * window + 1, usable), usable)
    found = np.full((len(references), count), -1)
    for first in range(0, len(references), 512):
        chunk = references[first : first + 512]
        near = np.asarray(tree.query(rows[chunk], k=asked)[1]).reshape(len(chunk), -1)
        apart = np.abs(near - chunk[:, None]) > window
        rank = np.cumsum(apart, axis=1)
        kept = apart & (rank <= count)
        row, column = np.nonzero(kept)
        found[first + row, rank[row, column] - 1] = near[row, column]
    return found


def _one_embedding(
    points: Float[np.ndarray, "time state"],
    step: float,
    method: Method,
    size: int,
    lag: int,
    window: int,
    reach: int | None,
) -> DataExponent:
    rows = embed(points, size, lag) if lag else points
    dimension = rows.shape[1]

    def unresolved(reason: str, times: Any = (), curve: Any = ()) -> DataExponent:
        return DataExponent(np.nan, np.nan, reason, np.asarray(times), np.asarray(curve), None, dimension, lag, window)

    longest = len(rows) // 4 if reach is None else min(reach, len(rows) // 2)
    if len(rows) < 100 or longest < 5 or window >= len(rows) // 4:
        return unresolved(f"not resolved: {len(points)} samples are too short for this embedding; record longer")
    horizon = min(longest, max(40, 12 * max(window, 1))) if reach is None else longest
    usable = len(rows) - horizon
    references = np.unique(np.linspace(0, usable - 1, min(usable, MOST_REFERENCES)).astype(int))
    near = neighbours(rows, references, usable, 1 if method == "rosenstein" else KANTZ_NEIGHBOURS, window)
    logs = _log_distances(rows, references, near, horizon, lag > 0)
    good = np.isfinite(logs).all(axis=1)
    if good.sum() < 50:
        return unresolved("not resolved: hardly any neighbours that part; the recording repeats itself or is too short")
    logs = logs[good]
    times = step * np.arange(horizon + 1)
    curve = logs.mean(axis=0)
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(rows), (2, 20_000))
    column = slice(-1, None) if lag else slice(None)
    random_pairs = np.linalg.norm(rows[first, column] - rows[second, column], axis=1)
    plateau = float(np.mean(np.log(random_pairs[random_pairs > 0])))
    if plateau - curve[1] < 1.0:
        return unresolved("not resolved: neighbours part within one sample; noise, or sampled too rarely", times, curve)
    high = curve >= plateau - BELOW_SATURATION[method]
    stop = int(np.argmax(high)) + 1 if high.any() else len(curve)
    start = 1 if lag else 0
    region = straight_rise(times[:stop], curve[:stop], start)
    if region is None:
        if curve[:stop].max() - curve[start] < LEAST_GROWTH:
            return unresolved("not resolved: neighbours do not part; periodic, or too short to tell", times, curve)
        return unresolved("not resolved: the distance of neighbours nowhere grows exponentially", times, curve)
    part = slice(*region)
    if _is_power_law(times[1 : region[1]], curve[1 : region[1]]):
        return unresolved("not resolved: the distance grows as a power of time, as noise does", times, curve)
    slope = float(np.polyfit(times[part], curve[part], 1)[0])
    error = float(np.hypot(_jackknife(times[part], logs[:, part]), _within(times[part], curve[part])))
    if slope < 3 * error:
        return unresolved(f"not resolved: growth {slope:.3g} +- {error:.2g} is not above zero", times, curve)
    span = (float(times[region[0]]), float(times[region[1] - 1]))
    return DataExponent(slope, error, "", times, curve, span, dimension, lag, window)


def _log_distances(
    rows: Float[np.ndarray, "row coordinate"],
    references: Int[np.ndarray, "reference"],
    near: Int[np.ndarray, "reference count"],
    horizon: int,
    newest_only: bool,
) -> Float[np.ndarray, "reference time"]:
    """log of the mean distance of each reference point's neighbours from it, over time.

    In a delay embedding only the newest value counts, so that nothing of the neighbourhood's choice is left in it.
    """
    logs = np.empty((len(references), horizon + 1))
    there = near >= 0
    many = there.sum(axis=1)
    safe = np.where(there, near, 0)
    values = rows[:, -1:] if newest_only else rows
    for k in range(horizon + 1):
        apart = values[safe + k] - values[references + k][:, None]
        distance = np.linalg.norm(apart, axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs[:, k] = np.log(np.sum(distance, axis=1, where=there) / many)
    return logs


def straight_rise(
    times: Float[np.ndarray, "time"], curve: Float[np.ndarray, "time"], start: int = 0
) -> tuple[int, int] | None:
    """The stretch [first, stop) of a curve that rises most e-folds along a straight line; None if there is none.

    Straight: the root-mean-square departure from the least-squares line is under 6 % of the rise, with at least 4
    samples; and e-folds that bend the line are not worth having: the departure, in units of 6 % of an e-fold, counts
    against the rise.
    """
    best: tuple[int, int] | None = None
    most = -np.inf
    size = len(times)
    sums = np.cumsum(np.column_stack([times, curve, times * times, times * curve, curve * curve]), axis=0)
    sums = np.vstack([np.zeros(5), sums])
    for first in range(start, size - 3):
        stops = np.arange(first + 4, size + 1)
        n = stops - first
        t, y, tt, ty, yy = (sums[stops] - sums[first]).T
        ctt, cty, cyy = tt - t * t / n, ty - t * y / n, yy - y * y / n
        slope = cty / ctt
        rise = slope * (times[stops - 1] - times[first])
        departure = np.sqrt(np.maximum(cyy - slope * cty, 0) / n)
        straight = (departure < STRAIGHT * rise) & (rise > LEAST_GROWTH)
        if straight.any():
            worth = np.where(straight, rise - departure / STRAIGHT, -np.inf)
            chosen = int(np.argmax(worth))
            if worth[chosen] > most:
                best, most = (first, int(stops[chosen])), float(worth[chosen])
    return best


def _is_power_law(times: Float[np.ndarray, "time"], curve: Float[np.ndarray, "time"]) -> bool:
    """Whether log(time) explains the curve better than time does, and well."""
    if len(times) < 5:
        return False

    def departure(x: Float[np.ndarray, "time"]) -> float:
        return float(np.std(curve - np.polyval(np.polyfit(x, curve, 1), x)))

    return departure(np.log(times)) < 0.5 * departure(times)


def _jackknife(times: Float[np.ndarray, "time"], logs: Float[np.ndarray, "reference time"]) -> float:
    blocks = np.array_split(np.arange(len(logs)), min(BLOCKS, len(logs)))
    total = logs.sum(axis=0)
    slopes = [np.polyfit(times, (total - logs[b].sum(axis=0)) / (len(logs) - len(b)), 1)[0] for b in blocks if len(b)]
    count = len(slopes)
    return float(np.sqrt((count - 1) / count * np.sum((np.array(slopes) - np.mean(slopes)) ** 2)))


def _within(times: Float[np.ndarray, "time"], curve: Float[np.ndarray, "time"]) -> float:
    """How much the slopes of the two halves of a region differ, as a standard error of their mean."""
    middle = len(times) // 2
    halves = [np.polyfit(times[s], curve[s], 1)[0] for s in (slice(0, middle + 1), slice(middle, None))]
    return float(abs(halves[0] - halves[1]) / 2)
