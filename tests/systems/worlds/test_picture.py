"""Pictures of MuJoCo models show each shape where it stands and as large as it is."""

from __future__ import annotations

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")
pytest.importorskip("gymnasium")
pytest.importorskip("PIL")

from inscape.errors import InputError  # noqa: E402
from inscape.systems.worlds.picture import View, draw_model  # noqa: E402

RED = (220, 20, 20)


def drawn(shape: str, view: View, size: int = 400) -> np.ndarray:
    """A red shape on an empty ground; true where the picture is red."""
    model = mujoco.MjModel.from_xml_string(
        f"<mujoco><worldbody><body><geom rgba='.86 .08 .08 1' {shape}/></body></worldbody></mujoco>"
    )
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    picture = draw_model(model, data, view, width=size, height=size).astype(int)
    return (picture[..., 0] > 100) & (picture[..., 1] < 90)


@pytest.mark.parametrize(
    ("shape", "plane", "area"),
    [
        ("type='sphere' size='.5'", "xz", np.pi * 0.25),
        ("type='box' size='.5 .2 .3'", "xz", 1.0 * 0.6),
        ("type='box' size='.5 .2 .3'", "xy", 1.0 * 0.4),
        ("type='box' size='.5 .2 .3'", "yz", 0.4 * 0.6),
        ("type='capsule' size='.2 .5'", "xz", np.pi * 0.04 + 0.4),
        ("type='capsule' size='.2 .5'", "xy", np.pi * 0.04),
        ("type='cylinder' size='.3 .5'", "xz", 0.6),
        ("type='cylinder' size='.3 .5'", "xy", np.pi * 0.09),
        ("type='ellipsoid' size='.6 .3 .2'", "xz", np.pi * 0.12),
        # A box turned by 45 degrees about the line of sight keeps its area; about another axis its outline is wider.
        ("type='box' size='.4 .4 .4' euler='0 45 0'", "xz", 0.64),
        ("type='box' size='.4 .4 .4' euler='0 0 45'", "xz", 0.8 * 0.8 * np.sqrt(2)),
    ],
)
def test_the_drawn_area_is_that_of_the_projection(shape, plane, area):
    found = drawn(shape, View(plane, (0.0, 0.0), 2.0)).mean() * 4.0
    assert found == pytest.approx(area, rel=0.03)


def test_a_shape_is_drawn_where_it_stands_and_up_is_up():
    rows, columns = np.nonzero(drawn("type='sphere' size='.1' pos='.5 0 .25'", View("xz", (0.0, 0.0), 2.0)))
    assert columns.mean() == pytest.approx(300, abs=1)
    assert rows.mean() == pytest.approx(150, abs=1)


def test_nearer_shapes_hide_farther_ones():
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody>"
        "<geom type='sphere' size='.3' pos='0 1 0' rgba='1 0 0 1'/>"
        "<geom type='sphere' size='.3' pos='0 -1 0' rgba='0 0 1 1'/>"
        "</worldbody></mujoco>"
    )
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    # Seen from the side one looks along +y, so y = -1 is nearer.
    assert draw_model(model, data, View("xz", (0, 0), 2.0), width=64, height=64)[32, 32].tolist() == [0, 0, 255]


def test_a_view_that_is_none_is_refused():
    with pytest.raises(InputError, match="plane: 'zx'"):
        View(plane="zx")
    with pytest.raises(InputError, match="span"):
        View(span=0.0)
