"""The doomed list: every planet of a table asked whether its orbit decays, grows or turns, the surest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inscape.analysis.timing.clipping import clipped
from inscape.analysis.timing.fits import fit
from inscape.analysis.timing.jitter import Jitter
from inscape.analysis.timing.models import Events, count_events
from inscape.analysis.timing.periodogram import precession_scan
from inscape.errors import InputError
from inscape.trajectories.timing_tables import TimingTable
from inscape.trajectories.timing_tables.epochs import stray_events

FEWEST_EVENTS = 6
# Of a planet's times; a typing error or two in a long list shall not cost the planet its place.
MOST_STRAYS = 0.02


@dataclass(frozen=True)
class Ranked:
    """What the times of one planet say.

    Parameters
    ----------
    system : the planet.
    events, clipped : fitted, and left out as no orbit explains them.
    years : from the first event to the last.
    decay, error : change of the period, ms a year.
    gain : BIC of a constant period less that of a changing one.
    precession_gain : the same of precession, at its best rate; NaN where there are too few events.
    rate : of that precession, degrees a day.
    jitter : scatter beyond the errors, seconds.
    reading : "decays", "grows", "precession?" or "".
    """

    system: str
    events: int
    clipped: int
    years: float
    decay: float
    error: float
    gain: float
    precession_gain: float
    rate: float
    jitter: float
    reading: str


def rank(
    tables: Mapping[str, TimingTable] | Path | str,
    *,
    jitter: Jitter = "one",
    clip: bool = True,
    strong: float = 10.0,
    scale: str = "BJD_TDB",
) -> tuple[list[Ranked], dict[str, str]]:
    """Every planet of a table, those whose period changes the most surely first.

    A growing or shrinking period may be an acceleration of the whole system as well: only velocities tell. Both ends of
    a table of 382 are noise in part: with a bar of 10 in BIC and so many planets, one false reading is no surprise.

    Parameters
    ----------
    tables : by planet, or a file that names the planet of each row.
    clip : leave out events beyond three scatters of a parabola, and a stray time or two that fit no event at all.
    strong : gain of BIC from which a reading is given.
    scale : time scale to keep, of a file.

    Returns
    -------
    The ranked planets, and why each other planet was left out.
    """
    given: dict[str, TimingTable]
    left: dict[str, str]
    if isinstance(tables, Mapping):
        given, left = dict(tables), {}
    else:
        given, left = _of_file(tables, scale)
    ranked = []
    for system, table in given.items():
        try:
            ranked.append(_ranked(system, table, jitter, clip, strong))
        except InputError as error:
            left[system] = str(error)
    return sorted(ranked, key=lambda one: -one.gain), left


def _of_file(path: Path | str, scale: str) -> tuple[dict[str, TimingTable], dict[str, str]]:
    from inscape.trajectories.timing_tables.reading import read_systems

    tables, left = read_systems(path, scale=scale)
    return {name: table.drop_refits() for name, table in tables.items()}, left


def _ranked(system: str, table: TimingTable, jitter: Jitter, clip: bool, strong: float) -> Ranked:
    whole = len(table)
    if clip and 0 < (strays := stray_events(table)).sum() <= MOST_STRAYS * whole:
        table = table.keep(~strays)
    events = count_events(table)
    if len(events) < FEWEST_EVENTS:
        raise InputError(f"{len(events)} events found, expected at least {FEWEST_EVENTS}")
    kept: Events = events.keep(clipped(events, by="scatter")) if clip else events
    still, moving = fit(kept, "linear", jitter=jitter), fit(kept, "decay", jitter=jitter)
    gain = still.bic - moving.bic
    turning, rate = float("nan"), float("nan")
    if len(kept) >= 3 * FEWEST_EVENTS and kept.span > 360:
        # Coarser than a periodogram to be looked at: a peak is ten points wide there, four here.
        scan = precession_scan(kept, decay=False, jitter=jitter, oversample=4)
        rate = scan.rate
        turning = still.bic - fit(kept, "precession", jitter=jitter, rates=(rate - 0.01, rate + 0.01)).bic
    reading = ""
    if gain >= strong:
        reading = "decays" if moving.decay_rate < 0 else "grows"
    elif turning >= strong:
        reading = "precession?"
    return Ranked(
        system, len(kept), whole - len(kept), kept.span / 365.25, moving.decay_rate, moving.decay_error, gain,
        turning, rate, 86_400 * max(moving.jitter.values(), default=0.0), reading,
    )  # fmt: skip
