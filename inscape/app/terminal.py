"""What goes to the terminal: tables and lines for people, JSON for programs. Piped output carries no colour codes."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rich.console import Console

    from inscape.app.learned import Learned


def console() -> Console:
    """The console on standard output; a pipe gets lines as wide as they need to be."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            # rich would exit with 1; a reader that had enough is no error.
            raise BrokenPipeError

    return Output() if sys.stdout.isatty() else Output(width=160, no_color=True)


def number(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"


def print_line(line: str) -> None:
    """One line, as it is."""
    console().print(line, markup=False, highlight=False, soft_wrap=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table; cells are text and not markup."""
    from rich.table import Table
    from rich.text import Text

    _print_bold(title)
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def print_rows(record: Mapping[str, Any]) -> None:
    """One record, a line a field."""
    for key, value in record.items():
        print_line(f"{key.replace('_', ' ')}: {value}")
    print_line("")


def print_json(value: Any) -> None:
    """JSON on standard output, numbers that are not finite as null."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """Whatever it is, as JSON knows it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value if value is None or isinstance(value, str) else str(value)


def show_learned(learned: Learned, report: Path | None = None, saved: Path | None = None) -> None:
    """The result of the main job, for a person."""
    contest, verdict = learned.contest, learned.verdict
    recording = contest.recording
    first = recording[0]
    unit = first.units.get("time", "")
    runs = f"{len(recording)} runs, " if len(recording) > 1 else ""
    print_line(
        f"{learned.prepared.name}: {runs}{recording.samples:,} samples of {', '.join(recording.state_names)}"
        + (f", driven by {', '.join(recording.input_names)}" if recording.input_names else "")
        + f", one every {number(contest.model.dt_)} {unit}".rstrip()
    )
    for finding in learned.prepared.findings:
        print_line(f"  {finding}")
    for note in learned.notes:
        print_line(f"  note: {note}")
    print_line("")
    _print_bold(verdict.headline)
    for sentence in verdict.sentences:
        print_line(sentence)
    for line in learned.equations:
        print_line(f"    {line}")
    print_line("")
    _show_leaderboard(learned)
    _show_forecast(learned)
    if learned.invariants.measured:
        rows = [
            (m.name, _with_error(m.value, m.error), m.unit, m.origin, m.remark) for m in learned.invariants.measured
        ]
        print_table("Exponents and dimensions", ("what", "value", "unit", "from", "remark"), rows)
    if report is not None:
        print_line(f"report: {report}")
    if saved is not None:
        print_line(f"model: {saved}")


def _show_leaderboard(learned: Learned) -> None:
    rows = []
    for place, entry in enumerate(learned.leaderboard, start=1):
        mark = "*" if entry is learned.contest.winner else ""
        if entry.selection is None or entry.held_out is None:
            rows.append(("", entry.family, entry.name, "", "", "", "", entry.failure))
            continue
        rows.append(
            (
                f"{place}{mark}",
                entry.family,
                entry.name,
                str(entry.terms),
                number(entry.selection.mean),
                _with_error(entry.held_out.mean, entry.held_out.error),
                f"{entry.held_out.valid_steps:g}",
                "knows nothing" if entry.is_reference else "",
            )
        )
    columns = ("place", "law", "settings", "numbers", "selection error", "held-out error", "valid steps", "")
    print_table(
        f"Leaderboard (errors over {learned.contest.horizon} steps, in spreads of the recording)", columns, rows
    )


def _show_forecast(learned: Learned) -> None:
    from inscape.models.verdict import percent

    contest = learned.contest
    bands, ahead = contest.bands, contest.forecast
    covered = contest.measured_coverage
    measured = "could not be measured" if np.isnan(covered) else f"measured on held-out time: {percent(covered)}"
    promise = f"{percent(bands.level)} band"
    if not bands.is_as_asked:
        promise += f" asked for, but {bands.forecasts} calibration forecasts promise {percent(bands.promised)} at most"
    title = f"Forecast, {promise}, coverage {measured}"
    shown = np.unique(np.linspace(0, len(ahead) - 1, min(len(ahead), 8)).round().astype(int))
    rows = []
    for k in shown:
        cells = [f"{ahead.times[k]:.6g}"]
        for j in range(ahead.states.shape[1]):
            width = bands.half_widths[k, j] if k < len(bands.half_widths) else np.nan
            cells.append(number(ahead.states[k, j]) + (f" ± {number(width)}" if np.isfinite(width) else ""))
        rows.append(tuple(cells))
    print_table(title, ("time", *ahead.state_names), rows)
    if len(ahead) > len(bands.half_widths):
        print_line(f"No band beyond step {len(bands.half_widths)}: held-out time is too short to check it there.")
    if "stopped" in ahead.context:
        print_line(f"The forecast ends early: {ahead.context['stopped']}")


def _with_error(value: float, error: float) -> str:
    return number(value) + (f" ± {error:.1g}" if np.isfinite(error) else "")


def _print_bold(line: str) -> None:
    from rich.text import Text

    console().print(Text(line, style="bold"), soft_wrap=True)
