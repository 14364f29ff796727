"""Vector fields of LaVision's DaVis, through its own lvpyio where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.trajectories.velocity_fields.assembly import Frame


def read_frame(file: Path, library: Any = None) -> Frame:
    """The first frame of a .vc7 buffer, in the units of its scales; masked and disabled vectors are NaN.

    `library` stands in for lvpyio.

    Raises
    ------
    InputError : if the buffer holds no vectors.
    MissingExtraError : if lvpyio is not installed.
    """
    reader = library or require("lvpyio", "fluids")
    try:
        buffer = reader.read_buffer(str(file))
        stored = buffer[0]
        vectors = stored.as_masked_array()
        names = vectors.dtype.names or ()
        scales, grid = stored.scales, stored.grid
    except (AttributeError, IndexError, OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{file.name}: no vectors could be read, {error}; expected a .vc7 of DaVis") from None
    if not {"u", "v"} <= set(names):
        raise InputError(f"{file.name}: {', '.join(names) or 'no fields'} found, expected vectors u and v")
    rows, columns = vectors.shape
    # A vector stands for the middle of its interrogation window.
    x = scales.x.offset + (np.arange(columns) + 0.5) * scales.x.slope * grid.x
    y = scales.y.offset + (np.arange(rows) + 0.5) * scales.y.slope * grid.y
    parts = [np.ma.filled(vectors[n].astype(float), np.nan).T for n in ("u", "v", "w") if n in names]
    velocity = np.stack(parts)
    if x[0] > x[-1]:
        x, velocity = x[::-1], velocity[:, ::-1]
    if y[0] > y[-1]:
        y, velocity = y[::-1], velocity[:, :, ::-1]
    return Frame((x, y), velocity)
