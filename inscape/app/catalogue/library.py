"""`Library`: the catalogue beside a store of runs, and the runs that come with inscape where nothing was run yet."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from inscape.app.catalogue.card import Card
from inscape.app.catalogue.catalogue import Catalogue
from inscape.app.catalogue.reading_list import FILE as OWN_LIST
from inscape.app.catalogue.reading_list import read_own
from inscape.errors import InscapeError, UnknownNameError
from inscape.studies.paper import Judged, Measured
from inscape.studies.run_index import RunIndex, RunRecord
from inscape.studies.runs import RunFolder, RunStore

SHIPPED = Path(__file__).parent / "measured"
"""Runs that come with inscape: settings, versions, findings and figures of the published numbers."""

_REST = 1.0
"""Seconds between two looks at the run folders."""


@dataclass(frozen=True)
class Shown:
    """A run whose numbers stand beside a card's claims; `is_shipped` if it came with inscape."""

    record: RunRecord
    judged: tuple[Judged, ...]
    is_shipped: bool

    @property
    def met(self) -> int:
        return sum(j.verdict == "met" for j in self.judged)

    @property
    def missed(self) -> int:
        return sum(j.verdict == "not met" for j in self.judged)

    @property
    def date(self) -> str:
        return self.record.started[:10]


class Library:
    """What is known of each paper now.

    Parameters
    ----------
    store : the user's runs.
    apart : read the studies in a process of their own, where no snapshot of them is kept.
    shipped : folder of the runs that come with inscape.
    """

    def __init__(self, store: RunStore, *, apart: bool = False, shipped: Path = SHIPPED):
        self.store = store
        self.index = RunIndex(store)
        self.shipped = RunIndex(RunStore(shipped), ":memory:")
        self._apart = apart
        self._lock = threading.RLock()
        self._catalogue: Catalogue | None = None
        self._own_stamp = 0
        self._looked = -_REST
        self._found_shipped: dict[tuple[str, str], RunRecord] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The cards, read once, and again when one's own list changes."""
        with self._lock:
            stamp = _stamp(self.store.root / OWN_LIST)
            if self._catalogue is None or stamp != self._own_stamp:
                self._catalogue = Catalogue.read(read_own(self.store.root), apart=self._apart)
                self._own_stamp = stamp
            return self._catalogue

    def warm(self) -> None:
        """Read cards, runs and the search index before anybody asks; what fails will say so to who asks."""
        with contextlib.suppress(InscapeError):
            self.newest()
            self.catalogue.search.find("chaos")

    def close(self) -> None:
        """Let go of the indices."""
        self.index.close()
        self.shipped.close()

    def refresh(self) -> None:
        """See the run folders as they are now; at most once a second."""
        with self._lock:
            if time.monotonic() - self._looked >= _REST:
                self.index.refresh()
                self._looked = time.monotonic()

    def look_again(self) -> None:
        """See the run folders at the next question, however soon it comes."""
        with self._lock:
            self._looked = -_REST

    def newest(self) -> dict[tuple[str, str], tuple[RunRecord, bool]]:
        """The newest finished run of each study at each scale, and whether it came with inscape; one's own go first."""
        self.refresh()
        found = {key: (record, True) for key, record in self._shipped_runs().items()}
        return {**found, **{key: (record, False) for key, record in self.index.newest().items()}}

    def shown(self, card: Card, newest: dict[tuple[str, str], tuple[RunRecord, bool]] | None = None) -> Shown | None:
        """The run to stand beside a card: the newest that can be judged, else the newest trial, else None."""
        known = self.newest() if newest is None else newest
        runs = [known[card.slug, scale] for scale in ("desk", "paper") if (card.slug, scale) in known]
        runs = runs or [known[card.slug, scale] for scale in ("smoke",) if (card.slug, scale) in known]
        if not runs:
            return None
        # A run of one's own stands before one that came with the package, whichever is newer.
        record, is_shipped = max(runs, key=lambda run: (not run[1], run[0].finished_at, run[0].name))
        judged = card.judge(self.measured(record, is_shipped), record.scale)
        return Shown(record, tuple(judged), is_shipped)

    def measured(self, record: RunRecord, is_shipped: bool) -> dict[str, Measured]:
        """The numbers of a run by claim."""
        return (self.shipped if is_shipped else self.index).measured(record.study, record.name)

    def record(self, folder: RunFolder, is_shipped: bool) -> RunRecord:
        """What the index knows of a run that `folder` gave."""
        return (self.shipped if is_shipped else self.index).run(folder.path.parent.name, folder.name)

    def folder(self, study: str, name: str) -> tuple[RunFolder, bool]:
        """The folder of a run, of one's own or shipped, and which of the two.

        Raises
        ------
        UnknownNameError : if there is none.
        """
        self.refresh()
        try:
            return self.index.folder(study, name), False
        except UnknownNameError:
            self._shipped_runs()
            try:
                return self.shipped.folder(study, name), True
            except UnknownNameError:
                pass
            raise

    def finished(self) -> Iterable[tuple[RunRecord, bool]]:
        """Every finished run, shipped and own, oldest first."""
        self.refresh()
        runs = [(record, True) for record in self._shipped_runs().values()]
        runs += [(record, False) for record in self.index.finished()]
        return sorted(runs, key=lambda run: (run[0].finished_at, run[0].name))

    @property
    def mark(self) -> tuple[Hashable, ...]:
        """Something that differs as soon as the catalogue or the runs do."""
        self.refresh()
        return (id(self.catalogue), *self.index.mark)

    def _shipped_runs(self) -> dict[tuple[str, str], RunRecord]:
        with self._lock:
            if self._found_shipped is None:
                self.shipped.refresh()
                # The time of a file in a package is when it was installed; the run's name says when it was measured.
                found = self.shipped.newest().items()
                self._found_shipped = {key: replace(record, finished_at=_begun(record)) for key, record in found}
            return self._found_shipped


def _begun(record: RunRecord) -> int:
    if not record.started:
        return 0
    moment = datetime.strptime(record.started, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**9


def _stamp(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
