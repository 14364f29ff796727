"""Systems of the zoo as the gallery moves and shows them."""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the gallery needs: pip install 'inscape[web]'")

from starlette.testclient import TestClient

from inscape.app.gallery import motion
from inscape.app.gallery.law_markup import law_mathml
from inscape.app.gallery.rendering import breakable
from inscape.app.gallery.server import create_app
from inscape.app.gallery.settings import Settings
from inscape.app.gallery.wall import SHOWN, hero_points_of, points_of, tiles, wall_bytes
from inscape.errors import InputError, UnknownNameError
from inscape.studies.runs import RunStore
from inscape.systems import zoo


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    return TestClient(create_app(RunStore(folder / "runs"), Settings(folder=folder)), base_url="http://127.0.0.1:8100")


def test_an_orbit_is_the_systems_own_motion():
    drawn = motion.orbit("Lorenz", (("rho", 35.0),), 300)
    exact = zoo["Lorenz"].with_parameters(rho=35.0).simulate(times=drawn.times)
    np.testing.assert_allclose(drawn.states, exact.states, atol=1e-5)
    np.testing.assert_array_equal(drawn.view, drawn.states)


def test_parameters_that_blow_up_are_said_with_the_time_and_the_good_part_stays():
    drawn = motion.orbit("Lorenz", (("beta", -5.0),), 2_000)
    assert drawn.has_diverged
    assert drawn.stopped.startswith("diverged at t = ")
    assert 0 < len(drawn.view) < 2_000
    assert np.isfinite(drawn.states).all()


def test_a_map_that_escapes_says_at_which_step():
    drawn = motion.orbit("Henon", (("a", 3.0),), 500)
    assert drawn.has_diverged
    assert "diverged at step" in drawn.stopped


def test_a_name_that_may_be_broken_is_still_escaped():
    assert breakable("<i>AnyName") == "&lt;i&gt;Any<wbr>Name"


def test_a_law_that_blows_up_before_its_first_sample_says_so_like_any_other():
    drawn = motion.orbit("Rossler", (("c", 1e300),))
    assert drawn.has_diverged
    assert drawn.stopped == "diverged at t = 0"
    assert len(drawn.view) == 0


def test_a_state_that_grows_for_ever_is_drawn_bounded():
    drawn = motion.orbit("DoublePendulum", (), 1_000)
    assert np.abs(drawn.view[:, :2]).max() <= 1
    assert drawn.labels[0] == "sin th1"


def test_one_state_with_a_memory_is_drawn_in_delay_coordinates():
    drawn = motion.orbit("MackeyGlass", (), 600)
    assert drawn.view.shape[1] == 3
    step = len(drawn.states) - len(drawn.view)
    np.testing.assert_array_equal(drawn.view[:, 2], drawn.states[: len(drawn.view), 0])
    np.testing.assert_array_equal(drawn.view[:, 0], drawn.states[step:, 0])


@pytest.mark.parametrize("points", [0, 1, 10**7])
def test_too_few_and_too_many_points_are_refused(points):
    with pytest.raises(InputError, match="points"):
        motion.orbit("Lorenz", (), points)


def test_unknown_parameters_and_values_that_are_no_numbers_are_refused():
    with pytest.raises(UnknownNameError, match="rho"):
        motion.orbit("Lorenz", (("roh", 1.0),))
    with pytest.raises(InputError):
        motion.orbit("Lorenz", (("rho", float("nan")),))


@pytest.mark.parametrize("value", [10.0, -0.2, 0.0, 1e-6, 8 / 3, 1e9])
def test_a_slider_holds_the_published_value(value):
    low, high, step = motion.parameter_range(value)
    assert low <= value <= high
    assert 200 <= (high - low) / step <= 20_000


def test_every_system_has_a_portrait_that_fills_its_frame():
    assert len(tiles()) == len(zoo.names())
    whole = np.frombuffer(wall_bytes(), dtype="<u2").reshape(-1, 3)
    for tile in tiles():
        points = whole[tile.start : tile.start + tile.count]
        assert tile.count >= 300, tile.name
        assert points.tobytes() == points_of(tile.name)
        assert points[:, 0].min() == 0, tile.name
        assert points[:, 0].max() == 65535, tile.name


def test_every_law_is_well_formed_markup():
    for name in zoo.names():
        for line in law_mathml(zoo[name]):
            assert ElementTree.fromstring(line).tag == "math", name


def test_the_law_of_lorenz_reads_as_printed():
    first = ElementTree.fromstring(law_mathml(zoo["Lorenz"])[0])
    assert "".join(first.itertext()).replace(" ", "").replace("\u2062", "") == "dxdt=σ(y−x)"


def test_a_delay_reads_as_the_past_of_its_state():
    law = "".join(ElementTree.fromstring(law_mathml(zoo["MackeyGlass"])[0]).itertext())
    assert "x(t−τ)" in law
    assert "delayed" not in law


def test_the_first_page_has_more_points_than_the_wall_of_the_systems_that_it_shows():
    for name in SHOWN:
        assert len(hero_points_of(name)) > 2 * len(points_of(name))
    assert hero_points_of("Henon") == points_of("Henon")


def test_an_orbit_comes_packed_as_the_page_reads_it(client):
    body = client.get("/api/zoo/Lorenz/orbit", params={"format": "binary", "points": 500, "p.rho": "30"}).content
    size = struct.unpack_from("<I", body)[0]
    head = json.loads(body[4 : 4 + size])
    table = np.frombuffer(body, dtype="<f4", offset=4 + size).reshape(head["points"], head["columns"])
    drawn = motion.orbit("Lorenz", (("rho", 30.0),), 500)
    np.testing.assert_allclose(table[:, :3], drawn.view, rtol=1e-6)
    np.testing.assert_allclose(table[:, 3], drawn.times, rtol=1e-6)


def test_the_interface_says_what_is_wrong_in_one_line(client):
    for query in ("p.roh=1", "p.rho=abc", "p.rho=nan", "points=1", "format=xml"):
        answer = client.get(f"/api/zoo/Lorenz/orbit?{query}", headers={"accept": "application/json"})
        assert answer.status_code in (400, 404), query
        assert "\n" not in answer.json()["error"]


def test_a_system_is_found_by_words_of_its_source_and_field(client):
    names = [row["name"] for row in client.get("/api/zoo", params={"q": "fluid lorenz 1963"}).json()]
    assert "Lorenz" in names
    assert client.get("/api/zoo", params={"q": "nosuchword"}).json() == []


def test_the_code_that_is_copied_is_the_law_at_these_parameters(client):
    told = client.get("/api/zoo/Lorenz/code", params={"p.rho": "31.5"}).json()
    space: dict = {}
    exec(told["python"], space)
    state = np.array([1.0, 2.0, 3.0])
    expected = zoo["Lorenz"].with_parameters(rho=31.5).rhs(state)
    np.testing.assert_allclose(space["Lorenz"](0.0, state), expected)
    assert "with_parameters(rho=31.5)" in told["inscape"]
    assert "\\rho" in told["latex"]
    assert "function" in told["julia"]
