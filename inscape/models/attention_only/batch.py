"""`Batch`: few-shot sequences as the tensors that a stacked network reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.few_shot import FewShot, Sequences

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True)
class Batch:
    """Sequences on the last axis; one set for all runs (first axis 1) or one for each.

    Parameters
    ----------
    features : (feature, row) of the exemplars that occur.
    exemplars : (run or 1, 3, sample) rows.
    labels : (run or 1, 2, sample).
    position : (run or 1, sample) which of the two labels is asked for.
    """

    features: torch.Tensor
    exemplars: torch.Tensor
    labels: torch.Tensor
    position: torch.Tensor

    @classmethod
    def of(cls, task: FewShot, sequences: Sequences, like: torch.Tensor | torch.nn.Module | None = None) -> Batch:
        """The tensors of some sequences, in the number type and on the device of a tensor or a network."""
        rows, inverse = np.unique(sequences.exemplars, return_inverse=True)
        compact = Sequences(inverse.reshape(sequences.exemplars.shape), sequences.labels, sequences.position)
        return cls.over(as_columns(task.features[rows], like), compact)

    @classmethod
    def over(cls, features: torch.Tensor, sequences: Sequences) -> Batch:
        """The tensors of sequences whose exemplars are columns of `features`."""
        if len(sequences) == 0:
            raise InputError("sequences: none found, expected at least one")
        exemplars, labels, position = (
            torch.as_tensor(np.ascontiguousarray(a), device=features.device)
            for a in (
                np.moveaxis(np.atleast_3d(sequences.exemplars.T).T, -1, -2),
                np.moveaxis(np.atleast_3d(sequences.labels.T).T, -1, -2),
                np.atleast_2d(sequences.position),
            )
        )
        return cls(features, exemplars, labels, position)

    def __len__(self) -> int:
        return int(self.position.shape[-1])

    @property
    def runs(self) -> int:
        """1 where all runs read the same sequences."""
        return int(self.position.shape[0])

    @property
    def targets(self) -> torch.Tensor:
        """(run or 1, sample) the label asked for."""
        return self.labels.gather(1, self.position.unsqueeze(1)).squeeze(1)

    def __getitem__(self, chosen: slice) -> Batch:
        """Some of the samples."""
        return Batch(self.features, self.exemplars[..., chosen], self.labels[..., chosen], self.position[..., chosen])


def as_columns(
    features: Float[np.ndarray, "row feature"], like: torch.Tensor | torch.nn.Module | None = None
) -> torch.Tensor:
    """(feature, row) in the number type and on the device of a tensor or a network."""
    if isinstance(like, torch.nn.Module):
        like = next(like.parameters())
    columns = torch.as_tensor(np.ascontiguousarray(features.T))
    return columns if like is None else columns.to(like)
