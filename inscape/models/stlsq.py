"""Sequentially thresholded least squares, for many models, targets and hyperparameters in one batched solve.

The algorithm (Brunton, Proctor, Kutz 2016, PNAS 113:3932; ridge variant of Rudy et al. 2017): per target a ridge fit
on the active terms, terms with |coefficient| < threshold dropped, repeated until the support of all targets together
no longer changes or never shrank, then an unregularised refit on what is left. All of it needs only the Gram matrix of
the terms, so a bootstrap model costs one matrix product, and a grid of hyperparameters none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.models.normal_equations import Matrix, NormalEquations

CHUNK_ENTRIES = 4_000_000
"""Numbers held at a time by a batch of small systems (32 MB)."""
WELL_CONDITIONED = 1e10
"""Largest trace of an inverse unit-diagonal Gram matrix that is solved as it stands: terms of condition 1e5."""
NULL_EIGENVALUE = 1e-14
CLEAR_EIGENVALUE = 1e-11


def stlsq(
    equations: NormalEquations,
    threshold: Float[np.ndarray, "grid"] | float,
    alpha: Float[np.ndarray, "grid"] | float = 0.05,
    *,
    keep: Bool[np.ndarray, "model term"] | None = None,
    max_rounds: int = 20,
    normalize: bool = False,
    refit: bool = True,
    accurate: bool | None = None,
) -> Float[np.ndarray, "model grid target term"]:
    """Sparse coefficients of every model at every pair of hyperparameters.

    Follows PySINDy 2.1 (`STLSQ`) rule by rule: |coefficient| >= threshold stays; a round ends the search when the
    support of all targets together equals the one before, or is still the whole initial one; the refit has no ridge
    and takes the solution of least norm where terms are collinear.

    Parameters
    ----------
    equations : of one or many models.
    threshold, alpha : one number, or a grid of equal length; alpha is the ridge penalty on the sum of squares.
    keep : terms that a model may use (library ensembles); all if None.
    max_rounds : at most so many rounds.
    normalize : divide each term by its norm first; the threshold is then in those units.
    refit : the unregularised last fit.
    accurate : correct the refit with the true residuals (default: for a single model); needs `equations.matrix`.

    Returns
    -------
    (model, grid, target, term); terms that were dropped are exactly zero.
    """
    thresholds, alphas = np.broadcast_arrays(np.atleast_1d(threshold).astype(float), np.atleast_1d(alpha).astype(float))
    _check_hyperparameters(thresholds, alphas, max_rounds)
    models, targets, terms = equations.shape
    if normalize:
        norms = np.sqrt(np.einsum("mpp->mp", equations.gram))
        if not (norms > 0).all():
            raise InputError("terms: a column of zeros found; it cannot be normalised, leave the term out")
        equations = equations.scaled(norms, np.ones(targets))
    start = np.ones((models, terms), dtype=bool) if keep is None else np.asarray(keep, dtype=bool)
    grid = len(thresholds)
    support = np.broadcast_to(start[:, None, None], (models, grid, targets, terms)).copy()
    coefficients = _first_round(equations, start, alphas, targets)
    initial = targets * start.sum(axis=1)[:, None]
    before = support.copy()
    running = np.ones((models, grid), dtype=bool)
    for number in range(max_rounds):
        if number > 0:
            # A target whose support stood still keeps its coefficients: the same fit would come out.
            moved = running[:, :, None] & (support != before).any(axis=-1)
            coefficients[moved] = _ridge(equations, np.argwhere(moved), support[moved], alphas)
            before = np.where(running[:, :, None, None], support, before)
        large = support & (np.abs(coefficients) >= thresholds[None, :, None, None])
        support = np.where(running[:, :, None, None], large, support)
        coefficients = np.where(support, coefficients, 0.0)
        size = support.sum(axis=(2, 3))
        stood = (support == before).all(axis=(2, 3))
        running &= ~(stood | (size == initial) | (size == 0))
        if not running.any():
            break
    support = np.abs(coefficients) > 1e-14
    if refit:
        careful = models == 1 and equations.matrix is not None if accurate is None else accurate
        coefficients = refit_on(equations, support, accurate=careful)
    return coefficients / norms[:, None, None, :] if normalize else coefficients


def refit_on(
    equations: NormalEquations, support: Bool[np.ndarray, "model *grid target term"], *, accurate: bool = False
) -> Float[np.ndarray, "model *grid target term"]:
    """Least squares on given supports, of least norm where the terms of a support are collinear.

    Parameters
    ----------
    accurate : two steps of iterative refinement with the true residuals, which restores what the Gram matrix lost.
    """
    shape = support.shape
    flat = support.reshape(shape[0], -1, shape[-2], shape[-1])
    problems = np.argwhere(flat.any(axis=-1))
    coefficients = np.zeros(flat.shape)
    if len(problems):
        masks = flat[tuple(problems.T)]
        solution, doubtful = _rank_revealing(equations, problems, masks, strict=accurate)
        if accurate and equations.matrix is not None:
            _refine(equations, problems, masks, solution, doubtful)
        if doubtful.any() and equations.matrix is not None:
            for row in np.flatnonzero(doubtful):
                solution[row] = _through_matrix(equations.matrix, problems[row], masks[row])
        coefficients[tuple(problems.T)] = solution
    return coefficients.reshape(shape)


def _first_round(equations: NormalEquations, start: np.ndarray, alphas: np.ndarray, targets: int) -> np.ndarray:
    # All targets and thresholds share the first system of a model: one factorisation for each alpha.
    models, terms = start.shape
    coefficients = np.empty((models, len(alphas), targets, terms))
    both = start[:, :, None] & start[:, None, :]
    moment = equations.moment * start[:, :, None]
    for alpha in np.unique(alphas):
        if alpha > 0:
            system = equations.gram * both
            system[:, np.arange(terms), np.arange(terms)] += np.where(start, alpha, 1.0)
            found = _solve(system, moment).transpose(0, 2, 1)
        else:
            problems = np.stack(np.meshgrid(np.arange(models), [0], np.arange(targets), indexing="ij"), -1).reshape(
                -1, 3
            )
            masks = start[problems[:, 0]]
            found = _rank_revealing(equations, problems, masks)[0].reshape(models, targets, terms)
        coefficients[:, alphas == alpha] = found[:, None]
    return coefficients


def _ridge(equations: NormalEquations, problems: np.ndarray, masks: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    solution = np.zeros(masks.shape)
    occupied = masks.any(axis=1)
    for penalised in (True, False):
        chosen = occupied & ((alphas[problems[:, 1]] > 0) == penalised)
        if not chosen.any():
            continue
        if not penalised:
            solution[chosen] = _rank_revealing(equations, problems[chosen], masks[chosen])[0]
            continue
        some, active, which = problems[chosen], masks[chosen], np.flatnonzero(chosen)
        for batch, columns, valid in _batches(active):
            system, right = _gather(equations, some[batch], columns, valid)
            size = np.arange(columns.shape[1])
            system[:, size, size] += np.where(valid, alphas[some[batch, 1]][:, None], 0.0)
            found = _solve(system, right[..., None])[..., 0]
            solution[which[batch][:, None], columns] = np.where(valid, found, 0.0)
    return solution


def _rank_revealing(
    equations: NormalEquations, problems: np.ndarray, masks: np.ndarray, strict: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares on the masks, and which answers the Gram matrix cannot vouch for (if strict, nor a null one)."""
    solution = np.zeros(masks.shape)
    doubtful = np.zeros(len(masks), dtype=bool)
    for batch, columns, valid in _batches(masks):
        system, right = _gather(equations, problems[batch], columns, valid)
        scale = np.sqrt(np.einsum("nkk->nk", system))
        scale = np.where(scale > 0, scale, 1.0)
        system /= scale[:, :, None] * scale[:, None, :]
        right = right / scale
        try:
            inverse = np.linalg.inv(system)
            trace = np.einsum("nkk->n", np.abs(inverse))
            found = np.einsum("nij,nj->ni", inverse, right) / scale
        except np.linalg.LinAlgError:
            trace, found = np.full(len(system), np.inf), np.zeros_like(right)
        weak = ~(trace < WELL_CONDITIONED)
        if weak.any():
            found[weak], unclear = _least_norm(system[weak], right[weak], scale[weak], valid[weak], strict)
            doubtful[batch[weak]] = unclear
        solution[batch[:, None], columns] = np.where(valid, found, 0.0)
    return solution, doubtful


