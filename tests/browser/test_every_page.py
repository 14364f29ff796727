"""Every page: it opens without a fault, fits a telephone, is read by everyone, and asks no other machine."""

from __future__ import annotations

import html
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from serving import PATIENCE, Gallery
from waiting import appears

PAGES = {
    "home": "/", "zoo": "/zoo", "system": "/zoo/Lorenz", "map": "/zoo/Henon", "learn": "/learn",
    "papers": "/papers", "runs": "/runs", "compare": "/compare",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "dark"), pytest.param(1280, "dark", marks=pytest.mark.slow)]
)
def test_a_page_opens_fits_and_has_no_serious_fault_of_access(visit, accessible, name, width, scheme):
    seen = visit(PAGES[name], width=width, scheme=scheme)
    seen.settle()
    seen.shot(f"{name}-{width}-{scheme}")
    assert seen.fits()
    assert seen.page.locator("h1").count() == 1
    assert accessible(seen.page) == []


def test_something_moves_on_the_first_page(visit):
    seen = visit("/", motion="no-preference")
    moved = seen.page.evaluate(
        """async () => {
            const canvas = document.getElementById("hero"), begun = performance.now();
            let before = canvas.toDataURL();
            while (performance.now() - begun < 60000) {
                await new Promise((done) => requestAnimationFrame(done));
                const now = canvas.toDataURL();
                if (now !== before) { return true; }
            }
            return false;
        }"""
    )
    assert moved


def test_what_is_dropped_anywhere_on_the_first_page_is_read(visit):
    page = visit("/").page
    assert "Drop a recording anywhere on this page" in page.inner_text("main")
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            const rows = Array.from({length: 60}, (_, k) => `${k / 10},${Math.cos(k / 3)}`);
            carried.items.add(new File(["t,x\\n" + rows.join("\\n")], "dropped.csv"));
            document.querySelector("footer").dispatchEvent(
                new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: carried})
            );
        }"""
    )
    appears(page, "#choice")
    assert page.inner_text("h1") == "dropped.csv"


def test_nothing_moves_for_those_who_asked_for_rest(visit):
    seen = visit("/zoo/Lorenz", motion="reduce")
    seen.settle()
    frames = """async () => {
        for (let k = 0; k < 20; k++) { await new Promise((done) => requestAnimationFrame(done)); }
        return document.getElementById("orbit").toDataURL();
    }"""
    assert seen.page.evaluate(frames) == seen.page.evaluate(frames)


def test_the_theme_that_was_chosen_stays_on_the_next_page(visit):
    seen = visit("/zoo", is_stranger=True)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = seen.page.evaluate(ground)
    seen.page.click("#theme")
    dark = seen.page.evaluate(ground)
    assert dark != before
    seen.open("/learn")
    assert seen.page.evaluate(ground) == dark


def test_the_keyboard_reaches_the_content_and_every_room(visit):
    seen = visit("/zoo")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _ in range(7):
        seen.page.keyboard.press("Tab")
        reached.append(seen.page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))
    assert reached == ["/", "/papers", "/zoo", "/learn", "/runs", "/compare", "theme"]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/zoo/Lorentz", "Lorenz"),
        ("/papers/99-nothing", "99-nothing"),
        ("/runs/19-koopman/no-such-run", "no-such-run"),
        ("/learn/law/" + "0" * 20, "0" * 20),
        ("/learn/recording/..%2F..%2Fetc", "nothing at this address"),
        ("/nowhere", "nothing at this address"),
    ],
)
def test_a_page_that_is_not_there_says_so_kindly(visit, address, told):
    visit.expected.append("404")
    seen = visit(address)
    assert told in seen.page.inner_text("main")
    assert "Traceback" not in seen.page.content()
    assert seen.page.locator("nav a").count() == 5


def test_the_picture_at_the_head_of_the_readme_is_as_sharp_and_small_as_it_should_be(visit):
    seen = visit("/")
    seen.shot("gallery")
    picture = (Path(__file__).parents[2] / "docs" / "images" / "gallery.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == (1280, 900)
    assert len(picture) < 400_000


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another site that links to a gallery, as a mail or a chat in the browser does."""

    link = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(f'<a href="{html.escape(self.link)}">the gallery</a>'.encode())

    def log_message(self, *said) -> None:
        pass


def test_a_link_with_the_token_opens_the_gallery_from_another_site(browser, tmp_path):
    guarded = Gallery(tmp_path, "--token", "correct horse & battery")
    Elsewhere.link = guarded.link
    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        # To a browser, another name is another site.
        page.goto(f"http://localhost:{elsewhere.server_port}/")
        page.click("a")
        appears(page, "#hero")
        assert page.url == f"{guarded.address}/"
        page.goto(f"{guarded.address}/zoo")
        assert page.locator("h1").inner_text() == "The zoo"
    finally:
        context.close()
        elsewhere.shutdown()
        guarded.stop()
