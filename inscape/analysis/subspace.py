"""Planes in a space of observations: angles between them, and the planes that linear encoders find in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError

LINEAR_OBJECTIVES = ("inverse", "cloning", "forward", "variance")


def principal_angles(
    first: Float[np.ndarray, "dimension k"], second: Float[np.ndarray, "dimension m"]
) -> Float[np.ndarray, "angle"]:
    """Angles between the planes that the columns of two matrices span, smallest first, in radians.

    Bjorck and Golub 1973: cosines are the singular values of Q1' Q2, sines those of (1 - Q1 Q1') Q2; each angle is
    taken from the one of the two that tells it apart from its neighbours. There are min(k, m) of them.

    Raises
    ------
    InputError : if the matrices are not of one height, hold a value that is not finite, or have dependent columns.
    """
    one, two = (_basis(name, matrix) for name, matrix in (("first", first), ("second", second)))
    if len(one) != len(two):
        raise InputError(f"second: {len(two)} rows found, the first has {len(one)}; both planes lie in one space")
    if one.shape[1] < two.shape[1]:
        one, two = two, one
    cosines = np.clip(np.linalg.svd(one.T @ two, compute_uv=False), 0, 1)
    sines = np.clip(np.linalg.svd(two - one @ (one.T @ two), compute_uv=False)[::-1], 0, 1)
    return np.where(cosines**2 < 0.5, np.arccos(cosines), np.arcsin(sines))


def largest_sine(first: Float[np.ndarray, "dimension k"], second: Float[np.ndarray, "dimension m"]) -> float:
    """Sine of the largest principal angle: 0 if one plane lies in the other, 1 if a direction of it is missed."""
    return float(np.sin(principal_angles(first, second)[-1]))


@dataclass(frozen=True)
class ReducedRank:
    """A linear map through a few coordinates: target = offset + decoder @ (encoder @ input).

    Parameters
    ----------
    encoder : (rank, input) what is kept of an input.
    decoder : (target, rank) with orthonormal columns.
    offset : (target,).
    strengths : (min(input, target),) singular values of the fitted targets over the root of the number of samples;
        those beyond the rank are what is given up.
    """

    encoder: Float[np.ndarray, "rank input"]
    decoder: Float[np.ndarray, "target rank"]
    offset: Float[np.ndarray, "target"]
    strengths: Float[np.ndarray, "direction"]

    def predict(self, inputs: Float[np.ndarray, "sample input"]) -> Float[np.ndarray, "sample target"]:
        """The targets of each input."""
        return self.offset + np.asarray(inputs, dtype=float) @ self.encoder.T @ self.decoder.T


def reduced_rank_regression(
    inputs: Float[np.ndarray, "sample input"],
    targets: Float[np.ndarray, "sample target"],
    rank: int,
    *,
    ridge: float = 0.0,
) -> ReducedRank:
    """The best linear prediction through `rank` coordinates, in closed form (Izenman 1975).

    Least squares, then the leading right singular vectors of the fitted targets.

    Parameters
    ----------
    ridge : penalty on the coefficients, in units of the mean variance of an input times the number of samples.

    Raises
    ------
    InputError : on shapes that disagree, values that are not finite, too few samples, or a rank that is not to be had.
    """
    x, y = _samples("inputs", inputs), _samples("targets", targets)
    if len(x) != len(y):
        raise InputError(f"targets: {len(y)} samples found, inputs have {len(x)}")
    if not 1 <= rank <= min(x.shape[1], y.shape[1]):
        raise InputError(f"rank: {rank} found, expected 1 to {min(x.shape[1], y.shape[1])}")
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    coefficients = _least_squares(x - mean_x, y - mean_y, ridge)
    _, strengths, rows = np.linalg.svd((x - mean_x) @ coefficients, full_matrices=False)
    decoder = rows[:rank].T
    encoder = (coefficients @ decoder).T
    return ReducedRank(encoder, decoder, mean_y - decoder @ (encoder @ mean_x), strengths / np.sqrt(len(x)))


def linear_encoder(
    objective: str,
    observations: Sequence[Float[np.ndarray, "time observation"]],
    actions: Sequence[Float[np.ndarray, "time action"]],
    width: int,
    *,
    offset: int = 1,
    ridge: float = 0.0,
) -> Float[np.ndarray, "width observation"]:
    """The rows of the linear encoder that an objective of pretraining prefers, by least squares.

    - "inverse": a_t from [W o_t, W o_{t+k}]. The two coefficient matrices of the full regression are stacked, scaled by
      the deviation of the observations, and W spans their leading right singular vectors.
    - "cloning": a_t from W o_t; reduced-rank regression.
    - "forward": o_{t+k} from [W o_t, a_t]; actions are partialled out, then reduced-rank regression.
    - "variance": the leading principal components of o_t; no action is used.

    Parameters
    ----------
    observations, actions : episode by episode; row t of the actions acts between rows t and t + 1.
    width : number of rows. Where the targets span fewer directions, the remaining rows are the principal components
        of what the others leave out.
    offset : k.
    ridge : as of `reduced_rank_regression`.

    Returns
    -------
    (width, observation), orthonormal rows.

    Raises
    ------
    UnknownNameError : if the objective is none of the four.
    InputError : on episodes of unlike shape, values that are not finite, or too few samples.
    """
    if objective not in LINEAR_OBJECTIVES:
        raise UnknownNameError("linear objective", objective, LINEAR_OBJECTIVES)
    now, later, act = paired_rows(observations, actions, offset)
    if not 1 <= width <= now.shape[1]:
        raise InputError(f"width: {width} found, expected 1 to {now.shape[1]}, the number of observed coordinates")
    now, later, act = (rows - rows.mean(axis=0) for rows in (now, later, act))
    if objective == "variance":
        return np.linalg.svd(now, full_matrices=False)[2][:width]
    if objective == "inverse":
        coefficients = _least_squares(np.hstack([now, later]), act, ridge)
        stacked = np.hstack([coefficients[: now.shape[1]], coefficients[now.shape[1] :]]).T
    elif objective == "cloning":
        stacked = _least_squares(now, act, ridge).T
    else:
        moved = later - act @ _least_squares(act, later, 0.0)
        still = now - act @ _least_squares(act, now, 0.0)
        fitted = reduced_rank_regression(still, moved, min(width, now.shape[1]), ridge=ridge)
        return np.linalg.qr(fitted.encoder.T)[0].T
    return _leading_rows(stacked, now, width)


def paired_rows(
    observations: Sequence[Float[np.ndarray, "time observation"]],
    actions: Sequence[Float[np.ndarray, "time action"]],
    offset: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (o_t, o_{t+k}, a_t) of every episode, one below the other; pairs never cross the end of an episode.

    Raises
    ------
    InputError : if episodes and actions do not match, or no episode is longer than `offset`.
    """
    if isinstance(offset, bool) or not isinstance(offset, (int, np.integer)) or offset < 1:
        raise InputError(f"offset: {offset!r} found, expected a whole number of steps, at least 1")
    if len(observations) != len(actions) or len(observations) == 0:
        raise InputError(f"actions: {len(actions)} episodes found, observations have {len(observations)}")
    now, later, act = [], [], []
    for number, (seen, done) in enumerate(zip(observations, actions, strict=True)):
        seen, done = np.asarray(seen, dtype=float), np.asarray(done, dtype=float)
        if seen.ndim != 2 or done.ndim != 2 or len(seen) != len(done):
            raise InputError(
                f"episode {number}: observations {seen.shape} and actions {done.shape} found, "
                "expected (time, observation) and (time, action) of one length"
            )
        if len(seen) > offset:
            now.append(seen[:-offset])
            later.append(seen[offset:])
            act.append(done[:-offset])
    if not now:
        longest = max(len(seen) for seen in observations)
        raise InputError(f"offset: {offset} found, the longest episode has {longest} samples; take fewer than that")
    stacked = np.concatenate(now), np.concatenate(later), np.concatenate(act)
    keep = np.isfinite(stacked[2]).all(axis=1)
    for name, rows in zip(("observations", "observations"), stacked[:2], strict=True):
        if not np.isfinite(rows[keep]).all():
            raise InputError(f"{name}: {int((~np.isfinite(rows)).sum())} values are not finite; leave such rows out")
    return stacked[0][keep], stacked[1][keep], stacked[2][keep]


