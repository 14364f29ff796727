"""`eigenscore`: the score of one prompt's answers, by the method that is fastest for their shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.probes.eigenscore import chebyshev, quadrature, reproduced
from inscape.probes.eigenscore.embeddings import Centre, are_identical, centred, checked_embeddings
from inscape.probes.eigenscore.gram import log_determinant
from inscape.probes.eigenscore.trace import TraceEstimate

Method = Literal["auto", "gram", "slq", "chebyshev", "ees_paper", "ees_released"]
METHODS: tuple[str, ...] = get_args(Method)
EXACT_UP_TO = 4500
"""Shorter side of the embeddings up to which the exact answer is also the fastest."""

_ESTIMATES: dict[str, Callable[..., TraceEstimate]] = {
    "slq": quadrature.mean_log_eigenvalue,
    "chebyshev": chebyshev.mean_log_eigenvalue,
}
_REPRODUCED: dict[str, Callable[..., float]] = {
    "ees_paper": reproduced.ees_as_printed,
    "ees_released": reproduced.ees_as_released,
}


@dataclass(frozen=True)
class Eigenscore:
    """A score; `float()` of it is its value.

    Parameters
    ----------
    value : (1/K) log det(Z J Z' + alpha I), in nats; higher where the answers scatter more.
    error : standard error of an estimate; 0 for the exact methods, NaN for the reproduced ones, which estimate
        something else.
    method : what was computed: never "auto".
    degenerate : all answers are one answer, and the value is the least that its length allows.
    """

    value: float
    error: float
    method: str
    degenerate: bool

    def __float__(self) -> float:
        return self.value


def eigenscore(
    embeddings: Float[np.ndarray, "sample unit"],
    method: Method = "auto",
    *,
    alpha: float = 1e-3,
    centre: Centre = "units",
    seed: int | np.random.Generator | None = 0,
    **settings: Any,
) -> Eigenscore:
    """Scatter of K answers, one embedding each: (1/K) log det(Z J Z' + alpha I) (Chen et al. 2024, INSIDE).

    Parameters
    ----------
    embeddings : one row for each answer to the same prompt, one column for each hidden unit.
    method : "gram" is exact; "slq" (Lanczos quadrature) and "chebyshev" apply the matrix to random directions, and
        give a standard error; "auto" is exact until the shorter side passes 4,500, where "slq" is faster;
        "ees_paper" and "ees_released" repeat what Mohammadzadeh et al. print and run, which is no log-determinant.
    alpha : added to every eigenvalue. A score of identical answers is little more than its logarithm.
    centre : "units" takes from each embedding its mean over units, as published; "answers" takes from all of them
        their mean answer, so that what they share does not count as scatter.
    seed : of the random directions.
    **settings : of the method: `steps`, `moments`, `vectors`, `tolerance`; see the modules.

    Raises
    ------
    InputError : for fewer than two answers, NaN, or an alpha that leaves the determinant zero.
    UnknownNameError : for another method.
    """
    if method not in METHODS:
        raise UnknownNameError("method", str(method), METHODS)
    array = checked_embeddings(embeddings, alpha)
    is_degenerate = are_identical(array)
    chosen = method if method != "auto" else ("gram" if min(array.shape) <= EXACT_UP_TO else "slq")
    if chosen in _REPRODUCED:
        _known(settings, ("moments", "vectors"), chosen)
        return Eigenscore(_REPRODUCED[chosen](array, seed=seed, **settings), np.nan, chosen, is_degenerate)
    rows = centred(array, centre)
    if chosen == "gram":
        _known(settings if method == "gram" else {}, (), chosen)
        return Eigenscore(log_determinant(rows, alpha) / len(rows), 0.0, chosen, is_degenerate)
    if alpha == 0:
        raise InputError(f"alpha: 0 found, method {chosen!r} needs more; expected a number such as 1e-3")
    _known(settings, ("steps" if chosen == "slq" else "moments", "vectors", "tolerance"), chosen)
    found = _ESTIMATES[chosen](rows, alpha, seed=seed, **settings)
    samples, size = len(rows), min(rows.shape)
    value = (size * found.mean + (samples - size) * float(np.log(alpha))) / samples
    return Eigenscore(value, found.error * size / samples, chosen, is_degenerate)


def _known(settings: dict[str, Any], known: tuple[str, ...], method: str) -> None:
    for name, value in settings.items():
        if name not in known:
            raise UnknownNameError(f"setting of method {method!r}", name, known)
        if name == "tolerance" and (value is None or value > 0):
            continue
        if name == "tolerance" or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a number above 0")
