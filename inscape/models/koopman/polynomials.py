"""`Polynomials`: monomials of the last few samples."""

from __future__ import annotations

from math import comb

import numpy as np

from inscape.errors import InputError
from inscape.models.dictionary import Monomials, monomial_powers
from inscape.models.koopman.observables import Observables, embedded, embedded_names, whole

MOST_MONOMIALS = 20_000


class Polynomials(Observables):
    """All monomials up to a degree, of variables moved to mean 0 and deviation 1: the span is that of the raw ones.

    Parameters
    ----------
    degree : largest total degree.
    delays, stride : samples looked at, and samples between them.
    """

    has_constant = True

    def __init__(self, degree: int = 2, delays: int = 1, stride: int = 1):
        self.degree = degree
        self.delays = delays
        self.stride = stride

    @property
    def past(self) -> int:
        return (whole("delays", self.delays) - 1) * whole("stride", self.stride) + 1

    @property
    def names(self) -> tuple[str, ...]:
        return self._terms().names

    def _learn(self, windows: np.ndarray) -> None:
        points = embedded(windows, int(self.delays), int(self.stride))
        count = comb(points.shape[1] + whole("degree", self.degree), int(self.degree))
        if count > MOST_MONOMIALS:
            raise InputError(
                f"degree: {count} monomials of {points.shape[1]} variables found, at most {MOST_MONOMIALS} are made; "
                "lower the degree or use Dictionary.rbf"
            )
        deviation = points.std(axis=0)
        self.centre_ = points.mean(axis=0)
        self.width_ = np.where(deviation > 0, deviation, 1.0)

    def _evaluate(self, windows: np.ndarray) -> np.ndarray:
        points = embedded(windows, int(self.delays), int(self.stride))
        return self._terms().columns((points - self.centre_) / self.width_)

    def _terms(self) -> Monomials:
        from inscape.systems.definition import symbol

        names = embedded_names(self.state_names_, int(self.delays), int(self.stride))
        return Monomials(monomial_powers(len(names), int(self.degree)), [symbol(n) for n in names])
