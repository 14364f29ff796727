"""The wall of attractors: a picture's worth of points of every system, packaged, so that it is drawn at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

WALL_FILE = Path(__file__).parent / "wall.npz"
HERO_FILE = Path(__file__).parent / "hero.npz"

SHOWN = ("Lorenz", "Aizawa", "Halvorsen", "Thomas", "Dadras", "Rossler", "ChenLee", "HyperRossler")
"""Systems that follow one another on the first page, drawn from more points than a tile."""


@dataclass(frozen=True)
class Tile:
    """One system on the wall.

    Parameters
    ----------
    name, kind, dimension, description, fields, verdict : as of its card.
    exponent : largest Lyapunov exponent, measured, per time unit; None where it is not known.
    exponent_per_period : the same times the dominant period: how much is lost in one turn.
    kaplan_yorke : dimension of the attractor.
    start, count : where its points stand in the wall's bytes, in points.
    is_flat : whether it is drawn in a plane.
    words : what a search looks in.
    """

    name: str
    kind: str
    dimension: int
    description: str
    fields: tuple[str, ...]
    verdict: str
    exponent: float | None
    exponent_per_period: float | None
    kaplan_yorke: float | None
    start: int
    count: int
    is_flat: bool
    words: str


@cache
def tiles() -> tuple[Tile, ...]:
    """Every system of the zoo in the order of the wall, by name."""
    from inscape.systems import zoo

    found, start = [], 0
    points = _points(WALL_FILE)
    for name in sorted(zoo.names(), key=str.lower):
        card = zoo.card(name)
        held = points.get(name)
        count = 0 if held is None else len(held)
        known = card.audited or card.published
        exponent = known.largest_exponent
        found.append(
            Tile(
                name=name,
                kind=card.kind,
                dimension=card.dimension,
                description=card.description,
                fields=card.fields,
                verdict=card.verdict,
                exponent=exponent,
                exponent_per_period=None if exponent is None else exponent * (card.period or 1.0),
                kaplan_yorke=known.kaplan_yorke,
                start=start,
                count=count,
                is_flat=held is None or not held[:, 2].any(),
                words=" ".join((name, card.kind, card.description, card.citation, *card.fields)).lower(),
            )
        )
        start += count
    return tuple(found)


@cache
def wall_bytes() -> bytes:
    """All points in the order of `tiles()`: little-endian whole numbers of 0 to 65535, three a point."""
    points = _points(WALL_FILE)
    return b"".join(points[tile.name].tobytes() for tile in tiles() if tile.count)


def points_of(name: str) -> bytes:
    """The points of one system, as of `wall_bytes`; empty where it has none."""
    held = _points(WALL_FILE).get(name)
    return b"" if held is None else held.tobytes()


def hero_points_of(name: str) -> bytes:
    """The same for the first page: more points of the few systems of `SHOWN`, those of the wall for any other."""
    held = _points(HERO_FILE).get(name)
    return points_of(name) if held is None else held.tobytes()


@cache
def _points(archive: Path) -> dict[str, UInt16[np.ndarray, "point 3"]]:
    with np.load(archive) as file:
        return {name: file[name].astype("<u2") for name in file.files}
