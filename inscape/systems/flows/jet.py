"""`Jet`: the temporal plane jet, a slab of fluid that moves through fluid at rest and mixes with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inscape.errors import InputError
from inscape.systems.flows.solver import Fluid, Precision, Scheme
from inscape.systems.flows.spectral import Backend


class Jet(Fluid):
    """A plane jet of unit width and speed in a periodic box; the scalar is 1 in it and 0 outside at first.

    Parameters
    ----------
    grid, box : points and lengths (in widths of the jet) along the stream, across it and along the span.
    reynolds : speed times width over viscosity.
    schmidt, thickness, noise, wavelength, seed, backend, device, precision, courant, scheme, scalar : as of `Fluid`.

    It is statistically even along stream and span, so its mean does not drift: a camera that moves with its interface.
    """

    def __init__(
        self,
        *,
        grid: Sequence[int] = (64, 96, 48),
        box: Sequence[float] = (4.0, 6.0, 3.0),
        reynolds: float = 1000.0,
        schmidt: float = 1.0,
        thickness: float = 0.05,
        noise: float = 0.1,
        wavelength: float = 0.8,
        seed: int | np.random.Generator | None = 0,
        backend: Backend = "scipy",
        device: str = "cpu",
        precision: Precision = "double",
        courant: float = 0.6,
        scheme: Scheme = "rk3",
        scalar: bool = True,
    ):
        try:
            viscosity = 1.0 / float(reynolds)
        except (TypeError, ValueError, ZeroDivisionError):
            viscosity = np.nan
        if not (np.isfinite(viscosity) and viscosity > 0):
            raise InputError(f"reynolds: {reynolds!r} found, expected a positive number")
        super().__init__(
            grid=grid,
            box=box,
            viscosity=viscosity,
            schmidt=schmidt,
            start="plane-jet",
            thickness=thickness,
            noise=noise,
            wavelength=wavelength,
            seed=seed,
            backend=backend,
            device=device,
            precision=precision,
            courant=courant,
            scheme=scheme,
            scalar=scalar,
        )
        if self.box.lengths[1] < 2.0:
            raise InputError(f"box: {self.box.lengths[1]:g} widths across the jet found, expected at least 2")
        self.reynolds = 1.0 / viscosity
