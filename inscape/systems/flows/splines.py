"""Coefficients of cubic splines on even points: fourth order up to the edge, and periodic where an axis closes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def padded(
    frame: Float[np.ndarray, "component *grid"], periodic: tuple[bool, ...], cubic: bool
) -> Float[np.ndarray, "*padded component"]:
    """Coefficients of one frame with the component last, padded so that every cell finds its neighbours.

    Cubic: B-splines, nodes -1 to n (to n + 1 along periodic axes), with the third derivative continuous across the
    second node from each edge ("not a knot"). Linear: the samples themselves, with the first repeated at the end of a
    periodic axis.
    """
    out = np.moveaxis(frame, 0, -1)
    for axis, closes in enumerate(periodic):
        moved = np.moveaxis(out, axis, 0)
        if cubic:
            moved = _periodic(moved) if closes else _not_a_knot(moved)
        elif closes:
            moved = np.concatenate([moved, moved[:1]])
        out = np.moveaxis(moved, 0, axis)
    return np.ascontiguousarray(out)


def _periodic(samples: np.ndarray) -> np.ndarray:
    import scipy.fft

    count = len(samples)
    # A B-spline weighs its node by 2/3 and each neighbour by 1/6.
    response = (2.0 + np.cos(2 * np.pi * scipy.fft.rfftfreq(count))) / 3.0
    waves = scipy.fft.rfft(samples, axis=0) / response.reshape(-1, *[1] * (samples.ndim - 1)).astype(samples.dtype)
    nodes = scipy.fft.irfft(waves, n=count, axis=0)
    return np.concatenate([nodes[-1:], nodes, nodes[:2]])


def _not_a_knot(samples: np.ndarray) -> np.ndarray:
    from scipy.linalg import solve_banded

    count = len(samples)
    bands = np.zeros((9, count + 2))  # Row 4 + i - j of column j.
    for offset, weight in ((-1, 1 / 6), (0, 2 / 3), (1, 1 / 6)):
        rows = np.arange(1, count + 1)
        bands[4 - offset, rows + offset] = weight
    for place, weight in enumerate((1.0, -4.0, 6.0, -4.0, 1.0)):
        bands[4 - place, place] = weight
        bands[4 + place, count + 1 - place] = weight
    right = np.zeros((count + 2, samples[0].size))
    right[1:-1] = samples.reshape(count, -1)
    solved = solve_banded((4, 4), bands, right, overwrite_b=True, check_finite=False)
    return solved.reshape(count + 2, *samples.shape[1:]).astype(samples.dtype)
