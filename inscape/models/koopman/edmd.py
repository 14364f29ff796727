"""`EDMD`: extended dynamic mode decomposition, each eigenvalue with its residual."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from jaxtyping import Float

from inscape.analysis.galerkin import EigenSystem, Galerkin
from inscape.errors import InputError
from inscape.models.koopman.dictionary import Dictionary, fitted_copy
from inscape.models.koopman.koopman_model import KoopmanModel, caution, part_in_time
from inscape.models.koopman.residual_bands import residual_bands, stretches
from inscape.models.koopman.snapshots import Snapshots
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

LEARNING_WINDOWS = 20_000
"""Windows from which a dictionary learns its centres and scales."""
NOT_PRESERVING = 0.05
"""Relative distance of <Kg, Kg> from <g, g> above which a claim of measure preservation is doubted."""


class EDMD(KoopmanModel):
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
        dictionary: Dictionary | None = None,
        *,
        constant: bool = True,
        max_residual: float = 0.1,
        held_out: float = 0.2,
        growth: Literal["tame", "free", "none"] = "tame",
        reproject: bool = False,
        measure_preserving: bool = False,
        rtol: float = 1e-10,
        resample: bool = False,
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
        self.seed = seed

    # ---------------------------------------------------------------- fitting

    def fit_pairs(
        self,
        before: Float[np.ndarray, "pair *past_state"],
        after: Float[np.ndarray, "pair *past_state"],
        dt: float = 1.0,
        weights: Float[np.ndarray, "pair"] | None = None,
        state_names: Iterable[str] = (),
    ) -> Self:
        """Learn from snapshot pairs (x_m, F(x_m)) that are no runs.

        Parameters
        ----------
        before, after : (pair, state), or (pair, past, state) windows, oldest sample first.
        dt : time between the two.
        weights : (pair,) of a quadrature rule; all alike if None.
        """
        x, y = _windows_given(before, "before"), _windows_given(after, "after")
        if x.shape != y.shape:
            raise InputError(f"after: shape {y.shape} found, expected that of before, {x.shape}")
        if not (np.isscalar(dt) and np.isfinite(dt) and dt > 0):
            raise InputError(f"dt: {dt!r} found, expected a positive number")
        names = tuple(state_names) or tuple(f"x{i}" for i in range(x.shape[2]))
        pairs = Snapshots.of_pairs(x, y)
        if not len(pairs):
            raise InputError("before: no complete pair found, expected at least one")
        self._check_settings()
        self.dt_, self.state_names_, self.input_names_ = float(dt), names, ()
        deviation = pairs.windows[:, -1].std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        each = None
        if weights is not None:
            each = np.asarray(weights, dtype=float)
            if each.shape != (len(x),) or not np.isfinite(each).all() or (each < 0).any():
                raise InputError(f"weights: shape {each.shape} found, expected ({len(x)},) numbers of at least 0")
            each = each[pairs.run]
        self._past = self._whole_dictionary().past
        self._learn_pairs(pairs, each)
        return self

    def _learn(self, runs: Trajectories) -> None:
        if runs.input_names:
            raise InputError(
                f"recording: inputs {', '.join(runs.input_names)} found, EDMD takes none; use DMD, or select the states"
            )
        self._past = self._whole_dictionary().past
        pairs = Snapshots.joined(Snapshots.of_run(run, self._past, k) for k, run in enumerate(runs))
        if not len(pairs):
            raise InputError(
                f"recording: {max(map(len, runs))} samples in the longest run, expected over {self._past} in a row"
            )
        self._learn_pairs(pairs, None)

    def _learn_pairs(self, pairs: Snapshots, weights: np.ndarray | None) -> None:
        self.missing_ = pairs.missing
        self.notes_: tuple[str, ...] = ()
        if self.missing_:
            self.notes_ += (f"recording: {self.missing_} snapshot pairs with a missing value were left out",)
        self.start_ = pairs.windows[pairs.first[-1]]
        self.range_ = np.stack([pairs.windows[:, -1].min(axis=0), pairs.windows[:, -1].max(axis=0)])
        fitted, judged = pairs, pairs
        if self.held_out and weights is None:
            fitted, judged = part_in_time(pairs, float(self.held_out), self._past)
            if not len(judged):
                fitted, judged = pairs, pairs
        thin = max(1, -(-len(fitted.windows) // LEARNING_WINDOWS))
        self.dictionary_ = fitted_copy(self._whole_dictionary(), fitted.windows[::thin], self.state_names_)
        self.dictionary_.pairs(fitted.before, fitted.after)
        psi = self.dictionary_.features(fitted.windows)
        self._check_counts(len(fitted), psi.shape[1])
        before, after = psi[fitted.first], psi[fitted.second]
        galerkin = Galerkin.of(before, after, weights, rtol=float(self.rtol))
        each = np.full(len(fitted), 1 / len(fitted)) if weights is None else weights / weights.sum()
        now, later = fitted.windows[fitted.first, -1], fitted.windows[fitted.second, -1]
        weighted = before.conj().T * each
        self._finish(galerkin, weighted @ now, weighted @ (later - now))
        self.pairs_, self.held_out_pairs_ = len(fitted), 0 if judged is fitted else len(judged)
        self._judge(judged, weights)

    def _check_counts(self, pairs: int, features: int) -> None:
        if pairs < features:
            raise InputError(
                f"recording: {pairs} snapshot pairs for {features} observables found, expected at least as many pairs; "
                "use KernelEDMD, which is made for few snapshots, or a smaller dictionary"
            )

    def _finish(self, galerkin: Galerkin, readout: np.ndarray, increments: np.ndarray) -> None:
        self._set_galerkin(galerkin)
        self.rank_, self.cut_ = galerkin.rank, len(galerkin.basis) - galerkin.rank
        if self.cut_:
            self.notes_ += (
                f"dictionary: {self.cut_} of {len(galerkin.basis)} observables depend on the others on these data and "
                f"were cut off; {self.rank_} directions are left",
            )
        pairs = self._eigen_system(galerkin)
        self.eigenvalues_, self._vectors = pairs.eigenvalues, pairs.vectors
        self.readout_ = galerkin.basis.conj().T @ readout
        self.increments_ = galerkin.basis.conj().T @ increments
        self.modes_ = self._modes_of(np.arange(len(self.eigenvalues_)))
        gap = galerkin.image - np.eye(galerkin.rank)
        self.preservation_defect_ = float(np.linalg.norm(gap, 2))
        if self.measure_preserving and self.preservation_defect_ > NOT_PRESERVING:
            self.notes_ += (
                f"measure_preserving: ||L - G|| is {self.preservation_defect_:.2g} of ||G|| on these data, expected "
                "nearly 0; the claim is doubtful, or the pairs do not sample the invariant measure",
            )
            caution(self.notes_[-1])

    def _eigen_system(self, galerkin: Galerkin) -> EigenSystem:
        return galerkin.eigen()

    def _judge(self, pairs: Snapshots, weights: np.ndarray | None) -> None:
        values = self._eigenfunctions(pairs.windows)
        blocks = stretches(pairs.run, self._past)
        bands = residual_bands(
            values[pairs.first], values[pairs.second], self.eigenvalues_, blocks, weights, seed=self.seed
        )
        if self.measure_preserving:
            off = np.abs(1 - np.abs(self.eigenvalues_))
            bands = bands._replace(
                residuals=np.maximum(bands.residuals, off),
                low=np.maximum(bands.low, off),
                high=np.maximum(bands.high, off),
            )
        self._set_bands(bands)

    def _whole_dictionary(self) -> Dictionary:
        asked = Dictionary.delays(10) if self.dictionary is None else self.dictionary
        if not isinstance(asked, Dictionary):
            raise InputError(
                f"dictionary: {type(asked).__name__} found, expected a Dictionary such as Dictionary.delays(20)"
            )
        return Dictionary.constant() | asked if self.constant and not asked.has_constant else asked

    # ---------------------------------------------------------------- use

    def _eigenfunctions(self, windows: np.ndarray) -> np.ndarray:
        return np.asarray(self.dictionary_.features(windows) @ (self.galerkin_arrays_["basis"] @ self._vectors))

    def _modes_of(self, kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(self._vectors[:, kept], self.readout_.astype(complex), rcond=None)[0]

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        if not self.reproject:
            return super()._continue(history, inputs, horizon)
        from inscape.models.windows import closed_loop

        push = self.galerkin_arrays_["basis"] @ self.increments_
        low, high = self.range_
        reach = 10 * (high - low) + 1e-300

        def step(window: np.ndarray) -> np.ndarray:
            newest = window[-1]
            if not ((newest > low - reach) & (newest < high + reach)).all():
                return np.full(len(newest), np.nan)
            return newest + np.real(self.dictionary_.features(window[None])[0] @ push)

        return closed_loop(step, history.states[-self._past :].astype(float), horizon)

    @property
    def law(self) -> SymbolicSystem:
        """The linear map of the observables, where these are samples of the state; a system.

        Raises
        ------
        AttributeError : for a nonlinear dictionary, whose law moves functions of the state and not the state.
        """
        from inscape.models.koopman.linear_law import linear_law

        return linear_law(self)


def _windows_given(windows: Any, name: str) -> np.ndarray:
    array = np.asarray(windows)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2, 3) or not len(array):
        raise InputError(
            f"{name}: {array.dtype} of shape {array.shape} found, expected (pair, state) or (pair, past, state) numbers"
        )
    array = array.astype(float)
    if np.isinf(array).any():
        raise InputError(f"{name}: infinite values found; mark missing samples as NaN")
    array = array[:, None] if array.ndim == 1 else array
    return array[:, None, :] if array.ndim == 2 else array
