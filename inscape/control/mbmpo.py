"""`MBMPO`: a policy that one gradient step fits to any member of an ensemble of laws.

Model-based meta-policy optimisation (Clavera et al. 2018, arXiv 1809.05214): every member of the ensemble is a task of
model-agnostic meta-learning (Finn et al. 2017). Where the members agree the policy is trained as usual; where they do
not, it stays ready to go either way instead of relying on what only one of them says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.control.gaussian_policy import GaussianPolicy
from inscape.control.ppo import PPO, PPOTraining, Report, _one_thread, _Segment
from inscape.errors import DivergedError, InputError
from inscape.extras import require

if TYPE_CHECKING:
    import gymnasium
    import torch
else:
    torch = require("torch", "neural")
    gymnasium = require("gymnasium", "robots")

Weights = Sequence["torch.Tensor"]
"""Of a policy: weight and bias of each layer, then log_std; one axis more in front where members have their own."""


@dataclass(frozen=True)
class MBMPO(PPO):
    """Meta-policy optimisation: a learner for a `Dyna` or `Surrogate` whose law is an ensemble like `NeuralEnsemble`.

    In every iteration each member's share of the worlds is played with the common policy, which takes a step of policy
    gradient for that member alone; the adapted policies play on, and the common policy is moved so that, adapted anew,
    they would have done better: the gradient goes through the adaptation. The outer objective is PPO's, as in later
    builds of the method, in place of a trust region. In `Dyna`, the adapted policies take turns in the visits to the
    world and draw their actions.

    Parameters
    ----------
    inner_rate : step of the adaptation, along the gradient of each member's normalised advantages.
    learning_rate, clip, epochs : of the common policy; every epoch is one step over all that was played.
    minibatch : of the value function, which is common to all members and not adapted.

    Other parameters are those of `PPO`; in one iteration every world takes `segment` steps twice.
    """

    learning_rate: float | tuple[float, float] = 1e-3
    clip: float = 0.5
    epochs: int = 8
    inner_rate: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (np.isfinite(self.inner_rate) and self.inner_rate >= 0):
            raise InputError(f"inner_rate: {self.inner_rate!r} found, expected a number, not negative")

    def begin(self, env: gymnasium.vector.VectorEnv, steps: int) -> MBMPOTraining:
        """A training to be taken iteration by iteration, in a `Surrogate`."""
        return MBMPOTraining(self, env, steps)


class EachMember:
    """A law of an ensemble in which every member moves its own, equal share of the worlds.

    Parameters
    ----------
    law : with each(states, inputs) over (member, sample, variable) arrays, such as `NeuralEnsemble`, and `members`.
    """

    def __init__(self, law: Any):
        if not callable(getattr(law, "each", None)):
            raise InputError(
                f"law: {type(law).__name__} found, expected an ensemble with each(states, inputs), like NeuralEnsemble"
            )
        self.law, self.members = law, int(law.members)

    def step(
        self, states: Float[np.ndarray, "world state"], inputs: Float[np.ndarray, "world input"]
    ) -> Float[np.ndarray, "world state"]:
        """The first share of the worlds by the first member, and so on."""
        own = states.reshape(self.members, -1, states.shape[-1])
        return self.law.each(own, inputs.reshape(self.members, -1, inputs.shape[-1])).reshape(states.shape)

    def variance(
        self, states: Float[np.ndarray, "world state"], inputs: Float[np.ndarray, "world input"]
    ) -> Float[np.ndarray, "world state"]:
        """The ensemble's own."""
        return self.law.variance(states, inputs)


@dataclass(frozen=True)
class Batch:
    """What was played in the members' worlds.

    Parameters
    ----------
    observations, actions : (member, sample, ...); actions as they were drawn, not clipped.
    advantages : (member, sample), of mean 0 and deviation 1 for each member.
    log_before : (member, sample) logarithm of the density of the actions when they were drawn, but for a constant.
    """

    observations: torch.Tensor
    actions: torch.Tensor
    advantages: torch.Tensor
    log_before: torch.Tensor


