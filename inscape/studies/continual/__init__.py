"""Continual dynamics with hypernetworks: Huang, Xie, Bharadhwaj and Shkurti 2021, rerun on bodies that change."""

from inscape.studies.continual.study import STUDY

__all__ = ["STUDY"]
