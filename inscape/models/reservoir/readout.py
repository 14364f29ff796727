"""The readout of a reservoir: ridge over all penalties at once, and recursive least squares for what never ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.errors import InputError, UnknownNameError
from inscape.single_thread import single_thread

PENALTIES: Float[np.ndarray, "penalty"] = 10.0 ** np.arange(-14.0, 1.0)
"""Penalties tried where none is named, in units of the mean square of a feature times the number of rows."""

Choice = Literal["gcv", "tail"]
CHOICES = ("gcv", "tail")


@dataclass(frozen=True, eq=False)
class RidgePath:
    """Ridge answers for every penalty: coef(p) = Q diag(1 / (e + p)) Q' X'y, from one decomposition X'X = Q diag(e) Q'.

    Parameters
    ----------
    penalties : (penalty,) tried, absolute.
    vectors : (feature, rank) eigenvectors; eigenvalues : (rank,).
    projected : (rank, target) Q' X' y.
    centre : (feature,) and target_centre : (target,) means; the constant is not penalised.
    errors : (penalty, target) mean squared error by generalised cross-validation or on the tail.
    chosen : (target,) index of the penalty with the smallest error.
    """

    penalties: Float[np.ndarray, "penalty"]
    vectors: Float[np.ndarray, "feature rank"]
    eigenvalues: Float[np.ndarray, "rank"]
    projected: Float[np.ndarray, "rank target"]
    centre: Float[np.ndarray, "feature"]
    target_centre: Float[np.ndarray, "target"]
    errors: Float[np.ndarray, "penalty target"]
    chosen: Int[np.ndarray, "target"]

    @property
    def readout(self) -> Readout:
        """The answer with the chosen penalty of each target."""
        return self.at(self.penalties[self.chosen])

    def at(self, penalty: float | Float[np.ndarray, "target"]) -> Readout:
        """The answer with one penalty, or one for each target."""
        size = np.broadcast_to(np.asarray(penalty, dtype=float), (self.projected.shape[1],))
        coef = self.vectors @ (self.projected / (self.eigenvalues[:, None] + size[None, :]))
        return Readout(coef, self.target_centre - self.centre @ coef, np.array(size))


@dataclass(frozen=True, eq=False)
class Readout:
    """y = x coef + constant.

    Parameters
    ----------
    coef : (feature, target); constant : (target,); penalty : (target,) that it was fitted with.
    """

    coef: Float[np.ndarray, "feature target"]
    constant: Float[np.ndarray, "target"]
    penalty: Float[np.ndarray, "target"]

    def __call__(self, features: Float[np.ndarray, "time feature"]) -> Float[np.ndarray, "time target"]:
        return features @ self.coef + self.constant


def ridge_path(
    features: Float[np.ndarray, "time feature"],
    targets: Float[np.ndarray, "time target"],
    *,
    penalties: Float[np.ndarray, "penalty"] | None = None,
    choose: Choice = "gcv",
    tail: float = 0.2,
    jointly: bool = False,
    precise: bool = False,
) -> RidgePath:
    """Ridge regression for all penalties and all targets at once; rows with a missing number are left out.

    Parameters
    ----------
    features : (time, feature); targets : (time, target) or (time,).
    penalties : absolute, of X'X; `PENALTIES` times the mean eigenvalue of X'X if None.
    choose : by generalised cross-validation (Golub, Heath and Wahba 1979), or on the last `tail` of the rows when
        fitted to the rest (the answer is then fitted to all rows).
    jointly : one penalty for all targets, by the sum of their errors in units of their variance.
    precise : decompose X itself instead of X'X: half the digits are not lost, at about four times the price.

    Raises
    ------
    InputError : if shapes disagree, or fewer than 2 rows are complete.
    """
    x, y = _rows(features, targets)
    if choose not in CHOICES:
        raise UnknownNameError("choice of the penalty", str(choose), CHOICES)
    if not 0 < tail < 1:
        raise InputError(f"tail: {tail!r} found, expected a share between 0 and 1")
    with single_thread():
        whole = _Decomposition.of(x, y, precise)
        tried = _penalties(penalties, whole)
        if choose == "gcv":
            errors = whole.cross_validation(tried)
        else:
            cut = len(x) - max(1, round(tail * len(x)))
            if cut < 2:
                raise InputError(f"targets: {len(x)} complete rows found, too few to hold a tail of {tail:g} out")
            errors = _Decomposition.of(x[:cut], y[:cut], precise).errors_on(x[cut:], y[cut:], tried)
    if jointly:
        scale = np.where(y.var(axis=0) > 0, y.var(axis=0), 1.0)
        chosen = np.full(y.shape[1], int(np.argmin((errors / scale).sum(axis=1))))
    else:
        chosen = np.argmin(errors, axis=0)
    return RidgePath(
        tried, whole.vectors, whole.eigenvalues, whole.projected, whole.centre, whole.target_centre, errors, chosen
    )


def ridge(
    features: Float[np.ndarray, "time feature"],
    targets: Float[np.ndarray, "time target"],
    penalty: float,
    *,
    precise: bool = False,
) -> Readout:
    """Ridge regression with one absolute penalty; as `ridge_path` otherwise."""
    return ridge_path(features, targets, penalties=np.array([float(penalty)]), precise=precise).readout


def complete_rows(*arrays: Float[np.ndarray, "time column"]) -> Bool[np.ndarray, "time"]:
    """Rows in which every array holds only finite numbers."""
    return np.logical_and.reduce([np.isfinite(a).all(axis=1) for a in arrays])


@dataclass(frozen=True, eq=False)
class _Decomposition:
    vectors: np.ndarray
    eigenvalues: np.ndarray
    projected: np.ndarray
    centre: np.ndarray
    target_centre: np.ndarray
    squares: np.ndarray
    rows: int

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, precise: bool) -> _Decomposition:
        from scipy.linalg import eigh
        from scipy.linalg.blas import dsyrk

        centre, target_centre = x.mean(axis=0), y.mean(axis=0)
        x, y = x - centre, y - target_centre
        if precise:
            left, right = x, y
            if len(x) > x.shape[1]:
                triangle = np.asarray(np.linalg.qr(np.concatenate([x, y], axis=1), mode="r"))
                left, right = triangle[: x.shape[1], : x.shape[1]], triangle[: x.shape[1], x.shape[1] :]
            u, s, vt = np.linalg.svd(left, full_matrices=False)
            values, vectors, projected = s**2, vt.T, s[:, None] * (u.T @ right)
        elif len(x) < x.shape[1]:
            # Fewer rows than features: the small Gram matrix of the rows has the same eigenvalues.
            values, rows = eigh(x @ x.T, driver="evd")
            kept = values > max(values[-1], 0.0) * len(x) * np.finfo(float).eps
            values, rows = values[kept], rows[:, kept]
            vectors = x.T @ rows / np.sqrt(values)
            projected = np.sqrt(values)[:, None] * (rows.T @ y)
        else:
            # One triangle is enough, and half the work.
            values, vectors = eigh(dsyrk(1.0, np.ascontiguousarray(x).T), lower=False, driver="evd")
            values = np.maximum(values, 0.0)
            projected = vectors.T @ (x.T @ y)
        return cls(vectors, values, projected, centre, target_centre, np.sum(y**2, axis=0), len(x))

    def cross_validation(self, penalties: np.ndarray) -> np.ndarray:
        """Mean squared residual over (1 - degrees of freedom / rows)^2, (penalty, target)."""
        floor = self._floor
        values = np.where(self.eigenvalues > floor, self.eigenvalues, np.inf)
        energy = self.projected**2 / values[:, None]
        fitted = np.where(self.eigenvalues > floor, self.eigenvalues, 0.0) / (
            self.eigenvalues + penalties[:, None] + floor
        )
        outside = np.maximum(self.squares - energy.sum(axis=0), 0.0)
        residual = outside + (1 - fitted) ** 2 @ energy
        freedom = np.maximum(1 - (fitted.sum(axis=1) + 1) / self.rows, 0.5 / self.rows)
        return np.asarray(residual / self.rows / freedom[:, None] ** 2)

    def errors_on(self, x: np.ndarray, y: np.ndarray, penalties: np.ndarray) -> np.ndarray:
        seen = (x - self.centre) @ self.vectors
        error = []
        for penalty in penalties:
            answer = seen @ (self.projected / (self.eigenvalues[:, None] + penalty + self._floor))
            error.append(np.mean((answer + self.target_centre - y) ** 2, axis=0))
        return np.array(error)

    @property
    def _floor(self) -> float:
        return float(self.eigenvalues.max(initial=0.0) * np.finfo(float).eps ** 2 + np.finfo(float).tiny)


def _penalties(penalties: Any, whole: _Decomposition) -> np.ndarray:
    if penalties is None:
        mean = whole.eigenvalues.sum() / max(1, len(whole.centre))
        return PENALTIES * (mean if mean > 0 else 1.0)
    tried = np.atleast_1d(np.asarray(penalties, dtype=float))
    if tried.ndim != 1 or not len(tried) or not (np.isfinite(tried).all() and (tried >= 0).all()):
        raise InputError(f"penalties: {penalties!r} found, expected numbers, 0 or more")
    return tried


def _rows(features: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        x, y = np.asarray(features, dtype=float), np.asarray(targets, dtype=float)
    except (TypeError, ValueError):
        raise InputError("features, targets: something other than numbers found, expected (time, column)") from None
    y = y[:, None] if y.ndim == 1 else y
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or 0 in (x.shape[1], y.shape[1]):
        raise InputError(
            f"features, targets: shapes {x.shape} and {np.shape(targets)} found, expected (time, feature) and "
            "(time, target)"
        )
    known = complete_rows(x, y)
    if known.sum() < 2:
        raise InputError(f"features: {int(known.sum())} rows without a gap found, expected at least 2")
    return (x, y) if known.all() else (x[known], y[known])
