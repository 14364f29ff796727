"""Log det by Chebyshev moments, as the paper means it and does not do it: on the interval of the eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.polynomial import chebyshev as series

from inscape.probes.eigenscore.trace import Block, GramOperator, TraceEstimate, mean_over_directions


def mean_log_eigenvalue(
    rows: Float[np.ndarray, "sample unit"],
    alpha: float,
    *,
    moments: int = 200,
    vectors: int = 8,
    tolerance: float | None = 2.5e-3,
    seed: int | np.random.Generator | None = 0,
) -> TraceEstimate:
    """(1/n) log det of the smaller Gram matrix plus alpha, n its size.

    The logarithm is expanded on [alpha, s^2 + alpha], s the largest singular value, and each moment is found by the
    three-term recursion. The expansion needs about sqrt(s^2 / alpha) moments where eigenvalues lie close to alpha.

    Parameters
    ----------
    moments : terms of the expansion.
    vectors, tolerance, seed : as of `mean_over_directions`.
    """
    operator = GramOperator(rows)
    random = np.random.default_rng(seed)
    top = (1 + 1e-9) * largest_eigenvalue(operator, random) + np.finfo(float).tiny
    middle, half = alpha + top / 2, top / 2

    def logarithm(x: Any) -> Any:
        return np.log(middle + half * x)

    terms = series.chebinterpolate(logarithm, moments)

    def along(block: Block) -> Float[np.ndarray, "vector"]:
        last, now = block, (operator(block) + (alpha - middle) * block) / half
        total = terms[0] + terms[1] * (block * now).sum(axis=0)
        for term in terms[2:]:
            last, now = now, 2 * (operator(now) + (alpha - middle) * now) / half - last
            total = total + term * (block * now).sum(axis=0)
        return np.asarray(total)

    return mean_over_directions(along, operator.size, vectors=vectors, tolerance=tolerance, seed=random)


def largest_eigenvalue(operator: GramOperator, random: np.random.Generator, steps: int = 20) -> float:
    """An upper bound, by a quarter too high at most spectra: the largest Ritz value plus the norm of the residual.

    By Lanczos' recursion with full orthogonalisation (Zhou & Li 2011). Power iteration would not do: where many
    eigenvalues lie close to the largest it stops below it, and beyond its interval the expansion grows without limit.
    """
    direction = random.standard_normal(operator.size)
    basis = [direction / np.linalg.norm(direction)]
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(steps, operator.size)):
        moved = operator(basis[-1][:, None])[:, 0]
        diagonal.append(float(basis[-1] @ moved))
        for known in (basis, basis):  # Twice is enough.
            spanned = np.array(known)
            moved = moved - spanned.T @ (spanned @ moved)
        beside.append(float(np.linalg.norm(moved)))
        if beside[-1] <= 1e-12 * max(diagonal):
            break
        basis.append(moved / beside[-1])
    ritz = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
    return float(ritz[-1]) + beside[-1]
