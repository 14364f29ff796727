"""The no-U-turn sampler of numpyro on any batch model: value and gradient of the likelihood come from one batch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from inscape.analysis.calibration.curve_model import CurveModel
from inscape.analysis.calibration.gauss_newton import jacobian
from inscape.analysis.posterior import Posterior
from inscape.extras import require

FAR = 12.0
"""Logits are held within this: the prior's cube less 6e-6 at its faces."""


def nuts_posterior(
    target: CurveModel,
    start: np.ndarray,
    *,
    draws: int,
    warmup: int,
    chains: int,
    target_accept: float,
    seed: int | np.random.Generator | None,
) -> Posterior:
    """Draws by NUTS (Hoffman & Gelman 2014) in the logits of the prior's unit cube.

    Parameters
    ----------
    start : (parameter,) levels in the unit cube where every chain starts, a little apart.
    draws, warmup : of each chain.
    target_accept : acceptance that the step size aims at.

    Raises
    ------
    MissingExtraError : if numpyro or jax is not installed.
    """
    jax = require("jax", "studies")
    numpyro = require("numpyro", "studies")
    jnp: Any = require("jax.numpy", "studies")
    width = len(target.names)
    before = target.evaluations
    began = time.process_time()
    random = np.random.default_rng(seed)

    def value_and_slope(logits: Any) -> tuple[np.float64, np.ndarray]:
        z = np.asarray(logits, dtype=float)
        u = 1.0 / (1.0 + np.exp(-np.clip(z, -FAR, FAR)))
        residuals = target.residuals(target.parameters(u[None]))[0]
        inner = u * (1.0 - u)
        # Beyond the walls the potential rises steadily, so that a chain turns back.
        wall = np.abs(z) > FAR
        penalty = 0.5 * float(((np.abs(z) - FAR)[wall] ** 2).sum())
        if not np.isfinite(residuals).all():
            return np.float64(1e10), np.zeros(width)
        value = 0.5 * float(residuals @ residuals) - float(np.log(inner).sum()) + penalty
        slope = (jacobian(target, u).T @ residuals) * inner - (1.0 - 2.0 * u)
        slope = np.where(wall, np.sign(z) * (np.abs(z) - FAR), slope)
        return np.float64(value), slope

    with _double_precision(jax):
        shapes = (jax.ShapeDtypeStruct((), jnp.float64), jax.ShapeDtypeStruct((width,), jnp.float64))

        @jax.custom_jvp
        def potential(logits: Any) -> Any:
            return jax.pure_callback(value_and_slope, shapes, logits)[0]

        @potential.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            value, slope = jax.pure_callback(value_and_slope, shapes, primals[0])
            return value, jnp.dot(slope, tangents[0])

        kernel = numpyro.infer.NUTS(potential_fn=potential, target_accept_prob=target_accept)
        inner = np.clip(start, 1e-3, 1 - 1e-3)
        first = np.log(inner / (1 - inner)) + 0.05 * random.standard_normal((chains, width))
        parts, divergences = [], 0
        for chain in range(chains):
            walk = numpyro.infer.MCMC(kernel, num_warmup=warmup, num_samples=draws, progress_bar=False)
            key = jax.random.PRNGKey(int(random.integers(2**31)))
            walk.run(key, init_params=jnp.asarray(first[chain]), extra_fields=("diverging",))
            parts.append(np.asarray(walk.get_samples()))
            divergences += int(np.asarray(walk.get_extra_fields()["diverging"]).sum())
        logits = np.concatenate(parts)
    levels = 1.0 / (1.0 + np.exp(-logits))
    values = target.parameters(levels)
    return Posterior(
        target.names,
        values,
        target.log_likelihood(values),
        float("nan"),
        float("nan"),
        _effective(parts),
        target.evaluations - before,
        time.process_time() - began,
        "nuts",
        chains,
        divergences < 0.01 * len(logits),
        target.priors,
    )


def _effective(parts: list[np.ndarray]) -> float:
    """Independent draws of the worst parameter, from batch means over batches of the square root of the length."""
    worst = np.inf
    for k in range(parts[0].shape[1]):
        count = 0.0
        for chain in parts:
            series = chain[:, k]
            size = max(1, int(np.sqrt(len(series))))
            batches = series[: len(series) // size * size].reshape(-1, size).mean(axis=1)
            noise = size * batches.var(ddof=1) if len(batches) > 1 else series.var()
            count += len(series) * min(1.0, series.var() / max(noise, 1e-300))
        worst = min(worst, count)
    return float(worst)


@contextmanager
def _double_precision(jax: Any) -> Iterator[None]:
    # For the whole process: calls back into Python come on threads that know nothing of this one's own settings.
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
