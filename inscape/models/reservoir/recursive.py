"""`RecursiveReadout`: recursive least squares, which learns from one sample at a time and slowly forgets."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.plan import number


class RecursiveReadout:
    """y = coef' [x, 1], with the weights that minimise sum_k forgetting^(n - k) |y_k - coef' x_k|^2 + penalty |coef|^2.

    Haykin (2002), Adaptive Filter Theory, chapter 9; the penalty fades with the forgetting.

    Parameters
    ----------
    features, targets : how many.
    forgetting : weight of a sample against the next one, in (0, 1].
    penalty : of the weights before the first sample.
    """

    def __init__(self, features: int, targets: int, *, forgetting: float = 0.999, penalty: float = 1e-2):
        if not 0 < number("forgetting", forgetting, "a share above 0 and up to 1", above=0.0) <= 1:
            raise InputError(f"forgetting: {forgetting!r} found, expected a share above 0 and up to 1")
        number("penalty", penalty, "a positive number", above=0.0)
        self.coef: Float[np.ndarray, "feature+1 target"] = np.zeros((features + 1, targets))
        self._inverse = np.eye(features + 1) / penalty
        self._forgetting = float(forgetting)

    def answer(self, features: Float[np.ndarray, "feature"]) -> Float[np.ndarray, "target"]:
        """What it says before it has seen the truth."""
        return np.append(features, 1.0) @ self.coef

    def learn(self, features: Float[np.ndarray, "feature"], truth: Float[np.ndarray, "target"]) -> None:
        """Take one sample in."""
        from inscape.models.reservoir.recursive_kernel import learn_recursively

        x = np.append(features, 1.0)
        learn_recursively(self._inverse, self.coef, x, np.asarray(truth, float), self._forgetting)
