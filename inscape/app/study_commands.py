"""`inscape study list|run|show`: the papers that inscape reruns, claim by claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inscape.studies.study import StudyRun

app = typer.Typer(
    help="Rerun published papers: each claim beside our number, met or not met.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

NamesArgument = Annotated[
    list[str], typer.Argument(help="Numbers or names of studies: 22 or chaos-zoo.", show_default=False)
]
NameArgument = Annotated[str, typer.Argument(help="Number or name of the study: 22 or chaos-zoo.", show_default=False)]
ScaleOption = Annotated[str, typer.Option(help="smoke (seconds), desk (minutes) or paper (the paper's own size).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
StoreOption = Annotated[
    Path | None, typer.Option(help="Folder of the runs; $INSCAPE_RUNS or the user's data folder if left out.")
]
SCALES = ("smoke", "desk", "paper")


@app.command("list")
def list_studies(json: JsonOption = False) -> None:
    """List the studies.

    **Example**  `inscape study list`
    """
    from inscape.app.terminal import print_json, print_table
    from inscape.studies.registry import studies

    known = studies().values()
    if json:
        rows = [
            {"number": s.number, "name": s.name, "paper": s.paper.reference, "summary": s.summary,
             "claims": [c.name for c in s.claims], "needs": list(s.needs)}
            for s in known
        ]  # fmt: skip
        print_json(rows)
        return
    print_table(
        "Studies",
        ("number", "name", "paper", "claims"),
        [("" if s.number is None else str(s.number), s.name, s.paper.reference, str(len(s.claims))) for s in known],
    )


@app.command("run")
def run(
    names: NamesArgument,
    scale: ScaleOption = "desk",
    seed: Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)] = 0,
    jobs: Annotated[int, typer.Option(help="Pieces of work at a time; -1 for every core.")] = -1,
    backend: Annotated[str, typer.Option(help="loky (this machine), threading, serial, dask or ray.")] = "loky",
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Run studies one after another; a run that was cut off goes on where it stopped.

    **Examples**

    `inscape study run 22 --scale smoke`

    `inscape study run chaos-zoo --scale paper --backend dask`

    `inscape study run 18 1 6 7`
    """
    from inscape.app.study_report import write_study_report
    from inscape.app.terminal import print_json
    from inscape.studies.registry import find_study

    _check_scale(scale)
    # A name that is not known stops everything before the first study has run for minutes.
    chosen = [find_study(name) for name in names]
    done = []
    for study in chosen:
        found = study.perform(scale=scale, seed=seed, store=store, backend=backend, jobs=jobs)  # type: ignore[arg-type]
        write_study_report(found)
        if json:
            done.append(found.as_dict())
        else:
            _show(found, as_json=False)
    if json:
        print_json(done[0] if len(done) == 1 else done)


@app.command("show")
def show(
    name: NameArgument,
    scale: Annotated[str | None, typer.Option(help="Only a run of this scale.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Show the newest finished run of a study: the paper's number, ours, and whether the claim is met.

    **Example**  `inscape study show 22`
    """
    from inscape.studies.registry import show_study

    if scale is not None:
        _check_scale(scale)
    _show(show_study(name, scale=scale, store=store), json)  # type: ignore[arg-type]


@app.command("index")
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Throw the index away and read every run anew.")] = False,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Bring the index of the runs up to date; the run folders are the truth, and it can be made again from them.

    **Example**  `inscape study index --rebuild`
    """
    from inscape.app.terminal import print_json, print_line
    from inscape.studies.run_index import RunIndex
    from inscape.studies.runs import RunStore

    runs = RunIndex(RunStore(store))
    read = runs.rebuild() if rebuild else runs.refresh()
    told = {"read": read, **{state: runs.count(state=state) for state in ("finished", "unfinished", "damaged")}}
    if json:
        print_json({**told, "file": str(runs.file)})
        return
    print_line(f"{runs.file}: {', '.join(f'{count} {what}' for what, count in told.items())}")


def _check_scale(scale: str) -> None:
    from inscape.errors import UnknownNameError

    if scale not in SCALES:
        raise UnknownNameError("scale", scale, SCALES)


def _show(found: StudyRun, as_json: bool) -> None:
    from inscape.app.study_report import REPORT
    from inscape.app.terminal import number, print_json, print_line, print_table

    if as_json:
        print_json(found.as_dict())
        return
    print_line(found.study.paper.reference)
    rows = []
    for judged in found.judged:
        claim, ours = judged.claim, judged.measured
        measured = "" if ours is None or ours.value is None else number(ours.value)
        if ours is not None and ours.low is not None and ours.high is not None:
            measured += f" ({number(ours.low)} to {number(ours.high)})"
        paper = "" if claim.paper is None else f"{number(claim.paper)} {claim.unit}".strip()
        rows.append((claim.name, claim.statement, paper, measured, claim.bound, judged.verdict))
    print_table(f"Study {found.study.slug}", ("claim", "statement", "paper", "ours", "bar", "verdict"), rows)
    for name, table in found.tables.items():
        columns = list(dict.fromkeys(key for row in table.rows for key in row))
        print_table(
            table.caption or name, columns, [tuple(_cell(row.get(column)) for column in columns) for row in table.rows]
        )
    for note in found.notes:
        print_line(f"note: {note}")
    report = found.folder.path / REPORT
    print_line(f"report: {report}" if report.exists() else f"run folder: {found.folder.path}")


def _cell(value: object) -> str:
    from inscape.app.terminal import number

    return "" if value is None else number(value) if isinstance(value, float) else str(value)
