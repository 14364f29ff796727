"""`DictionaryModel`: how a Koopman law on a dictionary is learned - in memory, from pairs, or piece by piece."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float

from inscape.analysis.certificate import CONTRADICTION
from inscape.analysis.galerkin import EigenSystem, Galerkin, GalerkinStream
from inscape.analysis.residual_bands import residual_bands
from inscape.errors import InputError, UnknownNameError
from inscape.models.koopman.dictionary import Dictionary
from inscape.models.koopman.eigenvalue_errors import eigenvalue_errors
from inscape.models.koopman.held_out_pairs import HeldOutPairs
from inscape.models.koopman.koopman_model import KoopmanModel, caution
from inscape.models.koopman.observables import Observables, fitted_copy
from inscape.models.koopman.pieces import Pieces
from inscape.models.koopman.snapshots import Snapshots
from inscape.trajectories import as_trajectories

if TYPE_CHECKING:
    from inscape.analysis.spectral_measure import SpectralMeasure

LEARNING_WINDOWS = 20_000
"""Windows from which a dictionary learns its centres and scales."""
DRAWS = 400
"""Of the bootstrap behind a band."""


class DictionaryModel(KoopmanModel):
    """Base of the laws on a dictionary; leaves solve the eigenproblem of the Galerkin matrices."""

    dictionary: Observables | None
    constant: bool
    held_out: float
    measure_preserving: bool
    rtol: float
    memory: int
    seed: int | None

    def fit(self, trajectories: Any, dt: float | None = None) -> Self:
        """Learn from runs of one system; a recording that would not fit `memory` is read piece by piece.

        Raises
        ------
        InputError : if runs are too short, unevenly sampled, hold infinities, are driven, or are too few for the
            dictionary.
        """
        runs = as_trajectories(trajectories, dt)
        self._check_settings()
        width = self._whole_dictionary().past * len(runs.state_names)
        if runs.samples * width * 8 <= self.memory or self.resample:
            return super().fit(runs)
        return self._fit_pieces(Pieces(runs), runs.lengths)

    def fit_stream(self, pieces: Iterable[Any], dt: float | None = None, *, joined: bool = False) -> Self:
        """Learn from pieces as they come, each read once and let go; memory stays bounded by `memory`.

        The dictionary learns its centres and scales from the first pieces, up to 20,000 windows of them.

        Parameters
        ----------
        pieces : an iterable of runs, each as of `fit`; trajectories whose times go on from the last one's are one run.
        dt : sampling interval of plain arrays.
        joined : each piece goes on where the one before it ends.

        Raises
        ------
        InputError : as of `fit`, or if nothing comes.
        """
        self._check_settings()
        if not isinstance(pieces, Iterable):
            raise InputError(f"pieces: {type(pieces).__name__} found, expected an iterable of runs")
        return self._fit_pieces(Pieces(pieces, dt, joined), None)

    def _learn_pairs(self, pairs: Snapshots, held: HeldOutPairs, weights: np.ndarray | None) -> None:
        self.range_ = np.stack([pairs.windows[:, -1].min(axis=0), pairs.windows[:, -1].max(axis=0)])
        fitted = held.rest(pairs)
        if not len(fitted):
            raise InputError(f"held_out: all {len(pairs)} snapshot pairs are held out, none is left to learn from")
        thin = max(1, -(-len(fitted.windows) // LEARNING_WINDOWS))
        self.dictionary_ = fitted_copy(self._whole_dictionary(), fitted.windows[::thin], self.state_names_)
        self.dictionary_.learn_pairs(fitted)
        rows = self._rows_in_memory(fitted)
        self._absorb(fitted.in_rows(rows), weights)
        held.most = min(held.most, rows)
        judged = held.pairs()
        self.held_out_pairs_ = 0 if judged is None else len(judged)
        if weights is not None:
            # The rule of a quadrature leaves nothing to chance, so there is no band.
            self._set_residuals(self._off_circle(self._fitted_residuals))
        else:
            thin = max(1, -(-len(fitted) // rows))
            self._judge(judged if judged is not None else fitted.at(slice(None, None, thin)))

    def _fit_pieces(self, pieces: Pieces, lengths: tuple[int, ...] | None) -> Self:
        """Learn from a recording that is read piece by piece: twice where its length is known, else once."""
        dictionary = self._whole_dictionary()
        self._past = dictionary.past
        few = 1_000
        held = HeldOutPairs(float(self.held_out), self._past, lengths)
        coming = pieces.snapshots(self._past, few)
        sample: list[Snapshots] = []
        if lengths is None:
            while sum(map(len, sample)) < LEARNING_WINDOWS and (piece := next(coming, None)) is not None:
                sample.append(held.rest(piece))
        else:
            thin = max(1, -(-sum(lengths) // LEARNING_WINDOWS))
            sample = [piece.at(slice(None, None, thin)) for piece in coming]
        if not sum(map(len, sample)):
            raise InputError(f"recording: no pair of windows of {self._past} complete samples found, expected some")
        self.state_names_, self.input_names_ = pieces.state_names, ()
        learned = Snapshots.joined(sample)
        self.dictionary_ = fitted_copy(dictionary, learned.windows, self.state_names_)
        self.dictionary_.learn_pairs(learned)
        rows = self._rows_in_memory(learned)
        held.most = min(held.most, rows)
        del sample
        if lengths is None:
            self._absorb(chain(learned.in_rows(rows), (held.rest(piece) for piece in coming)), None)
        else:
            del learned
            self._absorb((held.rest(piece) for piece in pieces.snapshots(self._past, rows)), None)
        self.dt_, self.scale_ = pieces.interval, pieces.deviation()
        self.range_ = np.stack([pieces.low, pieces.high])
        judged = held.pairs()
        self.held_out_pairs_ = 0 if judged is None else len(judged)
        if judged is None:
            self._set_residuals(self._off_circle(self._fitted_residuals))
        else:
            self._judge(judged)
        return self

    def _rows_in_memory(self, pairs: Snapshots) -> int:
        """Pairs whose windows and features `memory` holds; features stand in it some six times on their way."""
        row = self.dictionary_.features(pairs.windows[:1])
        return int(max(4 * row.shape[1], 1_000, self.memory // (6 * row.nbytes + 2 * pairs.windows[:1].nbytes)))

    def _absorb(self, pieces: Iterable[Snapshots], weights: np.ndarray | None) -> None:
        """Galerkin matrices and readouts of pieces; nothing of a piece is kept but these."""
        stream = GalerkinStream(rtol=float(self.rtol))
        readout: Any = 0.0
        total = 0.0
        self.pairs_ = self.missing_ = 0
        for piece in pieces:
            self.missing_ += piece.missing
            if not len(piece):
                continue
            psi = self.dictionary_.features(piece.windows)
            if not np.isfinite(psi).all():
                names = self.dictionary_.names
                broken = names[int(np.argmin(np.isfinite(psi).all(axis=0)))]
                raise InputError(
                    f"dictionary: {broken} is not finite on {(~np.isfinite(psi)).any(axis=1).sum()} windows"
                )
            before = psi[piece.first]
            each = np.ones(len(piece)) if weights is None else weights[self.pairs_ : self.pairs_ + len(piece)]
            stream.add(before, psi[piece.second], each)
            now, later = piece.windows[piece.first, -1], piece.windows[piece.second, -1]
            readout = readout + (before.conj().T * each) @ np.concatenate([now, later - now], axis=1)
            total += float(each.sum())
            self.pairs_ += len(piece)
            self.start_ = piece.windows[piece.first[-1]]
        self._check_counts(self.pairs_, len(self.dictionary_.names))
        self._finish(stream.finish(), readout / total)

    def _check_counts(self, pairs: int, features: int) -> None:
        if pairs < features:
            raise InputError(
                f"recording: {pairs} snapshot pairs for {features} observables found, expected at least as many pairs; "
                "use KernelEDMD, which is made for few snapshots, or a smaller dictionary"
            )

    def _finish(self, galerkin: Galerkin, readout: np.ndarray) -> None:
        self._set_galerkin(galerkin)
        self.notes_: tuple[str, ...] = ()
        if self.missing_:
            self.notes_ += (f"recording: {self.missing_} snapshot pairs with a missing value were left out",)
        self.rank_, self.cut_ = galerkin.rank, len(galerkin.basis) - galerkin.rank
        if self.cut_:
            self.notes_ += (
                f"dictionary: {self.cut_} of {len(galerkin.basis)} observables depend on the others on these data and "
                f"were cut off; {self.rank_} directions are left",
            )
        pairs = self._eigen_system(galerkin)
        self.eigenvalues_, self._vectors, self._left = pairs.eigenvalues, pairs.vectors, pairs.left
        self._fitted_residuals = pairs.residuals
        projected = galerkin.basis.conj().T @ readout
        self.readout_, self.increments_ = np.split(projected, 2, axis=1)
        self.modes_ = self._modes_of(np.arange(len(self.eigenvalues_)))
        gap = galerkin.image - np.eye(galerkin.rank)
        self.preservation_defect_ = float(np.linalg.norm(gap, 2))
        # So far K may seem to change energies by chance, however it samples.
        chance = 3 * float(np.sqrt(galerkin.rank / max(galerkin.samples, 1)))
        if self.measure_preserving and self.preservation_defect_ > CONTRADICTION + chance:
            self.notes_ += (
                f"measure_preserving: ||L - G|| is {self.preservation_defect_:.2g} of ||G|| on these data, expected "
                f"nearly 0, by chance up to {CONTRADICTION + chance:.2g}; the claim is doubtful, or the pairs do not "
                "sample the invariant measure",
            )
            caution(self.notes_[-1])

    @abstractmethod
    def _eigen_system(self, galerkin: Galerkin) -> EigenSystem:
        """Eigenpairs of the matrix that stands for the operator."""

    def _judge(self, pairs: Snapshots) -> None:
        """Residuals on these pairs, with bands, and standard errors of the eigenvalues."""
        psi = self.dictionary_.features(pairs.windows) @ self.galerkin_arrays_["basis"]
        values, left = psi @ self._vectors, psi[pairs.first] @ self._left
        before, after = values[pairs.first], values[pairs.second]
        bands = residual_bands(before, after, self.eigenvalues_, runs=pairs.run, seed=self.seed, draws=DRAWS)
        off = self._off_circle
        bands = replace(bands, residuals=off(bands.residuals), low=off(bands.low), high=off(bands.high))
        errors = eigenvalue_errors(left, before, after, self.eigenvalues_, pairs.run)
        self._set_residuals(bands.residuals, bands, errors)

    def _off_circle(self, residuals: np.ndarray) -> np.ndarray:
        """Residuals of at least the distance from the unit circle, where a measure is known to be preserved."""
        return np.maximum(residuals, np.abs(1 - np.abs(self.eigenvalues_))) if self.measure_preserving else residuals

    def spectral_measure(
        self,
        observable: int | str | np.ndarray = 0,
        angles: Float[np.ndarray, "angle"] | None = None,
        *,
        centre: bool = True,
        epsilon: float | None = None,
        order: int | None = None,
    ) -> SpectralMeasure:
        """How the energy of an observable is spread over frequencies, as of `inscape.analysis.spectral_measure`.

        Parameters
        ----------
        observable : a state variable, an observable of the dictionary by name, or (feature,) coefficients of its own.
        angles : radians a sample; 512 of the circle if None.
        centre : take the mean off, whose energy is an atom at angle zero.
        epsilon, order : width and order of the smoothing kernel; chosen if None.

        Raises
        ------
        UnknownNameError : for a name that is neither.
        """
        from inscape.analysis.spectral_measure import spectral_measure

        galerkin = self.galerkin_
        g = self._coordinates(observable)
        if centre and "1" in self.dictionary_.names:
            mean = galerkin.coordinates[:, self.dictionary_.names.index("1")]
            g = g - mean * (mean.conj() @ g) / (mean.conj() @ mean)
        return spectral_measure(galerkin, g, angles, epsilon=epsilon, order=order)

    def _coordinates(self, observable: Any) -> np.ndarray:
        """Of an observable in the orthonormal basis; a state that is outside of the span is projected on it."""
        names = self.dictionary_.names
        if isinstance(observable, str) and observable in names:
            return np.asarray(self.galerkin_arrays_["coordinates"][:, names.index(observable)])
        if isinstance(observable, str):
            if observable not in self.state_names_:
                raise UnknownNameError("observable", observable, (*self.state_names_, *names))
            observable = self.state_names_.index(observable)
        if isinstance(observable, (int, np.integer)):
            if not 0 <= observable < len(self.state_names_):
                raise InputError(
                    f"observable: {observable} found, expected 0 to {len(self.state_names_) - 1} or a name"
                )
            return np.asarray(self.readout_[:, observable])
        return self.galerkin_.coordinates_of(observable)

    def _window(self) -> int:
        return self._whole_dictionary().past

    def _whole_dictionary(self) -> Observables:
        asked = Dictionary.delays(10) if self.dictionary is None else self.dictionary
        if not isinstance(asked, Observables):
            raise InputError(f"dictionary: {type(asked).__name__} found, expected one such as Dictionary.delays(20)")
        return Dictionary.constant() | asked if self.constant and not asked.has_constant else asked

    def _eigenfunctions(self, windows: np.ndarray) -> np.ndarray:
        return np.asarray(self.dictionary_.features(windows) @ (self.galerkin_arrays_["basis"] @ self._vectors))

    def _modes_of(self, kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(self._vectors[:, kept], self.readout_.astype(complex), rcond=None)[0]
