"""Reservoirs that balance themselves: Srinivasan, Plenz and Girvan 2025, rerun."""

from inscape.studies.reservoir.study import STUDY

__all__ = ["STUDY"]
