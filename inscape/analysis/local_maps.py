"""A Lyapunov spectrum from a recording: the tangent map is fitted in the neighbourhood of each point."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.batch_means import batch_means
from inscape.analysis.dimensions import theiler_window
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.exponents_from_data import embed, first_decay, neighbours
from inscape.analysis.series import at_least_zero, interval_of, points_of, whole
from inscape.analysis.tangent_motion import sign_fixed_qr
from inscape.errors import InputError

MOST_STEPS = 4_000
UNEXPLAINED = 0.5


def spectrum_from_data(
    recording: Any,
    *,
    dt: float | None = None,
    dimension: int | None = None,
    lag: int | None = None,
    neighbourhood: int | None = None,
    order: int = 2,
    step: int = 1,
    theiler: int | None = None,
    seed: int | np.random.Generator | None = 0,
) -> LyapunovSpectrum:
    """Lyapunov exponents of a recorded run from local maps fitted to neighbours.

    At every point along the run, the displacements of its neighbours are followed for `step` samples and a map is
    fitted to them; its linear part carries the tangent vectors (Sano & Sawada 1985, Phys. Rev. Lett. 55, 1082; Eckmann
    et al. 1986, Phys. Rev. A 34, 4971; with second-order terms, Brown, Bryant & Abarbanel 1991, Phys. Rev. A 43, 2787).
    Exponents of directions that the data do not fill, strongly negative ones first of all, are biased.

    Parameters
    ----------
    recording : a run with all its state variables, taken as they are, or a single series, which is delay-embedded.
    dt : sampling interval, if the recording does not carry its times.
    dimension, lag : of the delay embedding of a single series; 3, and the first 1/e of the autocorrelation, if None.
    neighbourhood : neighbours of each point; four times the number of fitted coefficients if None.
    order : 1 for linear maps, 2 for second-order terms besides.
    step : samples that a map spans.
    theiler : least distance in time of neighbours, in samples; from the autocorrelation if None.
    seed : for the first tangent vectors.

    Returns
    -------
    LyapunovSpectrum in 1/time; `reason` is set, and the verdict "unresolved", where the neighbours do not move alike.

    Raises
    ------
    InputError : if the recording is not one finite run, or too short for its neighbourhoods.
    """
    points = points_of(recording, least=100)
    interval = interval_of(recording, dt)
    if isinstance(order, bool) or order not in (1, 2):
        raise InputError(f"order: {order!r} found, expected 1 or 2")
    step = whole(step, "step")
    embedded = points.shape[1] == 1 or dimension is not None
    if embedded and points.shape[1] > 1:
        raise InputError(f"dimension: {dimension} found for {points.shape[1]} variables; give one series to embed")
    scale = points.std(axis=0)
    if not (scale > 1e-12 * (1 + np.abs(points).max(axis=0))).all():
        raise InputError("recording: a constant variable found, expected motion; drop the column")
    points = points / scale
    window = theiler_window(points) if theiler is None else int(at_least_zero(theiler, "theiler"))
    size = 3 if dimension is None else whole(dimension, "dimension")
    rows = points
    if embedded:
        rows = embed(points, size, first_decay(points[:, 0]) if lag is None else whole(lag, "lag"))
    size = rows.shape[1]
    terms = size + (size * (size + 1) // 2 if order == 2 else 0)
    count = 4 * (terms + 1) if neighbourhood is None else whole(neighbourhood, "neighbourhood", terms + 1)
    usable = len(rows) - step
    if usable < 2 * (count + 2 * window + 1):
        raise InputError(f"recording: {len(points)} samples found, too few for {count} neighbours each; record longer")

    # Consecutive maps along one stretch of the run.
    references = np.arange(0, usable, step)[:MOST_STEPS]
    near = neighbours(rows, references, usable, count, window)
    jacobians, unexplained = _local_jacobians(rows, references, near, step, order)
    frame, _ = sign_fixed_qr(np.random.default_rng(seed).standard_normal((size, size)))
    growth = np.empty((len(references), size))
    for i, jacobian in enumerate(jacobians):
        frame, factor = sign_fixed_qr(jacobian @ frame)
        growth[i] = np.log(np.maximum(np.abs(np.diagonal(factor)), 1e-300))
    growth = growth[len(growth) // 20 :] / (step * interval)
    means = batch_means(growth)
    order_of = np.argsort(-means.mean, kind="stable")
    reason = ""
    if unexplained > UNEXPLAINED:
        reason = f"not resolved: local maps leave {100 * unexplained:.0f} % of their neighbours' motion unexplained"
    return LyapunovSpectrum(
        exponents=means.mean[order_of],
        covariance=means.covariance[np.ix_(order_of, order_of)],
        degrees_of_freedom=means.degrees_of_freedom,
        duration=len(growth) * step * interval,
        dimension=size,
        period=max(window / 3, 1) * 4 * interval,
        local=growth[:, order_of],
        sample_duration=step * interval,
        interval=step * interval,
        system="recording",
        reason=reason,
    )


def _local_jacobians(
    rows: Float[np.ndarray, "row state"],
    references: Int[np.ndarray, "reference"],
    near: Int[np.ndarray, "reference count"],
    step: int,
    order: int,
) -> tuple[Float[np.ndarray, "reference state state"], float]:
    """Linear parts of the local maps, and the median share of the neighbours' spread that the maps leave over."""
    size = rows.shape[1]
    upper = np.triu_indices(size)
    jacobians = np.empty((len(references), size, size))
    left = np.empty(len(references))
    for first in range(0, len(references), 256):
        part = slice(first, first + 256)
        weight = (near[part] >= 0)[..., None].astype(float)
        index = np.where(near[part] >= 0, near[part], references[part][:, None])
        here, there = rows[index], rows[index + step]
        reach = np.sqrt(np.mean((here - rows[references[part]][:, None]) ** 2, axis=(1, 2)))[:, None, None] + 1e-300
        shift = (here - rows[references[part]][:, None]) / reach
        move = (there - rows[references[part] + step][:, None]) / reach
        columns = [np.ones((*shift.shape[:2], 1)), shift]
        if order == 2:
            columns.append((shift[..., :, None] * shift[..., None, :])[..., upper[0], upper[1]])
        design = np.concatenate(columns, axis=2) * weight
        target = move * weight
        gram = np.swapaxes(design, 1, 2) @ design
        # A trace of ridge keeps directions that the neighbours do not span from running wild.
        ridge = 1e-10 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(gram.shape[1])
        solution = np.linalg.solve(gram + ridge, np.swapaxes(design, 1, 2) @ target)
        jacobians[part] = np.swapaxes(solution[:, 1 : size + 1], 1, 2)
        residual = target - design @ solution
        freedom = max(design.shape[1] - design.shape[2], 1) / design.shape[1]
        spread = np.sum((target - target.mean(axis=1, keepdims=True)) ** 2, axis=(1, 2))
        left[part] = np.sum(residual**2, axis=(1, 2)) / freedom / np.maximum(spread, 1e-300)
    return jacobians, float(np.median(left))
