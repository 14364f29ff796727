"""A gallery that really runs and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import PATIENCE, Gallery
from waiting import until

SHOTS = os.environ.get("INSCAPE_SCREENSHOTS")
"""Folder into which the tests write a picture of each page, where it is named."""


def chromium() -> str:
    """The browser to drive; tests skip where there is none."""
    found = os.environ.get("BROWSER_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        pytest.skip("no chromium found; install it or set BROWSER_PATH to it")
    return found


def pytest_collection_modifyitems(config, items) -> None:
    """A browser on a machine that is busy elsewhere loses an input now and then: what fails here has one more try.

    What fails twice is broken. The summary counts the second tries.
    """
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def gallery(tmp_path_factory) -> Iterator[Gallery]:
    pytest.importorskip("uvicorn", reason="the gallery needs: pip install 'inscape[web]'")
    pytest.importorskip("playwright.sync_api", reason="browser tests need: pip install playwright")
    chromium()
    running = Gallery(tmp_path_factory.mktemp("served"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser(gallery):
    """The browser, with the screens that were asked for: they are kept, and with them what the browser has cached."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        held = driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        yield held
        held.close()


IS_DRAWN = """() => {
    const seen = (element) => {
        const box = element.getBoundingClientRect();
        return box.width && box.bottom > 0 && box.top < innerHeight;
    };
    const stage = document.getElementById("stage");
    return [...document.querySelectorAll("canvas[data-shown]")].filter(seen).every((c) => c.dataset.shown === "1")
        && [...document.querySelectorAll("[data-plot]")].filter(seen)
            .every((figure) => figure.querySelector(".main-svg"))
        && (!stage || stage.dataset.drawn > 0);
}"""
"""Whether every canvas and figure in sight shows what it should."""


class Visit:
    """A page in the browser, with everything that went wrong on it.

    It rests, as for those who asked for reduced motion, unless a test is about motion: a hundred animations painted
    without a graphics card are what a small machine has least of.
    """

    def __init__(
        self,
        browser,
        gallery: Gallery,
        *,
        width: int = 1280,
        scheme: str = "light",
        motion: str = "reduce",
        is_stranger: bool = False,
    ):
        self.gallery = gallery
        # A browser of one's own costs more than a page: tests share one unless they leave something in it.
        self.is_stranger = is_stranger
        self.context = browser.new_context() if is_stranger or not browser.contexts else browser.contexts[0]
        self.page = self.context.new_page()
        self.page.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
        self.page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        self.page.set_default_timeout(PATIENCE)
        self.faults: list[str] = []
        self.strangers: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("request", self._note)

    def _note(self, request) -> None:
        if not request.url.startswith((self.gallery.address, "data:", "blob:")):
            self.strangers.append(request.url)

    def open(self, path: str):
        self.page.goto(self.gallery.address + path)
        return self.page

    def settle(self) -> None:
        """Wait until what is in sight is drawn."""
        self.page.wait_for_load_state("load")
        until(self.page, IS_DRAWN, PATIENCE / 1000)

    def shot(self, name: str, *, whole: bool = False) -> None:
        if SHOTS:
            self.settle()
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=whole)

    def close(self) -> None:
        if self.is_stranger:
            self.context.close()
        else:
            self.page.close()

    def becomes(self, *, width: int, scheme: str) -> None:
        """Look at the same page on another screen."""
        self.page.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
        self.page.emulate_media(color_scheme=scheme)

    def fits(self) -> bool:
        """Whether nothing of the page lies beyond its right edge."""
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def visit(browser, gallery):
    """Opens pages; at the end none may have had a fault or asked another machine for anything."""
    opened: list[Visit] = []

    def go(path: str, **options) -> Visit:
        held = Visit(browser, gallery, **options)
        opened.append(held)
        held.open(path)
        return held

    go.expected = []
    yield go
    for held in opened:
        held.close()
        faults = [f for f in held.faults if not any(known in f for known in go.expected)]
        assert faults == []
        assert held.strangers == []


@pytest.fixture
def accessible():
    """Says which serious faults axe-core finds on a page."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="accessibility needs: pip install axe-playwright-python"
    )

    def faults(page) -> list[str]:
        # What passes is not listed element by element, which would take most of the time.
        found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{rule['id']} ({rule['impact']}): {node['html'][:140]} {node.get('failureSummary', '')[:200]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"][:3]
        ]

    return faults