def _least_norm(
    system: np.ndarray, right: np.ndarray, scale: np.ndarray, valid: np.ndarray, strict: bool
) -> tuple[np.ndarray, np.ndarray]:
    # An exact identity among terms shows as an eigenvalue at rounding level, clear of all others; what lies between
    # is a question that only the matrix itself can answer.
    values, vectors = np.linalg.eigh(system)
    relative = values / values[:, -1:]
    null = relative < NULL_EIGENVALUE * max(8, system.shape[1])
    unclear = ((relative < CLEAR_EIGENVALUE) & (strict | ~null)).any(axis=1)
    inverse = np.where(null, 0.0, 1.0 / np.where(null, 1.0, values))
    found = np.einsum("nij,nj,nkj,nk->ni", vectors, inverse, vectors, right, optimize=True) / scale
    for row in np.flatnonzero(null.any(axis=1)):
        # Least norm is meant in the units of the terms, so the null directions go back to those units first.
        basis = np.where(valid[row], 1 / scale[row], 0.0)[:, None] * vectors[row][:, null[row]]
        orthonormal, _ = np.linalg.qr(basis)
        found[row] -= orthonormal @ (orthonormal.T @ found[row])
    return found, unclear


def _refine(
    equations: NormalEquations, problems: np.ndarray, masks: np.ndarray, solution: np.ndarray, doubtful: np.ndarray
) -> None:
    assert equations.matrix is not None
    for model in np.unique(problems[:, 0]):
        mine = np.flatnonzero((problems[:, 0] == model) & ~doubtful)
        if not len(mine):
            continue
        x, y = equations.matrix(int(model))
        # Only terms that some support holds take part; of a large library that is a small share.
        used = np.flatnonzero(masks[mine].any(axis=0))
        active = np.asfortranarray(x[:, used])
        for _ in range(2):
            residual = y[:, problems[mine, 2]] - active @ solution[np.ix_(mine, used)].T
            moment = np.zeros((len(equations.moment), x.shape[1], len(mine)))
            moment[model, used] = active.T @ residual
            defect = NormalEquations(equations.gram, moment, np.zeros((len(moment), len(mine))), equations.rows)
            own = np.stack([problems[mine, 0], problems[mine, 1], np.arange(len(mine))], axis=1)
            solution[mine] += _rank_revealing(defect, own, masks[mine])[0]


