"""Sequentially thresholded least squares, for many models, targets and hyperparameters in one batched solve.

The algorithm (Brunton, Proctor, Kutz 2016, PNAS 113:3932; ridge variant of Rudy et al. 2017): per target a ridge fit
on the active terms, terms with |coefficient| < threshold dropped, repeated until the support of all targets together
no longer changes or never shrank, then an unregularised refit on what is left. All of it needs only the Gram matrix of
the terms, so a bootstrap model costs one matrix product, and a grid of hyperparameters none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.errors import InputError

Matrix = Callable[[int], tuple[np.ndarray, np.ndarray]]
CHUNK_ENTRIES = 4_000_000
"""Numbers held at a time by a batch of small systems (32 MB)."""
WELL_CONDITIONED = 1e10
"""Largest trace of the inverse of a unit-diagonal Gram matrix that is solved as it stands (condition of the terms 1e5)."""
NULL_EIGENVALUE = 1e-14
CLEAR_EIGENVALUE = 1e-11


@dataclass(frozen=True)
class NormalEquations:
    """What least squares needs to know of one or many weightings of the same rows.

    Parameters
    ----------
    gram : (model, term, term) of the weighted terms.
    moment : (model, term, target) of terms with targets.
    power : (model, target) sums of squares of the targets.
    rows : number of rows that stand behind every model.
    matrix : the weighted (row, term) and (row, target) arrays of one model, where a Gram matrix is not accurate enough.
    """

    gram: Float[np.ndarray, "model term term"]
    moment: Float[np.ndarray, "model term target"]
    power: Float[np.ndarray, "model target"]
    rows: int
    matrix: Matrix | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of models, targets and terms."""
        models, terms, targets = self.moment.shape
        return models, targets, terms

    def scaled(self, columns: Float[np.ndarray, "model term"], targets: Float[np.ndarray, "target"]) -> NormalEquations:
        """The equations of terms divided by `columns` and targets divided by `targets`."""
        gram = self.gram / (columns[:, :, None] * columns[:, None, :])
        moment = self.moment / (columns[:, :, None] * targets)
        matrix = None
        if self.matrix is not None:
            whole = self.matrix

            def matrix(model: int) -> tuple[np.ndarray, np.ndarray]:
                x, y = whole(model)
                return x / columns[model], y / targets

        return NormalEquations(gram, moment, self.power / targets**2, self.rows, matrix)

    def residual(self, coefficients: Float[np.ndarray, "model *grid target term"]) -> np.ndarray:
        """Residual sums of squares (model, *grid, target), not below zero."""
        extra = coefficients.ndim - 3
        power = self.power.reshape(self.power.shape[:1] + (1,) * extra + self.power.shape[1:])
        moment = np.einsum("mpt,m...tp->m...t", self.moment, coefficients)
        quadratic = np.einsum("m...tp,mpq,m...tq->m...t", coefficients, self.gram, coefficients, optimize=True)
        return np.maximum(power - 2 * moment + quadratic, 0.0)


def normal_equations(
    terms: Float[np.ndarray, "row term"],
    targets: Float[np.ndarray, "row target"],
    weights: Float[np.ndarray, "row"] | None = None,
) -> NormalEquations:
    """The equations of one model; `weights` multiply squared residuals."""
    x, y = _checked(terms, targets)
    root = None if weights is None else np.sqrt(weights)[:, None]

    def matrix(model: int) -> tuple[np.ndarray, np.ndarray]:
        return (x, y) if root is None else (x * root, y * root)

    weighted = matrix(0)
    return _from_products(_products(*weighted)[None], x.shape[1], len(x), matrix)


def row_bootstrap(
    terms: Float[np.ndarray, "row term"],
    targets: Float[np.ndarray, "row target"],
    models: int,
    rng: np.random.Generator,
) -> NormalEquations:
    """Every model sees as many rows as there are, drawn with replacement: one matrix product a model."""
    x, y = _checked(terms, targets)
    joint = np.concatenate([x, y], axis=1)
    size = len(x)
    counts = np.empty((models, size), dtype=np.uint16)
    products = np.empty((models, joint.shape[1], joint.shape[1]))
    for model in range(models):
        counts[model] = np.bincount(rng.integers(0, size, size), minlength=size)
        # Some 37 % of the rows are not drawn; leaving them out saves as much of the product.
        drawn = np.flatnonzero(counts[model])
        weighted = joint[drawn]
        weighted *= np.sqrt(counts[model, drawn])[:, None]
        products[model] = weighted.T @ weighted

    def matrix(model: int) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(counts[model])[:, None]
        return x * root, y * root

    return _from_products(products, x.shape[1], size, matrix)


