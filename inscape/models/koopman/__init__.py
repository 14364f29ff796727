"""Koopman laws: linear laws of observables, each eigenvalue with a residual that says whether it can be believed."""

from inscape.models.koopman.dictionary import Dictionary
from inscape.models.koopman.edmd import EDMD
from inscape.models.koopman.eigen_table import KoopmanEigen
from inscape.models.koopman.kernel_edmd import KernelEDMD
from inscape.models.koopman.koopman_model import KoopmanModel, KoopmanWarning
from inscape.models.koopman.measure_preserving import MeasurePreservingEDMD
from inscape.models.koopman.observables import Observables

__all__ = [
    "EDMD",
    "Dictionary",
    "KernelEDMD",
    "KoopmanEigen",
    "KoopmanModel",
    "KoopmanWarning",
    "MeasurePreservingEDMD",
    "Observables",
]
