"""Runs of systems, measured or simulated: containers, readers, writers, checks and what is derived from a run."""

from inscape.trajectories.checks import check
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.derivatives import derivative
from inscape.trajectories.embedding import choose_dimension, choose_lag, delay_embedding
from inscape.trajectories.findings import Finding, GuessWarning
from inscape.trajectories.reading import read
from inscape.trajectories.resampling import fill_missing, resample
from inscape.trajectories.robot_sets import d4rl_episodes, read_demonstrations
from inscape.trajectories.splitting import cut_to_shortest, pad_to_longest, split_in_time, windows
from inscape.trajectories.trajectory import Trajectory
from inscape.trajectories.writing import write

__all__ = [
    "Finding",
    "GuessWarning",
    "Trajectories",
    "Trajectory",
    "as_trajectories",
    "check",
    "choose_dimension",
    "choose_lag",
    "cut_to_shortest",
    "d4rl_episodes",
    "delay_embedding",
    "derivative",
    "fill_missing",
    "pad_to_longest",
    "read",
    "read_demonstrations",
    "resample",
    "split_in_time",
    "windows",
    "write",
]
