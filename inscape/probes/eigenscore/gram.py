"""The determinant itself: a Gram matrix of the shorter side and its Cholesky factor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def log_determinant(rows: Float[np.ndarray, "sample unit"], alpha: float) -> float:
    """log det(Z Z' + alpha I) of the samples' Gram matrix, exact to rounding.

    Where there are more samples than units the smaller matrix Z'Z has the same determinant but for a power of alpha
    (Sylvester). Work grows as samples * units * the smaller of the two.

    Raises
    ------
    InputError : if alpha is 0 and the samples are linearly dependent.
    """
    samples, units = rows.shape
    is_tall = samples > units
    gram = rows.T @ rows if is_tall else rows @ rows.T
    size = len(gram)
    # Below this share of the trace alpha drowns in the rounding of the Gram matrix; singular values keep it.
    if alpha > 1e-11 * float(np.trace(gram)):
        gram[np.diag_indices(size)] += alpha
        factor = np.linalg.cholesky(gram)
        inner = 2.0 * float(np.log(np.diagonal(factor)).sum())
    else:
        inner = _by_singular_values(rows, alpha)
    return inner + (samples - size) * float(np.log(alpha)) if is_tall else inner


def _by_singular_values(rows: Float[np.ndarray, "sample unit"], alpha: float) -> float:
    values = np.linalg.svd(rows, compute_uv=False)
    eigenvalues = values**2 + alpha
    if eigenvalues.min() <= (np.finfo(float).eps * values.max() * max(rows.shape)) ** 2:
        raise InputError(f"alpha: {alpha:g} with linearly dependent answers, whose determinant is 0; expected more")
    return float(np.log(eigenvalues).sum())
