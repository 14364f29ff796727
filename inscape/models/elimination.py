"""Backward elimination: from all terms down to none, each time without the one that is missed least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

PRUNE_ABOVE = 60
"""With more active terms than this, a tenth of them goes at a time."""


@dataclass(frozen=True)
class Path:
    """Supports of 0, 1, 2, ... terms and the squared residual that each leaves.

    Parameters
    ----------
    supports : (step, term), smallest first; residuals : (step,) sums of squares; sizes : (step,).
    """

    supports: Bool[np.ndarray, "step term"]
    residuals: Float[np.ndarray, "step"]

    @property
    def sizes(self) -> np.ndarray:
        return self.supports.sum(axis=1)


def elimination_paths(terms: Float[np.ndarray, "row term"], targets: Float[np.ndarray, "row target"]) -> list[Path]:
    """One path for each target.

    The rows are folded once into the triangular factor of terms and targets; after that a step costs only the number
    of terms cubed, whatever the number of rows.
    """
    scale = np.linalg.norm(terms, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    count = terms.shape[1]
    triangle = np.asarray(np.linalg.qr(np.concatenate([terms / scale, targets], axis=1), mode="r"))
    left = triangle[:count, :count]
    return [
        _path(left, triangle[:count, count + t], float(np.sum(triangle[count:, count + t] ** 2)))
        for t in range(targets.shape[1])
    ]


def chosen_step(path: Path, effective_rows: float, weight: float = 4.0, floor: float = 0.0) -> int:
    """The step of least n log(residual) + weight log(n) terms, with n the number of independent rows.

    `weight` is 1 for the criterion of Schwarz (1978); more guards against what correlated errors let pass.

    Parameters
    ----------
    floor : residuals below it are all taken as equal: rounding cannot tell them apart.
    """
    return int(np.argmin(information(path, effective_rows, weight, floor)))


def information(path: Path, effective_rows: float, weight: float = 4.0, floor: float = 0.0) -> np.ndarray:
    """The criterion that `chosen_step` makes least, for every step."""
    residuals = np.maximum(path.residuals, max(floor, 1e-300))
    return effective_rows * np.log(residuals) + weight * np.log(max(effective_rows, 2.0)) * path.sizes


def _path(left: np.ndarray, right: np.ndarray, outside: float) -> Path:
    active = np.arange(left.shape[1])
    supports, residuals = [], []
    while len(active):
        columns = left[:, active]
        q, r = np.linalg.qr(columns)
        projected = q.T @ right
        diagonal = np.abs(np.diag(r))
        if diagonal.min() > 1e-14 * diagonal.max():
            inverse = np.linalg.solve(r, np.eye(len(active)))
            coefficients = inverse @ projected
            spread = np.sum(inverse**2, axis=1)
            inside = float(np.sum((right - q @ projected) ** 2))
        else:
            u, s, vt = np.linalg.svd(columns, full_matrices=False)
            gain = np.where(s > 1e-14 * s[0], 1 / np.where(s > 0, s, 1.0), 0.0)
            coefficients = vt.T @ (gain * (u.T @ right))
            # A term inside a null direction can go at no cost at all: its spread is as large as can be.
            null = np.sum(vt[s <= 1e-14 * s[0]] ** 2, axis=0)
            spread = np.sum((vt.T * gain) ** 2, axis=1) + null * 1e28
            inside = float(np.sum((right - columns @ coefficients) ** 2))
        mask = np.zeros(left.shape[1], dtype=bool)
        mask[active] = True
        supports.append(mask)
        residuals.append(inside + outside)
        loss = coefficients**2 / spread
        leaving = max(1, len(active) // 10) if len(active) > PRUNE_ABOVE else 1
        active = np.delete(active, np.argsort(loss, kind="stable")[:leaving])
    supports.append(np.zeros(left.shape[1], dtype=bool))
    residuals.append(float(right @ right) + outside)
    return Path(np.array(supports[::-1]), np.array(residuals[::-1]))
