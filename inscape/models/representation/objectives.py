"""Objectives of pretraining: what an encoder is asked to make predictable. One trainer serves them all.

Brandfonbrener, Nachum and Bruna 2023; each is a head and a loss on a batch (observation, later observation, action).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inscape.extras import require
from inscape.models.representation.networks import ActionEncoder, EncoderPlan, FrameDecoder, perceptron

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

TEMPERATURE = 1.0


@dataclass(frozen=True)
class ObjectiveKind:
    """What the trainer must know of an objective before it builds one.

    Parameters
    ----------
    title : in the words of the paper.
    needs_actions : whether runs without actions serve.
    needs_later : whether a later observation enters.
    offset : steps to the later observation, unless the caller says otherwise.
    needs_crops : whether without random crops the task is empty.
    """

    title: str
    needs_actions: bool
    needs_later: bool
    offset: int = 1
    needs_crops: bool = False


OBJECTIVES: dict[str, ObjectiveKind] = {
    "inverse": ObjectiveKind("inverse dynamics (ID)", True, True),
    "cloning": ObjectiveKind("behaviour cloning (BC)", True, False, 0),
    "forward-explicit": ObjectiveKind("explicit forward dynamics (FD-e)", True, True),
    "forward-implicit": ObjectiveKind("implicit forward dynamics (FD-i)", True, True),
    "contrastive": ObjectiveKind("static contrast (Cont)", False, True, 0, True),
    "reconstruction": ObjectiveKind("reconstruction of the frame", False, False, 0),
}


class Inverse(torch.nn.Module):
    """a_t from the codes of o_t and o_{t+k}: a tanh head and the squared error."""

    def __init__(self, actions: int, shape: Sequence[int], plan: EncoderPlan):
        super().__init__()
        self.head = perceptron(2 * plan.width, plan.heads, actions)

    def predict(self, code: torch.Tensor, later: torch.Tensor) -> torch.Tensor:
        """(sample, action) in (-1, 1)."""
        return torch.tanh(self.head(torch.cat([code, later], dim=1)))

    def loss(
        self, code: torch.Tensor, later: torch.Tensor, actions: torch.Tensor, seen: torch.Tensor, then: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error of the action."""
        return torch.nn.functional.mse_loss(self.predict(code, later), actions)


class Cloning(torch.nn.Module):
    """a_t from the code of o_t alone: a tanh head with dropout, and the squared error."""

    def __init__(self, actions: int, shape: Sequence[int], plan: EncoderPlan, dropout: float = 0.1):
        super().__init__()
        self.head = perceptron(plan.width, plan.heads, actions, dropout)

    def predict(self, code: torch.Tensor) -> torch.Tensor:
        """(sample, action) in (-1, 1)."""
        return torch.tanh(self.head(code))

    def loss(
        self, code: torch.Tensor, later: torch.Tensor, actions: torch.Tensor, seen: torch.Tensor, then: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error of the action."""
        return torch.nn.functional.mse_loss(self.predict(code), actions)


class ForwardExplicit(torch.nn.Module):
    """o_{t+k} itself from the code of o_t and that of the action: squared error of brightness or standardised state."""

    def __init__(self, actions: int, shape: Sequence[int], plan: EncoderPlan):
        super().__init__()
        self.action = ActionEncoder(actions, plan)
        self.decoder = _decoder(2 * plan.width, shape, plan)

    def loss(
        self, code: torch.Tensor, later: torch.Tensor, actions: torch.Tensor, seen: torch.Tensor, then: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error of the later observation."""
        return torch.nn.functional.mse_loss(self.decoder(torch.cat([code, self.action(actions)], dim=1)), then)


class Reconstruction(torch.nn.Module):
    """o_t itself from its code; no action and no time enter."""

    def __init__(self, actions: int, shape: Sequence[int], plan: EncoderPlan):
        super().__init__()
        self.decoder = _decoder(plan.width, shape, plan)

    def loss(
        self, code: torch.Tensor, later: torch.Tensor, actions: torch.Tensor, seen: torch.Tensor, then: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error of the observation."""
        return torch.nn.functional.mse_loss(self.decoder(code), seen)


class Contrast(torch.nn.Module):
    """Which later observation of the batch follows? InfoNCE in one direction (van den Oord et al. 2018).

    Logits are inner products of unit projections; negatives are the rest of the batch. With `with_actions` the action's
    code joins that of o_t (implicit forward dynamics); without, and with k = 0, two crops of one frame are to be
    recognised (static contrast).
    """

    def __init__(self, actions: int, shape: Sequence[int], plan: EncoderPlan, with_actions: bool):
        super().__init__()
        self.action = ActionEncoder(actions, plan) if with_actions else None
        self.asks = perceptron(plan.width * (2 if with_actions else 1), plan.heads, plan.width)
        self.answers = perceptron(plan.width, plan.heads, plan.width)

    def loss(
        self, code: torch.Tensor, later: torch.Tensor, actions: torch.Tensor, seen: torch.Tensor, then: torch.Tensor
    ) -> torch.Tensor:
        """Mean cross-entropy of the right pair."""
        asked = code if self.action is None else torch.cat([code, self.action(actions)], dim=1)
        one = torch.nn.functional.normalize(self.asks(asked), dim=1)
        two = torch.nn.functional.normalize(self.answers(later), dim=1)
        logits = one @ two.T / TEMPERATURE
        return torch.nn.functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def objective_of(name: str, actions: int, shape: Sequence[int], plan: EncoderPlan) -> torch.nn.Module:
    """The head and loss of an objective, with fresh weights."""
    if name == "forward-implicit":
        return Contrast(actions, shape, plan, with_actions=True)
    if name == "contrastive":
        return Contrast(actions, shape, plan, with_actions=False)
    kinds = {
        "inverse": Inverse,
        "cloning": Cloning,
        "forward-explicit": ForwardExplicit,
        "reconstruction": Reconstruction,
    }
    return kinds[name](actions, shape, plan)


def _decoder(inputs: int, shape: Sequence[int], plan: EncoderPlan) -> torch.nn.Module:
    return perceptron(inputs, plan.heads, shape[0]) if len(shape) == 1 else FrameDecoder(inputs, shape, plan)
