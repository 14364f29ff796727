"""Data sets of demonstrations in the layouts of robot learning: LeRobot, Minari, robomimic, d4rl, relay kitchen."""

from inscape.trajectories.robot_sets.reading import LAYOUTS, d4rl_episodes, read_demonstrations

__all__ = ["LAYOUTS", "d4rl_episodes", "read_demonstrations"]
