"""Fits at many rates of precession at once: given the rate, every other parameter of event times is linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.models import Events, constant_part, design_of


@dataclass(frozen=True, eq=False)
class ConditionalFits:
    """The best linear fit at each rate.

    Parameters
    ----------
    rates : (rate,) degrees a day.
    coefficients : (rate, parameter)
    covariances : (rate, parameter, parameter)
    log_likelihood : (rate,) at the best coefficients.
    """

    rates: Float[np.ndarray, "rate"]
    coefficients: Float[np.ndarray, "rate parameter"]
    covariances: Float[np.ndarray, "rate parameter parameter"]
    log_likelihood: Float[np.ndarray, "rate"]


def fits_at(
    events: Events,
    model: str,
    rates: Float[np.ndarray, "rate"],
    variances: Float[np.ndarray, "event"],
    *,
    anomalistic_half: bool = False,
    beliefs: tuple[tuple[int, float, float], ...] = (),
) -> ConditionalFits:
    """Weighted least squares at every rate, by QR of the stacked designs.

    Parameters
    ----------
    beliefs : (parameter, mean, standard deviation) of normal priors, which count as observations.
    """
    designs = np.stack([design_of(events, model, float(r), anomalistic_half=anomalistic_half) for r in rates])
    values = np.broadcast_to(events.offsets, (len(rates), len(events)))
    if anomalistic_half:
        values = values - np.stack([constant_part(events, float(r)) for r in rates])
    scale = np.abs(designs).max(axis=1)
    whitened = designs / scale[:, None] / np.sqrt(variances)[:, None]
    target = values / np.sqrt(variances)
    norm = float(np.log(2 * np.pi * variances).sum())
    if beliefs:
        rows = np.zeros((len(rates), len(beliefs), designs.shape[2]))
        for row, (parameter, _, sigma) in enumerate(beliefs):
            rows[:, row, parameter] = 1 / (scale[:, parameter] * sigma)
        whitened = np.concatenate([whitened, rows], axis=1)
        known = np.array([mean / sigma for _, mean, sigma in beliefs])
        target = np.concatenate([target, np.broadcast_to(known, (len(rates), len(beliefs)))], axis=1)
        norm += float(sum(np.log(2 * np.pi * sigma**2) for _, _, sigma in beliefs))
    orthogonal, triangle = np.linalg.qr(whitened)
    projected = np.einsum("rnk,rn->rk", orthogonal, target)
    inverse = np.linalg.inv(triangle)
    coefficients = np.einsum("rkl,rl->rk", inverse, projected) / scale
    inverse = inverse / scale[:, :, None]
    covariances = inverse @ inverse.swapaxes(1, 2)
    left = (target**2).sum(axis=1) - (projected**2).sum(axis=1)
    return ConditionalFits(np.asarray(rates), coefficients, covariances, -0.5 * (left + norm))
