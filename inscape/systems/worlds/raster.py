"""Small grey pictures of plane scenes, drawn for many states at once: dots and limbs of soft edge over a texture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from inscape.errors import InputError

_CHUNK = 2048


@dataclass(frozen=True)
class Raster:
    """A square picture of the plane.

    Parameters
    ----------
    size : pixels a side.
    extent : the picture shows -extent to extent along both axes, in metres; y points up.
    texture : contrast of the fixed random background, 0 to 1.
    seed : draws the background; it is the same in every frame.

    Raises
    ------
    InputError : if there are fewer than 4 pixels a side, or the extent is not positive.
    """

    size: int
    extent: float
    texture: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        whole = isinstance(self.size, (int, np.integer)) and not isinstance(self.size, bool)
        if not whole or self.size < 4:
            raise InputError(f"render: {self.size!r} found, expected a whole number of pixels a side, at least 4")
        if not 0 < self.extent < np.inf:
            raise InputError(f"extent: {self.extent!r} found, expected a positive length")

    @property
    def centres(self) -> Float[np.ndarray, "pixel"]:
        """Where pixels lie along an axis, in metres."""
        return (np.arange(self.size) + 0.5) * (2 * self.extent / self.size) - self.extent

    @property
    def background(self) -> Float[np.ndarray, "row column"]:
        """The empty picture, brightness 0 to 1."""
        drawn = np.random.default_rng(self.seed).random((self.size, self.size))
        return (0.25 + self.texture * (drawn - 0.5)).astype(np.float32)

    def dot(self, places: Float[np.ndarray, "frame 2"], radius: float) -> Float[np.ndarray, "frame row column"]:
        """A Gaussian dot: 1 at its place, exp(-1/2) at its radius."""
        spread = 2 * radius**2
        across = np.exp(-((self.centres - places[:, :1]) ** 2) / spread).astype(np.float32)
        down = np.exp(-((self.centres[::-1] - places[:, 1:]) ** 2) / spread).astype(np.float32)
        return down[:, :, None] * across[:, None, :]

    def limb(
        self, begin: Float[np.ndarray, "frame 2"], end: Float[np.ndarray, "frame 2"], radius: float
    ) -> Float[np.ndarray, "frame row column"]:
        """A straight limb: 1 on the segment, falling off as a Gaussian of the distance to it."""
        x, y = self.centres.astype(np.float32), self.centres[::-1].astype(np.float32)
        along = (end - begin).astype(np.float32)
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        across_x = x[None, None, :] - begin[:, 0, None, None].astype(np.float32)
        across_y = y[None, :, None] - begin[:, 1, None, None].astype(np.float32)
        share = (across_x * along[:, 0, None, None] + across_y * along[:, 1, None, None]) / length[:, None, None]
        share = np.clip(share, 0, 1)
        gap = (across_x - share * along[:, 0, None, None]) ** 2 + (across_y - share * along[:, 1, None, None]) ** 2
        return np.exp(-gap / (2 * radius**2))

    def blend(
        self, count: int, layers: Iterable[tuple[Float[np.ndarray, "frame row column"], float]]
    ) -> UInt8[np.ndarray, "frame row column"]:
        """The picture: each layer, in order, covers what is below it with its own brightness (0 to 1)."""
        picture = np.broadcast_to(self.background, (count, self.size, self.size)).copy()
        for cover, brightness in layers:
            picture += cover * (np.float32(brightness) - picture)
        return np.rint(picture * 255).astype(np.uint8)


def in_chunks(count: int) -> Iterable[slice]:
    """Slices of some thousand frames, so that pictures of long recordings are drawn in little memory."""
    return (slice(begin, min(begin + _CHUNK, count)) for begin in range(0, count, _CHUNK))
