"""`score`: sample answers of a language model to many prompts, and say how much they scatter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.errors import InputError
from inscape.models.language.language_model import LanguageModel
from inscape.probes.eigenscore.embeddings import Centre
from inscape.probes.eigenscore.estimators import eigenscore
from inscape.probes.eigenscore.null import scores_by_chance
from inscape.probes.eigenscore.pooling import Pooling, pooled
from inscape.probes.eigenscore.streaming import Settled, StreamingEigenscore


@dataclass(frozen=True)
class PromptScores:
    """Scores labelled by prompt, and what else can be said of the same answers.

    Parameters
    ----------
    prompts, answers : what was asked, and what was answered.
    eigenscore : scatter of the answers' embeddings, in nats; higher where the model is less sure.
    degenerate : all answers to the prompt had one embedding.
    entropy : of the distributions that the answers' tokens were drawn from, averaged over tokens, then answers.
    answer_entropy : of the share of equal answers, in nats: 0 where all are one.
    distinct : different answers.
    log_probability : of the answers' tokens, averaged over tokens, then answers.
    drawn : answers sampled.
    by_chance : scores of answers that belong to different prompts; empty unless asked for.
    embeddings : of the answers to each prompt, (sample, unit).
    layer : the block whose output was used, counted from 0.
    notes : what a reader must know.
    """

    prompts: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]
    eigenscore: Float[np.ndarray, "prompt"]
    degenerate: Bool[np.ndarray, "prompt"]
    entropy: Float[np.ndarray, "prompt"]
    answer_entropy: Float[np.ndarray, "prompt"]
    distinct: Int[np.ndarray, "prompt"]
    log_probability: Float[np.ndarray, "prompt"]
    drawn: Int[np.ndarray, "prompt"]
    by_chance: Float[np.ndarray, "draw"]
    embeddings: tuple[Float[np.ndarray, "sample unit"], ...]
    layer: int
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.prompts)

    @property
    def beyond_chance(self) -> Float[np.ndarray, "prompt"]:
        """Standard deviations by which a prompt's answers scatter less (below 0) or more than unrelated answers do.

        Raises
        ------
        AttributeError : if `score` was not asked for scores by chance.
        """
        if len(self.by_chance) < 2:
            raise AttributeError("scores: no scores by chance were drawn; ask for them with chance=200")
        spread = max(float(self.by_chance.std(ddof=1)), np.finfo(float).tiny)
        return np.asarray((self.eigenscore - self.by_chance.mean()) / spread)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each prompt, for a table."""
        return [
            {
                "prompt": prompt,
                "eigenscore": float(self.eigenscore[i]),
                "entropy": float(self.entropy[i]),
                "answer_entropy": float(self.answer_entropy[i]),
                "distinct": int(self.distinct[i]),
                "log_probability": float(self.log_probability[i]),
                "answers": int(self.drawn[i]),
                "most_frequent": Counter(self.answers[i]).most_common(1)[0][0],
            }
            for i, prompt in enumerate(self.prompts)
        ]


