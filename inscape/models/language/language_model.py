"""`LanguageModel`: a network and its tokenizer, and what is asked of the two together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.language.answers import Answers, joined
from inscape.models.language.blocks import block_index, block_output, blocks
from inscape.models.language.sampling import Drawing, left_padded, sampled_batches


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model.

    Parameters
    ----------
    model : a `transformers.PreTrainedModel` with a language head.
    tokenizer : its tokenizer; None where its files hold none, and then nothing can be asked in words.
    name : what to call it in tables.
    source : the folder or file it came from.
    """

    model: Any
    tokenizer: Any
    name: str
    source: str

    @property
    def layers(self) -> int:
        """Number of blocks."""
        return len(blocks(self.model))

    @property
    def width(self) -> int:
        """Units of the residual stream."""
        return int(self.model.config.hidden_size)

    @property
    def device(self) -> Any:
        return next(self.model.parameters()).device

    @property
    def end_tokens(self) -> frozenset[int]:
        """Tokens that end an answer."""
        found: set[int] = set()
        settings = getattr(self.model, "generation_config", None)
        for holder in (settings, self.model.config, self.tokenizer):
            ends = getattr(holder, "eos_token_id", None)
            if ends is not None:
                found |= {int(e) for e in (ends if isinstance(ends, (list, tuple)) else [ends])}
        return frozenset(found)

    def require_tokenizer(self) -> Any:
        """The tokenizer.

        Raises
        ------
        InputError : if the model came without one.
        """
        if self.tokenizer is None:
            raise InputError(f"{self.name}: no tokenizer lies in {self.source}; copy tokenizer.json there")
        return self.tokenizer

    def padding_notes(self) -> tuple[str, ...]:
        """What was put right about the tokenizer's padding: batches of prompts are padded on the left here."""
        side = getattr(self.tokenizer, "padding_side", "left")
        if side == "left":
            return ()
        return (f"the tokenizer of {self.name} pads on the {side}; prompts were padded on the left for sampling",)

    def check_length(self, tokens: int) -> None:
        """Whether the model can read so many tokens.

        Raises
        ------
        InputError : if it was built for fewer.
        """
        longest = getattr(self.model.config, "max_position_embeddings", None)
        if longest is not None and tokens > longest:
            raise InputError(f"{self.name}: {tokens} tokens asked for, it reads at most {longest}; shorten the text")

    def chat(self, question: str) -> str:
        """A question in the form the model was taught to answer; the question itself if it has no such form."""
        tokenizer = self.require_tokenizer()
        if not getattr(tokenizer, "chat_template", None):
            return question
        return str(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
            )
        )

    def sample(
        self,
        prompts: str | Sequence[str],
        samples: int = 10,
        temperature: float = 0.5,
        top_k: int | None = 5,
        top_p: float = 0.99,
        tokens: int = 16,
        seed: int | np.random.Generator | None = 0,
        *,
        layer: int | None = None,
        stop: str | None = None,
        rows: int = 64,
    ) -> Answers:
        """Several answers to each prompt.

        The weights, the random state of torch and the model's training mode are left as they were.

        Parameters
        ----------
        prompts : what to continue.
        samples : answers to each.
        temperature, top_k, top_p : as of `Drawing`; temperature 0 gives the likeliest answer.
        tokens : longest answer.
        seed : a prompt's answers follow from it and from the prompt's place in the list, not from its batch.
        layer : keep the output of this block (-2 is the last but one) at every answer token.
        stop : an answer also ends with the token that completes this text, such as a line break.
        rows : answers computed at once; fewer take less memory.

        Raises
        ------
        InputError : for an empty prompt, no prompts, or numbers out of range.
        """
        parts, order = [], []
        for places, part in self.sample_batches(
            prompts, samples, temperature, top_k, top_p, tokens, seed, layer=layer, stop=stop, rows=rows
        ):
            parts.append(part)
            order += places
        return joined(parts, order)

    def sample_batches(
        self,
        prompts: str | Sequence[str],
        samples: int = 10,
        temperature: float = 0.5,
        top_k: int | None = 5,
        top_p: float = 0.99,
        tokens: int = 16,
        seed: int | np.random.Generator | None = 0,
        *,
        layer: int | None = None,
        stop: str | None = None,
        rows: int = 64,
    ) -> Iterator[tuple[list[int], Answers]]:
        """`sample` batch by batch, for what would not fit in memory at once.

        Yields
        ------
        The places of a batch's prompts in `prompts`, and their answers.
        """
        asked = self.as_texts(prompts)
        for name, count in (("samples", samples), ("tokens", tokens), ("rows", rows)):
            if not isinstance(count, (int, np.integer)) or count < 1:
                raise InputError(f"{name}: {count!r} found, expected a whole number of at least 1")
        if stop == "":
            raise InputError("stop: an empty text found, expected one that can occur in an answer, or None")
        return sampled_batches(
            self,
            asked,
            samples=int(samples),
            drawing=Drawing(temperature, top_k, top_p),
            tokens=int(tokens),
            layer=layer,
            stop=stop,
            seed=_whole(seed),
            rows=int(rows),
        )

    def losses(self, texts: str | Sequence[str], *, rows: int = 8) -> Float[np.ndarray, "text"]:
        """Mean negative log-probability of each text's tokens after its first, in nats a token.

        Parameters
        ----------
        texts : of at least two tokens each.
        rows : texts computed at once.

        Raises
        ------
        InputError : for a text of fewer than two tokens, or longer than the model reads.
        """
        torch = require("torch", "neural")
        asked = self.as_texts(texts)
        losses = np.empty(len(asked))
        for places, ids, mask, logits, _ in self._passes(asked, rows, least=2, layer=None):
            shares = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            found = -shares.gather(-1, ids[:, 1:, None]).squeeze(-1)
            # A position counts where it and the one it was told from are tokens of the text.
            counted = mask[:, :-1] * mask[:, 1:]
            means = torch.where(counted > 0, found, 0.0).sum(-1) / counted.sum(-1)
            losses[places] = means.double().cpu().numpy()
        return losses

    def hidden(
        self, texts: str | Sequence[str], *, layer: int = -2, rows: int = 8
    ) -> Float[np.ndarray, "text token unit"]:
        """Output of a block at every token of each text; NaN past a text's end.

        Parameters
        ----------
        texts : to read.
        layer : the block, -1 for the last.
        rows : texts computed at once.

        Raises
        ------
        InputError : for a layer that is not there, or a text longer than the model reads.
        """
        asked = self.as_texts(texts)
        index = block_index(self.model, layer)
        parts: dict[int, np.ndarray] = {}
        for places, _, mask, _, stream in self._passes(asked, rows, least=1, layer=index):
            for row, place in enumerate(places):
                parts[place] = stream[row][mask[row] > 0].float().cpu().numpy()
        longest = max(len(part) for part in parts.values())
        states = np.full((len(asked), longest, parts[0].shape[-1]), np.nan, dtype=np.float32)
        for place, part in parts.items():
            states[place, : len(part)] = part
        return states

    def _passes(
        self, texts: tuple[str, ...], rows: int, *, least: int, layer: int | None
    ) -> Iterator[tuple[list[int], Any, Any, Any, Any]]:
        """Places of a batch of texts, their tokens, mask and logits, and the output of a block."""
        torch = require("torch", "neural")
        tokenizer = self.require_tokenizer()
        encoded = [tokenizer(text)["input_ids"] for text in texts]
        for text, ids in zip(texts, encoded, strict=True):
            if len(ids) < least:
                raise InputError(f"text {text[:40]!r}: {len(ids)} tokens found, expected at least {least}")
        self.check_length(max(len(ids) for ids in encoded))
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        was_training = self.model.training
        caught: list[Any] = []
        hook = None
        if layer is not None:
            hook = blocks(self.model)[layer].register_forward_hook(
                lambda _module, _inputs, output: caught.append(block_output(output))
            )
        self.model.eval()
        try:
            for start in range(0, len(order), rows):
                places = order[start : start + rows]
                tokens, mask = left_padded([encoded[i] for i in places], 0, self.device)
                caught.clear()
                # Where a block is watched, the logits of one position are enough.
                few = {} if layer is None else {"logits_to_keep": 1}
                with torch.no_grad():
                    positions = (mask.cumsum(-1) - 1).clamp(min=0)
                    logits = self.model(
                        input_ids=tokens, attention_mask=mask, position_ids=positions, use_cache=False, **few
                    ).logits
                yield places, tokens, mask, logits, caught[0] if caught else None
        finally:
            if hook is not None:
                hook.remove()
            self.model.train(was_training)

    @staticmethod
    def as_texts(texts: str | Sequence[str]) -> tuple[str, ...]:
        """One text or several as a tuple.

        Raises
        ------
        InputError : for none at all, or anything that is not text.
        """
        found = (texts,) if isinstance(texts, str) else tuple(texts)
        if not found:
            raise InputError("texts: none found, expected at least one")
        for text in found:
            if not isinstance(text, str):
                raise InputError(f"texts: {type(text).__name__} found, expected text")
            if not text.strip():
                raise InputError(f"texts: {text!r} found, expected a text with something in it")
        return found


def _whole(seed: int | np.random.Generator | None) -> int:
    if isinstance(seed, (int, np.integer)) and seed >= 0:
        return int(seed)
    if seed is None or isinstance(seed, np.random.Generator):
        return int(np.random.default_rng(seed).integers(2**31))
    raise InputError(f"seed: {seed!r} found, expected a whole number of at least 0, a Generator or None")
