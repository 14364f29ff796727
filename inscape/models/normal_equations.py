"""What least squares needs to know of weighted rows - Gram matrices - and the bootstraps that draw such weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError

Matrix = Callable[[int], tuple[np.ndarray, np.ndarray]]


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
    for block, (start, stop) in enumerate(itertools.pairwise(edges)):
        piece = joint[start:stop]
        parts[block] = piece.T @ piece
    counts = np.stack([np.bincount(rng.integers(0, blocks, blocks), minlength=blocks) for _ in range(models)])
    products = (counts.astype(float) @ parts.reshape(blocks, -1)).reshape(models, width, width)

    def matrix(model: int) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(np.repeat(counts[model], np.diff(edges)))[:, None]
        return x * root, y * root

    return _from_products(products, x.shape[1], len(x), matrix)


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
