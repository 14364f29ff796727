"""Which hidden units the answers scatter in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.probes.eigenscore.embeddings import Centre, centred, checked_embeddings


def leverage(
    embeddings: Float[np.ndarray, "sample unit"], *, alpha: float = 1e-3, centre: Centre = "units"
) -> Float[np.ndarray, "unit"]:
    """Share of each unit in the log-determinant: h_i = z_i' (Z J Z' + alpha I)^-1 z_i, z_i the unit over answers.

    A leverage lies between 0 and 1; together they are at most the number of answers. log(1 - h_i) is what the
    log-determinant loses when unit i is taken away (see `score_without_unit`).

    Raises
    ------
    InputError : as of `eigenscore`.
    """
    rows = centred(checked_embeddings(embeddings, alpha), centre)
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    del left
    return np.asarray((right**2 * (values**2 / (values**2 + alpha))[:, None]).sum(axis=0))


def score_without_unit(
    embeddings: Float[np.ndarray, "sample unit"], *, alpha: float = 1e-3, centre: Centre = "units"
) -> Float[np.ndarray, "unit"]:
    """The eigenscore that remains when one unit is left out of the centred embeddings, for every unit at once.

    Raises
    ------
    InputError : as of `eigenscore`.
    """
    rows = centred(checked_embeddings(embeddings, alpha), centre)
    values = np.linalg.svd(rows, compute_uv=False)
    whole = np.log(values**2 + alpha).sum() + (len(rows) - len(values)) * np.log(alpha)
    lost = np.log1p(-np.minimum(leverage(embeddings, alpha=alpha, centre=centre), 1 - np.finfo(float).eps))
    return np.asarray((whole + lost) / len(rows))
