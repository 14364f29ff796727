"""`NVAR`: nonlinear vector autoregression, the next-generation reservoir computer (Gauthier et al. 2021)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.models.dictionary import Monomials, monomial_powers
from inscape.models.model import Model
from inscape.models.rollout import tape
from inscape.models.sparse_law import SparseLaw
from inscape.systems.plan import number
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

RIDGES = 10.0 ** np.arange(-13, 1)
"""Penalties tried by ridge="auto", per sample, in units of standardised states."""
BLOW_UP = 1e6


class NVAR(Model):
    """The next increment as a ridge polynomial of the last few samples (Nature Communications 12:5564, eqs. 4-9).

    Parameters
    ----------
    lags : samples the polynomial sees.
    stride : samples between them.
    degree : of the polynomial, over all lagged variables and, where the run is driven, the acting input.
    ridge : penalty per sample on coefficients of standardised variables; "auto" takes the one with the best
        closed-loop forecasts of the last fifth of the recording when learned from the rest.

    Notes
    -----
    After `fit`: `coef_` (state, term) in standardised units, `terms_`, `ridge_`, `mean_`, `scale_` (state,).
    """

    _takes_inputs = True

    def __init__(self, lags: int = 2, stride: int = 1, degree: int = 2, ridge: float | Literal["auto"] = "auto"):
        self.lags = lags
        self.stride = stride
        self.degree = degree
        self.ridge = ridge

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        self._past = (int(self.lags) - 1) * int(self.stride) + 1
        states = np.concatenate([run.states for run in runs])
        self.mean_ = np.nanmean(states, axis=0)
        inputs = np.concatenate([run.inputs for run in runs if run.inputs is not None]) if runs.input_names else None
        self.input_mean_ = np.zeros(0) if inputs is None else np.nanmean(inputs, axis=0)
        self.input_scale_ = np.ones(0) if inputs is None else np.nanstd(inputs, axis=0)
        self.input_scale_ = np.where(self.input_scale_ > 0, self.input_scale_, 1.0)
        self.terms_ = self._terms()
        x, y = self._rows(runs)
        if len(x) == 0:
            raise InputError(
                f"recording: longest run has {max(map(len, runs))} samples, expected over {self._past} in a row"
            )
        self.ridge_ = self._best_ridge(runs) if self.ridge == "auto" else float(self.ridge)
        self.coef_ = _ridge_path(x, y, np.array([self.ridge_]))[0]

    def _terms(self) -> Monomials:
        from inscape.systems.definition import symbol

        names = [
            n if lag == 0 else f"{n}_back{lag * int(self.stride)}"
            for lag in range(int(self.lags))
            for n in self.state_names_
        ]
        variables = [symbol(n) for n in (*names, *self.input_names_)]
        return Monomials(monomial_powers(len(variables), int(self.degree)), variables)

    def _rows(self, runs: Any) -> tuple[np.ndarray, np.ndarray]:
        xs, ys = [], []
        for run in runs:
            if len(run) <= self._past:
                continue
            z, acting = self._standard(run)
            seen = self._lagged(z)[:-1]
            x = self.terms_.columns(seen, acting[self._past - 1 : -1])
            y = z[self._past :] - z[self._past - 1 : -1]
            known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
            xs.append(x[known])
            ys.append(y[known])
        if not xs:
            return np.empty((0, len(self.terms_))), np.empty((0, len(self.mean_)))
        return np.concatenate(xs), np.concatenate(ys)

    def _standard(self, run: Trajectory) -> tuple[np.ndarray, np.ndarray]:
        acting = np.empty((len(run), 0)) if run.inputs is None else (run.inputs - self.input_mean_) / self.input_scale_
        return (run.states - self.mean_) / self.scale_, acting

    def _lagged(self, z: np.ndarray) -> np.ndarray:
        back = [int(lag) * int(self.stride) for lag in range(int(self.lags))]
        return np.concatenate([z[self._past - 1 - b : len(z) - b] for b in back], axis=1)

    def _best_ridge(self, runs: Trajectories) -> float:
        cut = [max(self._past + 1, round(0.8 * len(run))) for run in runs]
        early = [run[:c] for run, c in zip(runs, cut, strict=True)]
        x, y = self._rows(early)
        if len(x) < 2 * x.shape[1]:
            # With few rows a split would starve the fit; generalised cross-validation needs none.
            return float(RIDGES[np.argmin(generalised_cross_validation(*self._rows(runs), RIDGES))])
        path = _ridge_path(x, y, RIDGES)
        errors = np.array([self._closed_loop_error(runs, cut, coefficients) for coefficients in path])
        # Among equals the stronger penalty is the safer one.
        return float(RIDGES[np.flatnonzero(errors <= 1.02 * errors.min())[-1]])

    def _closed_loop_error(self, runs: Trajectories, cut: list[int], coefficients: np.ndarray) -> float:
        found: list[float] = []
        for run, start in zip(runs, cut, strict=True):
            z, acting = self._standard(run)
            reach = min(50, len(run) - start)
            if reach < 1:
                continue
            for origin in np.unique(np.linspace(start, len(run) - reach, 12).astype(int)):
                past = z[origin - self._past : origin]
                if not np.isfinite(past).all():
                    continue
                made = self._closed_loop(past, acting[origin - 1 : origin - 1 + reach], coefficients)
                error = np.abs(made - z[origin : origin + reach])
                found.append(float(np.nanmean(np.where(np.isfinite(made), np.minimum(error, 10.0), 10.0))))
        return float(np.mean(found)) if found else np.inf

    def _closed_loop(self, past: np.ndarray, acting: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        law = SparseLaw(self.terms_, coefficients, self.state_names_, self.input_names_, "discrete")
        products, rows, values = tape(law)
        series = np.concatenate([past, np.zeros((len(acting), past.shape[1]))])
        driving = np.ascontiguousarray(acting, dtype=float)
        _kernel()(series, driving, self._past, int(self.lags), int(self.stride), products, rows, values, BLOW_UP)
        return series[self._past :]

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        past = (history.states[-self._past :] - self.mean_) / self.scale_
        acting = np.empty((horizon, 0))
        if inputs is not None and history.inputs is not None:
            acting = np.concatenate([history.inputs[-1:], inputs])[:-1]
            acting = (acting - self.input_mean_) / self.input_scale_
        return self._closed_loop(past, acting, self.coef_) * self.scale_ + self.mean_

    @property
    def law(self) -> SymbolicSystem:
        """A polynomial `Map` of the last `past` samples, the older ones named x_back1, x_back2, ..."""
        import sympy

        from inscape.systems import Map
        from inscape.systems.definition import Definition, symbol

        check_is_fitted(self)
        names = tuple(n if lag == 0 else f"{n}_back{lag}" for lag in range(self._past) for n in self.state_names_)
        means = dict(zip((*self.state_names_, *self.input_names_), (*self.mean_, *self.input_mean_), strict=True))
        scales = dict(zip((*self.state_names_, *self.input_names_), (*self.scale_, *self.input_scale_), strict=True))
        standard = {}
        for variable in self.terms_.variables:
            own = str(variable).rsplit("_back", 1)[0] if str(variable) not in means else str(variable)
            standard[variable] = (variable - sympy.Float(means[own])) / sympy.Float(scales[own])
        expressions = [e.xreplace(standard) for e in self.terms_.expressions]
        sides: list[sympy.Expr] = []
        for index, name in enumerate(self.state_names_):
            parts = [sympy.Float(float(c)) * e for c, e in zip(self.coef_[index], expressions, strict=True) if c]
            sides.append(symbol(name) + sympy.Float(float(self.scale_[index])) * sympy.Add(*parts))
        sides += [symbol(n) for n in names[: len(names) - len(self.state_names_)]]
        definition = Definition("nvar", names, self.input_names_, {}, tuple(sides))
        return Map(definition, initial=np.tile(self.mean_, self._past))

    def _check(self) -> None:
        for name in ("lags", "stride", "degree"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        if not (isinstance(self.ridge, str) and self.ridge == "auto"):
            number("ridge", self.ridge, "a number, not negative, or 'auto'", least=0.0)


def generalised_cross_validation(
    x: Float[np.ndarray, "row term"], y: Float[np.ndarray, "row target"], ridges: Float[np.ndarray, "ridge"]
) -> Float[np.ndarray, "ridge"]:
    """Golub, Heath and Wahba (1979): mean squared residual over (1 - degrees of freedom / rows)^2, for each ridge."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    projected = u.T @ y
    outside = np.sum(y**2) - np.sum(projected**2)
    shrink = s**2 / (s**2 + len(x) * np.asarray(ridges)[:, None])
    residual = outside + np.einsum("rp,pt->r", (1 - shrink) ** 2, projected**2)
    freedom = np.maximum(1 - shrink.sum(axis=1) / len(x), 1e-3)
    return residual / len(x) / freedom**2