def _leading_rows(stacked: np.ndarray, now: np.ndarray, width: int) -> np.ndarray:
    # Scaled by the deviation of what is observed, a coefficient counts for what it contributes to the prediction.
    values, vectors = np.linalg.eigh(now.T @ now / len(now))
    values = np.maximum(values, 1e-12 * values[-1])
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse_root = (vectors / np.sqrt(values)) @ vectors.T
    rows = np.linalg.svd(stacked @ root, full_matrices=False)[2][:width] @ inverse_root
    basis = np.linalg.qr(rows.T)[0].T
    if len(basis) == width:
        return basis
    rest = now - now @ basis.T @ basis
    return np.vstack([basis, np.linalg.svd(rest, full_matrices=False)[2][: width - len(basis)]])


def _least_squares(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    if ridge == 0:
        return np.linalg.lstsq(x, y, rcond=None)[0]
    gram = x.T @ x
    return np.linalg.solve(gram + ridge * np.trace(gram) / len(gram) * np.eye(len(gram)), x.T @ y)


def _basis(name: str, matrix: np.ndarray) -> np.ndarray:
    array = np.asarray(matrix, dtype=float)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise InputError(f"{name}: shape {array.shape} found, expected a matrix of finite numbers, one column a vector")
    if np.linalg.matrix_rank(array) < array.shape[1]:
        raise InputError(
            f"{name}: {array.shape[1]} columns of rank {np.linalg.matrix_rank(array)}; drop dependent ones"
        )
    return np.linalg.qr(array)[0]


def _samples(name: str, rows: np.ndarray) -> np.ndarray:
    try:
        array = np.asarray(rows, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: rows of unequal length or no numbers, expected (sample, coordinate)") from None
    if array.ndim != 2 or array.size == 0 or len(array) < 2:
        raise InputError(f"{name}: shape {array.shape} found, expected (sample, coordinate) of at least 2 samples")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: {int((~np.isfinite(array)).sum())} values are not finite; leave such rows out")
    return array
