"""Singular value decomposition of a Hankel matrix that is never formed: eigen-time-delay coordinates of long runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from inscape.trajectories.embedding import hankel

BLOCK = 4096
"""Windows that are in memory at once."""


def windows_of(
    states: Float[np.ndarray, "time state"], delays: int, lag: int
) -> Iterator[Float[np.ndarray, "window delay_state"]]:
    """The rows of the Hankel matrix of one stretch, oldest sample first in a row, `BLOCK` rows at a time."""
    lags = [lag * k for k in range(delays - 1, -1, -1)]
    reach = lags[0]
    for first in range(0, len(states) - reach, BLOCK):
        yield hankel(states[first : first + BLOCK + reach], lags)


def hankel_svd(
    stretches: Sequence[Float[np.ndarray, "time state"]], delays: int, lag: int
) -> tuple[Float[np.ndarray, "delay_state mode"], Float[np.ndarray, "mode"]]:
    """Left singular vectors and singular values of the Hankel matrix of all stretches side by side.

    The triangle of a QR decomposition is carried from block to block (Demmel et al. 2012, SIAM J. Sci. Comput.
    34:A206, the sequential tree), so memory does not grow with the length of the runs and small singular values keep
    the accuracy that a Gram matrix would square away. Signs are such that the largest entry of each vector is positive.
    """
    triangle = np.empty((0, delays * stretches[0].shape[1]))
    for stretch in stretches:
        for rows in windows_of(stretch, delays, lag):
            triangle = np.asarray(np.linalg.qr(np.concatenate([triangle, rows]), mode="r"))
    _, singular, transposed = np.linalg.svd(triangle, full_matrices=False)
    modes = transposed.T
    largest = modes[np.abs(modes).argmax(axis=0), np.arange(modes.shape[1])]
    return modes * np.where(largest < 0, -1.0, 1.0), singular


def delay_coordinates(
    states: Float[np.ndarray, "time state"],
    modes: Float[np.ndarray, "delay_state mode"],
    singular: Float[np.ndarray, "mode"],
    delays: int,
    lag: int,
) -> Float[np.ndarray, "window mode"]:
    """Every window of a stretch in units of the singular values: the right singular vectors, for the fitted stretch."""
    return np.concatenate([rows @ (modes / singular) for rows in windows_of(states, delays, lag)])


def complete_stretches(states: Float[np.ndarray, "time state"], least: int) -> list[slice]:
    """Where a run has no missing sample for at least `least` samples in a row."""
    whole = np.concatenate([[False], np.isfinite(states).all(axis=1), [False]])
    starts, stops = np.flatnonzero(~whole[:-1] & whole[1:]), np.flatnonzero(whole[:-1] & ~whole[1:])
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True) if b - a >= least]
