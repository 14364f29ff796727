"""Models of event times that are linear once the rate of precession is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import UnknownNameError
from inscape.systems.orbit.secular import MS_A_YEAR
from inscape.trajectories.timing_tables import TimingTable

MODELS = ("linear", "decay", "precession", "decay+precession")


@dataclass(frozen=True, eq=False)
class Events:
    """Event times, counted and reduced to small numbers, ready for a fit.

    Parameters
    ----------
    orbits : (event,) orbits since `reference`: whole for transits, one half more for occultations.
    is_occultation : (event,)
    offsets : (event,) time less `reference` less `period` times orbits, days.
    errors : (event,) days.
    reference, period : about; a transit time and the sidereal period, days.
    sources : of each event.
    """

    orbits: Float[np.ndarray, "event"]
    is_occultation: Bool[np.ndarray, "event"]
    offsets: Float[np.ndarray, "event"]
    errors: Float[np.ndarray, "event"]
    reference: float
    period: float
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.orbits)

    @property
    def span(self) -> float:
        """Days from the first event to the last."""
        return float(np.ptp(self.orbits) * self.period)

    def keep(self, rows: Bool[np.ndarray, "event"]) -> Events:
        """Some of the events."""
        sources = tuple(source for source, kept in zip(self.sources, rows, strict=True) if kept)
        return Events(
            self.orbits[rows], self.is_occultation[rows], self.offsets[rows], self.errors[rows],
            self.reference, self.period, sources,
        )  # fmt: skip

    def with_offsets(self, offsets: Float[np.ndarray, "event"]) -> Events:
        """The same events at other times."""
        return Events(
            self.orbits, self.is_occultation, offsets, self.errors, self.reference, self.period, self.sources
        )  # fmt: skip


def count_events(table: TimingTable, *, reference: float | None = None, period: float | None = None) -> Events:
    """The events of a table, counted from the transit in the middle of their weights.

    Parameters
    ----------
    reference, period : transit and period to count from, days; the table's own if None.

    Raises
    ------
    InputError : if no period fits, as of `TimingTable.numbered`.
    """
    epochs, own_period, zero = table.numbered()
    occultation = np.asarray(table.is_occultation)
    orbits = epochs + 0.5 * occultation
    used = own_period if period is None else float(period)
    if reference is None:
        weights = 1 / table.errors**2
        shift = np.round(weights @ orbits / weights.sum())
        reference = zero + shift * own_period
    else:
        shift = np.round((reference - zero) / own_period)
    orbits = orbits - shift
    offsets = (table.times - reference) - used * orbits
    return Events(orbits, occultation, offsets, table.errors, float(reference), used, tuple(table.sources))


def known_model(model: str) -> str:
    """The model's name as listed in `MODELS`.

    Raises
    ------
    UnknownNameError : if there is none of that name.
    """
    also = {"constant": "linear", "quadratic": "decay", "precession+decay": "decay+precession"}
    name = also.get(model, model)
    if name not in MODELS:
        raise UnknownNameError("timing model", str(model), MODELS)
    return name


def parameters_of(model: str) -> tuple[str, ...]:
    """Linear parameters of a model: corrections of the reference and the period, change of the period each orbit (all
    in days), e cos w and e sin w at the reference."""
    names = ["reference", "period"]
    if "decay" in model:
        names.append("period_change")
    if "precession" in model:
        names += ["e_cos_w", "e_sin_w"]
    return tuple(names)


def radians_an_orbit(rate: float | np.ndarray, period: float) -> float | np.ndarray:
    """Precession in degrees a day as radians a sidereal orbit."""
    return np.radians(rate) * period


def design_of(
    events: Events,
    model: str,
    rate: float = 0.0,
    *,
    anomalistic_half: bool = False,
) -> Float[np.ndarray, "event parameter"]:
    """Columns of a model's event times, to first order in the eccentricity.

    A transit comes e P / pi cos w early and an occultation as much late (Gimenez & Bastero 1995, Ap&SS 226, 99; Patra
    et al. 2017, AJ 154, 4). Here the pericentre moves evenly in time, so that its angle is taken at the event and P is
    the sidereal period; then an occultation of a round orbit lies half a sidereal period after the transit.

    Parameters
    ----------
    rate : of precession, degrees a day.
    anomalistic_half : put it half an anomalistic period after, with the anomalistic period in the eccentric term and
        the angle of the transit, as the published formula and the codes that follow it do. It is 8 s off for WASP-12.
    """
    orbits, occultation = events.orbits, events.is_occultation
    turn = float(radians_an_orbit(rate, events.period))
    longer = 1 / (1 - turn / (2 * np.pi)) if anomalistic_half else 1.0
    whole = orbits - 0.5 * occultation if anomalistic_half else orbits
    columns = [np.ones_like(orbits), orbits + 0.5 * occultation * (longer - 1)]
    if "decay" in model:
        columns.append(0.5 * whole**2)
    if "precession" in model:
        side = np.where(occultation, 1.0, -1.0) * events.period * longer / np.pi
        columns += [side * np.cos(turn * whole), -side * np.sin(turn * whole)]
    return np.stack(columns, axis=1)


def constant_part(events: Events, rate: float) -> Float[np.ndarray, "event"]:
    """What the published formula adds to an occultation over half a sidereal period, days, at the reference period."""
    turn = float(radians_an_orbit(rate, events.period))
    return 0.5 * events.is_occultation * events.period * (1 / (1 - turn / (2 * np.pi)) - 1)


def ms_a_year(period_change: float | np.ndarray, period: float) -> float | np.ndarray:
    """Change of the period in days each orbit, as ms a year."""
    return period_change / period * MS_A_YEAR
