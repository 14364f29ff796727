"""`PPO`: proximal policy optimisation over a vector of worlds, all of them advanced and learned from in batches.

Schulman et al. 2017 (arXiv 1707.06347); advantages by generalised estimation (Schulman et al. 2016, arXiv 1506.02438).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.control.gaussian_policy import GaussianPolicy
from inscape.errors import DivergedError, InputError
from inscape.extras import require

if TYPE_CHECKING:
    import gymnasium
    import torch
else:
    torch = require("torch", "neural")
    gymnasium = require("gymnasium", "robots")

Report = dict[str, float]


@dataclass(frozen=True)
class PPO:
    """Proximal policy optimisation: its numbers; `learn` or `begin` put it to work.

    Parameters
    ----------
    hidden : units of the tanh layers of policy and value, each a network of its own.
    learning_rate : of Adam; a pair falls linearly from the first to the second over the steps asked for.
    discount, smoothing : gamma and lambda of the advantages.
    clip, value_clip : how far the ratio of probabilities, and the value, may move in one iteration; None: as they like.
    value_coefficient, entropy_coefficient : weights of those terms of the loss.
    largest_gradient : norm to which gradients are cut.
    segment : steps that every world takes before the networks learn from them.
    epochs, minibatch : passes over those steps, and how many at a time.
    reward_scale : rewards are multiplied by it before they are learned from.
    first_std : standard deviation of the first actions, in halves of the action range.
    seed : of weights, actions and minibatches.
    """

    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float | tuple[float, float] = 3e-4
    discount: float = 0.99
    smoothing: float = 0.95
    clip: float = 0.2
    value_clip: float | None = None
    value_coefficient: float = 0.5
    entropy_coefficient: float = 0.0
    largest_gradient: float = 0.5
    segment: int = 64
    epochs: int = 6
    minibatch: int = 1024
    reward_scale: float = 0.1
    first_std: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        rates = self.learning_rate if isinstance(self.learning_rate, tuple) else (self.learning_rate,)
        if len(rates) > 2 or not all(np.isfinite(r) and r >= 0 for r in rates):
            raise InputError(f"learning_rate: {self.learning_rate!r} found, expected a number or a pair of them")
        for name in ("discount", "smoothing"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: {getattr(self, name)!r} found, expected a number from 0 to 1")
        for name in ("segment", "epochs", "minibatch"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")

    def learn(self, env: gymnasium.vector.VectorEnv, steps: int) -> GaussianPolicy:
        """The policy after so many steps, of all worlds together."""
        training = self.begin(env, steps)
        while training.steps < steps:
            training.iterate()
        return training.policy

    def begin(self, env: gymnasium.vector.VectorEnv, steps: int) -> PPOTraining:
        """A training to be taken iteration by iteration; `steps` is where a falling learning rate ends."""
        return PPOTraining(self, env, steps)


class PPOTraining:
    """One policy in training: `iterate` plays a segment in every world and learns from it.

    Attributes: `steps` taken, `policy` as it stands, `method` (the `PPO`), `env`.
    """

    def __init__(self, method: PPO, env: gymnasium.vector.VectorEnv, total: int):
        space = env.single_action_space
        if not isinstance(space, gymnasium.spaces.Box) or not np.isfinite([space.low, space.high]).all():
            raise InputError(f"action space: {space} found, PPO acts in a box with finite bounds")
        self.method, self.env, self.total, self.steps = method, env, int(total), 0
        self._low, self._high = space.low.ravel().astype(float), space.high.ravel().astype(float)
        self._skips = env.metadata.get("autoreset_mode") == gymnasium.vector.AutoresetMode.NEXT_STEP
        if env.metadata.get("autoreset_mode") == gymnasium.vector.AutoresetMode.DISABLED:
            raise InputError("env: autoreset is disabled, PPO plays worlds that start again by themselves")
        self._random = torch.Generator().manual_seed(int(method.seed))
        width = int(np.prod(env.single_observation_space.shape or (1,)))
        self._actor = self._network(width, len(self._low), 0.01)
        self._critic = self._network(width, 1, 1.0)
        self._log_std = torch.nn.Parameter(torch.full((len(self._low),), float(np.log(method.first_std))))
        self._weights = [*self._actor.parameters(), self._log_std, *self._critic.parameters()]
        self._adam = torch.optim.Adam(self._weights, lr=1e-3, eps=1e-5, fused=True)
        self._seen: np.ndarray | None = None
        self._skip = np.zeros(env.num_envs, dtype=bool)
        self._returns = np.zeros(env.num_envs)

    def iterate(self) -> Report:
        """Play `segment` steps in every world, then learn from them.

        Returns
        -------
        "return" (mean over the episodes that ended, NaN if none did), "episodes", "value_loss", "clipped" (share of
        ratios that left the trust region), "std" (mean standard deviation of the actions).

        Raises
        ------
        DivergedError : if the weights are no numbers any more.
        """
        with _one_thread():
            played = self._play()
            report = self._learn(played)
        if not all(bool(torch.isfinite(w).all()) for w in self._weights):
            raise DivergedError(f"PPO: weights are not finite after {self.steps} steps; lower learning_rate")
        ended = played.ended
        return report | {"return": float(np.mean(ended)) if ended else np.nan, "episodes": float(len(ended))}

    @property
    def policy(self) -> GaussianPolicy:
        """The policy as it stands."""
        linear = [m for m in self._actor if isinstance(m, torch.nn.Linear)]
        layers = [(m.weight.detach().numpy().copy(), m.bias.detach().numpy().copy()) for m in linear]
        return GaussianPolicy(layers, self._log_std.detach().numpy().copy(), self._low, self._high)

    def state(self) -> dict[str, Any]:
        """Weights, Adam's moments and the generator: all that the next iteration depends on, but for the worlds."""
        arrays: dict[str, Any] = {f"weight{i}": w.detach().numpy().copy() for i, w in enumerate(self._weights)}
        for i, weight in enumerate(self._weights):
            for name, value in self._adam.state.get(weight, {}).items():
                arrays[f"adam_{name}{i}"] = value.numpy().copy()
        arrays |= {"random": self._random.get_state().numpy().copy(), "steps": self.steps}
        if self._seen is not None:
            arrays |= {"seen": self._seen.copy(), "skip": self._skip.copy(), "returns": self._returns.copy()}
        return arrays

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        with torch.no_grad():
            for i, weight in enumerate(self._weights):
                saved = torch.as_tensor(np.array(state[f"weight{i}"]))
                if saved.shape != weight.shape:
                    raise InputError(
                        f"checkpoint: weights of shape {tuple(saved.shape)} found, the network has "
                        f"{tuple(weight.shape)}; it was kept by another world or method"
                    )
                weight.copy_(saved)
                known = {n: state[f"adam_{n}{i}"] for n in ("step", "exp_avg", "exp_avg_sq") if f"adam_{n}{i}" in state}
                if known:
                    self._adam.state[weight] = {n: torch.as_tensor(np.array(v)) for n, v in known.items()}
        self._random.set_state(torch.as_tensor(np.array(state["random"], dtype=np.uint8)))
        self.steps = int(state["steps"])
        if "seen" in state:
            self._seen, self._skip = np.array(state["seen"]), np.array(state["skip"], dtype=bool)
            self._returns = np.array(state["returns"])

    def _network(self, inputs: int, outputs: int, last_gain: float) -> torch.nn.Sequential:
        widths = (inputs, *self.method.hidden, outputs)
        layers: list[torch.nn.Module] = []
        for i in range(len(widths) - 1):
            linear = torch.nn.Linear(widths[i], widths[i + 1])
            gain = last_gain if i == len(widths) - 2 else 2**0.5
            torch.nn.init.orthogonal_(linear.weight, gain, generator=self._random)
            torch.nn.init.zeros_(linear.bias)
            layers += [linear, torch.nn.Tanh()]
        return torch.nn.Sequential(*layers[:-1])

    def _drawn(self, seen: torch.Tensor) -> torch.Tensor:
        mean = self._actor(seen)
        return mean + self._log_std.exp() * torch.randn(mean.shape, generator=self._random)

    def _play(self) -> _Segment:
        worlds, length, env = self.env.num_envs, self.method.segment, self.env
        if self._seen is None:
            seen = env.reset(seed=self.method.seed)[0]
            self._seen = np.asarray(seen, dtype=np.float32).reshape(worlds, -1)
        played = _Segment.empty(length, worlds, self._seen.shape[1], len(self._low))
        middle, half = (self._high + self._low) / 2, (self._high - self._low) / 2
        for t in range(length):
            with torch.no_grad():
                drawn = self._drawn(torch.from_numpy(self._seen))
            played.observations[t], played.actions[t] = self._seen, drawn.numpy()
            acting = np.clip(middle + half * played.actions[t], self._low, self._high)
            seen, rewards, terminated, truncated, info = env.step(acting.reshape(env.action_space.shape))
            following = np.asarray(seen, dtype=np.float32).reshape(worlds, -1)
            done = np.asarray(terminated) | np.asarray(truncated)
            played.rewards[t], played.done[t], played.valid[t] = rewards, done, ~self._skip
            if not np.isfinite(played.rewards[t]).all() or not np.isfinite(following).all():
                raise InputError(f"env: a reward or observation that is not finite after {self.steps} steps")
            cut = np.asarray(truncated) & ~np.asarray(terminated)
            if cut.any():
                # A cut episode would have gone on: what its last state was worth stands in for the rest.
                last = following if self._skips else np.stack(list(info["final_obs"][cut])).reshape(int(cut.sum()), -1)
                played.cut.append((t, cut, np.asarray(last[cut] if self._skips else last, dtype=np.float32)))
            self._returns += np.where(self._skip, 0.0, rewards)
            if done.any():
                played.ended += self._returns[done].tolist()
                self._returns[done] = 0.0
            self._skip = done if self._skips else self._skip
            self._seen = following
        self.steps += length * worlds
        return played

    def _judged(self, played: _Segment) -> tuple[np.ndarray, np.ndarray]:
        """Advantages (step, world) of what was played just now, and values (step + 1, world)."""
        p, length, worlds = self.method, *played.rewards.shape
        seen = torch.from_numpy(np.concatenate([played.observations.reshape(length * worlds, -1), self._seen]))
        with torch.no_grad():
            values = self._critic(seen)[:, 0].numpy().reshape(length + 1, worlds)
            rewards = p.reward_scale * played.rewards
            for t, cut, last in played.cut:
                rewards[t, cut] += p.discount * self._critic(torch.from_numpy(last))[:, 0].numpy()
        return advantages_of(rewards, values, played.done, p.discount, p.smoothing), values

    def _learn(self, played: _Segment) -> Report:
        p, length, worlds = self.method, *played.rewards.shape
        advantages, values = self._judged(played)
        kept = np.flatnonzero(played.valid.ravel())
        observations = torch.from_numpy(played.observations.reshape(length * worlds, -1)[kept])
        actions = torch.from_numpy(played.actions.reshape(length * worlds, -1)[kept])
        advantage = torch.from_numpy(advantages.ravel()[kept])
        before = torch.from_numpy(values[:-1].ravel()[kept])
        target = advantage + before
        with torch.no_grad():
            log_before = self._log_probability(self._actor(observations), actions)
        self._adam.param_groups[0]["lr"] = self._rate()
        clipped, losses, passes = 0.0, 0.0, 0
        for _ in range(p.epochs):
            order = torch.randperm(len(kept), generator=self._random)
            for batch in order.split(p.minibatch):
                part = advantage[batch]
                part = (part - part.mean()) / (part.std(correction=0) + 1e-8)
                ratio = torch.exp(
                    self._log_probability(self._actor(observations[batch]), actions[batch]) - log_before[batch]
                )
                gain = torch.minimum(ratio * part, ratio.clamp(1 - p.clip, 1 + p.clip) * part).mean()
                value = self._critic(observations[batch])[:, 0]
                miss = (value - target[batch]).square()
                if p.value_clip is not None:
                    near = before[batch] + (value - before[batch]).clamp(-p.value_clip, p.value_clip)
                    miss = torch.maximum(miss, (near - target[batch]).square())
                miss = miss.mean()
                loss = p.value_coefficient * miss - gain - p.entropy_coefficient * self._log_std.sum()
                self._adam.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self._weights, p.largest_gradient)
                self._adam.step()
                clipped += float((ratio.detach() - 1).abs().gt(p.clip).float().mean())
                losses, passes = losses + float(miss.detach()), passes + 1
        std = float(self._log_std.detach().exp().mean())
        return {"value_loss": losses / passes, "clipped": clipped / passes, "std": std}

    def _log_probability(self, mean: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        # Without the constant: only differences are asked for.
        return -(0.5 * ((actions - mean) * torch.exp(-self._log_std)).square() + self._log_std).sum(1)

    def _rate(self) -> float:
        if not isinstance(self.method.learning_rate, tuple):
            return float(self.method.learning_rate)
        first, last = self.method.learning_rate
        share = min(1.0, (self.steps - self.method.segment * self.env.num_envs) / max(1, self.total))
        return float(first + (last - first) * share)


@dataclass
class _Segment:
    """What was played: (step, world, ...) arrays; `valid` is false where a step only started an episode again."""

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    done: np.ndarray
    valid: np.ndarray
    cut: list[tuple[int, np.ndarray, np.ndarray]] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    @classmethod
    def empty(cls, length: int, worlds: int, width: int, actions: int) -> _Segment:
        return cls(
            np.empty((length, worlds, width), dtype=np.float32),
            np.empty((length, worlds, actions), dtype=np.float32),
            np.empty((length, worlds), dtype=np.float32),
            np.empty((length, worlds), dtype=bool),
            np.empty((length, worlds), dtype=bool),
        )


def advantages_of(
    rewards: np.ndarray, values: np.ndarray, done: np.ndarray, discount: float, smoothing: float
) -> np.ndarray:
    """Generalised advantage estimates (step, world) of `rewards` (step, world) and `values` (step + 1, world)."""
    advantages = np.empty_like(rewards)
    following = np.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        goes_on = ~done[t]
        miss = rewards[t] + discount * values[t + 1] * goes_on - values[t]
        following = miss + discount * smoothing * goes_on * following
        advantages[t] = following
    return advantages


@contextmanager
def _one_thread() -> Iterator[None]:
    # Networks this small lose more to the hand-over between threads than they gain.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
