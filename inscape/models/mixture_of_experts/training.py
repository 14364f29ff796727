"""Training of a mixture of experts on questions with one answer, with checkpoints kept in one compact file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from inscape.atomic import draft_of
from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.models.mixture_of_experts.network import MixtureOfExperts

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Observer = Callable[[int, "torch.nn.Module"], None]


@dataclass(frozen=True)
class Course:
    """How a network is trained: AdamW on the cross-entropy of the answer plus a load-balancing loss.

    Parameters
    ----------
    steps : of the optimiser.
    rate : learning rate, constant after `warm_up` steps of linear rise.
    weight_decay : decoupled; on all weights. Without it a network memorises and stays there.
    momentum : the two betas of Adam.
    batch : questions a step, drawn with replacement; all of them in each step where there are fewer.
    balancing : weight of the load-balancing loss; 0 for none.
    clip : largest norm of the gradient, None for no bound.
    """

    steps: int = 4000
    rate: float = 2e-3
    weight_decay: float = 1.0
    momentum: tuple[float, float] = (0.9, 0.98)
    batch: int = 256
    balancing: float = 0.01
    warm_up: int = 10
    clip: float | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
        for name in ("rate", "weight_decay", "balancing", "warm_up"):
            value = getattr(self, name)
            is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
            if not is_number or not 0 <= value < np.inf:
                raise InputError(f"{name}: {value!r} found, expected a number of at least 0")
        if self.clip is not None and not self.clip > 0:
            raise InputError(f"clip: {self.clip!r} found, expected a positive number or None")


@dataclass
class TrainingRecord:
    """Weights of a network at some steps of its training.

    Parameters
    ----------
    sizes : arguments of `MixtureOfExperts`.
    steps : at which weights were kept, increasing.
    weights : one list of arrays a step, in the order of the network's parameters; single precision.
    """

    sizes: dict[str, int]
    steps: list[int] = field(default_factory=list)
    weights: list[list[np.ndarray]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.steps)

    def keep(self, step: int, network: MixtureOfExperts) -> None:
        """Add the network as it is now."""
        self.steps.append(int(step))
        self.weights.append(network.weights())

    def load(self, index: int) -> MixtureOfExperts:
        """The network as it was at a kept step.

        Raises
        ------
        InputError : if there is no such checkpoint.
        """
        if not -len(self.steps) <= index < len(self.steps):
            raise InputError(f"index: {index} found, expected one of {len(self.steps)} checkpoints")
        network = MixtureOfExperts(**self.sizes)
        network.set_weights(self.weights[index])
        return network

    def models(self) -> list[tuple[int, Callable[[], MixtureOfExperts]]]:
        """Pairs (step, function that loads), as `probes.routing.monitor` takes them."""
        return [(step, _Loader(self, index)) for index, step in enumerate(self.steps)]

    def save(self, path: str | Path) -> None:
        """Write all checkpoints to one file (npz): each parameter once, stacked over the steps."""
        columns = enumerate(zip(*self.weights, strict=True))
        stacked: dict[str, Any] = {f"weight_{i}": np.stack(column) for i, column in columns}
        names = np.array(list(self.sizes))
        with draft_of(Path(path)) as draft, draft.open("wb") as file:
            np.savez_compressed(
                file, steps=np.array(self.steps), names=names, sizes=np.array(list(self.sizes.values())), **stacked
            )

    @classmethod
    def read(cls, path: str | Path) -> TrainingRecord:
        """Read what `save` wrote.

        Raises
        ------
        InputError : if the file is absent or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
            sizes = {str(n): int(v) for n, v in zip(kept["names"], kept["sizes"], strict=True)}
            count = sum(name.startswith("weight_") for name in kept)
            columns = [kept[f"weight_{i}"] for i in range(count)]
            steps = [int(s) for s in kept["steps"]]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path}: no record of training could be read ({error})") from None
        return cls(sizes, steps, [list(row) for row in zip(*columns, strict=True)])


