"""Routing pathways as a gauge of generalisation: Li, Fan and Zhou 2025, rerun on small mixtures of experts."""

from inscape.studies.pathways.study import STUDY

__all__ = ["STUDY"]
