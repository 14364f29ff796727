"""Put the newest finished run of each study into the package, so that a fresh gallery shows measured numbers.

Usage: python tools/keep_measured_runs.py STORE [STORE ...] [--scale desk]
Steps and reports stay where they are: settings, versions, findings, figures and small films are copied.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from inscape.app.catalogue.library import SHIPPED
from inscape.atomic import draft_of
from inscape.studies.runs import RunFolder, RunStore

LARGEST_FILM = 2_000_000
"""Bytes; a larger film would weigh on everybody who installs the package."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="+", type=Path)
    parser.add_argument("--scale", default="desk")
    parser.add_argument("--into", type=Path, default=SHIPPED)
    chosen = parser.parse_args()
    newest: dict[str, RunFolder] = {}
    for store in [RunStore(chosen.into), *map(RunStore, chosen.stores)]:
        for study in {run.path.parent.name for run in store.runs()}:
            run = store.latest(study, scale=chosen.scale)
            # Names begin with the time at which the run was begun; copies have lost the time of their files.
            if run is not None and (study not in newest or run.name > newest[study].name):
                newest[study] = run
    for study, run in sorted(newest.items()):
        keep(run, chosen.into / study)
        print(f"{study}: {run.name}")


def keep(run: RunFolder, folder: Path) -> None:
    """Make a run the only one of its study in the package."""
    if run.path.parent != folder:
        with draft_of(folder) as draft:
            for name in ("settings.json", "versions.json", "findings.json"):
                (draft / run.name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(run.path / name, draft / run.name / name)
            (draft / run.name / "figures").mkdir()
            for file in run.figures.values():
                shutil.copyfile(file, draft / run.name / "figures" / file.name)
            for file in sorted((run.path / "films").glob("*")):
                if file.stat().st_size <= LARGEST_FILM:
                    (draft / run.name / "films").mkdir(exist_ok=True)
                    shutil.copyfile(file, draft / run.name / "films" / file.name)


if __name__ == "__main__":
    main()
