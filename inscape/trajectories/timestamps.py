"""Points in time as texts, turned into seconds since the first of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError

if TYPE_CHECKING:
    import pandas

_ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$"
_SLASHED = re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(.*)")
_CLOCK = re.compile(r"\s*\d{1,3}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*")


class DateReader:
    """Turns blocks of dates into seconds since the first date of all.

    Parameters
    ----------
    file, column : for messages.
    samples : some of the dates, from which the form is told.
    form : as of `strptime`; None tells it from the samples.

    Raises
    ------
    InputError : if the samples leave open whether day or month comes first.
    """

    def __init__(self, file: str, column: str, samples: Sequence[str], form: str | None = None):
        self._place = f"{file}: column {column!r}"
        self._clock = form is None and all(_CLOCK.fullmatch(text) for text in samples)
        self._form = form or self._told(samples)
        self._zoned: bool | None = None
        self._zones: set[str] = set()
        self._rows = 0
        self.origin: np.datetime64 | None = None

    def __call__(self, texts: np.ndarray) -> np.ndarray:
        """Seconds since the first date, NaN where a text is missing."""
        import pandas

        series = pandas.Series(texts, dtype=object).str.strip()
        series = series.where(series.notna() & (series != ""), None)
        present = series.notna()
        if self._clock:
            full = series.where(series.str.count(":") == 2, series + ":00")
            moments = pandas.to_timedelta(full, errors="coerce")
            self._refuse(series, present & moments.isna())
            self._rows += len(series)
            return moments.dt.total_seconds().to_numpy(float)
        self._check_zones(series, present)
        moments = pandas.to_datetime(series, format=self._form, utc=True, errors="coerce")
        self._refuse(series, present & moments.isna())
        self._rows += len(series)
        stamps = moments.dt.tz_localize(None).to_numpy("datetime64[ns]")
        if self.origin is None and present.any():
            self.origin = stamps[np.nonzero(present.to_numpy())[0][0]]
        if self.origin is None:
            return np.full(len(stamps), np.nan)
        return np.where(np.isnat(stamps), np.nan, (stamps - self.origin) / np.timedelta64(1, "ns") * 1e-9)

    @property
    def context(self) -> dict[str, str]:
        """When second 0 was, as ISO 8601; in UTC where the dates tell their zone."""
        if self.origin is None:
            return {}
        return {"time_origin": np.datetime_as_string(self.origin, unit="auto") + ("Z" if self._zoned else "")}

    @property
    def notes(self) -> tuple[str, ...]:
        if len(self._zones) > 1:
            return (
                f"{self._place} has {len(self._zones)} time zones ({', '.join(sorted(self._zones)[:4])}); all in UTC",
            )
        return ()

    def _check_zones(self, series: pandas.Series, present: pandas.Series) -> None:
        texts = series[present]
        zones = texts.str.extract(f"({_ZONE})", expand=False)
        # "2020-01-02" ends like the zone "-02": only a text with a clock can tell a zone.
        told = zones.notna() & texts.str.contains(":", regex=False)
        if not len(told):
            return
        self._zoned = bool(told.iloc[0]) if self._zoned is None else self._zoned
        odd = (told != self._zoned).to_numpy()
        if odd.any():
            row = self._rows + int(told.index[int(np.argmax(odd))]) + 1
            raise InputError(
                f"{self._place} has dates with and without time zone, first at row {row}; give all a zone or none"
            )
        self._zones |= set(zones[told].unique())

    def _refuse(self, series: pandas.Series, bad: pandas.Series) -> None:
        rows = np.nonzero(bad.to_numpy())[0]
        if len(rows):
            text = series.iloc[int(rows[0])]
            raise InputError(
                f"{self._place} holds {text!r} at row {self._rows + int(rows[0]) + 1}, expected a date like the first; "
                "state the form, time_format='%Y-%m-%d %H:%M'"
            )

    def _told(self, samples: Sequence[str]) -> str:
        parts = [match.groups() for match in map(_SLASHED.fullmatch, samples) if match]
        if not parts:
            return "ISO8601"
        day_first = any(int(p[0]) > 12 for p in parts)
        month_first = any(int(p[2]) > 12 for p in parts)
        if day_first == month_first:
            raise InputError(
                f"{self._place} has dates such as {samples[0]!r}, day or month first; say which, time_format='%d/%m/%Y'"
            )
        _, sign, _, year, rest = parts[0]
        days = f"%d{sign}%m" if day_first else f"%m{sign}%d"
        clock = ("T" if rest.startswith("T") else " ") if rest.strip() else ""
        clock += ("", "%H:%M", "%H:%M:%S")[min(rest.count(":") + 1, 3) - 1] if clock else ""
        clock += ".%f" if "." in rest else ""
        return f"{days}{sign}{'%Y' if len(year) == 4 else '%y'}{clock}"
