"""Claim C3: on the Duffing oscillator EDMD's worst residual stays, and that of the verified set falls with N."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.error_control import spectrum_with_error_control
from inscape.analysis.galerkin import Galerkin, GalerkinStream
from inscape.analysis.pseudospectrum import plane, pseudospectrum
from inscape.models.koopman import Dictionary, Observables

INTERVAL = 0.3
SQUARE = 2.0
ARC = np.exp(1j * np.linspace(0.05, 2.1, 42))
"""Where the residual is measured: a grid of the plane meets the circle at its own spacing, an arc does not."""
FALSE = 0.1
"""An eigenvalue of a larger residual than this is called an artefact."""
CHUNK = 5_000


@cache
def _flow() -> Any:
    from inscape.systems import Flow

    def law(x: Any, v: Any, *, damping: Any = 0.0) -> tuple[Any, Any]:
        return v, x - x**3 - damping * v

    return Flow(law, name="Duffing oscillator")


def snapshots(damping: float, starts: int, steps: int, seed: int) -> Float[np.ndarray, "run time state"]:
    """`starts` runs of `steps` intervals from the square [-2, 2]^2."""
    initial = np.random.default_rng(seed).uniform(-SQUARE, SQUARE, (starts, 2))
    system = _flow().with_parameters(damping=damping)
    return system.simulate(initial, INTERVAL * np.arange(steps + 1)).stack()


def pairs(runs: Float[np.ndarray, "run time state"]) -> tuple[np.ndarray, np.ndarray]:
    """Windows of one sample (pair, 1, state) before and after each step."""
    width = runs.shape[-1]
    return runs[:, :-1].reshape(-1, 1, width), runs[:, 1:].reshape(-1, 1, width)


def operator(
    dictionary: Observables, before: np.ndarray, after: np.ndarray, weights: np.ndarray | None = None
) -> Galerkin:
    """The Galerkin matrices, in pieces that fit memory."""
    stream = GalerkinStream()
    for start in range(0, len(before), CHUNK):
        rows = slice(start, start + CHUNK)
        each = None if weights is None else weights[rows]
        stream.add(dictionary.features(before[rows]), dictionary.features(after[rows]), each)
    return stream.finish()


def held_out_residuals(
    dictionary: Observables, galerkin: Galerkin, before: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, Float[np.ndarray, "value"]]:
    """EDMD's eigenvalues, and the residual of each eigenfunction on pairs that neither it nor its dictionary saw."""
    found = galerkin.eigen()
    expansion = galerkin.basis @ found.vectors
    missed, size = np.zeros(len(found.eigenvalues)), np.zeros(len(found.eigenvalues))
    for start in range(0, len(before), CHUNK):
        rows = slice(start, start + CHUNK)
        g, moved = dictionary.features(before[rows]) @ expansion, dictionary.features(after[rows]) @ expansion
        missed += (np.abs(moved - found.eigenvalues * g) ** 2).sum(axis=0)
        size += (np.abs(g) ** 2).sum(axis=0)
    return found.eigenvalues, np.sqrt(missed / size)


def worst_residuals(item: dict[str, Any]) -> dict[str, Any]:
    """One operator: `item` holds `damping`, `size` (functions), `starts`, `steps`, `tolerance`, `seed`, `shuffled`.

    Returns the worst and the median least residual on the arc; the worst of EDMD's eigenvalues, and the share of them
    that are artefacts.
    """
    train = snapshots(item["damping"], item["starts"], item["steps"], item["seed"])
    independent = snapshots(item["damping"], max(item["starts"] // 5, 2), item["steps"], item["seed"] + 1)
    third = snapshots(item["damping"], max(item["starts"] // 5, 2), item["steps"], item["seed"] + 2)
    windows = independent.reshape(-1, 1, 2)
    dictionary = Dictionary.rbf(item["size"], standardize=False, seed=item["seed"] % 2**31).fit(windows, ("x", "v"))
    before, after = pairs(train)
    if item["shuffled"]:
        after = after[np.random.default_rng(item["seed"]).permutation(len(after))]
    galerkin = operator(dictionary, before, after)
    surface = pseudospectrum(galerkin, ARC, tolerance=item["tolerance"])
    _, residuals = held_out_residuals(dictionary, galerkin, *pairs(third))
    return {
        "worst": float(surface.upper.max()),
        "median": float(np.median(surface.upper)),
        "edmd_worst": float(residuals.max()),
        "edmd_median": float(np.median(residuals)),
        "edmd_false": float(np.mean(residuals > FALSE)),
        "rank": galerkin.rank,
    }


def plane_of(item: dict[str, Any]) -> dict[str, Any]:
    """For the picture: the least residual over a grid of the plane, EDMD's eigenvalues, and the residual of each."""
    train = snapshots(item["damping"], item["starts"], item["steps"], item["seed"])
    independent = snapshots(item["damping"], max(item["starts"] // 5, 2), item["steps"], item["seed"] + 1)
    third = snapshots(item["damping"], max(item["starts"] // 5, 2), item["steps"], item["seed"] + 2)
    dictionary = Dictionary.rbf(item["size"], standardize=False, seed=item["seed"] % 2**31)
    dictionary.fit(independent.reshape(-1, 1, 2), ("x", "v"))
    galerkin = operator(dictionary, *pairs(train))
    grid = plane((-1.2, 1.2), (0.0, 1.2), item["step"])
    surface = pseudospectrum(galerkin, grid, tolerance=item["tolerance"])
    values, residuals = held_out_residuals(dictionary, galerkin, *pairs(third))
    kept = spectrum_with_error_control(galerkin, grid, tolerance=item["tolerance"])
    return {
        "real": grid.real[0],
        "imag": grid.imag[:, 0],
        "surface": surface.values,
        "eigenvalues": np.stack([values.real, values.imag], axis=1),
        "residuals": residuals,
        "kept": np.stack([kept.points.real, kept.points.imag], axis=1),
        "errors": kept.errors,
    }
