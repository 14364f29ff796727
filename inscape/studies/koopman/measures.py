"""Bar 3 and the measures of maps that are known in closed form: cat, doubling, tent and rotation; and the pendulum."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import toeplitz

from inscape.analysis.correlation_moments import filtered_density
from inscape.analysis.galerkin import Galerkin
from inscape.analysis.spectral_measure import spectral_measure
from inscape.analysis.unitary_part import unitary_part

DECAY = 0.1
"""g holds the characters along one orbit of wave vectors, the j-th from its middle with weight DECAY^|j|."""
ANGLES = np.linspace(-np.pi, np.pi, 401)
WIDTHS = (0.1, 0.05)
ORDERS = (1, 2, 4, 6)
ATOM = 0.4
"""Nearer to zero than this a density shows the width of its kernel: constants of motion have an atom there."""
GOLDEN = (np.sqrt(5) - 1) / 2


def cat_moments(count: int) -> Float[np.ndarray, "lag"]:
    """<K^n g, g> of the cat map: sum_j DECAY^(|j| + |j + n|), since K moves each character to the next of its orbit."""
    n = np.arange(count)
    return DECAY**n * ((1 + DECAY**2) / (1 - DECAY**2) + n)


def cat_density(angles: Float[np.ndarray, "angle"]) -> Float[np.ndarray, "angle"]:
    """The spectral density of g, |sum_j DECAY^|j| exp(i j theta)|^2 / (2 pi)."""
    wave = (1 - DECAY**2) / (1 - 2 * DECAY * np.cos(angles) + DECAY**2)
    return wave**2 / (2 * np.pi)


def krylov_operator(moments: Float[np.ndarray, "lag"]) -> Galerkin:
    """Exact matrices of an isometry on g, K g, ..., from the autocorrelations c_0 .. c_N of g."""
    size = len(moments) - 1
    gram = toeplitz(moments[:size])
    # <psi_i, K psi_j> = <K^i g, K^(j + 1) g> = c_|i - j - 1| for real moments.
    cross = moments[np.abs(np.arange(size)[:, None] - np.arange(size)[None, :] - 1)]
    return Galerkin.from_matrices(gram, cross, gram)


def cat_rates(size: int) -> dict[str, Any]:
    """Sup errors of the rigged density at two widths for each order, the rates between, and the automatic error."""
    operator = krylov_operator(cat_moments(size + 1))
    g = operator.coordinates_of(np.eye(size)[0])
    truth = cat_density(ANGLES)
    errors = {}
    for order in ORDERS:
        errors[str(order)] = [
            float(np.abs(spectral_measure(operator, g, ANGLES, epsilon=w, order=order).density - truth).max())
            for w in WIDTHS
        ]
    chosen = spectral_measure(operator, g, ANGLES)
    return {
        "errors": errors,
        "rates": {m: float(np.log(a / b) / np.log(WIDTHS[0] / WIDTHS[1])) for m, (a, b) in errors.items()},
        "automatic": float(np.abs(chosen.density - truth).max()),
        "epsilon": chosen.epsilon,
        "order": chosen.order,
    }


def cat_curve(item: dict[str, Any]) -> dict[str, Any]:
    """Sup error against the width, for the picture: `item` holds `size`, `widths` and `order`."""
    operator = krylov_operator(cat_moments(item["size"] + 1))
    g = operator.coordinates_of(np.eye(item["size"])[0])
    truth = cat_density(ANGLES)
    return {
        "errors": [
            float(np.abs(spectral_measure(operator, g, ANGLES, epsilon=w, order=item["order"]).density - truth).max())
            for w in item["widths"]
        ]
    }


def chain_error(name: str, size: int, nodes: int) -> dict[str, float]:
    """Sup error of the density for the doubling or the tent map, from pairs on an even grid.

    g = sum_j DECAY^j times the character 2^j (doubling) or cos(2^j pi x) (tent), which K moves along: its density is
    that of a chain with one end, |1 - DECAY exp(i theta)|^-2 / (2 pi), times ||character||^2.
    """
    x = (np.arange(nodes) + 0.5) / nodes
    waves = 2.0 ** np.arange(size)
    if name == "doubling":
        y, energy = 2 * x % 1, 1.0
        before, after = (np.exp(2j * np.pi * points[:, None] * waves) for points in (x, y))
    else:
        y, energy = 1 - np.abs(1 - 2 * x), 0.5
        before, after = (np.cos(np.pi * points[:, None] * waves) for points in (x, y))
    operator = Galerkin.of(before, after)
    g = operator.coordinates_of(DECAY ** np.arange(size))
    truth = energy / np.abs(1 - DECAY * np.exp(1j * ANGLES)) ** 2 / (2 * np.pi)
    found = spectral_measure(operator, g, ANGLES)
    return {"error": float(np.abs(found.density - truth).max() / truth.max()), "bound": found.error / truth.max()}


def rotation_error(order: int, samples: int, seed: int) -> float:
    """Rotation of the circle by the golden mean: largest distance of an eigenvalue to exp(2 pi i k GOLDEN)."""
    x = np.random.default_rng(seed).uniform(size=samples)
    waves = np.arange(-order, order + 1)
    before, after = (np.exp(2j * np.pi * np.outer(points, waves)) for points in (x, x + GOLDEN))
    found = unitary_part(Galerkin.of(before, after)).eigenvalues
    truth = np.exp(2j * np.pi * waves * GOLDEN)
    return float(np.abs(found[:, None] - truth).min(axis=1).max())


@cache
def _flow() -> Any:
    from inscape.systems import Flow
    from inscape.systems.symbols import sin

    def law(x: Any, y: Any) -> tuple[Any, Any]:
        return y, -sin(x)

    return Flow(law, name="pendulum")


def pendulum(item: dict[str, Any]) -> dict[str, Any]:
    """Density of g = exp(i x) / cosh(y) for the pendulum: `item` holds `side` of the grid, `size` N, `order`,
    `epsilon`.

    The delays g, K g, ..., K^(N-1) g span the dictionary. Returns the density by the rational kernel and by filtered
    autocorrelations, two routes that share nothing but the samples.
    """
    side, size = item["side"], item["size"]
    x, y = np.meshgrid(np.linspace(-np.pi, np.pi, side, endpoint=False), np.linspace(-4, 4, side), indexing="ij")
    runs = _flow().simulate(np.stack([x.ravel(), y.ravel()], axis=1), np.arange(size + 1.0), tolerance=1e-9).stack()
    values = np.exp(1j * runs[..., 0]) / np.cosh(runs[..., 1])
    operator = Galerkin.of(values[:, :-1], values[:, 1:])
    g = operator.coordinates_of(np.eye(size)[0])
    rigged = spectral_measure(operator, g, ANGLES, epsilon=item["epsilon"], order=item["order"])
    moments = (values * values[:, :1].conj()).mean(axis=0)
    filtered = filtered_density(moments, ANGLES)
    return {
        "angles": ANGLES,
        "rigged": rigged.density,
        "filtered": filtered,
        "difference": float(np.abs(rigged.density - filtered)[np.abs(ANGLES) > ATOM].max() / rigged.energy),
    }
