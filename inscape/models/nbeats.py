"""`NBEATS`: neural basis expansion for forecasting (Oreshkin et al. 2020, arXiv 1905.10437), generic form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.model import Model
from inscape.models.replicas import Replicas
from inscape.models.windows import closed_loop, lagged_windows
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class NBEATSNetwork(torch.nn.Module):
    """Blocks that each explain part of the past and add their share to the forecast (doubly residual stacking).

    Parameters
    ----------
    lookback, state : the window that it sees, (sample, lookback, state).
    blocks, layers, width : how many blocks, hidden layers in each and units in each layer.
    """

    def __init__(self, lookback: int, state: int, *, blocks: int = 2, layers: int = 4, width: int = 64):
        super().__init__()
        past = lookback * state
        self.blocks = torch.nn.ModuleList(
            torch.nn.Sequential(
                *(
                    piece
                    for layer in range(layers)
                    for piece in (torch.nn.Linear(past if layer == 0 else width, width), torch.nn.ReLU())
                ),
                torch.nn.Linear(width, past + state),
            )
            for _ in range(blocks)
        )
        self.past = past

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        residual = window.flatten(1)
        answer = torch.zeros_like(window[:, -1])
        for block in self.blocks:
            explained, share = block(residual).split([self.past, answer.shape[1]], dim=1)
            residual = residual - explained
            answer = answer + share
        return answer


class NBEATS(Model):
    """One-step N-BEATS, fed its own answers; the median of several copies.

    Parameters
    ----------
    lookback : samples that it sees.
    blocks, layers, width : size of the network; the paper's generic network has 30, 4 and 512.
    epochs, batch_size, learning_rate : of the training by Adam.
    copies : networks from different initial weights, trained side by side.
    seed : of weights and batches.

    Notes
    -----
    After `fit`: `replicas_`, `losses_` (epoch, copy).
    """

    def __init__(
        self,
        lookback: int = 15,
        *,
        blocks: int = 2,
        layers: int = 4,
        width: int = 64,
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        copies: int = 1,
        seed: int = 0,
    ):
        self.lookback = lookback
        self.blocks = blocks
        self.layers = layers
        self.width = width
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.copies = copies
        self.seed = seed

    def _learn(self, runs: Trajectories) -> None:
        if not (isinstance(self.lookback, (int, np.integer)) and self.lookback >= 1):
            raise InputError(f"lookback: {self.lookback!r} found, expected a whole number of samples, at least 1")
        self._past = int(self.lookback)
        self.centre_ = np.nanmean(np.concatenate([run.states for run in runs]), axis=0)
        pasts, nexts = lagged_windows(((run.states - self.centre_) / self.scale_ for run in runs), self._past)
        state = nexts.shape[1]

        def build() -> NBEATSNetwork:
            return NBEATSNetwork(self._past, state, blocks=self.blocks, layers=self.layers, width=self.width)

        self.replicas_ = Replicas(build, self.copies, seed=self.seed)
        self.losses_ = self.replicas_.fit(
            np.broadcast_to(pasts, (self.copies, *pasts.shape)),
            np.broadcast_to(nexts, (self.copies, *nexts.shape)),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        window = (history.states[-self._past :] - self.centre_) / self.scale_
        windows = np.broadcast_to(window, (self.copies, 1, *window.shape))
        answers = closed_loop(self.replicas_.predict, windows, horizon)
        return np.median(answers[:, 0], axis=0) * self.scale_ + self.centre_
