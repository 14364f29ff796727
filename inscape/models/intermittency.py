"""Intermittent forcing: how unlike a Gaussian it is, when it bursts, and whether bursts foretell a change of lobe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError

GAUSSIAN_TAIL = 0.0027
"""Share of a Gaussian beyond three standard deviations."""


@dataclass(frozen=True)
class ForcingStatistics:
    """What a forcing's distribution and its bursts are like.

    Parameters
    ----------
    deviation : standard deviation.
    excess_kurtosis : 0 for a Gaussian, positive for long tails.
    tail_share : share of samples beyond three standard deviations; a Gaussian has 0.0027.
    threshold : magnitude above which the forcing is active.
    active_share : share of samples above it.
    bursts : (burst, 2) times at which each burst begins and ends.
    """

    deviation: float
    excess_kurtosis: float
    tail_share: float
    threshold: float
    active_share: float
    bursts: Float[np.ndarray, "burst 2"]


@dataclass(frozen=True)
class SwitchPrediction:
    """Whether bursts of a forcing come before switches.

    Parameters
    ----------
    threshold, horizon : magnitude of a burst; how long before a switch it counts, in time units.
    switches, foretold : switches that could be foretold, and those with a burst within `horizon` before them.
    bursts, true_bursts : bursts, and those with a switch within `horizon` after they begin.
    sensitivity : foretold / switches; precision : true_bursts / bursts; NaN where there is nothing to share.
    lead : median time from the first burst within the horizon to the switch.
    area : probability that a sample with a switch ahead has the larger forcing than one without (area under the ROC).
    chance_sensitivity, chance_precision, chance_area : means of the same when the forcing is turned in time against
        the switches, which keeps both and breaks their relation.
    p_value : share of turned forcings, this one counted, whose area is at least as large.
    """

    threshold: float
    horizon: float
    switches: int
    foretold: int
    bursts: int
    true_bursts: int
    sensitivity: float
    precision: float
    lead: float
    area: float
    chance_sensitivity: float
    chance_precision: float
    chance_area: float
    p_value: float


def forcing_statistics(
    times: Float[np.ndarray, "time"],
    forcing: Float[np.ndarray, "time"],
    *,
    threshold: float | None = None,
    merge: float | None = None,
) -> ForcingStatistics:
    """Shape of a forcing's distribution, and its bursts.

    Parameters
    ----------
    times, forcing : one forcing coordinate, as the last column of `HAVOK.coordinates`.
    threshold : least magnitude of a burst; two standard deviations if None.
    merge : bursts nearer to one another than this, in time units, are one; 20 samples if None.
    """
    t, u = _pair(times, forcing)
    level = 2 * float(u.std()) if threshold is None else _positive("threshold", threshold)
    gap = 20 * float(np.median(np.diff(t))) if merge is None else _positive("merge", merge)
    spread = float(u.std())
    if spread == 0:
        raise InputError("forcing: it stands still, expected a coordinate that moves")
    scaled = (u - u.mean()) / spread
    starts, stops = _bursts(t, np.abs(u) >= level, gap)
    return ForcingStatistics(
        deviation=spread,
        excess_kurtosis=float((scaled**4).mean() - 3),
        tail_share=float((np.abs(scaled) > 3).mean()),
        threshold=level,
        active_share=float((np.abs(u) >= level).mean()),
        bursts=np.stack([t[starts], t[stops]], axis=1),
    )


def lobe_switches(
    times: Float[np.ndarray, "time"], states: Float[np.ndarray, "time"], *, centre: float = 0.0
) -> Float[np.ndarray, "switch"]:
    """Times at which a variable crosses from one side of `centre` to the other, interpolated between samples."""
    t, x = _pair(times, states)
    side = np.where(x >= centre, 1, -1)
    at = np.flatnonzero(side[:-1] != side[1:])
    share = (centre - x[at]) / (x[at + 1] - x[at])
    return t[at] + share * (t[at + 1] - t[at])


def best_threshold(
    times: Float[np.ndarray, "time"],
    forcing: Float[np.ndarray, "time"],
    switches: Float[np.ndarray, "switch"],
    *,
    horizon: float,
) -> float:
    """The magnitude that best parts samples with a switch ahead from the others (largest Youden index).

    Choose it on one stretch and test `foretell_switches` on another.
    """
    t, u = _pair(times, forcing)
    ahead, known = _ahead(t, switches, horizon)
    size, label = np.abs(u)[known], ahead[known]
    if not label.any() or label.all():
        raise InputError("switches: every sample has one ahead, or none has; choose another horizon or a longer run")
    order = np.argsort(-size, kind="stable")
    hits = np.cumsum(label[order]) / label.sum()
    alarms = np.cumsum(~label[order]) / (~label).sum()
    # Samples of one magnitude are on one side of any threshold together.
    last = np.append(np.diff(size[order]) != 0, True)
    return float(size[order][last][np.argmax((hits - alarms)[last])])


def foretell_switches(
    times: Float[np.ndarray, "time"],
    forcing: Float[np.ndarray, "time"],
    switches: Float[np.ndarray, "switch"],
    *,
    threshold: float,
    horizon: float,
    turns: int = 99,
    seed: int | np.random.Generator | None = 0,
) -> SwitchPrediction:
    """How many switches a burst of the forcing comes before, beside chance.

    Parameters
    ----------
    times, forcing : one forcing coordinate; `times` are those of the windows' ends, so no window looks ahead.
    switches : times of the switches, as of `lobe_switches`.
    threshold : magnitude of a burst, such as `best_threshold` of another stretch.
    horizon : a burst counts for a switch that comes within this time.
    turns : random turns in time that give chance and the p-value.
    """
    t, u = _pair(times, forcing)
    level, reach = _positive("threshold", threshold), _positive("horizon", horizon)
    at = np.sort(np.asarray(switches, dtype=float))
    at = at[(at > t[0] + reach) & (at <= t[-1])]
    if not len(at):
        raise InputError("switches: none found within the run; choose a longer run")
    ahead, known = _ahead(t, at, reach)
    found = _count(t, u, at, level, reach)
    area = _area(np.abs(u)[known], ahead[known])
    random = np.random.default_rng(seed)
    shortest = min(len(u) // 2, max(1, int(2 * reach / np.median(np.diff(t)))))
    chance, areas = [], []
    for shift in random.integers(shortest, max(shortest + 1, len(u) - shortest), turns):
        turned = np.roll(u, int(shift))
        counts = _count(t, turned, at, level, reach)
        chance.append((counts[0] / len(at), counts[2] / counts[1] if counts[1] else np.nan))
        areas.append(_area(np.abs(turned)[known], ahead[known]))
    foretold, bursts, true_bursts, lead = found
    means = np.nanmean(np.array(chance), axis=0) if chance else (np.nan, np.nan)
    return SwitchPrediction(
        threshold=level,
        horizon=reach,
        switches=len(at),
        foretold=foretold,
        bursts=bursts,
        true_bursts=true_bursts,
        sensitivity=foretold / len(at),
        precision=true_bursts / bursts if bursts else float("nan"),
        lead=lead,
        area=area,
        chance_sensitivity=float(means[0]),
        chance_precision=float(means[1]),
        chance_area=float(np.mean(areas)) if areas else float("nan"),
        p_value=(1 + sum(a >= area for a in areas)) / (1 + len(areas)),
    )


def _count(t: np.ndarray, u: np.ndarray, at: np.ndarray, level: float, reach: float) -> tuple[int, int, int, float]:
    active = np.abs(u) >= level
    starts, _ = _bursts(t, active, 20 * float(np.median(np.diff(t))))
    times = t[active]
    first = np.searchsorted(times, at - reach)
    has = (
        (first < len(times)) & (times[np.minimum(first, len(times) - 1)] < at)
        if len(times)
        else np.zeros(len(at), bool)
    )
    lead = float(np.median(at[has] - times[first[has]])) if has.any() else float("nan")
    begins = t[starts][t[starts] <= t[-1] - reach]
    following = np.searchsorted(at, begins, side="right")
    true = (following < len(at)) & (at[np.minimum(following, len(at) - 1)] <= begins + reach)
    return int(has.sum()), len(begins), int(true.sum()), lead


def _bursts(t: np.ndarray, active: Bool[np.ndarray, "time"], gap: float) -> tuple[np.ndarray, np.ndarray]:
    at = np.flatnonzero(active)
    if not len(at):
        return at, at
    apart = np.flatnonzero(np.diff(t[at]) > gap)
    return at[np.concatenate([[0], apart + 1])], at[np.concatenate([apart, [len(at) - 1]])]


def _ahead(t: np.ndarray, switches: Any, reach: float) -> tuple[np.ndarray, np.ndarray]:
    at = np.sort(np.asarray(switches, dtype=float))
    following = np.searchsorted(at, t, side="right")
    ahead = np.zeros(len(t), dtype=bool)
    inside = following < len(at)
    ahead[inside] = at[following[inside]] <= t[inside] + reach
    return ahead, t <= t[-1] - reach


def _area(score: np.ndarray, label: np.ndarray) -> float:
    from scipy.stats import rankdata

    ones = int(label.sum())
    if not ones or ones == len(label):
        return float("nan")
    return float((rankdata(score)[label].sum() - ones * (ones + 1) / 2) / (ones * (len(label) - ones)))


def _pair(times: Any, values: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        t, v = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError("times, values: something that is no number found, expected two (time,) arrays") from None
    if t.ndim != 1 or t.shape != v.shape or len(t) < 3:
        raise InputError(f"times, values: shapes {t.shape} and {v.shape} found, expected two (time,) of at least 3")
    if not (np.isfinite(t).all() and np.isfinite(v).all()) or (np.diff(t) <= 0).any():
        raise InputError("times, values: missing, infinite or unordered entries found, expected a complete stretch")
    return t, v


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < np.inf:
        raise InputError(f"{name}: {value!r} found, expected a positive number")
    return float(value)
