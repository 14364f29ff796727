"""Whatever is handed in, the instruments for spectra answer with a number or with one line that a user can act on."""

from __future__ import annotations

import numpy as np
import pytest

import inscape.analysis as analysis
from tests.analysis.koopman_cases import rotation, smooth_galerkin
from tests.analysis.test_bad_input import SETTINGS, THINGS, assert_answers

WAVES, REAL = rotation(3, 0.1), smooth_galerkin(6, 100)
NOISE = np.random.default_rng(0).normal(size=(2, 40, 2))
MORE = (
    *(
        -5,
        10**9,
        1e300,
        np.ones(6) * 1e200,
        np.array([1e-320, 1.0]),
        np.full((40, 6), 1e308),
        "ergodic",
        [],
        {},
        (1, 2),
    ),
    *(np.array([[1, 2], [3, 4]], dtype=object), np.eye(6), abs),
)
CALLS = {
    "least_residual": {"galerkin": WAVES, "z": [0.5, 1.0]},
    "residual": {"galerkin": WAVES, "z": 1.0, "v": np.ones(6)},
    "least_adjoint_residual": {"galerkin": WAVES, "z": 1.0, "test": [0, 1]},
    "pseudospectrum": {"galerkin": REAL, "z": [0.5, 1.0], "tolerance": 0.1, "levels": [0.1]},
    "plane": {"real": (0, 1), "imag": (0, 1), "step": 0.1},
    "spectrum_with_error_control": {"galerkin": REAL, "z": [0.5], "factor": 5.0, "measure_preserving": False},
    "unitary_part": {"galerkin": WAVES},
    "rigged_density": {
        **{"eigenvalues": [1.0, 1j], "weights": [1.0, 1.0], "angles": [0.0, 1.0], "epsilon": 0.1, "order": 2},
    },
    "spectral_measure": {"galerkin": WAVES, "g": np.ones(6), "angles": [0.0], "epsilon": 0.1, "order": 2},
    "spectral_moments": {"recording": np.arange(50.0), "count": 5, "centre": False},
    "filtered_density": {"moments": [1.0, 0.5], "angles": [0.0, 1.0], "window": "bump"},
    "point_energy": {
        **{"recording": np.sin(np.arange(600.0)), "delays": 4, "horizon": 100, "stride": 1, "samples": None},
        **{"column": 0, "centre": True},
    },
    "residual_bands": {
        **{"before": NOISE[0], "after": NOISE[1], "eigenvalues": [1.0, 0.5], "runs": None, "block_length": 1},
        **{"weights": None, "level": 0.95, "draws": 60, "seed": 0},
    },
    "residuals_of": {
        **{"model": ([1.0, 0.5], lambda x: x[:, [0, -1]]), "recording": NOISE[0], "dt": 1.0, "level": 0.95},
        **{"block_length": 2, "draws": 60, "seed": 0},
    },
    "certificate": {
        **{"galerkin": WAVES, "sampling": "ergodic", "measure_preserving": True, "invertible": True, "lipschitz": 1.0},
        **{"bands": None, "max_residual": 0.1, "measure": None, "energy": None, "states": np.ones((3, 1))},
        **{"validation_range": np.array([[0.0], [1.0]])},
    },
    "preservation_defect": {"galerkin": WAVES},
    "kernel_galerkin": {"before": np.eye(3) + 0.1, "across": np.eye(3), "after": np.eye(3), "rank": 2, "rtol": 1e-8},
}


@pytest.mark.parametrize("name", CALLS)
def test_an_instrument_answers_to_anything_in_any_place(name):
    for argument in CALLS[name]:
        for thing in (*THINGS, *SETTINGS, *MORE):
            settings = {**CALLS[name], argument: thing}
            assert_answers(lambda settings=settings: getattr(analysis, name)(**settings))


@pytest.mark.parametrize("maker", ["of", "from_matrices"])
def test_galerkin_matrices_answer_to_anything_in_any_place(maker):
    features = np.random.default_rng(1).normal(size=(2, 40, 6))
    good = {
        "of": {"psi_x": features[0], "psi_y": features[1], "weights": np.ones(40), "rtol": 1e-10},
        "from_matrices": {"gram": np.eye(6), "cross": np.eye(6), "image": np.eye(6), "rtol": 1e-10},
    }[maker]
    for argument in good:
        for thing in (*THINGS, *SETTINGS, *MORE):
            settings = {**good, argument: thing}
            assert_answers(lambda settings=settings: getattr(analysis.Galerkin, maker)(**settings))
