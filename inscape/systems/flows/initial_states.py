"""Initial states of a fluid in a periodic box: velocity (3, *grid) and scalar (*grid)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from inscape.systems.flows.spectral import Box

State = tuple[Float[np.ndarray, "3 x y z"], Float[np.ndarray, "x y z"]]


def plane_jet(box: Box, random: np.random.Generator, thickness: float, noise: float, wavelength: float) -> State:
    """A slab of unit width and speed in the middle of y, with noise in its two shear layers; the scalar marks it.

    Half a difference of two hyperbolic tangents, as in da Silva and Pereira 2008, Phys. Fluids 20, 055101.
    """
    profile = _slab(box, 1.0, thickness)
    velocity = noise * 4.0 * profile * (1.0 - profile) * _noise(box, random, wavelength)
    velocity[0] += profile
    return velocity, np.broadcast_to(profile, box.grid).copy()


def mixing_layer(box: Box, random: np.random.Generator, thickness: float, noise: float, wavelength: float) -> State:
    """Two streams of speed 1/2 and -1/2, each filling half of y, and the two layers between them that a box has."""
    profile = _slab(box, 0.5 * box.lengths[1], thickness)
    velocity = noise * 4.0 * profile * (1.0 - profile) * _noise(box, random, wavelength)
    velocity[0] += profile - 0.5
    return velocity, np.broadcast_to(profile, box.grid).copy()


def slab(box: Box, random: np.random.Generator, thickness: float, noise: float, wavelength: float) -> State:
    """A slab of turbulence of unit width without a mean flow: what spreads, spreads without shear."""
    profile = _slab(box, 1.0, thickness)
    return noise * profile * _noise(box, random, wavelength), np.broadcast_to(profile, box.grid).copy()


def taylor_green(box: Box, random: np.random.Generator, thickness: float, noise: float, wavelength: float) -> State:
    """The vortices of Taylor and Green 1937, one period in each direction."""
    x, y, z = _phases(box)
    velocity = np.stack(
        [
            np.sin(x) * np.cos(y) * np.cos(z),
            -np.cos(x) * np.sin(y) * np.cos(z),
            np.zeros(box.grid),
        ]
    )
    return velocity, np.cos(x) * np.cos(y) * np.cos(z)


def abc(box: Box, random: np.random.Generator, thickness: float, noise: float, wavelength: float) -> State:
    """Arnold, Beltrami and Childress, amplitudes sqrt 3, sqrt 2 and 1: in a cube it decays and keeps its shape."""
    x, y, z = _phases(box)
    a, b, c = 3**0.5, 2**0.5, 1.0
    zero = np.zeros(box.grid)
    velocity = np.stack(
        [
            a * np.sin(z) + c * np.cos(y) + zero,
            b * np.sin(x) + a * np.cos(z) + zero,
            c * np.sin(y) + b * np.cos(x) + zero,
        ]
    )
    return velocity, np.sin(x) + zero


STATES: dict[str, Callable[..., State]] = {
    "plane-jet": plane_jet,
    "mixing-layer": mixing_layer,
    "slab": slab,
    "taylor-green": taylor_green,
    "abc": abc,
}
"""Every initial state by name."""


def _slab(box: Box, width: float, thickness: float) -> np.ndarray:
    y = box.axes[1] - 0.5 * box.lengths[1]
    steep = 1.0 / (2.0 * thickness)
    profile = 0.5 * (np.tanh((y + 0.5 * width) * steep) - np.tanh((y - 0.5 * width) * steep))
    return profile[None, :, None]


def _noise(box: Box, random: np.random.Generator, wavelength: float) -> np.ndarray:
    """A random field free of divergence, rms 1 a component, with most energy at a wavelength."""
    peak = 2 * np.pi / wavelength
    spectra = box.spectral(box.array(random.standard_normal((3, *box.grid))))
    squared = box.numpy(box.squared)
    # Energy goes as k^4 exp(-2 k^2 / k0^2), so an amplitude in space goes as k times the root of the rest.
    shaped = spectra * box.array(squared**0.5 * np.exp(-squared / peak**2))
    field = box.numpy(box.physical(box.without_divergence(shaped))).astype(float)
    return field / np.sqrt((field**2).mean())


def _phases(box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, z = (2 * np.pi * a / length for a, length in zip(box.axes, box.lengths, strict=True))
    return x[:, None, None], y[None, :, None], z[None, None, :]