def _through_matrix(matrix: Matrix, problem: np.ndarray, mask: np.ndarray) -> np.ndarray:
    import scipy.linalg

    x, y = matrix(int(problem[0]))
    solution = np.zeros(len(mask))
    cutoff = np.finfo(float).eps * max(x.shape)
    # Least norm in the units of the terms is what a singular-value solver returns on the columns as they stand.
    solution[mask] = scipy.linalg.lstsq(x[:, mask], y[:, problem[2]], cond=cutoff, lapack_driver="gelsd")[0]
    return solution


def _batches(masks: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Problems of like size together: row numbers (n,), their active columns (n, k), which of those are real (n, k)."""
    counts = masks.sum(axis=1)
    order = np.argsort(counts, kind="stable")
    columns = np.argsort(~masks, axis=1, kind="stable")
    start = 0
    while start < len(order):
        smallest = max(1, int(counts[order[start]]))
        stop = int(np.searchsorted(counts[order], max(smallest + 4, int(1.25 * smallest)), side="right"))
        size = max(1, int(counts[order[stop - 1]]))
        stop = min(stop, start + max(1, CHUNK_ENTRIES // size**2))
        batch = order[start:stop]
        size = max(1, int(counts[batch].max()))
        yield batch, columns[batch, :size], np.arange(size) < counts[batch][:, None]
        start = stop


def _gather(
    equations: NormalEquations, problems: np.ndarray, columns: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    model, target = problems[:, 0], problems[:, 2]
    system = equations.gram[model[:, None, None], columns[:, :, None], columns[:, None, :]]
    system = system * (valid[:, :, None] & valid[:, None, :])
    size = np.arange(columns.shape[1])
    system[:, size, size] += ~valid
    return system, equations.moment[model[:, None], columns, target[:, None]] * valid


def _solve(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(system, right)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(system, hermitian=True) @ right


def _check_hyperparameters(thresholds: np.ndarray, alphas: np.ndarray, max_rounds: int) -> None:
    for name, values in (("threshold", thresholds), ("alpha", alphas)):
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError(f"{name}: {values.tolist()} found, expected finite numbers, not negative")
    if max_rounds < 1:
        raise InputError(f"max_rounds: {max_rounds!r} found, expected at least 1")
