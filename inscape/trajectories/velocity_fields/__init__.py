"""Velocity on a grid in time, measured or simulated: the container, its spatial derivatives and the readers.

Every name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.trajectories.velocity_fields.cutouts import fetch_cutout as fetch_cutout
    from inscape.trajectories.velocity_fields.cutouts import read_cutout as read_cutout
    from inscape.trajectories.velocity_fields.derivatives import curl as curl
    from inscape.trajectories.velocity_fields.derivatives import derivative_along as derivative_along
    from inscape.trajectories.velocity_fields.derivatives import gradient as gradient
    from inscape.trajectories.velocity_fields.derivatives import laplacian as laplacian
    from inscape.trajectories.velocity_fields.field import VelocityField as VelocityField
    from inscape.trajectories.velocity_fields.reading import read_velocity as read_velocity
    from inscape.trajectories.velocity_fields.sea_surface import geostrophic as geostrophic

# Where a public name lives.
_HOMES = {
    "VelocityField": "field",
    "curl": "derivatives",
    "derivative_along": "derivatives",
    "geostrophic": "sea_surface",
    "gradient": "derivatives",
    "laplacian": "derivatives",
    "fetch_cutout": "cutouts",
    "read_cutout": "cutouts",
    "read_velocity": "reading",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
