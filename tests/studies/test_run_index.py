"""The index of runs follows their folders, can be thrown away, and takes no damage from kills, tears and rivals."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.studies.codec import encode
from inscape.studies.run_index import RunIndex
from inscape.studies.runs import RunFolder, RunStore


def make_run(root: Path, study: str, name: str, *, value: float | None = 1.0, scale: str = "desk") -> RunFolder:
    folder = RunFolder(root / study / name)
    folder.write("settings.json", encode({"study": study, "scale": scale, "seed": 3, "recipe": "abc"}))
    folder.write("versions.json", encode({"inscape": "0.1.0"}))
    if value is not None:
        measured = {"claim": {"value": value, "low": value - 1, "high": value + 1, "setting": "a test"}}
        folder.write("findings.json", encode({"measured": measured, "tables": {}, "notes": ["n"], "seconds": 2.5}))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    root = tmp_path / "runs"
    make_run(root, "97-tiny", "20260101T000000-desk-seed3-0001", value=1.0)
    make_run(root, "97-tiny", "20260102T000000-smoke-seed3-0002", value=2.0, scale="smoke")
    make_run(root, "98-other", "20260103T000000-desk-seed3-0003", value=None)
    return RunStore(root)


def test_the_index_knows_what_the_folders_hold(store: RunStore) -> None:
    index = RunIndex(store)
    assert index.refresh() == 3
    assert index.refresh() == 0
    assert [run.name[-4:] for run in index.runs()] == ["0003", "0002", "0001"]
    assert index.count() == 3
    assert index.count(study="97-tiny", scale="desk", state="finished") == 1
    run = index.run("97-tiny", "20260101T000000-desk-seed3-0001")
    assert (run.started, run.state, run.seed, run.seconds) == ("2026-01-01 00:00:00", "finished", 3, 2.5)
    measured = index.measured(run.study, run.name)["claim"]
    assert (measured.value, measured.low, measured.high, measured.setting) == (1.0, 0.0, 2.0, "a test")
    assert index.run("98-other", "20260103T000000-desk-seed3-0003").state == "unfinished"


def test_a_run_that_is_finished_or_gone_is_seen_at_the_next_look(store: RunStore) -> None:
    index = RunIndex(store)
    index.refresh()
    make_run(store.root, "98-other", "20260103T000000-desk-seed3-0003", value=5.0)
    assert index.refresh() == 1
    assert index.newest()["98-other", "desk"].name.endswith("0003")
    os.rename(store.root / "97-tiny", store.root.parent / "elsewhere")
    index.refresh()
    assert index.count() == 1
    with pytest.raises(UnknownNameError, match="98-other"):
        index.run("97-tiny", "20260101T000000-desk-seed3-0001")


def test_a_look_that_is_broken_off_leaves_the_index_as_it_was(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    index = RunIndex(store)
    index.refresh()
    make_run(store.root, "98-other", "20260103T000000-desk-seed3-0003", value=5.0)

    def interrupted(*told: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("inscape.studies.run_index._read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index.refresh()
    assert index.count() == 3
    assert index.count(state="unfinished") == 1
    assert index.refresh() == 1


def test_pages_of_runs_follow_one_another_without_gap(store: RunStore) -> None:
    index = RunIndex(store)
    index.refresh()
    paged = [index.runs(limit=1, offset=k)[0].name for k in range(3)]
    assert paged == [run.name for run in index.runs()]


def test_a_rebuilt_index_says_what_the_first_said(store: RunStore) -> None:
    index = RunIndex(store)
    index.refresh()
    before = [(run, index.measured(run.study, run.name)) for run in index.runs()]
    assert index.rebuild() == 3
    assert [(run, index.measured(run.study, run.name)) for run in index.runs()] == before


@pytest.mark.parametrize("rubbish", [b"", b"no database at all" * 400, b"SQLite format 3\0" + bytes(4000)])
def test_a_torn_index_is_made_again(store: RunStore, rubbish: bytes) -> None:
    first = RunIndex(store)
    first.refresh()
    first.close()
    (store.root / "index.sqlite").write_bytes(rubbish)
    index = RunIndex(store)
    index.refresh()
    assert index.count() == 3


def test_an_index_of_another_layout_is_made_again(store: RunStore) -> None:
    connection = sqlite3.connect(store.root / "index.sqlite")
    connection.execute("CREATE TABLE run (something TEXT)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    index = RunIndex(store)
    index.refresh()
    assert index.count() == 3


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("findings.json", "{half"),
        ("findings.json", "[]"),
        ("findings.json", '{"measured": {"c": 3}}'),
        ("settings.json", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")),
        ("settings.json", "{}"),
        ("settings.json", '{"scale": [], "seed": "x"}'),
        ("settings.json", '{"scale": "desk", "seed": 1e99}'),
        ("settings.json", '{"scale": "desk", "seed": Infinity}'),
        ("settings.json", "[" * 100_000),
        ("findings.json", '{"measured": {}, "tables": {"t": {"caption": "", "rows": [1]}}}'),
    ],
)
def test_a_damaged_folder_is_a_line_that_says_so(store: RunStore, file: str, text: str) -> None:
    folder = store.root / "97-tiny" / "20260101T000000-desk-seed3-0001"
    (folder / file).write_text(text, encoding="utf-8")
    index = RunIndex(store)
    index.refresh()
    run = index.run("97-tiny", folder.name)
    assert run.state == "damaged"
    assert run.remark
    assert index.count(state="damaged") == 1


def test_half_a_character_in_a_run_is_no_obstacle(store: RunStore) -> None:
    folder = store.root / "97-tiny" / "20260101T000000-desk-seed3-0001"
    text = (folder / "findings.json").read_text()
    (folder / "findings.json").write_text(text.replace("a test", "\\ud800 test"))
    index = RunIndex(store)
    index.refresh()
    assert index.measured("97-tiny", folder.name)["claim"].setting == "? test"


def test_folders_whose_names_are_no_text_are_left_alone(store: RunStore) -> None:
    stranger = os.fsencode(store.root) + b"/97-tiny/\xff\xfe"
    os.mkdir(stranger)
    with open(stranger + b"/settings.json", "w") as file:
        file.write("{}")
    index = RunIndex(store)
    index.refresh()
    assert index.count() == 3


def test_no_name_is_taken_for_a_path(store: RunStore) -> None:
    index = RunIndex(store)
    index.refresh()
    astray = "../97-tiny/20260101T000000-desk-seed3-0001"
    for study, name in (("..", "runs"), ("97-tiny", astray), ("", ""), ("%", "_")):
        with pytest.raises(UnknownNameError):
            index.folder(study, name)


def test_where_nothing_can_be_written_the_index_lives_in_memory(store: RunStore) -> None:
    index = RunIndex(store, Path("/proc/none/index.sqlite"))
    assert index.refresh() == 3
    assert index.count() == 3


def test_an_empty_store_has_no_runs(tmp_path: Path) -> None:
    index = RunIndex(RunStore(tmp_path / "none"))
    assert index.refresh() == 0
    assert index.runs() == []
    assert index.newest() == {}


def test_threads_may_ask_while_one_writes(store: RunStore) -> None:
    index = RunIndex(store)

    def ask(k: int) -> int:
        if k % 2:
            index.refresh()
        return index.count() if k else 0

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(40)))
    assert index.count() == 3


def test_two_processes_may_write_at_once_and_a_kill_leaves_a_whole_index(store: RunStore) -> None:
    for k in range(60):
        make_run(store.root, "96-many", f"20260201T0000{k:02d}-desk-seed3-{k:04d}", value=float(k))
    text = (
        "import sys\n"
        "from inscape.studies.run_index import RunIndex\n"
        "from inscape.studies.runs import RunStore\n"
        "index = RunIndex(RunStore(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    index.rebuild() if sys.argv[2] == 'r' else index.refresh()\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", text, str(store.root), how], stdout=subprocess.PIPE) for how in "fr"
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    index = RunIndex(store)
    index.refresh()
    assert index.count() == 63
    assert index.measured("96-many", "20260201T000007-desk-seed3-0007")["claim"].value == 7.0


def test_a_full_disk_is_one_clear_line(store: RunStore) -> None:
    index = RunIndex(store)
    index.refresh()
    pages = index._open().execute("PRAGMA page_count").fetchone()[0]
    index._open().execute(f"PRAGMA max_page_count = {pages}")  # the database may grow no more: SQLITE_FULL
    for k in range(100):
        make_run(store.root, "96-many", f"20260201T0000{k:02d}-desk-seed3-{k:04d}", value=float(k))
    with pytest.raises(InputError, match="free some space"):
        index.refresh()
    assert index.count() == 3


def test_a_run_that_meets_a_full_disk_keeps_what_it_had(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(store.root / "97-tiny" / "20260101T000000-desk-seed3-0001")
    folder.remember("step", "1", 1.5)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("inscape.atomic.os.fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        folder.remember("step", "2", 2.5)
    assert folder.recall("step", "1") == (True, 1.5)
    assert folder.recall("step", "2") == (False, None)


def test_the_index_command_tells_what_it_read(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    from inscape.app.cli import _run

    assert _run(["study", "index", "--rebuild", "--store", str(store.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["read"], told["finished"], told["unfinished"], told["damaged"]) == (3, 2, 1, 0)
