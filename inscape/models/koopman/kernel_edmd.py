"""`KernelEDMD`: EDMD on the space of a kernel, for fewer snapshots than observables."""

from __future__ import annotations

from typing import Literal

import numpy as np

from inscape.analysis.kernel_galerkin import kernel_galerkin
from inscape.analysis.residual_bands import residual_bands
from inscape.errors import InputError, UnknownNameError
from inscape.models.koopman.held_out_pairs import HeldOutPairs
from inscape.models.koopman.kernels import KERNELS, kernel_matrix
from inscape.models.koopman.koopman_model import KoopmanModel
from inscape.models.koopman.observables import embedded, positive, whole
from inscape.models.koopman.snapshots import Snapshots
from inscape.models.windows import closed_loop
from inscape.trajectories import Trajectory

MOST_PAIRS = 10_000
"""Snapshot pairs whose kernel matrices are still formed: three of them of 800 MB."""


class KernelEDMD(KoopmanModel):
    """Koopman law on a reproducing kernel's space, whose dictionary is infinite: few snapshots of many variables.

    Kernel EDMD after Williams, Rowley, Kevrekidis (2015, J. Comput. Dyn. 2:247); residuals from left eigenvectors w,
    res^2 = w* L w / w* w - |lambda|^2, after Colbrook (2024, "Another look at residual dynamic mode decomposition"),
    which need no second set of data.

    Parameters
    ----------
    kernel : "gaussian", "laplacian", "lorentzian", "polynomial" or "laplacian polynomial".
    width : of the kernel, in units of the mean distance from the mean; that of the paper if None.
    degree : of the polynomial kernels.
    delays, stride : samples in a snapshot, and samples between them.
    rank : directions of the kernel's space that are kept at most; all above `rtol` if None.
    standardize : scale each variable to deviation 1 before distances are taken.
    max_residual, growth, resample, seed : as of `EDMD`.
    held_out : share of the pairs kept back, on which residuals of the eigenfunctions are measured in L2, with bands; 0
        takes those of the left eigenvectors in the kernel's norm. These are exact where snapshots are fewer than
        observables; where the kernel's sections depend on each other they come out too small, down to zero.
    reproject : forecast step by step, lifting each predicted state anew, instead of in modes; a nonlinear law.
    ridge : penalty of the readout of such a step, relative to the mean kernel value k(x, x).
    rtol : directions below this share of the largest are cut off.

    Notes
    -----
    After `fit`: as of `EDMD`, and `transfer_residuals_` (pair,) of the left eigenvectors, `points_` (pair, variable),
    `distance_`. Costs O(pairs^3).
    """

    def __init__(
        self,
        kernel: str = "gaussian",
        *,
        width: float | None = None,
        degree: int = 20,
        delays: int = 1,
        stride: int = 1,
        rank: int | None = None,
        standardize: bool = True,
        max_residual: float = 0.1,
        held_out: float = 0.2,
        growth: Literal["tame", "free", "none"] = "tame",
        reproject: bool = False,
        ridge: float = 1e-8,
        rtol: float = 1e-6,
        resample: bool = False,
        seed: int | None = 0,
    ):
        self.kernel = kernel
        self.width = width
        self.degree = degree
        self.delays = delays
        self.stride = stride
        self.rank = rank
        self.standardize = standardize
        self.max_residual = max_residual
        self.held_out = held_out
        self.growth = growth
        self.reproject = reproject
        self.ridge = ridge
        self.rtol = rtol
        self.resample = resample
        self.seed = seed

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.kernel not in KERNELS:
            raise UnknownNameError("kernel", str(self.kernel), KERNELS)
        for name in ("width", "ridge"):
            if getattr(self, name) is not None:
                positive(name, getattr(self, name))
        for name in ("degree", "delays", "stride"):
            whole(name, getattr(self, name))
        if self.rank is not None:
            whole("rank", self.rank)

    @property
    def _judged_eigenfunctions(self) -> bool:
        return self.held_out_pairs_ > 0

    def _window(self) -> int:
        return (int(self.delays) - 1) * int(self.stride) + 1

    def _learn_pairs(self, pairs: Snapshots, held: HeldOutPairs, weights: np.ndarray | None) -> None:
        if weights is not None:
            raise InputError("weights: given, but a kernel's residuals take no quadrature; leave them out")
        fitted = held.rest(pairs)
        if len(fitted) < 2:
            raise InputError(f"recording: {len(fitted)} snapshot pairs to learn from found, expected at least 2")
        if len(fitted) > MOST_PAIRS:
            raise InputError(
                f"recording: {len(fitted)} snapshot pairs found, kernel matrices are formed for at most {MOST_PAIRS}; "
                "use EDMD(Dictionary.rbf(...)), or thin the recording"
            )
        judged = held.pairs()
        self.missing_, self.pairs_ = pairs.missing, len(fitted)
        self.held_out_pairs_ = 0 if judged is None else len(judged)
        self.notes_: tuple[str, ...] = ()
        if self.missing_:
            self.notes_ += (f"recording: {self.missing_} snapshot pairs with a missing value were left out",)
        self.range_ = np.stack([pairs.windows[:, -1].min(axis=0), pairs.windows[:, -1].max(axis=0)])
        self._learn_space(fitted)
        if judged is None:
            self._set_residuals(self.transfer_residuals_)
            dependent = self.rank_ < self.pairs_ and (self.rank is None or self.rank_ < int(self.rank))
            self.notes_ += (
                "residuals: those of left eigenvectors, in the norm of the kernel's space"
                + (f"; {self.pairs_} snapshots span {self.rank_} directions, so they come out too small" * dependent)
                + "; hold pairs out (held_out=0.2) for those of the eigenfunctions",
            )
        else:
            values = self._eigenfunctions(judged.windows)
            bands = residual_bands(
                values[judged.first], values[judged.second], self.eigenvalues_, runs=judged.run, seed=self.seed
            )
            self._set_residuals(bands.residuals, bands)

    def _learn_space(self, pairs: Snapshots) -> None:
        points = embedded(pairs.windows, int(self.delays), int(self.stride))
        deviation = points.std(axis=0) if self.standardize else np.ones(points.shape[1])
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        self.centre_ = points.mean(axis=0)
        points = (points - self.centre_) / self.deviation_
        spread = float(np.linalg.norm(points, axis=1).mean())
        width = KERNELS[self.kernel].width if self.width is None else float(self.width)
        self.distance_ = width * (spread if spread > 0 else 1.0)
        # Neighbours in time share their windows: one matrix of all of them holds the three that are needed.
        whole_matrix = kernel_matrix(self.kernel, points, points, self.distance_, int(self.degree))
        x, y = pairs.first, pairs.second
        before = whole_matrix[np.ix_(x, x)]
        galerkin = kernel_galerkin(
            before, whole_matrix[np.ix_(x, y)], whole_matrix[np.ix_(y, y)], self.rank, float(self.rtol)
        )
        self._set_galerkin(galerkin)
        self.rank_ = galerkin.rank
        self.points_ = points[x]
        # The operator on the kernel's space is the adjoint of Koopman's: conjugate values, left eigenvectors.
        system = galerkin.eigen()
        self.eigenvalues_, self.transfer_residuals_ = system.eigenvalues.conj(), system.residuals
        self._coefficients = galerkin.basis @ system.left
        now, later = pairs.windows[x, -1], pairs.windows[y, -1]
        self._values = before @ self._coefficients
        self._states = now
        self.modes_ = self._modes_of(np.arange(len(self.eigenvalues_)))
        self.push_ = np.zeros((len(x), now.shape[1]))
        if self.reproject:
            scale = float(self.ridge) * float(np.trace(before)) / len(x)
            self.push_ = np.linalg.solve(before + scale * np.eye(len(x)), later - now)

    def _at(self, windows: np.ndarray) -> np.ndarray:
        points = (embedded(windows, int(self.delays), int(self.stride)) - self.centre_) / self.deviation_
        return kernel_matrix(self.kernel, points, self.points_, self.distance_, int(self.degree))

    def _eigenfunctions(self, windows: np.ndarray) -> np.ndarray:
        return np.asarray(self._at(windows) @ self._coefficients)

    def _modes_of(self, kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(self._values[:, kept], self._states.astype(complex), rcond=None)[0]

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        if not self.reproject:
            return super()._continue_each(histories, inputs, horizon)

        def step(windows: np.ndarray) -> np.ndarray:
            return self._inside(windows[:, -1]) + self._at(windows) @ self.push_

        recent = np.stack([history.states[-self._past :].astype(float) for history in histories])
        return closed_loop(step, recent, horizon)