class MBMPOTraining(PPOTraining):
    """One common policy in training; `policy` is it, `adapted` what each member made of it last."""

    method: MBMPO

    def __init__(self, method: MBMPO, env: Any, total: int):
        if not callable(getattr(env, "take", None)):
            raise InputError(f"env: {type(env).__name__} found, expected a Surrogate, whose law MB-MPO takes apart")
        self.members = EachMember(getattr(env.law, "law", env.law)).members
        if env.num_envs % self.members:
            raise InputError(f"worlds: {env.num_envs} found, expected a multiple of the law's {self.members} members")
        super().__init__(method, env, total)
        self._surrogate = env
        self._common = [*self._actor.parameters(), self._log_std]
        self._own: Weights | None = None

    def iterate(self) -> Report:
        """Play, adapt, play on, and learn from both.

        Returns
        -------
        What PPO's iteration tells, and "gain": mean reward of a step after the adaptation less that before.

        Raises
        ------
        DivergedError : if the weights are no numbers any more.
        """
        # A refit may have put the ensemble's mean back.
        if not isinstance(self._surrogate.law, EachMember):
            self._surrogate.take(EachMember(self._surrogate.law))
        with _one_thread():
            self._own = None
            first = self._play()
            before, target = self._batch(first, of_each(self._common, self.members))
            self._own = [w.detach() for w in adaptation(self._common, before, self.method.inner_rate)]
            second = self._play()
            after, target_after = self._batch(second, self._own)
            self._adam.param_groups[0]["lr"] = self._rate()
            clipped = self._improve(before, after)
            seen = torch.cat([b.observations.flatten(0, 1) for b in (before, after)])
            loss = self._value(seen, torch.cat([target, target_after]))
        if not all(bool(torch.isfinite(w).all()) for w in self._weights):
            raise DivergedError(f"MB-MPO: weights are not finite after {self.steps} steps; lower learning_rate")
        ended = first.ended + second.ended
        return {
            "return": float(np.mean(ended)) if ended else np.nan,
            "episodes": float(len(ended)),
            "value_loss": loss,
            "clipped": clipped,
            "std": float(self._log_std.detach().exp().mean()),
            "gain": float(second.rewards.mean() - first.rewards.mean()),
        }

    @property
    def adapted(self) -> list[GaussianPolicy]:
        """The policy of each member, after the adaptation of the last iteration; the common one before the first."""
        if self._own is None:
            return [self.policy] * self.members
        parts = [w.numpy() for w in self._own]
        return [
            GaussianPolicy(
                [(parts[i][m].copy(), parts[i + 1][m].copy()) for i in range(0, len(parts) - 1, 2)],
                parts[-1][m].copy(),
                self._low,
                self._high,
            )
            for m in range(self.members)
        ]

    @property
    def explorer(self) -> TakingTurns:
        """What visits the world: the adapted policies, one an episode, their actions drawn."""
        seed = np.random.SeedSequence([self.method.seed, self.steps])
        return TakingTurns(self.adapted, np.random.default_rng(seed))

    def _drawn(self, seen: torch.Tensor) -> torch.Tensor:
        own = of_each(self._common, self.members) if self._own is None else self._own
        mean = mean_of(own, seen.reshape(self.members, -1, seen.shape[1]))
        noise = torch.randn(mean.shape, generator=self._random)
        return (mean + own[-1].exp()[:, None] * noise).flatten(0, 1)

    def _batch(self, played: _Segment, drawn_by: Weights) -> tuple[Batch, torch.Tensor]:
        """The batch, and what the values of its observations should have been (member * sample,)."""
        advantages, values = self._judged(played)

        def by_member(array: np.ndarray) -> torch.Tensor:
            parts = np.stack(np.split(array, self.members, axis=1))
            return torch.from_numpy(parts.reshape(self.members, -1, *array.shape[2:]).astype(np.float32))

        observations, actions = by_member(played.observations), by_member(played.actions)
        gained = by_member(advantages)
        target = (gained + by_member(values[:-1])).flatten()
        normal = (gained - gained.mean(1, keepdim=True)) / (gained.std(1, correction=0, keepdim=True) + 1e-8)
        with torch.no_grad():
            before = log_density(drawn_by, observations, actions)
        return Batch(observations, actions, normal, before), target

    def _improve(self, before: Batch, after: Batch) -> float:
        p, clipped = self.method, 0.0
        for _ in range(p.epochs):
            self._adam.zero_grad(set_to_none=True)
            gain, left = meta_gain(self._common, before, after, p.inner_rate, p.clip)
            (-gain - p.entropy_coefficient * self._log_std.sum()).backward()
            torch.nn.utils.clip_grad_norm_(self._common, p.largest_gradient)
            self._adam.step()
            clipped += left / p.epochs
        return clipped

    def _value(self, seen: torch.Tensor, target: torch.Tensor) -> float:
        losses, critic = [], list(self._critic.parameters())
        for _ in range(self.method.epochs):
            for part in torch.randperm(len(seen), generator=self._random).split(self.method.minibatch):
                miss = (self._critic(seen[part])[:, 0] - target[part]).square().mean()
                self._adam.zero_grad(set_to_none=True)
                (self.method.value_coefficient * miss).backward()
                torch.nn.utils.clip_grad_norm_(critic, self.method.largest_gradient)
                self._adam.step()
                losses.append(float(miss.detach()))
        return float(np.mean(losses))


