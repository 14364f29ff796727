"""`RunIndex`: what the run folders of a store hold, in one SQLite file that can be thrown away and made again."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape.errors import InputError, UnknownNameError
from inscape.studies.paper import Measured
from inscape.studies.runs import RunFolder, RunStore

_LAYOUT = 2
"""Number of the tables' layout: an index of another layout is made anew."""

_TABLES = """
CREATE TABLE run (
    study TEXT NOT NULL, name TEXT NOT NULL, stamp INTEGER NOT NULL, state TEXT NOT NULL, scale TEXT NOT NULL,
    seed INTEGER, seconds REAL, recipe TEXT NOT NULL, figures TEXT NOT NULL, notes INTEGER NOT NULL,
    remark TEXT NOT NULL, PRIMARY KEY (study, name)
) WITHOUT ROWID;
CREATE INDEX run_by_time ON run (stamp);
CREATE TABLE measurement (
    study TEXT NOT NULL, run TEXT NOT NULL, claim TEXT NOT NULL, value REAL, low REAL, high REAL,
    setting TEXT NOT NULL, PRIMARY KEY (study, run, claim)
) WITHOUT ROWID;
"""
_COLUMNS = "study, name, stamp, state, scale, seed, seconds, recipe, figures, notes, remark"


@dataclass(frozen=True)
class RunRecord:
    """One run as the index knows it.

    `state` is "finished", "unfinished" or "damaged", with the reason in `remark`; `finished_at` is in nanoseconds since
    1970, 0 while the run is not finished; `seconds` is the wall time of its last call, None while there is none.
    """

    study: str
    name: str
    finished_at: int
    state: str
    scale: str
    seed: int | None
    seconds: float | None
    recipe: str
    figures: tuple[str, ...]
    notes: int
    remark: str

    @property
    def started(self) -> str:
        """When it was begun, in UTC, as in its name: `2026-11-22 12:39:58`; empty if its name does not say."""
        stamp = self.name[:15]
        if len(stamp) == 15 and stamp[8] == "T" and (stamp[:8] + stamp[9:]).isdigit():
            return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}:{stamp[13:]}"
        return ""


