"""`SeriesAutoencoder`: a small convolutional code of scalar series (Gilpin 2021, section 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

STRIDE = 3


class SeriesAutoencoder(torch.nn.Module):
    """A causal dilated convolution and a strided one code a series; transposed convolutions read it back.

    Channels 1 -> 16 -> 8 -> 16 -> 8 -> 1, kernels of 3, dilation 2, stride 3, ELU between. A series of n samples has a
    code of 8 channels and ceil(n / 3) samples.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dilated = torch.nn.Conv1d(1, 16, 3, dilation=2)
        self.strided = torch.nn.Conv1d(16, 8, 3, stride=STRIDE)
        self.decoder = torch.nn.Sequential(
            torch.nn.ConvTranspose1d(8, 16, 3, stride=STRIDE),
            torch.nn.ELU(),
            torch.nn.ConvTranspose1d(16, 8, 3, padding=1),
            torch.nn.ELU(),
            torch.nn.ConvTranspose1d(8, 1, 3, padding=1),
        )

    def encode(self, series: torch.Tensor) -> torch.Tensor:
        """(sample, time) -> (sample, 8, ceil(time / 3))."""
        causal = torch.nn.functional.pad(series[:, None], (4, 0))
        hidden = torch.nn.functional.elu(self.dilated(causal))
        return self.strided(torch.nn.functional.pad(hidden, (-series.shape[1] % STRIDE, 0)))

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        """(sample, time) -> (sample, time), the series read back from its code."""
        return self.decoder(torch.nn.functional.elu(self.encode(series)))[:, 0, -series.shape[1] :]

    def fit_windows(
        self, windows: Float[np.ndarray, "sample time"], *, epochs: int, batch_size: int = 64, seed: int = 0
    ) -> list[float]:
        """Train on windows of series by Adam (1e-3) on the mean squared error; returns the mean loss of each epoch."""
        samples = np.asarray(windows, dtype=np.float32)
        if samples.ndim != 2 or len(samples) == 0 or not np.isfinite(samples).all():
            raise InputError(f"windows: shape {samples.shape} found, expected (sample, time) of finite numbers")
        x = torch.from_numpy(samples)
        generator = torch.Generator().manual_seed(seed)
        optimiser = torch.optim.Adam(self.parameters(), lr=1e-3)
        losses = []
        for _ in range(epochs):
            total = 0.0
            for batch in torch.randperm(len(x), generator=generator).split(batch_size):
                loss = torch.nn.functional.mse_loss(self(x[batch]), x[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                total += float(loss.detach()) * len(batch) / len(x)
            losses.append(total)
        return losses

    def codes(self, series: Float[np.ndarray, "sample time"]) -> Float[np.ndarray, "sample 8 code"]:
        """The code of each series."""
        with torch.no_grad():
            return self.encode(torch.from_numpy(np.asarray(series, dtype=np.float32))).numpy().astype(float)
