"""Bar 7: how often the band of a residual holds its value for infinite data, which is known for maps of the torus."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Int

from inscape.models.koopman import EDMD, Dictionary, KoopmanWarning
from inscape.trajectories import Trajectories, Trajectory

CAT = np.array([[2, 1], [1, 1]])
"""Arnold's cat map: x -> CAT x on the torus of circumference 1; hyperbolic, so that runs forget where they began."""


def cat_runs(runs: int, steps: int, seed: int) -> Trajectories:
    """Runs of the cat map from points drawn evenly on the torus."""
    x = np.random.default_rng(seed).uniform(size=(runs, 2))
    states = [x]
    for _ in range(steps):
        states.append(states[-1] @ CAT.T % 1.0)
    stacked = np.stack(states, axis=1)
    return Trajectories([Trajectory(np.arange(steps + 1.0), run) for run in stacked])


def exact_residuals(
    waves: Int[np.ndarray, "mode 2"],
    coefficients: Complex[np.ndarray, "mode value"],
    eigenvalues: Complex[np.ndarray, "value"],
) -> Float[np.ndarray, "value"]:
    """||(K - z) g|| / ||g|| over the whole torus, for sums g of characters: K moves the character k to CAT^T k."""
    moved = waves @ CAT
    place = {tuple(k): i for i, k in enumerate(np.unique(np.concatenate([waves, moved]), axis=0))}
    before = np.zeros((len(place), coefficients.shape[1]), dtype=complex)
    after = np.zeros_like(before)
    before[[place[tuple(k)] for k in waves]] = coefficients
    after[[place[tuple(k)] for k in moved]] = coefficients
    return np.linalg.norm(after - before * eigenvalues, axis=0) / np.linalg.norm(before, axis=0)


def covered(item: dict[str, Any]) -> dict[str, float]:
    """One repeat: the share of eigenvalues whose band holds the exact residual, and the mean width of the bands.

    `item` holds `runs`, `steps`, `order` of the dictionary and `seed`.
    """
    recording = cat_runs(item["runs"], item["steps"], item["seed"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KoopmanWarning)
        model = EDMD(Dictionary.fourier(item["order"], period=1.0), seed=item["seed"]).fit(recording)
    waves = model.dictionary_.wavenumbers_.astype(int)
    coefficients = model.galerkin_.basis @ model.galerkin_.eigen().vectors
    truth = exact_residuals(waves, coefficients, model.eigenvalues_)
    # The constant is an eigenfunction without error; its band is a point, which proves nothing.
    open_ones = truth > 1e-8
    held = (model.residual_low_ <= truth) & (truth <= model.residual_high_)
    width = model.residual_high_ - model.residual_low_
    return {
        "held": float(held[open_ones].mean()),
        "width": float(width[open_ones].mean()),
        "count": int(open_ones.sum()),
    }
