"""Text of OpenPIV and its kin: one vector a line, x, y, u, v and then flags and a mask."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.velocity_fields.assembly import Frame


def read_frame(file: Path, keep_replaced: bool = True) -> Frame:
    """One frame.

    Columns are x, y, u, v, then (if there are) a flag that marks replaced vectors and a mask that marks vectors not to
    be used, as `openpiv.tools.save` writes them; a fifth column alone counts as a flag.

    Raises
    ------
    InputError : if lines do not hold such numbers, or points make no grid.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name}: byte {error.start} is no text; expected a text file of vectors") from None
    rows = _rows(file.name, text)
    x, y, velocity = rows[:, 0], rows[:, 1], rows[:, 2:4].copy()
    masked = rows[:, 5] != 0 if rows.shape[1] > 5 else np.zeros(len(rows), dtype=bool)
    replaced = rows[:, 4] != 0 if rows.shape[1] > 4 else np.zeros(len(rows), dtype=bool)
    velocity[masked if keep_replaced else masked | replaced] = np.nan
    axes = (np.unique(x), np.unique(y))
    if len(axes[0]) * len(axes[1]) != len(rows):
        raise InputError(
            f"{file.name}: {len(rows)} vectors at {len(axes[0])} x and {len(axes[1])} y, expected one for each pair"
        )
    grid = np.full((2, len(axes[0]), len(axes[1])), np.nan)
    grid[:, np.searchsorted(axes[0], x), np.searchsorted(axes[1], y)] = velocity.T
    note = ""
    if masked.any() or replaced.any():
        kept = "kept" if keep_replaced else "left out"
        note = f"{masked.mean():.1%} of vectors masked, {replaced.mean():.1%} replaced ones {kept}"
    return Frame(axes, grid, None, note)


def _rows(name: str, text: str) -> np.ndarray:
    lines = [line.strip() for line in text.splitlines()]
    kept = [(number, line) for number, line in enumerate(lines, start=1) if line and not line.startswith(("#", "%"))]
    # A header without a mark, or the head lines of a Tecplot file.
    while kept and not _is_number(kept[0][1].replace(",", " ").replace(";", " ").split()[0]):
        kept.pop(0)
    if not kept:
        raise InputError(f"{name}: no line of numbers found, expected x y u v")
    body = "\n".join(line.replace(",", " ").replace(";", " ") for _, line in kept)
    try:
        rows = np.loadtxt(io.StringIO(body), ndmin=2)
    except ValueError as error:
        raise InputError(
            f"{name}: {str(error).splitlines()[0]}; expected the same count of numbers in every line"
        ) from None
    if rows.shape[1] < 4:
        raise InputError(f"{name}: {rows.shape[1]} columns found, expected x y u v (flag mask)")
    return rows


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
