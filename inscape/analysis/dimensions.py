"""How many dimensions an attractor fills: from its Lyapunov exponents, and from the pairs of its points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float

from inscape.analysis.scaling import find_scaling_region, local_slopes
from inscape.analysis.series import at_least_zero, check_finite, one_of, points_of, positive, real_numbers, whole
from inscape.errors import InputError


class Dimension(float):
    """A dimension: a float that knows its standard error (`.error`, NaN where it is not known)."""

    error: float

    def __new__(cls, value: float, error: float = float("nan")) -> Self:
        dimension = super().__new__(cls, value)
        dimension.error = float(error)
        return dimension

    def __repr__(self) -> str:
        return f"{float(self):.6g}" + ("" if np.isnan(self.error) else f" +- {self.error:.2g}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Dimension, (float(self), self.error)


def kaplan_yorke_dimension(exponents: Any, errors: Any = None) -> Dimension:
    """Dimension of the attractor from its Lyapunov exponents.

    D = j + (l_1 + ... + l_j) / |l_{j+1}|, with j the largest number of leading exponents whose sum is not negative
    (Kaplan & Yorke 1979). It is 0 where every exponent is negative (a fixed point) and the number of exponents where
    all of them sum to at least zero (volume is not contracted).

    Parameters
    ----------
    exponents : (exponent,) in any order, or a spectrum with `exponents` and `errors`.
    errors : (exponent,) standard errors. An exponent within three of them of zero counts as zero, so that a limit
        cycle has dimension 1 whichever way rounding tips its neutral exponent.

    Returns
    -------
    Dimension : a float with `error`, the errors propagated in first order as independent (NaN without `errors`).

    Raises
    ------
    InputError : if there is no exponent, one is not finite, or the errors do not match.
    """
    if hasattr(exponents, "exponents"):
        errors = getattr(exponents, "errors", None) if errors is None else errors
        exponents = exponents.exponents
    rates = real_numbers(exponents, "exponents")
    if rates.ndim != 1 or rates.size == 0:
        raise InputError(f"exponents: shape {rates.shape} found, expected (exponent,) with at least one")
    check_finite(rates, "exponents")
    spread = np.full(rates.shape, np.nan)
    if errors is not None:
        spread = real_numbers(errors, "errors")
        if spread.shape != rates.shape or np.any(spread < 0):
            raise InputError(f"errors: shape {spread.shape} found, expected {rates.shape} numbers of at least zero")
    order = np.argsort(-rates, kind="stable")
    rates, spread = rates[order], spread[order]
    rates = np.where(np.abs(rates) <= 3 * spread, 0.0, rates)
    sums = np.cumsum(rates)
    whole = int(np.count_nonzero(np.cumprod(sums >= 0)))
    if whole in (0, len(rates)):
        return Dimension(whole, 0.0 if errors is not None else np.nan)
    total, next_rate = sums[whole - 1], abs(rates[whole])
    variance = (np.sum(spread[:whole] ** 2) + (total / next_rate * spread[whole]) ** 2) / next_rate**2
    return Dimension(whole + total / next_rate, float(np.sqrt(variance)))


@dataclass(frozen=True)
class DimensionFit:
    """A dimension read off a scaling curve.

    dimension : the slope of the scaling region, NaN where there is none, with its standard error.
    reason : in words, why there is no answer, or what to be wary of; empty if all is well.
    radii : (radius,) ascending, in the unit of the states.
    curve : (radius,) the logarithm (natural) whose slope against log radius is the dimension.
    slopes : (radius,) local slopes of the curve, NaN at its ends.
    region : the least and the greatest radius of the scaling region, or None.
    maximum_likelihood : Takens' estimate with the middle of the region as cut-off (correlation dimension only).
    theiler : the window, in samples, inside which pairs are not counted.
    """

    dimension: Dimension
    reason: str
    radii: Float[np.ndarray, "radius"]
    curve: Float[np.ndarray, "radius"]
    slopes: Float[np.ndarray, "radius"]
    region: tuple[float, float] | None
    maximum_likelihood: Dimension
    theiler: int

    def __float__(self) -> float:
        return float(self.dimension)

    def __bool__(self) -> bool:
        """Whether there is a scaling region."""
        return self.region is not None


BLOCKS = 16
PER_OCTAVE = 8
FEWEST_PAIRS = 200
GREATEST_ORDER = 50


def correlation_dimension(
    states: Any,
    *,
    theiler: int | None = None,
    norm: Literal["euclidean", "maximum"] = "euclidean",
    largest: float = 0.5,
    shortest: float = 2.0,
    tolerance: float = 0.07,
) -> DimensionFit:
    """Correlation dimension by the growth of the number of close pairs of points.

    The correlation sum C(r) ~ r^D (Grassberger & Procaccia 1983) is counted over all pairs more than `theiler`
    samples apart (Theiler 1986); the dimension is its slope over the longest stretch of radii on which the local
    slope is steady. The error joins the drift of the slope within the stretch with a jackknife over 16 blocks of time.
    The maximum-likelihood estimate (Takens 1985) D = -1 / mean(log(r / r0)) takes all pairs closer than r0.

    Parameters
    ----------
    states : trajectory, (time, state) points, or a (time,) series taken as it is (embed it first to see its attractor).
    theiler : in samples; three times the slowest decay of the autocorrelations to 1/e if None.
    norm : of the distance.
    largest : greatest radius, in root-mean-square distances of the points from their mean.
    shortest : least length of a scaling region, in octaves of the radius.
    tolerance : greatest departure of the local slope from its mean within the region, as a share of the mean.

    Raises
    ------
    InputError : if there are fewer than 100 samples, a sample is not finite, or the points coincide.
    """
    points = points_of(states, least=100)
    maximum = one_of(norm, "norm", ("euclidean", "maximum")) == "maximum"
    window = theiler_window(points) if theiler is None else whole(theiler, "theiler", 0)
    if window >= len(points) // 4:
        raise InputError(f"theiler: {window} samples of {len(points)} leave too few pairs; expected a longer run")
    reach = positive(largest, "largest") * _extent(points)
    pairs, logarithms = _pairs_by_distance(points, window, reach, maximum)
    # Bins run from far to near: the sum of a bin and all nearer ones is the correlation sum at its outer edge.
    counts = pairs[:, ::-1].cumsum(axis=1)
    radii = reach * 2.0 ** (-np.arange(counts.shape[1])[::-1] / PER_OCTAVE)
    enough = counts[-1] >= FEWEST_PAIRS
    start = int(np.argmax(enough)) if enough.any() else len(radii)
    if start > len(radii) - PER_OCTAVE:
        return _no_region(f"{int(counts[-1, -1])} pairs within {reach:.3g}: too few to count; a longer run", window)
    radii, counts, logarithms = radii[start:], counts[:, start:], logarithms[:, ::-1].cumsum(axis=1)[:, start:]
    span, fewest = PER_OCTAVE, int(positive(shortest, "shortest") * PER_OCTAVE) + 1
    x, curve = np.log(radii), np.log(counts[-1] / _pair_total(len(points), window))
    allowed = positive(tolerance, "tolerance")
    region = find_scaling_region(x, curve, span=span, shortest=fewest, tolerance=allowed)
    if region is None:
        # Sets full of gaps have slopes that swing with every generation of gaps: look at two octaves together.
        region = find_scaling_region(x, curve, span=2 * span, shortest=max(fewest, 6 * span), tolerance=allowed)
    slopes = _centred_slopes(x, curve, span)
    if region is None:
        reason = f"no scaling region: nowhere over {shortest:g} octaves is the slope steady to {100 * tolerance:g} %"
        return DimensionFit(Dimension(np.nan), reason, radii, curve, slopes, None, Dimension(np.nan), window)
    part = slice(region.start, region.stop)
    kept = np.maximum(counts[-1] - counts[:-1], 1.0)
    jackknife = _jackknife_error(np.polyfit(x[part], np.log(kept[:, part]).T, 1)[0])
    last = region.stop - 1
    cut = (region.start + last) // 2
    near = np.append(kept[:, cut], counts[-1, cut])
    depth = np.append(logarithms[-1, cut] - logarithms[:-1, cut], logarithms[-1, cut])
    depth = -(depth + np.log(reach / radii[cut]) * near) / near
    likelihood = 1.0 / np.maximum(depth, 1e-300)
    reason = ""
    limit = 2 * np.log10(len(points))
    if region.slope > limit:
        reason = f"{len(points)} points cannot show a dimension above {limit:.1f} (Eckmann & Ruelle 1992)"
    elif region.slope > 0.95 * points.shape[1]:
        reason = f"the points fill all {points.shape[1]} dimensions they are given in: the true one may be higher"
    return DimensionFit(
        Dimension(region.slope, float(np.hypot(region.drift, jackknife))),
        reason,
        radii,
        curve,
        slopes,
        (float(radii[region.start]), float(radii[last])),
        Dimension(likelihood[-1], _jackknife_error(likelihood[:-1])),
        window,
    )


def box_dimension(states: Any, *, order: float = 1.0, shortest: float = 2.0, tolerance: float = 0.07) -> DimensionFit:
    """Generalised (Renyi) dimension of `order` by covering the points with boxes of shrinking side.

    Order 0 counts boxes, 1 is the information dimension, 2 the correlation dimension (Hentschel & Procaccia 1983):
    the slope of the Renyi entropy of the box occupations against -log side. Sides at which the boxes hold fewer than
    ten points on average are left out. Boxes converge slowly: for order 2 prefer `correlation_dimension`.

    Parameters
    ----------
    states, shortest, tolerance : as of `correlation_dimension`; `largest` box is the whole extent.
    order : at least 0.

    Returns
    -------
    DimensionFit : `radii` are the sides of the boxes; no maximum-likelihood estimate.
    """
    points = points_of(states, least=100)
    order = at_least_zero(order, "order")
    if order > GREATEST_ORDER:
        raise InputError(f"order: {order:g} found, expected at most {GREATEST_ORDER}: it sees only the fullest box")
    _extent(points)
    extent = float(np.ptp(points, axis=0).max())
    origin = points.min(axis=0)
    sides, entropies = [], []
    for step in range(1, 20 * 4):
        side = extent * 2.0 ** (-step / 4)
        occupation = _box_occupation(points, origin, side)
        if len(occupation) > len(points) / 10:
            break
        sides.append(side)
        entropies.append(_renyi_entropy(occupation / len(points), order))
    if len(sides) < 5:
        return _no_region("too few points for their dimension: the boxes empty before they shrink; a longer run", 0)
    radii, curve = np.array(sides[::-1]), -np.array(entropies[::-1])
    x, fewest = np.log(radii), int(positive(shortest, "shortest") * 4) + 1
    region = find_scaling_region(x, curve, span=4, shortest=fewest, tolerance=positive(tolerance, "tolerance"))
    slopes = _centred_slopes(x, curve, 4)
    if region is None:
        reason = f"no scaling region: nowhere over {shortest:g} octaves is the slope steady to {100 * tolerance:g} %"
        return DimensionFit(Dimension(np.nan), reason, radii, curve, slopes, None, Dimension(np.nan), 0)
    ends = (float(radii[region.start]), float(radii[region.stop - 1]))
    return DimensionFit(Dimension(region.slope, region.drift), "", radii, curve, slopes, ends, Dimension(np.nan), 0)


def theiler_window(states: Any) -> int:
    """Samples after which a run has forgotten itself: three times the slowest decay of its autocorrelations to 1/e."""
    points = points_of(states)
    centred = points - points.mean(axis=0)
    power = np.abs(np.fft.rfft(centred, 2 * len(points), axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[: len(points)]
    moving = covariance[0] > 0
    below = covariance[:, moving] < covariance[0, moving] / np.e
    decay = np.where(below.any(axis=0), below.argmax(axis=0), len(points) // 15)
    return int(min(3 * decay.max(initial=0), len(points) // 5))


def _extent(points: np.ndarray) -> float:
    extent = float(np.sqrt(points.var(axis=0).sum()))
    if not extent > 1e-14 * float(np.abs(points).max()):
        raise InputError("states: every sample is the same point, which has no dimension to measure")
    return extent


def _pairs_by_distance(points: np.ndarray, theiler: int, reach: float, maximum: bool) -> tuple[np.ndarray, np.ndarray]:
    from inscape.analysis.pair_counting import distance_histogram

    # The column that spreads most prunes best.
    columns = np.argsort(-np.ptp(points, axis=0))
    order = np.argsort(points[:, columns[0]], kind="stable")
    blocks = (order * BLOCKS) // len(points)
    ordered = np.ascontiguousarray(points[order][:, columns])
    return distance_histogram(ordered, order, blocks, BLOCKS, theiler, reach, PER_OCTAVE, 30 * PER_OCTAVE, maximum)


def _pair_total(count: int, theiler: int) -> float:
    return (count - theiler) * (count - theiler - 1) / 2


def _jackknife_error(partial: np.ndarray) -> float:
    count = len(partial)
    return float(np.sqrt((count - 1) / count * ((partial - partial.mean()) ** 2).sum()))


def _centred_slopes(x: np.ndarray, y: np.ndarray, span: int) -> np.ndarray:
    slopes = np.full(len(x), np.nan)
    if len(x) >= span:
        inner = local_slopes(x, y, span)
        slopes[span // 2 : span // 2 + len(inner)] = inner
    return slopes


def _no_region(reason: str, theiler: int) -> DimensionFit:
    none = np.empty(0)
    return DimensionFit(Dimension(np.nan), reason, none, none, none, None, Dimension(np.nan), theiler)


def _box_occupation(points: np.ndarray, origin: np.ndarray, side: float) -> np.ndarray:
    cells = ((points - origin) / side).astype(np.int64)
    # One number a box: unique on rows is ten times slower.
    keys = np.zeros(len(cells), dtype=np.uint64)
    for column in cells.T:
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64)
    return np.unique(keys, return_counts=True)[1]


def _renyi_entropy(shares: np.ndarray, order: float) -> float:
    if abs(order - 1.0) < 1e-9:
        return float(-(shares * np.log(shares)).sum())
    return float(np.log((shares**order).sum()) / (1.0 - order))
