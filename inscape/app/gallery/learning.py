"""The main job for the gallery: a recording in, and everything that a page shows of its law out, as plain files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.app.gallery.uploads import kept_upload, without_path
from inscape.atomic import write_text
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from inscape.app.preparation import Prepared

REPORT, MODEL, FORECAST, FACTS = "report.html", "model.zip", "forecast.csv", "facts.json"
DOWNLOADS = {"report": REPORT, "model": MODEL, "forecast": FORECAST, "numbers": "numbers.json"}


def learn_recording(settings: Mapping[str, Any], folder: Path, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Hold the contest on a sample or an upload and write what it found. Work for a job.

    Parameters
    ----------
    settings : "sample" (its name) or "upload" (id of the job that looked into it), "name", "seed", "level", and, where
        they are given, "dt", "time", "inputs", "columns", "run", "laws", "horizon", "sort", "duplicates".
    folder : where report, model, forecast and figures go.
    """
    from inscape.app.learn import learn_prepared
    from inscape.app.preparation import prepare
    from inscape.app.report import figures, free_run, page_facts, write_report
    from inscape.trajectories import write

    tell("reading", 0, 0)
    reading = {k: settings[k] for k in ("dt", "time", "run", "columns") if settings.get(k)}
    reading |= {"inputs": tuple(settings.get("inputs") or ())}
    if settings.get("sample"):
        from inscape.app.samples import sample

        prepared = prepare(sample(settings["sample"], settings["seed"]))
    else:
        reading |= {"sort": bool(settings.get("sort")), "duplicates": settings.get("duplicates") or "error"}
        prepared = _called(settings["name"], kept_upload(folder.parent / settings["upload"]), reading)
    asked = {k: v for k, v in settings.items() if k not in ("store", "upload", "name") and v not in (None, [], "")}
    learned = learn_prepared(
        prepared,
        {"recording": settings["name"], **asked},
        laws=settings.get("laws") or None,
        horizon=settings.get("horizon"),
        level=settings["level"],
        seed=settings["seed"],
        progress=False,
    )
    tell("drawing", 0, 0)
    free = free_run(learned)
    drawn = figures(learned, free)
    for name, figure in drawn.items():
        (folder / "figures").mkdir(exist_ok=True)
        write_text(folder / "figures" / f"{name}.json", json.dumps(figure))
    tell("writing the report", 0, 0)
    write_report(learned, folder / REPORT)
    write(learned.forecast, folder / FORECAST)
    write_text(folder / DOWNLOADS["numbers"], json.dumps(learned.to_dict(), indent=1, default=str))
    _zip_model(learned, folder)
    facts = {k: _plain(v) for k, v in page_facts(learned, free).items()}
    write_text(folder / FACTS, json.dumps({**facts, "figures": sorted(drawn)}))
    return {"headline": learned.verdict.headline, "kind": learned.verdict.kind, "law": list(learned.equations)}


def _called(name: str, file: Path, reading: dict[str, Any]) -> Prepared:
    """An upload read and checked, with the visitor's own name wherever ours would stand."""
    from inscape.app.preparation import prepare

    try:
        prepared = prepare(file, **reading)
    except UnknownNameError:
        raise
    except InputError as error:
        raise InputError(without_path(str(error), file, name)) from error
    return replace(
        prepared,
        name=name,
        findings=tuple(replace(f, message=without_path(f.message, file, name)) for f in prepared.findings),
        notes=tuple(without_path(note, file, name) for note in prepared.notes),
    )


def _zip_model(learned: Any, folder: Path) -> None:
    kept = learned.save(folder / "model")
    with zipfile.ZipFile(folder / MODEL, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(kept.rglob("*")):
            archive.write(file, Path("model") / file.relative_to(kept))


def _plain(value: Any) -> Any:
    """Facts of a page as JSON holds them."""
    if hasattr(value, "is_reference") and hasattr(value, "name"):
        return {"name": str(value.name), "terms": str(value.terms), "is_reference": bool(value.is_reference)}
    if hasattr(value, "headline"):
        return {"headline": value.headline, "sentences": list(value.sentences)}
    if is_dataclass(value) and not isinstance(value, type):
        return {k: _plain(v) for k, v in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (str, int, float)) or value is None:
        return value if not isinstance(value, str) else str(value)
    return bool(value) if type(value).__name__ in ("bool", "bool_") else str(value)
