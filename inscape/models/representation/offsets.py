"""Which offset k should a multi-step inverse look ahead by? Chosen on episodes left out, without any task label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.representation.corpus import Corpus, corpus_of

if TYPE_CHECKING:
    from inscape.models.representation.encoder import Encoder

_BLOCK = 5


@dataclass(frozen=True)
class OffsetChoice:
    """What was tried and what was best.

    Parameters
    ----------
    offset : the k of the smallest error.
    encoder : trained with it.
    errors : `cloning_error` of each k.
    """

    offset: int
    encoder: Encoder
    errors: dict[int, float]


def choose_offset(
    corpus: Any, offsets: Sequence[int] = (1, 2, 5, 10), *, held_out: float = 0.2, seed: int = 0, **settings: Any
) -> OffsetChoice:
    """Pretrain inverse dynamics at several offsets, and keep the encoder on which unseen episodes are cloned best.

    The error of the inverse itself cannot choose: it asks another question at each k. Every episode left out stands for
    a new context instead, see `cloning_error`; no task label is used.

    Parameters
    ----------
    corpus : as of `pretrain`.
    offsets : to try; each must be shorter than the longest episode.
    held_out : share of the episodes that are left out.
    settings : of `pretrain`, except objective and offset.

    Raises
    ------
    InputError : if no offset is given, or fewer than two episodes.
    """
    from inscape.models.representation.pretraining import pretrain

    shown = corpus_of(corpus)
    if len(offsets) == 0:
        raise InputError("offsets: none found, expected at least one number of steps")
    if shown.episodes < 2:
        raise InputError("corpus: 1 episode found, expected at least 2: one to learn from, one to choose by")
    order = np.random.default_rng(seed).permutation(shown.episodes)
    left = max(1, min(shown.episodes - 1, round(held_out * shown.episodes)))
    kept, judged = shown.part(np.sort(order[left:])), shown.part(np.sort(order[:left]))
    encoders = {int(k): pretrain(kept, "inverse", offset=int(k), seed=seed, **settings) for k in offsets}
    errors = {k: cloning_error(encoder, judged) for k, encoder in encoders.items()}
    best = min(errors, key=errors.__getitem__)
    return OffsetChoice(best, encoders[best], errors)


def cloning_error(encoder: Encoder, demonstrations: Any, *, ridge: float = 1e-3) -> float:
    """How badly single episodes are cloned by ridge regression on codes: error over variance, mean over episodes.

    Of each episode, every other block of 5 steps is cloned and the rest predicted; a single episode has one context,
    so nothing is confounded.

    Parameters
    ----------
    demonstrations : episodes that the encoder was not trained on.
    ridge : penalty, in units of the mean variance of a code.

    Raises
    ------
    InputError : if no episode has 4 blocks with actions that vary.
    """
    corpus = demonstrations if isinstance(demonstrations, Corpus) else corpus_of(demonstrations)
    codes = encoder(corpus.observations).astype(float)
    errors = [
        error
        for first, last in zip(corpus.starts[:-1], corpus.starts[1:], strict=True)
        if (error := _episode_error(codes[first:last], corpus.actions[first:last].astype(float), ridge)) is not None
    ]
    if not errors:
        raise InputError(f"demonstrations: no episode of {4 * _BLOCK} steps with actions that vary found")
    return float(np.mean(errors))


def _episode_error(
    codes: Float[np.ndarray, "time code"], actions: Float[np.ndarray, "time action"], ridge: float
) -> float | None:
    known = np.isfinite(actions).all(axis=1)
    codes, actions = codes[known], actions[known]
    if len(codes) < 4 * _BLOCK or actions.var(axis=0).sum() == 0:
        return None
    learns = (np.arange(len(codes)) // _BLOCK) % 2 == 0
    x, y = codes[learns], actions[learns]
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    gram = (x - mean_x).T @ (x - mean_x)
    penalty = ridge * max(np.trace(gram) / len(gram), 1e-12)
    weights = np.linalg.solve(gram + penalty * np.eye(len(gram)), (x - mean_x).T @ (y - mean_y))
    wrong = mean_y + (codes[~learns] - mean_x) @ weights - actions[~learns]
    return float((wrong**2).mean(axis=0).sum() / actions.var(axis=0).sum())
