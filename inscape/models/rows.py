"""Rows of the regression that a sparse law solves: terms on one side, rates or next states on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.dictionary import Terms
from inscape.trajectories import Trajectories, Trajectory, derivative


@dataclass(frozen=True)
class Rows:
    """Regression rows, one run after the other, in the order of time.

    Parameters
    ----------
    terms : (row, term); targets : (row, target).
    """

    terms: Float[np.ndarray, "row term"]
    targets: Float[np.ndarray, "row target"]


def next_rows(runs: Trajectories, terms: Terms) -> Rows:
    """Each sample against the one after it."""
    pieces = [_piece(terms, run, run.states[1:], slice(0, -1)) for run in runs if len(run) > 1]
    return joined(pieces, terms)


def rate_rows(runs: Trajectories, terms: Terms, method: str, options: Mapping[str, Any]) -> Rows:
    """Each sample against its rate of change, by a method of `inscape.trajectories.derivative`."""
    pieces = [_piece(terms, run, derivative(run, method, **options), slice(None)) for run in runs if len(run) > 1]  # type: ignore[arg-type]
    return joined(pieces, terms)


def given_rows(runs: Trajectories, terms: Terms, derivatives: Any) -> Rows:
    """Each sample against a rate that the user measured: one array (time, state), or one for each run."""
    several = derivatives if isinstance(derivatives, (list, tuple)) else [derivatives]
    if len(several) != len(runs):
        raise InputError(f"derivatives: {len(several)} arrays found for {len(runs)} runs")
    pieces = []
    for number, (run, rates) in enumerate(zip(runs, several, strict=True)):
        array = np.asarray(rates, dtype=float)
        array = array[:, None] if array.ndim == 1 else array
        if array.shape != run.states.shape:
            raise InputError(f"derivatives: shape {array.shape} for run {number}, expected {run.states.shape}")
        pieces.append(_piece(terms, run, array, slice(None)))
    return joined(pieces, terms)


def joined(pieces: Sequence[tuple[np.ndarray, np.ndarray]], terms: Terms) -> Rows:
    """The rows of all runs, without those that a missing sample touches.

    Raises
    ------
    InputError : if fewer rows are left than there are terms.
    """
    if not pieces:
        raise InputError("recording: no run is long enough; expected at least 2 samples")
    x = np.concatenate([piece[0] for piece in pieces])
    y = np.concatenate([piece[1] for piece in pieces])
    finite = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if not finite.all():
        known = np.isfinite(x[np.isfinite(y).all(axis=1)]).all(axis=0)
        if not known.all() and not finite.any():
            names = [name for name, ok in zip(terms.names, known, strict=True) if not ok]
            raise InputError(f"terms: {', '.join(names[:3])} not finite on these samples; leave the term out")
        x, y = x[finite], y[finite]
    if len(x) < x.shape[1]:
        raise InputError(
            f"rows: {len(x)} complete ones found for {x.shape[1]} terms, expected at least as many; "
            "record longer or take a smaller library"
        )
    return Rows(x, y)


def check_variables_move(runs: Trajectories) -> None:
    """A variable that stands still cannot be told from the constant term.

    Raises
    ------
    InputError : naming the constant states or inputs.
    """
    blocks = [np.concatenate([run.states for run in runs])]
    names = runs.state_names + runs.input_names
    if runs.input_names:
        blocks.append(np.concatenate([run.inputs for run in runs if run.inputs is not None]))
    values = np.concatenate(blocks, axis=1)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    still = [name for name, a, b in zip(names, low, high, strict=True) if not b > a]
    if still:
        raise InputError(
            f"{', '.join(still)}: constant in the recording, so its part in the law cannot be told; leave it out"
        )


def _piece(terms: Terms, run: Trajectory, targets: np.ndarray, part: slice) -> tuple[np.ndarray, np.ndarray]:
    inputs = None if run.inputs is None else run.inputs[part]
    return terms.columns(run.states[part], inputs), np.asarray(targets, dtype=float)
