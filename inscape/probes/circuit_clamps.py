"""Clamps that stand in for a part of the induction circuit while the rest is learnt (Singh et al. 2024, section 5).

The circuit has three parts. A: a head of an earlier layer attends to the token before and copies it. B: a head of the
last layer matches the query against what A copied. C: it copies the label that it found to the output.

clamp                 stands in for        leaves to learn
previous_token        the attention of A   the copying of A, B, C
earlier_layer         A                    B, C
match                 A and B              C
copy                  C                    A, B
earlier_layer, copy   A and C              B
informed_match        B                    A, C    (not in the paper)

Each acts on the whole of a stack of runs or, with `runs`, on some of them, so that different runs of one training carry
different clamps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.batch import Batch
from inscape.models.attention_only.net import AttentionOnly
from inscape.probes.clamp import Clamp
from inscape.probes.instruments import Instruments
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

LABEL_TOKENS = (1, 3)
"""Where the two labels stand among exemplar, label, exemplar, label, query."""
NEVER = -1e9
"""Logit of a label that the context does not show."""
SHARPNESS = 8.0
"""Of `informed_match`: odds between a label whose exemplar matches for certain and one whose does not are e^8."""


def previous_token(
    net: AttentionOnly,
    *,
    layer: int = 0,
    head: int = 2,
    runs: Sequence[int] | None = None,
    when: Schedule | None = None,
) -> Clamp:
    """A head attends to the position before, with weight one; the first position to itself."""
    _check(net, layer, head, runs)

    def shifted(part: torch.Tensor, _site: str) -> torch.Tensor:
        tokens = part.shape[-1]
        before = torch.eye(tokens, dtype=part.dtype, device=part.device).roll(-1, 1)
        before[0] = 0.0
        before[0, 0] = 1.0
        return before[-part.shape[-2] :].expand_as(part)

    return Clamp(net, f"layers.{layer}.attention.pattern{_chosen(runs, f'head={head}')}", _kept(shifted), when=when)


def earlier_layer(
    net: AttentionOnly, *, runs: Sequence[int] | None = None, when: Schedule | None = None
) -> Instruments:
    """Skip the first of two layers, and give the second what it would have learnt to give.

    The patterns of the second layer come from a stream in which each position of the context but the first holds the
    embedding of the one before; its values come from the embeddings as they are.

    Raises
    ------
    InputError : if the network has not two layers.
    """
    _check(net, 0, 0, runs)
    if len(net.layers) != 2:
        raise InputError(f"earlier_layer: {len(net.layers)} layers found, expected two")
    part = _chosen(runs)
    readers = [f"layers.1.attention.{name}{part}" for name in ("query_input", "key_input")]
    return Instruments(
        Clamp(net, f"layers.0.attention.output{part}", 0.0, when=when),
        Clamp(net, readers, lambda stream, _site: _one_later(stream), when=when),
    )


def match(
    net: AttentionOnly,
    *,
    layer: int = 1,
    head: int = 3,
    runs: Sequence[int] | None = None,
    when: Schedule | None = None,
) -> Clamp:
    """A head attends, at the query, to the right label alone."""
    _check(net, layer, head, runs)

    def right(part: torch.Tensor, _site: str) -> torch.Tensor:
        position = _of_runs(_passing(net).position, runs)
        row = torch.zeros(*position.shape, part.shape[-1], dtype=part.dtype, device=part.device)
        first, second = LABEL_TOKENS
        row[..., first] = 1.0 - position
        row[..., second] = position.to(part.dtype)
        return row

    return Clamp(net, f"layers.{layer}.attention.pattern{_chosen(runs, f'head={head}, query=-1')}", right, when=when)


class copy(Clamp):  # noqa: N801 - read as a verb beside `match`
    """The logits of the two labels of the context are a head's scores at their positions; all others are never told.

    Parameters
    ----------
    net, layer, head : whose scores, before the softmax, from the query to the two labels.
    runs, when : as of the other clamps of this module.
    """

    def __init__(
        self,
        net: AttentionOnly,
        *,
        layer: int = 1,
        head: int = 3,
        runs: Sequence[int] | None = None,
        when: Schedule | None = None,
    ):
        _check(net, layer, head, runs)
        scores = f"layers.{layer}.attention.scores{_chosen(runs, f'head={head}, query=-1')}"
        super().__init__(net, [scores, f"unembedding{_chosen(runs)}"], self._told, when=when)
        self._net, self._runs = net, runs
        self._scores: torch.Tensor | None = None

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor | None:
        if site.module == "unembedding":
            return super()._act(activation, site, axes)
        self._scores = site.part(activation, axes)
        return None

    def _told(self, logits: torch.Tensor, _site: str) -> torch.Tensor:
        if self._scores is None:
            raise InputError("copy: the logits came before the scores; clamp a network whose head has run")
        shown, self._scores = self._scores[..., list(LABEL_TOKENS)], None
        labels = _of_runs(_passing(self._net).labels, self._runs).transpose(1, 2)
        return torch.full_like(logits, NEVER).scatter(2, labels.expand_as(shown), shown)


def informed_match(
    net: AttentionOnly,
    *,
    layer: int = 1,
    head: int = 3,
    earlier: int = 0,
    earlier_head: int | None = None,
    runs: Sequence[int] | None = None,
    when: Schedule | None = None,
) -> InformedMatch:
    """B alone: a head's scores at the query tell how much of the query's exemplar an earlier layer brought to a label.

    The score of a label is `SHARPNESS` times the attention that the earlier head (the mean of all if None) pays from
    that label to tokens that show the query's exemplar; other positions are shut out. Exact matching, of whatever A
    has learnt to deliver; gradients reach A through its attention.
    """
    return InformedMatch(net, layer, head, earlier, earlier_head, runs, when)


class InformedMatch(Clamp):
    """See `informed_match`."""

    def __init__(
        self,
        net: AttentionOnly,
        layer: int,
        head: int,
        earlier: int,
        earlier_head: int | None,
        runs: Sequence[int] | None,
        when: Schedule | None,
    ):
        _check(net, layer, head, runs)
        _check(net, earlier, earlier_head or 0, runs)
        self._delivered = f"layers.{earlier}.attention.pattern"
        scores = f"layers.{layer}.attention.scores{_chosen(runs, f'head={head}, query=-1')}"
        super().__init__(net, [f"{self._delivered}{_chosen(runs)}", scores], self._matched, when=when)
        self._net, self._runs, self._earlier_head = net, runs, earlier_head
        self._pattern: torch.Tensor | None = None

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor | None:
        if site.module != self._delivered:
            return super()._act(activation, site, axes)
        part = site.part(activation, axes)
        self._pattern = part.mean(2) if self._earlier_head is None else part[:, :, self._earlier_head]
        return None

    def _matched(self, scores: torch.Tensor, _site: str) -> torch.Tensor:
        pattern, self._pattern = self._pattern, None
        if pattern is None:
            raise InputError("informed_match: no pattern of the earlier layer came before the scores")
        position = _of_runs(_passing(self._net).position, self._runs)
        same = torch.stack([1 - position, position], 2).to(scores.dtype)
        given = torch.full_like(scores, NEVER)
        brought = [(pattern[:, :, label, [0, 2]] * same).sum(2) for label in LABEL_TOKENS]
        for label, mass in zip(LABEL_TOKENS, brought, strict=True):
            given[..., label] = SHARPNESS * mass
        return given


def _one_later(stream: torch.Tensor) -> torch.Tensor:
    """(run, sample, token, unit) with each token of the context at the next position; first and last stay."""
    return torch.cat([stream[:, :, :1], stream[:, :, :-2], stream[:, :, -1:]], 2)


def _kept(value: Any) -> Any:
    """The same constant for every pass of one shape: it is built once."""
    made: dict[tuple, torch.Tensor] = {}

    def constant(part: torch.Tensor, site: str) -> torch.Tensor:
        key = (tuple(part.shape), part.dtype, part.device)
        if key not in made:
            made.clear()
            made[key] = value(part, site)
        return made[key]

    return constant


def _passing(net: AttentionOnly) -> Batch:
    if net.passing is None:
        raise InputError("clamp: no batch passes the network; call net(batch)")
    return net.passing


def _of_runs(values: torch.Tensor, runs: Sequence[int] | None) -> torch.Tensor:
    return values if runs is None or len(values) == 1 else values[list(runs)]


def _chosen(runs: Sequence[int] | None, others: str = "") -> str:
    """The bracket of a site: which runs, and what else is given."""
    run = "" if runs is None else f"run=({', '.join(str(int(r)) for r in runs)},)"
    inside = ", ".join(part for part in (run, others) if part)
    return f"[{inside}]" if inside else ""


def _check(net: AttentionOnly, layer: int, head: int, runs: Sequence[int] | None) -> None:
    if not isinstance(net, AttentionOnly):
        raise InputError(f"clamp: a {type(net).__name__} found, expected an AttentionOnly network")
    known = {"layer": (layer, len(net.layers)), "head": (head, net.heads)}
    for name, (value, count) in known.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < count:
            raise InputError(f"{name}: {value!r} found, the network has {name}s 0 to {count - 1}")
    if runs is not None and (len(runs) == 0 or not all(0 <= r < net.runs for r in runs)):
        raise InputError(f"runs: {runs!r} found, the network has runs 0 to {net.runs - 1}")
