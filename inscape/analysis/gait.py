"""The gait of a chain of joints: rhythm, phase lags, the wave that travels along the body, Strouhal number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import InputError

# A joint that swings less than this share of the widest one says nothing about the wave.
LEAST_SWING = 1e-3


@dataclass(frozen=True)
class Gait:
    """The wave along a body.

    Parameters
    ----------
    frequency : of the joints' common rhythm, in 1 / time unit.
    amplitudes : (joint,) half the swing of each joint, in the unit of the angles.
    phase_lags : (joint - 1,) by how much each joint is behind the one before it, in rad; NaN beside a joint at rest.
    coherence : (joint - 1,) how steady each lag is, 1 locked, 0 adrift.
    wave_number : waves on the body; above 0 the wave runs from the first joint to the last.
    wave_speed : at which it runs, in body lengths over time unit, or in the unit of `length` where that is given.
    """

    frequency: float
    amplitudes: Float[np.ndarray, "joint"]
    phase_lags: Float[np.ndarray, "gap"]
    coherence: Float[np.ndarray, "gap"]
    wave_number: float
    wave_speed: float


def gait(angles: Float[np.ndarray, "time joint"], dt: float, *, length: float = 1.0, transient: float = 0.25) -> Gait:
    """The wave of bending along a body, from the Hilbert phase of its joints.

    Each joint's phase is the angle of its analytic signal around its mean; a lag is the circular mean over time of the
    difference of neighbours, the frequency the mean rate of the phases of joints that swing.

    Parameters
    ----------
    angles : of the joints, first to last along the body.
    dt : sampling interval.
    length : of the body.
    transient : share of the samples left out at the start; 5 % are left out at both ends besides, where a Hilbert
        transform is not to be trusted.

    Raises
    ------
    InputError : for fewer than 2 joints or 20 samples, or NaN.
    """
    series = _checked(angles, dt)
    if not (np.isfinite(length) and length > 0):
        raise InputError(f"length: {length!r} found, expected a positive number")
    if not 0.0 <= transient < 0.9:
        raise InputError(f"transient: {transient!r} found, expected a share from 0 to 0.9")
    series = series[int(transient * len(series)) :]
    signal = analytic_signal(series)
    amplitudes = np.sqrt(2.0) * series.std(axis=0)
    swings = amplitudes > max(LEAST_SWING * amplitudes.max(), 1e-12)
    edge = max(1, len(series) // 20)
    inner = signal[edge:-edge]
    turned = np.where(swings[1:] & swings[:-1], _unit(inner[:, :-1]) * np.conj(_unit(inner[:, 1:])), np.nan)
    mean = turned.mean(axis=0)
    lags = np.angle(mean)
    if not swings.any():
        return Gait(np.nan, amplitudes, lags, np.abs(mean), np.nan, np.nan)
    phases = np.unwrap(np.angle(inner[:, swings]), axis=0)
    time = np.arange(len(phases)) * dt
    slopes = np.polyfit(time, phases, 1)[0]
    frequency = float(np.average(slopes, weights=amplitudes[swings]) / (2.0 * np.pi))
    joints = series.shape[1]
    # Joints part a body of n links into n equal lengths: the first and last are (n - 2) / n of a length apart.
    span = (joints - 1) / (joints + 1)
    known = lags[np.isfinite(lags)]
    wave_number = float(known.mean() * (joints - 1) / (2.0 * np.pi) / span) if len(known) else float("nan")
    speed = frequency * length / wave_number if np.isfinite(wave_number) and wave_number != 0 else float("nan")
    return Gait(frequency, amplitudes, lags, np.abs(mean), wave_number, float(speed))


def strouhal(frequency: float, amplitude: float, speed: float) -> float:
    """Strouhal number f A / U, A the full sideways swing of the tail. Swimmers and fliers that cruise have 0.2 to 0.4
    (Taylor, Nudds & Thomas 2003); in a medium that damps strongly it is larger.

    Raises
    ------
    InputError : for NaN, inf, or a speed of 0.
    """
    for name, value in (("frequency", frequency), ("amplitude", amplitude), ("speed", speed)):
        if not np.isfinite(value):
            raise InputError(f"{name}: {value!r} found, expected a finite number")
    if speed == 0:
        raise InputError("speed: 0 found; a body that stands still has no Strouhal number")
    return float(frequency * amplitude / abs(speed))


def kymograph(
    angles: Float[np.ndarray, "time joint"], *, places: int = 50
) -> tuple[Float[np.ndarray, "place"], Float[np.ndarray, "time place"]]:
    """Bending over body and time: the angles, interpolated between joints, ready to be shown as an image.

    Returns
    -------
    Places along the body from 0 (head end) to 1, and the bending at each.
    """
    series = _checked(angles, 1.0, least=1)
    if isinstance(places, bool) or int(places) != places or places < 2:
        raise InputError(f"places: {places!r} found, expected a whole number of at least 2")
    joints = np.arange(1, series.shape[1] + 1) / (series.shape[1] + 1)
    along = np.linspace(joints[0], joints[-1], int(places))
    return along, np.stack([np.interp(along, joints, row) for row in series])


def analytic_signal(series: Float[np.ndarray, "time joint"]) -> Complex[np.ndarray, "time joint"]:
    """Series around their means plus i times their Hilbert transforms; the angle is the phase."""
    from scipy.signal import hilbert

    values = np.asarray(series, dtype=float)
    return np.asarray(hilbert(values - values.mean(axis=0), axis=0))


def _unit(signal: Complex[np.ndarray, "time joint"]) -> Complex[np.ndarray, "time joint"]:
    return signal / np.maximum(np.abs(signal), 1e-300)


def _checked(angles: object, dt: float, least: int = 20) -> Float[np.ndarray, "time joint"]:
    try:
        array = np.asarray(angles, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("angles: not an array of numbers, expected (time, joint)") from None
    if array.ndim != 2 or array.shape[1] < 2 or len(array) < least:
        raise InputError(
            f"angles: shape {array.shape} found, expected (time, joint) with 2 joints and {least} samples at least"
        )
    if not np.isfinite(array).all():
        rows = np.unique(np.argwhere(~np.isfinite(array))[:, 0])
        raise InputError(f"angles: NaN or inf at row {', '.join(map(str, rows[:5]))}; leave those out")
    if not (np.isfinite(dt) and dt > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive time")
    return array
