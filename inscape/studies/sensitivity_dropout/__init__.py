"""Sensitivity dropout and a fast eigenscore: Mohammadzadeh et al. 2025, rerun."""

from inscape.studies.sensitivity_dropout.study import STUDY

__all__ = ["STUDY"]