def _ridge_path(x: np.ndarray, y: np.ndarray, ridges: np.ndarray) -> Float[np.ndarray, "ridge target term"]:
    # The triangular factor keeps the accuracy that a Gram matrix of nearly collinear lags would lose.
    left, right = x, y
    if len(x) > x.shape[1]:
        triangle = np.asarray(np.linalg.qr(np.concatenate([x, y], axis=1), mode="r"))
        left, right = triangle[: x.shape[1], : x.shape[1]], triangle[: x.shape[1], x.shape[1] :]
    u, s, vt = np.linalg.svd(left, full_matrices=False)
    floor = s[0] * np.finfo(float).eps * max(x.shape)
    gain = np.where(s > floor, s / (s**2 + len(x) * np.asarray(ridges)[:, None] + (s <= floor)), 0.0)
    return np.einsum("rk,kt,kp->rtp", gain, u.T @ right, vt, optimize=True)


@cache
def _kernel() -> Any:
    import numba

    @numba.njit(cache=True)
    def run(series, inputs, past, lags, stride, products, rows, values, limit):  # type: ignore[no-untyped-def]
        dimension, driven = series.shape[1], inputs.shape[1]
        base = lags * dimension + driven
        slots = np.empty(base + 1 + len(products))
        slots[base] = 1.0
        for step in range(past, len(series)):
            for lag in range(lags):
                for i in range(dimension):
                    slots[lag * dimension + i] = series[step - 1 - lag * stride, i]
            for i in range(driven):
                slots[lags * dimension + i] = inputs[step - past, i]
            for k in range(len(products)):
                slots[base + 1 + k] = slots[products[k, 0]] * slots[products[k, 1]]
            largest = 0.0
            for i in range(dimension):
                series[step, i] = series[step - 1, i]
            for k in range(len(values)):
                series[step, rows[k, 0]] += values[k] * slots[rows[k, 1]]
            for i in range(dimension):
                largest = max(largest, abs(series[step, i]))
            if not largest < limit:
                series[step:, :] = np.nan
                return

    return run
