"""`pretrain`: one trainer for every objective."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.extras import require
from inscape.models.representation.batches import Batches, cropped, shifts
from inscape.models.representation.corpus import Corpus, corpus_of
from inscape.models.representation.encoder import Encoder
from inscape.models.representation.networks import EncoderPlan, trunk_of
from inscape.models.representation.objectives import OBJECTIVES, objective_of
from inscape.parallel import track

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

REPORTS = 50


def pretrain(
    corpus: Any,
    objective: str = "inverse",
    *,
    steps: int = 10_000,
    batch: int = 128,
    plan: EncoderPlan | None = None,
    offset: int | None = None,
    crop: int | None = None,
    crops_apart: bool | None = None,
    rate: float = 1e-3,
    weight_decay: float = 1e-4,
    scale: float | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: bool | None = None,
) -> Encoder:
    """Learn an encoder from demonstrations whose tasks are not labelled (Brandfonbrener, Nachum and Bruna 2023).

    AdamW, the learning rate falling to 0 as a cosine.

    Parameters
    ----------
    corpus : Trajectories: states are observations or frames, inputs are actions; or a Corpus.
    objective : "inverse" (ID), "cloning" (BC), "forward-explicit" (FD-e), "forward-implicit" (FD-i), "contrastive"
        (Cont) or "reconstruction".
    steps, batch : of the optimiser.
    plan : sizes of the networks.
    offset : steps k from the first observation to the second; 1 for inverse and forward dynamics, 0 for the static
        contrast if None. With k of 1 or more, "contrastive" tells later frames apart without the action.
    crop : random crops shift frames by up to this many pixels. None is 0, but 1 for the static contrast, whose task is
        empty without. Crops larger than an object moves in a step hide its motion from the inverse.
    crops_apart : draw the two crops of a pair each for itself (as the authors do) or one for both; None is one for
        both, except where the pair is one frame twice.
    rate : learning rate for a batch of 256; scaled in proportion to the batch.
    scale : of actions outside [-1, 1]; see `corpus_of`.
    seed : of weights and batches. The same seed gives the same encoder on the same machine.
    device : "cpu", "cuda", ...

    Raises
    ------
    UnknownNameError : if the objective is none of these.
    InputError : on demonstrations that cannot be learned from; the message names episode and mend.
    DivergedError : if the loss stops being finite.
    """
    if objective not in OBJECTIVES:
        raise UnknownNameError("objective", objective, OBJECTIVES)
    kind = OBJECTIVES[objective]
    plan = plan or EncoderPlan()
    steps, batch = _whole("steps", steps), _whole("batch", batch)
    if not 0 < rate < math.inf or not 0 <= weight_decay < math.inf:
        raise InputError(f"rate: {rate!r} and weight_decay {weight_decay!r} found, expected positive numbers")
    shown = corpus if isinstance(corpus, Corpus) else corpus_of(corpus, scale=scale, needs_actions=kind.needs_actions)
    k = kind.offset if offset is None else offset
    if not kind.needs_later and k != 0:
        raise InputError(f"offset: {k} found, {objective} looks at one observation; leave it out")
    if kind.needs_later and kind.offset == 1 and k == 0:
        raise InputError(f"offset: 0 found, {objective} looks from one observation to a later one; expected at least 1")
    rows = torch.from_numpy(shown.rows(k, acted=kind.needs_actions))
    shift = _crop(crop, objective, k, shown)
    apart = (k == 0) if crops_apart is None else crops_apart
    batches = Batches(shown, device)
    generator = torch.Generator().manual_seed(_seed(seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_seed(seed))
        trunk = trunk_of(shown.shape, plan).to(device)
        head = objective_of(objective, shown.actions.shape[1], shown.shape, plan).to(device)
        losses = _descend(
            trunk, head, batches, rows, k if kind.needs_later else None, steps, batch,
            rate * batch / 256, weight_decay, shift, apart, generator, objective, progress,
        )  # fmt: skip
    return Encoder(
        trunk.cpu(), shown.shape, plan.width, plan=plan, objective=objective, offset=k,
        actions=shown.actions.shape[1] or None, scale=shown.scale, mean=shown.mean, deviation=shown.deviation,
        losses=losses, notes=shown.notes,
    )  # fmt: skip


def _descend(
    trunk: torch.nn.Module,
    head: Any,
    batches: Batches,
    rows: torch.Tensor,
    offset: int | None,
    steps: int,
    batch: int,
    rate: float,
    weight_decay: float,
    crop: int,
    apart: bool,
    generator: torch.Generator,
    label: str,
    progress: bool | None,
) -> np.ndarray:
    weights = [*trunk.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    device = batches.observations.device
    trunk.train()
    head.train()
    every = max(1, steps // REPORTS)
    total, reports = torch.zeros((), device=device), []
    with track(steps, f"pretraining, {label}", progress) as advance:
        for step in range(1, steps + 1):
            # Rows are drawn with replacement: an epoch has no meaning for an endless stream of batches.
            chosen = rows[torch.randint(len(rows), (batch,), generator=generator)].to(device)
            seen = batches.seen(chosen)
            then = seen if not offset else batches.seen(chosen + offset)
            if crop:
                moves = shifts(batch, crop, generator)
                first, then = cropped(seen, moves), cropped(then, shifts(batch, crop, generator) if apart else moves)
                seen = first
            if offset is None:
                code = later = trunk(seen)
            else:
                both = trunk(torch.cat([seen, then]))
                code, later = both[:batch], both[batch:]
            loss = head.loss(code, later, batches.actions[chosen], seen, then)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.detach()
            advance()
            if step % every == 0 or step == steps:
                mean = float(total) / (every if step % every == 0 else step % every)
                total.zero_()
                reports.append(mean)
                if not math.isfinite(mean):
                    raise DivergedError(f"{label}: the loss left all bounds before step {step}; take a smaller rate")
    return np.array(reports)


def _crop(asked: int | None, objective: str, offset: int, corpus: Corpus) -> int:
    needed = OBJECTIVES[objective].needs_crops and offset == 0
    if needed and not corpus.holds_frames:
        raise InputError(
            f"{objective}: observations of {corpus.shape[0]} coordinates found; two crops of one frame need frames; "
            "for states give offset=1 or more"
        )
    crop = int(needed) if asked is None else asked
    if isinstance(crop, bool) or not isinstance(crop, (int, np.integer)) or crop < 0:
        raise InputError(f"crop: {asked!r} found, expected a whole number of pixels, at least 0")
    if crop and not corpus.holds_frames:
        raise InputError(f"crop: {crop} found, only frames can be cropped; these are {corpus.shape[0]} coordinates")
    if needed and crop == 0:
        raise InputError(f"crop: 0 found, {objective} with offset 0 tells two crops of one frame apart; at least 1")
    return int(crop)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
    return int(value)


def _seed(seed: Any) -> int:
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**31))
    return int(seed) % 2**63
