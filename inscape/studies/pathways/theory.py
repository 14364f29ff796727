"""The paper's theory in numbers: one layer of experts behind a frozen router, in the regime of the tangent kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.probes.routing import distance, overlap

SCALES = (0.65, 2.0, 8.0, 32.0)
"""Deviations of the routers' logits: as a linear layer starts on raw points, and ever harder routing."""


def clusters(
    samples: int, features: int, groups: int, spread: float, random: np.random.Generator
) -> Float[np.ndarray, "sample feature"]:
    """Points on the unit sphere around Gaussian centres."""
    centres = random.normal(size=(groups, features))
    points = centres[random.integers(0, groups, samples)] + spread * random.normal(size=(samples, features))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def relu_tangent_kernel(points: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample sample"]:
    """Tangent kernel of a wide two-layer ReLU network on unit vectors (Jacot et al. 2018, with the arc-cosine kernels
    of Cho and Saul 2009)."""
    cosine = np.clip(points @ points.T, -1, 1)
    angle = np.arccos(cosine)
    derivative = (np.pi - angle) / (2 * np.pi)
    value = (np.sqrt(1 - cosine**2) + (np.pi - angle) * cosine) / (2 * np.pi)
    return value + cosine * derivative


def effective_dimension(kernel: Float[np.ndarray, "sample sample"], ridge: float) -> float:
    """Tr(H (H + ridge)^-1) of H = kernel / samples: how many directions the ridge leaves free."""
    values = np.maximum(np.linalg.eigvalsh(kernel / len(kernel)), 0)
    return float((values / (values + ridge)).sum())


def frozen_routers(item: dict[str, Any]) -> dict[str, Any]:
    """Edit distance, overlap and effective dimension of many frozen random routers on one set of points.

    The kernel of the whole is sum over experts of g_k(x) g_k(x') K(x, x'): all experts are alike in the wide limit.

    Sharper gates make the kernel larger, and with it the effective dimension at a fixed ridge; "shape" is the effective
    dimension of the kernel scaled to a trace of one, in which only the routes' likeness is left.

    item : samples, features, groups, spread, experts, routers, scale (deviation of the logits), ridge, seed.
    """
    random = np.random.default_rng(item["seed"])
    points = clusters(item["samples"], item["features"], item["groups"], item["spread"], random)
    expert_kernel = relu_tangent_kernel(points)
    found: dict[str, list[float]] = {name: [] for name in ("string", "expert", "overlap", "dimension", "shape")}
    for _ in range(item["routers"]):
        logits = item["scale"] * points @ random.normal(size=(item["experts"], item["features"])).T
        gates = np.exp(logits - logits.max(axis=1, keepdims=True))
        gates /= gates.sum(axis=1, keepdims=True)
        weights = gates[:, None, :]
        found["string"].append(distance(weights, per_layer=False, keep_matrix=False).mean)
        found["expert"].append(
            distance(weights, unit="expert", normalised=True, per_layer=False, keep_matrix=False).mean
        )
        found["overlap"].append(overlap(weights).mean)
        kernel = gates @ gates.T * expert_kernel
        found["dimension"].append(effective_dimension(kernel, item["ridge"]))
        found["shape"].append(effective_dimension(kernel * len(kernel) / np.trace(kernel), item["ridge"]))
    return {name: np.array(values) for name, values in found.items()}
