"""Koopman laws: linear laws of observables, each eigenvalue with a residual that says whether it can be believed."""

from inscape.models.koopman.dictionary import Dictionary
from inscape.models.koopman.edmd import EDMD
from inscape.models.koopman.eigen_table import KoopmanEigen
from inscape.models.koopman.koopman_model import KoopmanModel, KoopmanWarning

__all__ = ["EDMD", "Dictionary", "KoopmanEigen", "KoopmanModel", "KoopmanWarning"]
