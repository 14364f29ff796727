"""Time scales of exoplanet tables: what a label means, and what can be turned into BJD in TDB."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

# Names as they are met in published tables, misspellings and all.
_ALIASES = {
    "BJD_TDB": ("BJD_TDB", "BJD TDB", "BJDTDB", "BJD-TDB", "BJD(TDB)", "BJD_TT", "BJD TT", "BTJD", "TDB"),
    "BJD_UTC": ("BJD_UTC", "BJD UTC", "BJDUTC", "BJD-UTC", "BJD(UTC)", "UTC"),
    "HJD_TDB": ("HJD_TDB", "HJD TDB", "HJD_TBD", "HJD_TT", "HJDTDB"),
    "HJD_UTC": ("HJD_UTC", "HJD UTC", "HJDUTC"),
    "BJD": ("BJD",),
    "HJD": ("HJD",),
    "JD": ("JD", "JD_UTC", "JDUTC", "GJD"),
}
_MEANING = {alias.upper(): scale for scale, aliases in _ALIASES.items() for alias in aliases}
# First day (Julian date) on which UTC was this many seconds behind international atomic time.
_LEAP_SECONDS = (
    (2441317.5, 10), (2441499.5, 11), (2441683.5, 12), (2442048.5, 13), (2442413.5, 14), (2442778.5, 15),
    (2443144.5, 16), (2443509.5, 17), (2443874.5, 18), (2444239.5, 19), (2444786.5, 20), (2445151.5, 21),
    (2445516.5, 22), (2446247.5, 23), (2447161.5, 24), (2447892.5, 25), (2448257.5, 26), (2448804.5, 27),
    (2449169.5, 28), (2449534.5, 29), (2450083.5, 30), (2450630.5, 31), (2451179.5, 32), (2453736.5, 33),
    (2454832.5, 34), (2456109.5, 35), (2457204.5, 36), (2457754.5, 37),
)  # fmt: skip
TT_OF_TAI = 32.184


def meaning_of(label: str) -> str:
    """BJD_TDB, BJD_UTC, HJD_TDB, HJD_UTC, BJD, HJD or JD (the last three do not say all); "" if unknown.

    TT counts as TDB: the two never differ by more than 2 ms.
    """
    return _MEANING.get(label.strip().upper(), "")


def utc_to_tdb(times: Float[np.ndarray, "event"]) -> Float[np.ndarray, "event"]:
    """Julian dates in UTC as Julian dates in TDB: leap seconds and 32.184 s, 69 s in all since 2017.

    Raises
    ------
    InputError : if a time lies before 1972, when UTC had no leap seconds.
    """
    at = np.asarray(times, dtype=float)
    starts = np.array([start for start, _ in _LEAP_SECONDS])
    if not np.all(at >= starts[0]):
        raise InputError(f"times: {np.min(at):.1f} found, expected Julian dates after 1972 (2441317.5)")
    behind = np.array([seconds for _, seconds in _LEAP_SECONDS])[np.searchsorted(starts, at, side="right") - 1]
    return at + (behind + TT_OF_TAI) / 86_400
