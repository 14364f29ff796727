"""The least residual of one point after another, each from a Cholesky factor and the minimisers found before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.residuals import least_residual

# Below this square, in units of the largest entry, a squared form is rounding and the triangle is decomposed instead.
_SQUARED_FLOOR = 1e-11
_NEIGHBOURS = 12
_STEPS = 20


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One point of the plane: `lower` <= res(z)^2 <= `upper`, the latter attained by `vector`."""

    z: complex
    lower: float
    upper: float
    vector: Complex[np.ndarray, "rank"]


class LeastEigenvalue:
    """res(z)^2, the least eigenvalue of H(z) = L - x S - y T + |z|^2 with S = A + A*, T = i (A* - A).

    A Rayleigh-Ritz step on the minimisers of the nearest points gives theta >= res(z)^2; if theta - margin passes
    Cholesky, theta - margin < res(z)^2 is proved (Sylvester's law of inertia) and the same factor sharpens theta by
    Lanczos steps on the inverse. One factorisation, 4/3 N^3 operations, where the guess is good; three where it is not.
    """

    def __init__(self, galerkin: Galerkin):
        a = galerkin.cross
        adjoint = a.conj().T
        self.galerkin = galerkin
        self.image = np.asfortranarray(galerkin.image, dtype=complex)
        self.even = np.asfortranarray(a + adjoint, dtype=complex)
        self.odd = np.asfortranarray(1j * (adjoint - a), dtype=complex)
        self.scale = float(np.abs(np.diagonal(self.image)).max()) or 1.0
        self.done: list[Evaluation] = []
        self.factorisations = 0
        self._diagonal = np.arange(galerkin.rank)

    def evaluate(self, z: complex, precision: float, below: float = 0.0) -> Evaluation:
        """Bounds of res(z)^2 whose roots differ by at most `precision`.

        Parameters
        ----------
        below : a lower bound of res(z)^2 that is already proved.
        """
        z = complex(z)
        guess, vector = self._ritz(z)
        evaluation = None
        # Rounding of the squared form, as it shows in its root, has to stay below the precision.
        rounding = 10 * self.galerkin.rank * np.finfo(float).eps * (self.scale + abs(z) ** 2)
        floor = max(_SQUARED_FLOOR * self.scale, (rounding / precision) ** 2)
        if guess is not None and guess > floor:
            evaluation = self._verified(z, guess, vector, precision)
        if evaluation is None:
            # The factor of a bound that is proved cannot fail but by rounding.
            factor = self._factor(z, below - 1e-12 * self.scale)
            if factor is not None:
                guess, vector = self._sharpened(z, factor, vector, _STEPS)
                if guess > floor:
                    evaluation = self._verified(z, guess, vector, precision)
        if evaluation is None:
            least, vector = least_residual(self.galerkin, z, vectors=True)
            evaluation = Evaluation(z, max(least - 1e-14 * self.scale, 0.0) ** 2, least**2, vector)
        self.done.append(evaluation)
        return evaluation

    def _verified(self, z: complex, guess: float, vector: np.ndarray, precision: float) -> Evaluation | None:
        lower = max(np.sqrt(guess) - precision, 0.0) ** 2
        if lower == 0.0:
            return Evaluation(z, 0.0, guess, vector)
        factor = self._factor(z, lower)
        if factor is None:
            return None
        upper, vector = self._sharpened(z, factor, vector, 4)
        return Evaluation(z, lower, upper, vector)

    def _ritz(self, z: complex) -> tuple[float | None, np.ndarray]:
        if not self.done:
            start = np.random.default_rng(0).normal(size=(2, self.galerkin.rank))
            return None, (start[0] + 1j * start[1]) / np.linalg.norm(start)
        # Real features: what minimises at z does so, conjugated, at its mirror image.
        distances = np.array([abs(e.z - z) for e in self.done])
        vectors = [e.vector for e in self.done]
        if self.galerkin.is_real:
            distances = np.concatenate([distances, [abs(e.z.conjugate() - z) for e in self.done]])
            vectors += [e.vector.conj() for e in self.done]
        nearest = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
        span, _ = np.linalg.qr(np.stack([vectors[k] for k in nearest], axis=1))
        image = self.image @ span - z.real * (self.even @ span) - z.imag * (self.odd @ span)
        values, mixes = np.linalg.eigh(span.conj().T @ image)
        return max(float(values[0]) + abs(z) ** 2, 0.0), span @ mixes[:, 0]

    def _matrix(self, z: complex, shift: float) -> np.ndarray:
        matrix = self.image - z.real * self.even
        if z.imag:
            matrix -= z.imag * self.odd
        matrix[self._diagonal, self._diagonal] += abs(z) ** 2 - shift
        return matrix

    def _factor(self, z: complex, shift: float) -> np.ndarray | None:
        from scipy.linalg.lapack import zpotrf

        self.factorisations += 1
        factor, failed = zpotrf(self._matrix(z, shift), lower=1, clean=0, overwrite_a=1)
        return None if failed else factor

    def _sharpened(self, z: complex, factor: np.ndarray, vector: np.ndarray, steps: int) -> tuple[float, np.ndarray]:
        # Lanczos on the inverse, every vector kept orthogonal to all before.
        from scipy.linalg.lapack import zpotrs

        span = np.empty((len(vector), steps + 1), dtype=complex)
        span[:, 0] = vector / np.linalg.norm(vector)
        inverse = np.zeros((steps, steps), dtype=complex)
        largest, mix = 0.0, np.ones(1)
        for k in range(steps):
            known = span[:, : k + 1]
            solved = zpotrs(factor, span[:, k], lower=1)[0]
            inverse[: k + 1, k] = known.conj().T @ solved
            values, mixes = np.linalg.eigh(inverse[: k + 1, : k + 1], UPLO="U")
            before, largest, mix = largest, values[-1], mixes[:, -1]
            solved -= known @ inverse[: k + 1, k]
            solved -= known @ (known.conj().T @ solved)
            length = np.linalg.norm(solved)
            if largest - before <= 1e-3 * largest or length <= 1e-14 * largest:
                break
            span[:, k + 1] = solved / length
        vector = span[:, : len(mix)] @ mix
        return self._quotient(z, vector), vector

    def _quotient(self, z: complex, vector: np.ndarray) -> float:
        inside = self.galerkin.cross @ vector - z * vector
        outside = self.galerkin.escape @ vector
        return float(np.vdot(inside, inside).real + np.vdot(outside, outside).real)