@dataclass(frozen=True)
class _Loader:
    record: TrainingRecord
    index: int

    def __call__(self) -> MixtureOfExperts:
        return self.record.load(self.index)


def train(
    network: torch.nn.Module,
    tokens: Int[np.ndarray, "sample token"],
    answers: Int[np.ndarray, "sample"],
    course: Course | None = None,
    *,
    observe: Observer | None = None,
    before: Callable[[int], Any] | None = None,
    every: int = 200,
    seed: int | np.random.Generator | None = 0,
) -> torch.nn.Module:
    """Train a network to answer at the last token of each question; the network itself is changed and returned.

    Parameters
    ----------
    network : a `MixtureOfExperts`, or an `OlmoeForCausalLM` of transformers.
    tokens, answers : the questions and what is to be said.
    observe : called with the step and the network before the first step, then every `every` steps, and after the last.
    before : called with the step before each step, such as the `advance` of an instrument.
    seed : of the order of the questions.

    Raises
    ------
    InputError : for tokens and answers that do not fit.
    DivergedError : if the loss is not finite any more; it names the step.
    """
    plan = course or Course()
    questions, aims = _questions(tokens, answers)
    device = next(network.parameters()).device
    questions, aims = questions.to(device), aims.to(device)
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=plan.rate, weight_decay=plan.weight_decay, betas=plan.momentum, fused=True
    )
    network.train()
    for step in range(plan.steps):
        if observe is not None and step % every == 0:
            observe(step, network)
        if before is not None:
            before(step)
        if len(questions) > plan.batch:
            rows = torch.as_tensor(random.integers(0, len(questions), plan.batch), device=device)
            asked, wanted = questions[rows], aims[rows]
        else:
            asked, wanted = questions, aims
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / max(plan.warm_up, 1))
        logits, balancing = answer(network, asked)
        loss = torch.nn.functional.cross_entropy(logits, wanted)
        if not torch.isfinite(loss):
            raise DivergedError(f"training: the loss is {loss.item()} at step {step}; try a smaller rate or clip=1.0")
        if plan.balancing:
            loss = loss + plan.balancing * balancing
        optimiser.zero_grad()
        loss.backward()
        if plan.clip is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
        optimiser.step()
    if observe is not None:
        observe(plan.steps, network)
    return network


def answer(network: torch.nn.Module, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (sample, vocabulary) at the last token, and the load-balancing loss."""
    if isinstance(network, MixtureOfExperts):
        return network(tokens, last=True)
    found = network(
        input_ids=tokens,
        attention_mask=torch.ones_like(tokens),
        output_router_logits=True,
        use_cache=False,
        logits_to_keep=1,
    )
    return found.logits[:, -1], found.aux_loss


def answers_of(network: torch.nn.Module, tokens: Int[np.ndarray, "sample token"]) -> torch.Tensor:
    """Log-probabilities (sample, vocabulary) of the answer, in evaluation mode and without gradients."""
    mode = network.training
    network.eval()
    try:
        with torch.no_grad():
            device = next(network.parameters()).device
            logits, _ = answer(network, torch.as_tensor(np.asarray(tokens, dtype=np.int64), device=device))
            return torch.log_softmax(logits.float(), dim=-1).cpu()
    finally:
        network.train(mode)


def _questions(tokens: Any, answers: Any) -> tuple[torch.Tensor, torch.Tensor]:
    asked, said = np.asarray(tokens), np.asarray(answers)
    if asked.ndim != 2 or asked.dtype.kind not in "iu" or 0 in asked.shape:
        raise InputError(f"tokens: {asked.dtype} of shape {asked.shape} found, expected whole numbers (sample, token)")
    if said.shape != asked.shape[:1] or said.dtype.kind not in "iu":
        raise InputError(f"answers: {said.dtype} of shape {said.shape} found, expected {len(asked)} whole numbers")
    return torch.as_tensor(asked.astype(np.int64)), torch.as_tensor(said.astype(np.int64))
