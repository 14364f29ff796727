"""`ProperModes`: curves of any model as a few proper orthogonal modes with amplitudes that follow the parameters."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.models.operator_surrogate.boxed import Boxed, Outside

Regression = Literal["polynomial", "network"]
_DEGREES = (1, 2, 3, 4, 5, 6)


class ProperModes(Boxed):
    """Curves from proper modes; amplitudes by polynomials of total degree, or by a network.

    Parameters
    ----------
    box, times, outside : as of `Boxed`.
    regression : "polynomial" (least squares on products of Legendre polynomials; the degree with the least error on
        runs left out one at a time) or "network" (scikit-learn's, two layers of 64).
    share : of the variance of the curves that the modes may leave out.
    degree : of the polynomial; chosen if None.
    baseline : a cheap model (run, parameter) to (run, time); what is learned is then the difference from it.
    seed : of the draws in `fit_model`, and of the network.

    After `fit`: `modes_` (mode, time), `mean_` (time,), `degree_`, `error_` (mean absolute error of runs left out, in
    the unit of the curves), `runs_`, `seconds_` (CPU of the fit) and `truth_seconds_` (CPU of the model, in
    `fit_model`).
    """

    def __init__(
        self,
        box: Mapping[str, tuple[float, float]],
        times: Any,
        *,
        regression: Regression = "polynomial",
        share: float = 1e-10,
        degree: int | None = None,
        baseline: Callable[[np.ndarray], np.ndarray] | None = None,
        seed: int | None = 0,
        outside: Outside = "refuse",
    ):
        super().__init__(box, times, outside)
        if regression not in ("polynomial", "network"):
            raise UnknownNameError("regression", str(regression), ("polynomial", "network"))
        self.regression: Regression = regression
        self.share = float(share)
        self.degree = degree
        self.baseline = baseline
        self.seed = seed

    def fit_model(self, model: Callable[[np.ndarray], np.ndarray], runs: int = 256) -> Self:
        """Learn from `runs` curves of a model, at points of a Sobol sequence in the box.

        Raises
        ------
        InputError : if fewer than eight of the curves are finite.
        """
        from scipy.stats import qmc

        unit = 2.0 * qmc.Sobol(len(self.names), seed=self.seed).random(int(runs)) - 1.0
        rows = self.from_unit(unit)
        began = time.process_time()
        curves = np.asarray(model(rows), dtype=float)
        self.truth_seconds_ = time.process_time() - began
        return self.fit(rows, curves)

    def fit(self, parameters: Float[np.ndarray, "run parameter"], curves: Float[np.ndarray, "run time"]) -> Self:
        """Learn from curves; runs that are not finite throughout are left out.

        Raises
        ------
        InputError : if shapes disagree or fewer than eight runs are left.
        """
        rows, found = self._rows(parameters), np.asarray(curves, dtype=float)
        if found.shape != (len(rows), len(self.times)):
            raise InputError(f"curves: shape {found.shape} found, expected ({len(rows)}, {len(self.times)})")
        good = np.isfinite(found).all(axis=1)
        if good.sum() < 8:
            raise InputError(
                f"curves: {int(good.sum())} of {len(found)} runs are finite throughout, expected at least 8; shorten "
                "the curve or narrow the box"
            )
        began = time.process_time()
        rows, found = rows[good], found[good]
        if self.baseline is not None:
            found = found - np.asarray(self.baseline(rows))
        self.runs_ = len(rows)
        self.mean_ = found.mean(axis=0)
        left, values, right = np.linalg.svd(found - self.mean_, full_matrices=False)
        left_out = 1.0 - np.cumsum(values**2) / max((values**2).sum(), 1e-300)
        count = int(np.searchsorted(-left_out, -self.share)) + 1
        self.modes_ = right[:count]
        amplitudes = left[:, :count] * values[:count]
        unit = self.unit(rows)
        if self.regression == "polynomial":
            self._fit_polynomial(unit, amplitudes)
        else:
            self._fit_network(unit, amplitudes)
        self.seconds_ = time.process_time() - began
        return self

    def _fit_polynomial(self, unit: np.ndarray, amplitudes: np.ndarray) -> None:
        best: tuple[float, int, np.ndarray] | None = None
        for degree in _DEGREES if self.degree is None else (int(self.degree),):
            powers = _total_degree(unit.shape[1], degree)
            if len(powers) > 0.8 * len(unit):
                break
            basis = _legendre(unit, powers)
            orthogonal, triangle = np.linalg.qr(basis)
            weights = np.linalg.solve(triangle, orthogonal.T @ amplitudes)
            leverage = np.minimum((orthogonal**2).sum(axis=1, keepdims=True), 1 - 1e-9)
            left_out = (amplitudes - basis @ weights) / (1.0 - leverage) @ self.modes_
            error = float(np.abs(left_out).mean())
            if best is None or error < best[0]:
                best = (error, degree, weights)
        if best is None:
            raise InputError(
                f"degree: a polynomial of degree {self.degree or 1} in {unit.shape[1]} parameters needs more than "
                f"{len(unit)} runs"
            )
        self.error_, self.degree_, self._weights = best
        self._powers = _total_degree(unit.shape[1], self.degree_)

    def _fit_network(self, unit: np.ndarray, amplitudes: np.ndarray) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        self._spread = np.maximum(amplitudes.std(axis=0), 1e-300)
        # Amplitudes weigh as much as they move the curve, so that small modes are not fitted in vain.
        target = amplitudes / self._spread.max()
        test = np.arange(len(unit)) % 5 == 0

        def net() -> Any:
            return MLPRegressor(
                hidden_layer_sizes=(64, 64), activation="tanh", solver="lbfgs", alpha=1e-7, max_iter=2000, max_fun=4000,
                random_state=self.seed,
            )  # fmt: skip

        with warnings.catch_warnings():
            # It stops at its limit by design.
            warnings.simplefilter("ignore", ConvergenceWarning)
            trial = net().fit(unit[~test], target[~test])
            whole = net().fit(unit, target)
        missed = (trial.predict(unit[test]).reshape(int(test.sum()), -1) - target[test]) * self._spread.max()
        self.error_ = float(np.abs(missed @ self.modes_).mean())
        self.degree_ = 0
        self._layers = list(zip(whole.coefs_, whole.intercepts_, strict=True))

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        if not hasattr(self, "modes_"):
            raise InputError("ProperModes: not fitted yet; call fit(parameters, curves) or fit_model(model)")
        unit = self.unit(rows)
        if self.regression == "polynomial":
            amplitudes = _legendre(unit, self._powers) @ self._weights
        else:
            state = unit
            for number, (weights, bias) in enumerate(self._layers):
                state = state @ weights + bias
                state = np.tanh(state) if number < len(self._layers) - 1 else state
            amplitudes = state * self._spread.max()
        curves = amplitudes @ self.modes_ + self.mean_
        return curves if self.baseline is None else curves + np.asarray(self.baseline(rows))


def _total_degree(width: int, degree: int) -> np.ndarray:
    """(term, parameter) all powers whose sum is at most `degree`."""
    return np.array([p for p in product(range(degree + 1), repeat=width) if sum(p) <= degree])


def _legendre(unit: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """(run, term) products of Legendre polynomials."""
    degree = int(powers.max()) if powers.size else 0
    tables = np.ones((degree + 1, *unit.shape))
    if degree >= 1:
        tables[1] = unit
    for n in range(1, degree):
        tables[n + 1] = ((2 * n + 1) * unit * tables[n] - n * tables[n - 1]) / (n + 1)
    found = np.ones((len(unit), len(powers)))
    for column in range(unit.shape[1]):
        found *= tables[powers[:, column], :, column].T
    return found
