"""Limits and powers of Koopman learning: Colbrook, Mezic and Stepanenko 2024, with an adversary to play against."""

from inscape.studies.koopman.study import STUDY

__all__ = ["STUDY"]
