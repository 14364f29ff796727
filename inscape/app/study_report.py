"""The report of a study's run: one HTML file in the run's folder, claims first."""

from __future__ import annotations

import base64
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.app.page import plain_figure, render_page
from inscape.app.terminal import number
from inscape.studies.runs import FILM_TYPES

if TYPE_CHECKING:
    from inscape.studies.paper import Judged
    from inscape.studies.study import StudyRun

REPORT = "report.html"


def write_study_report(run: StudyRun) -> Path:
    """Write `report.html` into the run's folder, whole or not at all, and return its path.

    Raises
    ------
    InputError : if the folder cannot be written.
    """
    run.folder.write(REPORT, render_study_report(run))
    return run.folder.path / REPORT


def render_study_report(run: StudyRun) -> str:
    """The page as text; everything it needs is in it."""
    figures = {name: plain_figure(path.read_text(encoding="utf-8")) for name, path in run.folder.figures.items()}
    verdicts: Counter[str] = Counter(judged.verdict for judged in run.judged)
    return render_page(
        "study.html",
        figures,
        paper=run.study.paper,
        slug=run.study.slug,
        call_name=run.study.call_name,
        summary=run.study.summary,
        settings=run.folder.settings,
        versions=run.folder.versions,
        headline=headline(verdicts),
        judged=verdicts["met"] + verdicts["not met"],
        missed=verdicts["not met"],
        minutes=f"{run.seconds / 60:.1f} minutes" if run.seconds >= 90 else f"{run.seconds:.0f} seconds",
        claims=[_claim_row(judged) for judged in run.judged],
        notes=run.notes,
        tables=[_table(table.caption, table.rows) for table in run.tables.values()],
        figure_names=list(figures),
        films=[_film(name, path) for name, path in run.folder.films.items()],
    )


def headline(verdicts: Counter[str]) -> str:
    """One sentence: how many claims were met, missed, reported and left out."""
    judged = verdicts["met"] + verdicts["not met"]
    parts = [f"{verdicts['met']} of {judged} bars met" if judged else "No bar judged at this scale"]
    parts += [f"{verdicts[v]} {v}" for v in ("reported", "not run", "not judged") if verdicts[v]]
    return ", ".join(parts) + "."


def _film(name: str, path: Path) -> dict[str, str]:
    kind = FILM_TYPES[path.suffix]
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return {"name": name.replace("-", " "), "kind": kind, "source": f"data:{kind};base64,{content}"}


def _claim_row(judged: Judged) -> dict[str, str]:
    claim, ours = judged.claim, judged.measured
    has_interval = ours is not None and ours.low is not None and ours.high is not None
    return {
        "statement": claim.statement,
        "printed": _cell(claim.paper),
        "released": _cell(claim.as_released),
        "corrected": _cell(claim.as_corrected),
        "ours": "" if ours is None else _cell(ours.value),
        "interval": f"{_cell(ours.low)} to {_cell(ours.high)}" if ours is not None and has_interval else "",
        "unit": claim.unit,
        "bound": claim.bound,
        "verdict": judged.verdict,
        "setting": "" if ours is None else ours.setting,
    }


def _table(caption: str, rows: tuple[Any, ...]) -> dict[str, Any]:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return {"caption": caption, "columns": columns, "rows": [[_cell(row.get(c)) for c in columns] for row in rows]}


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)
