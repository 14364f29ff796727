"""The zoo under a reader's hand: search, sliders, divergence, code, exponents."""

from __future__ import annotations

from waiting import appears, until


def drawn(page) -> int:
    return int(page.evaluate("document.getElementById('stage').dataset.drawn || 0"))


def wait_for_drawing(page, after: int) -> None:
    until(page, f"Number(document.getElementById('stage').dataset.drawn || 0) > {after}")


def test_the_wall_is_searched_sorted_and_filtered_at_once(visit):
    seen = visit("/zoo")
    page = seen.page
    page.fill("#q", "predator")
    shown = page.locator(".wall li:not([hidden]) .tile-name").all_inner_texts()
    assert 0 < len(shown) < 20
    assert str(len(shown)) in page.inner_text("#count")
    page.fill("#q", "")
    page.select_option("#kind", "map")
    assert page.locator(".wall li:not([hidden])").count() == 23
    page.select_option("#kind", "")
    page.select_option("#sort", "exponent")
    exponents = page.eval_on_selector_all(".tile", "all => all.map(t => t.dataset.exponent)")
    numbers = [float(e) for e in exponents if e]
    assert numbers == sorted(numbers, reverse=True)
    page.fill("#q", "nosuchword")
    assert page.is_visible("#none")
    assert "sort=exponent" in page.evaluate("location.search")


def test_a_tile_is_drawn_from_the_packaged_points(visit):
    seen = visit("/zoo?q=Lorenz")
    until(
        seen.page,
        """() => {
            const canvas = document.querySelector('[data-name="Lorenz"] canvas');
            if (!canvas.width) { return false; }
            const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let inked = 0;
            for (let i = 3; i < dots.length; i += 4) { if (dots[i]) { inked += 1; } }
            return inked > 500;
        }""",
    )


def test_a_slider_integrates_anew_and_the_address_keeps_it(visit):
    seen = visit("/zoo/Lorenz")
    page = seen.page
    wait_for_drawing(page, 0)
    before = drawn(page)
    page.focus("#r-rho")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_for_drawing(page, before)
    until(page, "document.getElementById('speed').textContent.includes('5,000 points')")
    value = page.input_value("#n-rho")
    assert float(value) > 28
    until(page, f"location.search === '?p.rho={value}'")
    page.reload()
    assert page.input_value("#n-rho") == value
    page.click("#reset")
    assert page.input_value("#n-rho") == "28.0"


def test_parameters_that_blow_up_say_when_and_the_page_goes_on(visit):
    seen = visit("/zoo/Lorenz")
    page = seen.page
    wait_for_drawing(page, 0)
    page.fill("#n-beta", "-5")
    until(page, "document.getElementById('stopped').textContent.startsWith('Diverged at t = ')")
    page.fill("#n-sigma", "1e300")
    until(page, "document.getElementById('stopped').textContent === 'Diverged at t = 0.'")
    strip = "document.getElementById('strip').getContext('2d').getImageData(0, 0, 300, 100).data"
    assert page.evaluate(f"{strip}.every((value) => value === 0)")
    page.click("#reset")
    until(page, "document.getElementById('stopped').textContent === ''")


def test_the_law_is_copied_in_the_language_that_was_chosen(visit):
    seen = visit("/zoo/Lorenz")
    page = seen.page
    wait_for_drawing(page, 0)
    page.fill("#n-rho", "31.5")
    until(page, "document.getElementById('code').textContent.includes('rho=31.5')")
    page.focus("#tab-inscape")
    page.keyboard.press("ArrowRight")
    until(page, "document.getElementById('code').textContent.includes('def Lorenz')")
    page.click("#tab-latex")
    until(page, "document.getElementById('code').textContent.includes('dot{x}')")
    page.click("#tab-julia")
    until(page, "document.getElementById('code').textContent.includes('function')")


def test_exponents_are_measured_at_the_readers_own_parameters(visit):
    seen = visit("/zoo/Henon")
    seen.page.click("#measure")
    appears(seen.page, "#measured li")
    first = float(seen.page.locator("#measured li").first.inner_text().split()[0])
    # Henon (1976) at a = 1.4, b = 0.3: 0.419 a step.
    assert abs(first - 0.419) < 0.01


def test_the_orbit_turns_by_keyboard(visit):
    page = visit("/zoo/Lorenz").page
    wait_for_drawing(page, 0)
    before = page.evaluate("document.getElementById('orbit').toDataURL()")
    page.focus("#orbit")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.getElementById('orbit').toDataURL()") != before
