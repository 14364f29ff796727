"""Velocity of the ocean's surface from its height: pressure against the turning of the earth."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories.velocity_fields.assembly import line_of, order_of, places_of, times_of
from inscape.trajectories.velocity_fields.derivatives import derivative_along
from inscape.trajectories.velocity_fields.field import EARTH_RADIUS, VelocityField
from inscape.trajectories.velocity_fields.named_fields import load_named_fields

GRAVITY = 9.81
EARTH_RATE = 7.2921e-5
_HEIGHTS = ("zos", "ssh", "adt", "sla", "surf_el", "sea_surface_height")
_NEAREST_EQUATOR = 3.0


def geostrophic(
    path: str | os.PathLike[str], *, height: str | None = None, names: Mapping[str, str] | None = None
) -> VelocityField:
    """Geostrophic velocity u = -(g/f) dh/dy, v = (g/f) dh/dx of a file of sea-surface height, on a sphere.

    Parameters
    ----------
    path : NetCDF with height (time, latitude, longitude) in metres.
    height : what the file calls it; common names are found.
    names : what the file calls "x" (longitude), "y" (latitude) and "time".

    Returns
    -------
    A field on longitude and latitude, velocities in m/s and times in s. Land, and a point beside it, is NaN.

    Raises
    ------
    InputError : if there is no height, or the window reaches within 3 degrees of the equator.
    """
    arrays = load_named_fields(path)
    label = os.path.basename(os.fspath(path))
    name = height or next((n for n in arrays if n.lower() in _HEIGHTS), None)
    if name is None or name not in arrays:
        raise InputError(f"{label}: no sea-surface height among {', '.join(sorted(arrays))}; name it: height=...")
    places = places_of(label, arrays, names or {})
    missing = [k for k in ("x", "y") if k not in places]
    if missing:
        raise InputError(f"{label}: no longitude or latitude found; name them: names={{'x': ..., 'y': ...}}")
    coordinates: dict[str, np.ndarray] = {k: line_of(arrays[places[k]], k) for k in ("x", "y", "time") if k in places}
    axes = order_of(label, arrays[name], coordinates, None)
    values = arrays[name].numbers().astype(float)
    if "time" not in axes:
        values, axes = values[None], ("time", *axes)
    levels = np.transpose(values, [axes.index(k) for k in ("time", "x", "y")])
    for place, k in ((1, "x"), (2, "y")):
        if coordinates[k][0] > coordinates[k][-1]:
            coordinates[k], levels = coordinates[k][::-1], np.flip(levels, axis=place)
    if np.abs(coordinates["y"]).min() < _NEAREST_EQUATOR:
        raise InputError(f"{label}: latitudes within {_NEAREST_EQUATOR:g} degrees of the equator, where balance fails")
    times, note = times_of(label, arrays, places, coordinates, len(levels), None)
    velocity = _velocity(levels, coordinates["x"], coordinates["y"])
    return VelocityField(
        times,
        (coordinates["x"], coordinates["y"]),
        velocity,
        levels,
        on_sphere=True,
        units={"x": "degrees", "time": "s", "velocity": "m/s", "scalar": "m"},
        source=label,
        notes=tuple(n for n in (f"geostrophic velocity of {name}", note) if n),
    )


def _velocity(
    levels: Float[np.ndarray, "time x y"], longitude: Float[np.ndarray, "x"], latitude: Float[np.ndarray, "y"]
) -> Float[np.ndarray, "time 2 x y"]:
    degree = np.pi * EARTH_RADIUS / 180.0
    balance = GRAVITY / (2.0 * EARTH_RATE * np.sin(np.deg2rad(latitude)))
    east = degree * np.cos(np.deg2rad(latitude))
    along = derivative_along(levels, 1, float(np.diff(longitude).mean())) / east
    across = derivative_along(levels, 2, float(np.diff(latitude).mean()), spectral=False) / degree
    return np.stack([-balance * across, balance * along], axis=1)
