"""A small transformer whose feed-forward layers are mixtures of experts, computed densely.

At a width of some tens, computing every expert as one wide layer and weighting its units by the router is faster than
sending tokens to experts one by one: three matrix products a layer, whatever the number of experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Answered(NamedTuple):
    """What a pass returns: logits (sample, token, vocabulary) or (sample, vocabulary), and the balancing loss."""

    logits: torch.Tensor
    balancing: torch.Tensor


class Mixture(torch.nn.Module):
    """Gated experts behind a router: y = sum over the chosen e of p_e(x) E_e(x), p = softmax(W x).

    `gate` is the router, a linear map without bias whose output is the logits (..., experts).
    """

    def __init__(self, width: int, experts: int, chosen: int, hidden: int) -> None:
        super().__init__()
        self.experts, self.chosen, self.hidden = experts, chosen, hidden
        self.gate = torch.nn.Linear(width, experts, bias=False)
        self.rise = torch.nn.Linear(width, 2 * experts * hidden, bias=False)
        self.fall = torch.nn.Linear(experts * hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(sample, token, width) -> the same, and the load-balancing loss."""
        probability = torch.softmax(self.gate(x), dim=-1)
        top, index = torch.topk(probability, self.chosen, dim=-1)
        weight = torch.zeros_like(probability).scatter(-1, index, top)
        # Fedus et al. 2022, eq. 4-6: experts times (share of tokens sent) . (mean probability); `chosen` at balance.
        sent = (weight.detach() > 0).to(probability.dtype).flatten(0, -2).mean(0)
        balancing = self.experts * (sent * probability.flatten(0, -2).mean(0)).sum()
        switch, value = self.rise(x).chunk(2, dim=-1)
        units = (torch.nn.functional.silu(switch) * value).unflatten(-1, (self.experts, self.hidden))
        return self.fall((units * weight.unsqueeze(-1)).flatten(-2)), balancing


class Attention(torch.nn.Module):
    """Causal attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = torch.nn.Linear(width, 3 * width, bias=False)
        self.mix = torch.nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor, *, last: bool = False) -> torch.Tensor:
        """(sample, token, width) -> the same, or (sample, 1, width) of the last token alone."""
        split = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = split.unbind(0)
        if last:
            queries = queries[:, :, -1:]
        # Sequences are a few tokens long: the plain products beat the fused kernels, which are made for long ones.
        scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
        if not last:
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, float("-inf"))
        pattern = torch.softmax(scores, dim=-1)
        return self.mix((pattern @ values).transpose(1, 2).flatten(-2))


class Layer(torch.nn.Module):
    """Attention, then a mixture of experts, each on the normalised stream and added to it."""

    def __init__(self, width: int, heads: int, experts: int, chosen: int, hidden: int) -> None:
        super().__init__()
        self.before_attention = torch.nn.RMSNorm(width)
        self.attention = Attention(width, heads)
        self.before_mixture = torch.nn.RMSNorm(width)
        self.mixture = Mixture(width, experts, chosen, hidden)

    def forward(self, x: torch.Tensor, *, last: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """(sample, token, width) -> the same, or its last token alone, and the balancing loss of its mixture."""
        x = (x[:, -1:] if last else x) + self.attention(self.before_attention(x), last=last)
        added, balancing = self.mixture(self.before_mixture(x))
        return x + added, balancing


class MixtureOfExperts(torch.nn.Module):
    """A causal transformer with a mixture of experts in every layer (as OLMoE's: RMS norms, SwiGLU experts).

    Parameters
    ----------
    vocabulary : number of tokens.
    context : longest sequence, in tokens.
    width, heads, layers : sizes; heads divides width.
    experts, chosen : experts a layer, and how many a token is sent to (top-k of the softmax, not renormalised).
    hidden : units of an expert.
    deviation : of the normal law from which all weights start; larger ones memorise longer before they generalise.
    seed : the weights follow from it alone.

    Raises
    ------
    InputError : for sizes that do not fit together, or tokens outside the vocabulary or beyond the context.
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 3,
        *,
        width: int = 48,
        heads: int = 4,
        layers: int = 3,
        experts: int = 8,
        chosen: int = 2,
        hidden: int = 16,
        deviation: float = 0.06,
        seed: int = 0,
    ) -> None:
        super().__init__()
        sizes = {
            "vocabulary": vocabulary,
            "context": context,
            "width": width,
            "heads": heads,
            "layers": layers,
            "experts": experts,
            "chosen": chosen,
            "hidden": hidden,
        }
        for name, size in sizes.items():
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise InputError(f"{name}: {size!r} found, expected a whole number of at least 1")
        if width % heads:
            raise InputError(f"heads: {heads} found, expected a divisor of the width {width}")
        if chosen > experts:
            raise InputError(f"chosen: {chosen} found, expected at most the {experts} experts")
        self.sizes = {name: int(size) for name, size in sizes.items()}
        self.context = int(context)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(seed))
            self.embedding = torch.nn.Embedding(vocabulary, width)
            self.position = torch.nn.Parameter(torch.empty(context, width))
            self.layers = torch.nn.ModuleList(Layer(width, heads, experts, chosen, hidden) for _ in range(layers))
            self.before_answer = torch.nn.RMSNorm(width)
            self.answer = torch.nn.Linear(width, vocabulary, bias=False)
            for parameter in self.parameters():
                if parameter.ndim == 2:
                    torch.nn.init.normal_(parameter, std=deviation)

    def forward(self, tokens: torch.Tensor, *, last: bool = False) -> Answered:
        """(sample, token) whole numbers -> logits at every token, or at the last one only, and the balancing loss.

        Where only the last token is asked for, the last layer computes nothing else, and its part of the balancing
        loss is taken over last tokens.
        """
        if tokens.ndim != 2 or not 0 < tokens.shape[1] <= self.context or tokens.dtype not in (torch.long, torch.int):
            raise InputError(
                f"tokens: shape {tuple(tokens.shape)} of {tokens.dtype} found, expected (sample, token) whole numbers, "
                f"at most {self.context} tokens long"
            )
        x = self.embedding(tokens) + self.position[: tokens.shape[1]]
        balancing = []
        for place, layer in enumerate(self.layers, 1):
            x, loss = layer(x, last=last and place == len(self.layers))
            balancing.append(loss)
        x = self.before_answer(x[:, -1] if last else x)
        return Answered(self.answer(x), torch.stack(balancing).mean())

    def routers(self) -> list[torch.nn.Linear]:
        """The gate of each layer, first layer first."""
        gates = [layer.get_submodule("mixture.gate") for layer in self.layers]
        return [gate for gate in gates if isinstance(gate, torch.nn.Linear)]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Put back what `weights` gave."""
        for parameter, value in zip(self.parameters(), weights, strict=True):
            parameter.data.copy_(torch.as_tensor(value))

    def weights(self) -> list[np.ndarray]:
        """Copies of all parameters, in the order of `parameters()`."""
        return [p.detach().cpu().numpy().copy() for p in self.parameters()]