def score(
    model: LanguageModel,
    prompts: str | Sequence[str],
    samples: int = 10,
    temperature: float = 0.5,
    *,
    top_k: int | None = 5,
    top_p: float = 0.99,
    tokens: int = 16,
    stop: str | None = None,
    layer: int = -2,
    pooling: Pooling = "mean+last",
    alpha: float = 1e-3,
    centre: Centre = "units",
    until: Settled | None = None,
    chance: int = 0,
    seed: int | np.random.Generator | None = 0,
    rows: int = 64,
) -> PromptScores:
    """Sample answers to each prompt and score how far they scatter.

    All answers to a batch of prompts are sampled at once, and only their pooled states are kept.

    Parameters
    ----------
    model : from `inscape.models.language.load`.
    prompts : what to continue.
    samples, temperature, top_k, top_p, tokens, stop, seed, rows : as of `LanguageModel.sample`.
    layer : block whose output is read; -2 is the last but one.
    pooling : as of `pooled`.
    alpha, centre : as of `eigenscore`.
    until : end sampling of a prompt early by this rule; `samples` is then the most, and the scores are those of
        `until.size` answers for every prompt alike.
    chance : so many scores of answers to shuffled prompts are drawn for comparison.

    Raises
    ------
    InputError : for fewer than two samples, a layer that is not there, hidden states that are NaN (the prompt is
        named), or a rule that cannot be met.
    """
    asked = model.as_texts(prompts)
    _check(samples, until, centre, chance, len(asked))
    collected = [_Collected() for _ in asked]
    notes: tuple[str, ...] = ()
    layer_used = layer
    random = np.random.default_rng(seed)
    first = samples if until is None else min(until.at_least, samples)
    open_prompts, wanted = list(range(len(asked))), first
    while open_prompts:
        batches = model.sample_batches(
            [asked[i] for i in open_prompts],
            wanted,
            temperature,
            top_k,
            top_p,
            tokens,
            random,
            layer=layer,
            stop=stop,
            rows=rows,
        )
        for places, part in batches:
            notes, layer_used = part.notes, part.layer if part.layer is not None else layer
            for place, k in zip(places, range(len(part)), strict=True):
                prompt = asked[open_prompts[place]]
                collected[open_prompts[place]].take(prompt, part, k, pooling)
        if until is None:
            break
        open_prompts = [
            i
            for i in open_prompts
            if len(collected[i].texts) < samples and not until.is_met(collected[i].stream(alpha))
        ]
        wanted = until.each
    embeddings = tuple(np.array(c.embeddings) for c in collected)
    scored = [eigenscore(e, alpha=alpha, centre=centre) for e in embeddings]
    values = [
        s.value if until is None else c.stream(alpha).at(until.size)[0] for s, c in zip(scored, collected, strict=True)
    ]
    by_chance = (
        scores_by_chance(np.array(embeddings), chance, alpha=alpha, centre=centre, seed=random)
        if chance
        else np.empty(0)
    )
    return PromptScores(
        prompts=asked,
        answers=tuple(tuple(c.texts) for c in collected),
        eigenscore=np.array(values),
        degenerate=np.array([s.degenerate for s in scored]),
        entropy=np.array([np.mean(c.entropies) for c in collected]),
        answer_entropy=np.array([_answer_entropy(c.texts) for c in collected]),
        distinct=np.array([len({_plain(t) for t in c.texts}) for c in collected]),
        log_probability=np.array([np.mean(c.log_probabilities) for c in collected]),
        drawn=np.array([len(c.texts) for c in collected]),
        by_chance=by_chance,
        embeddings=embeddings,
        layer=layer_used,
        notes=notes,
    )


class _Collected:
    """What is kept of one prompt's answers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.embeddings: list[np.ndarray] = []
        self.entropies: list[float] = []
        self.log_probabilities: list[float] = []

    def take(self, prompt: str, part: Any, k: int, pooling: Pooling) -> None:
        inside = np.arange(part.tokens.shape[-1]) < part.lengths[k][:, None]
        if np.isnan(part.hidden[k][inside]).any():
            raise InputError(
                f"prompt {prompt!r}: NaN in the hidden states of layer {part.layer}; the model has diverged"
            )
        self.embeddings += list(pooled(part.hidden[k], pooling))
        self.texts += part.texts[k]
        self.entropies += list(np.nanmean(part.entropies[k], axis=-1))
        self.log_probabilities += list(part.mean_log_probability[k])

    def stream(self, alpha: float) -> StreamingEigenscore:
        streaming = StreamingEigenscore(alpha)
        for embedding in self.embeddings:
            streaming.add(embedding)
        return streaming


def _check(samples: int, until: Settled | None, centre: str, chance: int, prompts: int) -> None:
    if not isinstance(samples, (int, np.integer)) or samples < 2:
        raise InputError(f"samples: {samples!r} found, expected at least 2: one answer does not scatter")
    if until is not None and samples <= until.size:
        raise InputError(f"samples: {samples} found, expected more than the rule's size {until.size}")
    if until is not None and (centre != "units" or chance):
        raise InputError('until: works with centre="units" and chance=0 only; leave those at their defaults')
    if chance and prompts < 2:
        raise InputError("chance: 1 prompt found, expected at least 2: nothing can be shuffled")


def _plain(text: str) -> str:
    return text.strip().casefold()


def _answer_entropy(texts: Sequence[str]) -> float:
    counts = np.array(list(Counter(_plain(t) for t in texts).values()), dtype=float)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())
