"""Every page: it opens without a fault, fits a telephone, is read by everyone, and asks no other machine."""

from __future__ import annotations

import pytest
from waiting import until

PAGES = {
    "home": "/", "zoo": "/zoo", "system": "/zoo/Lorenz", "map": "/zoo/Henon", "learn": "/learn",
    "papers": "/papers", "runs": "/runs", "compare": "/compare",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_opens_fits_and_has_no_serious_fault_of_access(visit, accessible, name, width, scheme):
    seen = visit(PAGES[name], width=width, scheme=scheme)
    seen.page.wait_for_selector("h1")
    seen.page.wait_for_timeout(900)
    seen.shot(f"{name}-{width}-{scheme}")
    assert seen.fits()
    assert seen.page.locator("h1").count() == 1
    assert accessible(seen.page) == []


def test_something_moves_on_the_first_page_within_a_second_of_its_arrival(visit):
    seen = visit("/")
    moved = seen.page.evaluate(
        """async () => {
            const canvas = document.getElementById("hero"), begun = performance.now();
            let before = null;
            while (performance.now() - begun < 5000) {
                await new Promise((done) => requestAnimationFrame(done));
                const now = canvas.toDataURL();
                if (before !== null && now !== before) { return performance.now() - begun; }
                before = now;
            }
            return null;
        }"""
    )
    assert moved is not None


def test_nothing_moves_for_those_who_asked_for_rest(visit):
    seen = visit("/zoo/Lorenz", motion="reduce")
    until(seen.page, "document.getElementById('stage').dataset.drawn >= 1")
    seen.page.wait_for_timeout(500)
    still = seen.page.evaluate("document.getElementById('orbit').toDataURL()")
    seen.page.wait_for_timeout(400)
    assert seen.page.evaluate("document.getElementById('orbit').toDataURL()") == still


def test_the_theme_that_was_chosen_stays_on_the_next_page(visit):
    seen = visit("/zoo", scheme="light")
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


def test_a_page_that_is_not_there_says_so_kindly(visit):
    visit.expected.append("404")
    seen = visit("/zoo/Lorentz")
    assert "Lorenz" in seen.page.inner_text("main")
    assert "Traceback" not in seen.page.content()
