"""`KoopmanModel`: what the Koopman laws share - eigenvalues with residuals, and a forecast through verified modes."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from jaxtyping import Complex, Float
from sklearn.utils.validation import check_is_fitted

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.residual_bands import ResidualBands
from inscape.errors import InputError
from inscape.models.koopman.eigen_table import KoopmanEigen
from inscape.models.koopman.given_pairs import quadrature, windows_given
from inscape.models.koopman.held_out_pairs import HeldOutPairs
from inscape.models.koopman.observables import positive
from inscape.models.koopman.snapshots import Snapshots
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

if TYPE_CHECKING:
    from inscape.analysis.certificate import Certificate
    from inscape.analysis.point_energy import PointEnergy
    from inscape.analysis.pseudospectrum import Pseudospectrum
    from inscape.analysis.spectral_measure import SpectralMeasure

STILL = 1e-9
"""How near to 1 an eigenvalue with a residual as small belongs to a function that stays as it is."""
OUT_OF_BOUNDS = 10.0
"""Widths of the recording's range beyond which a forecast in steps counts as diverged."""


class KoopmanWarning(UserWarning):
    """A Koopman law was fitted, but something that was asked or assumed of it does not hold."""


class KoopmanModel(Model):
    """Base of the Koopman laws.

    Leaves set in `_learn_pairs`: `eigenvalues_` (pair,), `residuals_`, `residual_low_`, `residual_high_`,
    `eigenvalue_errors_` (pair,), `modes_` (pair, state), `_galerkin` (its arrays), and they evaluate eigenfunctions.
    """

    max_residual: float
    growth: Literal["tame", "free", "none"]
    resample: bool
    held_out: float
    notes_: tuple[str, ...]
    held_out_pairs_: int

    # ---------------------------------------------------------------- fitting

    def fit(self, trajectories: Any, dt: float | None = None) -> Self:
        """Learn from runs of one system; with `resample=True`, uneven ones are put on even times first.

        Raises
        ------
        InputError : if runs are too short, unevenly sampled, hold infinities, or are too few for the dictionary.
        """
        runs = as_trajectories(trajectories, dt)
        if self.resample:
            runs = evenly_sampled(runs)
        self._check_settings()
        return super().fit(runs)

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
        weights : (pair,) of a quadrature rule, nothing being held out then; all alike if None.
        """
        x, y = windows_given(before, "before"), windows_given(after, "after")
        if x.shape != y.shape:
            raise InputError(f"after: shape {y.shape} found, expected that of before, {x.shape}")
        positive("dt", dt)
        self._check_settings()
        pairs = Snapshots.of_pairs(x, y)
        if not len(pairs):
            raise InputError("before: no complete pair found, expected at least one")
        each = None if weights is None else quadrature(weights, len(x))[pairs.run]
        self.dt_, self.input_names_ = float(dt), ()
        self.state_names_ = tuple(state_names) or tuple(f"x{i}" for i in range(x.shape[2]))
        deviation = pairs.windows[:, -1].std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        self._past = self._window()
        self._learn_pairs(pairs, HeldOutPairs(0.0 if weights is not None else float(self.held_out), 0), each)
        return self

    def _learn(self, runs: Trajectories) -> None:
        if runs.input_names:
            raise InputError(f"recording: inputs {', '.join(runs.input_names)} found, Koopman laws take none; DMD does")
        self._past = self._window()
        pairs = Snapshots.joined(Snapshots.of_states(run.states, self._past, k) for k, run in enumerate(runs))
        if not len(pairs):
            raise InputError(
                f"recording: {max(map(len, runs))} samples in the longest run, expected over {self._past} in a row"
            )
        self._learn_pairs(pairs, HeldOutPairs(float(self.held_out), self._past, runs.lengths), None)

    @abstractmethod
    def _window(self) -> int:
        """Samples in a snapshot."""

    @abstractmethod
    def _learn_pairs(self, pairs: Snapshots, held: HeldOutPairs, weights: np.ndarray | None) -> None:
        """Set the learned attributes from snapshot pairs, those that are held out apart."""

    def _check_settings(self) -> None:
        if self.growth not in ("tame", "free", "none"):
            raise InputError(f"growth: {self.growth!r} found, expected 'tame', 'free' or 'none'")
        bound = self.max_residual
        if not (isinstance(bound, (int, float, np.number)) and bound >= 0):
            raise InputError(f"max_residual: {bound!r} found, expected a number of at least 0; np.inf keeps all")
        share = self.held_out
        if isinstance(share, bool) or not (isinstance(share, (int, float, np.number)) and 0 <= share < 1):
            raise InputError(f"held_out: {share!r} found, expected a share of at least 0 and below 1")

    @property
    def _judged_eigenfunctions(self) -> bool:
        """Whether residuals are those of the eigenfunctions that a forecast runs through."""
        return True

    def _set_galerkin(self, galerkin: Galerkin) -> None:
        # Arrays under plain names: a fitted model is kept as numbers and texts, never as objects.
        self.galerkin_arrays_ = {name: getattr(galerkin, name) for name in Galerkin.__dataclass_fields__}

    @property
    def galerkin_(self) -> Galerkin:
        """What the dictionary sees of the operator; the functions of `inscape.analysis` read it."""
        check_is_fitted(self)
        return Galerkin(**self.galerkin_arrays_)

    # ---------------------------------------------------------------- spectrum

    def eigen(self, max_residual: float | None = None) -> KoopmanEigen:
        """Eigenvalues, each with its residual, band and mode; the smallest residual first.

        Parameters
        ----------
        max_residual : leave out those whose residual - the upper end of its band, where there is one - lies above.
        """
        check_is_fitted(self)
        with np.errstate(divide="ignore"):
            exponents = np.log(self.eigenvalues_.astype(complex)) / self.dt_
        bound = float(self.max_residual) if max_residual is None else float(max_residual)
        table = KoopmanEigen(
            self.eigenvalues_,
            exponents,
            self.residuals_,
            self.residual_low_,
            self.residual_high_,
            self.eigenvalue_errors_,
            self.modes_,
            self.state_names_,
            self._is_verified(bound),
            max_residual,
            len(self.eigenvalues_),
        )
        order = np.argsort(self.residuals_, kind="stable")
        if max_residual is not None:
            order = order[table.verified[order]]
        return table.kept(order)

    def _is_verified(self, bound: float) -> np.ndarray:
        # Conjugates have one residual but for rounding; the slack keeps them together.
        return np.asarray(self._upper() <= bound * (1 + 1e-6) + 1e-12)

    def _upper(self) -> np.ndarray:
        return np.where(np.isnan(self.residual_high_), self.residuals_, self.residual_high_)

    def _set_residuals(
        self, values: np.ndarray, bands: ResidualBands | None = None, errors: np.ndarray | None = None
    ) -> None:
        """Residuals, with their bands where pairs were held out; NaN stands for a band that is not known."""
        unknown = np.full(len(values), np.nan)
        self.residuals_ = values
        self.residual_low_, self.residual_high_ = (unknown, unknown) if bands is None else (bands.low, bands.high)
        self.eigenvalue_errors_ = unknown if errors is None else errors
        held = (
            {} if bands is None else {name: getattr(bands, name) for name in ("level", "blocks", "samples", "dropped")}
        )
        self.band_settings_ = held

    def _bands(self) -> ResidualBands | None:
        """The residuals on held-out pairs, as `inscape.analysis` has them; None where nothing was held out."""
        if not self.band_settings_ or not self.held_out_pairs_:
            return None
        return ResidualBands(self.residuals_, self.residual_low_, self.residual_high_, **self.band_settings_)

    def eigenfunctions(self, recording: Any, dt: float | None = None) -> Complex[np.ndarray, "sample pair"]:
        """The value of every eigenfunction along one run; the first sample is the one that closes the first window."""
        check_is_fitted(self)
        runs = as_trajectories(recording, self.dt_ if dt is None else dt)
        if len(runs) != 1:
            raise InputError(f"recording: {len(runs)} runs found, expected one")
        return self._eigenfunctions(self._windows(runs[0].states))

    def pseudospectrum(
        self,
        z: Complex[np.ndarray, "*point"] | None = None,
        *,
        tolerance: float = 0.01,
        levels: Sequence[float] | None = None,
    ) -> Pseudospectrum:
        """Bounds of the least residual at points of the plane, as of `inscape.analysis.pseudospectrum`.

        Parameters
        ----------
        z : points; a grid about the unit disc if None.
        tolerance : width of the bounds.
        levels : residuals at which contours are wanted; other places are left as wide as they are.
        """
        from inscape.analysis.pseudospectrum import plane, pseudospectrum

        marks = None if levels is None else np.asarray(levels, dtype=float)
        return pseudospectrum(self.galerkin_, plane() if z is None else z, tolerance=tolerance, levels=marks)

    def point_energy(self, recording: Any, variable: int | str = 0, **settings: Any) -> PointEnergy:
        """Share of a variable's energy that lies in eigenfunctions, as of `inscape.analysis.point_energy`.

        Parameters
        ----------
        recording : one long run at the fitted interval; the model keeps none.
        variable : by number or name.
        """
        from inscape.analysis.point_energy import point_energy

        check_is_fitted(self)
        return point_energy(recording, column=variable, **settings)

    def certificate(
        self,
        states: Any = None,
        *,
        sampling: str | None = None,
        invertible: bool | None = None,
        lipschitz: float | None = None,
        measure: SpectralMeasure | None = None,
        energy: PointEnergy | None = None,
    ) -> Certificate:
        """What is proved, under which assumption, in how many limits, and what is withheld for which reason.

        Parameters
        ----------
        states : a recording at which results shall be used; what leaves the range of the fit is withheld.
        sampling, invertible, lipschitz, measure, energy : as of `inscape.analysis.certificate`.
        """
        from inscape.analysis.certificate import certificate

        check_is_fitted(self)
        used = None
        if states is not None:
            used = np.concatenate([run.states for run in as_trajectories(states, self.dt_)])
            used = used[np.isfinite(used).all(axis=1)]
        return certificate(
            self.galerkin_,
            sampling=sampling,
            measure_preserving=True if getattr(self, "measure_preserving", False) else None,
            invertible=invertible,
            lipschitz=lipschitz,
            bands=self._bands(),
            max_residual=float(self.max_residual),
            measure=measure,
            energy=energy,
            validation_range=self.range_,
            states=used,
        )

    def _windows(self, states: np.ndarray) -> np.ndarray:
        if states.ndim != 2 or states.shape[1] != len(self.state_names_) or len(states) < self._past:
            raise InputError(
                f"recording: states of shape {states.shape} found, expected (time, {len(self.state_names_)}) with at "
                f"least {self._past} samples"
            )
        return np.lib.stride_tricks.sliding_window_view(states, self._past, axis=0).transpose(0, 2, 1)

    # ---------------------------------------------------------------- forecast

    def forecast(self, history: Any, horizon: int, inputs: Any = None) -> Trajectory:
        """As of `Model`; `context["modes"]` counts the modes used, `context["caution"]` says what is not verified."""
        check_is_fitted(self)
        made = super().forecast(history, horizon, inputs)
        kept, caution = self._forecast_modes()
        newest = as_trajectories(history, self.dt_)[0].states[-self._past :]
        outside = self._outside(newest)
        notes = "; ".join(filter(None, (caution, outside)))
        return made.replace(
            context={**made.context, "modes": float(len(kept)), **({"caution": notes} if notes else {})}
        )

    def _forecast_modes(self) -> tuple[np.ndarray, str]:
        kept = np.flatnonzero(self._is_verified(float(self.max_residual)))
        still = (np.abs(self.eigenvalues_ - 1) <= STILL) & (self.residuals_ <= STILL)
        if still[kept].all():
            best = self.residuals_[~still].min() if (~still).any() else 0.0
            return np.arange(len(self.eigenvalues_)), (
                f"no moving mode is verified: the best residual is {best:.2g}, the bound {self.max_residual:g}; "
                "the forecast runs through all modes and carries no certificate"
            )
        return kept, ""

    def _outside(self, states: np.ndarray) -> str:
        """In words, that a history leaves the range on which residuals were measured; empty where it does not."""
        low, high = self.range_
        beyond = [
            name
            for name, column, least, most in zip(self.state_names_, states.T, low, high, strict=True)
            if column.min() < least or column.max() > most
        ]
        if not beyond:
            return ""
        return f"{', '.join(beyond)} leaves the range of the recording; its residuals say nothing there"

    def _tamed(self, kept: np.ndarray) -> np.ndarray:
        """Eigenvalues of a forecast: growth that a residual does not bear out is put on the circle."""
        values = self.eigenvalues_[kept].astype(complex)
        if self.growth == "free":
            return values
        size = np.abs(values)
        grows = size > 1
        if self.growth == "tame" and self._judged_eigenfunctions:
            grows &= size - 1 <= self._upper()[kept]
        return np.where(grows, values / np.where(size > 0, size, 1.0), values)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self._continue_each([history], inputs, horizon)[0]

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        windows = np.stack([history.states[-self._past :].astype(float) for history in histories])
        kept, _ = self._forecast_modes()
        starts = self._eigenfunctions(windows)[:, kept]
        powers = self._tamed(kept) ** np.arange(1, horizon + 1)[:, None]
        return np.real((starts[:, None] * powers) @ self._modes_of(kept))

    def _inside(self, states: np.ndarray) -> np.ndarray:
        """The states (origin, state), NaN those that have left ten times the range of the recording: they diverged."""
        low, high = self.range_
        reach = OUT_OF_BOUNDS * (high - low) + np.finfo(float).tiny
        inside = ((states >= low - reach) & (states <= high + reach)).all(axis=1, keepdims=True)
        return np.where(inside, states, np.nan)

    @abstractmethod
    def _eigenfunctions(self, windows: np.ndarray) -> np.ndarray:
        """(sample, past, state) -> (sample, pair)."""

    @abstractmethod
    def _modes_of(self, kept: np.ndarray) -> np.ndarray:
        """(kept, state): the state as the best sum of these eigenfunctions alone."""

    def __str__(self) -> str:
        if not self.__sklearn_is_fitted__():
            return repr(self)
        return "\n".join([" ".join(repr(self).split()), repr(self.eigen()), *self.notes_])


def evenly_sampled(runs: Trajectories) -> Trajectories:
    """Uneven runs on even times, at the median interval of the longest."""
    from inscape.trajectories import resample

    if all(run.is_uniform for run in runs):
        return runs
    interval = float(np.median(np.diff(max(runs, key=len).times)))
    return resample(runs, interval)


def caution(message: str) -> None:
    """Warn the caller of `fit`."""
    warnings.warn(message, KoopmanWarning, stacklevel=4)
