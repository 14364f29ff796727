"""The controllable plane: which coordinates of an observation the actions reach, with bootstrap bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.subspace import linear_encoder, paired_rows, principal_angles
from inscape.errors import InputError
from inscape.trajectories import as_trajectories


@dataclass(frozen=True)
class ControllablePlane:
    """Where actions show, and where they are read from.

    Parameters
    ----------
    reach : (observation, rank) orthonormal; the directions in which the actions move the observation, k steps on.
    read : (observation, rank) orthonormal; the directions that the linear inverse reads the action from. The two
        planes agree where nothing else moves along with what the actions move.
    strengths : (action or observation,) what actions of one standard deviation do to the observation, strongest
        direction first, in the observation's units.
    shares : (observation,) length of each coordinate's projection on the reach, 0 to 1.
    share_bands : (observation, 2) 95 % bootstrap band of each.
    spread : (draw,) sine of the largest angle between a redrawn reach and the reach; its upper values say how well the
        plane is known.
    agreement : sine of the largest angle between reach and read.
    names : of the coordinates.
    offset : k.
    """

    reach: Float[np.ndarray, "observation rank"]
    read: Float[np.ndarray, "observation rank"]
    strengths: Float[np.ndarray, "direction"]
    shares: Float[np.ndarray, "observation"]
    share_bands: Float[np.ndarray, "observation 2"]
    spread: Float[np.ndarray, "draw"]
    agreement: float
    names: tuple[str, ...]
    offset: int

    @property
    def rank(self) -> int:
        """Dimension of the plane."""
        return self.reach.shape[1]

    def angles_to(self, plane: Float[np.ndarray, "observation k"]) -> Float[np.ndarray, "angle"]:
        """Principal angles between the reach and another plane, in radians."""
        return principal_angles(self.reach, plane)

    def table(self) -> list[Mapping[str, Any]]:
        """One row a coordinate, the most reached first."""
        order = np.argsort(-self.shares)
        return [
            {
                "coordinate": self.names[i],
                "share": float(self.shares[i]),
                "low": float(self.share_bands[i, 0]),
                "high": float(self.share_bands[i, 1]),
            }
            for i in order
        ]

    def __str__(self) -> str:
        rows = [f"{r['coordinate']} {r['share']:.2f} ({r['low']:.2f} to {r['high']:.2f})" for r in self.table()[:8]]
        return f"{self.rank} directions reached in {self.offset} step(s): " + ", ".join(rows)


def controllable_plane(
    demonstrations: Any,
    *,
    offset: int = 1,
    rank: int | None = None,
    draws: int = 200,
    ridge: float = 1e-8,
    seed: int = 0,
) -> ControllablePlane:
    """Find the plane of an observation space in which the actions act, k steps on.

    o_{t+k} is regressed on o_t and a_t; the coefficients of the actions span the reach. Whole episodes are redrawn for
    the bands. One step of a body whose motors reach only some directions shows only these; larger k shows what the
    dynamics carries on from there.

    Parameters
    ----------
    demonstrations : Trajectories of vectors: states are observations, inputs are actions.
    offset : k.
    rank : dimension of the plane; the number of actions if None (or of coordinates, where these are fewer).
    draws : of the bootstrap over episodes.
    ridge : penalty on the regression, in units of the mean variance of a regressor.

    Raises
    ------
    InputError : for frames (encode them first), too few episodes, missing actions, or a rank that is not to be had.
    """
    runs = as_trajectories(demonstrations)
    if not runs.input_names:
        raise InputError("demonstrations: runs without inputs found, expected actions as the inputs of each run")
    if runs[0].states.ndim != 2:
        raise InputError(
            f"demonstrations: frames of shape {runs[0].states.shape[1:]} found, expected vectors; encode them first"
        )
    if len(runs) < 2:
        raise InputError("demonstrations: 1 episode found, expected at least 2; bands come from redrawing episodes")
    observations = [np.asarray(run.states, dtype=float) for run in runs]
    actions = [np.asarray(run.inputs, dtype=float) for run in runs]
    width, seen = len(runs.input_names), observations[0].shape[1]
    chosen = min(width, seen) if rank is None else rank
    if isinstance(chosen, bool) or not 1 <= chosen <= min(width, seen):
        raise InputError(f"rank: {rank!r} found, expected 1 to {min(width, seen)}")
    if max(runs.lengths) <= offset:
        raise InputError(
            f"offset: {offset} found, the longest episode has {max(runs.lengths)} samples; take fewer steps"
        )
    moments = np.stack([_moments(o, a, offset) for o, a in zip(observations, actions, strict=True) if len(o) > offset])
    effect = _effect(moments.sum(axis=0), seen, width, ridge)
    reach, strengths, _ = np.linalg.svd(effect, full_matrices=False)
    if strengths[0] == 0:
        raise InputError("actions: no effect on any observation found; are they the inputs of these runs?")
    reach = reach[:, :chosen]
    random = np.random.default_rng(seed)
    redrawn, spread = np.empty((draws, seen)), np.empty(draws)
    for draw in range(draws):
        counts = np.bincount(random.integers(0, len(moments), len(moments)), minlength=len(moments))
        again = np.linalg.svd(
            _effect(np.tensordot(counts.astype(float), moments, 1), seen, width, ridge), full_matrices=False
        )[0][:, :chosen]
        redrawn[draw] = np.linalg.norm(again, axis=1)
        spread[draw] = np.sin(principal_angles(reach, again)[-1])
    read = linear_encoder("inverse", observations, actions, chosen, offset=offset, ridge=ridge).T
    return ControllablePlane(
        reach,
        read,
        strengths,
        np.linalg.norm(reach, axis=1),
        np.quantile(redrawn, [0.025, 0.975], axis=0).T,
        spread,
        float(np.sin(principal_angles(reach, read)[-1])),
        runs.state_names,
        int(offset),
    )


def _moments(observations: np.ndarray, actions: np.ndarray, offset: int) -> np.ndarray:
    """Second moments of (1, o_t, a_t, o_{t+k}) over one episode."""
    now, later, act = paired_rows([observations], [actions], offset)
    rows = np.hstack([np.ones((len(now), 1)), now, act, later])
    return rows.T @ rows


def _effect(moments: np.ndarray, seen: int, width: int, ridge: float) -> Float[np.ndarray, "observation action"]:
    known = 1 + seen + width
    mean = moments[0] / moments[0, 0]
    centred = moments / moments[0, 0] - np.outer(mean, mean)
    gram = centred[1:known, 1:known]
    penalty = ridge * np.trace(gram) / len(gram) * np.eye(len(gram))
    effect = np.linalg.solve(gram + penalty, centred[1:known, known:])[seen:].T
    # Per typical action rather than per unit: an action that is hardly used has an effect that is hardly known.
    values, vectors = np.linalg.eigh(centred[1 + seen : known, 1 + seen : known])
    return effect @ (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
