"""Scales of turbulence: velocity, dissipation, Taylor and Kolmogorov lengths, integral time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.trajectories.velocity_fields.derivatives import gradient
from inscape.trajectories.velocity_fields.field import VelocityField

_COARSE = 4.0


@dataclass(frozen=True)
class TurbulenceScales:
    """Scales of one frame; those that need the viscosity are NaN where it is not known.

    Parameters
    ----------
    velocity : root mean square of one component of the fluctuation.
    dissipation : per unit mass.
    taylor : u' sqrt(15 nu / dissipation).
    kolmogorov : (nu^3 / dissipation)^(1/4).
    reynolds : u' taylor / nu.
    integral_length, integral_time : of the correlation of the first component along the first axis that can give it,
        or as it was given; length over u'.
    resolution : grid spacing over the Kolmogorov length.
    """

    velocity: float
    dissipation: float
    taylor: float
    kolmogorov: float
    reynolds: float
    integral_length: float
    integral_time: float
    resolution: float


def turbulence_scales(
    field: VelocityField,
    at: float,
    *,
    inside: Bool[np.ndarray, "*grid"] | None = None,
    even_along: Sequence[int] | None = None,
    integral_length: float | None = None,
) -> TurbulenceScales:
    """Scales of the fluctuations at an instant.

    Parameters
    ----------
    field : velocity; its `viscosity` gives the scales that need it.
    at : instant; the nearest frame is taken.
    inside : where to average, such as the inside of an interface; everywhere if None.
    even_along : axes along which the flow is statistically even: the mean over them is no fluctuation. Where it is
        None, the mean over all frames is taken off (over the window, where there is one frame).
    integral_length : one's own, where the correlation should not be asked.

    In space dissipation is 2 nu <s_ij s_ij>; in the plane 15 nu <(du/dx)^2>, which holds for isotropic turbulence.
    A grid coarser than four Kolmogorov lengths is warned of: its dissipation is too small.

    Raises
    ------
    InputError : if a region or axes do not fit the field, or nothing moves.
    """
    if not isinstance(field, VelocityField):
        raise InputError(f"field: {type(field).__name__} found, expected a VelocityField")
    place = field.frame(at)
    velocity = field.velocity[place][: field.dimension].astype(float)
    chosen = np.ones(field.shape, dtype=bool) if inside is None else np.asarray(inside, dtype=bool)
    if chosen.shape != field.shape or not chosen.any():
        raise InputError(
            f"inside: shape {chosen.shape}, {int(chosen.sum())} points found, expected some of {field.shape}"
        )
    fluctuation = velocity - _mean_flow(field, velocity, even_along)
    chosen = chosen & np.isfinite(fluctuation).all(axis=0)
    slopes = gradient(fluctuation, field.metric_spacing, field.periodic)  # type: ignore[arg-type]
    speed = float(np.sqrt(np.mean(fluctuation[:, chosen] ** 2)))
    if field.dimension == 3:
        strain = 0.5 * (slopes + np.swapaxes(slopes, 0, 1))
        over_viscosity = float(2.0 * np.nanmean((strain**2).sum(axis=(0, 1))[chosen]))
    else:
        along = np.stack([slopes[0, 0], slopes[1, 1]])
        over_viscosity = float(15.0 * np.nanmean(along[:, chosen] ** 2))
    if not (speed > 0 and over_viscosity > 0):
        raise InputError("turbulence scales: no fluctuation found in the region; nothing moves there")
    taylor = speed * np.sqrt(15.0 / over_viscosity)
    viscosity = np.nan if field.viscosity is None else float(field.viscosity)
    dissipation = viscosity * over_viscosity
    kolmogorov = (viscosity**3 / dissipation) ** 0.25
    resolution = max(field.metric_spacing) / kolmogorov
    if resolution > _COARSE:
        warnings.warn(
            f"grid: its spacing is {resolution:.1f} Kolmogorov lengths, more than {_COARSE:g}: dissipation comes out "
            "too small and the Taylor scale too large",
            stacklevel=2,
        )
    length = _integral_length(fluctuation[0], field, even_along) if integral_length is None else float(integral_length)
    return TurbulenceScales(
        velocity=speed,
        dissipation=dissipation,
        taylor=float(taylor),
        kolmogorov=float(kolmogorov),
        reynolds=float(speed * taylor / viscosity),
        integral_length=length,
        integral_time=length / speed,
        resolution=float(resolution),
    )


def _mean_flow(
    field: VelocityField, velocity: Float[np.ndarray, "component *grid"], even_along: Sequence[int] | None
) -> np.ndarray:
    if even_along is None:
        if len(field) > 1:
            return np.nanmean(field.velocity[:, : field.dimension].astype(float), axis=0)
        return np.nanmean(velocity, axis=tuple(range(1, velocity.ndim)), keepdims=True)
    axes = tuple(int(a) for a in even_along)
    if not axes or not all(0 <= a < field.dimension for a in axes):
        raise InputError(f"even_along: {even_along!r} found, expected axes from 0 to {field.dimension - 1}")
    return np.nanmean(velocity, axis=tuple(1 + a for a in axes), keepdims=True)


def _integral_length(component: np.ndarray, field: VelocityField, even_along: Sequence[int] | None) -> float:
    """Area under the correlation of one component along an axis, up to its first zero."""
    axis = 0 if even_along is None else int(even_along[0])
    lines = np.moveaxis(np.nan_to_num(component), axis, -1).reshape(-1, component.shape[axis])
    count = lines.shape[1]
    size = count if field.periodic[axis] else 2 * count  # type: ignore[index]
    power = np.abs(np.fft.rfft(lines, n=size, axis=1)) ** 2
    correlation = np.fft.irfft(power.mean(axis=0), n=size)[: count // 2]
    if not field.periodic[axis]:  # type: ignore[index]
        correlation = correlation / (count - np.arange(len(correlation)))
    if correlation[0] <= 0:
        return float("nan")
    correlation = correlation / correlation[0]
    ends = np.flatnonzero(correlation <= 0)
    stop = int(ends[0]) if ends.size else len(correlation)
    return float(np.trapezoid(correlation[: stop + 1], dx=field.metric_spacing[axis]))
