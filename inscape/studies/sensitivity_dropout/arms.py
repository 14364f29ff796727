"""A small language model trained on invented facts, with units switched off in one way or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inscape.analysis.oscillation import detrended_deviation
from inscape.studies.sensitivity_dropout.facts import Facts, invented_facts

POLICIES = ("none", "sensitive", "random", "released")
LAYER = -2


class Watch:
    """Scores of known and unknown prompts after each epoch."""

    def __init__(self, facts: Facts, samples: int, seed: int):
        self.facts = facts
        self.samples = samples
        self.seed = seed
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, run: Any) -> None:
        self.rows.append(measures(run.language_model, self.facts, self.samples, self.seed))


class Zeroed:
    """The dropping of the authors' code: rows and columns of the feed-forward part are set to 0 once, then trained."""

    def __init__(self, dropout: Any):
        self.dropout = dropout
        self.times = 0

    def on_epoch_end(self, run: Any) -> None:
        import torch

        from inscape.models.language.blocks import blocks
        from inscape.probes.unit_sensitivity import sensitive_units, sensitivity_as_released

        seen = self.dropout.embeddings
        if len(seen) < self.dropout.window or len(seen) % self.dropout.hold:
            return
        scores = sensitivity_as_released(np.array(seen[-self.dropout.window :]))
        units = torch.as_tensor(sensitive_units(scores, self.dropout.drop))
        inner = blocks(run.model)[LAYER].mlp
        with torch.no_grad():
            # The indices are those of the embedding; the hidden units that they hit are others.
            inner.up_proj.weight[units] = 0
            inner.down_proj.weight[:, units] = 0
        self.times += 1


class Zeroing:
    """EigenScore with sensitive units off at inference against as many random ones, at late checkpoints."""

    def __init__(self, dropout: Any, facts: Facts, epochs: Sequence[int], sets: int, samples: int, seed: int):
        self.dropout = dropout
        self.facts = facts
        self.epochs = frozenset(epochs)
        self.sets = sets
        self.samples = samples
        self.random = np.random.default_rng(seed)
        self.seed = seed
        self.rows: list[dict[str, Any]] = []

    def on_epoch_end(self, run: Any) -> None:
        if run.epoch not in self.epochs:
            return
        from inscape.probes.unit_sensitivity import sensitive_units, sensitivity, sensitivity_as_released

        width = run.language_model.width
        window = np.array(self.dropout.embeddings[-self.dropout.window :])
        chosen = sensitive_units(sensitivity(window), self.dropout.drop)
        read = sensitive_units(sensitivity_as_released(window), self.dropout.drop)
        plain = self._scores(run.language_model, None)
        off = self._scores(run.language_model, chosen)
        released = self._scores(run.language_model, read)
        by_chance = [
            self._scores(run.language_model, self.random.permutation(width)[: len(chosen)]) for _ in range(self.sets)
        ]
        self.rows.append(
            {
                name: {
                    "sensitive": off[name] - plain[name],
                    "released": released[name] - plain[name],
                    "random": [s[name] - plain[name] for s in by_chance],
                }
                for name in ("known", "unseen")
            }
        )

    def _scores(self, language_model: Any, units: Any) -> dict[str, float]:
        from inscape.models.language.blocks import block_index, blocks
        from inscape.probes import Drop

        if units is None:
            return eigenscores(language_model, self.facts, self.samples, self.seed)
        block = blocks(language_model.model)[block_index(language_model.model, LAYER)]
        name = next(n for n, module in language_model.model.named_modules() if module is block)
        with Drop(language_model.model, name, unit=[int(u) for u in units]):
            return eigenscores(language_model, self.facts, self.samples, self.seed)


def eigenscores(language_model: Any, facts: Facts, samples: int, seed: int) -> dict[str, float]:
    """Mean EigenScore of prompts that were trained on and of prompts that nothing is known about."""
    from inscape.probes.eigenscore import score

    found = {}
    for name, prompts in (("known", facts.prompts[: len(facts.unseen)]), ("unseen", facts.unseen)):
        scored = score(language_model, prompts, samples, tokens=2, layer=LAYER, seed=seed, rows=1000)
        found[name] = float(scored.eigenscore.mean())
        found[f"entropy_{name}"] = float(scored.entropy.mean())
    return found


def measures(language_model: Any, facts: Facts, samples: int, seed: int) -> dict[str, float]:
    """EigenScore and entropy of known and unknown prompts, share of facts told right, and their loss."""
    found = eigenscores(language_model, facts, samples, seed)
    said = language_model.sample(facts.prompts, samples=1, temperature=0.0, tokens=2, rows=1000)
    right = [texts[0].strip() == answer for texts, answer in zip(said.texts, facts.answers, strict=True)]
    return found | {"accuracy": float(np.mean(right))}


def trained(item: Mapping[str, Any]) -> dict[str, Any]:
    """One run of one arm.

    item : "policy", "seed", "width", "epochs", "known", "unseen", "samples", "late" (checkpoints at which units are
        zeroed for comparison, none for no comparison), "sets".
    """
    import torch

    from inscape.models.language import fine_tune, small_language_model
    from inscape.probes import SensitivityDropout

    torch.set_num_threads(1)
    facts = invented_facts(item["known"], item["unseen"], item["seed"])
    language_model = small_language_model(facts.words, layers=4, width=item["width"], longest=16, seed=item["seed"])
    is_released = item["policy"] == "released"
    dropout = SensitivityDropout(
        0.2,
        window=3,
        hold=3,
        layer=LAYER,
        track=facts.tracked,
        policy="none" if is_released else item["policy"],
        pooling="second-last" if is_released else "mean+last",
        seed=item["seed"],
    )
    watch = Watch(facts, item["samples"], item["seed"])
    callbacks: list[Any] = [dropout, watch]
    zeroing = Zeroing(dropout, facts, item["late"], item["sets"], item["samples"], item["seed"])
    if is_released:
        callbacks.insert(1, Zeroed(dropout))
    if item["late"]:
        callbacks.append(zeroing)
    run = fine_tune(
        language_model,
        facts.texts,
        epochs=item["epochs"],
        learning_rate=2e-3,
        batch=15,
        callbacks=callbacks,
        seed=item["seed"],
    )
    series = {name: [row[name] for row in watch.rows] for name in watch.rows[0]}
    return series | {"loss": run.losses, "seconds": run.seconds, "watch": dropout.seconds, "zeroing": zeroing.rows}


def late_half(series: Sequence[float]) -> np.ndarray:
    """The second half of a series over epochs, where the loss has settled."""
    return np.asarray(series[len(series) // 2 :], dtype=float)


def oscillation(series: Sequence[float]) -> float:
    """Detrended deviation of the second half."""
    return float(detrended_deviation(late_half(series)))


def effect_in_deviations(rows: Sequence[Mapping[str, Any]], name: str, units: str = "sensitive") -> float:
    """How much further the chosen units move the score than random ones, in deviations of the random ones."""
    found = [
        (row[name][units] - np.mean(row[name]["random"])) / max(np.std(row[name]["random"], ddof=1), 1e-12)
        for row in rows
    ]
    return float(np.mean(found))
