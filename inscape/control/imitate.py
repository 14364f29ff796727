"""`clone`: small policies from few demonstrations, on the codes of an encoder; many at once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.control.heads import Heads, train_heads
from inscape.errors import InputError
from inscape.extras import require
from inscape.models.representation.batches import Batches, cropped, shifts
from inscape.models.representation.corpus import Corpus, corpus_of
from inscape.models.representation.encoder import Encoder
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Clones:
    """Policies cloned from demonstrations: several heads on one frozen encoder, or each on its own tuned encoder.

    `clones[i]` is a single policy. With `act_each`, all act at once, each on its own observations.

    Attributes
    ----------
    encoders : one that all share, or one for each head.
    heads : the trained heads.
    sets : (head,) which set of demonstrations each head was cloned from.
    losses : (head,) training error at the end.
    scale : (head, action) what actions are multiplied by.
    """

    def __init__(
        self,
        encoders: Sequence[Encoder],
        heads: Heads,
        sets: Int[np.ndarray, "head"],
        losses: Float[np.ndarray, "head"],
        scale: Float[np.ndarray, "head action"],
    ):
        self.encoders, self.heads = tuple(encoders), heads
        self.sets, self.losses, self.scale = np.asarray(sets), np.asarray(losses), np.asarray(scale)

    def __len__(self) -> int:
        return len(self.heads)

    def __getitem__(self, head: int) -> Clone:
        if not -len(self) <= head < len(self):
            raise IndexError(f"head {head} of {len(self)}")
        return Clone(self, int(head) % len(self))

    def __repr__(self) -> str:
        return f"Clones({len(self)} heads on {self.encoders[0]!r})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one observation."""
        return self.encoders[0].shape

    def act_each(
        self, observations: Float[np.ndarray, "head sample *shape"]
    ) -> Float[np.ndarray, "head sample action"]:
        """The actions of every head on its own observations.

        Raises
        ------
        InputError : if there is not one block of observations for each head.
        """
        array = np.asarray(observations)
        if array.ndim != len(self.shape) + 2 or len(array) != len(self):
            raise InputError(
                f"observations: shape {array.shape} found, expected ({len(self)}, sample, "
                f"{', '.join(map(str, self.shape))}), a block for each head"
            )
        if len(self.encoders) == 1:
            codes = self.encoders[0](array)
        else:
            codes = np.stack([encoder(block) for encoder, block in zip(self.encoders, array, strict=True)])
        with torch.no_grad():
            return self.heads(torch.from_numpy(codes)).numpy() * self.scale[:, None]

    def errors(self, demonstrations: Sequence[Any]) -> Float[np.ndarray, "head"]:
        """Mean squared error of each head's actions on other demonstrations, in the units of the loss.

        Parameters
        ----------
        demonstrations : one set for each set that was cloned, in the same order.

        Raises
        ------
        InputError : if there is another number of them, or they have other observations or actions.
        """
        if len(demonstrations) != int(self.sets.max()) + 1:
            raise InputError(
                f"demonstrations: {len(demonstrations)} sets found, expected {int(self.sets.max()) + 1}, one for each "
                "that was cloned"
            )
        corpora = [_checked(self.encoders[0], given, number) for number, given in enumerate(demonstrations)]
        found = []
        for head, chosen in enumerate(self.sets):
            corpus = corpora[chosen]
            rows = corpus.rows(0)
            answer = self[head].act(corpus.observations[rows]) / self.scale[head]
            found.append(float(((answer - corpus.actions[rows]) ** 2).mean()))
        return np.array(found)


class Clone:
    """One of several clones, as a policy."""

    def __init__(self, clones: Clones, head: int):
        self.clones, self.head = clones, head

    @property
    def encoder(self) -> Encoder:
        """The encoder that it sees through."""
        encoders = self.clones.encoders
        return encoders[self.head if len(encoders) > 1 else 0]

    def act(self, observation: Float[np.ndarray, "*lead shape"]) -> Float[np.ndarray, "*lead action"]:
        """The action for each observation; frames as the encoder takes them."""
        return self.clones.heads.one(self.head, self.encoder(observation)) * self.clones.scale[self.head]


