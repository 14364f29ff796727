"""Chaos as a benchmark: Gilpin 2021, rerun and audited."""

from inscape.studies.chaos_zoo.study import STUDY

__all__ = ["STUDY"]
