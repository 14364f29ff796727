"""Long work of the gallery: followed, cancelled, limited, and dead without harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inscape.app.gallery import jobs as room
from inscape.app.gallery.jobs import Jobs, Kind
from inscape.app.gallery.settings import Settings
from inscape.errors import UnknownNameError

HERE = Path(__file__).parent


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    )
    for name in ("squares", "endless", "deadly", "greedy", "refusing", "broken", "interrupted", "homeless"):
        memory = 200 * 2**20 if name == "greedy" else None
        monkeypatch.setitem(room.KINDS, name, Kind(f"gallery_work:{name}", name, memory=memory))
    held = Jobs(tmp_path / "jobs")
    yield held
    held.close()


def over(jobs, job, patience=300.0):
    end = time.monotonic() + patience
    while not job.is_over and time.monotonic() < end:
        time.sleep(0.02)
    assert job.is_over, f"{job.state} after {patience} s"
    return job


def begun(jobs, job, patience=300.0):
    end = time.monotonic() + patience
    while not (job.label or job.is_over) and time.monotonic() < end:
        time.sleep(0.02)
    return job


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_work_comes_back_with_its_result_and_its_progress(jobs):
    job = over(jobs, jobs.submit("squares", {"count": 5}, title="Counting"))
    assert (job.state, job.result, job.label, job.done, job.total) == ("done", {"sum": 10}, "counting", 5, 5)


def test_a_cancelled_job_ends_with_every_process_that_it_started(jobs):
    job = begun(jobs, jobs.submit("endless", {}, title="Sleeping"))
    child = int((jobs.folder_of(job.id) / "child.txt").read_text())
    assert alive(child)
    jobs.cancel(job.id)
    assert job.state == "cancelled"
    end = time.monotonic() + 120
    while alive(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(child)


A_GALLERY = """
import sys, time
from pathlib import Path
from inscape.app.gallery import jobs as room
room.KINDS["endless"] = room.Kind("gallery_work:endless", "endless")
print(room.Jobs(Path(sys.argv[1])).submit("endless", {}, title="Sleeping").id, flush=True)
time.sleep(600)
"""


def test_silent_work_ends_with_the_gallery_even_if_that_is_killed(jobs, tmp_path):
    with subprocess.Popen([sys.executable, "-c", A_GALLERY, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        told = tmp_path / other.stdout.readline().strip() / "child.txt"
        end = time.monotonic() + 300
        while not (told.exists() and told.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        child = int(told.read_text())
        assert alive(child)
        other.kill()
    while alive(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(child)


def test_a_worker_that_is_killed_is_an_answer_and_the_next_job_runs(jobs):
    job = over(jobs, jobs.submit("deadly", {}, title="Dying"))
    assert job.state == "failed"
    assert "killed" in job.message
    assert over(jobs, jobs.submit("squares", {"count": 2}, title="Counting")).state == "done"


def test_a_worker_that_is_killed_while_it_speaks_is_an_answer_too(jobs):
    job = over(jobs, jobs.submit("interrupted", {}, title="Speaking"))
    assert (job.state, job.result) == ("failed", {})
    assert over(jobs, jobs.submit("interrupted", {}, title="Speaking")).state == "failed"


def test_a_job_ends_where_its_end_cannot_be_written_down_and_the_next_one_runs(jobs):
    assert over(jobs, jobs.submit("homeless", {}, title="Leaving")).result == {"found": 1}
    assert over(jobs, jobs.submit("homeless", {}, title="Leaving")).state == "done"


def test_memory_beyond_the_limit_is_refused_by_name(jobs):
    job = over(jobs, jobs.submit("greedy", {"bytes": 4 * 2**30}, title="Eating"))
    assert (job.state, job.message.split(":")[0]) == ("failed", "memory")
    assert over(jobs, jobs.submit("greedy", {"bytes": 2**20}, title="Eating")).result == {"held": 2**20}


def test_an_error_on_purpose_is_told_in_one_line_and_one_by_accident_without_its_words(jobs):
    refused = over(jobs, jobs.submit("refusing", {}, title="Refusing"))
    assert refused.message == "column: none found, expected one"
    broken = over(jobs, jobs.submit("broken", {}, title="Breaking"))
    assert "secret" not in broken.message
    assert "secret" in (jobs.folder_of(broken.id) / "log.txt").read_text()


def test_work_that_takes_too_long_is_ended(jobs, monkeypatch):
    monkeypatch.setitem(room.KINDS, "endless", Kind("gallery_work:endless", "endless", seconds=0.2))
    job = over(jobs, jobs.submit("endless", {}, title="Sleeping"))
    assert job.state == "failed"
    assert "most that is given" in job.message


def test_jobs_of_one_lane_wait_for_one_another(jobs):
    first = begun(jobs, jobs.submit("endless", {}, title="First"))
    second = jobs.submit("endless", {}, title="Second")
    assert (first.state, second.state, jobs.waits_behind(second)) == ("running", "queued", 1)
    jobs.cancel(first.id)
    begun(jobs, second)
    assert second.state == "running"


def test_what_a_stopped_gallery_left_behind_is_shown_as_failed(jobs, tmp_path):
    done = over(jobs, jobs.submit("squares", {"count": 3}, title="Counting"))
    record = json.loads((jobs.folder_of(done.id) / "job.json").read_text())
    other = room.new_id()
    jobs.folder_of(other).joinpath("job.json").write_text(json.dumps({**record, "id": other, "state": "running"}))
    (tmp_path / "jobs" / "stray").mkdir()
    (tmp_path / "jobs" / "stray" / "job.json").write_text("{not json")
    again = Jobs(tmp_path / "jobs")
    assert again.get(done.id).result == {"sum": 3}
    assert again.get(other).state == "failed"
    assert "stopped" in again.get(other).message
    assert len(again.all()) == 2


DAY = 86_400


@pytest.fixture
def shelf(tmp_path):
    """Writes the records of jobs that ended so and so many days ago, as a gallery leaves them."""

    def keep(kind, state, days, **settings):
        key = room.new_id()
        place = tmp_path / "jobs" / key
        place.mkdir(parents=True)
        ended = time.time() - days * DAY
        record = {
            "id": key,
            "kind": kind,
            "title": "t",
            "settings": settings,
            "state": state,
            "asked": ended,
            "ended": ended,
        }
        (place / "job.json").write_text(json.dumps(record))
        (place / "recording.csv").write_text("t,x")
        return key

    keep.open = lambda: Jobs(tmp_path / "jobs", settings=Settings(folder=tmp_path, kept_days=7))
    keep.folder = tmp_path / "jobs"
    return keep


def test_uploads_that_nobody_came_back_for_are_cleared_at_the_start_and_fresh_ones_stay(shelf):
    old, fresh = shelf("read", "done", 8, name="old"), shelf("read", "done", 6, name="fresh")
    unreadable = shelf("read", "failed", 8, name="bad")
    jobs = shelf.open()
    assert [job.id for job in jobs.all()] == [fresh]
    assert (shelf.folder / fresh / "recording.csv").exists()
    assert not (shelf.folder / old).exists()
    assert not (shelf.folder / unreadable).exists()
    with pytest.raises(UnknownNameError):
        jobs.get(old)


def test_a_law_that_was_learned_is_kept_for_ever_with_the_upload_it_came_from(shelf):
    used, wasted = shelf("read", "done", 400, name="used"), shelf("read", "done", 400, name="wasted")
    law = shelf("learn", "done", 400, upload=used)
    shelf("learn", "failed", 400, upload=wasted)
    shelf("learn", "cancelled", 8, upload=used)
    shelf("exponents", "done", 8)
    shelf("study", "done", 8)
    assert {job.id for job in shelf.open().all()} == {used, law}


def test_a_contest_that_failed_yesterday_can_be_tried_again_with_its_old_upload(shelf):
    upload = shelf("read", "done", 30, name="slow to decide")
    failed = shelf("learn", "failed", 1, upload=upload)
    assert {job.id for job in shelf.open().all()} == {upload, failed}


def test_only_folders_of_the_gallerys_own_are_cleared(shelf, tmp_path):
    stray, foreign, elsewhere = shelf.folder / room.new_id(), shelf.folder / "holiday", tmp_path / "elsewhere"
    for place in (stray, foreign, elsewhere):
        place.mkdir(parents=True)
        (place / "recording.csv").write_text("half of it")
    link = shelf.folder / room.new_id()
    link.symlink_to(elsewhere)
    for place in (stray, foreign, elsewhere):
        os.utime(place, (time.time() - 8 * DAY,) * 2)
    shelf.open()
    assert not stray.exists()
    assert (foreign / "recording.csv").exists()
    assert (link / "recording.csv").exists()


@pytest.mark.parametrize("name", ["../../etc", "", "x" * 500, "0" * 19])
def test_a_name_that_no_job_has_is_no_path(jobs, name):
    with pytest.raises(UnknownNameError):
        jobs.get(name)
    with pytest.raises(UnknownNameError):
        jobs.folder_of(name)
