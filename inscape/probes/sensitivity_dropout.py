"""`SensitivityDropout` (SenD): the hidden units that move most between checkpoints are off for a while.

The paper's code zeroes weights once, and the optimiser restores them. Here the units are masked at the output of a
layer, in the forward and the backward pass, for as long as they are held; like any dropout, in training mode only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.models.language.blocks import block_index, block_output, blocks
from inscape.probes.eigenscore.pooling import Pooling, pooled
from inscape.probes.unit_sensitivity import dropped_count, sensitive_units, sensitivity

Policy = Literal["sensitive", "random", "none"]
POLICIES: tuple[str, ...] = get_args(Policy)
Embed = Callable[[Any], Float[np.ndarray, "sample unit"]]


class SensitivityDropout:
    """A mask on a layer's units that follows how they move over training.

    As a callback: `fine_tune(lm, texts, callbacks=[SensitivityDropout(track=other_texts)])`. In a training loop of
    your own: `with dropout.on(model, embed): ...`, and `dropout.checkpoint()` after each epoch.

    Parameters
    ----------
    drop : share of the units to switch off (20 % in the paper).
    window : checkpoints over which sensitivity is measured (C).
    hold : checkpoints for which the chosen units stay off, until others are chosen (T).
    layer : number of the block, -2 for the last but one, or the name of a module.
    track : texts whose embeddings are followed; they take no part in training. Not needed with an `embed` of your own.
    policy : "sensitive" chooses the most sensitive units, "random" as many others, "none" only watches.
    measure : sensitivity of units from their embeddings (checkpoint, sample, unit).
    pooling : one embedding for a text, as of `inscape.probes.eigenscore.pooled`.
    seed : of the random policy.

    Attributes
    ----------
    units : those that are off now.
    history : (epoch, unit), True where a unit was off in that epoch.
    embeddings : of the tracked texts at each checkpoint.
    seconds : time spent on embeddings and choices; the mask's own share is part of the training step.
    """

    def __init__(
        self,
        drop: float = 0.2,
        *,
        window: int = 3,
        hold: int = 3,
        layer: int | str = -2,
        track: Sequence[str] = (),
        policy: Policy = "sensitive",
        measure: Callable[[np.ndarray], np.ndarray] = sensitivity,
        pooling: Pooling = "mean+last",
        seed: int | np.random.Generator | None = 0,
    ):
        if policy not in POLICIES:
            raise UnknownNameError("policy", str(policy), POLICIES)
        if window < 2 or hold < 1:
            raise InputError(f"window {window}, hold {hold} found, expected at least 2 checkpoints and at least 1")
        dropped_count(drop, 1_000_000)
        self.drop = float(drop)
        self.window = int(window)
        self.hold = int(hold)
        self.layer = layer
        self.track = tuple(track)
        self.policy = policy
        self.measure = measure
        self.pooling = pooling
        self._random = np.random.default_rng(seed)
        self._model: Any = None
        self._embed: Embed | None = None
        self._hook: Any = None
        self._mask: Any = None
        self._clear()

    def _clear(self) -> None:
        self.units: Int[np.ndarray, "dropped"] = np.empty(0, dtype=np.int64)
        self.embeddings: list[Float[np.ndarray, "sample unit"]] = []
        self._was_off: list[Int[np.ndarray, "dropped"]] = []
        self.seconds = 0.0

    @property
    def history(self) -> Bool[np.ndarray, "epoch unit"]:
        """True where a unit was off in an epoch."""
        width = self.embeddings[0].shape[1] if self.embeddings else 0
        off = np.zeros((len(self._was_off), width), dtype=bool)
        for epoch, units in enumerate(self._was_off):
            off[epoch, units] = True
        return off

    @contextmanager
    def on(self, model: Any, embed: Embed) -> Iterator[SensitivityDropout]:
        """Work on a model for a `with` block; the mask is gone after it, whatever happened inside.

        Parameters
        ----------
        model : any torch module with the layer in it.
        embed : embeddings of the tracked samples by the model, (sample, unit), units those of the layer's output.

        Raises
        ------
        InputError : if the model has no such layer.
        UnknownNameError : likewise, for a layer given by name.
        """
        self.attach(model, embed)
        try:
            yield self
        finally:
            self.detach()

    def attach(self, model: Any, embed: Embed) -> None:
        """Begin anew on a model; see `on`."""
        layer = self._module(model)
        self.detach()
        self._clear()
        self._model, self._embed = model, embed
        self._hook = layer.register_forward_hook(self._masked)

    def detach(self) -> None:
        """Take the mask off; what was logged stays."""
        if self._hook is not None:
            self._hook.remove()
        self._hook = self._model = self._embed = self._mask = None

    def checkpoint(self) -> Int[np.ndarray, "dropped"]:
        """An epoch has ended: embed the tracked samples, choose anew if it is time, and return the units now off.

        Raises
        ------
        InputError : if it is on no model, the embeddings are NaN, or the layer has too few units for the share.
        """
        if self._model is None or self._embed is None:
            raise InputError("sensitivity dropout: it is on no model; use it within on(model, embed)")
        started = time.perf_counter()
        found = np.asarray(self._embed(self._model), dtype=np.float64)
        self._check(found)
        self._was_off.append(self.units)
        self.embeddings.append(found)
        count = len(self.embeddings)
        if count >= self.window and count % self.hold == 0:
            self._choose()
        self.seconds += time.perf_counter() - started
        return self.units

    # The events of a fine-tuning run.
    def on_start(self, run: Any) -> None:
        """Begin with a run of `fine_tune`."""
        if not self.track:
            raise InputError(
                "sensitivity dropout: no texts to track; pass track=[...], texts apart from those trained on"
            )
        if not isinstance(self.layer, int):
            raise InputError(f"layer: {self.layer!r} found, expected the number of a block for a language model")
        language_model, layer = run.language_model, self.layer
        if self.policy != "none":
            dropped_count(self.drop, language_model.width)
        self.attach(run.model, lambda _: pooled(language_model.hidden(self.track, layer=layer), self.pooling))

    def on_epoch_end(self, run: Any) -> None:
        """Take a checkpoint."""
        self.checkpoint()

    def on_end(self, run: Any) -> None:
        """Take the mask off."""
        self.detach()

    def _choose(self) -> None:
        width = self.embeddings[-1].shape[1]
        if self.policy == "sensitive":
            scores = np.asarray(self.measure(np.array(self.embeddings[-self.window :])))
            self.units = sensitive_units(scores, self.drop)
        elif self.policy == "random":
            self.units = np.sort(self._random.permutation(width)[: dropped_count(self.drop, width)])
        self._mask = None

    def _masked(self, layer: Any, _inputs: Any, output: Any) -> Any:
        if not layer.training or len(self.units) == 0:
            return None
        stream = block_output(output)
        if self._mask is None or self._mask.device != stream.device or self._mask.dtype != stream.dtype:
            mask = stream.new_ones(stream.shape[-1])
            mask[require("torch", "neural").as_tensor(self.units)] = 0
            self._mask = mask
        masked = stream * self._mask
        return (masked, *output[1:]) if isinstance(output, tuple) else masked

    def _check(self, found: np.ndarray) -> None:
        expected = self.embeddings[0].shape if self.embeddings else ("sample", "unit")
        if found.ndim != 2 or (self.embeddings and found.shape != expected):
            raise InputError(f"embeddings: shape {found.shape} found, expected ({expected[0]}, {expected[1]})")
        if not np.isfinite(found).all():
            sample = int(np.argwhere(~np.isfinite(found))[0, 0])
            raise InputError(
                f"embeddings: NaN or inf in tracked sample {sample} after epoch {len(self.embeddings) + 1}; "
                "the model has diverged: lower the learning rate"
            )
        if self.policy != "none":
            dropped_count(self.drop, found.shape[1])

    def _module(self, model: Any) -> Any:
        if isinstance(self.layer, int):
            return blocks(model)[block_index(model, self.layer)]
        known = dict(model.named_modules())
        if self.layer not in known:
            raise UnknownNameError("layer", self.layer, [name for name in known if name])
        return known[self.layer]