def clone(
    encoder: Encoder,
    demonstrations: Any,
    heads: int = 1,
    *,
    hidden: Sequence[int] = (128, 128),
    dropout: float = 0.1,
    steps: int = 2_000,
    batch: int = 64,
    rate: float = 1e-3,
    weight_decay: float = 1e-4,
    tune_encoder: bool = False,
    crop: int = 0,
    seed: int = 0,
) -> Clones:
    """Clone demonstrations into small policies on an encoder's codes.

    With the encoder frozen, observations are encoded once and all heads are trained in one batch of matrices.

    Parameters
    ----------
    encoder : from `pretrain`; `Encoder.untrained` with `tune_encoder=True` is training from scratch.
    demonstrations : Trajectories of one context; or a list of Trajectories, one for each context or size, which are all
        cloned at once.
    heads : policies cloned from each set of demonstrations, from different seeds.
    hidden, dropout : of each head. The paper's are (256, 256) and 0.1.
    steps, batch, rate, weight_decay : of AdamW; the paper's are 10,000 steps of 256 at 1e-3.
    tune_encoder : train the encoder along with each head, on a copy of its own.
    crop : pixels of the random crops while the encoder is tuned.
    seed : the same seed gives the same policies.

    Raises
    ------
    InputError : if demonstrations have other observations, or another number of actions, than the encoder was trained
        on, or hold none.
    """
    for name, value in (("heads", heads), ("steps", steps), ("batch", batch)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
    if not 0 < rate < np.inf:
        raise InputError(f"rate: {rate!r} found, expected a positive number")
    sets = [_checked(encoder, given, number) for number, given in enumerate(_sets(demonstrations))]
    actions = {corpus.actions.shape[1] for corpus in sets}
    if len(actions) > 1:
        raise InputError(f"demonstrations: sets with {sorted(actions)} actions found, expected one number of them")
    which = np.repeat(np.arange(len(sets)), heads)
    seeds = [int(s.generate_state(1)[0]) for s in np.random.SeedSequence(seed).spawn(len(which))]
    rows = [corpus.rows(0) for corpus in sets]
    scale = np.stack([sets[i].scale for i in which])
    if tune_encoder:
        return _tuned(
            encoder,
            [sets[i] for i in which],
            which,
            seeds,
            scale,
            hidden,
            dropout,
            steps,
            batch,
            rate,
            weight_decay,
            crop,
        )
    if crop:
        raise InputError("crop: given, but a frozen encoder sees every frame once; it goes with tune_encoder=True")
    codes = [encoder(corpus.observations[r]) for corpus, r in zip(sets, rows, strict=True)]
    acted = [corpus.actions[r] for corpus, r in zip(sets, rows, strict=True)]
    trained = Heads(seeds, encoder.width, hidden, actions.pop(), dropout=dropout)
    losses = train_heads(
        trained, [codes[i] for i in which], [acted[i] for i in which], steps=steps, batch=batch, rate=rate,
        weight_decay=weight_decay,
    )  # fmt: skip
    return Clones([encoder], trained, which, losses, scale)


def _tuned(
    encoder: Encoder,
    corpora: Sequence[Corpus],
    which: np.ndarray,
    seeds: Sequence[int],
    scale: np.ndarray,
    hidden: Sequence[int],
    dropout: float,
    steps: int,
    batch: int,
    rate: float,
    weight_decay: float,
    crop: int,
) -> Clones:
    heads = Heads(seeds, encoder.width, hidden, scale.shape[1], dropout=dropout)
    encoders, losses = [], []
    for number, (corpus, seed) in enumerate(zip(corpora, seeds, strict=True)):
        own = copy.copy(encoder)
        own.network = copy.deepcopy(encoder.network)
        head = Heads([seed], encoder.width, hidden, scale.shape[1], dropout=dropout)
        losses.append(_descend(own, head, corpus, seed, steps, batch, rate, weight_decay, crop))
        with torch.no_grad():
            for many, one in zip(heads.parameters(), head.parameters(), strict=True):
                many[number] = one[0]
        encoders.append(own)
    return Clones(encoders, heads.eval(), which, np.array(losses), scale)


def _descend(
    own: Encoder, head: Heads, corpus: Corpus, seed: int, steps: int, batch: int, rate: float, decay: float, crop: int
) -> float:
    # What the encoder was trained on sets the mean and deviation of states, not the few demonstrations.
    batches = Batches(corpus)
    batches.mean, batches.deviation = torch.from_numpy(own.mean), torch.from_numpy(own.deviation)
    rows = torch.from_numpy(corpus.rows(0))
    generator = torch.Generator().manual_seed(seed)
    weights = [*own.network.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    own.network.train()
    head.train()
    tail, total = max(1, steps // 10), 0.0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in range(steps):
            chosen = rows[torch.randint(len(rows), (batch,), generator=generator)]
            seen = batches.seen(chosen)
            if crop:
                seen = cropped(seen, shifts(batch, crop, generator))
            loss = torch.nn.functional.mse_loss(head(own.network(seen)[None])[0], batches.actions[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if step >= steps - tail:
                total += float(loss.detach()) / tail
    own.network.eval()
    head.eval()
    own.objective = f"{own.objective}, tuned"
    return total


def _sets(demonstrations: Any) -> list[Any]:
    several = isinstance(demonstrations, (list, tuple)) and len(demonstrations) > 0
    if several and not isinstance(demonstrations[0], Trajectory):
        return list(demonstrations)
    if isinstance(demonstrations, (list, tuple)) and not demonstrations:
        raise InputError("demonstrations: none found, expected at least one episode")
    return [Trajectories(demonstrations) if several else demonstrations]


def _checked(encoder: Encoder, demonstrations: Any, number: int) -> Corpus:
    width = _number_of_actions(demonstrations)
    if encoder.actions is not None and width not in (0, encoder.actions):
        raise InputError(
            f"demonstrations {number}: {width} actions found, the encoder was trained with {encoder.actions}; "
            "the body must be the same"
        )
    # Actions of the new context are in the units of the old ones.
    corpus = corpus_of(demonstrations, scale=encoder.scale if encoder.actions is not None else None)
    if corpus.shape != encoder.shape:
        raise InputError(
            f"demonstrations {number}: observations of shape {corpus.shape} found, the encoder takes {encoder.shape}; "
            "render or resize to that"
        )
    return corpus


def _number_of_actions(demonstrations: Any) -> int:
    if isinstance(demonstrations, Corpus):
        return demonstrations.actions.shape[1]
    return len(as_trajectories(demonstrations).input_names)
