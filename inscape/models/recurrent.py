"""`RecurrentNetwork`: an LSTM (Hochreiter & Schmidhuber 1997) in plain products, so that copies train in one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class RecurrentNetwork(torch.nn.Module):
    """One LSTM layer over a window, and a linear readout of its last state.

    torch's own LSTM cannot be mapped over stacked weights; this one can (see `Replicas`).

    Parameters
    ----------
    state : state variables in and out.
    width : units.
    """

    def __init__(self, state: int, width: int):
        super().__init__()
        self.from_input = torch.nn.Linear(state, 4 * width)
        self.from_hidden = torch.nn.Linear(width, 4 * width, bias=False)
        self.readout = torch.nn.Linear(width, state)
        self.width = width

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """(sample, lookback, state) -> (sample, state)."""
        driven = self.from_input(window)
        hidden = torch.zeros_like(driven[:, 0, : self.width])
        cell = hidden
        for step in driven.unbind(1):
            keep, write, show, fresh = (step + self.from_hidden(hidden)).chunk(4, dim=1)
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(fresh)
            hidden = torch.sigmoid(show) * torch.tanh(cell)
        return self.readout(hidden)
