"""Finding studies: adding one is adding a module with a `STUDY` to this room."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import inscape.studies as room
from inscape.errors import InputError, UnknownNameError
from inscape.studies.lab import Scale
from inscape.studies.runs import RunStore
from inscape.studies.study import Study, StudyRun


def studies() -> dict[str, Study]:
    """Every study of the house by slug, such as "22-chaos-zoo", in the order of the reading list."""
    found = []
    for module in pkgutil.iter_modules(room.__path__):
        study = getattr(importlib.import_module(f"{room.__name__}.{module.name}"), "STUDY", None)
        if isinstance(study, Study):
            found.append(study)
    return {study.slug: study for study in sorted(found, key=lambda s: s.slug)}


def find_study(name: str | int) -> Study:
    """A study by number ("22"), name ("chaos-zoo") or both ("22-chaos-zoo").

    Raises
    ------
    UnknownNameError : if there is none; it lists the nearest.
    """
    known = studies()
    text = str(name)
    for slug, study in known.items():
        if text in (slug, slug.removeprefix(f"{study.number or 0:02d}-")) or (
            text.isdigit() and int(text) == study.number
        ):
            return study
    raise UnknownNameError("study", text, known)


def show_study(name: str | int, *, scale: Scale | None = None, store: RunStore | Path | str | None = None) -> StudyRun:
    """The newest finished run of a study.

    Raises
    ------
    InputError : if it was never run to its end here.
    """
    study = find_study(name)
    runs = store if isinstance(store, RunStore) else RunStore(store)
    folder = runs.latest(study.slug, scale=scale)
    if folder is None:
        at = f" at scale {scale}" if scale else ""
        raise InputError(
            f"study {study.slug}: no finished run{at} under {runs.root}; run: inscape study run {study.call_name}"
        )
    return StudyRun(study, folder)
