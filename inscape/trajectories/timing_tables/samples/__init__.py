"""Event times and velocities that come with inscape: measured facts, each with its source, on a fresh machine."""

from __future__ import annotations

from importlib.resources import as_file, files

from inscape.errors import UnknownNameError
from inscape.trajectories.timing_tables.reading import read_timing, read_velocities
from inscape.trajectories.timing_tables.table import TimingTable
from inscape.trajectories.timing_tables.velocities import VelocityTable

TIMINGS = {
    "wasp-12": "139 transits and 19 occultations of WASP-12 b, 2008 to 2019 (Yee et al. 2020)",
    "wasp-43": "192 transits of WASP-43 b, 2010 to 2023 (Ivshina & Winn 2022 and TESS), refits and amateurs included",
    "wasp-4": "93 transits and 4 occultations of WASP-4 b, 2007 to 2019 (Bouma et al. 2020)",
}
VELOCITIES = {"wasp-4": "48 velocities of WASP-4 by CORALIE, HARPS and HIRES (Bouma et al. 2020)"}


def sample_timing(name: str) -> TimingTable:
    """Event times by name.

    Raises
    ------
    UnknownNameError : if there are none of that name; it lists the nearest.
    """
    if name not in TIMINGS:
        raise UnknownNameError("sample of event times", name, TIMINGS)
    with as_file(files(__package__).joinpath(f"{name}.csv")) as path:
        return read_timing(path, system=name.upper())


def sample_velocities(name: str) -> VelocityTable:
    """Radial velocities by name.

    Raises
    ------
    UnknownNameError : if there are none of that name; it lists the nearest.
    """
    if name not in VELOCITIES:
        raise UnknownNameError("sample of velocities", name, VELOCITIES)
    with as_file(files(__package__).joinpath(f"{name}-velocities.csv")) as path:
        return read_velocities(path)
