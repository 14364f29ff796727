"""Study 25: sparse dictionaries for dynamics, reward and policy in reinforcement learning."""

from inscape.studies.sindy_rl.study import STUDY

__all__ = ["STUDY"]
