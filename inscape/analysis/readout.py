"""The linear readout through which the memory of a system is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import at_least_zero


@dataclass(frozen=True)
class PrincipalStates:
    """Centred states in their own principal axes, where a ridge readout is a weight on each axis.

    mean : (node,) of the states.
    axes : (node, axis) orthonormal directions, strongest first; directions below rounding are left out.
    scores : (time, axis) the states along them, of unit length over time.
    lengths : (axis,) the lengths taken out, singular values of the centred states.
    """

    mean: Float[np.ndarray, "node"]
    axes: Float[np.ndarray, "node axis"]
    scores: Float[np.ndarray, "time axis"]
    lengths: Float[np.ndarray, "axis"]

    @classmethod
    def of(cls, states: Float[np.ndarray, "time node"]) -> PrincipalStates:
        """Through the smaller of the two Gram matrices: an eigen-decomposition serves every target and penalty."""
        mean = states.mean(axis=0)
        centred = states - mean
        if len(centred) < centred.shape[1]:
            left, lengths, right = np.linalg.svd(centred, full_matrices=False)
            axes, squared = right.T, lengths**2
        else:
            squared, axes = np.linalg.eigh(centred.T @ centred)
            squared, axes = squared[::-1], axes[:, ::-1]
        # A Gram matrix knows its eigenvalues to the rounding of the largest one.
        kept = squared > max(squared.max(initial=0.0), 0.0) * len(squared) * np.finfo(float).eps
        lengths = np.sqrt(squared[kept])
        scores = left[:, kept] if len(centred) < centred.shape[1] else centred @ axes[:, kept] / lengths
        return cls(mean, axes[:, kept], scores, lengths)

    def shares(self, penalty: float) -> Float[np.ndarray, "axis"]:
        """How much of each axis a ridge of this penalty lets through: s^2 / (s^2 + penalty)."""
        return self.lengths**2 / (self.lengths**2 + at_least_zero(penalty, "penalty"))

    def readout(
        self, targets: Float[np.ndarray, "time target"], penalty: float
    ) -> tuple[Float[np.ndarray, "node target"], Float[np.ndarray, "target"]]:
        """Weights and intercepts that minimise the squared error plus `penalty` times the squared weights."""
        mean = targets.mean(axis=0)
        along = self.scores.T @ (targets - mean)
        weights = self.axes @ ((self.shares(penalty) / self.lengths)[:, None] * along)
        return weights, mean - self.mean @ weights
