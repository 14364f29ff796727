"""Finding the support of a law without tuning: `discover`, which `SINDy(threshold="auto")` calls.

A clean recording is regressed by shooting (`shooting`), a noisy one in the weak form (`weak`); terms leave one by one
(`elimination`) and an information criterion on the effective number of rows says where to stop. If no library is
given, polynomials of rising degree are tried and the smallest that explains the recording wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.models.dictionary import Library, Terms, monomial_powers, polynomial
from inscape.models.elimination import chosen_step, elimination_paths
from inscape.models.rows import Rows, next_rows, rate_rows
from inscape.models.shooting import Pairs, pairs_of, shoot
from inscape.models.weak import bump_half_width, weak_rows
from inscape.trajectories import Trajectories

DEGREES = (1, 2, 3, 4)
MOST_TERMS = 260
CLEAN = 1e-6
"""A full library that misses less than this share of the rates explains a recording exactly."""
NEARLY_CLEAN = 1e-4
"""Up to this share, it does if what it misses succeeds itself like differences of white noise."""
ROUNDING = 1e-11
WEIGHT = 4.0
NARROWEST_WINDOW = 6
ROUGH_WINDOW = 4
HOPELESS = 0.5
"""A library whose first fit misses this share of a rate is not tried by shooting."""
MOST_SAMPLES = 100_000
STRETCHES = 25

Method = Literal["shooting", "weak", "next sample", "rates"]


@dataclass(frozen=True)
class Discovery:
    """What `discover` found.

    Parameters
    ----------
    library, terms : the dictionary that was needed.
    support : (state, term).
    coefficients : (state, term), zero off the support.
    rows : the regression that they solve.
    effective_rows : number of independent rows among them.
    method : where the rows come from.
    """

    library: Library
    terms: Terms
    support: Bool[np.ndarray, "state term"]
    coefficients: Float[np.ndarray, "state term"]
    rows: Rows
    effective_rows: float
    method: Method


def discover(
    runs: Trajectories,
    library: Library | None,
    discrete: bool = False,
    rows: Callable[[Terms], Rows] | None = None,
    half_width: int | None = None,
) -> Discovery:
    """The sparse law of the runs.

    Parameters
    ----------
    library : candidate terms; polynomials of degree 1 to 4 in turn if None.
    discrete : learn the next sample in place of the rate.
    rows : how to make rows of terms, if the caller has rates of its own.
    half_width : of the windows of the weak form, in samples.

    Raises
    ------
    InputError : if no library fits the number of samples, or nothing moves by any term.
    """
    runs = stretches(runs) if rows is None else runs
    ladder = _ladder(runs, library)
    if rows is not None or discrete:
        make = rows if rows is not None else (lambda terms: next_rows(runs, terms))
        return _best([_regress(lib, terms, make(terms), "rates" if rows else "next sample") for lib, terms in ladder])
    pairs = pairs_of(runs)
    for lib, terms in ladder:
        exact = _by_shooting(runs, pairs, lib, terms)
        if exact is not None:
            return exact
    width = bump_half_width(runs) if half_width is None else half_width
    even = all(run.is_uniform for run in runs)
    if not even or width < NARROWEST_WINDOW or max(map(len, runs)) < 4 * width:
        # Too short for windows: plain central differences, every second of which is a fresh number.
        made = [(lib, terms, rate_rows(runs, terms, "finite", {"order": 2})) for lib, terms in ladder]
        return _best([_regress(lib, terms, table, "rates", len(table.terms) / 2) for lib, terms, table in made])
    found: list[Discovery] = []
    for lib, terms in ladder:
        try:
            table = weak_rows(runs, terms, half_width=width)
        except InputError:
            # A run may hold too few windows for the larger libraries.
            if not found:
                raise
            break
        found.append(_regress(lib, terms, table, "weak", runs.samples / width))
    return _best(found)


def supports_of(
    terms: Float[np.ndarray, "row term"],
    targets: Float[np.ndarray, "row target"],
    effective_rows: float,
    floor: Float[np.ndarray, "target"] | float = 0.0,
) -> Bool[np.ndarray, "target term"]:
    """The support of each target that elimination and the information criterion choose.

    Parameters
    ----------
    floor : (target,) sum of squares below which residuals are all taken as equal, beside rounding.
    """
    floors = np.maximum(ROUNDING**2 * np.sum(targets**2, axis=0), floor)
    paths = elimination_paths(terms, targets)
    steps = [chosen_step(path, effective_rows, WEIGHT, floor) for path, floor in zip(paths, floors, strict=True)]
    return np.stack([path.supports[step] for path, step in zip(paths, steps, strict=True)])


def stretches(runs: Trajectories) -> Trajectories:
    """The runs themselves, or if they are very long, even contiguous parts of about `MOST_SAMPLES` in all."""
    if runs.samples <= MOST_SAMPLES:
        return runs
    share = MOST_SAMPLES / runs.samples
    parts = []
    for run in runs:
        count = max(1, min(STRETCHES, round(STRETCHES * len(run) / max(map(len, runs)))))
        length = max(2, int(share * len(run) / count))
        parts += [run[start : start + length] for start in np.linspace(0, len(run) - length, count).astype(int)]
    return Trajectories(parts)


def _ladder(runs: Trajectories, library: Library | None) -> list[tuple[Library, Terms]]:
    names = (runs.state_names, runs.input_names)
    if library is not None:
        return [(library, library.terms(*names))]
    variables = len(names[0]) + len(names[1])
    sizes = {degree: len(monomial_powers(variables, degree)) for degree in DEGREES if variables**degree < 10**6}
    fitting = [d for d, size in sizes.items() if size <= max(variables + 1, min(MOST_TERMS, runs.samples // 3))]
    return [(polynomial(d), polynomial(d).terms(*names)) for d in fitting]


def _by_shooting(runs: Trajectories, pairs: Pairs, library: Library, terms: Terms) -> Discovery | None:
    if len(pairs.dt) < 2 * len(terms):
        # A library with as many terms as pairs misses nothing, whatever the law is.
        return None
    rough = _rough_rows(runs, terms)
    if rough is None:
        return None
    start = least_squares_on(rough, np.ones((rough.targets.shape[1], len(terms)), dtype=bool))
    left = rough.targets - rough.terms @ start.T
    size = np.sqrt(np.mean(rough.targets**2, axis=0))
    size = np.where(size > 0, size, 1.0)
    if (np.sqrt(np.mean(left**2, axis=0)) > HOPELESS * size).any():
        return None
    shot = shoot(pairs, terms, start)
    if shot is None:
        return None
    is_noise = (shot.miss < NEARLY_CLEAN * size) & (shot.succession < -0.3)
    if not ((shot.miss < CLEAN * size) | is_noise).all():
        return None
    # Where the integrator and not noise is what still misses, residuals near that level are no evidence.
    floor = np.where(is_noise, 0.0, 9.0 * len(shot.rows.terms) * shot.miss**2)
    support = supports_of(shot.rows.terms, shot.rows.targets, len(shot.rows.terms), floor)
    sparse = least_squares_on(shot.rows, support)
    polished = shoot(pairs, terms, sparse, support)
    if polished is not None:
        sparse, rows = polished.coefficients, polished.rows
    else:
        rows = shot.rows
    return Discovery(library, terms, support, np.where(support, sparse, 0.0), rows, float(len(rows.terms)), "shooting")


def _rough_rows(runs: Trajectories, terms: Terms) -> Rows | None:
    try:
        if all(run.is_uniform for run in runs):
            # Narrow windows see sharper turns than differences do when samples are sparse.
            return weak_rows(runs, terms, half_width=ROUGH_WINDOW, stride=1)
        return rate_rows(runs, terms, "finite", {"order": min(6, max(map(len, runs)) - 1)})
    except InputError:
        return None


def _regress(library: Library, terms: Terms, rows: Rows, method: Method, effective: float | None = None) -> Discovery:
    independent = float(len(rows.terms)) if effective is None else min(effective, float(len(rows.terms)))
    support = supports_of(rows.terms, rows.targets, independent)
    return Discovery(library, terms, support, least_squares_on(rows, support), rows, independent, method)


def _best(found: Sequence[Discovery]) -> Discovery:
    """The library whose sparse law has the least information criterion, summed over states."""
    scores = []
    for one in found:
        residual = np.sum((one.rows.targets - one.rows.terms @ one.coefficients.T) ** 2, axis=0)
        floor = ROUNDING**2 * np.sum(one.rows.targets**2, axis=0)
        n = one.effective_rows
        fit = n * np.log(np.maximum(residual, floor) + 1e-300)
        scores.append(float(np.sum(fit + WEIGHT * np.log(max(n, 2.0)) * one.support.sum(axis=1))))
    return found[int(np.argmin(scores))]


def least_squares_on(rows: Rows, support: np.ndarray) -> np.ndarray:
    coefficients = np.zeros(support.shape)
    for state, mask in enumerate(support):
        if mask.any():
            scale = np.linalg.norm(rows.terms[:, mask], axis=0)
            scale = np.where(scale > 0, scale, 1.0)
            answer = np.linalg.lstsq(rows.terms[:, mask] / scale, rows.targets[:, state], rcond=1e-14)[0]
            coefficients[state, mask] = answer / scale
    return coefficients
