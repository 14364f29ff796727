"""What every request to the gallery passes, and what every answer carries."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("fastapi", reason="the gallery needs: pip install 'inscape[web]'")

from starlette.testclient import TestClient

from inscape.app.gallery.server import create_app
from inscape.app.gallery.settings import Settings
from inscape.errors import InputError
from inscape.studies.runs import RunStore

HTML = {"accept": "text/html"}
TOKEN = "correct-horse"


def gallery(tmp_path, host="127.0.0.1", **options):
    app = create_app(RunStore(tmp_path / "runs"), Settings(folder=tmp_path / "gallery", host=host, **options))
    return TestClient(app, base_url="http://127.0.0.1:8100", raise_server_exceptions=False)


@pytest.fixture
def client(tmp_path):
    return gallery(tmp_path)


def csrf(client):
    return re.search(r'name="csrf-token" content="(\w+)"', client.get("/zoo", headers=HTML).text).group(1)


@pytest.mark.parametrize("page", ["/", "/zoo", "/zoo/Lorenz", "/learn", "/nothing"])
def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own(client, page):
    answer = client.get(page, headers=HTML)
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text)
    assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_write_without_the_visitors_token_is_refused(client):
    assert client.post("/learn/sample/lynx-hare").status_code == 403
    assert client.post("/learn/sample/lynx-hare", headers={"x-csrf-token": "0" * 64}).status_code == 403
    assert client.post("/learn/upload", content=b"t,x\n0,1\n", headers={"x-file-name": "a.csv"}).status_code == 403


def test_a_write_with_the_token_passes_in_the_header_and_in_a_form(client):
    token = csrf(client)
    # An unknown job is what is found behind the guard.
    assert client.post("/api/jobs/none/cancel", headers={"x-csrf-token": token}).status_code == 404
    assert client.post("/api/jobs/none/cancel", data={"csrf_token": token}).status_code == 404
    assert client.post("/api/jobs/none/cancel", data={"csrf_token": "x"}).status_code == 403


def test_the_token_of_one_visitor_is_no_other_visitors(client, tmp_path):
    token = csrf(client)
    client.cookies.clear()
    assert client.post("/api/jobs/none/cancel", headers={"x-csrf-token": token}).status_code == 403


def test_a_write_from_another_site_is_refused(client):
    headers = {"x-csrf-token": csrf(client), "origin": "http://evil.example"}
    assert client.post("/api/jobs/none/cancel", headers=headers).status_code == 403


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", ""])
def test_a_name_that_another_site_gave_this_machine_is_refused(client, name):
    assert client.get("/", headers={"host": name}).status_code == 421


def test_a_body_beyond_the_limit_is_refused_whether_or_not_its_length_is_told(tmp_path):
    client = gallery(tmp_path, upload_bytes=1000, form_bytes=100)
    headers = {"x-csrf-token": csrf(client), "x-file-name": "a.csv"}
    assert client.post("/learn/upload", content=b"x" * 2000, headers=headers).status_code == 413
    assert client.post("/learn/upload", content=iter([b"x" * 600] * 4), headers=headers).status_code == 413
    assert client.post("/api/jobs/none/cancel", content=b"x" * 200, headers=headers).status_code == 413
    assert not list((tmp_path / "gallery").rglob("recording*"))


def test_a_gallery_that_others_can_reach_demands_a_token():
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        with pytest.raises(InputError, match="--token"):
            Settings(host=host)
    with pytest.raises(InputError, match="at least 8"):
        Settings(host="0.0.0.0", token="short")
    assert not Settings(host="::1").is_open


def test_the_token_opens_the_gallery_once_and_leaves_the_address(tmp_path):
    client = gallery(tmp_path, host="0.0.0.0", token=TOKEN)
    assert client.get("/zoo").status_code == 401
    assert client.get("/static/gallery.css").status_code == 401
    assert client.get("/zoo?token=wrong-horse").status_code == 401
    entered = client.get(f"/zoo?q=heart&token={TOKEN}", follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/zoo?q=heart")
    assert client.get("/zoo").status_code == 200
    client.cookies.clear()
    assert client.get("/api/zoo", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    away = client.get(f"http://127.0.0.1:8100//evil.example/?token={TOKEN}", follow_redirects=False)
    assert away.headers["location"].startswith("/evil")


def test_no_one_enters_with_a_mark_or_a_token_of_their_own_making(tmp_path):
    client = gallery(tmp_path, host="0.0.0.0", token=TOKEN)
    for forged in ("", "x", TOKEN, "0" * 64):
        assert client.get("/zoo", headers={"cookie": f"inscape_access={forged}"}).status_code == 401
        assert client.get("/api/zoo", headers={"authorization": f"Bearer {forged[:-1]}"}).status_code == 401
    # The mark of another gallery with the same token is none here.
    other = gallery(tmp_path / "other", host="0.0.0.0", token=TOKEN)
    other.get(f"/zoo?token={TOKEN}")
    assert client.get("/zoo", cookies={"inscape_access": other.cookies["inscape_access"]}).status_code == 401


def test_what_the_browser_keeps_is_out_of_reach_of_scripts_and_of_what_other_sites_send(tmp_path):
    client = gallery(tmp_path, host="0.0.0.0", token=TOKEN)
    kept = client.get(f"/zoo?token={TOKEN}", follow_redirects=False).headers.get_list("set-cookie")
    assert len(kept) == 2
    for cookie in kept:
        assert TOKEN not in cookie
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_page_that_fails_says_so_without_a_traceback_and_the_gallery_lives(tmp_path):
    client = gallery(tmp_path)

    def failing():
        raise ZeroDivisionError("a secret of the machine")

    client.app.add_api_route("/api/failing", failing)
    answer = client.get("/api/failing")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers
    assert client.get("/zoo").status_code == 200


def test_unknown_names_are_answered_with_the_nearest(client):
    answer = client.get("/zoo/Lorentz", headers=HTML)
    assert answer.status_code == 404
    assert "Lorenz" in answer.text
    assert client.get("/api/zoo/Lorentz/orbit").json()["error"].startswith("system 'Lorentz' is not known")
    hostile = client.get("/zoo/%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers=HTML)
    assert "<script>alert" not in hostile.text
