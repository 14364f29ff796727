"""`MeasurePreservingEDMD`: the Koopman operator of a measure-preserving system, approximated by a unitary matrix."""

from __future__ import annotations

import numpy as np

from inscape.analysis.galerkin import EigenSystem, Galerkin
from inscape.models.koopman.dictionary_model import DictionaryModel
from inscape.models.koopman.observables import Observables


class MeasurePreservingEDMD(DictionaryModel):
    """mpEDMD: the isometry nearest to EDMD's matrix, so that every eigenvalue lies on the unit circle.

    Colbrook (2023, SIAM J. Numer. Anal. 61:1585): with A = U S V* in an orthonormal basis, the operator is U V*. Its
    spectral measures converge, and a forecast neither grows nor decays.

    Parameters
    ----------
    dictionary, constant, max_residual, held_out, rtol, resample, memory, seed : as of `EDMD`.

    Notes
    -----
    After `fit`: as of `EDMD`. Where ||L - G|| contradicts that a measure is preserved, `fit` warns with its size.
    """

    growth = "none"
    measure_preserving = True

    def __init__(
        self,
        dictionary: Observables | None = None,
        *,
        constant: bool = True,
        max_residual: float = 0.1,
        held_out: float = 0.2,
        rtol: float = 1e-10,
        resample: bool = False,
        memory: int = 2**30,
        seed: int | None = 0,
    ):
        self.dictionary = dictionary
        self.constant = constant
        self.max_residual = max_residual
        self.held_out = held_out
        self.rtol = rtol
        self.resample = resample
        self.memory = memory
        self.seed = seed

    def _eigen_system(self, galerkin: Galerkin) -> EigenSystem:
        from inscape.analysis.residuals import residual
        from inscape.analysis.unitary_part import unitary_part

        found = unitary_part(galerkin)
        residuals = residual(galerkin, found.eigenvalues, found.vectors)
        order = np.argsort(residuals, kind="stable")
        vectors = found.vectors[:, order]
        return EigenSystem(found.eigenvalues[order], vectors, vectors, residuals[order])
