"""What event times of a planet say, as sentences, tables and figures for the terminal, a page or a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from inscape.app.assignments import assignments
from inscape.app.network_reading import Reading
from inscape.app.terminal import number
from inscape.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from inscape.analysis.timing.fits import Comparison
    from inscape.analysis.timing.jitter import Jitter
    from inscape.trajectories.timing_tables import TimingTable, VelocityTable

# Velocities alone tell a companion's pull; so many live points are enough for five digits of its error.
LIVE_POINTS = 400
BADGE = "an orbit in its event times"


def read_orbit(
    file: Path | None,
    *,
    sample: str | None,
    system: str | None,
    velocities: Path | None,
    scale: str | None,
    columns: str | None,
    period: float | None,
    jitter: str,
    clip: str,
    keep_refits: bool,
    rates: tuple[float, float],
    simulations: int,
    star: str | None,
    planet: str | None,
    seed: int,
    report: Path | None = None,
) -> Reading:
    """Everything that `inscape orbit FILE` shows.

    Raises
    ------
    InputError : if neither or both of a file and a sample are given, or something in them is wrong.
    """
    from inscape.analysis.timing import compare, count_events, robustness
    from inscape.analysis.timing.clipping import clipped
    from inscape.analysis.timing.robustness_card import CLIPS
    from inscape.app.commands import check_places
    from inscape.errors import UnknownNameError
    from inscape.studies.orbital_decay import figures
    from inscape.trajectories.timing_tables import audit

    check_places(report)
    if clip not in CLIPS:
        raise UnknownNameError("clip", clip, CLIPS)
    whole, measured = _tables(file, sample, system, velocities, scale, columns, period)
    findings = audit(whole)
    table = whole if keep_refits else whole.drop_refits()
    events = count_events(table)
    left_out = 0
    if clip != "none":
        kept = clipped(events, by="errors" if clip == "3 errors" else "scatter")
        left_out = int((~kept).sum())
        table, events = table.keep(kept), events.keep(kept)
    found = compare(events, jitter=cast("Jitter", jitter), rates=rates, simulations=simulations, seed=seed)
    card = robustness(whole)
    turning = found["decay+precession"]
    assert turning.scan is not None
    tables: list[tuple[str, list[dict[str, Any]]]] = [("Models of the event times", _plain(found.summary()))]
    tables.append((f"Parameters of the best model ({found.best.model})", _parameters(found)))
    notes = [f"{finding}" for finding in findings]
    if len(table) < len(whole):
        notes.append(f"{len(whole) - len(table)} refits are left out of the fits (--keep-refits keeps them)")
    if left_out:
        notes.append(f"{left_out} of {len(table) + left_out} events were clipped ({clip})")
    notes.append(card.sentence)
    drawn = {
        "times less a constant period": figures.residual_figure(
            found["linear"], [found["decay"], turning], f"{whole.system}: {len(events)} events"
        )
    }
    _add_precession(found, turning, tables, drawn, notes, simulations, seed)
    tables.append(("The verdict under every choice", card.rows()))
    drawn["the verdict under every choice"] = figures.robustness_figure(
        card, f"{whole.system}: does the period change?"
    )
    decay_draws = _normal(found["decay"].decay_rate, found["decay"].decay_error, seed)
    if measured is not None:
        try:
            decay_draws = _add_velocities(table, measured, tables, notes, seed)
        except MissingExtraError as error:
            # Velocities that nobody asked for, since a sample brings them, are left out with a word.
            if velocities is not None:
                raise
            notes.append(f"its {len(measured)} velocities were left out: {error}")
    if star is not None or planet is not None:
        tables.append(("Tides", _tides(found, decay_draws, star, planet)))
    return Reading(
        f"Orbit of {whole.system}",
        _sentence(whole.system, found, len(whole)),
        tuple(tables),
        drawn,
        tuple(notes),
        BADGE,
    )


def read_ranking(file: Path, count: int, scale: str, jitter: str, report: Path | None = None) -> Reading:
    """Everything that `inscape orbit rank FILE` shows."""
    from inscape.analysis.timing import rank
    from inscape.app.commands import check_places
    from inscape.studies.orbital_decay.figures import ranking_figure

    check_places(report)
    ranked, left = rank(file, jitter=cast("Jitter", jitter), scale=scale)
    if not ranked:
        raise InputError(f"{file}: no planet with enough events found; one was left out: {next(iter(left.values()))}")
    reading = {name: sum(one.reading == name for one in ranked) for name in ("decays", "grows", "precession?")}
    told = ", ".join(f"{count_of} {name.rstrip('?')}" for name, count_of in reading.items())
    columns = {
        "system": "planet", "events": "events", "clipped": "clipped", "years": "years", "decay": "dP/dt (ms/yr)",
        "error": "error", "gain": "BIC gain", "precession_gain": "BIC gain of precession", "rate": "rate (deg/d)",
        "jitter": "jitter (s)", "reading": "reading",
    }  # fmt: skip
    rows = [{columns[key]: value for key, value in asdict(one).items()} for one in ranked[:count]]
    return Reading(
        f"Orbits of {file.name}",
        f"{len(ranked)} planets with six events or more, {len(left)} left out: {told} by a BIC of 10 or more. A "
        "changing period may be an acceleration of the whole system: velocities tell.",
        (("The surest first", _plain(rows)),),
        {"change of the period": ranking_figure(ranked)},
        _left_out(left, file),
        BADGE,
    )


def _left_out(left: Mapping[str, str], file: Path) -> tuple[str, ...]:
    """Why planets were left out, the commonest reason first, with the first three of each."""
    by_reason: dict[str, list[str]] = {}
    for name, why in left.items():
        reason = why.replace(f"{file}: ", "").replace(f" of {name}", "")
        by_reason.setdefault(re.sub(r"\d+", "N", reason), []).append(f"{name} ({reason})")
    groups = sorted(by_reason.values(), key=len, reverse=True)
    return tuple(
        f"{len(group)} left out: {'; '.join(group[:3])}{'; ...' if len(group) > 3 else ''}" for group in groups[:6]
    )


def _tables(
    file: Path | None, sample: str | None, system: str | None, velocities: Path | None, scale: str | None,
    columns: str | None, period: float | None,
) -> tuple[TimingTable, VelocityTable | None]:  # fmt: skip
    from inscape.trajectories.timing_tables import read_timing, read_velocities
    from inscape.trajectories.timing_tables.samples import VELOCITIES, sample_timing, sample_velocities

    if (file is None) == (sample is None):
        raise InputError("orbit: give a file with event times or --sample wasp-12, wasp-43 or wasp-4, one of the two")
    measured = read_velocities(velocities) if velocities is not None else None
    if sample is not None:
        if measured is None and sample in VELOCITIES:
            measured = sample_velocities(sample)
        return sample_timing(sample), measured
    assert file is not None
    named = assignments("columns", columns, "time=T_c,error=unc")
    return read_timing(file, system=system, scale=scale, columns=named, period=period), measured


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without numbers that do not exist."""
    return [
        {key: "" if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
        for row in rows
    ]


def _parameters(found: Comparison) -> list[dict[str, Any]]:
    best = found.best
    digits = {"reference": ".6f", "period": ".9f"}
    return [
        {
            "parameter": name,
            "value": f"{value:{digits.get(name, '.5g')}}",
            "error": f"{best.errors[name]:.2g}" if name in best.errors else "",
        }
        for name, value in best.values.items()
    ]


def _to_its_error(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a posterior whose numbers are written as far as their error goes, where four digits end before it."""
    error = float(row["sd"])
    if not (0 < error < 1e-3 * abs(float(row["mean"]))):
        return row
    places = 1 - int(np.floor(np.log10(error)))
    return {
        key: f"{value:.{places}f}" if isinstance(value, float) and key != "sd" else value for key, value in row.items()
    }


def _sentence(system: str, found: Comparison, rows: int) -> str:
    decay = found["decay"]
    gain = found.gain("decay")
    how = "very strong" if gain > 10 else "strong" if gain > 6 else "some" if gain > 2 else "no"
    both = found["decay+precession"]
    count = len(decay.events)
    events = f"{count} events" if count == rows else f"{count} of {rows} events"
    assert both.scan is not None
    sought = both.scan.rates
    at_edge = min(both.values["rate"] - sought[0], sought[-1] - both.values["rate"]) < sought[1] - sought[0]
    edge = f", an end of the range sought ({sought[0]:g} to {sought[-1]:g}: --low, --high)" if at_edge else ""
    return (
        f"{system}: {events} over {decay.events.span / 365.25:.1f} years. The period changes "
        f"by {decay.decay_rate:.2f} ± {decay.decay_error:.2f} ms/yr ({how} evidence: BIC {gain:+.1f} over a constant "
        "period). "
        f"Precession fits best at {both.values['rate']:.4f} degrees a day{edge}; noise alone does as well with "
        f"probability {found.false_alarm:.2g}. Least BIC: {found.best.model}."
    )


def _add_precession(
    found: Comparison, turning: Any, tables: list, drawn: dict, notes: list[str], simulations: int, seed: int
) -> None:
    from inscape.analysis.timing import find_aliases, splitting_nights
    from inscape.studies.orbital_decay import figures

    scan = turning.scan
    aliases = find_aliases(scan)
    tables.append(("Peaks of the periodogram of precession, with decay free", [asdict(alias) for alias in aliases]))
    chance = scan.simulated_gains(simulations, seed)
    drawn["precession"] = figures.periodogram_figure(scan, aliases, chance)
    if len(aliases) < 2:
        return
    last = scan.events.reference + scan.events.period * scan.events.orbits.max()
    nights = splitting_nights(scan, last + 365.25, last + 3 * 365.25)
    if nights:
        tables.append(
            (
                f"Transits that best split {aliases[0].rate:.3f} from {aliases[1].rate:.3f} degrees a day, one to "
                "three years after the last event (timed to 10 s)",
                [
                    {"epoch": n.epoch, "BJD (TDB)": f"{n.time:.5f}", "split (s)": n.split, "sigmas": n.sigmas}
                    for n in nights
                ],
            )
        )


def _add_velocities(
    table: TimingTable, measured: VelocityTable, tables: list, notes: list[str], seed: int
) -> np.ndarray:
    from inscape.analysis.timing import joint

    posterior = joint(table, measured, "decay+acceleration", seed=seed, live=LIVE_POINTS, draws=2000)
    rows = [_to_its_error(row) for row in posterior.summary()]
    tables.append((f"Times and {len(measured)} velocities together ({posterior.sampler})", rows))
    doppler, decay = posterior["doppler_rate"], posterior["decay_rate"]
    notes.append(
        f"an acceleration of {posterior.mean('acceleration'):.4f} ± {posterior.error('acceleration'):.4f} m/s/day "
        f"along the line of sight feigns {doppler.mean():.2f} ± {doppler.std():.2f} ms/yr of {decay.mean():.2f} ± "
        f"{decay.std():.2f}: {100 * doppler.mean() / decay.mean():.0f} % of the change of the period is explained by it"
    )
    return decay - doppler


def _tides(found: Comparison, decay: np.ndarray, star: str | None, planet: str | None) -> list[dict[str, Any]]:
    from inscape.analysis.timing import tides

    if star is None or planet is None:
        raise InputError("tides: one of --star and --planet found, expected both: mass,radius of each")
    turning = found["decay+precession"]
    bodies = tides.Bodies(*_pair(star, "--star"), *_pair(planet, "--planet"), period=turning.values["period"])
    factor = tides.quality_factor(
        decay, mass_ratio=bodies.mass_ratio, star_over_axis=bodies.star_over_axis, period=bodies.period
    )
    assert turning.scan is not None
    belief = turning.scan.posterior()
    rates = np.array([belief.rate_quantile(level) for level in np.linspace(0.005, 0.995, 199)])
    love = tides.love_number(rates, bodies)
    acceleration = found["decay"].decay_rate / float(tides.doppler_rate(1.0, bodies.period))
    swing, cycle = turning.scan.amplitude, 360 / turning.values["rate"] / 365.25
    quadrupole = tides.applegate_quadrupole(swing, cycle, bodies)
    return [
        {"quantity": "quality factor of the star", "finding": factor.sentence},
        {
            "quantity": "what else would feign the decay",
            "finding": f"an acceleration of the whole system by {number(acceleration)} m/s a day: velocities tell",
        },
        {"quantity": "Love number of the planet", "finding": love.sentence},
        {
            "quantity": "what else would feign the precession",
            "finding": f"a magnetic cycle of {cycle:.1f} years that swings the times by {swing:.1f} s each way: it "
            f"would have to move the star's quadrupole by {quadrupole:.1e} kg m^2, and some 1e42 are thought possible",
        },
        {
            "quantity": "precession that is to be expected (degrees a day)",
            "finding": f"relativity {number(tides.relativistic_rate(bodies))}, tide in the planet "
            f"{number(tides.tidal_rate(bodies))} k2, its rotation {number(tides.rotational_rate(bodies))} k2",
        },
    ]


def _pair(text: str, option: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option}: {text!r} found, expected mass,radius such as 0.717,0.667") from None
    return first, second


def _normal(mean: float, error: float, seed: int) -> np.ndarray:
    return mean + error * np.random.default_rng(seed).standard_normal(20_000)
