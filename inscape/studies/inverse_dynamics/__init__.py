"""Inverse dynamics pretraining: Brandfonbrener, Nachum and Bruna 2023, rerun on point masses and arms."""

from inscape.studies.inverse_dynamics.study import STUDY

__all__ = ["STUDY"]
