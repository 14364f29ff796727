"""A study performed for a job: progress is told by whoever watches, and a run that was cut off is taken up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def perform_study(settings: Mapping[str, Any], folder: Path, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Run a study to its end and write its report; the run's place in the store comes back.

    Parameters
    ----------
    settings : "study", "scale", "seed", "store".
    """
    tell("reading the studies", 0, 0)
    from inscape.app.study_report import write_study_report
    from inscape.studies.registry import find_study

    study = find_study(settings["study"])
    tell("beginning", 0, 0)
    run = study.perform(scale=settings["scale"], seed=int(settings["seed"]), store=settings["store"], progress=False)
    write_study_report(run)
    return {"study": study.slug, "run": run.folder.name}
