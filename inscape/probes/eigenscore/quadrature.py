"""Stochastic Lanczos quadrature: log det from products with the matrix alone (Ubaru, Chen, Saad 2017)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal

from inscape.probes.eigenscore.trace import Block, GramOperator, TraceEstimate, mean_over_directions


def mean_log_eigenvalue(
    rows: Float[np.ndarray, "sample unit"],
    alpha: float,
    *,
    steps: int = 80,
    vectors: int = 8,
    tolerance: float | None = 2.5e-3,
    seed: int | np.random.Generator | None = 0,
) -> TraceEstimate:
    """(1/n) log det of the smaller Gram matrix plus alpha, n its size.

    Parameters
    ----------
    steps : most Lanczos steps for each direction; it stops earlier where the quadrature no longer moves.
    vectors, tolerance, seed : as of `mean_over_directions`.
    """
    operator = GramOperator(rows)

    def along(block: Block) -> Float[np.ndarray, "vector"]:
        return log_quadrature(operator, block, alpha, steps)

    return mean_over_directions(along, operator.size, vectors=vectors, tolerance=tolerance, seed=seed)


def log_quadrature(
    operator: GramOperator, block: Block, alpha: float, steps: int, settled: float = 1e-5
) -> Float[np.ndarray, "vector"]:
    """v' log(A + alpha I) v of unit vectors v, by Gauss quadrature on the Krylov space of each.

    All vectors are carried side by side, each in a recurrence of its own with full reorthogonalisation.
    """
    size, count = block.shape
    steps = min(steps, size)
    # A vector's whole basis lies together, so that each reorthogonalisation is two products with it.
    basis = np.zeros((count, steps, size))
    diagonal, beside = np.zeros((steps, count)), np.zeros((steps, count))
    basis[:, 0] = block.T
    values = np.full(count, np.inf)
    for k in range(steps):
        moved = operator(basis[:, k].T).T
        diagonal[k] = (basis[:, k] * moved).sum(axis=1)
        known = basis[:, : k + 1]
        for _ in range(2):
            seen = known @ moved[:, :, None]
            moved = moved - (seen.transpose(0, 2, 1) @ known)[:, 0]
        beside[k] = np.sqrt((moved**2).sum(axis=1))
        is_spent = beside[k] <= 1e-12 * np.abs(diagonal[: k + 1]).max(axis=0)
        is_last = k == steps - 1 or bool(is_spent.all())
        if is_last or k % 10 == 9:
            before, values = values, _gauss(diagonal[: k + 1], beside[:k], alpha)
            if is_last or np.abs(values - before).max() <= settled:
                break
        # A recurrence that has ended goes on with zeros, which add nothing.
        beside[k][is_spent] = 0.0
        basis[:, k + 1] = np.where(is_spent, 0.0, moved.T / np.where(is_spent, 1.0, beside[k])).T
    return values


def _gauss(
    diagonal: Float[np.ndarray, "step vector"], beside: Float[np.ndarray, "step vector"], alpha: float
) -> Float[np.ndarray, "vector"]:
    values = np.empty(diagonal.shape[1])
    for v in range(len(values)):
        nodes, rotation = eigh_tridiagonal(diagonal[:, v], beside[:, v])
        # Rounding can put a node of a singular matrix a little below zero.
        values[v] = rotation[0] ** 2 @ np.log(np.maximum(nodes, 0.0) + alpha)
    return values
