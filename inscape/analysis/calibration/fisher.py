"""`identifiability`: before any measurement, how well a curve could tell parameters apart (Fisher's information)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.calibration.curve_model import Forward, names_of
from inscape.errors import InputError

STEP = 1e-3
"""Of a central difference, in parts of the parameter."""


@dataclass(frozen=True, eq=False)
class Identifiability:
    """What a curve can tell about the parameters, near one point.

    Parameters
    ----------
    names : of the parameters.
    at : (parameter,) the point.
    sigmas : (parameter,) least standard deviations that an unbiased estimate can have (Cramer-Rao).
    correlation : (parameter, parameter) of the estimates.
    alone : (parameter,) the same deviations if all others were known.
    sensitivities : (time, parameter) change of the curve for a change of the parameter by itself (d / d log).
    directions : (direction, parameter) in parts of each parameter, best determined first.
    strengths : (direction,) deviation along each, in parts.
    """

    names: tuple[str, ...]
    at: Float[np.ndarray, "parameter"]
    sigmas: Float[np.ndarray, "parameter"]
    correlation: Float[np.ndarray, "parameter parameter"]
    alone: Float[np.ndarray, "parameter"]
    sensitivities: Float[np.ndarray, "time parameter"]
    directions: Float[np.ndarray, "direction parameter"]
    strengths: Float[np.ndarray, "direction"]

    @property
    def worst_pair(self) -> tuple[str, str, float] | None:
        """The two parameters that are hardest to tell apart, and their correlation; None for one parameter."""
        if len(self.names) < 2:
            return None
        off = np.abs(self.correlation - np.diag(np.diag(self.correlation)))
        i, j = np.unravel_index(int(np.argmax(off)), off.shape)
        return self.names[min(i, j)], self.names[max(i, j)], float(self.correlation[i, j])

    def rows(self) -> list[dict[str, Any]]:
        """For each parameter: the point, its deviation, in per cent, and its deviation if the others were known."""
        return [
            {
                "parameter": n,
                "at": float(v),
                "sigma": float(s),
                "sigma %": float(100 * s / abs(v)),
                "if alone": float(a),
            }
            for n, v, s, a in zip(self.names, self.at, self.sigmas, self.alone, strict=True)
        ]

    def report(self) -> tuple[str, ...]:
        """What it means, in sentences."""
        lines = []
        for name, value, sigma in zip(self.names, self.at, self.sigmas, strict=True):
            share = sigma / abs(value)
            verdict = "well determined" if share < 0.1 else "roughly determined" if share < 0.5 else "hardly determined"
            lines.append(f"{name} = {value:.4g} can be known to {sigma:.3g} ({100 * share:.3g} %): {verdict}")
        pair = self.worst_pair
        if pair is not None and abs(pair[2]) > 0.9:
            sign = "raised" if pair[2] > 0 else "lowered"
            lines.append(
                f"{pair[0]} and {pair[1]} are hard to tell apart (correlation {pair[2]:.2f}): where one is raised and "
                f"the other {sign}, the curve hardly changes; fix one, or measure under another current"
            )
        return tuple(lines)


def identifiability(
    model: Forward,
    at: Mapping[str, float] | Float[np.ndarray, "parameter"],
    *,
    sigma: Any,
    names: Sequence[str] | None = None,
    kept: Any = None,
) -> Identifiability:
    """How well a curve with independent Gaussian errors could tell the parameters of a model apart.

    Parameters
    ----------
    model : (run, parameter) to (run, time).
    at : the point, by name or in order; no parameter may be zero.
    sigma : standard deviation of an error, in the unit of the curve, or one for each sample.
    names : the model's own if None.
    kept : (time,) which samples are measured; all if None.

    Raises
    ------
    InputError : if a sensitivity is not finite, or a parameter does not move the curve at all.
    """
    labels = names_of(model, list(at) if isinstance(at, Mapping) and names is None else names)
    if isinstance(at, Mapping):
        missing = [n for n in labels if n not in at]
        if missing:
            raise InputError(f"at: no value for {missing}, expected {list(labels)}")
        point = np.array([float(at[n]) for n in labels])
    else:
        point = np.asarray(at, dtype=float).ravel()
    if point.shape != (len(labels),) or not np.isfinite(point).all() or (point == 0).any():
        raise InputError(f"at: {point} found, expected {len(labels)} finite numbers other than zero")
    derivative = logarithmic_sensitivities(model, point)
    deviation = np.broadcast_to(np.asarray(sigma, dtype=float), derivative.shape[:1])
    if not (np.isfinite(deviation) & (deviation > 0)).all():
        raise InputError(f"sigma: {sigma!r} found, expected positive, in the unit of the curve")
    used = np.ones(len(derivative), dtype=bool) if kept is None else np.asarray(kept, dtype=bool)
    scaled = (derivative / deviation[:, None])[used]
    if not np.isfinite(scaled).all():
        where = ", ".join(f"{name} {value:.4g}" for name, value in zip(labels, point, strict=True))
        raise InputError(
            f"model: {int((~np.isfinite(scaled)).any(axis=1).sum())} samples without a finite sensitivity at "
            f"{where}; shorten the curve or mask them with kept="
        )
    information = scaled.T @ scaled
    dead = [n for n, v in zip(labels, np.diag(information), strict=True) if v < 1e-20]
    if dead:
        raise InputError(f"{', '.join(dead)}: does not move the curve at all; leave it out or change the experiment")
    covariance = np.linalg.pinv(information, rcond=1e-15, hermitian=True)
    spread = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(information)
    return Identifiability(
        labels,
        point,
        spread * np.abs(point),
        covariance / np.outer(spread, spread) * np.outer(np.sign(point), np.sign(point)),
        np.abs(point) / np.sqrt(np.diag(information)),
        derivative,
        vectors.T[::-1],
        1.0 / np.sqrt(np.maximum(values[::-1], 1e-300)),
    )


def logarithmic_sensitivities(
    model: Forward, point: Float[np.ndarray, "parameter"]
) -> Float[np.ndarray, "time parameter"]:
    """d curve / d log parameter, by central differences in one batch; one-sided at the edge of a model's box."""
    move = STEP * np.eye(len(point))
    high, low = point * (1 + move), point * (1 - move)
    box = getattr(model, "box", None)
    if box is not None:
        edges = np.array([box[name] for name in box])
        high, low = (
            np.clip(rows, np.minimum(edges[:, 0], point), np.maximum(edges[:, 1], point)) for rows in (high, low)
        )
    curves = np.asarray(model(np.concatenate([high, low])), dtype=float)
    span = np.diag((high - low) / point)
    return ((curves[: len(point)] - curves[len(point) :]) / span[:, None]).T
