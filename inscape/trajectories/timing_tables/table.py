"""`TimingTable`: the times of transits and occultations of one planet, each with its error and where it is from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.trajectories.timing_tables.epochs import number_events

HOMOGENEOUS_REFITS = ("2021ApJS..255...15W",)
"""References that fit again light curves which other rows already report (Wang et al. 2021 in Ivshina & Winn 2022)."""
EARLIEST, LATEST = 2_400_000.0, 2_500_000.0
# An error of an hour is no timing; one of a few minutes of time written in minutes looks like days.
LARGEST_ERROR = 0.2


@dataclass(frozen=True, eq=False)
class TimingTable:
    """Event times of one planet.

    Parameters
    ----------
    times : (event,) mid-times, BJD in the scale TDB, days.
    errors : (event,) one standard deviation, days.
    is_occultation : (event,) False for a transit; all transits if None.
    sources : who measured each; one text for all, or one each.
    scales : time scale as it was written; one text for all, or one each.
    labels : (event,) epoch numbers as written in the file, NaN where there are none; used for a first period only.
    period : about, days; found from labels or times if None.
    system : name of the planet or its star.
    places : "file:line" of each row, for messages.

    Raises
    ------
    InputError : if shapes disagree, a time or an error is no number, an error is not above zero or looks like minutes,
        or a time is no full Julian date.
    """

    times: Float[np.ndarray, "event"]
    errors: Float[np.ndarray, "event"]
    is_occultation: Bool[np.ndarray, "event"] | None = None
    sources: Sequence[str] | str = ""
    scales: Sequence[str] | str = "BJD_TDB"
    labels: Float[np.ndarray, "event"] | None = None
    period: float | None = None
    system: str = ""
    places: Sequence[str] = ()

    def __post_init__(self) -> None:
        times, errors = _numbers(self.times, "times"), _numbers(self.errors, "errors")
        count = len(times)
        if count == 0:
            raise InputError(f"timing table{self._name}: no rows found, expected at least one event time")
        occultation = np.zeros(count, bool) if self.is_occultation is None else np.asarray(self.is_occultation)
        if occultation.dtype != bool or occultation.shape != (count,) or errors.shape != (count,):
            raise InputError(
                f"timing table{self._name}: {count} times, errors of shape {errors.shape}, is_occultation of shape "
                f"{occultation.shape} and type {occultation.dtype} found; expected one error and one boolean a time"
            )
        labels = np.full(count, np.nan) if self.labels is None else np.asarray(self.labels, dtype=float)
        texts = {}
        for name in ("sources", "scales", "places"):
            given = getattr(self, name)
            texts[name] = (given,) * count if isinstance(given, str) else tuple(str(one) for one in given)
        if not texts["places"]:
            texts["places"] = tuple(f"row {k}" for k in range(count))
        for name, values in (("labels", labels), *texts.items()):
            if len(values) != count:
                raise InputError(f"timing table{self._name}: {len(values)} {name} found for {count} times")
        for name, value in (
            ("times", times), ("errors", errors), ("is_occultation", occultation), ("labels", labels), *texts.items()
        ):  # fmt: skip
            object.__setattr__(self, name, value)
        self._refuse(~np.isfinite(times), "times that are no numbers", "drop them")
        self._refuse(
            ~np.isfinite(errors) | (errors <= 0), "errors that are not above zero", "drop them or give an error"
        )
        self._refuse(
            (times < EARLIEST) | (times > LATEST),
            "times that are no full Julian date",
            "add what the file leaves off, such as 2450000 or 2457000",
        )
        self._refuse(errors > LARGEST_ERROR, f"errors above {LARGEST_ERROR} d", "are they in minutes? divide by 1440")
        if self.period is not None and not (np.isfinite(self.period) and self.period > 0):
            raise InputError(f"period: {self.period} found, expected days above zero")

    def __len__(self) -> int:
        return len(self.times)

    @property
    def _name(self) -> str:
        return f" of {self.system}" if self.system else ""

    def _refuse(self, wrong: np.ndarray, what: str, mend: str) -> None:
        if wrong.any():
            raise InputError(f"timing table{self._name}: {int(wrong.sum())} {what} ({self.where(wrong)}); {mend}")

    def where(self, rows: Bool[np.ndarray, "event"], most: int = 5) -> str:
        """The places of some rows, in words."""
        found = np.flatnonzero(rows)
        named = ", ".join(self.places[k] for k in found[:most])
        return named + (f" and {len(found) - most} more" if len(found) > most else "")

    def numbered(self) -> tuple[Float[np.ndarray, "event"], float, float]:
        """Epoch of every event, from its time; with the period (days) and the time of transit 0 that were used.

        Raises
        ------
        InputError : if no period fits, or some rows lie far from any event.
        """
        return number_events(self)

    def keep(self, rows: Bool[np.ndarray, "event"] | Float[np.ndarray, "kept"]) -> Self:
        """Some of the rows: a boolean for each, or their places."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        if len(chosen) == 0:
            raise InputError(
                f"timing table{self._name}: no rows left of {len(self)}; expected a choice that keeps some"
            )
        return replace(
            self,
            times=self.times[chosen],
            errors=self.errors[chosen],
            is_occultation=self.is_occultation[chosen],  # type: ignore[index]
            labels=self.labels[chosen],  # type: ignore[index]
            sources=tuple(self.sources[k] for k in chosen),
            scales=tuple(self.scales[k] for k in chosen),
            places=tuple(self.places[k] for k in chosen),
        )

    def without(self, *sources: str) -> Self:
        """Without the rows whose source has one of these texts in it.

        Raises
        ------
        InputError : if a text is in no source.
        """
        drop = np.zeros(len(self), dtype=bool)
        for text in sources:
            found = np.array([text in source for source in self.sources])
            if not found.any():
                raise InputError(f"source {text!r}: in none of {len(self)} rows; {self.listed_sources()}")
            drop |= found
        return self.keep(~drop)

    def listed_sources(self) -> str:
        """The sources with their numbers of rows, the largest first."""
        names, counts = np.unique(np.array(self.sources, dtype=object), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return "; ".join(f"{names[k] or 'no source'} ({counts[k]})" for k in order[:12])

    def drop_refits(self, references: Iterable[str] = HOMOGENEOUS_REFITS) -> Self:
        """Without rows that fit light curves again which other rows report already."""
        listed = tuple(references)
        refit = np.array([any(text in source for text in listed) for source in self.sources])
        return self.keep(~refit) if refit.any() else self

    def transits(self) -> Self:
        """The transits alone."""
        return self.keep(~np.asarray(self.is_occultation))

    def append(self, other: TimingTable | Path | str, *, only_new: bool = False) -> Self:
        """These rows and then those of another table of the same planet, or of a file.

        Parameters
        ----------
        only_new : leave out events that this table has already.

        Raises
        ------
        InputError : if the other table's times do not fit this one's period.
        """
        from inscape.trajectories.timing_tables.reading import read_timing

        added = other if isinstance(other, TimingTable) else read_timing(other)
        joined = replace(
            self,
            times=np.r_[self.times, added.times],
            errors=np.r_[self.errors, added.errors],
            is_occultation=np.r_[self.is_occultation, added.is_occultation],
            # Two files rarely count from the same event; the period of the first serves both.
            labels=np.r_[self.labels, np.full(len(added), np.nan)],
            period=self.period if self.period is not None else added.period,
            sources=(*self.sources, *added.sources),
            scales=(*self.scales, *added.scales),
            places=(*self.places, *added.places),
        )
        if not only_new:
            return joined
        epochs, _, _ = joined.numbered()
        at = list(zip(epochs.tolist(), np.asarray(joined.is_occultation).tolist(), strict=True))
        known = set(at[: len(self)])
        return joined.keep(np.array([k < len(self) or event not in known for k, event in enumerate(at)]))


def _numbers(values: object, name: str) -> np.ndarray:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: something other than numbers found, expected (event,) days") from None
    if array.ndim != 1:
        raise InputError(f"{name}: shape {array.shape} found, expected (event,)")
    return array
