"""A transformer small enough to train in seconds on a CPU: characters in, the next character out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

UNKNOWN = "\ufffd"


@dataclass(frozen=True)
class Alphabet:
    """The characters that a model knows, each with its number; `UNKNOWN`, if among them, stands for all others."""

    characters: str

    def __post_init__(self) -> None:
        twice = [c for c, count in Counter(self.characters).items() if count > 1]
        if not self.characters or twice:
            found = f"{twice[0]!r} twice" if twice else "none"
            raise InputError(f"characters: {found} found, expected each once and at least one")

    @classmethod
    def of(cls, text: str, most: int | None = None) -> Alphabet:
        """The characters of a text, sorted; with `most`, the `most` - 1 most frequent ones and `UNKNOWN`."""
        if not isinstance(text, str) or not text:
            raise InputError(
                f"text: {type(text).__name__} of length {len(text)} found, expected a string with characters"
            )
        counts = Counter(text)
        if most is None or len(counts) <= most:
            return cls("".join(sorted(counts)))
        if most < 2:
            raise InputError(f"most: {most} found, expected at least 2")
        known = [c for c, _ in counts.most_common(most) if c != UNKNOWN][: most - 1]
        return cls("".join(sorted(known)) + UNKNOWN)

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Int[np.ndarray, "character"]:
        """Numbers of the characters of a text.

        Raises
        ------
        InputError : for a character that is not in the alphabet, if the alphabet has no `UNKNOWN`.
        """
        number = {c: k for k, c in enumerate(self.characters)}
        spare = number.get(UNKNOWN)
        codes = [number.get(c, spare) for c in text]
        if None in codes:
            raise InputError(
                f"text: character {text[codes.index(None)]!r} at {codes.index(None)} is not in the alphabet; "
                "make the alphabet with most= so that it has a character for all others"
            )
        return np.array(codes, dtype=np.int64)

    def decode(self, codes: Sequence[int] | Int[np.ndarray, "character"]) -> str:
        """The inverse of `encode`."""
        return "".join(self.characters[int(k)] for k in codes)

    def windows(
        self, text: str, samples: int, length: int, seed: int | np.random.Generator | None = 0
    ) -> Int[np.ndarray, "sample character"]:
        """`samples` stretches of `length` characters from random places of a text, as numbers."""
        if samples < 1 or length < 1 or len(text) < length:
            raise InputError(
                f"text: {len(text)} characters found for {samples} stretches of {length}, expected at least {length}"
            )
        starts = np.random.default_rng(seed).integers(0, len(text) - length + 1, samples)
        return np.stack([self.encode(text[k : k + length]) for k in starts])


class Attention(torch.nn.Module):
    """Causal self-attention, written out so that it can be differentiated twice and looked into."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = torch.nn.Linear(width, 3 * width)
        self.output = torch.nn.Linear(width, width)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """(sample, token, width) -> (sample, token, width)."""
        samples, tokens, width = stream.shape
        split = self.queries_keys_values(stream).view(samples, tokens, 3, self.heads, width // self.heads)
        queries, keys, values = (split[:, :, k].transpose(1, 2) for k in range(3))
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(width // self.heads)
        later = torch.ones(tokens, tokens, dtype=torch.bool, device=stream.device).triu(1)
        pattern = scores.masked_fill(later, -math.inf).softmax(-1)
        return self.output((pattern @ values).transpose(1, 2).reshape(samples, tokens, width))


class Layer(torch.nn.Module):
    """Attention and a two-layer network, each added to the residual stream after a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_attention = torch.nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm_network = torch.nn.LayerNorm(width)
        self.network = torch.nn.Sequential(
            torch.nn.Linear(width, 4 * width), torch.nn.GELU(), torch.nn.Linear(4 * width, width)
        )

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """(sample, token, width) -> (sample, token, width)."""
        stream = stream + self.attention(self.norm_attention(stream))
        return stream + self.network(self.norm_network(stream))


class TinyLanguageModel(torch.nn.Module):
    """A decoder-only transformer of a few ten thousand weights (pre-norm, learned positions, no dropout).

    Parameters
    ----------
    vocabulary : how many tokens there are, or the `Alphabet` of a model of characters.
    width, layers, heads : of the residual stream.
    context : the most tokens it reads at once.
    seed : of the first weights.

    Attributes
    ----------
    alphabet : the `Alphabet`, if one was given.
    """

    def __init__(
        self,
        vocabulary: int | Alphabet,
        width: int = 48,
        layers: int = 2,
        heads: int = 4,
        context: int = 64,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        super().__init__()
        self.alphabet = vocabulary if isinstance(vocabulary, Alphabet) else None
        tokens = len(vocabulary) if isinstance(vocabulary, Alphabet) else vocabulary
        for name, number in {"vocabulary": tokens, "width": width, "layers": layers, "context": context}.items():
            if not isinstance(number, int | np.integer) or number < 1:
                raise InputError(f"{name}: {number!r} found, expected a whole number above 0")
        if heads < 1 or width % heads:
            raise InputError(f"heads: {heads} found, expected a divisor of the width {width}")
        self.vocabulary, self.context = int(tokens), int(context)
        self.embedding = torch.nn.Embedding(tokens, width)
        self.positions = torch.nn.Embedding(context, width)
        self.layers = torch.nn.ModuleList([Layer(width, heads) for _ in range(layers)])
        self.norm = torch.nn.LayerNorm(width)
        self.unembedding = torch.nn.Linear(width, tokens, bias=False)
        self._start(np.random.default_rng(seed), layers)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (sample, token) -> scores of the next one (sample, token, vocabulary)."""
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= self.context:
            raise InputError(f"tokens: shape {tuple(tokens.shape)} found, expected (sample, 1 to {self.context})")
        stream = self.embedding(tokens) + self.positions.weight[: tokens.shape[1]]
        for layer in self.layers:
            stream = layer(stream)
        return self.unembedding(self.norm(stream))

    def loss(self, tokens: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy of each token of (sample, token) after its predecessors, in nats: a scalar."""
        if tokens.ndim != 2 or tokens.shape[1] < 2:
            raise InputError(
                f"tokens: shape {tuple(tokens.shape)} found, expected (sample, token) with two tokens or more"
            )
        scores = self(tokens[:, :-1])
        return torch.nn.functional.cross_entropy(scores.reshape(-1, self.vocabulary), tokens[:, 1:].reshape(-1))

    def perplexity(self, tokens: torch.Tensor) -> float:
        """exp of the mean loss."""
        with torch.no_grad():
            return math.exp(self.loss(tokens).item())

    def write(self, prompt: str, characters: int = 100, temperature: float = 1.0, seed: int = 0) -> str:
        """The prompt, continued by sampling; only a model with an alphabet writes.

        Raises
        ------
        InputError : without an alphabet, on an empty prompt, or at a temperature that is not above 0.
        """
        if self.alphabet is None:
            raise InputError("write: the model has no alphabet; make it with TinyLanguageModel(Alphabet.of(text))")
        if not prompt or not temperature > 0:
            raise InputError(
                f"prompt, temperature: {prompt!r}, {temperature} found, expected a text and a number above 0"
            )
        codes = list(self.alphabet.encode(prompt))
        random = np.random.default_rng(seed)
        for _ in range(characters):
            with torch.no_grad():
                scores = self(torch.tensor([codes[-self.context :]]))[0, -1] / temperature
            chances = scores.double().softmax(-1).numpy()
            codes.append(int(random.choice(self.vocabulary, p=chances / chances.sum())))
        return self.alphabet.decode(codes)

    def _start(self, random: np.random.Generator, layers: int) -> None:
        """Normal weights of deviation 0.02, those that write to the residual stream divided by sqrt(2 layers)."""
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.ndim < 2:
                    continue
                writes = name.endswith(("attention.output.weight", "network.2.weight"))
                scale = 0.02 / math.sqrt(2 * layers) if writes else 0.02
                weight.copy_(torch.as_tensor(scale * random.standard_normal(tuple(weight.shape))))
            for name, bias in self.named_parameters():
                if name.endswith("bias"):
                    bias.zero_()


def train(
    model: TinyLanguageModel,
    text: str,
    steps: int,
    *,
    samples: int = 8,
    learning_rate: float = 3e-3,
    seed: int | np.random.Generator | None = 0,
    optimizer: Any = None,
) -> tuple[Float[np.ndarray, "step"], Any]:
    """Train a model of characters on random stretches of a text with Adam.

    Parameters
    ----------
    steps, samples : batches, and stretches of `model.context` + 1 characters in each.
    optimizer : a torch optimiser that goes on; a fresh Adam at `learning_rate` if None.

    Returns
    -------
    The loss of every step, in nats, and the optimiser with its moments.
    """
    if model.alphabet is None:
        raise InputError("model: it has no alphabet; make it with TinyLanguageModel(Alphabet.of(text))")
    steady = optimizer or torch.optim.Adam(model.parameters(), lr=learning_rate)
    codes = model.alphabet.encode(text)
    length = model.context + 1
    if len(codes) < length:
        raise InputError(f"text: {len(codes)} characters found, expected at least {length}")
    random = np.random.default_rng(seed)
    losses = np.empty(steps)
    for step in range(steps):
        starts = random.integers(0, len(codes) - length + 1, samples)
        loss = model.loss(torch.as_tensor(np.stack([codes[k : k + length] for k in starts])))
        steady.zero_grad()
        loss.backward()
        steady.step()
        losses[step] = loss.item()
    return losses, steady


def state_of(model: torch.nn.Module) -> Mapping[str, np.ndarray]:
    """Every weight by name, as NumPy arrays: what a study or a folder can keep."""
    return {name: weight.detach().cpu().numpy() for name, weight in model.state_dict().items()}
