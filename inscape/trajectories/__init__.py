"""Runs of systems, measured or simulated: containers, readers, writers, checks and what is derived from a run."""

from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.trajectory import Trajectory

__all__ = ["Trajectories", "Trajectory", "as_trajectories"]
