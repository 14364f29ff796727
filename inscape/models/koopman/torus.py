"""`TorusModes`: the characters of a torus, for states that are angles."""

from __future__ import annotations

import itertools

import numpy as np

from inscape.errors import InputError
from inscape.models.koopman.observables import Observables, positive, whole

MOST_MODES = 20_000


class TorusModes(Observables):
    """exp(2 pi i k.x / period) for whole vectors k; orthonormal under the uniform measure.

    Parameters
    ----------
    order : largest |k_j|.
    period : of every variable.
    within : "box", all k with |k_j| <= order, or "ball", those with |k| <= order.
    """

    has_constant = True

    def __init__(self, order: int = 1, period: float = 2 * np.pi, within: str = "box"):
        self.order = order
        self.period = period
        self.within = within

    @property
    def past(self) -> int:
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        return tuple("exp(i {})".format(" + ".join(f"{k:g} {n}" for k, n in zip(row, self.state_names_, strict=True)))
                     for row in self.wavenumbers_)  # fmt: skip

    def _learn(self, windows: np.ndarray) -> None:
        if self.within not in ("box", "ball"):
            raise InputError(f"within: {self.within!r} found, expected 'box' or 'ball'")
        positive("period", self.period)
        order, width = whole("order", self.order, 0), windows.shape[2]
        if (2 * order + 1) ** width > MOST_MODES:
            raise InputError(
                f"order: {(2 * order + 1) ** width} modes of {width} angles, at most {MOST_MODES} are made"
            )
        waves = np.array(list(itertools.product(range(-order, order + 1), repeat=width)), dtype=float)
        if self.within == "ball":
            waves = waves[np.linalg.norm(waves, axis=1) <= order + 1e-12]
        # By length of the wave vector, so that a shorter dictionary is a part of a longer one.
        self.wavenumbers_ = waves[np.argsort(np.abs(waves).sum(axis=1), kind="stable")]

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        angles = 2 * np.pi / self.period * windows[:, -1]
        return np.exp(1j * angles @ self.wavenumbers_.T)
