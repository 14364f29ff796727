"""Min-K%++: how likely it is that a text was trained on, from a network's logits (Zhang et al. 2025)."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError


def min_k(
    logits: Float[np.ndarray, "token vocabulary"], aims: Int[np.ndarray, "token"], *, share: float = 0.2
) -> float:
    """Mean of the lowest scores (log p(x_t) - mean) / deviation over a text; higher speaks for a trained text.

    Mean and deviation of log p are taken under the network's own prediction at each token. Test items among the
    highest (the paper: 10 %) are left out as contaminated.

    Parameters
    ----------
    logits : at each token, for the next one.
    aims : the token that came.
    share : of the tokens with the lowest scores that is averaged.

    Raises
    ------
    InputError : for shapes that do not fit, tokens outside the vocabulary, or a share outside (0, 1].
    """
    table = _numbers(logits)
    came = np.asarray(aims)
    if came.shape != table.shape[:1] or came.dtype.kind not in "iu":
        raise InputError(f"aims: {came.dtype} of shape {came.shape} found, expected {len(table)} whole numbers")
    if came.min() < 0 or came.max() >= table.shape[1]:
        raise InputError(f"aims: tokens {came.min()} to {came.max()} found, expected 0 to {table.shape[1] - 1}")
    if not 0 < share <= 1:
        raise InputError(f"share: {share!r} found, expected above 0 and at most 1")
    shifted = table - table.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    mean = (p * log_p).sum(axis=1)
    deviation = np.sqrt(np.maximum((p * (log_p - mean[:, None]) ** 2).sum(axis=1), 1e-20))
    score = np.sort((log_p[np.arange(len(came)), came] - mean) / deviation)
    return float(score[: max(1, int(len(score) * share))].mean())


def _numbers(logits: Any) -> np.ndarray:
    try:
        table = np.asarray(logits, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("logits: no table of numbers found, expected (token, vocabulary)") from None
    if table.ndim != 2 or 0 in table.shape or not np.isfinite(table).all():
        raise InputError(f"logits: shape {table.shape} found, expected finite numbers (token, vocabulary)")
    return table
