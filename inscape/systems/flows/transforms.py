"""Fourier transforms between a grid and the waves a box holds, axis by axis; waves known to be zero are skipped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np


class Transforms(Protocol):
    """Both ways between fields (field, *grid) and their spectra (field, *waves)."""

    def on_grid(self, spectra: Any) -> Any:
        """Fields from spectra."""

    def in_waves(self, fields: Iterable[Any], count: int) -> Any:
        """Spectra from `count` fields, which may be made one after the other."""


class FieldByField:
    """Transforms of NumPy arrays by SciPy, one field after another while it fits the cache.

    Parameters
    ----------
    grid, highest : points and highest wave number along each axis.
    is_double : 64-bit numbers where True, 32-bit where False.

    Memory is used again: what a method returns holds until that method is called next. One thread.
    """

    def __init__(self, grid: tuple[int, ...], highest: tuple[int, ...], is_double: bool):
        import scipy.fft

        self._fft = scipy.fft
        self.grid, self.highest = grid, highest
        self._real: Any = np.float64 if is_double else np.float32
        self._complex: Any = np.complex128 if is_double else np.complex64
        self._arrays: dict[str, np.ndarray] = {}

    def on_grid(self, spectra: np.ndarray) -> np.ndarray:
        nx, ny, nz = self.grid
        kx, ky, kz = self.highest
        out = self._array("fields", (len(spectra), *self.grid), self._real)
        wide = self._array("wide", (nx, 2 * ky + 1, kz + 1), self._complex)
        # The transform along z wants more waves than are held; these stay zero.
        deep = self._array("deep", (nx, ny, nz // 2 + 1), self._complex)
        tall = deep[..., : kz + 1]
        for spectrum, field in zip(spectra, out, strict=True):
            wide[: kx + 1] = spectrum[: kx + 1]
            wide[kx + 1 : nx - kx] = 0.0
            wide[nx - kx :] = spectrum[kx + 1 :]
            lines = self._fft.ifft(wide, axis=0, norm="forward", overwrite_x=True)
            tall[:, : ky + 1] = lines[:, : ky + 1]
            tall[:, ky + 1 : ny - ky] = 0.0
            tall[:, ny - ky :] = lines[:, ky + 1 :]
            done = self._fft.ifft(tall, axis=1, norm="forward", overwrite_x=True)
            if not np.may_share_memory(done, tall):
                tall[...] = done
            np.fft.irfft(deep, n=nz, axis=-1, norm="forward", out=field)
        return out

    def in_waves(self, fields: Iterable[np.ndarray], count: int) -> np.ndarray:
        nx, ny, nz = self.grid
        kx, ky, kz = self.highest
        out = self._array("spectra", (count, 2 * kx + 1, 2 * ky + 1, kz + 1), self._complex)
        wide = self._array("wide", (nx, 2 * ky + 1, kz + 1), self._complex)
        whole = self._array("whole", (nx, ny, nz // 2 + 1), self._complex)
        for field, spectrum in zip(fields, out, strict=True):
            np.fft.rfft(field, axis=-1, norm="forward", out=whole)
            tall = self._fft.fft(whole[..., : kz + 1], axis=1, norm="forward", overwrite_x=True)
            wide[:, : ky + 1] = tall[:, : ky + 1]
            wide[:, ky + 1 :] = tall[:, ny - ky :]
            lines = self._fft.fft(wide, axis=0, norm="forward", overwrite_x=True)
            spectrum[: kx + 1] = lines[: kx + 1]
            spectrum[kx + 1 :] = lines[nx - kx :]
        return out

    def _array(self, name: str, shape: tuple[int, ...], kind: Any) -> np.ndarray:
        # Fresh memory would cost a fifth of a step: its pages are cleared one by one.
        found = self._arrays.get(name)
        if found is None or found.shape != shape:
            found = self._arrays[name] = np.zeros(shape, dtype=kind)
        return found


class AllAtOnce:
    """Transforms of torch tensors, all fields together.

    Parameters
    ----------
    torch : the module.
    grid, highest : points and highest wave number along each axis.
    """

    def __init__(self, torch: Any, grid: tuple[int, ...], highest: tuple[int, ...]):
        self._torch, self._fft = torch, torch.fft
        self.grid, self.highest = grid, highest

    def on_grid(self, spectra: Any) -> Any:
        nx, ny, nz = self.grid
        kx, ky, _ = self.highest
        count = spectra.shape[0]
        wide = self._zeros(spectra, (count, nx, *spectra.shape[2:]))
        wide[:, : kx + 1] = spectra[:, : kx + 1]
        wide[:, nx - kx :] = spectra[:, kx + 1 :]
        lines = self._fft.ifft(wide, dim=-3, norm="forward")
        tall = self._zeros(spectra, (count, nx, ny, spectra.shape[3]))
        tall[:, :, : ky + 1] = lines[:, :, : ky + 1]
        tall[:, :, ny - ky :] = lines[:, :, ky + 1 :]
        return self._fft.irfft(self._fft.ifft(tall, dim=-2, norm="forward"), n=nz, dim=-1, norm="forward")

    def in_waves(self, fields: Iterable[Any], count: int) -> Any:
        nx, ny, _ = self.grid
        kx, ky, kz = self.highest
        deep = self._fft.rfft(self._torch.stack(tuple(fields)), dim=-1, norm="forward")[..., : kz + 1]
        tall = self._fft.fft(deep, dim=-2, norm="forward")
        kept = self._zeros(tall, (count, nx, 2 * ky + 1, kz + 1))
        kept[:, :, : ky + 1] = tall[:, :, : ky + 1]
        kept[:, :, ky + 1 :] = tall[:, :, ny - ky :]
        wide = self._fft.fft(kept, dim=-3, norm="forward")
        out = self._zeros(wide, (count, 2 * kx + 1, 2 * ky + 1, kz + 1))
        out[:, : kx + 1] = wide[:, : kx + 1]
        out[:, kx + 1 :] = wide[:, nx - kx :]
        return out

    def _zeros(self, model: Any, shape: tuple[int, ...]) -> Any:
        return self._torch.zeros(shape, dtype=model.dtype, device=model.device)
