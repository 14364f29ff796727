"""`Box`: a periodic box in Fourier space, holding only the waves that products do not alias; SciPy or torch below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.systems.flows.transforms import AllAtOnce, FieldByField, Transforms

Backend = Literal["scipy", "torch"]
_FEWEST = 6


class Box:
    """A periodic box, its grid and its waves.

    Parameters
    ----------
    grid : points along x, y and z.
    lengths : of the box.
    backend : "scipy", or "torch" for a GPU; the text that computes is the same.
    device : of torch, such as "cuda".
    is_double : 64-bit numbers where True, 32-bit where False.

    Only waves below a third of the grid's are kept (the 2/3 rule of Orszag 1971), so that a product of two fields is
    exact in them. Spectra are (field, 2K_x + 1, 2K_y + 1, K_z + 1), about 30 % of the grid's.
    """

    def __init__(
        self,
        grid: Sequence[int],
        lengths: Sequence[float],
        *,
        backend: Backend = "scipy",
        device: str = "cpu",
        is_double: bool = True,
    ):
        if backend not in ("scipy", "torch"):
            raise UnknownNameError("backend", str(backend), ("scipy", "torch"))
        self.grid = _whole_numbers("grid", grid)
        self.lengths = _positive("box", lengths)
        self.backend = backend
        self.device = device
        self.is_double = is_double
        self.highest = tuple((n - 1) // 3 for n in self.grid)
        self.module: Any = require("torch", "neural") if backend == "torch" else np
        kx, ky, kz = self._numbers()
        self.waves = tuple(self.array(k) for k in (kx, ky, kz))
        squared = kx**2 + ky**2 + kz**2
        self.squared = self.array(squared)
        self.inverse_squared = self.array(np.where(squared > 0, 1.0 / np.where(squared > 0, squared, 1.0), 0.0))
        # Waves of negative k_z are not held; those of positive k_z count for both.
        self.weights = self.array(np.where(kz > 0, 2.0, 1.0) * np.ones_like(squared))

    def _numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        full = [np.concatenate([np.arange(k + 1), np.arange(-k, 0)]) for k in self.highest[:2]]
        x, y = (2 * np.pi / length * n for length, n in zip(self.lengths, full, strict=False))
        z = 2 * np.pi / self.lengths[2] * np.arange(self.highest[2] + 1)
        return x[:, None, None], y[None, :, None], z[None, None, :]

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of the points along each axis."""
        return tuple(length / n for length, n in zip(self.lengths, self.grid, strict=True))

    @property
    def axes(self) -> tuple[np.ndarray, ...]:
        """Coordinates along each axis, from 0."""
        return tuple(h * np.arange(n) for h, n in zip(self.spacing, self.grid, strict=True))

    def array(self, values: Any) -> Any:
        """NumPy values as an array of the backend, in the box's precision."""
        given = np.asarray(values)
        if given.dtype.kind == "c":
            given = given.astype(np.complex128 if self.is_double else np.complex64)
        else:
            given = given.astype(np.float64 if self.is_double else np.float32)
        return self.module.as_tensor(given, device=self.device) if self.backend == "torch" else given

    def numpy(self, values: Any) -> np.ndarray:
        """An array of the backend as NumPy's."""
        return values.detach().cpu().numpy() if self.backend == "torch" else np.asarray(values)

    @property
    def is_compiled(self) -> bool:
        """Whether waves are stepped by compiled kernels, as NumPy's are."""
        return self.backend == "scipy"

    def scalars(self, *numbers: float) -> tuple[Any, ...]:
        """Numbers in the box's precision."""
        kind = np.float64 if self.is_double else np.float32
        return tuple(kind(number) for number in numbers)

    def transforms(self) -> Transforms:
        """Transforms for one thread, which use their memory again."""
        if self.backend == "torch":
            return AllAtOnce(self.module, self.grid, self.highest)
        return FieldByField(self.grid, self.highest, self.is_double)

    def physical(self, spectra: Any) -> Any:
        """(field, *grid) from (field, *waves)."""
        return self.transforms().on_grid(spectra)

    def spectral(self, fields: Any) -> Any:
        """(field, *waves) from (field, *grid); waves above a third of the grid's are dropped."""
        return self.transforms().in_waves(fields, len(fields))

    def curl(self, spectra: Any) -> Any:
        """Spectra of the curl of a vector field."""
        kx, ky, kz = self.waves
        u, v, w = spectra[0], spectra[1], spectra[2]
        return 1j * self.module.stack((ky * w - kz * v, kz * u - kx * w, kx * v - ky * u))

    def divergence(self, spectra: Any) -> Any:
        """Spectrum of the divergence of a vector field."""
        kx, ky, kz = self.waves
        return 1j * (kx * spectra[0] + ky * spectra[1] + kz * spectra[2])

    def without_divergence(self, spectra: Any) -> Any:
        """The part of a vector field that is free of divergence; `spectra` is changed in place."""
        kx, ky, kz = self.waves
        pressure = (kx * spectra[0] + ky * spectra[1] + kz * spectra[2]) * self.inverse_squared
        spectra[0] -= kx * pressure
        spectra[1] -= ky * pressure
        spectra[2] -= kz * pressure
        return spectra

    def power(self, spectra: Any) -> Any:
        """(*waves) the share of each wave, and of its mirror image that is not held, in the mean of |field|^2."""
        return self.weights * (spectra.real**2 + spectra.imag**2).sum(0)

    def mean_square(self, spectra: Any, factor: Any = 1.0) -> float:
        """Mean over the box of |field|^2, each wave times `factor`."""
        return float((factor * self.power(spectra)).sum())


def _whole_numbers(name: str, values: Any) -> tuple[int, int, int]:
    try:
        numbers = [int(v) for v in values]
        is_whole = all(float(v) == n for v, n in zip(values, numbers, strict=True))
    except (TypeError, ValueError):
        numbers, is_whole = [], False
    if len(numbers) != 3 or not is_whole or min(numbers) < _FEWEST:
        raise InputError(f"{name}: {values!r} found, expected three whole numbers of at least {_FEWEST}")
    return numbers[0], numbers[1], numbers[2]


def _positive(name: str, values: Any) -> tuple[float, float, float]:
    try:
        numbers = [float(v) for v in values]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 3 or not all(math.isfinite(v) and v > 0 for v in numbers):
        raise InputError(f"{name}: {values!r} found, expected three positive lengths")
    return numbers[0], numbers[1], numbers[2]
