"""Bootstrap ensembles of sparse regressions (Fasel et al. 2022, Proc. R. Soc. A 478:20210904), by Gram matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.models.normal_equations import NormalEquations, block_bootstrap, normal_equations, row_bootstrap
from inscape.models.rows import Rows
from inscape.models.stlsq import stlsq

Bootstrap = Literal["blocks", "rows"]
BOOTSTRAPS = {"blocks": block_bootstrap, "rows": row_bootstrap}
AGGREGATES: dict[str, Callable[..., np.ndarray]] = {"median": np.median, "mean": np.mean}


def sparse_ensemble(
    rows: Rows,
    threshold: Float[np.ndarray, "grid"] | float,
    alpha: Float[np.ndarray, "grid"] | float,
    *,
    models: int = 0,
    bootstrap: Bootstrap = "blocks",
    drop: int = 0,
    max_rounds: int = 20,
    normalize: bool = False,
    refit: bool = True,
    seed: int | np.random.Generator | None = 0,
    single: NormalEquations | None = None,
) -> Float[np.ndarray, "model grid target term"]:
    """Coefficients of every bootstrap model at every pair of hyperparameters; the grid shares the Gram matrices.

    Parameters
    ----------
    threshold, alpha, max_rounds, normalize, refit : as of `stlsq`.
    models : number of bootstrap models; 0 fits the rows once, as they are.
    bootstrap : "blocks" draws contiguous stretches, "rows" single rows.
    drop : terms left out of each model at random (library ensemble).
    single : the normal equations of these rows, where they are known already.
    """
    rng = np.random.default_rng(seed)
    terms = rows.terms.shape[1]
    if models:
        equations = BOOTSTRAPS[bootstrap](rows.terms, rows.targets, models, rng)
    else:
        equations = normal_equations(rows.terms, rows.targets) if single is None else single
    keep = None
    if drop:
        if drop >= terms:
            raise InputError(f"drop: {drop} terms of {terms} found, expected fewer than there are")
        keep = np.ones((max(1, models), terms), dtype=bool)
        for kept in keep:
            kept[rng.choice(terms, drop, replace=False)] = False
    return stlsq(equations, threshold, alpha, keep=keep, max_rounds=max_rounds, normalize=normalize, refit=refit)


def check_ensemble(ensemble: Any, bootstrap: Any, drop: Any, aggregate: Any) -> None:
    """Refuse an ensemble that is none.

    Raises
    ------
    InputError, UnknownNameError : naming the parameter.
    """
    if bootstrap not in BOOTSTRAPS:
        raise UnknownNameError("bootstrap", str(bootstrap), BOOTSTRAPS)
    if not isinstance(aggregate, str) or aggregate not in AGGREGATES:
        raise UnknownNameError("aggregate", str(aggregate), AGGREGATES)
    for name, value in (("ensemble", ensemble), ("drop", drop)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise InputError(f"{name}: {value!r} found, expected a whole number, not negative")


def refuse_empty(
    coefficients: Float[np.ndarray, "target term"],
    single: NormalEquations,
    threshold: float,
    alpha: float,
    terms: Sequence[str],
    targets: Sequence[str],
) -> None:
    """Refuse a fit that the threshold left nothing of.

    Raises
    ------
    InputError : naming the threshold, and the largest coefficient of the fit without it.
    """
    if coefficients.any():
        return
    dense = stlsq(single, 0.0, alpha)[0, 0]
    target, term = map(int, np.unravel_index(np.argmax(np.abs(dense)), dense.shape))
    raise InputError(
        f"threshold: {threshold:g} dropped every term; the largest coefficient is "
        f"{abs(dense[target, term]):.3g} ({terms[term]} in the law of {targets[target]}): lower the threshold"
    )
