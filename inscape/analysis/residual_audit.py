"""Residuals of anybody's modes: one call that tells eigenvalues from artefacts on a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Complex, Float

from inscape.analysis.eigenfunctions import Eigenfunctions, eigenfunctions_of
from inscape.analysis.features import complex_numbers
from inscape.analysis.residual_bands import DRAWS, ResidualBands, residual_bands
from inscape.analysis.series import at_least_zero, positive
from inscape.errors import InputError
from inscape.trajectories import Trajectories, as_trajectories


@dataclass(frozen=True, eq=False)
class ResidualAudit:
    """What a recording says of a model's eigenpairs, in the model's own order.

    Parameters
    ----------
    eigenvalues : (pair,) as the model gives them.
    bands : residual of each with its confidence band.
    """

    eigenvalues: Complex[np.ndarray, "pair"]
    bands: ResidualBands

    @property
    def residuals(self) -> Float[np.ndarray, "pair"]:
        """(pair,) ||(K - eigenvalue) g|| / ||g|| on the recording."""
        return self.bands.residuals

    def accepted(self, max_residual: float = 0.1) -> Bool[np.ndarray, "pair"]:
        """(pair,) whether the upper end of the band is at most `max_residual`; the residual, where there is no band."""
        bound = at_least_zero(max_residual, "max_residual")
        return np.where(np.isfinite(self.bands.high), self.bands.high, self.residuals) <= bound

    def __str__(self) -> str:
        rows = ["    eigenvalue            residual  band"]
        for k in np.argsort(self.residuals, kind="stable"):
            z, b = self.eigenvalues[k], self.bands
            rows.append(f"{z.real:10.5f} {z.imag:+10.5f}i  {b.residuals[k]:9.2e}  {b.low[k]:.2e} to {b.high[k]:.2e}")
        return "\n".join(rows)


def residuals_of(
    model: Any,
    recording: Any,
    *,
    dt: float | None = None,
    level: float = 0.95,
    block_length: int | None = None,
    draws: int = DRAWS,
    seed: int | np.random.Generator | None = 0,
) -> ResidualAudit:
    """Residual of every eigenpair of a fitted model on a recording, best one that it has not seen.

    ||(K - eigenvalue) g|| / ||g|| by averages over the snapshot pairs of the runs, with the bands of `residual_bands`.
    No part of the model but its eigenvalues and the values of its eigenfunctions is used, so it is all the same whether
    these are DMD modes, kernel sections or the latents of a network.

    Parameters
    ----------
    model : see `eigenfunctions_of`: a Koopman model or DMD of inscape, PyDMD, kooplearn, or
        (eigenvalues, function of (time, state) -> (time, pair)).
    recording : run or runs, sampled as those of the fit; pairs that touch a missing value are left out and counted.
    dt : sampling interval, of plain arrays.
    level, block_length, draws, seed : of the bands.

    Raises
    ------
    InputError : if the model has no eigenfunctions, runs are uneven or too short, or states do not match.
    """
    if dt is not None:
        positive(dt, "dt")
    runs = as_trajectories(recording, 1.0 if dt is None and not _is_timed(recording) else dt)
    if not all(run.is_uniform for run in runs):
        raise InputError("recording: unevenly sampled run found, expected one interval; resample it first")
    functions = eigenfunctions_of(model, runs[0].dt if len(runs[0]) > 1 else 1.0)
    befores, afters, labels = [], [], []
    for number, run in enumerate(runs):
        values = _values_along(functions, np.asarray(run.states, dtype=float))
        if len(values) > functions.steps:
            befores.append(values[: -functions.steps])
            afters.append(values[functions.steps :])
            labels.append(np.full(len(values) - functions.steps, number))
    if not befores:
        raise InputError(
            f"recording: {max(map(len, runs))} samples in the longest run, too few for one pair of the model's windows"
        )
    bands = residual_bands(
        np.concatenate(befores),
        np.concatenate(afters),
        functions.eigenvalues,
        runs=np.concatenate(labels),
        block_length=block_length,
        level=level,
        draws=draws,
        seed=seed,
    )
    return ResidualAudit(functions.eigenvalues, bands)


def _values_along(functions: Eigenfunctions, states: np.ndarray) -> np.ndarray:
    count = len(functions.eigenvalues)
    if states.ndim != 2:
        raise InputError(f"recording: states of shape {states.shape} found, expected (time, state)")
    # A missing sample is replaced for the model and its windows are then marked, since most models refuse NaN.
    missing = ~np.isfinite(states).all(axis=1)
    if missing.all():
        raise InputError(f"recording: {len(states)} samples found, none of them complete")
    complex_numbers(states, "recording")
    filled = np.where(missing[:, None], states[~missing].mean(axis=0), states)
    values = complex_numbers(functions.along(filled), "eigenfunctions").astype(complex)
    if values.ndim != 2 or values.shape[1] != count or len(values) > len(states):
        raise InputError(
            f"eigenfunctions: values of shape {values.shape} found, expected (time, {count}), a column an eigenvalue"
        )
    window = len(states) - len(values) + 1
    touched = np.convolve(missing, np.ones(window), "valid") > 0.5 if len(values) else missing[:0]
    values[touched] = np.nan
    return values


def _is_timed(recording: Any) -> bool:
    from inscape.trajectories import Trajectory

    return isinstance(recording, Trajectory | Trajectories)
