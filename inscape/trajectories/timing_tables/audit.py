"""What a timing table mixes that must not be mixed: time scales, the same event twice, errors nobody could have."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from inscape.trajectories.findings import Finding
from inscape.trajectories.timing_tables.table import HOMOGENEOUS_REFITS, TimingTable
from inscape.trajectories.timing_tables.time_scales import meaning_of

# The best mid-times of transits from the ground or from space are good to a few seconds.
IMPLAUSIBLE_ERROR = 2.0 / 86_400
# Errors in minutes that pass for days are 1440 times too large.
WRONG_UNIT = 30.0


def audit(table: TimingTable) -> tuple[Finding, ...]:
    """Findings about a table, the worst first; rows are counted from 0.

    Time scales: rows not in BJD (TDB); HJD and BJD differ by up to 4 s, UTC and TDB by 69 s since 2017. Repeated
    events: the same transit from two sources counts twice, and if one is a new fit of the other's light curve it is no
    new knowledge. Errors: below 2 s, or far above what the times scatter by, as minutes taken for days are;
    or a row whose residual about a parabola is beyond 8 of its own errors.
    """
    found = [*_scales(table), *_repeats(table), *_errors(table), *_outliers(table), *_labels(table)]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: rank[finding.severity]))


def _scales(table: TimingTable) -> list[Finding]:
    by_scale: dict[str, list[int]] = defaultdict(list)
    for row, scale in enumerate(table.scales):
        if meaning_of(scale) != "BJD_TDB":
            by_scale[scale].append(row)
    cost = {
        "BJD_UTC": "65 to 69 s early",
        "BJD": "69 s early if it is UTC",
        "HJD_TDB": "wrong by up to 4 s",
        "HJD_UTC": "65 to 69 s early, and wrong by up to 4 s",
        "HJD": "69 s early if it is UTC, and wrong by up to 4 s",
        "JD": "wrong by up to 8 minutes of light travel time across the orbit of the Earth",
    }
    return [
        Finding(
            "time scale",
            f"{len(rows)} of {len(table)} times are in {scale or 'an unnamed scale'}, not BJD_TDB: "
            f"{cost.get(meaning_of(scale), 'nobody knows how far they are off')} ({table.where(_mask(table, rows))})",
            'keep only rows in BJD_TDB (scale="BJD_TDB"), or convert those in BJD_UTC',
            tuple(rows),
            "error" if len(rows) < len(table) else "warning",
        )
        for scale, rows in by_scale.items()
    ]


def _repeats(table: TimingTable) -> list[Finding]:
    epochs, _, _ = table.numbered()
    by_event: dict[tuple[float, bool], list[int]] = defaultdict(list)
    for row, event in enumerate(zip(epochs.tolist(), np.asarray(table.is_occultation).tolist(), strict=True)):
        by_event[event].append(row)
    found = []
    refits = [row for row, source in enumerate(table.sources) if any(text in source for text in HOMOGENEOUS_REFITS)]
    if refits and len(refits) < len(table):
        found.append(
            Finding(
                "refits",
                f"{len(refits)} of {len(table)} rows fit light curves again that other rows may report "
                f"({', '.join(HOMOGENEOUS_REFITS)})",
                "keep one of the two sets: drop_refits()",
                tuple(refits),
            )
        )
    again = [rows for rows in by_event.values() if len(rows) > 1]
    same_source = [rows for rows in again if len({table.sources[k] for k in rows}) < len(rows)]
    if again:
        extra = sum(len(rows) - 1 for rows in again)
        copied = sum(1 for rows in again for k in rows[1:] if abs(table.times[k] - table.times[rows[0]]) < 1e-5)
        found.append(
            Finding(
                "repeated events",
                f"{len(again)} events are listed more than once, {extra} rows too many; {copied} repeat a time to "
                f"the second and {len(same_source)} events come twice from one source "
                f"({table.where(_mask(table, again[0]))} ...)",
                "several telescopes may watch one transit; the same light curve must count once",
                tuple(row for rows in again for row in rows),
            )
        )
    return found


def _errors(table: TimingTable) -> list[Finding]:
    small = table.errors < IMPLAUSIBLE_ERROR
    if not small.any():
        return []
    return [
        Finding(
            "small errors",
            f"{int(small.sum())} errors are below 2 s ({table.where(small)})",
            "one such row outweighs hundreds: fit with jitter, and look what changes without it",
            tuple(np.flatnonzero(small).tolist()),
        )
    ]


def _outliers(table: TimingTable) -> list[Finding]:
    if len(table) < 8:
        return []
    epochs, _, _ = table.numbered()
    orbits = epochs + 0.5 * np.asarray(table.is_occultation)
    x = (orbits - orbits.mean()) / max(np.ptp(orbits), 1.0)
    design = np.stack([np.ones_like(x), x, x**2], axis=1) / table.errors[:, None]
    y = (table.times - table.times.mean()) / table.errors
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    usual = float(np.median(np.abs(left)))
    if usual * WRONG_UNIT < 0.67:
        return [
            Finding(
                "unit of the errors",
                f"the times scatter {0.67 / max(usual, 1e-6):.0f} times less than their errors say "
                f"({table.where(np.ones(len(table), dtype=bool), 1)})",
                "are the errors in minutes? divide by 1440",
                tuple(range(len(table))),
                "error",
            )
        ]
    far = np.abs(left) > 8
    if not far.any():
        return []
    return [
        Finding(
            "outliers",
            f"{int(far.sum())} times lie more than 8 of their errors off a parabola ({table.where(far)})",
            "their errors cannot be right: fit with jitter per source, or clip",
            tuple(np.flatnonzero(far).tolist()),
        )
    ]


def _labels(table: TimingTable) -> list[Finding]:
    known = np.isfinite(table.labels) & ~np.asarray(table.is_occultation)  # type: ignore[arg-type]
    if known.sum() < 2:
        return []
    epochs, _, _ = table.numbered()
    shift = np.asarray(table.labels) - epochs
    usual = float(np.median(shift[known]))
    wrong = known & (shift != usual)
    if not wrong.any():
        return []
    return [
        Finding(
            "epoch labels",
            f"{int(wrong.sum())} epochs in the file do not fit their times ({table.where(wrong)})",
            "epochs are counted again from the times; check these rows for typing errors",
            tuple(np.flatnonzero(wrong).tolist()),
        )
    ]


def _mask(table: TimingTable, rows: list[int]) -> np.ndarray:
    mask = np.zeros(len(table), dtype=bool)
    mask[rows] = True
    return mask
