"""What a policy is, the simplest of them, and the door through which anything that acts comes in."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.acting import Respond, respond


@runtime_checkable
class Policy(Protocol):
    """Answers observations with actions.

    A policy with a memory also has `start()`, which a recorder calls when an episode begins. A parametric policy also
    has `parameters` (parameter,) and `with_parameters(vector)`, which gives another policy of the same kind.
    """

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The actions for one observation, or for each of many along leading axes."""


class ConstantPolicy:
    """Always the same action.

    Parameters
    ----------
    action : (action,), or one number.

    Raises
    ------
    InputError : if it is not finite numbers.
    """

    def __init__(self, action: Any):
        self.action = _vector("action", action)

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        return np.broadcast_to(self.action, (*np.shape(observation)[:-1], len(self.action))).copy()

    def __repr__(self) -> str:
        return f"ConstantPolicy({self.action.tolist()})"


class RandomPolicy:
    """Actions drawn uniformly from a space, new at every step.

    Parameters
    ----------
    space : a gymnasium `Box` with finite bounds, or a world whose actions are meant.
    hold : steps for which an action is kept.
    seed : of the draws. The same seed gives the same actions, in the order they are asked for.

    Raises
    ------
    InputError : if the space is unbounded or no `Box`.
    """

    def __init__(self, space: Any, *, hold: int = 1, seed: int | np.random.Generator | None = 0):
        self.low, self.high = _bounds_of(space)
        if isinstance(hold, bool) or int(hold) != hold or hold < 1:
            raise InputError(f"hold: {hold!r} found, expected a whole number of steps, at least 1")
        self.hold = int(hold)
        self._rng = np.random.default_rng(seed)
        self._held: np.ndarray | None = None
        self._age = 0

    def start(self) -> None:
        """An episode begins: what was held is let go. The draws go on where they were."""
        self._held, self._age = None, 0

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        shape = (*np.shape(observation)[:-1], len(self.low))
        if self._held is None or self._age % self.hold == 0 or self._held.shape != shape:
            self._held = self._rng.uniform(self.low, self.high, shape)
        self._age += 1
        return self._held.copy()

    def __repr__(self) -> str:
        return f"RandomPolicy({len(self.low)} actions, held {self.hold})"


class ChirpPolicy:
    """Sines whose frequency sweeps, drawn anew at every episode: they excite a system at all of its rhythms.

    Every sweep has an amplitude between a fifth of half the action range and all of it, and runs evenly in the
    logarithm from one frequency to another, both drawn evenly in the logarithm; every action has sweeps of its own.

    Parameters
    ----------
    space : a gymnasium `Box` with finite bounds, or a world whose actions are meant.
    frequencies : lowest and highest, in cycles a step; at most half a cycle.
    steps : of a sweep; where an episode is longer, another follows.
    seed : of the draws.

    Raises
    ------
    InputError : if the space is unbounded or no `Box`, or the frequencies are no such pair.
    """

    def __init__(
        self,
        space: Any,
        frequencies: tuple[float, float],
        *,
        steps: int = 300,
        seed: int | np.random.Generator | None = 0,
    ):
        self.low, self.high = _bounds_of(space)
        slow, fast = (float(f) for f in frequencies)
        if not 0 < slow <= fast <= 0.5:
            raise InputError(f"frequencies: {frequencies!r} found, expected lowest and highest, above 0, at most 0.5")
        if isinstance(steps, bool) or int(steps) != steps or steps < 1:
            raise InputError(f"steps: {steps!r} found, expected a whole number, at least 1")
        self.frequencies, self.steps = (slow, fast), int(steps)
        self._rng = np.random.default_rng(seed)
        self.start()

    def start(self) -> None:
        """An episode begins, and with it a sweep."""
        self._sweep, self._age = self._drawn(), 0

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        if self._age == self.steps:
            self.start()
        action = self._sweep[self._age]
        self._age += 1
        return np.broadcast_to(action, (*np.shape(observation)[:-1], len(action))).copy()

    def _drawn(self) -> Float[np.ndarray, "step action"]:
        count = len(self.low)
        slow, fast = np.log(self.frequencies)
        first, last = np.exp(self._rng.uniform(slow, fast, (2, count)))
        cycles = np.cumsum(np.geomspace(first, last, self.steps), axis=0) + self._rng.random(count)
        amplitude = self._rng.uniform(0.2, 1.0, count) * (self.high - self.low) / 2
        return (self.high + self.low) / 2 + amplitude * np.sin(2 * np.pi * cycles)

    def __repr__(self) -> str:
        return f"ChirpPolicy({len(self.low)} actions, {self.frequencies[0]:g} to {self.frequencies[1]:g} cycles a step)"


class FunctionPolicy:
    """A function of observations as a policy."""

    def __init__(self, function: Respond, name: str):
        self._function, self._name = function, name

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        return np.asarray(self._function(np.asarray(observation, dtype=float)), dtype=float)

    def __repr__(self) -> str:
        return f"policy of {self._name}"


def as_policy(thing: Any) -> Policy:
    """A policy of whatever acts.

    Parameters
    ----------
    thing : a policy, a stable-baselines3 model (its deterministic answer), a torch module from observations to actions
        or a function of observations.

    Raises
    ------
    InputError : if it is none of these.
    """
    if callable(getattr(thing, "act", None)):
        return thing
    if _is_torch_module(thing):
        return FunctionPolicy(_of_torch(thing), type(thing).__name__)
    return FunctionPolicy(respond(thing), getattr(thing, "__name__", type(thing).__name__))


def _is_torch_module(thing: Any) -> bool:
    # Without importing torch: a module of it cannot exist unless it was.
    return any(c.__module__.startswith("torch.nn.") and c.__name__ == "Module" for c in type(thing).__mro__) and not (
        callable(getattr(thing, "predict", None))
    )


def _of_torch(module: Any) -> Respond:
    import torch

    def answered(observation: np.ndarray) -> np.ndarray:
        kept = next(module.parameters(), None)
        given = torch.as_tensor(observation)
        with torch.no_grad():
            told = module(given if kept is None else given.to(kept.device, kept.dtype))
        return told.cpu().numpy().astype(float)

    return answered


def _bounds_of(space: Any) -> tuple[np.ndarray, np.ndarray]:
    space = getattr(space, "single_action_space", getattr(space, "action_space", space))
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is None or high is None:
        raise InputError(f"space: {space!r} found, expected a Box of actions or a world")
    lowest, highest = np.asarray(low, dtype=float).ravel(), np.asarray(high, dtype=float).ravel()
    if not (np.isfinite(lowest).all() and np.isfinite(highest).all()):
        raise InputError(f"space: {space!r} is unbounded; drawing an action needs finite bounds")
    return lowest, highest


def _vector(label: str, values: Any) -> np.ndarray:
    try:
        vector = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"{label}: {values!r} found, expected numbers") from None
    if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
        raise InputError(f"{label}: {values!r} found, expected finite numbers of shape ({label},)")
    return vector
