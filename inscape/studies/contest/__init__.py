"""The house's own laws in the published forecasting contest over the chaos zoo."""

from inscape.studies.contest.study import STUDY

__all__ = ["STUDY"]
