"""`EigenscoreMonitor`: the scatter of answers watched after each epoch of a training run, and when to stop it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.language.language_model import LanguageModel
from inscape.probes.eigenscore.prompts import PromptScores, score
from inscape.trajectories import Trajectory


class EigenscoreMonitor:
    """A callback of `fine_tune` that scores the same prompts after each epoch.

    Given both bounds it also ends the run, as Algorithm 2 of Mohammadzadeh et al. 2025 does: once the epoch's loss and
    the mean score are below them.

    Parameters
    ----------
    prompts : what is asked.
    stop_loss, stop_score : bounds below which the run ends; both or none.
    **settings : of `score`, such as `samples`, `temperature`, `tokens` and `layer`.

    Attributes
    ----------
    scores : `PromptScores` of each epoch.
    """

    def __init__(
        self,
        prompts: Sequence[str],
        *,
        stop_loss: float | None = None,
        stop_score: float | None = None,
        **settings: Any,
    ):
        self.prompts = LanguageModel.as_texts(prompts)
        if (stop_loss is None) != (stop_score is None):
            raise InputError("monitor: one of stop_loss and stop_score found, expected both or none")
        self.stop_loss = stop_loss
        self.stop_score = stop_score
        self.settings = settings
        self.scores: list[PromptScores] = []

    def on_epoch_end(self, run: Any) -> None:
        """Score the prompts with the model as it stands."""
        self.scores.append(score(run.language_model, self.prompts, **self.settings))
        if self.stop_loss is not None and self.stop_score is not None:
            is_low = self.scores[-1].eigenscore.mean() < self.stop_score
            run.wants_to_stop = bool(run.wants_to_stop or (run.losses[-1] < self.stop_loss and is_low))

    @property
    def eigenscores(self) -> Float[np.ndarray, "epoch prompt"]:
        """Score of each prompt after each epoch."""
        return np.array([found.eigenscore for found in self.scores])

    def trajectory(self) -> Trajectory:
        """The scores as one run over epochs, a state for each prompt.

        Raises
        ------
        InputError : before the first epoch has ended.
        """
        if not self.scores:
            raise InputError("monitor: no epoch has ended yet; pass it to fine_tune(..., callbacks=[monitor])")
        return Trajectory(
            times=np.arange(1.0, len(self.scores) + 1),
            states=self.eigenscores,
            state_names=tuple(f"prompt {i}" for i in range(len(self.prompts))),
        )
