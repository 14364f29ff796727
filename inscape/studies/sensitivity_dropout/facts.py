"""A world of invented facts: people, each with two words that belong to them, and some people nobody tells about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SYLLABLES = (
    *("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi"),
    *("yo", "zu"),
)


@dataclass(frozen=True)
class Facts:
    """Facts of two words about people of two names.

    Parameters
    ----------
    words : the vocabulary.
    texts : what is trained on, a prompt with its answer and an end each.
    prompts, answers : of the facts in `texts`.
    unseen : prompts of people that no text is about; their names occur in other people's.
    tracked : some of `texts`, for measures over checkpoints.
    """

    words: tuple[str, ...]
    texts: tuple[str, ...]
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    unseen: tuple[str, ...]
    tracked: tuple[str, ...]


def invented_facts(known: int = 405, unseen: int = 45, seed: int = 0) -> Facts:
    """`known` facts to learn and `unseen` that cannot be known."""
    random = np.random.default_rng(seed)
    parts = [a + b for a in SYLLABLES for b in SYLLABLES]
    drawn = [str(w) for w in random.permutation(parts)]
    first, last, quality, thing = (drawn[i * 25 : (i + 1) * 25] for i in range(4))
    people = [f"{a} {b}" for a in first for b in last]
    chosen = [people[i] for i in random.permutation(len(people))[: known + unseen]]
    said = [f"{quality[i]} {thing[j]}" for i, j in random.integers(0, 25, (known + unseen, 2))]
    prompts = [f"{person} likes" for person in chosen]
    return Facts(
        words=("likes", *first, *last, *quality, *thing),
        texts=tuple(f"{p} {a} <end>" for p, a in zip(prompts[:known], said, strict=False)),
        prompts=tuple(prompts[:known]),
        answers=tuple(said[:known]),
        unseen=tuple(prompts[known:]),
        tracked=tuple(f"{p} {a} <end>" for p, a in zip(prompts[: min(known, 45)], said, strict=False)),
    )
