"""Monthly sea-ice concentration from a user's own files: NetCDF grids in the manner of the NSIDC's records."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.studies.koopman.months import YEAR, forecast_contest

VARIABLE = "INSCAPE_SEA_ICE"
"""Environment variable that names the file, or the folder of files."""
KNOWN_NAMES = ("cdr_seaice_conc_monthly", "seaice_conc_monthly_cdr", "nsidc_nt_seaice_conc_monthly", "siconc", "sic")
FILL_ABOVE = 1.0
"""Concentrations are shares; the records write land, coast and missing cells as numbers above one."""


def sea_ice_path() -> Path | None:
    """Where the user's files are, None if no place is named."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def read_sea_ice(path: Path | str, variable: str | None = None) -> Float[np.ndarray, "month cell"]:
    """Concentrations (0 to 1) of the cells that are ocean in every month.

    Parameters
    ----------
    path : a NetCDF file (time, y, x), or a folder of such files, a month or more each.
    variable : its name; one of the names of the known records if None.

    Raises
    ------
    InputError : if nothing is found, the grids differ, months are missing between the first and the last, or no cell is
        ocean throughout.
    """
    import xarray

    place = Path(path)
    files = sorted(place.glob("*.nc*")) if place.is_dir() else [place]
    if not files or not all(f.is_file() for f in files):
        raise InputError(f"sea ice: no NetCDF file found at {place}, expected a file or a folder of files")
    fields, months = [], []
    for file in files:
        with xarray.open_dataset(file) as opened:
            name = variable or next((n for n in KNOWN_NAMES if n in opened), None)
            if name is None or name not in opened:
                raise InputError(
                    f"{file.name}: {', '.join(map(str, opened.data_vars))} found, expected {variable or KNOWN_NAMES[0]}"
                )
            array = opened[name]
            if array.ndim != 3:
                raise InputError(f"{file.name}: {name} of shape {array.shape} found, expected (time, y, x)")
            fields.append(np.asarray(array.values, dtype=float))
            stamps = np.asarray(
                opened[array.dims[0]].values if array.dims[0] in opened.coords else opened["time"].values
            )
            months.append(stamps.astype("datetime64[M]").astype(int))
    if len({f.shape[1:] for f in fields}) > 1:
        raise InputError(f"sea ice: grids of {sorted({f.shape[1:] for f in fields})} found, expected one grid")
    when, grids = np.concatenate(months), np.concatenate(fields)
    order = np.argsort(when, kind="stable")
    when, grids = when[order], grids[order]
    gaps = np.flatnonzero(np.diff(when) != 1)
    if len(gaps):
        missing = np.datetime64(int(when[gaps[0]]) + 1, "M")
        raise InputError(
            f"sea ice: {len(gaps)} gaps or repeats between months found, the first at {missing}; fill them"
        )
    cells = grids.reshape(len(grids), -1)
    ocean = (np.isfinite(cells) & (cells >= 0) & (cells <= FILL_ABOVE)).all(axis=0)
    if not ocean.any():
        raise InputError("sea ice: no cell holds a concentration of 0 to 1 in every month; is the scale in per cent?")
    return cells[:, ocean]


def sea_ice_contest(item: dict[str, Any]) -> dict[str, Any]:
    """As `forecast_contest`, on the files at `path`; three quarters of the months are learned from."""
    ice = read_sea_ice(item["path"])
    split = (len(ice) - item["horizon"]) * 3 // 4 // YEAR * YEAR
    plan = {"split": split, "horizon": item["horizon"], "step": item["step"]}
    return {**forecast_contest({"series": ice, **plan}), "cells": ice.shape[1], "length": len(ice)}
