"""Drawings of characters: Omniglot's folders and archives, and what fixed random convolutions see of them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from inscape.errors import InputError
from inscape.extras import require

DRAWING = re.compile(r"([^/]+)/(character\d+)/\d+_(\d+)\.png$")
FILTERS, SIDE, STRIDE, GRID = 64, 7, 2, 4
IMAGES_AT_ONCE = 32


def read_omniglot(
    paths: str | Path | Iterable[str | Path], *, exemplars: int = 20
) -> Float[np.ndarray, "character exemplar height width"]:
    """Drawings as arrays, ink 1 on 0, characters in the order of their names.

    Parameters
    ----------
    paths : folders or zip archives that hold `alphabet/characterNN/id_drawer.png` at any depth.
    exemplars : the first so many drawers of each character.

    Raises
    ------
    InputError : if a path holds no such drawing, a character has too few, or one is no picture.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    found: dict[tuple[str, str], dict[int, bytes]] = {}
    for path in given:
        before = len(found)
        known = set(found)
        for alphabet, character, drawer, content in _drawings(Path(path)):
            # Two archives may both hold an alphabet; the first one's drawings count.
            if (alphabet, character) not in known:
                found.setdefault((alphabet, character), {})[drawer] = content
        if len(found) == before and not known:
            raise InputError(f"{path}: no drawing found, expected alphabet/characterNN/id_drawer.png")
    if not found:
        raise InputError("paths: none given, expected Omniglot folders or zip archives")
    return np.stack([_character(name, found[name], exemplars) for name in sorted(found)])


def _drawings(path: Path) -> Iterator[tuple[str, str, int, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.png")):
            if match := DRAWING.search(file.as_posix()):
                yield match[1], match[2], int(match[3]), file.read_bytes()
        return
    if not path.is_file():
        raise InputError(f"{path}: no such folder or archive")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: not a zip archive, expected Omniglot's folder or its zip")
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if match := DRAWING.search(name):
                yield match[1], match[2], int(match[3]), archive.read(name)


def _character(name: tuple[str, str], drawings: dict[int, bytes], exemplars: int) -> np.ndarray:
    if len(drawings) < exemplars:
        raise InputError(
            f"{'/'.join(name)}: {len(drawings)} drawings found, expected {exemplars}; ask for fewer exemplars"
        )
    image = require("PIL.Image", "neural")
    read = []
    for drawer in sorted(drawings)[:exemplars]:
        try:
            picture = image.open(io.BytesIO(drawings[drawer])).convert("L")
        except OSError:
            raise InputError(f"{'/'.join(name)}: drawing {drawer} is not a picture") from None
        read.append(1.0 - np.asarray(picture, dtype=np.float32) / 255.0)
    if len({r.shape for r in read}) > 1:
        raise InputError(f"{'/'.join(name)}: drawings of different sizes {sorted({r.shape for r in read})}")
    return np.stack(read)


def random_convolution_features(
    images: Float[np.ndarray, "image height width"], *, features: int = 512, seed: int | None = 0
) -> Float[np.ndarray, "image feature"]:
    """What a fixed random network sees: 64 filters 7x7 at stride 2, ReLU, mean over a 4x4 grid, random map, ReLU.

    It stands in for the pooled features of a pretrained network, which need weights from outside.

    Raises
    ------
    InputError : if the images are not finite numbers or smaller than 14 pixels a side.
    """
    array = _images(images)
    random = np.random.default_rng(seed)
    filters = random.standard_normal((SIDE * SIDE, FILTERS)).astype(np.float32) / SIDE
    mixing = random.standard_normal((GRID * GRID * FILTERS, features)).astype(np.float32)
    mixing /= np.sqrt(len(mixing))
    seen = [
        np.maximum(_pooled(array[i : i + IMAGES_AT_ONCE], filters) @ mixing, 0.0)
        for i in range(0, len(array), IMAGES_AT_ONCE)
    ]
    return np.concatenate(seen)


def _images(images: Shaped[np.ndarray, "..."]) -> np.ndarray:
    try:
        array = np.asarray(images, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError("images: something other than numbers found, expected (image, height, width)") from None
    least = SIDE + STRIDE * (GRID - 1)
    if array.ndim != 3 or len(array) == 0 or min(array.shape[1:]) < least:
        raise InputError(
            f"images: shape {array.shape} found, expected (image, height, width) of {least} pixels or more"
        )
    if not np.isfinite(array).all():
        raise InputError("images: NaN or infinity found, expected finite grey values")
    return array


def _pooled(images: np.ndarray, filters: np.ndarray) -> np.ndarray:
    along_both: Any = (1, 2)
    patches = np.lib.stride_tricks.sliding_window_view(images, (SIDE, SIDE), along_both)[:, ::STRIDE, ::STRIDE]
    count, rows, columns = patches.shape[:3]
    answers = np.maximum(patches.reshape(-1, SIDE * SIDE) @ filters, 0.0).reshape(count, rows, columns, FILTERS)
    cells = [
        answers[:, top[0] : top[-1] + 1, left[0] : left[-1] + 1].mean(axis=(1, 2))
        for top in np.array_split(np.arange(rows), GRID)
        for left in np.array_split(np.arange(columns), GRID)
    ]
    return np.concatenate(cells, axis=1)
