"""The main job: a recording in, its law out."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inscape.app.invariants import measure
from inscape.app.learned import Learned
from inscape.app.preparation import Prepared, prepare
from inscape.models.contest import hold_contest
from inscape.models.verdict import judge

PACKAGES = ("inscape", "numpy", "scipy", "scikit-learn", "sympy", "heyoka", "numba", "pandas", "plotly")


def learn(
    recording: Any,
    *,
    dt: float | None = None,
    time: str | None = None,
    inputs: Sequence[str] = (),
    run: str | None = None,
    columns: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    sort: bool = False,
    duplicates: str = "error",
    laws: Sequence[str] | None = None,
    horizon: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    jobs: int = -1,
    progress: bool | None = None,
) -> Learned:
    """Learn the law behind a recording.

    The recording is checked and split in time. Every law learns from the first part; the simplest that forecasts the
    second part as well as any wins. Errors are measured on the rest, which no choice has seen: its first half
    calibrates the forecast's band, its second half says how often the band holds.

    Parameters
    ----------
    recording : a file (CSV, TSV, Parquet, NPZ, MAT, HDF5, NetCDF, Zarr, WAV), a Trajectory, Trajectories, an array
        (time, state) with `dt`, a DataFrame or an xarray Dataset.
    dt : sampling interval, where the recording carries no time.
    time, inputs, run, columns, units : which column is time, which drive the system, which numbers the run, which to
        keep, and the units by name.
    sort, duplicates : what to do about times out of order ("error" unless sort=True) and instants recorded twice
        ("error", "mean" or "first"); for files only.
    laws : families that take part (`inscape.models.registry.families()` lists them), all if None.
    horizon : samples of the forecast beyond the end; about one period of the recording if None.
    level : coverage of the forecast's band.
    seed : every random choice follows from it.
    jobs : laws learned at a time, -1 for as many as there are cores.
    progress : draw a bar; by default only on a terminal.

    Returns
    -------
    Learned, with `verdict`, `equations`, `law`, `leaderboard`, `forecast`, `report(path)` and `save(folder)`.

    Raises
    ------
    InputError : if the recording cannot be read, or holds nothing that a law can be learned from.
    UnknownNameError : if a column or a law does not exist; it lists the nearest.
    """
    settings: dict[str, Any] = {
        "recording": str(recording) if isinstance(recording, (str, Path)) else type(recording).__name__,
        "dt": dt, "time": time, "inputs": list(inputs), "run": run,
        "columns": None if columns is None else list(columns), "sort": sort, "duplicates": duplicates,
        "laws": None if laws is None else list(laws), "horizon": horizon, "level": level, "seed": seed,
    }  # fmt: skip
    prepared = prepare(
        recording,
        dt=dt,
        time=time,
        inputs=inputs,
        run=run,
        columns=columns,
        units=units,
        sort=sort,
        duplicates=duplicates,
    )
    return learn_prepared(
        prepared, settings, laws=laws, horizon=horizon, level=level, seed=seed, jobs=jobs, progress=progress
    )


def learn_prepared(
    prepared: Prepared,
    settings: Mapping[str, Any],
    *,
    laws: Sequence[str] | None = None,
    horizon: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    jobs: int = -1,
    progress: bool | None = None,
) -> Learned:
    """The main job from a recording that was read and checked already; see `learn`."""
    started = clock.perf_counter()
    contest = hold_contest(
        prepared.runs, laws=laws, steps=horizon, level=level, seed=seed, jobs=jobs, progress=progress
    )
    verdict = judge(contest, seed=seed)
    invariants = measure(contest, seed=seed)
    seconds = clock.perf_counter() - started
    return Learned(prepared, contest, verdict, invariants, settings, versions(), seconds)


def versions() -> dict[str, str]:
    """Versions of the packages that stand behind the numbers."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
