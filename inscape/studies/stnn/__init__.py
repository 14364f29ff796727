"""Structured networks for the states of dynamical systems: Aluvihare et al. 2025, rerun with its rivals."""

from inscape.studies.stnn.study import STUDY

__all__ = ["STUDY"]
