"""A battery's hidden parameters from its voltage, by networks and without: Hassanaly et al. 2024, rerun."""

from inscape.studies.battery.study import STUDY

__all__ = ["STUDY"]
