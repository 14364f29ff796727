"""Files of battery cyclers: time, current and voltage of a cell, whoever wrote them."""

from inscape.trajectories.cycler_files.reading import read_cycler

__all__ = ["read_cycler"]