class RunIndex:
    """Runs of a store by study, scale, state and time, and their measured numbers.

    The folders are the truth: `refresh` reads those that are new or changed, and `rebuild` reads all.

    Parameters
    ----------
    store : the runs.
    file : where the index lives; `index.sqlite` in the store's root if None. Where nothing can be written, as in a
        store that came with a package, it is kept in memory.
    """

    def __init__(self, store: RunStore, file: Path | str | None = None):
        self.store = store
        self.file = Path(file) if file is not None else store.root / "index.sqlite"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def refresh(self) -> int:
        """Read the folders that are new or changed and forget those that are gone; the number of folders read."""
        with self._writing() as connection:
            known = {(s, n): t for s, n, t in connection.execute("SELECT study, name, stamp FROM run")}
            found = dict(_folders(self.store.root))
            gone = [key for key in known if key not in found]
            changed = [key for key, stamp in found.items() if known.get(key) != stamp]
            for key in (*gone, *changed):
                connection.execute("DELETE FROM run WHERE study = ? AND name = ?", key)
                connection.execute("DELETE FROM measurement WHERE study = ? AND run = ?", key)
            for study, name in changed:
                record, measured = _read(RunFolder(self.store.root / study / name), study, found[study, name])
                connection.execute(f"INSERT INTO run ({_COLUMNS}) VALUES ({', '.join('?' * 11)})", record)
                connection.executemany("INSERT INTO measurement VALUES (?, ?, ?, ?, ?, ?, ?)", measured)
            return len(changed)

    def rebuild(self) -> int:
        """Throw the index away and read every folder; the number of folders read."""
        with self._lock:
            self.close()
            _remove(self.file)
            return self.refresh()

    def runs(
        self,
        *,
        study: str | None = None,
        scale: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[RunRecord]:
        """Runs that were begun last first."""
        where, values = _where(study=study, scale=scale, state=state)
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM run {where} ORDER BY name DESC, study LIMIT ? OFFSET ?",
            (*values, -1 if limit is None else limit, offset),
        )
        return [_record(row) for row in rows]

    def count(self, *, study: str | None = None, scale: str | None = None, state: str | None = None) -> int:
        """How many runs there are."""
        where, values = _where(study=study, scale=scale, state=state)
        return int(self._ask(f"SELECT count(*) FROM run {where}", values)[0][0])

    def run(self, study: str, name: str) -> RunRecord:
        """One run.

        Raises
        ------
        UnknownNameError : if there is none; it lists the nearest.
        """
        rows = self._ask(f"SELECT {_COLUMNS} FROM run WHERE study = ? AND name = ?", (study, name))
        if not rows:
            known = [f"{s}/{n}" for s, n in self._ask("SELECT study, name FROM run ORDER BY name DESC LIMIT 1000", ())]
            raise UnknownNameError("run", f"{study}/{name}"[:200], known)
        return _record(rows[0])

    def folder(self, study: str, name: str) -> RunFolder:
        """The folder of a run that the index knows: no name from outside is ever taken for a path.

        Raises
        ------
        UnknownNameError : if there is none.
        """
        record = self.run(study, name)
        return RunFolder(self.store.root / record.study / record.name)

    def newest(self) -> dict[tuple[str, str], RunRecord]:
        """The run that was finished last, of each study at each scale."""
        columns = _COLUMNS.replace("stamp", "max(stamp)")  # SQLite takes the other columns from the row of the maximum.
        rows = self._ask(f"SELECT {columns} FROM run WHERE state = 'finished' GROUP BY study, scale", ())
        return {(record.study, record.scale): record for record in map(_record, rows)}

    @property
    def mark(self) -> tuple[int, int, int]:
        """Something that differs as soon as a run was added, finished, changed or removed since the last look."""
        return tuple(
            self._ask("SELECT count(*), coalesce(max(stamp), 0), coalesce(sum(stamp >> 20), 0) FROM run", ())[0]
        )

    def measured(self, study: str, name: str) -> dict[str, Measured]:
        """The numbers of a run by claim."""
        rows = self._ask(
            "SELECT claim, value, low, high, setting FROM measurement WHERE study = ? AND run = ?", (study, name)
        )
        return {claim: Measured(value, low, high, setting) for claim, value, low, high, setting in rows}

    def finished(self, *, since: int = 0, limit: int | None = None) -> list[RunRecord]:
        """Runs finished at or after `since`, in nanoseconds, oldest first; with a limit, the last so many."""
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM run WHERE state = 'finished' AND stamp >= ? "
            "ORDER BY stamp DESC, name DESC LIMIT ?",
            (since, -1 if limit is None else limit),
        )
        return [_record(row) for row in reversed(rows)]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, question: str, values: Sequence[Any]) -> list[Any]:
        with self._lock:
            try:
                return self._open().execute(question, values).fetchall()
            except sqlite3.DatabaseError:
                # A file that is torn or of another program: the folders hold all that was in it.
                self.rebuild()
                return self._open().execute(question, values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: other processes see all of it or nothing, and so does who reads after a kill."""
        with self._lock:
            connection = self._open()
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "lock" in str(error):
                    raise InputError(f"{self.file}: another process keeps it; try again") from None
                self.close()
                _remove(self.file)
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise InputError(
                        f"{self.file}: cannot be written ({error}); free some space, or remove the file: "
                        "it is made again from the run folders"
                    ) from None
                raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            return _prepared(str(self.file))
        except (OSError, sqlite3.OperationalError) as error:
            if "lock" in str(error):
                raise InputError(f"{self.file}: another process keeps it; try again") from None
            # Nothing can be written there, as in an installed package.
            return _prepared(":memory:")
        except sqlite3.DatabaseError:
            _remove(self.file)
            return _prepared(str(self.file))


def _prepared(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=30.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")
        if _layout(connection) != _LAYOUT:
            connection.execute("BEGIN IMMEDIATE")
            if _layout(connection) != _LAYOUT:  # Another process may have made it meanwhile.
                connection.execute("DROP TABLE IF EXISTS run")
                connection.execute("DROP TABLE IF EXISTS measurement")
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_LAYOUT}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchall()[0][0])


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            file.with_name(file.name + ending).unlink()


def _folders(root: Path) -> Iterator[tuple[tuple[str, str], int]]:
    """Every run folder as (study, name), with the time of its findings, 0 where it has none."""
    for study in _subfolders(root):
        for run in _subfolders(study.path):
            try:
                stamp = os.stat(f"{run.path}/findings.json").st_mtime_ns
            except OSError:
                if not os.path.exists(f"{run.path}/settings.json"):
                    continue
                stamp = 0
            yield (study.name, run.name), stamp


def _subfolders(path: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            # A name that is no Unicode is not one that a study has given.
            named = (entry for entry in entries if not entry.name.startswith(".") and entry.name.isprintable())
            return [entry for entry in named if entry.is_dir()]
    except OSError:
        return []


def _read(folder: RunFolder, study: str, stamp: int) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """A run's row and the rows of its numbers; a folder that cannot be read is a row that says why."""
    try:
        settings = folder.settings
        findings = folder.findings if stamp else None
        _check_tables(findings or {})
        measured = [
            (study, folder.name, _text(claim), m.value, m.low, m.high, _text(m.setting))
            for claim, number in (findings or {}).get("measured", {}).items()
            for m in (Measured(**number),)
        ]
        seconds = None if findings is None else float(findings.get("seconds", "nan"))
        row = (
            study, folder.name, stamp, "finished" if stamp else "unfinished", _text(settings["scale"]),
            _seed(settings["seed"]), seconds, _text(settings.get("recipe", "")), json.dumps(list(folder.figures)),
            len((findings or {}).get("notes", [])), "",
        )  # fmt: skip
        return row, measured
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        return (study, folder.name, stamp, "damaged", "", None, None, "", "[]", 0, _text(reason)), []


def _check_tables(findings: Mapping[str, Any]) -> None:
    for name, table in findings.get("tables", {}).items():
        if not all(isinstance(row, dict) for row in table["rows"]):
            raise TypeError(f"table {name}: a row found that is none")


def _seed(value: Any) -> int:
    seed = int(value)
    if not -(2**63) <= seed < 2**63:
        raise ValueError(f"seed {seed:.3g} found, expected a whole number of 64 bits")
    return seed


def _text(value: Any) -> str:
    # JSON may hold half a character, which no database and no page can.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _record(row: Sequence[Any]) -> RunRecord:
    study, name, stamp, state, scale, seed, seconds, recipe, figures, notes, remark = row
    return RunRecord(study, name, stamp, state, scale, seed, seconds, recipe, tuple(json.loads(figures)), notes, remark)


def _where(**wanted: str | None) -> tuple[str, tuple[str, ...]]:
    chosen = {column: value for column, value in wanted.items() if value is not None}
    clause = " AND ".join(f"{column} = ?" for column in chosen)
    return (f"WHERE {clause}" if clause else ""), tuple(chosen.values())
