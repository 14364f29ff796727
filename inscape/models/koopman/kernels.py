"""Kernels: inner products of infinitely many observables, with the widths that the recording asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import UnknownNameError


@dataclass(frozen=True)
class Kernel:
    """k(x, y) from squared distances and inner products, both in units of a width d.

    Parameters
    ----------
    width : d, in units of the mean distance of the points from their mean.
    of : (|x - y|^2 / d^2, x.y / d^2, degree) -> k.
    """

    width: float
    of: Callable[[np.ndarray, np.ndarray, int], np.ndarray]


KERNELS: dict[str, Kernel] = {
    "gaussian": Kernel(0.9, lambda squared, inner, degree: np.exp(-squared)),
    "laplacian": Kernel(1.0, lambda squared, inner, degree: np.exp(-np.sqrt(squared))),
    "lorentzian": Kernel(1.0, lambda squared, inner, degree: 1 / (1 + squared)),
    "polynomial": Kernel(1.0, lambda squared, inner, degree: (1 + inner) ** degree),
    "laplacian polynomial": Kernel(
        1.0, lambda squared, inner, degree: np.exp(-np.sqrt(squared)) * (1 + inner) ** degree
    ),
}
"""Kernels and widths of the experiments of Colbrook, Mezic, Stepanenko (2024)."""


def kernel_matrix(
    name: str,
    first: Float[np.ndarray, "point variable"],
    second: Float[np.ndarray, "other variable"],
    distance: float,
    degree: int,
) -> Float[np.ndarray, "point other"]:
    """k between two sets of points.

    Parameters
    ----------
    name : one of `KERNELS`.
    first, second : points, the mean of the recording taken off.
    distance : d.
    degree : of the polynomial kernels.

    Raises
    ------
    UnknownNameError : for a kernel that is not known.
    """
    from scipy.spatial.distance import cdist

    if name not in KERNELS:
        raise UnknownNameError("kernel", str(name), KERNELS)
    squared = cdist(first, second, "sqeuclidean") / distance**2
    return KERNELS[name].of(squared, first @ second.T / distance**2, degree)
