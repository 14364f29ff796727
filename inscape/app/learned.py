"""`Learned`: what the main job found, and the ways to keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from inscape.app.invariants import Invariants
    from inscape.app.preparation import Prepared
    from inscape.models.contest import Contest, Entry
    from inscape.models.model import Model
    from inscape.models.verdict import Verdict
    from inscape.systems.symbolic import SymbolicSystem
    from inscape.trajectories import Trajectory


@dataclass(frozen=True, eq=False)
class Learned:
    """A recording, the contest held on it, and what its winner says.

    Parameters
    ----------
    prepared : the recording as it came and as it was learned from.
    contest : leaderboard, winner, forecast and bands.
    verdict : what may be believed.
    invariants : exponents and dimensions of the law and of the recording.
    settings : what was asked for, to run it again.
    versions : of the packages that stand behind the numbers.
    seconds : what it took.
    """

    prepared: Prepared
    contest: Contest
    verdict: Verdict
    invariants: Invariants
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: float

    @property
    def model(self) -> Model:
        """The winner, fitted on the whole recording."""
        return self.contest.model

    @property
    def law(self) -> SymbolicSystem:
        """The winning law as a system; AttributeError where the winner has no equation."""
        return self.contest.model.law

    @property
    def forecast(self) -> Trajectory:
        """What comes after the recording's end."""
        return self.contest.forecast

    @property
    def leaderboard(self) -> tuple[Entry, ...]:
        return self.contest.leaderboard

    @property
    def equations(self) -> tuple[str, ...]:
        """The winning law in plain text, one line a state variable; empty where it is no equation."""
        from inscape.app.equations import equations

        return equations(self.contest.model)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the recording, and what had to be left out."""
        return (*self.prepared.notes, *self.contest.notes, *self.invariants.notes)

    def report(self, path: str | Path) -> Path:
        """Write the report: one HTML file that needs nothing else."""
        from inscape.app.report import write_report

        return write_report(self, path)

    def save(self, folder: str | Path) -> Path:
        """Keep the winner in a folder of JSON, arrays and plain text; `inscape.load` brings it back."""
        from inscape.app.model_folder import save

        return save(self, folder)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and words, ready for JSON."""
        contest = self.contest
        bands = contest.bands
        return {
            "recording": {
                "name": self.prepared.name,
                "samples": contest.recording.samples,
                "runs": len(contest.recording),
                "states": list(contest.recording.state_names),
                "inputs": list(contest.recording.input_names),
                "dt": contest.model.dt_,
                "time_unit": contest.recording[0].units.get("time", ""),
                "findings": [
                    {"kind": f.kind, "severity": f.severity, "message": f.message, "mend": f.mend}
                    for f in self.prepared.findings
                ],
            },
            "verdict": {
                "kind": self.verdict.kind,
                "headline": self.verdict.headline,
                "sentences": list(self.verdict.sentences),
            },
            "winner": _row(contest.winner),
            "law": list(self.equations),
            "leaderboard": [_row(entry) for entry in contest.leaderboard],
            "horizon": contest.horizon,
            "forecast": {
                "times": _plain(contest.forecast.times),
                "states": _plain(contest.forecast.states),
                "half_widths": _plain(bands.half_widths),
                "level": bands.level,
                "promised_coverage": bands.promised,
                "calibration_forecasts": bands.forecasts,
                "measured_coverage": _plain(contest.measured_coverage),
                "stopped": contest.forecast.context.get("stopped"),
            },
            "invariants": self.invariants.to_dict(),
            "notes": list(self.notes),
            "settings": dict(self.settings),
            "versions": dict(self.versions),
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        lines = [self.verdict.headline, *self.verdict.sentences, f"winner: {self.contest.winner.name}"]
        return "\n".join([*lines, *(f"  {line}" for line in self.equations)])


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "family": entry.family,
        "name": entry.name,
        "is_reference": entry.is_reference,
        "is_symbolic": entry.is_symbolic,
        "terms": entry.terms,
        "selection_error": None if entry.selection is None else _plain(entry.selection.mean),
        "held_out_error": None if entry.held_out is None else _plain(entry.held_out.mean),
        "held_out_standard_error": None if entry.held_out is None else _plain(entry.held_out.error),
        "valid_steps": None if entry.held_out is None else _plain(entry.held_out.valid_steps),
        "seconds": round(entry.seconds, 3),
        "failure": entry.failure,
    }


def _plain(value: Any) -> Any:
    """Numbers as JSON knows them: lists, and None where a number is missing or infinite."""
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value]
    number = float(value)
    return number if np.isfinite(number) else None
