"""`InverseDynamics`: which action led from one observation to a later one; and actions for recordings without any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from inscape.analysis.subspace import paired_rows
from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.trajectories import Trajectories, as_trajectories


class InverseDynamics(BaseEstimator):
    """a_t from o_t and o_{t+k}, linear or by a small network, on raw states.

    The target is exact whatever the expert's hidden goal: the body decides it. For frames, see
    `models.representation.pretrain`.

    Parameters
    ----------
    offset : k; or several, of which the one with the smallest error on episodes left out is taken. k counts steps.
    hidden : layers of the network (GELU); () for ridge regression in closed form, which needs no torch.
    ridge : penalty of the linear map, in units of the mean variance of a coordinate.
    steps, batch, rate : of AdamW, the rate falling to 0 as a cosine.
    held_out : share of the episodes that are left out to choose k and to state the error.
    seed : of weights, batches and the split.

    Attributes
    ----------
    offset_ : the k taken.
    errors_ : by k, mean squared error of held-out actions over their variance; empty where there was one episode.
    weights_, biases_ : of the layers, over standardised (o_t, o_{t+k} - o_t).
    """

    def __init__(
        self,
        offset: int | Sequence[int] = 1,
        hidden: Sequence[int] = (),
        *,
        ridge: float = 1e-8,
        steps: int = 3000,
        batch: int = 256,
        rate: float = 2e-3,
        held_out: float = 0.2,
        seed: int = 0,
    ):
        self.offset = offset
        self.hidden = hidden
        self.ridge = ridge
        self.steps = steps
        self.batch = batch
        self.rate = rate
        self.held_out = held_out
        self.seed = seed

    def fit(self, trajectories: Any, dt: float | None = None) -> Self:
        """Learn from runs whose states are observations and whose inputs are actions.

        Raises
        ------
        InputError : on runs without actions, constant actions, values that are not finite, an offset longer than the
            runs, or several offsets and a single run.
        """
        runs = as_trajectories(trajectories, dt)
        observations, actions = _recorded(runs)
        offsets = (self.offset,) if isinstance(self.offset, (int, np.integer)) else tuple(self.offset)
        if not offsets:
            raise InputError("offset: none found, expected at least one number of steps")
        if len(runs) < 2 and len(offsets) > 1:
            raise InputError("trajectories: 1 run found, expected at least 2 to choose among several offsets")
        self.state_names_, self.input_names_ = runs.state_names, runs.input_names
        self.errors_: dict[int, float] = {}
        if len(runs) > 1:
            order = np.random.default_rng(self.seed).permutation(len(runs))
            left = max(1, min(len(runs) - 1, round(self.held_out * len(runs))))
            out, kept = sorted(order[:left]), sorted(order[left:])
            for k in offsets:
                self._learn([observations[i] for i in kept], [actions[i] for i in kept], k)
                now, later, act = paired_rows([observations[i] for i in out], [actions[i] for i in out], k)
                wrong = ((self._answer(now, later) - act) ** 2).mean()
                self.errors_[int(k)] = float(wrong / max(act.var(axis=0).mean(), 1e-300))
        best = min(self.errors_, key=self.errors_.__getitem__) if self.errors_ else int(offsets[0])
        self._learn(observations, actions, best)
        return self

    def predict(
        self, observations: Float[np.ndarray, "sample observation"], later: Float[np.ndarray, "sample observation"]
    ) -> Float[np.ndarray, "sample action"]:
        """The action at each observation, given the one `offset_` steps later.

        Raises
        ------
        InputError : if the two are not of one shape, of another width, or not finite.
        """
        check_is_fitted(self)
        pair = [np.asarray(rows, dtype=float) for rows in (observations, later)]
        for name, rows in zip(("observations", "later"), pair, strict=True):
            if rows.ndim != 2 or rows.shape[1] != len(self.state_names_) or rows.shape != pair[0].shape:
                raise InputError(
                    f"{name}: shape {rows.shape} found, expected (sample, {len(self.state_names_)}) in both"
                )
            if not np.isfinite(rows).all():
                raise InputError(f"{name}: {int((~np.isfinite(rows)).sum())} values are not finite")
        return self._answer(*pair)

    def label(self, trajectories: Any, dt: float | None = None) -> Trajectories:
        """The same runs with inferred actions as their inputs; the last `offset_` rows, which have no later one, NaN.

        Learned on a labelled part, this makes a corpus of the rest.

        Raises
        ------
        InputError : if the runs have other states, or are too short.
        """
        check_is_fitted(self)
        runs = as_trajectories(trajectories, dt)
        if runs.state_names != self.state_names_:
            raise InputError(f"trajectories: states {runs.state_names} found, fitted on {self.state_names_}")
        told = []
        for number, run in enumerate(runs):
            if len(run) <= self.offset_:
                raise InputError(
                    f"run {number}: {len(run)} samples found, expected more than the offset {self.offset_}"
                )
            inferred = np.full((len(run), len(self.input_names_)), np.nan)
            inferred[: -self.offset_] = self.predict(run.states[: -self.offset_], run.states[self.offset_ :])
            told.append(
                run.replace(
                    inputs=inferred,
                    input_names=self.input_names_,
                    notes=(*run.notes, f"actions inferred from observations {self.offset_} step(s) apart"),
                )
            )
        return Trajectories(told)

    def score(self, trajectories: Any, dt: float | None = None) -> float:
        """R² of the actions of other runs; 1 is best."""
        check_is_fitted(self)
        observations, actions = _recorded(as_trajectories(trajectories, dt))
        now, later, act = paired_rows(observations, actions, self.offset_)
        wrong = ((self._answer(now, later) - act) ** 2).sum()
        return float(1 - wrong / ((act - act.mean(axis=0)) ** 2).sum())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def _learn(self, observations: Sequence[np.ndarray], actions: Sequence[np.ndarray], offset: int) -> None:
        now, later, act = paired_rows(observations, actions, offset)
        if len(act) < 2 or act.var(axis=0).sum() == 0:
            raise InputError("actions: constant in every row, expected actions that vary; there is nothing to learn")
        self.offset_ = int(offset)
        # A difference over its own deviation: motion of a fraction of the state's range must not drown.
        pair = np.hstack([now, later - now])
        self.mean_, deviation = pair.mean(axis=0), pair.std(axis=0)
        self.deviation_ = np.where(deviation > 1e-12 * (1 + np.abs(self.mean_)), deviation, 1.0)
        self.action_mean_, spread = act.mean(axis=0), act.std(axis=0)
        self.action_deviation_ = np.where(spread > 0, spread, 1.0)
        x = (pair - self.mean_) / self.deviation_
        y = (act - self.action_mean_) / self.action_deviation_
        if len(self.hidden) == 0:
            gram = x.T @ x + self.ridge * len(x) * np.eye(x.shape[1])
            self.weights_ = [np.linalg.lstsq(gram, x.T @ y, rcond=None)[0]]
            self.biases_ = [np.zeros(y.shape[1])]
        else:
            self.weights_, self.biases_ = _trained(
                x, y, tuple(self.hidden), self.steps, self.batch, self.rate, int(self.seed)
            )

    def _answer(self, now: np.ndarray, later: np.ndarray) -> np.ndarray:
        hidden = (np.hstack([now, later - now]) - self.mean_) / self.deviation_
        for layer, (weight, bias) in enumerate(zip(self.weights_, self.biases_, strict=True)):
            hidden = hidden @ weight + bias
            if layer < len(self.weights_) - 1:
                hidden = _gelu(hidden)
        return self.action_mean_ + self.action_deviation_ * hidden


def _recorded(runs: Trajectories) -> tuple[list[np.ndarray], list[np.ndarray]]:
    if not runs.input_names:
        raise InputError("trajectories: runs without inputs found, expected actions as the inputs of each run")
    if runs[0].states.ndim != 2:
        raise InputError(
            f"trajectories: frames of shape {runs[0].states.shape[1:]} found, expected vectors; "
            "pretrain an encoder on frames: models.representation.pretrain"
        )
    for number, run in enumerate(runs):
        if not np.isfinite(run.states).all():
            row = int(np.argmax(~np.isfinite(run.states).all(axis=1)))
            raise InputError(f"run {number}: a value that is not finite at row {row}; drop or fill it first")
    return [run.states.astype(float) for run in runs], [np.asarray(run.inputs, dtype=float) for run in runs]


def _gelu(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return x * ndtr(x)


def _trained(
    x: np.ndarray, y: np.ndarray, hidden: Sequence[int], steps: int, batch: int, rate: float, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    torch = require("torch", "neural")
    sizes = [x.shape[1], *hidden, y.shape[1]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
        steps_of = [m for layer in layers for m in (layer, torch.nn.GELU())][:-1]
        network = torch.nn.Sequential(*steps_of)
        optimiser = torch.optim.AdamW(network.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        inputs, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
        for _ in range(steps):
            rows = torch.randint(len(inputs), (batch,))
            loss = torch.nn.functional.mse_loss(network(inputs[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    if not bool(torch.isfinite(loss)):
        raise DivergedError("inverse dynamics: the loss left all bounds; take a smaller rate")
    return (
        [layer.weight.detach().numpy().T.astype(float) for layer in layers],
        [layer.bias.detach().numpy().astype(float) for layer in layers],
    )
