"""`LEADS`: one law shared by several environments and a correction for each (Yin et al. 2021)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.models.model import Model
from inscape.parallel import track
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from collections.abc import Callable

SHRINK = 1.1
"""What the authors' Swish is divided by."""


class LEADS(Model):
    """dx/dt = f(x) + g_e(x) in environment e: f is shared and g_e is kept as small as the data allow.

    Yin, Ayed, de Bezenac, Baskiotis, Gallinari (2021), Learning dynamical systems that generalize across environments,
    arXiv 2106.04546. Networks are perceptrons of three hidden layers with x sigmoid(softplus(b) x) / 1.1 between them;
    each sampling interval is one Runge-Kutta step of order 4; a rollout starts anew from the recorded sample with a
    probability that decays as training goes on. The loss is

        mean squared error + penalty (sum_e mean |g_e(x)|^2 / |x|^2 + 0.01 sum_e product of spectral norms of g_e).

    All environments are trained side by side in one batched pass.

    Parameters
    ----------
    environment : entry of a run's context that names its environment; runs without it are one environment.
    hidden : units of each of the three hidden layers.
    epochs : steps of Adam over all runs.
    penalty : lambda; 1/5000 in the paper's Lotka-Volterra experiment.
    learning_rate : of Adam.
    initial_scale : standard deviation of the initial weights.
    forcing_decay, forcing_epochs : the probability of a fresh start at a recorded sample is multiplied by the first
        every so many epochs.
    shared : whether there is an f; without it each environment learns alone (the paper's one-per-environment control).
    seed : of the weights and of the fresh starts.
    verbose : show a progress bar.

    Notes
    -----
    After `fit`: `environments_` (names), `weights_` (f first, then each g_e, as arrays by layer), `loss_` (epoch,).
    The forecast takes the environment from the history's context; it needs no torch. All runs have the same length.
    """

    def __init__(
        self,
        environment: str = "environment",
        *,
        hidden: int = 64,
        epochs: int = 10_000,
        penalty: float = 1 / 5000,
        learning_rate: float = 1e-3,
        initial_scale: float = 0.05,
        forcing_decay: float = 0.99,
        forcing_epochs: int = 10,
        shared: bool = True,
        seed: int = 0,
        verbose: bool = False,
    ):
        self.environment = environment
        self.hidden = hidden
        self.epochs = epochs
        self.penalty = penalty
        self.learning_rate = learning_rate
        self.initial_scale = initial_scale
        self.forcing_decay = forcing_decay
        self.forcing_epochs = forcing_epochs
        self.shared = shared
        self.seed = seed
        self.verbose = verbose

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        torch = require("torch", "neural")
        names = [self._name_of(run) for run in runs]
        self.environments_ = tuple(dict.fromkeys(names))
        recorded = _stacked(runs, names, self.environments_)
        known = torch.from_numpy(recorded.astype(np.float32))
        generator = torch.Generator().manual_seed(int(self.seed))
        count = len(self.environments_)
        shared = self._fresh(torch, 1, known.shape[-1], generator)
        own = self._fresh(torch, count, known.shape[-1], generator)
        learned = [*(shared if self.shared else []), *own]
        optimiser = torch.optim.Adam(learned, lr=self.learning_rate)
        self.loss_ = np.empty(int(self.epochs))
        directions = [torch.randn(count, w.shape[1], 1, generator=generator) for w in own[0:8:2]]

        truth = [known[:, :, k] for k in range(known.shape[2])]
        with track(int(self.epochs), "training LEADS" if self.verbose else "") as advance:
            for epoch in range(int(self.epochs)):
                chance = self.forcing_decay ** (1 + epoch // self.forcing_epochs)
                anew = torch.rand(count, len(truth), generator=generator) < chance
                rate = _summed_rate(_joined(shared, own) if self.shared else own, count)
                x, rolled = truth[0], [truth[0]]
                for k in range(len(truth) - 1):
                    if k:
                        x = torch.where(anew[:, k, None, None], truth[k], x)
                    x = _runge_kutta(rate, x, self.dt_)
                    rolled.append(x)
                loss = ((torch.stack(rolled, dim=2) - known) ** 2).mean()
                total = (
                    loss + self.penalty * self._size(own, known, directions) if self.shared and self.penalty else loss
                )
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
                self.loss_[epoch] = loss.item()
                if not np.isfinite(self.loss_[epoch]):
                    raise DivergedError(f"LEADS: loss not finite after {epoch + 1} epochs; lower learning_rate")
                advance()
        parts = [[w.detach().numpy().astype(float) for w in weights] for weights in (shared, own)]
        self.weights_ = [[w[0] for w in parts[0]]] if self.shared else [[np.zeros_like(w[0]) for w in parts[0]]]
        self.weights_ += [[w[e] for w in parts[1]] for e in range(count)]

    def _fresh(self, torch: Any, count: int, width: int, generator: Any) -> list[Any]:
        sizes = [width, self.hidden, self.hidden, self.hidden, width]
        weights = []
        for a, b in pairwise(sizes):
            weights += [self.initial_scale * torch.randn(count, a, b, generator=generator), torch.zeros(count, 1, b)]
        # One slope an activation, beside its layer; the authors start it at 1/2.
        weights.append(torch.full((count, 3), 0.5))
        return [w.requires_grad_() for w in weights]

    def _size(self, own: list[Any], known: Any, directions: list[Any]) -> Any:
        torch = require("torch", "neural")
        states = known.reshape(len(known), -1, known.shape[-1])
        answers = _summed_rate(own, len(states))(states)
        relative = (answers.norm(dim=-1) / (states.norm(dim=-1) + 1e-5)) ** 2
        steepest = torch.ones(len(known))
        for w, guess in zip(own[0:8:2], directions, strict=True):
            # One power iteration an epoch follows the norm as the weights move slowly (Miyato et al. 2018).
            with torch.no_grad():
                out = torch.nn.functional.normalize(w.transpose(1, 2) @ guess, dim=1)
                guess.copy_(torch.nn.functional.normalize(w @ out, dim=1))
            steepest = steepest * (guess.transpose(1, 2) @ w @ out)[:, 0, 0]
        return relative.mean(dim=1).sum() + 0.01 * steepest.sum()

    def _name_of(self, run: Trajectory) -> str:
        return str(run.context.get(self.environment, "all"))

    def _check(self) -> None:
        for name in ("hidden", "epochs", "forcing_epochs"):
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        for name in ("penalty", "learning_rate", "initial_scale", "forcing_decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < np.inf:
                raise InputError(f"{name}: {value!r} found, expected a number, at least 0")

    @property
    def parameter_count(self) -> int:
        """Numbers learned: of f and of every g_e."""
        check_is_fitted(self)
        return sum(w.size for part in self.weights_[0 if self.shared else 1 :] for w in part)

    def rates(self, states: Float[np.ndarray, "*batch state"], environment: str) -> Float[np.ndarray, "*batch state"]:
        """dx/dt of the learned law in an environment.

        Raises
        ------
        UnknownNameError : if nothing was learned of that environment.
        """
        from inscape.errors import UnknownNameError

        check_is_fitted(self)
        if str(environment) not in self.environments_:
            raise UnknownNameError("environment", str(environment), self.environments_)
        own = self.weights_[1 + self.environments_.index(str(environment))]
        x = np.asarray(states, dtype=float)
        return _plain_perceptron(own, x) + (_plain_perceptron(self.weights_[0], x) if self.shared else 0.0)

    def forecasts(
        self, initial: Float[np.ndarray, "run state"], horizon: int, environment: str
    ) -> Float[np.ndarray, "run horizon state"]:
        """Many forecasts of one environment at once, the first sample one interval after `initial`."""
        x = np.asarray(initial, dtype=float)
        if x.ndim != 2 or x.shape[1] != len(self.state_names_) or not np.isfinite(x).all():
            raise InputError(f"initial: shape {x.shape} found, expected (run, {len(self.state_names_)}) finite numbers")
        found = np.empty((len(x), horizon, x.shape[1]))
        for k in range(horizon):
            x = _runge_kutta(lambda s: self.rates(s, environment), x, self.dt_)
            found[:, k] = x
        return found

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self.forecasts(history.states[-1:], horizon, self._name_of(history))[0]


def _joined(shared: list[Any], own: list[Any]) -> list[Any]:
    """f beside each g_e, so that both are computed in one pass."""
    torch = require("torch", "neural")
    return [torch.cat([f.expand(len(g), *f.shape[1:]), g]) for f, g in zip(shared, own, strict=True)]


def _summed_rate(weights: list[Any], count: int) -> Callable[[Any], Any]:
    """x (count, run, state) -> the sum over the copies of each environment, of the networks with these weights.

    x sigmoid(s x) / 1.1 = silu(s x) / (1.1 s): the scales go into the layers once an epoch and not at every step.
    """
    torch = require("torch", "neural")
    *layers, slopes = weights
    slope = torch.nn.functional.softplus(slopes)[:, :, None, None]
    copies = len(slopes) // count
    matrices, biases = [layers[0] * slope[:, 0]], [layers[1] * slope[:, 0]]
    for k in (1, 2):
        matrices.append(layers[2 * k] * (slope[:, k] / (SHRINK * slope[:, k - 1])))
        biases.append(layers[2 * k + 1] * slope[:, k])
    matrices.append(layers[6] / (SHRINK * slope[:, 2]))
    biases.append(layers[7])

    def rate(x: Any) -> Any:
        y = x if copies == 1 else x.repeat(copies, 1, 1)
        for k in range(3):
            y = torch.nn.functional.silu(torch.baddbmm(biases[k], y, matrices[k]))
        y = torch.baddbmm(biases[3], y, matrices[3])
        return y if copies == 1 else y[:count] + y[count:]

    return rate


def _plain_perceptron(weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    *layers, slopes = weights
    for k in range(3):
        x = x @ layers[2 * k] + layers[2 * k + 1][0]
        x = x * expit(x * np.logaddexp(0.0, slopes[k])) / SHRINK
    return x @ layers[6] + layers[7][0]


def _runge_kutta(rate: Any, x: Any, dt: float) -> Any:
    # torchdiffeq's "rk4" is the 3/8 rule, which has the smaller error constant of the two classic schemes.
    k1 = rate(x)
    k2 = rate(x + dt / 3 * k1)
    k3 = rate(x + dt * (k2 - k1 / 3))
    k4 = rate(x + dt * (k1 - k2 + k3))
    return x + dt / 8 * (k1 + 3 * (k2 + k3) + k4)


def _stacked(runs: Trajectories, names: list[str], environments: tuple[str, ...]) -> np.ndarray:
    """(environment, run, time, state): as many runs of each, of one length, without gaps."""
    groups = [[run for run, name in zip(runs, names, strict=True) if name == e] for e in environments]
    lengths, counts = {len(run) for run in runs}, {len(group) for group in groups}
    if len(lengths) > 1 or len(counts) > 1:
        raise InputError(
            f"recording: runs of {min(lengths)} to {max(lengths)} samples, {min(counts)} to {max(counts)} runs an "
            "environment found, expected the same length and number in each; cut or drop some"
        )
    stacked = np.stack([[run.states for run in group] for group in groups]).astype(float)
    if not np.isfinite(stacked).all():
        raise InputError("recording: missing samples found, expected complete runs; fill_missing first")
    return stacked
