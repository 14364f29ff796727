"""Cutouts of the Johns Hopkins Turbulence Databases: files of its web page, or fetched with a token."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.trajectories.velocity_fields.field import VelocityField
from inscape.trajectories.velocity_fields.named_fields import load_named_fields

_FRAME = re.compile(r"velocity_(\d+)$", re.IGNORECASE)


def read_cutout(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    dt: float = 1.0,
    viscosity: float | None = None,
    periodic: bool | Sequence[bool] = False,
) -> VelocityField:
    """A cutout with arrays Velocity_0001, Velocity_0002, ... (z, y, x, component) and coordinates xcoor, ycoor, zcoor.

    Parameters
    ----------
    source : an HDF5 or NetCDF file, or the data set that `givernylocal` returns.
    dt : time between two numbers of frames.
    viscosity, periodic : as of `VelocityField`.

    Raises
    ------
    InputError : if the arrays are not there.
    """
    if isinstance(source, (str, os.PathLike)):
        arrays: Mapping[str, Any] = {k: v.numbers() for k, v in load_named_fields(source).items()}
        label = os.path.basename(os.fspath(source))
    else:
        arrays, label = {str(k): np.asarray(source[k]) for k in _names(source)}, "JHTDB"
    frames = sorted((int(m.group(1)), name) for name in arrays if (m := _FRAME.match(name)))
    lines = [np.asarray(arrays[f"{axis}coor"]) for axis in "xyz" if f"{axis}coor" in arrays]
    if not frames or len(lines) < 3:
        raise InputError(
            f"{label}: {', '.join(sorted(arrays)) or 'nothing'} found, "
            "expected Velocity_0001, ... and xcoor, ycoor, zcoor"
        )
    velocity = np.stack([_frame(label, name, np.asarray(arrays[name])) for _, name in frames])
    times = dt * np.array([number for number, _ in frames], dtype=float)
    return VelocityField(
        times - times[0],
        tuple(np.ravel(line).astype(float) for line in lines),
        velocity,
        viscosity=viscosity,
        periodic=periodic,
        source=label,
    )


def fetch_cutout(
    dataset: str,
    *,
    token: str,
    ranges: Sequence[Sequence[int]],
    strides: Sequence[int] = (1, 1, 1, 1),
    output: str = ".",
    dt: float = 1.0,
    viscosity: float | None = None,
    toolkit: Any = None,
) -> VelocityField:
    """Fetch a cutout over the network with one's own token.

    Parameters
    ----------
    dataset : title of the data set, such as "isotropic1024coarse".
    token : from turbulence.pha.jhu.edu.
    ranges : first and last index along x, y, z and of the frames.
    strides : every which index of each.
    output : folder where the library may write.
    toolkit : stands in for `givernylocal`: it has `turb_dataset` and `getCutout`.

    Raises
    ------
    InputError : if ranges are no four pairs, or the token is empty.
    MissingExtraError : if givernylocal is not installed.
    """
    if not token:
        raise InputError("token: none found; ask turbulence.pha.jhu.edu for one")
    limits = np.asarray(ranges)
    if limits.shape != (4, 2) or limits.dtype.kind not in "iu" or (limits[:, 0] > limits[:, 1]).any():
        raise InputError(f"ranges: {ranges!r} found, expected four pairs of whole numbers: x, y, z and frames")
    if toolkit is None:
        make = require("givernylocal.turbulence_dataset", "fluids").turb_dataset
        cut = require("givernylocal.turbulence_toolkit", "fluids").getCutout
    else:
        make, cut = toolkit.turb_dataset, toolkit.getCutout
    opened = make(dataset_title=dataset, output_path=output, auth_token=token)
    return read_cutout(cut(opened, "velocity", limits, np.asarray(strides)), dt=dt, viscosity=viscosity)


def _names(source: Mapping[str, Any]) -> list[str]:
    names = {str(name) for name in source}
    # A data set of xarray lists its coordinates apart.
    names |= {str(name) for name in getattr(source, "coords", ())}
    return sorted(names)


def _frame(label: str, name: str, values: np.ndarray) -> np.ndarray:
    if values.ndim != 4 or values.shape[-1] != 3:
        raise InputError(f"{label}: {name} has shape {values.shape}, expected (z, y, x, 3)")
    return np.transpose(values, (3, 2, 1, 0))