class TakingTurns:
    """Several policies as one: each episode is the next one's, and actions are drawn, not their means.

    Parameters
    ----------
    policies : with `sample(observation, seed)`.
    random : of the draws, and of who begins.
    """

    def __init__(self, policies: Sequence[GaussianPolicy], random: np.random.Generator):
        self.policies, self._random = tuple(policies), random
        self._turn = int(random.integers(len(self.policies)))

    def start(self) -> None:
        """An episode begins."""
        self._turn = (self._turn + 1) % len(self.policies)

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        return self.policies[self._turn].sample(observation, self._random)


def of_each(weights: Weights, members: int) -> list[torch.Tensor]:
    """The same weights for every member, still one in the eyes of a gradient."""
    return [w.expand(members, *w.shape) for w in weights]


def mean_of(weights: Weights, seen: torch.Tensor) -> torch.Tensor:
    """Mean action (member, sample, action) of every member's tanh network."""
    for i in range(0, len(weights) - 1, 2):
        seen = torch.baddbmm(weights[i + 1][:, None], seen if i == 0 else seen.tanh(), weights[i].transpose(1, 2))
    return seen


def log_density(weights: Weights, seen: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
    """Logarithm of the density of actions (member, sample), but for a constant."""
    log_std = weights[-1][:, None]
    return -(0.5 * ((actions - mean_of(weights, seen)) * torch.exp(-log_std)).square() + log_std).sum(2)


def adaptation(common: Weights, before: Batch, rate: float) -> list[torch.Tensor]:
    """theta'_k = theta + rate * gradient of the k-th member's advantages at theta, differentiable.

    Where theta is no longer the policy that drew the actions, ratios of their densities weigh them.
    """
    own = of_each(common, len(before.actions))
    ratio = torch.exp(log_density(own, before.observations, before.actions) - before.log_before)
    # Summed over members, whose weights are their own: each sees the gradient of its own mean.
    gradient = torch.autograd.grad((ratio * before.advantages).mean(1).sum(), own, create_graph=True)
    return [w + rate * g for w, g in zip(own, gradient, strict=True)]


def meta_gain(common: Weights, before: Batch, after: Batch, rate: float, clip: float) -> tuple[torch.Tensor, float]:
    """PPO's clipped objective of the adapted policies, mean over members, and the share of ratios beyond its bounds.

    Its gradient with respect to `common` goes through the adaptation.
    """
    own = adaptation(common, before, rate)
    ratio = torch.exp(log_density(own, after.observations, after.actions) - after.log_before)
    gain = torch.minimum(ratio * after.advantages, ratio.clamp(1 - clip, 1 + clip) * after.advantages).mean()
    return gain, float((ratio.detach() - 1).abs().gt(clip).float().mean())
