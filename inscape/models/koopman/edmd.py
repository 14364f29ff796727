"""`EDMD`: extended dynamic mode decomposition, each eigenvalue with its residual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from inscape.analysis.galerkin import EigenSystem, Galerkin
from inscape.models.koopman.dictionary_model import DictionaryModel
from inscape.models.koopman.observables import Observables
from inscape.models.windows import closed_loop
from inscape.trajectories import Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem


class EDMD(DictionaryModel):
    """Galerkin approximation of the Koopman operator on a dictionary, with residuals.

    EDMD after Williams, Kevrekidis, Rowley (2015, J. Nonlinear Sci. 25:1307); residuals after Colbrook, Townsend (2024,
    Commun. Pure Appl. Math. 77:221): eigenvalues of EDMD alone may be artefacts of the dictionary however much data
    there is, and a residual tells them from true ones.

    Parameters
    ----------
    dictionary : observables; ten delays if None.
    constant : add the function 1, so that a mean is part of the law.
    max_residual : bound of the residual of a mode that a forecast runs through; np.inf takes all modes.
    held_out : share of the pairs that the fit does not see, on which residuals and their bands are measured; 0
        measures them on the pairs of the fit, where they come out too small if pairs are few.
    growth : of a forecast: "tame" lets a mode grow only where its growth exceeds its residual, "free" as it is, "none"
        never.
    reproject : forecast step by step, lifting each predicted state anew, instead of in modes; a nonlinear law.
    measure_preserving : it is known that the flow preserves a measure: a residual is then at least | 1 - |lambda| |.
    rtol : directions of the dictionary below this share of the largest are cut off.
    resample : put uneven runs on even times; without it they are refused.
    memory : bytes that windows and features may take; a longer recording is read piece by piece.
    seed : of the bootstrap.

    Notes
    -----
    After `fit`: `eigenvalues_` (pair,) a sample, `residuals_`, `residual_low_`, `residual_high_`, `eigenvalue_errors_`
    (pair,), `modes_` (pair, state), `dictionary_`, `rank_`, `cut_` (directions of the dictionary that depend on
    others), `pairs_` learned from, `held_out_pairs_`, `missing_` (pairs left out for NaN), `preservation_defect_`
    (||L - G|| relative to G), `range_` (2, state), `notes_` (what was found on the way), `galerkin_`.
    """

    def __init__(
        self,
        dictionary: Observables | None = None,
        *,
        constant: bool = True,
        max_residual: float = 0.1,
        held_out: float = 0.2,
        growth: Literal["tame", "free", "none"] = "tame",
        reproject: bool = False,
        measure_preserving: bool = False,
        rtol: float = 1e-10,
        resample: bool = False,
        memory: int = 2**30,
        seed: int | None = 0,
    ):
        self.dictionary = dictionary
        self.constant = constant
        self.max_residual = max_residual
        self.held_out = held_out
        self.growth = growth
        self.reproject = reproject
        self.measure_preserving = measure_preserving
        self.rtol = rtol
        self.resample = resample
        self.memory = memory
        self.seed = seed

    def _eigen_system(self, galerkin: Galerkin) -> EigenSystem:
        return galerkin.eigen()

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        if not self.reproject:
            return super()._continue_each(histories, inputs, horizon)
        push = self.galerkin_arrays_["basis"] @ self.increments_

        def step(windows: np.ndarray) -> np.ndarray:
            return self._inside(windows[:, -1]) + np.real(self.dictionary_.features(windows) @ push)

        recent = np.stack([history.states[-self._past :].astype(float) for history in histories])
        return closed_loop(step, recent, horizon)

    @property
    def law(self) -> SymbolicSystem:
        """The linear map of the observables, where these are samples of the state; a system.

        Raises
        ------
        AttributeError : for a nonlinear dictionary, whose law moves functions of the state and not the state.
        """
        from inscape.models.koopman.linear_law import linear_law

        return linear_law(self)
