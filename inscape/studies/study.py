"""`Study`: a paper, its claims and the recipe that measures them."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from inscape.errors import InputError, UnknownNameError
from inscape.extras import check_extras
from inscape.parallel import Backend
from inscape.studies.codec import encode
from inscape.studies.lab import Lab, Scale
from inscape.studies.paper import Claim, Findings, Judged, Measured, Paper, Table
from inscape.studies.runs import RunFolder, RunStore, slug

EXAMPLE = "example.py"

Recipe = Callable[[Lab], Findings]


class Study:
    """A rerun of a paper's claims.

    Parameters
    ----------
    number : the paper's number in the reading list; None for a study that is no paper's.
    name : short name; with the number, if there is one, it names the run folders.
    paper : the publication.
    claims : its numbers.
    summary : what the paper is about, in two sentences of ours.
    rooms : the rooms of inscape that do the work.
    needs : extras of inscape without which the recipe cannot run.
    """

    def __init__(
        self,
        *,
        number: int | None,
        name: str,
        paper: Paper,
        claims: Sequence[Claim],
        summary: str = "",
        rooms: Sequence[str] = (),
        needs: Sequence[str] = (),
    ):
        names = [claim.name for claim in claims]
        if len(set(names)) != len(names):
            raise InputError(f"study {name}: two claims share a name in {names}")
        self.number = number
        self.name = name
        self.paper = paper
        self.claims = tuple(claims)
        self.summary = summary
        self.rooms = tuple(rooms)
        self.needs = tuple(needs)
        self.recipe: Recipe | None = None

    @property
    def slug(self) -> str:
        return slug(self.name) if self.number is None else f"{self.number:02d}-{slug(self.name)}"

    @property
    def call_name(self) -> str:
        """What `inscape study run` is told: the number, or the name of a study that has none."""
        return slug(self.name) if self.number is None else str(self.number)

    @property
    def example(self) -> str:
        """Lines of Python that do with a reader's own data what the study is about: `example.py` beside the recipe."""
        file = self._file()
        example = None if file is None or file.parent.name == "studies" else file.with_name(EXAMPLE)
        return example.read_text(encoding="utf-8") if example is not None and example.is_file() else ""

    def run(self, recipe: Recipe) -> Recipe:
        """Decorator: the function of a `Lab` that returns the `Findings`."""
        self.recipe = recipe
        return recipe

    def perform(
        self,
        *,
        scale: Scale = "desk",
        seed: int = 0,
        store: RunStore | Path | str | None = None,
        backend: Backend = "loky",
        jobs: int = -1,
        progress: bool | None = None,
    ) -> StudyRun:
        """Run the recipe, taking up an unfinished run with the same settings where it stopped.

        Raises
        ------
        InputError : if the findings name a claim that the study does not have.
        MissingExtraError : if an extra that it needs is not installed.
        """
        if self.recipe is None:
            raise InputError(f"study {self.name}: no recipe found; decorate a function with @STUDY.run")
        check_extras(self.needs)
        runs = store if isinstance(store, RunStore) else RunStore(store)
        settings = {"study": self.slug, "scale": scale, "seed": seed, "recipe": self._fingerprint()}
        folder = runs.resume_or_start(self.slug, settings)
        lab = Lab(folder, scale=scale, seed=seed, backend=backend, jobs=jobs, progress=progress)
        with folder.locked():
            started = time.perf_counter()
            findings = self.recipe(lab)
            self._keep(folder, findings, time.perf_counter() - started)
        return StudyRun(self, folder)

    def _keep(self, folder: RunFolder, findings: Findings, seconds: float) -> None:
        known = [claim.name for claim in self.claims]
        for name in findings.measured:
            if name not in known:
                raise UnknownNameError(f"claim of study {self.name}", name, known)
        for name, figure in findings.figures.items():
            folder.write(f"figures/{slug(name)}.json", figure.to_json())
        record = {
            "measured": {n: vars_of(m) for n, m in findings.measured.items()},
            "tables": {n: {"caption": t.caption, "rows": list(t.rows)} for n, t in findings.tables.items()},
            "notes": list(findings.notes),
            "seconds": seconds,
        }
        folder.write("findings.json", encode(record))

    def _file(self) -> Path | None:
        """The file of the recipe; one typed at a prompt has none."""
        module = sys.modules.get(getattr(self.recipe, "__module__", None) or "")
        name = getattr(module, "__file__", None)
        return None if name is None else Path(name)

    def _fingerprint(self) -> str:
        # Steps kept by another text of the recipe must not be taken for this one's.
        file = self._file()
        if file is None:
            return ""
        stands_alone = file.parent.name == "studies"
        files = [file] if stands_alone else sorted(f for f in file.parent.glob("*.py") if f.name != EXAMPLE)
        return hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()[:16]


def vars_of(measured: Measured) -> dict[str, Any]:
    """The fields of a measured number as plain data."""
    return {"value": measured.value, "low": measured.low, "high": measured.high, "setting": measured.setting}


class StudyRun:
    """A run of a study that stands on disk: its claims judged, its tables, its figures."""

    def __init__(self, study: Study, folder: RunFolder):
        self.study = study
        self.folder = folder

    @property
    def judged(self) -> list[Judged]:
        """Every claim of the study beside our number."""
        measured = (self.folder.findings or {}).get("measured", {})
        is_trial = self.folder.settings["scale"] == "smoke"
        return [
            Judged(claim, Measured(**measured[claim.name]) if claim.name in measured else None, is_trial)
            for claim in self.study.claims
        ]

    @property
    def tables(self) -> dict[str, Table]:
        tables = (self.folder.findings or {}).get("tables", {})
        return {name: Table(t["caption"], tuple(t["rows"])) for name, t in tables.items()}

    @property
    def notes(self) -> list[str]:
        return (self.folder.findings or {}).get("notes", [])

    @property
    def seconds(self) -> float:
        """Wall time of the recipe's last call; steps taken from an earlier one cost nothing in it."""
        return (self.folder.findings or {}).get("seconds", float("nan"))

    def as_dict(self) -> dict[str, Any]:
        """The run as plain data: what `inscape study show --json` prints."""
        claims = [
            {
                "name": j.claim.name,
                "statement": j.claim.statement,
                "unit": j.claim.unit,
                "as_printed": j.claim.paper,
                "as_released": j.claim.as_released,
                "as_corrected": j.claim.as_corrected,
                "paper_setting": j.claim.setting,
                "ours": j.measured.value if j.measured else None,
                "low": j.measured.low if j.measured else None,
                "high": j.measured.high if j.measured else None,
                "our_setting": j.measured.setting if j.measured else "",
                "bound": j.claim.bound,
                "verdict": j.verdict,
            }
            for j in self.judged
        ]
        return {
            "study": self.study.slug,
            "paper": self.study.paper.reference,
            "run": self.folder.name,
            "folder": str(self.folder.path),
            "settings": self.folder.settings,
            "seconds": self.seconds,
            "claims": claims,
            "tables": {n: {"caption": t.caption, "rows": list(t.rows)} for n, t in self.tables.items()},
            "notes": list(self.notes),
            "figures": sorted(self.folder.figures),
        }
