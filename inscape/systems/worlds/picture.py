"""Pictures of MuJoCo models without a graphics card: every shape's outline in parallel projection, drawn by Pillow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import mujoco
    from PIL import ImageDraw
else:
    mujoco = require("mujoco", "robots")

SUPERSAMPLE = 2
"""Pictures are drawn so many times larger and shrunk, which smooths edges."""
OUTLINE_POINTS = 48
SKY, GROUND = (247, 248, 250), (214, 219, 225)
_PLANES = {"xz": (0, 2, 1), "xy": (0, 1, 2), "yz": (1, 2, 0)}
_SIGNS = {"xz": 1.0, "xy": -1.0, "yz": -1.0}


@dataclass(frozen=True)
class View:
    """What a picture looks at.

    Parameters
    ----------
    plane : "xz" from the side, "yz" from the front, "xy" from above.
    center : the point of that plane in the middle of the picture; an offset from the body that is followed.
    span : width of what is seen, in the model's unit (m).
    follow : a body that stays in the middle, by name; None for a view that stands still.
    """

    plane: str = "xz"
    center: tuple[float, float] = (0.0, 0.0)
    span: float = 4.0
    follow: str | None = None

    def __post_init__(self) -> None:
        if self.plane not in _PLANES:
            raise InputError(f"plane: {self.plane!r} found, expected one of {', '.join(_PLANES)}")
        if not (np.isfinite(self.span) and self.span > 0):
            raise InputError(f"span: {self.span!r} found, expected a positive width")


def draw_model(
    model: mujoco.MjModel, data: mujoco.MjData, view: View | None = None, *, width: int = 480, height: int = 320
) -> UInt8[np.ndarray, "height width 3"]:
    """The shapes of a model as they stand in `data`, nearer ones over farther ones.

    A shape's outline is drawn through its farthest points in directions all around the picture, which is exact for
    every convex shape; meshes are drawn as their convex hulls. Planes are ground: below its line from the side.

    Parameters
    ----------
    model, data : with positions of bodies up to date (`mj_kinematics`).
    view : what is looked at; the whole model from the side if None.
    width, height : of the picture, in pixels.
    """
    for label, size in (("width", width), ("height", height)):
        if isinstance(size, bool) or int(size) != size or not 16 <= size <= 8192:
            raise InputError(f"{label}: {size!r} found, expected a whole number of pixels, 16 to 8192")
    require("PIL", "robots")
    from PIL import Image, ImageDraw

    view = view or whole(model)
    right, up, depth = _PLANES[view.plane]
    middle = np.array(view.center, dtype=float)
    if view.follow is not None:
        body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, view.follow)
        if body < 0:
            raise InputError(f"follow: body {view.follow!r} is not in the model")
        middle = middle + data.xpos[body][[right, up]]
    scale = SUPERSAMPLE * width / view.span
    corner = np.array([width, height]) * SUPERSAMPLE / 2

    def to_pixels(points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 2"]:
        flat = (points[:, [right, up]] - middle) * scale
        return corner + flat * np.array([1.0, -1.0])

    canvas = Image.new("RGB", (width * SUPERSAMPLE, height * SUPERSAMPLE), SKY)
    pen = ImageDraw.Draw(canvas, "RGBA")
    _draw_ground(model, data, pen, view, middle, to_pixels, canvas.size)
    shown = [g for g in range(model.ngeom) if model.geom_type[g] != mujoco.mjtGeom.mjGEOM_PLANE]
    shown = [g for g in shown if model.geom_group[g] < 3 and _colour(model, g)[3] > 0]
    nearness = _SIGNS[view.plane] * data.geom_xpos[:, depth]
    for geom in sorted(shown, key=lambda g: -nearness[g]):
        outline = _outline(model, data, geom, right, up)
        if outline is None:
            continue
        red, green, blue, alpha = (round(255 * c) for c in _colour(model, geom))
        corners = [tuple(p) for p in to_pixels(outline)]
        edge = (red * 6 // 10, green * 6 // 10, blue * 6 // 10, alpha)
        pen.polygon(corners, fill=(red, green, blue, alpha), outline=edge, width=SUPERSAMPLE)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX), dtype=np.uint8)


def whole(model: mujoco.MjModel) -> View:
    """A view of the whole model in its reference position, from the side."""
    return View("xz", (float(model.stat.center[0]), float(model.stat.center[2])), 2.4 * float(model.stat.extent))


def _draw_ground(
    model: Any, data: Any, pen: ImageDraw.ImageDraw, view: View, middle: np.ndarray, to_pixels: Any, size: Any
) -> None:
    """Lines a metre (or a round part of the span) apart let the eye see that a followed body moves."""
    right, up, _ = _PLANES[view.plane]
    step = 10.0 ** np.floor(np.log10(view.span / 2))
    first = np.ceil((middle[0] - view.span / 2) / step) * step
    marks = first + step * np.arange(int(view.span / step) + 1)
    points = np.zeros((len(marks), 3))
    points[:, right] = marks
    if view.plane == "xy":
        tall = view.span * size[1] / size[0]
        rows = np.ceil((middle[1] - tall / 2) / step) * step + step * np.arange(int(tall / step) + 1)
        across = np.zeros((len(rows), 3))
        across[:, up] = rows
        for x, _y in to_pixels(points):
            pen.line([(x, 0), (x, size[1])], fill=(*GROUND, 255), width=SUPERSAMPLE)
        for _x, y in to_pixels(across):
            pen.line([(0, y), (size[0], y)], fill=(*GROUND, 255), width=SUPERSAMPLE)
        return
    planes = np.flatnonzero(model.geom_type == int(mujoco.mjtGeom.mjGEOM_PLANE))
    for plane in planes:
        points[:, up] = data.geom_xpos[plane][up]
        _, level = to_pixels(data.geom_xpos[plane][None])[0]
        pen.rectangle([0, level, size[0], max(level, size[1])], fill=(*GROUND, 255))
        for x, y in to_pixels(points):
            pen.line([(x, y), (x, y + size[1] / 60)], fill=(120, 130, 140, 255), width=SUPERSAMPLE)


def _colour(model: Any, geom: int) -> Float[np.ndarray, "4"]:
    material = int(model.geom_matid[geom])
    own = np.asarray(model.geom_rgba[geom], dtype=float)
    plain = np.array([0.5, 0.5, 0.5, 1.0])
    # MuJoCo's rule: a colour of its own wins over the material unless it is the default grey.
    return np.asarray(model.mat_rgba[material], dtype=float) if material >= 0 and np.allclose(own, plain) else own


def _outline(model: Any, data: Any, geom: int, right: int, up: int) -> Float[np.ndarray, "point 3"] | None:
    """Farthest points of a convex shape in directions all around the picture."""
    turn = data.geom_xmat[geom].reshape(3, 3)
    angles = np.linspace(0.0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)
    seen = np.zeros((OUTLINE_POINTS, 3))
    seen[:, right], seen[:, up] = np.cos(angles), np.sin(angles)
    directions = seen @ turn
    local = _farthest(model, geom, directions)
    return None if local is None else data.geom_xpos[geom] + local @ turn.T


def _farthest(model: Any, geom: int, directions: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"] | None:
    """Support points of MuJoCo's shapes in their own frames, for unit directions."""
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), np.asarray(model.geom_size[geom], dtype=float)
    side = np.sign(directions[:, 2])[:, None] * np.array([0.0, 0.0, 1.0])
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return size[0] * directions
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return size[0] * directions + size[1] * side
    if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
        stretched = directions * size**2
        return stretched / np.linalg.norm(directions * size, axis=1, keepdims=True)
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        round_part = directions * np.array([1.0, 1.0, 0.0])
        length = np.linalg.norm(round_part, axis=1, keepdims=True)
        return (
            size[0] * np.divide(round_part, length, out=np.zeros_like(round_part), where=length > 1e-9) + size[1] * side
        )
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return np.sign(directions) * size
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
        vertices = np.asarray(model.mesh_vert[first : first + count], dtype=float)
        return vertices[np.argmax(directions @ vertices.T, axis=1)]
    return None
