"""`Answers`: what a language model said to each prompt, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from inscape.trajectories import Trajectories, Trajectory


@dataclass(frozen=True)
class Answers:
    """Sampled answers, labelled by prompt. An answer's tokens are those it produced, its end token included.

    Parameters
    ----------
    prompts : what was asked.
    texts : for each prompt, its answers without special tokens.
    tokens : identity of every answer token; -1 past an answer's end.
    log_probabilities : of each token under the model at temperature 1, nothing cut off; NaN past the end.
    entropies : of the distribution that each token was drawn from, at temperature 1, in nats; NaN past the end.
    hidden : output of block `layer` at every answer token, once the token was read; NaN past the end. None unless
        asked for.
    layer : the block, counted from 0; None without `hidden`.
    notes : what a reader must know, such as a padding side that was put right.
    """

    prompts: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    tokens: Int[np.ndarray, "prompt sample token"]
    log_probabilities: Float[np.ndarray, "prompt sample token"]
    entropies: Float[np.ndarray, "prompt sample token"]
    hidden: Float[np.ndarray, "prompt sample token width"] | None = None
    layer: int | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.prompts)

    @property
    def lengths(self) -> Int[np.ndarray, "prompt sample"]:
        """Tokens of each answer."""
        return np.asarray((self.tokens >= 0).sum(axis=-1))

    @property
    def mean_log_probability(self) -> Float[np.ndarray, "prompt sample"]:
        """Of an answer's tokens, in nats a token."""
        return np.asarray(np.nansum(self.log_probabilities, axis=-1) / self.lengths)

    def distinct(self) -> Int[np.ndarray, "prompt"]:
        """Different answers to each prompt, blanks at the ends and upper case left aside."""
        return np.array([len({text.strip().casefold() for text in texts}) for texts in self.texts])

    def trajectories(self) -> Trajectories:
        """The hidden states as one run for each answer, over the answer's tokens.

        Raises
        ------
        AttributeError : if no hidden states were kept.
        """
        if self.hidden is None:
            raise AttributeError("answers: no hidden states were kept; sample with layer=-2")
        names = tuple(f"unit {i}" for i in range(self.hidden.shape[-1]))
        return Trajectories(
            [
                Trajectory(
                    times=np.arange(length, dtype=float),
                    states=self.hidden[p, s, :length],
                    state_names=names,
                    context={"prompt": prompt, "sample": float(s), "answer": self.texts[p][s]},
                )
                for p, prompt in enumerate(self.prompts)
                for s, length in enumerate(self.lengths[p])
            ]
        )


def joined(parts: Sequence[Answers], order: Sequence[int]) -> Answers:
    """Answers of several batches as one, `order[i]` telling where the i-th prompt of all batches belongs."""
    longest = max(part.tokens.shape[-1] for part in parts)
    first = parts[0]
    place = np.argsort(order)

    def stacked(arrays: Sequence[np.ndarray], blank: float) -> np.ndarray:
        wide = []
        for array in arrays:
            width = [(0, 0)] * array.ndim
            width[2] = (0, longest - array.shape[2])
            wide.append(np.pad(array, width, constant_values=blank))
        return np.concatenate(wide)[place]

    prompts = [prompt for part in parts for prompt in part.prompts]
    texts = [answers for part in parts for answers in part.texts]
    hidden = [part.hidden for part in parts if part.hidden is not None]
    return Answers(
        prompts=tuple(prompts[i] for i in place),
        texts=tuple(texts[i] for i in place),
        tokens=stacked([part.tokens for part in parts], -1),
        log_probabilities=stacked([part.log_probabilities for part in parts], np.nan),
        entropies=stacked([part.entropies for part in parts], np.nan),
        hidden=stacked(hidden, np.nan) if hidden else None,
        layer=first.layer,
        notes=first.notes,
    )
