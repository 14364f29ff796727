"""Recordings handed over in the browser: looked into with care, and learned from."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the gallery needs: pip install 'inscape[web]'")

from starlette.testclient import TestClient

from inscape.app.gallery.jobs import Job, new_id
from inscape.app.gallery.learning import learn_recording
from inscape.app.gallery.server import create_app
from inscape.app.gallery.settings import Settings
from inscape.app.gallery.uploads import inspect_upload, keep_upload, kept_upload, shown_name, suffix_of
from inscape.errors import InputError
from inscape.studies.runs import RunStore

HTML = {"accept": "text/html"}


def quiet(label, done, total):
    pass


def looked_into(folder, name, content):
    (folder / f"recording{suffix_of(name)}").write_bytes(content)
    return inspect_upload({"name": name}, folder, quiet)


def table(rows=40, header="t,x,y", dt=0.1):
    lines = [f"{k * dt:.3f},{np.cos(k * dt):.6f},{np.sin(k * dt):.6f}" for k in range(rows)]
    return "\n".join([header, *lines]).encode()


def test_a_table_shows_its_columns_and_its_time(tmp_path):
    found = looked_into(tmp_path, "swing.csv", table())
    assert found["samples"] == 40
    assert [c["name"] for c in found["columns"]] == ["x", "y"]
    assert found["time"] == "t"
    assert found["dt"] == pytest.approx(0.1)
    assert "t" in found["all_columns"]


def test_a_table_without_time_says_so_and_shows_its_columns(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["u,v", *(f"{a:.5f},{b:.5f}" for a, b in rng.normal(size=(30, 2)))]
    found = looked_into(tmp_path, "noise.csv", "\n".join(lines).encode())
    assert not found["has_time"]
    assert found["no_time"]
    assert str(tmp_path) not in found["no_time"]
    assert [c["name"] for c in found["columns"]] == ["u", "v"]


BAD = {
    "binary.csv": bytes(range(256)) * 40,
    "words.csv": b"name,colour\nann,red\nbob,blue\n",
    "latin.csv": "größe;farbe\nhöher;grün\n".encode("latin-1"),
    "short.csv": b"t,x\n",
    "cut.parquet": b"PAR1" + b"\0" * 40,
    "cut.npz": b"PK\x03\x04 not an archive",
    "cut.mat": b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"\x07" * 30,
    "cut.nc": b"CDF\x01" + b"\xff" * 40,
    "zeros.csv": b"\0" * 5000,
    "bomb.csv.gz": b"\x1f\x8b\x08 not gzip at all",
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_recording_is_refused_in_one_line_without_a_path(tmp_path, name):
    with pytest.raises(InputError) as caught:
        looked_into(tmp_path, name, BAD[name])
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path) not in message
    assert len(message) < 1_200


def test_formulas_of_a_spreadsheet_are_words_that_are_left_out_and_never_evaluated(tmp_path):
    rows = "\n".join(f"{k},{np.sin(k):.4f},=1+{k}" for k in range(12))
    found = looked_into(tmp_path, "sheet.csv", f"t,x,=cmd|' /C calc'!A0\n{rows}\n".encode())
    assert [c["name"] for c in found["columns"]] == ["x"]
    assert found["all_columns"] == ["t", "x", "=cmd|' /C calc'!A0"]
    assert [f["message"] for f in found["findings"]][-1] == "=cmd|' /C calc'!A0: holds words and is left out"


class _Trap:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (Path(self.mark),)


def test_an_archive_with_a_pickle_in_it_is_refused_unopened(tmp_path):
    held = io.BytesIO()
    np.savez(held, x=np.array([_Trap(str(tmp_path / "sprung"))], dtype=object), allow_pickle=True)
    with pytest.raises(InputError):
        looked_into(tmp_path, "trap.npz", held.getvalue())
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["evil.pkl", "a.exe", "noname", "", "a.csv/../../x.sh", "x.zarr"])
def test_a_name_that_tells_no_known_format_is_refused(name):
    with pytest.raises(InputError, match="expected"):
        suffix_of(name)


def test_a_files_name_is_never_a_path():
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("C:\\data\\a.csv") == "a.csv"
    assert "\n" not in shown_name("a\nb.csv")
    assert len(shown_name("x" * 5000 + ".csv")) == 120
    assert suffix_of(shown_name("x" * 5000 + ".csv.gz")) == ".csv.gz"
    assert suffix_of("../../A.CSV") == ".csv"
    assert suffix_of("a.csv.gz") == ".csv.gz"


def test_an_empty_upload_leaves_nothing_behind(tmp_path):
    async def nothing():
        for piece in ():
            yield piece

    with pytest.raises(InputError, match="empty"):
        asyncio.run(keep_upload(nothing(), tmp_path, ".csv"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no longer here"):
        kept_upload(tmp_path)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """A gallery in whose store stands one finished contest."""
    folder = tmp_path_factory.mktemp("gallery")
    app = create_app(RunStore(folder / "runs"), Settings(folder=folder))
    jobs = app.state.jobs
    key = new_id()
    settings = {"sample": "lynx-hare", "name": "<b>lynx</b>", "seed": 0, "level": 0.9, "laws": ["dmd"]}
    heard: list[str] = []
    result = learn_recording(settings, jobs.folder_of(key), lambda label, done, total: heard.append(label))
    job = Job(key, "learn", "Learning", settings, state="done", result=json.loads(json.dumps(result)))
    jobs._jobs[key] = job
    client = TestClient(app, base_url="http://127.0.0.1:8100")
    return client, key, heard


def test_the_page_of_a_law_tells_what_the_report_tells(gallery):
    client, key, _ = gallery
    page = client.get(f"/learn/law/{key}", headers=HTML)
    assert page.status_code == 200
    for part in ("The law", "The contest", "What to trust", "held-out error"):
        assert part in page.text
    assert "<b>lynx</b>" not in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)


def test_every_figure_of_the_page_is_there_to_draw(gallery):
    client, key, _ = gallery
    page = client.get(f"/learn/law/{key}", headers=HTML).text
    addresses = re.findall(r'data-plot="([^"]+)"', page)
    assert len(addresses) >= 3
    for address in addresses:
        assert "data" in client.get(address).json()


def test_report_model_forecast_and_numbers_can_be_kept(gallery):
    client, key, _ = gallery
    report = client.get(f"/learn/law/{key}/download/report")
    assert "attachment" in report.headers["content-disposition"]
    assert "<html" in report.text
    model = zipfile.ZipFile(io.BytesIO(client.get(f"/learn/law/{key}/download/model").content))
    assert model.testzip() is None
    assert not any(name.endswith((".pkl", ".pickle")) for name in model.namelist())
    forecast = client.get(f"/learn/law/{key}/download/forecast").text.splitlines()
    assert len(forecast) > 2
    assert client.get(f"/learn/law/{key}/download/numbers").json()["winner"]
    for name in ("..%2Fjob.json", "job.json", "order.json"):
        assert client.get(f"/learn/law/{key}/download/{name}").status_code == 404
    assert client.get(f"/learn/law/{key}/figure/nothing").status_code == 404


def test_the_work_says_what_it_is_doing(gallery):
    assert gallery[2][0] == "reading"
    assert "drawing" in gallery[2]


def read_by_a_worker(tmp_path, content, **limits):
    """How the reading of an upload ends under limits of one's own."""
    app = create_app(RunStore(tmp_path / "runs"), Settings(folder=tmp_path, **limits))
    client = TestClient(app, base_url="http://127.0.0.1:8100")
    token = re.search(r'csrf-token" content="(\w+)"', client.get("/learn", headers=HTML).text).group(1)
    headers = {"x-csrf-token": token, "x-file-name": "a.csv.gz"}
    told = client.post("/learn/upload", content=content, headers=headers).json()
    heard = client.get(f"/api/jobs/{told['job']}/events").text
    app.state.jobs.close()
    return json.loads(heard.strip().splitlines()[-1].removeprefix("data: "))


