"""Recordings that come with inscape, so that the main job can be tried on a fresh machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from inscape.errors import UnknownNameError
from inscape.trajectories import Trajectory


@dataclass(frozen=True)
class Sample:
    """One recording: its name, one line on what it is and where it is from, and the function that makes it."""

    name: str
    description: str
    source: str
    make: Callable[[int], Trajectory]


def lynx_hare(seed: int = 0) -> Trajectory:
    """Pelts of snowshoe hare and Canada lynx, 1900 to 1920, in thousands (21 yearly counts)."""
    table = files(__package__).joinpath("lynx_hare.csv").read_text(encoding="utf-8")
    rows = np.array([line.split(",") for line in table.splitlines() if line and line[0].isdigit()], dtype=float)
    return Trajectory(
        rows[:, 0],
        rows[:, 1:],
        state_names=("hare", "lynx"),
        units={"time": "year", "hare": "thousand pelts", "lynx": "thousand pelts"},
        source="lynx-hare",
    )


def sunspots(seed: int = 0) -> Trajectory:
    """Yearly mean sunspot number, 1700 to 2008, as it comes with statsmodels."""
    from statsmodels.datasets import sunspots as shipped

    table = shipped.load_pandas().data
    return Trajectory(
        table["YEAR"].to_numpy(float),
        table["SUNACTIVITY"].to_numpy(float),
        state_names=("sunspots",),
        units={"time": "year"},
        source="sunspots",
    )


def lorenz(seed: int = 0, noise: float = 0.0, samples: int = 4_000, dt: float = 0.01) -> Trajectory:
    """The Lorenz (1963) system from a point on its attractor; `noise` is added in shares of each state's spread."""
    from inscape.systems import zoo

    run: Any = zoo["Lorenz"].simulate(times=np.arange(samples) * dt, transient=20)
    states = np.array(run.states)
    if noise:
        states += noise * states.std(axis=0) * np.random.default_rng(seed).normal(size=states.shape)
    name = "lorenz-noisy" if noise else "lorenz"
    return Trajectory(run.times, states, state_names=("x", "y", "z"), source=name)


def lorenz_noisy(seed: int = 0) -> Trajectory:
    """The Lorenz system with 1 % measurement noise, 4,000 samples."""
    return lorenz(seed, noise=0.01)


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample(
            "lynx-hare",
            "pelts of hare and lynx, 1900 to 1920: 21 yearly counts",
            "Hudson's Bay Company pelt returns, as tabled by Elton & Nicholson (1942) and printed by Odum (1953)",
            lynx_hare,
        ),
        Sample(
            "sunspots",
            "yearly sunspot numbers, 1700 to 2008",
            "SIDC Brussels, shipped with statsmodels",
            sunspots,
        ),
        Sample(
            "lorenz",
            "the Lorenz system without noise, 4,000 samples",
            "simulated: Lorenz (1963), J. Atmos. Sci. 20:130",
            lorenz,
        ),
        Sample(
            "lorenz-noisy",
            "the Lorenz system with 1 % measurement noise, 4,000 samples",
            "simulated: Lorenz (1963), J. Atmos. Sci. 20:130",
            lorenz_noisy,
        ),
    )
}


def sample(name: str, seed: int = 0) -> Trajectory:
    """A recording by name.

    Raises
    ------
    UnknownNameError : if there is none of that name; it lists the nearest.
    """
    if name not in SAMPLES:
        raise UnknownNameError("sample", name, SAMPLES)
    return SAMPLES[name].make(seed)
