"""Circuits as priors for bodies that move: Bhattasali, Zador and Engel 2022, rerun."""

from inscape.studies.circuit_priors.study import STUDY

__all__ = ["STUDY"]