def test_a_small_upload_that_unpacks_into_more_than_the_memory_allowed_is_stopped(tmp_path):
    million = gzip.compress(b"0.5,1\n" * 10**6)
    content = gzip.compress(b"t,x\n") + 60 * million  # What follows one another in gzip unpacks so, too.
    assert len(content) < 2**20
    ended = read_by_a_worker(tmp_path, content, reading_bytes=300 * 2**20, reading_seconds=500.0)
    assert (ended["state"], "does not fit in memory" in ended["message"]) == ("failed", True)


def test_an_upload_that_takes_too_long_to_read_is_given_up(tmp_path):
    ended = read_by_a_worker(tmp_path, gzip.compress(table()), reading_seconds=0.01)
    assert (ended["state"], "most that is given" in ended["message"]) == ("failed", True)


def test_a_recording_goes_from_the_upload_to_its_columns(tmp_path):
    client = TestClient(
        create_app(RunStore(tmp_path / "runs"), Settings(folder=tmp_path)), base_url="http://127.0.0.1:8100"
    )
    token = re.search(r'csrf-token" content="(\w+)"', client.get("/learn", headers=HTML).text).group(1)
    headers = {"x-csrf-token": token, "x-file-name": "..%2F..%2Fswing%20%3Cb%3E.csv.gz"}
    told = client.post("/learn/upload", content=gzip.compress(table()), headers=headers).json()
    heard = client.get(f"/api/jobs/{told['job']}/events").text
    assert json.loads(heard.strip().splitlines()[-1].removeprefix("data: "))["state"] == "done"
    page = client.get(told["page"], headers=HTML).text
    assert "swing &lt;b&gt;.csv.gz" in page
    assert 'data-column="x"' in page
    refused = client.post(f"{told['page']}/start", json={"columns": []}, headers={"x-csrf-token": token})
    assert (refused.status_code, refused.json()["error"].split(":")[0]) == (400, "columns")
    client.app.state.jobs.close()