def block_bootstrap(
    terms: Float[np.ndarray, "row term"],
    targets: Float[np.ndarray, "row target"],
    models: int,
    rng: np.random.Generator,
    blocks: int = 100,
) -> NormalEquations:
    """Contiguous blocks are drawn with replacement, as suits a time series; Gram matrices of blocks are made once."""
    x, y = _checked(terms, targets)
    blocks = int(min(blocks, len(x)))
    edges = np.linspace(0, len(x), blocks + 1).astype(int)
    joint = np.concatenate([x, y], axis=1)
    width = joint.shape[1]
    parts = np.empty((blocks, width, width))
    for block, (start, stop) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        piece = joint[start:stop]
        parts[block] = piece.T @ piece
    counts = np.stack([np.bincount(rng.integers(0, blocks, blocks), minlength=blocks) for _ in range(models)])
    products = (counts.astype(float) @ parts.reshape(blocks, -1)).reshape(models, width, width)

    def matrix(model: int) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(np.repeat(counts[model], np.diff(edges)))[:, None]
        return x * root, y * root

    return _from_products(products, x.shape[1], len(x), matrix)


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
        solution, doubtful = _rank_revealing(equations, problems, masks, None)
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
            found = _rank_revealing(equations, problems, masks, None)[0].reshape(models, targets, terms)
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
            solution[chosen] = _rank_revealing(equations, problems[chosen], masks[chosen], None)[0]
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
    equations: NormalEquations, problems: np.ndarray, masks: np.ndarray, _: None
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares on the masks, and which answers the Gram matrix cannot vouch for."""
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
            found[weak], unclear = _least_norm(system[weak], right[weak], scale[weak], valid[weak])
            doubtful[batch[weak]] = unclear
        solution[batch[:, None], columns] = np.where(valid, found, 0.0)
    return solution, doubtful


def _least_norm(
    system: np.ndarray, right: np.ndarray, scale: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # An exact identity among terms shows as an eigenvalue at rounding level, clear of all others; what lies between
    # is a question that only the matrix itself can answer.
    values, vectors = np.linalg.eigh(system)
    relative = values / values[:, -1:]
    null = relative < NULL_EIGENVALUE * max(8, system.shape[1])
    unclear = ((relative < CLEAR_EIGENVALUE) & ~null).any(axis=1)
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
        for _ in range(2):
            residual = y[:, problems[mine, 2]] - x @ solution[mine].T
            moment = np.zeros((len(equations.moment), x.shape[1], len(mine)))
            moment[model] = x.T @ residual
            defect = NormalEquations(equations.gram, moment, np.zeros((len(moment), len(mine))), equations.rows)
            own = np.stack([problems[mine, 0], problems[mine, 1], np.arange(len(mine))], axis=1)
            solution[mine] += _rank_revealing(defect, own, masks[mine], None)[0]


def _through_matrix(matrix: Matrix, problem: np.ndarray, mask: np.ndarray) -> np.ndarray:
    import scipy.linalg

    x, y = matrix(int(problem[0]))
    solution = np.zeros(len(mask))
    cutoff = np.finfo(float).eps * max(x.shape)
    # Least norm in the units of the terms is what a singular-value solver returns on the columns as they stand.
    solution[mask] = scipy.linalg.lstsq(x[:, mask], y[:, problem[2]], cond=cutoff, lapack_driver="gelsd")[0]
    return solution


def _batches(masks: np.ndarray):  # type: ignore[no-untyped-def]
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


def _products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    joint = np.concatenate([x, y], axis=1)
    return joint.T @ joint


def _from_products(products: np.ndarray, terms: int, rows: int, matrix: Matrix | None) -> NormalEquations:
    power = np.einsum("mkk->mk", products)[:, terms:]
    gram = np.ascontiguousarray(products[:, :terms, :terms])
    return NormalEquations(gram, np.ascontiguousarray(products[:, :terms, terms:]), power.copy(), rows, matrix)


def _checked(terms: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(terms, dtype=float), np.asarray(targets, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or x.size == 0 or y.size == 0:
        raise InputError(f"terms: shape {x.shape} with targets {y.shape}, expected (row, term) and (row, target)")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("terms: values that are not finite found; leave those rows out")
    return x, y


def _check_hyperparameters(thresholds: np.ndarray, alphas: np.ndarray, max_rounds: int) -> None:
    for name, values in (("threshold", thresholds), ("alpha", alphas)):
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError(f"{name}: {values.tolist()} found, expected finite numbers, not negative")
    if max_rounds < 1:
        raise InputError(f"max_rounds: {max_rounds!r} found, expected at least 1")


def dependent_terms(gram: Float[np.ndarray, "term term"]) -> tuple[Int[np.ndarray, "group"], ...]:
    """Groups of terms that are linearly dependent (to rounding) on these rows, as indices.

    Each group is one linear identity among terms, e.g. u, u cos^2 and u sin^2.
    """
    scale = np.sqrt(np.diag(gram))
    zero = np.flatnonzero(scale == 0)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = gram / np.outer(scale, scale)
    groups: list[np.ndarray] = [np.array([index]) for index in zero]
    basis: list[int] = []
    for column in range(len(gram)):
        if scale[column] == 0 or column in zero:
            continue
        if basis:
            inner = scaled[np.ix_(basis, basis)]
            weights = np.linalg.solve(inner, scaled[basis, column])
            left = scaled[column, column] - weights @ scaled[basis, column]
            if left < 1e-12:
                groups.append(np.array([*np.array(basis)[np.abs(weights) > 1e-4], column]))
                continue
        basis.append(column)
    return tuple(groups)
