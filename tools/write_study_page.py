"""Write a study's documentation page from its newest finished run.

Usage: python tools/write_study_page.py 22 [--store FOLDER] [--scale desk]
Needs kaleido and a Chromium for the figures; without them the page has none.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from inscape.app.study_report import headline
from inscape.app.terminal import number
from inscape.studies.paper import Judged
from inscape.studies.registry import show_study
from inscape.studies.runs import slug
from inscape.studies.study import StudyRun

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--store", default=None)
    parser.add_argument("--scale", default="desk")
    parser.add_argument("--remark", action="append", default=[], help="one more sentence that a reader must know")
    chosen = parser.parse_args()
    run = show_study(chosen.study, scale=chosen.scale, store=chosen.store)
    page = DOCS / "studies" / f"{slug(run.study.name)}.md"
    page.parent.mkdir(exist_ok=True)
    pictures = [*draw_figures(run), *copy_films(run)]
    page.write_text(page_of(run, pictures, chosen.remark), encoding="utf-8")
    print(page)


def page_of(run: StudyRun, pictures: list[str], remarks: list[str]) -> str:
    study, settings = run.study, run.folder.settings
    lines = [
        f"# Study{'' if study.number is None else f' {study.number}'}: {study.name}",
        "",
        f"{study.paper.reference}.",
        "",
        study.summary,
        "",
        f"Measured at {settings['scale']} scale, seed {settings['seed']}. This page is written from that run by "
        "`tools/write_study_page.py`; the numbers again:",
        "",
        "```sh",
        f"inscape study run {study.call_name} --scale {settings['scale']} --seed {settings['seed']}",
        "```",
        "",
        f"**{headline_of(run)}**",
        "",
        "| claim | printed | released | corrected | ours | must be | verdict | measured on |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- | --- |",
        *(claim_line(judged) for judged in run.judged),
        "",
        "## What a reader must know",
        "",
        *(f"- {note}" for note in (*run.notes, *remarks)),
        "",
    ]
    for picture in pictures:
        lines += [shown(Path(picture).stem, picture), ""]
    for table in run.tables.values():
        if len(table.rows) <= 20:
            lines += [f"## {table.caption}", "", *table_lines(table.rows), ""]
    return "\n".join(lines)


def shown(name: str, picture: str) -> str:
    if picture.endswith(".mp4"):
        # A page lies one folder deeper on the site than in the repository.
        return f'<video controls loop muted width="480" src="../{picture}" title="{name}"></video>'
    return f"![{name}]({picture})"


def headline_of(run: StudyRun) -> str:
    from collections import Counter

    return headline(Counter(judged.verdict for judged in run.judged))


def claim_line(judged: Judged) -> str:
    claim, ours = judged.claim, judged.measured
    found = cell(None if ours is None else ours.value)
    if ours is not None and ours.low is not None and ours.high is not None:
        found += f" ({cell(ours.low)} to {cell(ours.high)})"
    setting = "" if ours is None else ours.setting
    printed = f"{cell(claim.paper)} {claim.unit}".strip() if claim.paper is not None else ""
    unit = f" {claim.unit}" if claim.unit and found else ""
    parts = (claim.statement, printed, cell(claim.as_released), cell(claim.as_corrected), found + unit, claim.bound)
    return row_of([*parts, judged.verdict, setting])


def row_of(cells: Sequence[str]) -> str:
    """A line of a table; bars within a cell, as of |r|, would end it."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"


def table_lines(rows: tuple) -> list[str]:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return [
        row_of(columns),
        "|" + " --- |" * len(columns),
        *(row_of([cell(row.get(c)) for c in columns]) for row in rows),
    ]


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    # A formula's stars would be read as emphasis.
    return f"`{value}`" if "*" in str(value) else str(value)


def draw_figures(run: StudyRun) -> list[str]:
    import plotly.graph_objects as go
    import plotly.io

    # The template's own shapes have no outline, so that lines drawn across a figure would not be seen.
    white = go.layout.Template(plotly.io.templates["simple_white"]).update(
        layout={"shapedefaults": {"line_width": 1.5}}
    )
    pictures = []
    for name, path in run.folder.figures.items():
        figure = plotly.io.from_json(path.read_text(encoding="utf-8"))
        figure.update_layout(template=white, width=900, height=figure.layout.height or 520)
        picture = f"../images/{run.study.slug}-{name}.png"
        target = (DOCS / "studies" / picture).resolve()
        try:
            figure.write_image(target, scale=1)
        except Exception as error:
            print(f"no figure {name}: {error}")
            continue
        pictures.append(picture)
    return pictures


def copy_films(run: StudyRun) -> list[str]:
    """Films of little more than a megabyte at most."""
    pictures = []
    for name, path in run.folder.films.items():
        if path.stat().st_size <= 1_100_000:
            picture = f"../images/{run.study.slug}-{name}{path.suffix}"
            shutil.copyfile(path, (DOCS / "studies" / picture).resolve())
            pictures.append(picture)
    return pictures


if __name__ == "__main__":
    main()
