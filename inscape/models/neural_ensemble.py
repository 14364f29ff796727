"""`NeuralEnsemble`: several small networks that tell the next state - the usual rival of a sparse law."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.dictionary import polynomial
from inscape.models.model import Model
from inscape.models.rows import next_rows
from inscape.trajectories import Trajectories, Trajectory


class NeuralEnsemble(Model):
    """x[k+1] = x[k] + mean of the members' answers to (x[k], u[k]); all members train side by side.

    Parameters
    ----------
    members : how many tanh networks, each with weights and a subset of the samples of its own.
    hidden : units of their layers.
    subset : share of the samples that a member learns from.
    held_out : share of the samples kept apart; a member stops at the first epoch in which its error there rises.
    epochs, minibatch, learning_rate : of Adam.
    increments : learn the change of state; False learns the next state itself.
    project : (..., state) -> (..., state), applied after each step.
    seed : of weights, subsets and minibatches.

    Notes
    -----
    After `fit`: `weights_` and `biases_` (one array a layer, members first), `epochs_` (member,), `rows_`.
    """

    _takes_inputs = True

    def __init__(
        self,
        members: int = 5,
        hidden: tuple[int, ...] = (64, 64),
        *,
        subset: float = 0.6,
        held_out: float = 0.2,
        epochs: int = 50,
        minibatch: int = 256,
        learning_rate: float = 1e-3,
        increments: bool = True,
        project: Callable[[np.ndarray], np.ndarray] | None = None,
        seed: int = 0,
    ):
        self.members = members
        self.hidden = hidden
        self.subset = subset
        self.held_out = held_out
        self.epochs = epochs
        self.minibatch = minibatch
        self.learning_rate = learning_rate
        self.increments = increments
        self.project = project
        self.seed = seed

    def _learn(self, runs: Trajectories) -> None:
        for name, value in (("subset", self.subset), ("held_out", self.held_out)):
            if not 0 < value < 1:
                raise InputError(f"{name}: {value!r} found, expected a share between 0 and 1")
        for name, value in (("members", self.members), ("epochs", self.epochs), ("minibatch", self.minibatch)):
            if isinstance(value, bool) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        plain = polynomial(1, bias=False).terms(runs.state_names, runs.input_names)
        rows = next_rows(runs, plain)
        width = len(runs.state_names)
        targets = rows.targets - rows.terms[:, :width] if self.increments else rows.targets
        self.rows_ = len(targets)
        self.centre_, self.spread_ = rows.terms.mean(axis=0), _spread(rows.terms)
        self.target_centre_, self.target_spread_ = targets.mean(axis=0), _spread(targets)
        self.starts_ = np.array([run.states[0] for run in runs if np.isfinite(run.states[0]).all()], dtype=float)
        x = (rows.terms - self.centre_) / self.spread_
        y = (targets - self.target_centre_) / self.target_spread_
        self._train(x.astype(np.float32), y.astype(np.float32))

    def _train(self, x: np.ndarray, y: np.ndarray) -> None:
        torch = require("torch", "neural")
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(x))
        apart = max(1, int(self.held_out * len(x)))
        if len(x) - apart < 2:
            raise InputError(f"rows: {len(x)} found, too few to keep {self.held_out:.0%} apart")
        held, pool = order[:apart], order[apart:]
        size = max(1, int(self.subset * len(pool)))
        drawn = np.stack([rng.choice(pool, size, replace=False) for _ in range(self.members)])
        widths = [x.shape[1], *self.hidden, y.shape[1]]
        layers = []
        for inputs, outputs in itertools.pairwise(widths):
            edge = 1 / np.sqrt(inputs)
            layers.append(rng.uniform(-edge, edge, (self.members, inputs, outputs)).astype(np.float32))
            layers.append(rng.uniform(-edge, edge, (self.members, 1, outputs)).astype(np.float32))
        weights = [torch.nn.Parameter(torch.from_numpy(layer)) for layer in layers]
        adam = torch.optim.Adam(weights, lr=self.learning_rate, fused=True)
        inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

        def answer(seen: Any) -> Any:
            for k in range(0, len(weights) - 2, 2):
                seen = torch.tanh(torch.baddbmm(weights[k + 1], seen, weights[k]))
            return torch.baddbmm(weights[-1], seen, weights[-2])

        best = [w.detach().clone() for w in weights]
        least, going = np.full(self.members, np.inf), np.ones(self.members, dtype=bool)
        self.epochs_ = np.zeros(self.members, dtype=int)
        for _ in range(self.epochs):
            mixed = torch.from_numpy(rng.permuted(drawn, axis=1))
            for batch in mixed.split(self.minibatch, dim=1):
                adam.zero_grad(set_to_none=True)
                # Summed over members, whose weights are their own: each sees the gradient of its own error.
                (answer(inputs[batch]) - targets[batch]).square().mean(dim=(1, 2)).sum().backward()
                adam.step()
            with torch.no_grad():
                seen = inputs[held].expand(self.members, -1, -1)
                error = (answer(seen) - targets[held]).square().mean(dim=(1, 2)).numpy()
            better = going & (error < least)
            for kept, weight in zip(best, weights, strict=True):
                kept[torch.from_numpy(better)] = weight.detach()[torch.from_numpy(better)]
            least = np.where(better, error, least)
            self.epochs_[going] += 1
            going = better
            if not going.any():
                break
        self.weights_ = [w.numpy().astype(float) for w in best[0::2]]
        self.biases_ = [b.numpy().astype(float) for b in best[1::2]]

    def answers(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "member *batch state"]:
        """Every member's next state, not projected."""
        check_is_fitted(self)
        known = np.asarray(states, dtype=float)
        seen = known if inputs is None else np.concatenate([known, np.asarray(inputs, dtype=float)], axis=-1)
        if seen.shape[-1] != len(self.centre_):
            raise InputError(f"states: {seen.shape[-1]} variables with inputs found, expected {len(self.centre_)}")
        x = ((seen - self.centre_) / self.spread_).reshape(-1, len(self.centre_))
        out = self._through(np.broadcast_to(x, (len(self.weights_[0]), *x.shape))).reshape(-1, *known.shape)
        return out + known if self.increments else out

    def each(
        self,
        states: Float[np.ndarray, "member sample state"],
        inputs: Float[np.ndarray, "member sample input"] | None = None,
    ) -> Float[np.ndarray, "member sample state"]:
        """Every member's next states from states of its own, projected."""
        check_is_fitted(self)
        known = np.asarray(states, dtype=float)
        seen = known if inputs is None else np.concatenate([known, np.asarray(inputs, dtype=float)], axis=-1)
        expected = (len(self.weights_[0]), len(self.centre_))
        if seen.ndim != 3 or (len(seen), seen.shape[-1]) != expected:
            raise InputError(
                f"states: shape {seen.shape} with inputs found, expected ({expected[0]}, sample, {expected[1]})"
            )
        following = self._through((seen - self.centre_) / self.spread_)
        following = following + known if self.increments else following
        return following if self.project is None else self.project(following)

    def _through(self, x: np.ndarray) -> np.ndarray:
        for weight, bias in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            x = np.tanh(x @ weight + bias)
        return (x @ self.weights_[-1] + self.biases_[-1]) * self.target_spread_ + self.target_centre_

    def step(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one sampling interval later: the members' mean, projected."""
        following = self.answers(states, inputs).mean(axis=0)
        return following if self.project is None else self.project(following)

    def variance(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """Variance of the next state over the members."""
        return self.answers(states, inputs).var(axis=0)

    @property
    def complexity(self) -> int:
        """Numbers that all members hold."""
        check_is_fitted(self)
        return int(sum(part.size for part in (*self.weights_, *self.biases_)))

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        state = history.states[-1].astype(float)
        acting = None
        if inputs is not None and history.inputs is not None:
            acting = np.concatenate([history.inputs[-1:], inputs])
        states = np.empty((horizon, len(state)))
        for k in range(horizon):
            state = self.step(state, None if acting is None else acting[k])
            states[k] = state
        return states


def _spread(values: np.ndarray) -> np.ndarray:
    deviation = values.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)
