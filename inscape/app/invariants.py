"""Exponents and dimensions: of the learned law, and of the recording itself, each with its error or its refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InscapeError

if TYPE_CHECKING:
    from inscape.models.contest import Contest
    from inscape.trajectories import Trajectory

LAW_SECONDS = 12.0
"""Time for the spectrum of the law; it says how far it came."""

POINTS = 10_000
"""Samples of the recording from which dimension and exponent are measured."""

MOST_STATES = 20
"""A law of more state variables has its largest exponents measured only."""


@dataclass(frozen=True)
class Invariant:
    """One number: what it is, its value and standard error (NaN where not known), and where it is from."""

    name: str
    value: float
    error: float
    unit: str
    origin: str
    remark: str = ""


@dataclass(frozen=True)
class Invariants:
    """What was measured, and what could not be and why."""

    measured: tuple[Invariant, ...] = ()
    notes: tuple[str, ...] = ()
    largest_exponent: float = float("nan")

    def to_dict(self) -> dict[str, Any]:
        return {
            "measured": [
                {
                    "name": m.name,
                    "value": m.value if np.isfinite(m.value) else None,
                    "standard_error": m.error if np.isfinite(m.error) else None,
                    "unit": m.unit,
                    "from": m.origin,
                    "remark": m.remark,
                }
                for m in self.measured
            ],
            "notes": list(self.notes),
        }


def measure(contest: Contest, seed: int = 0) -> Invariants:
    """Lyapunov exponents and dimensions of the winner's law, and those that the recording gives without any law."""
    unit = contest.recording[0].units.get("time", "")
    per_time = f"1/{unit}" if unit else "1/time"
    of_law, law_notes, largest = _of_law(contest, per_time, seed)
    of_recording, recording_notes = _of_recording(max(contest.recording, key=len), per_time)
    return Invariants((*of_law, *of_recording), (*law_notes, *recording_notes), largest)


def _of_law(contest: Contest, unit: str, seed: int) -> tuple[list[Invariant], list[str], float]:
    from inscape.analysis.lyapunov import lyapunov_spectrum
    from inscape.models.complexity import has_law
    from inscape.systems.map import Map

    nothing = float("nan")
    if contest.winner.is_reference or not has_law(contest.model):
        return [], [], nothing
    try:
        law: Any = contest.model.law
    except AttributeError as error:
        return [], [str(error)], nothing
    if law.input_names:
        return [], ["the law is driven by inputs, so it has no exponents of its own"], nothing
    step = contest.model.dt_ if isinstance(law, Map) else 1.0
    count = None if law.dimension <= MOST_STATES else 5
    try:
        initial = _start(contest, law)
        effort = {"duration": 20_000, "transient": 1_000} if isinstance(law, Map) else {"periods": 500}
        spectrum = lyapunov_spectrum(
            law, initial=initial, count=count, seed=seed, tolerance=1e-9, max_seconds=LAW_SECONDS, progress=False,
            **effort,
        )  # fmt: skip
    except (InscapeError, ArithmeticError) as error:
        return [], [f"the law's exponents could not be measured: {error}"], nothing
    notes = [f"exponents of the law: {spectrum.stopped}"] if spectrum.stopped else []
    rows = [
        Invariant(f"Lyapunov exponent {k + 1}", float(value / step), float(error / step), unit, "law")
        for k, (value, error) in enumerate(zip(spectrum.exponents, spectrum.errors, strict=True))
    ]
    if count is None:
        dimension = spectrum.kaplan_yorke
        rows.append(
            Invariant(
                "Kaplan-Yorke dimension", float(dimension), dimension.error, "", "law", f"motion: {spectrum.verdict}"
            )
        )
    largest = float(spectrum.exponents[0] / step) if spectrum.verdict == "chaotic" else nothing
    return rows, notes, largest


def _start(contest: Contest, law: Any) -> np.ndarray | None:
    from inscape.models.held_out import bridged

    run = contest.recording[-1]
    if tuple(law.state_names) != tuple(run.state_names):
        return None
    last = bridged(run[max(0, len(run) - 100) :]).states[-1]
    return last if np.isfinite(last).all() else None


def _of_recording(run: Trajectory, unit: str) -> tuple[list[Invariant], list[str]]:
    from inscape.analysis import correlation_dimension
    from inscape.trajectories import choose_dimension, choose_lag, delay_embedding

    stretch = run[max(0, len(run) - POINTS) :]
    if len(stretch) < 200:
        return [], [f"{len(stretch)} samples are too few to measure a dimension or an exponent without a law"]
    if not stretch.is_complete:
        return [], ["samples are missing, so dimension and exponent were not measured from the recording"]
    notes = []
    if len(stretch) < len(run):
        notes.append(f"dimension and exponent of the recording are measured on its last {len(stretch):,} samples")
    rows: list[Invariant] = []
    try:
        points: Trajectory = stretch
        how = ""
        if run.dimension == 1:
            lag = choose_lag(stretch)
            count = choose_dimension(stretch, lag)
            points = delay_embedding(stretch, max(count, 2), step=lag)
            how = f"embedded with {max(count, 2)} lags of {lag} samples"
        fit = correlation_dimension(points)
        if fit:
            rows.append(
                Invariant("correlation dimension", float(fit), fit.dimension.error, "", "recording", fit.reason or how)
            )
        else:
            notes.append(f"the recording shows no scaling region for a dimension: {fit.reason}")
    except InscapeError as error:
        notes.append(f"the dimension could not be measured from the recording: {error}")
    exponent = _exponent_from_data(stretch, unit, notes)
    return [*rows, *exponent], notes


def _exponent_from_data(stretch: Trajectory, unit: str, notes: list[str]) -> list[Invariant]:
    from inscape.analysis import largest_exponent_from_data

    try:
        growth: Any = largest_exponent_from_data(stretch)
    except InscapeError as error:
        notes.append(f"the largest exponent could not be measured from the recording: {error}")
        return []
    value = float(growth.exponent)
    reason = getattr(growth, "reason", "")
    if not np.isfinite(value):
        notes.append(f"the recording gives no largest exponent: {reason}")
        return []
    return [Invariant("largest Lyapunov exponent", value, float(growth.error), unit, "recording", reason)]
