"""Noise with a power-law spectrum: neighbouring steps are alike, so that samples reach further than white noise."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def coloured_noise(
    exponent: float, shape: tuple[int, ...], random: np.random.Generator
) -> Float[np.ndarray, "*batch time"]:
    """Gaussian noise of unit variance whose power falls as frequency to the minus `exponent` (Timmer, König 1995).

    Parameters
    ----------
    exponent : 0 white, 1 pink, 2 red.
    shape : the last axis is time.

    Raises
    ------
    InputError : for an exponent that is negative or not finite.
    """
    if not (np.isfinite(exponent) and exponent >= 0):
        raise InputError(f"exponent: {exponent!r} found, expected a finite number, at least 0")
    steps = shape[-1]
    if exponent == 0 or steps == 1:
        return random.standard_normal(shape)
    frequency = np.maximum(np.fft.rfftfreq(steps), 1.0 / steps)
    amplitude = frequency ** (-exponent / 2.0)
    parts = random.standard_normal((2, *shape[:-1], len(amplitude))) * amplitude
    # What has no phase in a real signal: the mean, and the highest frequency of an even number of steps.
    alone = [0, -1] if steps % 2 == 0 else [0]
    parts[1][..., alone] = 0.0
    parts[0][..., alone] *= np.sqrt(2.0)
    paired = amplitude.copy()
    paired[alone] /= np.sqrt(2.0)
    deviation = 2.0 * np.sqrt((paired**2).sum()) / steps
    return np.fft.irfft(parts[0] + 1j * parts[1], n=steps, axis=-1) / deviation
